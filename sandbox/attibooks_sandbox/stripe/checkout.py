"""Paying a Checkout session, whoever does it: a person on the page or Stripe's command line (reference: §2.3, §3.8)."""

from __future__ import annotations

from typing import Any, Literal

from attibooks_sandbox.stripe.billing import Biller
from attibooks_sandbox.stripe.calls.payment_methods import attached
from attibooks_sandbox.stripe.cards import charge, refused_on_saving
from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.errors import Refused
from attibooks_sandbox.stripe.model import Customer, Invoice, PaymentMethod, Session, Subscription, TaxId
from attibooks_sandbox.stripe.render_checkout import amount_of
from attibooks_sandbox.stripe.starting import Wanted, create
from attibooks_sandbox.stripe.state import DAY

UPDATED = "customer.subscription.updated"
Payment = Literal["done", "challenge"] | Refused
_UNAUTHENTICATED = Refused(
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
    "payment_intent_authentication_failure",
)


class Till:
    """Takes the money of a session.

    A card that is good, or refused at once, makes the subscription only when the money is there. One that asks to
    authenticate makes an incomplete subscription first, which an abandoned session leaves behind for 23 hours.
    """

    def __init__(self, desk: Desk) -> None:
        """Work at a desk."""
        self._desk = desk
        self._state = desk.state

    def pay(self, session: Session, method: PaymentMethod, details: dict[str, Any]) -> Payment:
        """Pay with a method that was just typed in."""
        owed = amount_of(self._state, session)
        outcome = charge(method) if owed else refused_on_saving(method) or "paid"
        if isinstance(outcome, Refused):
            return outcome
        session = self._known(session, details)
        if outcome == "authenticate":
            self._challenge(session, method)
            return "challenge"
        self._complete(session, method)
        return "done"

    def answer_challenge(self, session: Session, *, passed: bool) -> Payment:
        """Go on after the customer has authenticated, or has not."""
        assert session.challenged is not None
        method = self._state.payment_methods[session.challenged]
        session = self._desk.change(session, challenged=None)
        outcome = charge(method, authenticated=True) if passed else _UNAUTHENTICATED
        if isinstance(outcome, Refused):
            invoice = self._open_invoice(session)
            if invoice is not None:
                Biller(self._desk).fail(invoice)
            return outcome
        self._complete(session, method)
        return "done"

    # the customer

    def _known(self, session: Session, details: dict[str, Any]) -> Session:
        """Make the customer, or update the one there is as the session allows, and note what was typed."""
        held = None if session.customer is None else self._state.customers[session.customer]
        customer = self._new_customer(session, details) if held is None else self._updated(session, held, details)
        number = details.get("tax_id")
        if number and not any(each.value == number["value"] for each in self._tax_ids(customer)):
            row = TaxId(id=self._desk.new_id("txi"), created=self._desk.now, customer=customer.id, **number)
            self._desk.put(row, "customer.tax_id.created")
        shown = {
            "address": details.get("address") or customer.address,
            "business_name": None,
            "email": details.get("email") or customer.email,
            "individual_name": None,
            "name": details.get("name") or customer.name,
            "phone": None,
            "tax_exempt": customer.tax_exempt,
            "tax_ids": [{"type": each.type, "value": each.value} for each in self._tax_ids(customer)],
        }
        return self._desk.change(session, customer=customer.id, customer_details=shown)

    def _tax_ids(self, customer: Customer) -> list[TaxId]:
        return [each for each in self._state.tax_ids.values() if each.customer == customer.id]

    def _new_customer(self, session: Session, details: dict[str, Any]) -> Customer:
        row = Customer(
            id=self._desk.new_id("cus"),
            created=self._desk.now,
            changed=self._desk.now,
            invoice_prefix=self._state.ids.alphanumeric(8).upper(),
            address=details.get("address"),
            email=session.customer_email or details.get("email"),
            name=details.get("name"),
        )
        return self._desk.put(row, "customer.created")

    def _updated(self, session: Session, customer: Customer, details: dict[str, Any]) -> Customer:
        allowed = session.asked.get("customer_update")
        wanted = [name for name, how in (allowed if isinstance(allowed, dict) else {}).items() if how == "auto"]
        changes = {name: details[name] for name in wanted if details.get(name)}
        if customer.email is None and details.get("email"):
            changes["email"] = details["email"]
        if not changes:
            return customer
        return self._desk.change(customer, "customer.updated", changed=self._desk.now, **changes)

    # the money

    def _subscription(self, session: Session, desk: Desk, method: PaymentMethod | None = None) -> Subscription:
        """Return the session's subscription, made if it is not there yet or has lapsed meanwhile."""
        held = self._state.subscriptions.get(session.subscription or "")
        if held is not None and not held.over:
            return held
        data: dict[str, Any] = session.subscription_data
        days, end = data.get("trial_period_days"), data.get("trial_end")
        trial = desk.now + days * DAY if days else end
        tax: Any = session.asked.get("automatic_tax") or {}
        settings: Any = data.get("trial_settings") or {}
        wanted = Wanted(
            items=tuple((price, quantity) for _, price, quantity in session.lines),
            flexible=session.flexible,
            automatic_tax=bool(tax.get("enabled")),
            default_payment_method=None if method is None else method.id,
            description=data.get("description"),
            metadata=data.get("metadata") or {},
            trial_end=trial,
            trial_without_card=settings.get("end_behavior", {}).get("missing_payment_method", "create_invoice"),
        )
        return create(desk, self._state.customers[session.customer or ""], wanted)

    def _desk_of(self, session: Session) -> Desk:
        return self._desk.by_clock_of(self._state.customers[session.customer or ""].test_clock)

    def _open_invoice(self, session: Session) -> Invoice | None:
        subscription = self._state.subscriptions.get(session.subscription or "")
        invoice = None if subscription is None else self._state.invoices.get(subscription.latest_invoice or "")
        return invoice if invoice is not None and invoice.status == "open" else None

    def _challenge(self, session: Session, method: PaymentMethod) -> None:
        desk = self._desk_of(session)
        subscription = self._subscription(session, desk)
        session = self._desk.change(session, subscription=subscription.id, challenged=method.id)
        invoice = self._state.invoices[subscription.latest_invoice or ""]
        biller = Biller(desk)
        if invoice.status == "draft":
            biller.fail(biller.finalize(invoice), action=True)

    def _complete(self, session: Session, method: PaymentMethod) -> None:
        desk = self._desk_of(session)
        attached(desk, method, session.customer or "")
        if not method.set_up:
            self._desk.change(self._state.payment_methods[method.id], set_up=True)
        subscription = self._subscription(session, desk, method)
        biller = Biller(desk)
        invoice = self._state.invoices[subscription.latest_invoice or ""]
        if invoice.status == "draft":
            invoice = biller.finalize(invoice)
        biller.attempt(invoice, method, authenticated=True)
        self._make_good(desk, subscription.id, method)
        paid = self._state.invoices[invoice.id].status == "paid"
        owed = amount_of(self._state, session)
        self._desk.change(
            session,
            "checkout.session.completed",
            status="complete",
            payment_status=("paid" if paid else "unpaid") if owed else "no_payment_required",
            subscription=subscription.id,
            invoice=invoice.id,
        )

    def _make_good(self, desk: Desk, subscription_id: str, method: PaymentMethod) -> None:
        """Set the method; a debit under way counts as good until it fails."""
        held = self._state.subscriptions[subscription_id]
        status = "active" if held.status == "incomplete" else held.status
        desk.change(held, UPDATED, default_payment_method=method.id, status=status)
