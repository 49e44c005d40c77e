"""Customers and their tax numbers (reference: Stripe billing, §2.2)."""

from __future__ import annotations

from typing import Any

from attibooks_sandbox.stripe.billing import Biller
from attibooks_sandbox.stripe.call import Call
from attibooks_sandbox.stripe.calls.payment_methods import attached, method_named
from attibooks_sandbox.stripe.cards import refused_on_saving
from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.errors import StripeError, invalid, not_found
from attibooks_sandbox.stripe.model import Cancellation, Customer, PaymentMethod, TaxId
from attibooks_sandbox.stripe.paging import page_of, within
from attibooks_sandbox.stripe.parameters import Params
from attibooks_sandbox.stripe.render_common import Shown
from attibooks_sandbox.stripe.search import LAG, found_page, read_query

CREATED = (
    "address description email expand invoice_settings metadata name payment_method phone preferred_locales source "
    "tax_exempt tax_id_data test_clock"
)
UPDATED = "address description email expand invoice_settings metadata name phone preferred_locales source tax_exempt"
_FIELDS = frozenset({"email", "name", "phone", "metadata", "created"})
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
LONGEST_EMAIL = 512


def create(call: Call) -> Shown:
    """Add a customer."""
    params, desk = call.params, call.desk
    clock = params.text("test_clock")
    if clock is not None and clock not in call.state.clocks:
        raise not_found("test clock", clock, "test_clock")
    desk = desk.by_clock_of(clock)
    method, default = _methods(call.desk, params)
    row = Customer(
        id=desk.new_id("cus"),
        created=desk.now,
        changed=call.desk.now,
        invoice_prefix=call.state.ids.alphanumeric(8).upper(),
        default_payment_method=default,
        metadata=params.metadata(),
        test_clock=clock,
        **_facts(params),
    )
    desk.put(row, "customer.created")
    if method is not None:
        attached(desk, method, row.id)
    for part in params.parts("tax_id_data"):
        _add_tax_id(call, row.id, part)
    return call.show(row)


def _methods(desk: Desk, params: Params) -> tuple[PaymentMethod | None, str | None]:
    """Return the payment method that comes with a new customer, and the default one."""
    settings = params.part("invoice_settings")
    settings.only("default_payment_method")
    wanted = settings.text("default_payment_method")
    param = "source" if "source" in params else "payment_method"
    given = params.text(param)
    method = None if given is None else method_named(desk, given, param)
    if wanted is not None and (method is None or wanted not in {given, method.id}):
        raise _not_own(wanted)
    if method is None:
        return None, None
    refused = refused_on_saving(method)
    if refused is not None:
        raise refused.error()
    return method, method.id if wanted is not None or param == "source" else None


def _not_own(wanted: str) -> StripeError:
    message = (
        f"The customer does not have a payment method with the ID {wanted}. The payment method must be attached to the "
        "customer."
    )
    return invalid(message, "invoice_settings[default_payment_method]", "resource_missing")


def _facts(params: Params) -> dict[str, Any]:
    """Return the plain fields that were sent; an empty value takes one away."""
    facts: dict[str, Any] = {
        name: params.text(name) for name in ("description", "email", "name", "phone") if name in params
    }
    email = facts.get("email")
    if email is not None and (len(email) > LONGEST_EMAIL or "@" not in email):
        message = f"Invalid email address: {email}"
        raise invalid(message, "email", "email_invalid")
    if "address" in params:
        facts["address"] = address_of(params.plain("address"))
    if "preferred_locales" in params:
        facts["preferred_locales"] = params.texts("preferred_locales")
    if "tax_exempt" in params:
        facts["tax_exempt"] = params.text("tax_exempt") or "none"
    return facts


def address_of(sent: dict[str, str] | None) -> dict[str, str | None] | None:
    """Return an address with all its parts, None for none."""
    return None if not sent else {name: sent.get(name) or None for name in ADDRESS}


def retrieve(call: Call, identifier: str) -> Shown:
    """Return a customer; of a deleted one that it is deleted."""
    found = call.state.customers.get(identifier)
    if found is None:
        raise not_found("customer", identifier)
    return call.show(found)


