"""Payment methods, and Stripe's names for tests such as `pm_card_visa` (reference: Stripe billing, §3.9)."""

from __future__ import annotations

from typing import Any

from attibooks_sandbox.stripe.call import Call
from attibooks_sandbox.stripe.cards import check_iban, check_number, number_of_name, refused_on_saving
from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.errors import Refused, invalid, missing, not_found
from attibooks_sandbox.stripe.model import PaymentMethod
from attibooks_sandbox.stripe.paging import page_of
from attibooks_sandbox.stripe.parameters import Params
from attibooks_sandbox.stripe.render_common import Shown

CREATED = "billing_details card expand metadata sepa_debit type"


def new_method(desk: Desk, kind: str, number: str, billing: dict[str, Any] | None = None) -> PaymentMethod:
    """Add a payment method that belongs to nobody yet."""
    row = PaymentMethod(
        id=desk.new_id("pm"),
        created=desk.now,
        type="card" if kind == "card" else "sepa_debit",
        number=number,
        billing_details=billing or {},
    )
    return desk.put(row)


def method_named(desk: Desk, name: str, param: str = "payment_method") -> PaymentMethod:
    """Return a payment method by its id, or a new one behind a name for tests."""
    held = desk.state.payment_methods.get(name)
    if held is not None:
        return held
    number = number_of_name(name)
    if number is None:
        raise not_found("token" if name.startswith("tok_") else "PaymentMethod", name, param)
    return new_method(desk, "card", number)


def attached(desk: Desk, row: PaymentMethod, customer_id: str) -> PaymentMethod:
    """Save a payment method for a customer; a card that is refused at once cannot be."""
    if row.customer not in {None, customer_id}:
        message = "The payment method you provided has already been attached to a customer."
        raise invalid(message, "payment_method", "resource_already_exists")
    refused = refused_on_saving(row)
    if refused is not None:
        raise refused.error()
    return row if row.customer == customer_id else desk.change(row, "payment_method.attached", customer=customer_id)


def create(call: Call) -> Shown:
    """Add a card or an account to debit."""
    params = call.params
    kind = params.text("type") or "card"
    if kind not in {"card", "sepa_debit"}:
        message = f"The sandbox does not emulate payment methods of type {kind}."
        raise invalid(message, "type")
    if kind not in params:
        raise missing(kind)
    number = (
        _card_number(params.part("card")) if kind == "card" else check_iban(params.part("sepa_debit").needed("iban"))
    )
    if isinstance(number, Refused):
        raise number.error()
    billing = params.plain("billing_details") or {}
    row = new_method(call.desk, kind, number, {**billing, "address": _address(billing)} if billing else {})
    return call.show(call.desk.change(row, metadata=params.metadata()))


def _address(billing: dict[str, Any]) -> dict[str, str | None]:
    parts = ("city", "country", "line1", "line2", "postal_code", "state")
    return {name: (billing.get("address") or {}).get(name) for name in parts}


def _card_number(card: Params) -> str | Refused:
    token = card.text("token")
    if token is None:
        return check_number(card.needed("number"))
    number = number_of_name(token)
    if number is None:
        raise not_found("token", token, "card[token]")
    return number


def retrieve(call: Call, identifier: str) -> Shown:
    """Return a payment method."""
    return call.show(call.payment_method(identifier))


def attach(call: Call, identifier: str) -> Shown:
    """Save a payment method for a customer."""
    customer = call.customer(call.params.needed("customer"), "customer")
    return call.show(attached(call.desk, method_named(call.desk, identifier, "id"), customer.id))


def detach(call: Call, identifier: str) -> Shown:
    """Take a payment method from its customer, who cannot use it any more."""
    row = call.payment_method(identifier)
    if row.customer is None:
        message = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise invalid(message, "payment_method")
    detached = call.desk.change(row, "payment_method.detached", customer=None)
    customer = call.state.customers[row.customer]
    if customer.default_payment_method == row.id:
        call.desk.change(customer, "customer.updated", default_payment_method=None)
    for subscription in list(call.state.subscriptions.values()):
        if subscription.default_payment_method == row.id:
            call.desk.change(subscription, "customer.subscription.updated", default_payment_method=None)
    return call.show(detached)


def list_all(call: Call) -> Shown:
    """List the payment methods of a customer."""
    return _list(call, call.customer(call.params.needed("customer"), "customer").id, "/v1/payment_methods")


def list_of_customer(call: Call, identifier: str) -> Shown:
    """List the payment methods of a customer."""
    owner = call.customer(identifier).id
    return _list(call, owner, f"/v1/customers/{owner}/payment_methods")


def _list(call: Call, owner: str, url: str) -> Shown:
    kind = call.params.text("type")
    rows = [row for row in call.state.payment_methods.values() if row.customer == owner and kind in {None, row.type}]
    return page_of(call.params, url, "payment_method", rows, call.show)
