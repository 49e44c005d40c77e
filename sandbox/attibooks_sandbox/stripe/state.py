"""The account's state."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable
from typing import ClassVar

import msgspec

from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.state import State
from attibooks_sandbox.stripe.model import (
    Customer,
    Endpoint,
    Event,
    Invoice,
    Key,
    PaymentMethod,
    PortalConfiguration,
    PortalSession,
    Price,
    Product,
    Promise,
    Session,
    Subscription,
    TaxId,
    TestClock,
    ThinEvent,
)

DEFAULT_BASE = "http://127.0.0.1:8100/stripe"


class StripeState(State):
    """Everything that one account at Stripe holds; ids are drawn in it, so that they never come twice."""

    derived: ClassVar[frozenset[str]] = frozenset({"listener", "agenda", "_sold", "_billed"})

    def __init__(self, seed: int) -> None:
        """Begin as a new account: nothing in it."""
        self.seed = seed
        self.ids = Ids(f"stripe:{seed}")
        self.base_url: str = DEFAULT_BASE
        self.hold: bool = False
        self.signed_by_machine: bool = True
        self.after_retries: str = "cancel"
        self.keys: dict[str, Key] = {}
        self.products: dict[str, Product] = {}
        self.prices: dict[str, Price] = {}
        self.customers: dict[str, Customer] = {}
        self.tax_ids: dict[str, TaxId] = {}
        self.payment_methods: dict[str, PaymentMethod] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.invoices: dict[str, Invoice] = {}
        self.sessions: dict[str, Session] = {}
        self.configurations: dict[str, PortalConfiguration] = {}
        self.portals: dict[str, PortalSession] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.events: dict[str, Event] = {}
        self.thin_events: dict[str, ThinEvent] = {}
        self.clocks: dict[str, TestClock] = {}
        self.promises: OrderedDict[str, Promise] = OrderedDict()
        self.listener: Callable[[Event, list[ThinEvent]], None] | None = None
        self.agenda = Agenda()
        self._sold: dict[str, dict[str, None]] = {}
        self._billed: dict[str, dict[str, None]] = {}

    def copy(self) -> StripeState:
        """Return a state with the same keys: the world of a seed begins with an empty account."""
        twin = StripeState(self.seed)
        twin.keys = dict(self.keys)
        return twin

    def rebuild(self) -> None:
        """Plan anew what is due when, and find anew what belongs to whom."""
        self.agenda, self._sold, self._billed = Agenda(), {}, {}
        for table in (self.subscriptions, self.invoices, self.sessions):
            for row in table.values():
                self.note(row)

    def note(self, row: Timed) -> None:
        """Plan the next moment of a row that was stored, and remember to whom it belongs."""
        self.agenda.note(row)
        if isinstance(row, Subscription):
            self._sold.setdefault(row.customer, {})[row.id] = None
        elif isinstance(row, Invoice):
            self._billed.setdefault(row.subscription, {})[row.id] = None

    def subscriptions_of(self, customer: str) -> list[Subscription]:
        """Return the subscriptions of a customer in the order of their creation."""
        return [self.subscriptions[key] for key in self._sold.get(customer, ())]

    def invoices_of(self, subscription: str) -> list[Invoice]:
        """Return the invoices of a subscription in the order of their creation."""
        return [self.invoices[key] for key in self._billed.get(subscription, ())]

    @property
    def asleep(self) -> bool:
        """Tell whether nothing is in the account that time or a test could wait for."""
        return not (self.subscriptions or self.sessions or self.endpoints)


Timed = Subscription | Invoice | Session
DAY = 86_400
INCOMPLETE_LIFE = 23 * 3_600
TRIAL_WARNING = 3 * DAY


class Due(msgspec.Struct, frozen=True, order=True):
    """A moment at which something may happen to a row."""

    at: int
    kind: str
    id: str


class Agenda:
    """What is due when, by test clock. Entries are never taken back: whoever meets one asks the row itself again."""

    def __init__(self) -> None:
        """Begin with nothing planned."""
        self._plans: dict[str | None, list[Due]] = {}

    def note(self, row: Timed) -> None:
        """Plan the next moment of a row."""
        at = next_moment(row)
        if at is not None:
            clock = None if isinstance(row, Session) else row.test_clock
            heapq.heappush(self._plans.setdefault(clock, []), Due(at, type(row).__name__, row.id))

    def first(self, clock: str | None) -> Due | None:
        """Return what is due next by a clock."""
        plan = self._plans.get(clock)
        return plan[0] if plan else None

    def take(self, clock: str | None) -> Due:
        """Take out what is due next."""
        return heapq.heappop(self._plans[clock])


def next_moment(row: Timed) -> int | None:
    """Return when something happens to a row by itself next, None for never."""
    if isinstance(row, Session):
        return row.expires_at if row.status == "open" else None
    if isinstance(row, Invoice):
        planned = (row.finalizes_at, row.next_payment_attempt, row.settles_at)
        return min((at for at in planned if at is not None), default=None)
    return _moment_of_subscription(row)


def _moment_of_subscription(row: Subscription) -> int | None:
    if row.over:
        return None
    if row.status == "incomplete":
        return row.created + INCOMPLETE_LIFE
    planned = [] if row.status == "paused" else [row.end]
    if row.cancel_at is not None:
        planned.append(row.cancel_at)
    if row.collection is not None and row.collection.resumes_at is not None:
        planned.append(row.collection.resumes_at)
    if row.status == "trialing" and not row.warned and row.trial_end is not None:
        planned.append(row.trial_end - TRIAL_WARNING)
    return min(planned, default=None)
