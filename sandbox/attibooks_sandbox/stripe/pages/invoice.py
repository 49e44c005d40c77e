"""The hosted page of an invoice: where a failed renewal is paid, or authenticated (reference: Stripe billing, §3.9)."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from attibooks_sandbox.kernel.messages import Response
from attibooks_sandbox.stripe.billing import Biller
from attibooks_sandbox.stripe.calls.payment_methods import attached
from attibooks_sandbox.stripe.cards import charge
from attibooks_sandbox.stripe.errors import Refused
from attibooks_sandbox.stripe.model import Invoice, PaymentMethod
from attibooks_sandbox.stripe.pages.html import (
    challenge,
    day,
    describe,
    error_box,
    money,
    notice,
    page,
    pay_with,
    seen_other,
)
from attibooks_sandbox.stripe.pages.service import Visit


def _held(visit: Visit, secret: str) -> Invoice | None:
    found = (row for row in visit.desk.state.invoices.values() if row.secret == secret and row.finalized_at is not None)
    return next(found, None)


def show(visit: Visit, secret: str) -> Response:
    """Show an invoice, or take the money for it."""
    row = _held(visit, secret)
    if row is None:
        return notice("There is no such invoice", "The address is not complete, or the invoice is gone.")
    if not visit.posted or row.status != "open":
        return _shown(visit, row)
    own = visit.form.get("use") == "held"
    method = Biller(visit.desk).method_for(row) if own else visit.method()
    if method is None or isinstance(method, Refused):
        return _shown(visit, row, None if method is None else method.message)
    return _pay(visit, row, method)


def authenticate(visit: Visit, secret: str, method: str) -> Response:
    """Show what the bank asks, or take the answer."""
    row, held = _held(visit, secret), visit.desk.state.payment_methods.get(method)
    if row is None or held is None or row.status != "open":
        return seen_other(f"{visit.desk.state.base_url}/i/{secret}")
    if not visit.posted:
        return challenge("", money(row.total, row.currency))
    if visit.form.get("decision") != "pass":
        return _shown(visit, row, "We are unable to authenticate your payment method.")
    return _pay(visit, row, held, authenticated=True)


def _pay(visit: Visit, row: Invoice, method: PaymentMethod, *, authenticated: bool = False) -> Response:
    desk = visit.desk.by_clock_of(row.test_clock)
    outcome = charge(method, authenticated=authenticated)
    if outcome == "authenticate":
        return seen_other(f"{desk.state.base_url}/i/{row.secret}/authenticate/{method.id}")
    if isinstance(outcome, Refused):
        return _shown(visit, row, outcome.message)
    saved = attached(desk, method, row.customer)
    Biller(desk).attempt(row, saved, authenticated=True)
    return seen_other(f"{desk.state.base_url}/i/{row.secret}")


def _shown(visit: Visit, row: Invoice, message: str | None = None) -> Response:
    lines = "".join(
        f"<tr><td>{escape(line.description)}</td><td>{money(line.amount, row.currency)}</td></tr>" for line in row.lines
    )
    content = (
        f'<p><span class="sum">{money(row.total, row.currency)}</span> {_standing(row)}</p>{error_box(message)}'
        f"<table>{lines}</table>{_payment(visit, row) if row.status == 'open' and row.settles_at is None else ''}"
    )
    return page(f"Invoice {row.number}", content, targets=[visit.desk.state.base_url])


def _standing(row: Invoice) -> str:
    if row.status == "paid" and row.paid_at is not None:
        return f"paid on {day(row.paid_at)}"
    if row.status == "open":
        return "is being debited" if row.settles_at is not None else "is due"
    return f"is {row.status}"


def _payment(visit: Visit, row: Invoice) -> str:
    held = Biller(visit.desk).method_for(row)
    own = ""
    if held is not None:
        own = (
            f'<form method="post"><input type="hidden" name="use" value="held"><div class="acts">'
            f'<button class="go">Pay with {describe(held)}</button></div></form>'
        )
    debit = row.currency == "eur"
    return (
        f"<h2>Pay this invoice</h2>{own}"
        f'<form method="post" action="{visit.desk.state.base_url}/i/{row.secret}">{pay_with(visit.form, debit=debit)}'
        '<div class="acts"><button>Pay invoice</button></div></form>'
    )


PAGES: dict[str, Callable[..., Response]] = {"/i/{secret}": show, "/i/{secret}/authenticate/{method}": authenticate}
