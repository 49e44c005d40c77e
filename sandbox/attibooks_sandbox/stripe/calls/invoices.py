"""Invoices over the API: read, paid and voided; subscriptions make them."""

from __future__ import annotations

from attibooks_sandbox.stripe.billing import Biller
from attibooks_sandbox.stripe.call import Call
from attibooks_sandbox.stripe.calls.payment_methods import attached, method_named
from attibooks_sandbox.stripe.errors import invalid
from attibooks_sandbox.stripe.paging import page_of, within
from attibooks_sandbox.stripe.render_billing import line
from attibooks_sandbox.stripe.render_common import Shown

LISTED = "collection_method created customer ending_before expand limit starting_after status subscription"
PAID = "expand off_session paid_out_of_band payment_method"


def retrieve(call: Call, identifier: str) -> Shown:
    """Return an invoice."""
    return call.show(call.invoice(identifier))


def list_all(call: Call) -> Shown:
    """List invoices."""
    params = call.params
    of = params.text("subscription")
    rows = [
        row
        for row in (call.state.invoices.values() if of is None else call.state.invoices_of(of))
        if params.text("customer") in {None, row.customer}
        and params.text("status") in {None, row.status}
        and params.text("collection_method") in {None, "charge_automatically"}
        and within(row.created, params.plain("created"))
    ]
    return page_of(params, "/v1/invoices", "invoice", rows, call.show)


def list_lines(call: Call, identifier: str) -> Shown:
    """List the lines of an invoice, in their own order."""
    row = call.invoice(identifier)
    url = f"/v1/invoices/{row.id}/lines"
    return page_of(call.params, url, "line_item", row.lines[::-1], lambda each: line(row, each))


def pay(call: Call, identifier: str) -> Shown:
    """Take the money of an open invoice, or book it as paid elsewhere."""
    row, params = call.invoice(identifier), call.params
    desk = call.desk.by_clock_of(row.test_clock)
    biller = Biller(desk)
    if row.status == "paid":
        raise invalid("Invoice is already paid", code="invoice_not_open")
    if row.status == "draft":
        row = biller.finalize(row)
    if row.status not in {"open", "uncollectible"}:
        raise invalid(f"This invoice can no longer be paid: it is {row.status}.", code="invoice_not_open")
    if params.flag("paid_out_of_band"):
        return call.show(biller.settle(row, outside=True))
    name = params.text("payment_method")
    method = None if name is None else attached(desk, method_named(desk, name), row.customer)
    refused = biller.attempt(row, method)
    if refused is not None:
        raise refused.error()
    return call.show(call.state.invoices[row.id])


def void(call: Call, identifier: str) -> Shown:
    """Void an open invoice."""
    row = call.invoice(identifier)
    if row.status not in {"open", "uncollectible"}:
        message = f"You can only pass in open invoices. This invoice isn't open: it is {row.status}."
        raise invalid(message, code="invoice_not_open")
    return call.show(Biller(call.desk.by_clock_of(row.test_clock)).void(row))
