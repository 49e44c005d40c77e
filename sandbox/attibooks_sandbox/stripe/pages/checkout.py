"""The hosted page of Checkout: pay, authenticate, go back (reference: Stripe billing, §2.3 and §4.4)."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from attibooks_sandbox.kernel.messages import Response
from attibooks_sandbox.stripe.calls.customers import ADDRESS, check_tax_id
from attibooks_sandbox.stripe.checkout import Till
from attibooks_sandbox.stripe.errors import Refused, StripeError
from attibooks_sandbox.stripe.model import Session
from attibooks_sandbox.stripe.pages.html import (
    challenge,
    each,
    error_box,
    field,
    money,
    notice,
    page,
    pay_with,
    seen_other,
)
from attibooks_sandbox.stripe.pages.service import Visit
from attibooks_sandbox.stripe.render_checkout import amount_of, has_trial, types_of


def show(visit: Visit, session: str) -> Response:
    """Show a session, or take what was typed into it."""
    row = visit.desk.state.sessions.get(session)
    gone = row is not None and row.customer is not None and visit.desk.state.customers[row.customer].deleted
    if row is None or row.status == "expired" or gone:
        return notice("This page has expired", "Go back to the app and begin again.", 404 if row is None else 410)
    if row.status == "complete":
        return notice("You are all done here", "This session was paid already.", 200)
    return _pay(visit, row) if visit.posted else _form(visit, row)


def authenticate(visit: Visit, session: str) -> Response:
    """Show what the bank asks, or take the answer."""
    row = visit.desk.state.sessions.get(session)
    if row is None or row.status != "open" or row.challenged is None:
        return seen_other(f"{visit.desk.state.base_url}/c/pay/{session}")
    if not visit.posted:
        return challenge("", money(amount_of(visit.desk.state, row), row.currency))
    outcome = Till(visit.desk).answer_challenge(row, passed=visit.form.get("decision") == "pass")
    if isinstance(outcome, Refused):
        return _form(visit, visit.desk.state.sessions[session], outcome.message)
    return _away(row)


def _away(row: Session) -> Response:
    return seen_other(row.success_url.replace("{CHECKOUT_SESSION_ID}", row.id))


def _pay(visit: Visit, row: Session) -> Response:
    try:
        details = _details(visit)
    except StripeError as error:
        return _form(visit, row, str(error))
    method = visit.method()
    outcome = method if isinstance(method, Refused) else Till(visit.desk).pay(row, method, details)
    if isinstance(outcome, Refused):
        return _form(visit, visit.desk.state.sessions[row.id], outcome.message)
    if outcome == "challenge":
        return seen_other(f"{visit.desk.state.base_url}/c/pay/{row.id}/authenticate")
    return _away(row)


def _details(visit: Visit) -> dict[str, Any]:
    """Return what was typed in about the customer."""
    form = visit.form
    details: dict[str, Any] = {name: form.get(name, "").strip() or None for name in ("email", "name")}
    address = {name: form.get(name, "").strip() or None for name in ADDRESS}
    details["address"] = address if any(address.values()) else None
    number = form.get("tax_id", "").replace(" ", "").upper()
    if number:
        check_tax_id("eu_vat", number)
        details["tax_id"] = {"type": "eu_vat", "value": number}
    return details


def _form(visit: Visit, row: Session, message: str | None = None) -> Response:
    state, given = visit.desk.state, visit.form
    lines = "".join(_line(visit, price, quantity) for _, price, quantity in row.lines)
    debit = "sepa_debit" in types_of(row)
    button = "Start trial" if has_trial(row) else "Subscribe"
    cancel = row.asked.get("cancel_url")
    back = f'<p><a href="{escape(str(cancel))}">← Back</a></p>' if cancel else ""
    content = (
        f"{back}{lines}{error_box(message)}"
        f'<form method="post" action="{state.base_url}/c/pay/{row.id}">'
        f"{_about(visit, row)}{pay_with(given, debit=debit)}"
        f'<div class="acts"><button class="go">{button}</button></div></form>'
    )
    name = state.products[state.prices[row.lines[0][1]].product].name
    return page(f"Subscribe to {name}", content, targets=[row.success_url, state.base_url])


def _line(visit: Visit, price_id: str, quantity: int) -> str:
    state = visit.desk.state
    price = state.prices[price_id]
    product = state.products[price.product]
    amount = money(price.unit_amount * quantity, price.currency)
    return f'<p><span class="sum">{amount}</span> {each(price)} · {quantity} &times; {escape(product.name)}</p>'


def _about(visit: Visit, row: Session) -> str:
    """Return the fields about the customer that the session asks for."""
    state, given = visit.desk.state, visit.form
    held = state.customers.get(row.customer or "")
    email = row.customer_email or (held.email if held else None)
    fields = "" if email else field("E-mail", "email", given.get("email", ""), kind="email", needed=True)
    if email:
        fields = f"<p>{escape(email)}</p>"
    if row.asked.get("billing_address_collection") == "required":
        name = given.get("name") or (held.name if held else None) or ""
        fields += field("Name", "name", name, needed=True)
        fields += (
            '<div class="pair">'
            + "".join(
                field(label, part, given.get(part, ""))
                for label, part in (
                    ("Street", "line1"),
                    ("City", "city"),
                    ("Postal code", "postal_code"),
                    ("Country", "country"),
                )
            )
            + "</div>"
        )
    asked: Any = row.asked.get("tax_id_collection") or {}
    if asked.get("enabled"):
        fields += field(
            "VAT number", "tax_id", given.get("tax_id", ""), hint="Of a company in the EU, such as DE123456789."
        )
    return fields


PAGES: dict[str, Callable[..., Response]] = {"/c/pay/{session}": show, "/c/pay/{session}/authenticate": authenticate}
