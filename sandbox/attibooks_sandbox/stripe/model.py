"""What an account at Stripe holds. Rows are frozen: a change puts another row in the place of the old one.

Instants are whole seconds of the epoch and amounts are minor units, as Stripe has both.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Metadata = dict[str, str]
Status = Literal[
    "incomplete", "incomplete_expired", "trialing", "active", "past_due", "unpaid", "canceled", "paused"
]  # fmt: skip
InvoiceStatus = Literal["draft", "open", "paid", "void", "uncollectible"]
ENDED: frozenset[str] = frozenset({"canceled", "incomplete_expired"})


class Key(msgspec.Struct, frozen=True):
    """A secret key; `scopes` such as `customers:write` make it a restricted one."""

    value: str
    scopes: frozenset[str] | None = None
    active: bool = True
    expires_at: int | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """What is sold."""

    id: str
    created: int
    updated: int
    name: str
    active: bool = True
    description: str | None = None
    default_price: str | None = None
    images: tuple[str, ...] = ()
    metadata: Metadata = msgspec.field(default_factory=dict)
    statement_descriptor: str | None = None
    tax_code: str | None = None
    unit_label: str | None = None
    url: str | None = None


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a product costs; a price without `interval` is paid once."""

    id: str
    created: int
    product: str
    currency: str
    unit_amount: int
    active: bool = True
    interval: str | None = None
    interval_count: int = 1
    lookup_key: str | None = None
    metadata: Metadata = msgspec.field(default_factory=dict)
    nickname: str | None = None
    tax_behavior: str = "unspecified"


class TaxId(msgspec.Struct, frozen=True, kw_only=True):
    """A tax number of a customer, never verified here."""

    id: str
    created: int
    customer: str
    type: str
    value: str


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer; a deleted one stays as a tombstone. `changed` is when the search index has to learn of it."""

    id: str
    created: int
    changed: int
    invoice_prefix: str
    address: dict[str, str | None] | None = None
    currency: str | None = None
    default_payment_method: str | None = None
    deleted: bool = False
    delinquent: bool = False
    description: str | None = None
    email: str | None = None
    metadata: Metadata = msgspec.field(default_factory=dict)
    name: str | None = None
    next_invoice: int = 1
    phone: str | None = None
    preferred_locales: tuple[str, ...] = ()
    tax_exempt: str = "none"
    test_clock: str | None = None


class PaymentMethod(msgspec.Struct, frozen=True, kw_only=True):
    """A card or an account to debit; `number` tells how it behaves. One set up needs no authentication later."""

    id: str
    created: int
    type: Literal["card", "sepa_debit"]
    number: str
    customer: str | None = None
    set_up: bool = False
    billing_details: dict[str, object] = msgspec.field(default_factory=dict)
    metadata: Metadata = msgspec.field(default_factory=dict)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A price that a subscription bills, and its present period."""

    id: str
    created: int
    price: str
    quantity: int
    start: int
    end: int
    metadata: Metadata = msgspec.field(default_factory=dict)


class Cancellation(msgspec.Struct, frozen=True):
    """Why a subscription ends."""

    reason: str | None = None
    feedback: str | None = None
    comment: str | None = None


class Pause(msgspec.Struct, frozen=True):
    """Since when a subscription is paused, and why."""

    since: int
    why: str


