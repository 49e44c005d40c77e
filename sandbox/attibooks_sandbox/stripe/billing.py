"""The life of subscriptions and their invoices (reference: Stripe billing, §2.7, §2.8 and §3.9).

A renewal's invoice is a draft for an hour. A failed payment makes the subscription past due and is repeated 3, 7 and 14
days after the first attempt; after the last one the account's setting decides.
"""

from __future__ import annotations

from typing import Any

import msgspec

from attibooks_sandbox.stripe.calendar import period_end
from attibooks_sandbox.stripe.cards import charge, debit_fails
from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.errors import Refused
from attibooks_sandbox.stripe.model import (
    Cancellation,
    Customer,
    Invoice,
    Item,
    Line,
    Pause,
    PaymentMethod,
    Subscription,
)
from attibooks_sandbox.stripe.state import DAY

DRAFT_FOR = 3_600
RETRIES = (3 * DAY, 7 * DAY, 14 * DAY)
"""When a failed payment is repeated, counted from its first attempt (a guess inside Stripe's windows)."""
DEBIT_TAKES = 180
UPDATED = "customer.subscription.updated"
_OWING = frozenset({"incomplete", "past_due", "unpaid"})
NO_METHOD = Refused(
    "Cannot charge a customer that has no active card or default payment method.",
    "payment_intent_payment_attempt_failed",
)
NEEDS_ACTION = Refused(
    "This payment requires additional user action before it can be completed.", "authentication_required"
)


