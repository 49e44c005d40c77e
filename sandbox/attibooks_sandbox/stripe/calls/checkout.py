"""Checkout sessions over the API (reference: Stripe billing, §2.3)."""

from __future__ import annotations

from typing import Any

from attibooks_sandbox.stripe.call import Call
from attibooks_sandbox.stripe.calls.payment_methods import method_named
from attibooks_sandbox.stripe.checkout import Till
from attibooks_sandbox.stripe.errors import Refused, StripeError, invalid, missing, not_emulated
from attibooks_sandbox.stripe.model import Session
from attibooks_sandbox.stripe.paging import page_of, within
from attibooks_sandbox.stripe.parameters import Params
from attibooks_sandbox.stripe.render_checkout import amount_of, session_lines
from attibooks_sandbox.stripe.render_common import Shown
from attibooks_sandbox.stripe.starting import wanted_items
from attibooks_sandbox.stripe.timekeeper import expire_session
from attibooks_sandbox.stripe.versions import CLOVER, ENDIVE

CREATED = (
    "allow_promotion_codes automatic_tax billing_address_collection cancel_url client_reference_id consent_collection "
    "currency custom_text customer customer_email customer_update excluded_payment_method_types expand expires_at "
    "integration_identifier line_items locale metadata mode payment_method_collection payment_method_types "
    "phone_number_collection subscription_data success_url tax_id_collection ui_mode"
)
LISTED = "created customer ending_before expand limit starting_after status subscription"
SHORTEST, LONGEST = 1_800, 86_400
SHORTEST_TRIAL = 48 * 3_600
LONGEST_REFERENCE = 200
_SUBSCRIPTION = "billing_mode description metadata trial_end trial_period_days trial_settings"


def create(call: Call) -> Shown:
    """Open a session in subscription mode."""
    params, now = call.params, call.desk.now
    _check_mode(params)
    _check_types(call)
    _check_texts(params)
    part = params.part("subscription_data")
    part.only(_SUBSCRIPTION)
    _check_trial(part, now)
    customer, email = _customer(call)
    lines = wanted_items(call.state, params.parts("line_items"), "line_items")
    row = Session(
        id=call.desk.new_id("cs_test"),
        created=now,
        expires_at=_expiry(params, now),
        success_url=_needed_address(params),
        currency=call.state.prices[lines[0][0]].currency,
        lines=tuple((call.desk.new_id("li"), price, quantity) for price, quantity in lines),
        asked=_asked(params),
        subscription_data={**part.copied(), "metadata": part.metadata()},
        metadata=params.metadata(),
        customer=customer,
        customer_email=email,
        flexible=_flexible(call, part),
    )
    return call.show(call.desk.put(row))


def _check_mode(params: Params) -> None:
    mode = params.needed("mode")
    if mode != "subscription":
        message = f"The sandbox does not emulate Checkout in the mode {mode}."
        raise invalid(message, "mode")
    if (params.text("ui_mode") or "hosted_page") != "hosted_page":
        raise not_emulated("ui_mode")
    if not params.parts("line_items"):
        raise missing("line_items")


def _check_types(call: Call) -> None:
    """Refuse the list of payment methods, which was taken away in endive; older versions still take it."""
    if "payment_method_types" in call.params and call.version >= ENDIVE:
        message = (
            "The payment_method_types parameter is no longer supported in API version 2026-09-30.endive and later. "
            "Manage payment methods in the Dashboard instead."
        )
        raise invalid(message, "payment_method_types", "parameter_unknown")


def _check_trial(part: Params, now: int) -> None:
    """Refuse a trial of less than a day, and an end less than 48 hours away (reference §2.3)."""
    days, end = part.whole("trial_period_days"), part.whole("trial_end")
    if days is not None and days < 1:
        raise invalid("Invalid trial_period_days: must be at least 1", part.label("trial_period_days"))
    if end is not None and end < now + SHORTEST_TRIAL:
        message = "The `trial_end` date has to be at least 2 days in the future."
        raise invalid(message, part.label("trial_end"))


def _check_texts(params: Params) -> None:
    for name in ("client_reference_id", "integration_identifier"):
        value = params.text(name)
        if value is not None and len(value) > LONGEST_REFERENCE:
            message = f"Invalid string: {value[:10]}...{value[-10:]}; must be at most {LONGEST_REFERENCE} characters"
            raise invalid(message, name)


