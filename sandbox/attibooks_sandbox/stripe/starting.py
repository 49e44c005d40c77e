"""How a subscription begins: by the API and by Checkout."""

from __future__ import annotations

import msgspec

from attibooks_sandbox.stripe.billing import Biller
from attibooks_sandbox.stripe.calendar import period_end
from attibooks_sandbox.stripe.cards import charge
from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.errors import Refused, StripeError, invalid, missing, not_found
from attibooks_sandbox.stripe.model import Customer, Item, Metadata, Subscription
from attibooks_sandbox.stripe.parameters import Params
from attibooks_sandbox.stripe.state import TRIAL_WARNING, StripeState

MOST_ITEMS = 20
CREATED = "customer.subscription.created"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscription shall be; items are price and quantity."""

    items: tuple[tuple[str, int], ...]
    flexible: bool
    automatic_tax: bool = False
    default_payment_method: str | None = None
    description: str | None = None
    metadata: Metadata = msgspec.field(default_factory=dict)
    trial_end: int | None = None
    trial_without_card: str = "create_invoice"


def wanted_items(state: StripeState, parts: list[Params], name: str) -> tuple[tuple[str, int], ...]:
    """Return prices and quantities; all must recur alike and be of one currency."""
    if not parts:
        raise missing(name)
    if len(parts) > MOST_ITEMS:
        message = f"A subscription can have at most {MOST_ITEMS} items."
        raise invalid(message, name)
    items = []
    for part in parts:
        part.only("metadata price quantity")
        identifier, quantity = part.needed("price"), part.whole("quantity")
        price = state.prices.get(identifier)
        if price is None:
            raise not_found("price", identifier, part.label("price"))
        if not price.active:
            message = "The price specified is inactive. This field only accepts active prices."
            raise invalid(message, part.label("price"))
        if price.interval is None:
            message = (
                "The price specified is set to `type=one_time` but this field only accepts prices with "
                "`type=recurring`."
            )
            raise invalid(message, part.label("price"))
        if quantity is not None and quantity < 1:
            raise invalid("This value must be greater than or equal to 1.", part.label("quantity"))
        items.append((identifier, 1 if quantity is None else quantity))
    _check_alike(state, items, name)
    return tuple(items)


def _check_alike(state: StripeState, items: list[tuple[str, int]], name: str) -> None:
    prices = [state.prices[identifier] for identifier, _ in items]
    if len({price.currency for price in prices}) > 1:
        raise invalid("All prices on a subscription must have the same currency.", name)
    if len({(price.interval, price.interval_count) for price in prices}) > 1:
        message = "The sandbox emulates subscriptions whose prices recur alike only."
        raise invalid(message, name)
    if len({price.id for price in prices}) < len(prices):
        message = "Cannot add multiple subscription items with the same price."
        raise invalid(message, name)


def start(desk: Desk, customer: Customer, wanted: Wanted, behavior: str) -> Subscription:
    """Begin a subscription over the API and take its first money as the payment behaviour says."""
    biller = Biller(desk)
    method = wanted.default_payment_method or customer.default_payment_method
    owes = wanted.trial_end is None and sum(desk.state.prices[of].unit_amount * n for of, n in wanted.items) > 0
    if owes and behavior != "default_incomplete":
        if method is None:
            message = (
                "This customer has no attached payment source or default payment method. Please consider adding a "
                "default payment method. For more information, visit "
                "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority."
            )
            raise invalid(message, code="resource_missing")
        outcome = charge(desk.state.payment_methods[method])
        if behavior == "error_if_incomplete" and outcome not in {"paid", "processing"}:
            raise _incomplete(outcome)
    row = create(desk, customer, wanted)
    invoice = biller.finalize(desk.state.invoices[row.latest_invoice or ""])
    if not owes or behavior != "default_incomplete":
        biller.attempt(invoice)
    return _settled(desk, row)


def _settled(desk: Desk, row: Subscription) -> Subscription:
    """Return the subscription after its first attempt; a debit under way counts as good until it fails."""
    held = desk.state.subscriptions[row.id]
    invoice = desk.state.invoices[held.latest_invoice or ""]
    if held.status == "incomplete" and invoice.settles_at is not None:
        return desk.change(held, "customer.subscription.updated", status="active")
    return held


def _incomplete(outcome: str | Refused) -> StripeError:
    if isinstance(outcome, Refused):
        return outcome.error()
    return Refused(
        "Your card was declined. This transaction requires authentication.",
        "authentication_required",
        "authentication_required",
    ).error()


def create(desk: Desk, customer: Customer, wanted: Wanted) -> Subscription:
    """Store a subscription with the draft of its first invoice: in its trial, or incomplete until that is paid."""
    prices = [desk.state.prices[identifier] for identifier, _ in wanted.items]
    now, trial = desk.now, wanted.trial_end
    end = trial or period_end(prices[0], now, now)
    row = Subscription(
        id=desk.new_id("sub"),
        created=now,
        customer=customer.id,
        status="incomplete" if trial is None else "trialing",
        currency=prices[0].currency,
        items=tuple(
            Item(id=desk.new_id("si"), created=now, price=price, quantity=quantity, start=now, end=end)
            for price, quantity in wanted.items
        ),
        anchor=trial or now,
        flexible=wanted.flexible,
        automatic_tax=wanted.automatic_tax,
        default_payment_method=wanted.default_payment_method,
        description=wanted.description,
        metadata=wanted.metadata,
        test_clock=customer.test_clock,
        trial_start=None if trial is None else now,
        trial_end=trial,
        trial_without_card=wanted.trial_without_card,
        warned=trial is not None and trial - now <= TRIAL_WARNING,
    )
    desk.put(row)
    invoice = Biller(desk).open_invoice(row, "subscription_create", advance=False)
    row = desk.put(msgspec.structs.replace(row, latest_invoice=invoice.id), CREATED)
    if row.warned:
        desk.announce(row, "customer.subscription.trial_will_end")
    return row


def check_status(row: Subscription, allowed: set[str], verb: str) -> None:
    """Refuse what cannot be done in a subscription's present status."""
    if row.status not in allowed:
        message = f"The subscription cannot be {verb} while its status is `{row.status}`."
        raise invalid(message)
