"""One call as the endpoints see it."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.errors import not_found
from attibooks_sandbox.stripe.model import Customer, Invoice, PaymentMethod, Price, Product, Session, Subscription
from attibooks_sandbox.stripe.parameters import Params
from attibooks_sandbox.stripe.render import render
from attibooks_sandbox.stripe.state import StripeState

Held = TypeVar("Held")


class Call(msgspec.Struct, frozen=True):
    """A call that passed the door, with its checked parameters and the desk to write at."""

    params: Params
    desk: Desk
    version: str

    @property
    def state(self) -> StripeState:
        """Return the account's state."""
        return self.desk.state

    def show(self, row: object) -> dict[str, object]:
        """Return a row as the API shows it."""
        return render(self.state, row)

    def customer(self, identifier: str, param: str = "id") -> Customer:
        """Return a customer who is not deleted."""
        found = self.state.customers.get(identifier)
        if found is None or found.deleted:
            raise not_found("customer", identifier, param)
        return found

    def product(self, identifier: str, param: str = "id") -> Product:
        """Return a product."""
        return _held(self.state.products, "product", identifier, param)

    def price(self, identifier: str, param: str = "id") -> Price:
        """Return a price."""
        return _held(self.state.prices, "price", identifier, param)

    def subscription(self, identifier: str, param: str = "id") -> Subscription:
        """Return a subscription."""
        return _held(self.state.subscriptions, "subscription", identifier, param)

    def invoice(self, identifier: str, param: str = "id") -> Invoice:
        """Return an invoice."""
        return _held(self.state.invoices, "invoice", identifier, param)

    def session(self, identifier: str) -> Session:
        """Return a Checkout session."""
        return _held(self.state.sessions, "checkout.session", identifier, "id")

    def payment_method(self, identifier: str, param: str = "id") -> PaymentMethod:
        """Return a payment method."""
        found = self.state.payment_methods.get(identifier)
        if found is None:
            status = "PaymentMethod"
            raise not_found(status, identifier, param)
        return found


def _held(table: dict[str, Held], kind: str, identifier: str, param: str) -> Held:
    found = table.get(identifier)
    if found is None:
        raise not_found(kind, identifier, param)
    return found