def _customer(call: Call) -> tuple[str | None, str | None]:
    params = call.params
    customer, email = params.text("customer"), params.text("customer_email")
    if customer is not None and email is not None:
        raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer")
    if customer is None:
        if "customer_update" in params:
            raise invalid("`customer_update` can only be used with `customer`.", "customer_update")
        if email is not None and "@" not in email:
            raise invalid(f"Invalid email address: {email}", "customer_email", "email_invalid")
        return None, email
    row = call.customer(customer, "customer")
    updates = params.part("customer_update")
    if params.part("tax_id_collection").flag("enabled") and updates.text("name") != "auto":
        message = (
            "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an "
            "existing customer, please set `customer_update[name]` to `auto`."
        )
        raise invalid(message)
    if params.part("automatic_tax").flag("enabled") and row.address is None and updates.text("address") != "auto":
        message = (
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to "
            "the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' "
            "to save the address entered in Checkout to the Customer."
        )
        raise invalid(message, code="customer_tax_location_invalid")
    return row.id, None


def _expiry(params: Params, now: int) -> int:
    at = params.whole("expires_at")
    if at is None:
        return now + LONGEST
    if not now + SHORTEST <= at <= now + LONGEST:
        message = (
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
            if at < now + SHORTEST
            else "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        )
        raise invalid(message, "expires_at")
    return at


def _needed_address(params: Params) -> str:
    """Return where whoever has paid is sent to."""
    return params.address("success_url") or params.needed("success_url")


def _asked(params: Params) -> dict[str, Any]:
    params.address("cancel_url")
    kept = {name: value for name, value in params.copied().items() if name not in _NOT_KEPT}
    for text in (kept.get("custom_text") or {}).values():
        if text is not None and not text.get("message"):
            raise missing("custom_text[message]")
    return kept


_NOT_KEPT = frozenset(
    {"customer", "customer_email", "expand", "line_items", "metadata", "subscription_data", "success_url"}
)


def _flexible(call: Call, part: Params) -> bool:
    mode = part.part("billing_mode").text("type")
    return mode == "flexible" if mode is not None else call.version >= CLOVER


def retrieve(call: Call, identifier: str) -> Shown:
    """Return a session."""
    return call.show(call.session(identifier))


def list_all(call: Call) -> Shown:
    """List sessions."""
    params = call.params
    rows = [
        row
        for row in call.state.sessions.values()
        if params.text("customer") in {None, row.customer}
        and params.text("status") in {None, row.status}
        and params.text("subscription") in {None, row.subscription}
        and within(row.created, params.plain("created"))
    ]
    return page_of(params, "/v1/checkout/sessions", "checkout.session", rows, call.show)


def list_lines(call: Call, identifier: str) -> Shown:
    """List the lines of a session, in their own order."""
    row = call.session(identifier)
    page = page_of(call.params, f"/v1/checkout/sessions/{row.id}/line_items", "item", (), call.show)
    return page | {"data": session_lines(call.state, row)}


def expire(call: Call, identifier: str) -> Shown:
    """Close an open session."""
    row = call.session(identifier)
    if row.status != "open":
        message = (
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{row.status}`."
        )
        raise invalid(message)
    return call.show(expire_session(call.desk, row))


# what Stripe's own command line calls in place of a browser (reference §4.3)


def payment_page(call: Call, identifier: str) -> Shown:
    """Return what the hosted page knows of an open session."""
    return call.show(_open(call, identifier))


def confirm(call: Call, identifier: str) -> Shown:
    """Pay an open session with a payment method."""
    row, params = _open(call, identifier), call.params
    due, expected = amount_of(call.state, row), params.whole("expected_amount")
    if expected is not None and expected != due:
        message = f"The expected amount ({expected}) does not match the amount of this Checkout Session ({due})."
        raise invalid(message, "expected_amount")
    method = method_named(call.desk, params.needed("payment_method"))
    outcome = Till(call.desk).pay(row, method, dict(method.billing_details))
    if isinstance(outcome, Refused):
        raise outcome.error()
    return call.show(call.state.sessions[identifier])


def _open(call: Call, identifier: str) -> Session:
    row = call.session(identifier)
    if row.status != "open":
        raise _closed(row)
    return row


def _closed(row: Session) -> StripeError:
    message = f"This Checkout Session is no longer active: its status is `{row.status}`."
    return invalid(message, code="checkout_session_no_longer_active")