class Biller:
    """Moves subscriptions and invoices on, at the instant of a desk."""

    def __init__(self, desk: Desk) -> None:
        """Work at a desk."""
        self._desk = desk
        self._state = desk.state

    # beginning

    def open_invoice(self, subscription: Subscription, reason: str, *, advance: bool = True) -> Invoice:
        """Make the draft of an invoice for the present period of a subscription."""
        desk = self._desk
        items = () if subscription.status == "trialing" else subscription.items
        invoice = Invoice(
            id=desk.new_id("in"),
            created=desk.now,
            customer=subscription.customer,
            subscription=subscription.id,
            billing_reason=reason,
            currency=subscription.currency,
            lines=tuple(self._line(item) for item in items),
            period_start=subscription.start,
            period_end=subscription.end,
            secret=f"test_{self._state.ids.alphanumeric(40)}",
            automatic_tax=subscription.automatic_tax,
            auto_advance=advance,
            finalizes_at=desk.now + DRAFT_FOR if advance else None,
            test_clock=subscription.test_clock,
        )
        return desk.put(invoice, "invoice.created")

    def _line(self, item: Item) -> Line:
        price = self._state.prices[item.price]
        product = self._state.products[price.product]
        amount = price.unit_amount * item.quantity
        each = f"{price.unit_amount / 100:.2f} {price.currency.upper()} / {price.interval}"
        return Line(
            id=self._desk.new_id("il"),
            item=item.id,
            price=price.id,
            product=product.id,
            quantity=item.quantity,
            amount=amount,
            description=f"{item.quantity} \u00d7 {product.name} (at {each})",
            start=item.start,
            end=item.end,
        )

    def finalize(self, invoice: Invoice) -> Invoice:
        """Give an invoice its number; from then on it can be paid."""
        customer = self._state.customers[invoice.customer]
        number = f"{customer.invoice_prefix}-{customer.next_invoice:04d}"
        self._desk.change(customer, next_invoice=customer.next_invoice + 1, currency=invoice.currency)
        return self._desk.change(
            invoice,
            "invoice.finalized",
            status="open",
            number=number,
            finalized_at=self._desk.now,
            finalizes_at=None,
        )

    # paying

    def method_for(self, invoice: Invoice) -> PaymentMethod | None:
        """Return what an invoice is paid with: its own method, the subscription's, or the customer's."""
        subscription = self._state.subscriptions[invoice.subscription]
        customer = self._state.customers[invoice.customer]
        names = (invoice.default_payment_method, subscription.default_payment_method, customer.default_payment_method)
        return next((self._state.payment_methods[name] for name in names if name is not None), None)

    def attempt(
        self, invoice: Invoice, method: PaymentMethod | None = None, *, authenticated: bool = False
    ) -> Refused | None:
        """Try to take the money of an open invoice; a refusal makes it fail."""
        if invoice.total == 0:
            self.settle(invoice)
            return None
        used = method or self.method_for(invoice)
        outcome = NO_METHOD if used is None else charge(used, authenticated=authenticated)
        if outcome == "paid":
            self.settle(invoice)
        elif outcome == "processing":
            assert used is not None
            self._desk.change(
                invoice,
                attempted=True,
                attempt_count=invoice.attempt_count + 1,
                default_payment_method=used.id,
                next_payment_attempt=None,
                settles_at=self._desk.now + DEBIT_TAKES,
            )
        elif outcome == "authenticate":
            self.fail(invoice, action=True)
            return NEEDS_ACTION
        else:
            self.fail(invoice)
            return outcome
        return None

    def settle_debit(self, invoice: Invoice) -> bool:
        """End a bank debit that was under way, and tell whether the money came."""
        method = self.method_for(invoice)
        invoice = self._desk.change(invoice, settles_at=None, attempt_count=invoice.attempt_count - 1)
        if method is None or debit_fails(method):
            self.fail(invoice)
            return False
        self.settle(invoice)
        return True

    def settle(self, invoice: Invoice, *, outside: bool = False) -> Invoice:
        """Book an invoice as paid; that of the present period makes its subscription good again."""
        counts = {} if outside or invoice.total == 0 else {"attempt_count": invoice.attempt_count + 1}
        paid = self._desk.change(
            invoice,
            "invoice.updated",
            status="paid",
            attempted=True,
            auto_advance=False,
            needs_action=False,
            next_payment_attempt=None,
            paid_at=self._desk.now,
            paid_outside=outside,
            **counts,
        )
        subscription = self._state.subscriptions[invoice.subscription]
        if subscription.latest_invoice == invoice.id and subscription.status in _OWING:
            self._desk.change(subscription, UPDATED, status="active")
        self._delinquency(invoice.customer)
        self._desk.announce(paid, "invoice.paid")
        self._desk.announce(paid, "invoice.payment_succeeded")
        return paid

    def fail(self, invoice: Invoice, *, action: bool = False) -> Invoice:
        """Book a failed payment: the subscription is past due, or ends when it was the last attempt."""
        first = self._state.subscriptions[invoice.subscription].status == "incomplete"
        made = invoice.attempt_count + 1
        again = None if first or made > len(RETRIES) else self._next_attempt(invoice, made)
        failed = self._desk.change(
            invoice,
            "invoice.updated",
            attempted=True,
            attempt_count=made,
            needs_action=action,
            next_payment_attempt=again,
            auto_advance=again is not None,
        )
        if action:
            self._desk.announce(failed, "invoice.payment_action_required")
        if not action or not first:
            self._desk.announce(failed, "invoice.payment_failed")
        self._fall_due(failed)
        self._delinquency(invoice.customer)
        if not first and again is None:
            self._give_up(failed)
        return failed

    def _next_attempt(self, invoice: Invoice, made: int) -> int:
        return max((invoice.finalized_at or self._desk.now) + RETRIES[made - 1], self._desk.now + 1)

    def _fall_due(self, invoice: Invoice) -> None:
        subscription = self._state.subscriptions[invoice.subscription]
        if subscription.status in {"active", "trialing"}:
            self._desk.change(subscription, UPDATED, status="past_due")

    def _give_up(self, invoice: Invoice) -> None:
        """Do what the account has set for after the last attempt, unless a later invoice was paid (reference §3.9)."""
        subscription = self._state.subscriptions[invoice.subscription]
        if subscription.over or subscription.latest_invoice != invoice.id or subscription.status != "past_due":
            return
        if self._state.after_retries == "cancel":
            self.end(subscription, Cancellation("payment_failed"))
        elif self._state.after_retries == "unpaid":
            self._desk.change(subscription, UPDATED, status="unpaid")

    def _delinquency(self, customer_id: str) -> None:
        customer = self._state.customers[customer_id]
        owing = any(each.status in {"past_due", "unpaid"} for each in self._state.subscriptions_of(customer_id))
        if customer.delinquent != owing and not customer.deleted:
            self._desk.change(customer, "customer.updated", delinquent=owing)

    # going on

    def renew(self, subscription: Subscription, *, reason: str = "subscription_cycle") -> Subscription:
        """Begin the next period, with the draft of its invoice."""
        start = subscription.end
        end = period_end(self._state.prices[subscription.items[0].price], subscription.anchor, start)
        items = tuple(msgspec.structs.replace(item, start=start, end=end) for item in subscription.items)
        status = "active" if subscription.status == "trialing" else subscription.status
        moved = msgspec.structs.replace(subscription, items=items, status=status)
        kept = moved.status == "unpaid" or (
            moved.collection is not None and moved.collection.behavior == "keep_as_draft"
        )
        invoice = self.open_invoice(moved, reason, advance=not kept)
        moved = self._desk.put(msgspec.structs.replace(moved, latest_invoice=invoice.id), UPDATED)
        self._set_aside(moved, invoice)
        return moved

    def _set_aside(self, subscription: Subscription, invoice: Invoice) -> None:
        """Void a draft, or write it off, while collection is paused."""
        behavior = None if subscription.collection is None else subscription.collection.behavior
        if behavior == "void":
            self.void(self.finalize(invoice))
        elif behavior == "mark_uncollectible":
            opened = self.finalize(invoice)
            self._desk.change(
                opened,
                "invoice.marked_uncollectible",
                status="uncollectible",
                auto_advance=False,
                uncollectible_at=self._desk.now,
            )

    def end_trial(self, subscription: Subscription) -> None:
        """Go on after a trial as the subscription says: bill, cancel or pause."""
        payable = subscription.default_payment_method or self._customer(subscription).default_payment_method
        if payable is None and subscription.trial_without_card == "cancel":
            self.end(subscription, subscription.cancellation)
        elif payable is None and subscription.trial_without_card == "pause":
            self.pause(subscription, "trial_end_without_payment_method")
        else:
            self.renew(subscription)

    def _customer(self, subscription: Subscription) -> Customer:
        return self._state.customers[subscription.customer]

    def pause(self, subscription: Subscription, why: str = "pause_requested") -> Subscription:
        """Pause: no new periods, no invoices."""
        self._stop_collecting(subscription)
        return self._desk.change(
            subscription, "customer.subscription.paused", status="paused", pause=Pause(self._desk.now, why)
        )

    def resume(self, subscription: Subscription) -> Subscription:
        """Go on after a pause: inside the period that was paid as it was, else with a new one from now."""
        if subscription.end > self._desk.now and subscription.trial_end != subscription.end:
            return self._desk.change(subscription, "customer.subscription.resumed", status="active", pause=None)
        now = self._desk.now
        end = period_end(self._state.prices[subscription.items[0].price], now, now)
        items = tuple(msgspec.structs.replace(item, start=now, end=end) for item in subscription.items)
        moved = msgspec.structs.replace(subscription, items=items, anchor=now, status="active", pause=None)
        invoice = self.open_invoice(moved, "subscription_update")
        moved = self._desk.put(
            msgspec.structs.replace(moved, latest_invoice=invoice.id), "customer.subscription.resumed"
        )
        self.attempt(self.finalize(invoice))
        return self._state.subscriptions[moved.id]

    # ending

    def end(self, subscription: Subscription, why: Cancellation) -> Subscription:
        """End a subscription for good; `canceled_at` stays the time of the request."""
        self._stop_collecting(subscription)
        return self._desk.change(
            subscription,
            "customer.subscription.deleted",
            status="canceled",
            canceled_at=subscription.canceled_at or self._desk.now,
            ended_at=self._desk.now,
            cancellation=why,
            pause=None,
        )

    def expire(self, subscription: Subscription) -> Subscription:
        """Give up a subscription whose first invoice was not paid within 23 hours; the invoice is void."""
        invoice = self._state.invoices.get(subscription.latest_invoice or "")
        if invoice is not None and invoice.status == "open":
            self.void(invoice)
        return self._desk.change(subscription, UPDATED, status="incomplete_expired", ended_at=self._desk.now)

    def void(self, invoice: Invoice) -> Invoice:
        """Void an open invoice."""
        return self._desk.change(
            invoice,
            "invoice.voided",
            status="void",
            auto_advance=False,
            next_payment_attempt=None,
            settles_at=None,
            voided_at=self._desk.now,
        )

    def _stop_collecting(self, subscription: Subscription) -> None:
        stopped: dict[str, Any] = {"auto_advance": False, "next_payment_attempt": None, "finalizes_at": None}
        for invoice in self._state.invoices_of(subscription.id):
            if invoice.status in {"draft", "open"} and invoice.auto_advance:
                self._desk.change(invoice, "invoice.updated", **stopped)
