"""The desk at which rows are written: whatever changes is told of, and its next moment is planned."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from attibooks_sandbox.stripe.events import differences, thin_names, thin_twin
from attibooks_sandbox.stripe.model import (
    Customer,
    Endpoint,
    Event,
    Invoice,
    PaymentMethod,
    PortalConfiguration,
    Price,
    Product,
    Session,
    Subscription,
    TaxId,
    TestClock,
)
from attibooks_sandbox.stripe.render import render
from attibooks_sandbox.stripe.state import StripeState

Row = TypeVar("Row", bound=msgspec.Struct)
_TABLES = {
    Customer: "customers",
    Endpoint: "endpoints",
    Invoice: "invoices",
    PaymentMethod: "payment_methods",
    PortalConfiguration: "configurations",
    Price: "prices",
    Product: "products",
    Session: "sessions",
    Subscription: "subscriptions",
    TaxId: "tax_ids",
    TestClock: "clocks",
}
_TIMED = (Subscription, Invoice, Session)
_LENGTHS = {"cus": 14, "prod": 14, "si": 14, "cs_test": 58}


class Cause(msgspec.Struct, frozen=True):
    """The call that a change comes from; time and pages have none."""

    request: str | None = None
    idempotency_key: str | None = None


class Desk:
    """Writes at an instant, which is that of a test clock for the customers who live by one."""

    def __init__(self, state: StripeState, now: int, cause: Cause | None = None) -> None:
        """Write into a state."""
        self.state, self.now, self.cause = state, now, cause or Cause()

    def at(self, instant: int) -> Desk:
        """Return a desk of the same cause at another instant."""
        return Desk(self.state, instant, self.cause)

    def by_clock_of(self, clock: str | None) -> Desk:
        """Return the desk at the time of a test clock, this one where there is none."""
        return self if clock is None else self.at(self.state.clocks[clock].frozen_time)

    def new_id(self, kind: str) -> str:
        """Return a new identifier such as `cus_...`."""
        length = _LENGTHS.get(kind)
        if kind == "cs_test":
            return f"cs_test_a1{self.state.ids.alphanumeric(56)}"
        return (
            f"{kind}_{self.state.ids.alphanumeric(length)}" if length else f"{kind}_1{self.state.ids.alphanumeric(23)}"
        )

    def put(self, row: Row, told: str | None = None) -> Row:
        """Store a row and tell of it; `told` with `updated` at its end is told only if something shows."""
        table: dict[str, Any] = getattr(self.state, _TABLES[type(row)])
        key: str = row.id  # type: ignore[attr-defined]
        old = table.get(key)
        before = None if old is None or told is None else render(self.state, old)
        table[key] = row
        if isinstance(row, _TIMED):
            self.state.note(row)
        if told is not None:
            self._tell_of(told, render(self.state, row), before)
        return row

    def change(self, row: Row, told: str | None = None, **changes: Any) -> Row:  # noqa: ANN401 - of the row's fields
        """Store a row with other values and tell of it."""
        return self.put(msgspec.structs.replace(row, **changes), told)

    def announce(self, row: object, told: str) -> None:
        """Tell of a row as it is."""
        self.tell(told, render(self.state, row))

    def _tell_of(self, told: str, shown: dict[str, object], before: dict[str, object] | None) -> None:
        if not told.endswith(".updated"):
            self.tell(told, shown)
            return
        previous = differences(before or {}, shown)
        if previous:
            self.tell(told, shown, previous)

    def tell(self, told: str, shown: dict[str, object], previous: dict[str, object] | None = None) -> None:
        """Note an event."""
        event = Event(
            id=self.new_id("evt"),
            created=self.now,
            type=told,
            about=shown,
            previous=previous,
            request=self.cause.request,
            idempotency_key=self.cause.idempotency_key,
        )
        self.state.events[event.id] = event
        twins = [
            thin_twin(event, name, f"evt_test_65{self.state.ids.alphanumeric(22)}", self.now * 1000)
            for name in thin_names(event)
        ]
        self.state.thin_events.update((twin.id, twin) for twin in twins)
        if self.state.listener is not None:
            self.state.listener(event, twins)