def update(call: Call, identifier: str) -> Shown:
    """Change a customer."""
    row, params = call.customer(identifier), call.params
    changes = _facts(params)
    if "metadata" in params:
        changes["metadata"] = params.metadata(row.metadata)
    settings = params.part("invoice_settings")
    settings.only("default_payment_method")
    if "default_payment_method" in settings:
        changes["default_payment_method"] = _own_method(call, row, settings)
    if params.text("source") is not None:
        method = attached(call.desk, method_named(call.desk, params.needed("source"), "source"), row.id)
        changes["default_payment_method"] = method.id
    return call.show(call.desk.change(row, "customer.updated", changed=call.desk.now, **changes))


def _own_method(call: Call, row: Customer, settings: Params) -> str | None:
    wanted = settings.text("default_payment_method")
    if wanted is None:
        return None
    held = call.state.payment_methods.get(wanted)
    if held is None or held.customer != row.id:
        raise _not_own(wanted)
    return wanted


def delete(call: Call, identifier: str) -> Shown:
    """Delete a customer; subscriptions end at once."""
    row, desk = call.customer(identifier), call.desk
    for subscription in call.state.subscriptions_of(row.id):
        if not subscription.over:
            Biller(desk.by_clock_of(row.test_clock)).end(subscription, Cancellation("cancellation_requested"))
    desk.announce(row, "customer.deleted")
    for method in list(call.state.payment_methods.values()):
        if method.customer == row.id:
            desk.change(method, customer=None)
    return {"id": row.id, "object": "customer", "deleted": desk.change(row, deleted=True).deleted}


def list_all(call: Call) -> Shown:
    """List customers; deleted ones are not shown."""
    params = call.params
    email, clock, bounds = params.text("email"), params.text("test_clock"), params.plain("created")
    rows = [
        row
        for row in call.state.customers.values()
        if not row.deleted and email in {None, row.email} and row.test_clock == clock and within(row.created, bounds)
    ]
    return page_of(params, "/v1/customers", "customer", rows, call.show)


def search(call: Call) -> Shown:
    """Find customers by a query; those of the last minute are not in the index yet."""
    fits = read_query(call.params.needed("query"), _FIELDS)
    indexed = [row for row in call.state.customers.values() if not row.deleted and row.changed <= call.desk.now - LAG]
    shown = [call.show(row) for row in reversed(indexed)]
    return found_page(call.params, "/v1/customers/search", [row for row in shown if fits(row)])


# tax numbers


def _add_tax_id(call: Call, customer_id: str, part: Params) -> TaxId:
    desk = call.desk
    row = TaxId(
        id=desk.new_id("txi"),
        created=desk.now,
        customer=customer_id,
        type=part.needed("type"),
        value=part.needed("value").upper(),
    )
    check_tax_id(row.type, row.value)
    return desk.put(row, "customer.tax_id.created")


def check_tax_id(kind: str, value: str) -> None:
    """Refuse a European number that does not begin with a country and have 8 to 12 characters after it."""
    if kind == "eu_vat" and not (value[:2].isalpha() and value.isalnum() and 10 <= len(value) <= 14):
        message = "Invalid value for eu_vat."
        raise invalid(message, "value", "tax_id_invalid")


def create_tax_id(call: Call, identifier: str) -> Shown:
    """Add a tax number to a customer."""
    return call.show(_add_tax_id(call, call.customer(identifier).id, call.params))


def _tax_id(call: Call, identifier: str, tax_id: str) -> TaxId:
    found = call.state.tax_ids.get(tax_id)
    if found is None or found.customer != call.customer(identifier).id:
        raise not_found("tax ID", tax_id)
    return found


def retrieve_tax_id(call: Call, identifier: str, tax_id: str) -> Shown:
    """Return a tax number of a customer."""
    return call.show(_tax_id(call, identifier, tax_id))


def delete_tax_id(call: Call, identifier: str, tax_id: str) -> Shown:
    """Take a tax number away."""
    row = _tax_id(call, identifier, tax_id)
    call.desk.announce(row, "customer.tax_id.deleted")
    del call.state.tax_ids[row.id]
    return {"id": row.id, "object": "tax_id", "deleted": True}


def list_tax_ids(call: Call, identifier: str) -> Shown:
    """List the tax numbers of a customer."""
    owner = call.customer(identifier).id
    rows = [row for row in call.state.tax_ids.values() if row.customer == owner]
    return page_of(call.params, f"/v1/customers/{owner}/tax_ids", "tax_id", rows, call.show)