class Collection(msgspec.Struct, frozen=True):
    """What becomes of invoices while collection is paused."""

    behavior: str
    resumes_at: int | None = None


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription; `anchor` is where its periods are counted from."""

    id: str
    created: int
    customer: str
    status: Status
    currency: str
    items: tuple[Item, ...]
    anchor: int
    flexible: bool = True
    automatic_tax: bool = False
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    cancellation: Cancellation = Cancellation()
    collection: Collection | None = None
    default_payment_method: str | None = None
    description: str | None = None
    ended_at: int | None = None
    latest_invoice: str | None = None
    metadata: Metadata = msgspec.field(default_factory=dict)
    pause: Pause | None = None
    test_clock: str | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    trial_without_card: str = "create_invoice"
    warned: bool = False

    @property
    def start(self) -> int:
        """Return when the present period began."""
        return self.items[0].start

    @property
    def end(self) -> int:
        """Return when the present period ends."""
        return self.items[0].end

    @property
    def over(self) -> bool:
        """Tell whether it has ended for good."""
        return self.status in ENDED


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an invoice."""

    id: str
    item: str
    price: str
    product: str
    quantity: int
    amount: int
    description: str
    start: int
    end: int


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice of a subscription; `settles_at` is when a bank debit under way ends."""

    id: str
    created: int
    customer: str
    subscription: str
    billing_reason: str
    currency: str
    lines: tuple[Line, ...]
    period_start: int
    period_end: int
    secret: str
    status: InvoiceStatus = "draft"
    number: str | None = None
    automatic_tax: bool = False
    auto_advance: bool = True
    attempt_count: int = 0
    attempted: bool = False
    default_payment_method: str | None = None
    finalizes_at: int | None = None
    finalized_at: int | None = None
    needs_action: bool = False
    next_payment_attempt: int | None = None
    paid_at: int | None = None
    paid_outside: bool = False
    settles_at: int | None = None
    test_clock: str | None = None
    uncollectible_at: int | None = None
    voided_at: int | None = None

    @property
    def total(self) -> int:
        """Return what is owed; no tax is ever added, because the account has no tax registration."""
        return sum(line.amount for line in self.lines)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A Checkout session; `asked` are the parameters that are shown as they were sent."""

    id: str
    created: int
    expires_at: int
    success_url: str
    currency: str
    lines: tuple[tuple[str, str, int], ...]
    asked: dict[str, object]
    subscription_data: dict[str, object]
    metadata: Metadata = msgspec.field(default_factory=dict)
    status: Literal["open", "complete", "expired"] = "open"
    payment_status: Literal["paid", "unpaid", "no_payment_required"] = "unpaid"
    customer: str | None = None
    customer_email: str | None = None
    customer_details: dict[str, object] | None = None
    flexible: bool = True
    subscription: str | None = None
    invoice: str | None = None
    challenged: str | None = None


class PortalConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What customers may do in the portal; `features` is shown as it is."""

    id: str
    created: int
    updated: int
    features: dict[str, object]
    business_profile: dict[str, object]
    active: bool = True
    default_return_url: str | None = None
    is_default: bool = False
    login_page: bool = False
    metadata: Metadata = msgspec.field(default_factory=dict)
    name: str | None = None


class PortalSession(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's way into the portal: its secret is part of the address."""

    id: str
    created: int
    secret: str
    customer: str
    configuration: str
    used_at: int | None = None
    after_expiration: dict[str, object] | None = None
    flow: dict[str, object] | None = None
    locale: str | None = None
    return_url: str | None = None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An address that events are sent to; a thin one gets ids only."""

    id: str
    created: int
    url: str
    secret: str
    enabled_events: tuple[str, ...]
    thin: bool = False
    api_version: str | None = None
    description: str | None = None
    enabled: bool = True
    metadata: Metadata = msgspec.field(default_factory=dict)
    name: str | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an object, as the object was then. `waiting` are the endpoints that have not taken it yet."""

    id: str
    created: int
    type: str
    about: dict[str, object]
    previous: dict[str, object] | None = None
    request: str | None = None
    idempotency_key: str | None = None
    waiting: tuple[str, ...] = ()


class ThinEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The thin twin of an event; one change may have several, of finer types."""

    id: str
    created_ms: int
    type: str
    snapshot: str
    related_id: str
    related_type: str
    related_url: str


class TestClock(msgspec.Struct, frozen=True, kw_only=True):
    """A clock of its own for some customers, which moves only when it is told to."""

    id: str
    created: int
    frozen_time: int
    name: str | None = None


class Promise(msgspec.Struct, frozen=True):
    """An answer kept for an idempotency key."""

    at: int
    path: str
    digest: str
    status: int
    body: bytes
    request: str
