"""Sends notices of changes: collects, signs, delivers, tries again (reference: QuickBooks Online API, §8)."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from collections import deque
from collections.abc import Coroutine, Iterable
from datetime import datetime, timedelta
from functools import partial

import msgspec

from attibooks_sandbox.kernel.clock import Clock
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.quickbooks.company import QuickBooksState
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.quickbooks.tables import Stored
from attibooks_sandbox.quickbooks.webhooks.courier import post
from attibooks_sandbox.quickbooks.webhooks.endpoint import ENTITIES, Endpoint
from attibooks_sandbox.quickbooks.webhooks.events import (
    Event,
    Operation,
    body_of_events,
    headers_of,
    operation_of,
)

WAITS = tuple(timedelta(seconds=each) for each in (10, 20, 30, 300, 1200, 7200, 14400, 21600))
"""Between attempts; after the last of them it goes on in the same step."""
LARGEST = 100
KEPT_DELIVERIES = 1_000
Key = tuple[str, str]


class Attempt(msgspec.Struct, frozen=True):
    """One try to deliver: the status of the answer, or in words why there was none."""

    at: datetime
    outcome: int | str


class Delivery(msgspec.Struct, kw_only=True):
    """A notification on its way; `due` is the time of the next attempt, None while one runs and after the last."""

    number: int
    endpoint: Endpoint
    events: tuple[Event, ...]
    body: bytes
    trace: str
    repeats: int | None = None
    attempts: list[Attempt] = msgspec.field(default_factory=list)
    due: datetime | None = None

    @property
    def delivered(self) -> bool:
        """Tell whether the app took it."""
        return bool(self.attempts) and self.attempts[-1].outcome == 200


class Outbox:
    """The notices of one world."""

    def __init__(
        self, state: QuickBooksState, clock: Clock, switches: Switches, verifier_token: str, seed: int | str
    ) -> None:
        """Begin to watch what the endpoints of the state want to be told; without one nothing is watched."""
        self._state, self._clock, self._switches, self._verifier_token = state, clock, switches, verifier_token
        self._ids = Ids(f"webhooks:{seed}")
        self.held: dict[str, list[Event]] = {}
        self._ready: dict[str, list[Event]] = {}
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)
        self._made = 0
        self._senders: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None
        for environment in self.endpoints:
            self._watch(environment, told=True)

    # endpoints

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """Return the endpoints by environment: they belong to the state, which outlasts a restart."""
        return self._state.endpoints

    def subscribe(self, endpoint: Endpoint) -> None:
        """Tell the changes of an environment's companies from now on."""
        self.endpoints[endpoint.environment] = endpoint
        self._watch(endpoint.environment, told=True)
        if not endpoint.hold:
            self.release(endpoint.environment)

    def unsubscribe(self, environment: str) -> None:
        """Tell nothing any more, and try nothing again."""
        self.endpoints.pop(environment, None)
        self.held.pop(environment, None)
        self._ready.pop(environment, None)
        self._watch(environment, told=False)
        for delivery in self.deliveries:
            if delivery.endpoint.environment == environment:
                delivery.due = None

    def _watch(self, environment: str, *, told: bool) -> None:
        for key, company in self._state.companies.items():
            if key[0] == environment:
                for entity, table in company.tables():
                    table.watcher = partial(self.note, key, entity) if told and entity in ENTITIES else None

    def close(self) -> None:
        """Stop: nothing is watched or sent any more."""
        for environment in list(self.endpoints):
            self.unsubscribe(environment)
        for task in self._tasks:
            task.cancel()
        if self._alarm is not None:
            self._alarm.cancel()

    # changes

    def note(self, key: Key, entity: str, old: Stored | None, new: Stored | None) -> None:
        """Note a change of an entity of a company, to be told when the call that made it is done."""
        operation = operation_of(old, new)
        changed = new or old
        if operation is not None and changed is not None:
            self.tell(key, entity, changed.id, operation)

    def tell(self, key: Key, entity: str, entity_id: str, operation: Operation) -> None:
        """Note an event, if there is an endpoint that wants it and the company is connected."""
        environment, realm = key
        endpoint = self.endpoints.get(environment)
        if endpoint is None or entity not in endpoint.entities or not self._state.connected(environment, realm):
            return
        basic = self._switches.invoice_events == "basic" and operation in {"Void", "Emailed"}
        event = Event(
            id=self._ids.uuid(),
            source=self._source(endpoint),
            realm=realm,
            entity=entity,
            entity_id=entity_id,
            operation="Update" if basic else operation,
            at=self._clock.now(),
        )
        self.held.setdefault(environment, []).append(event)
        if not endpoint.hold:
            self.release(environment)

    def _key(self, endpoint: Endpoint) -> str:
        return endpoint.verifier_token or self._verifier_token

    def _source(self, endpoint: Endpoint) -> str:
        digest = hashlib.sha256(f"{self._key(endpoint)}:{endpoint.environment}".encode()).digest()
        return f"intuit.dsn{b64encode(digest).decode()}"

    def release(self, environment: str, *, reverse: bool = False) -> None:
        """Send what is held, in one notification where it fits in; `reverse` puts the newest first."""
        events = self.held.pop(environment, [])
        self._ready.setdefault(environment, []).extend(reversed(events) if reverse else events)
        self._send_soon(environment)

    # deliveries

    def _send_soon(self, environment: str) -> None:
        running = self._senders.get(environment)
        if self._ready.get(environment) and (running is None or running.done()):
            task = self._start(self._send_pending(environment))
            if task is not None:
                self._senders[environment] = task

    async def _send_pending(self, environment: str) -> None:
        """Send until nothing is left; what changes meanwhile goes into one notification, of any company."""
        await asyncio.sleep(0)
        while self._ready.get(environment):
            waiting = self._ready[environment]
            events, self._ready[environment] = tuple(waiting[:LARGEST]), waiting[LARGEST:]
            endpoint = self.endpoints[environment]
            await self._attempt(self._delivery(endpoint, events, body_of_events(events, endpoint.envelope)))

    def _delivery(
        self, endpoint: Endpoint, events: tuple[Event, ...], body: bytes, repeats: int | None = None
    ) -> Delivery:
        self._made += 1
        delivery = Delivery(
            number=self._made, endpoint=endpoint, events=events, body=body, trace=self._ids.uuid(), repeats=repeats
        )
        self.deliveries.append(delivery)
        return delivery

    async def _attempt(self, delivery: Delivery) -> None:
        now = self._clock.now()
        endpoint = delivery.endpoint
        headers = headers_of(delivery.body, endpoint.envelope, self._key(endpoint), delivery.trace, now)
        outcome = await post(endpoint.url, headers, delivery.body)
        delivery.attempts.append(Attempt(now, outcome))
        if not delivery.delivered and self.endpoints.get(endpoint.environment) is not None:
            delivery.due = self._clock.now() + WAITS[min(len(delivery.attempts), len(WAITS)) - 1]
            self._set_alarm()

    def repeat(self, numbers: Iterable[int]) -> list[Delivery]:
        """Send the bytes of deliveries again, one after the other in the order given.

        :raises KeyError: there is no such delivery.
        """
        known = {each.number: each for each in self.deliveries}
        again = [known[number] for number in numbers]
        copies = [self._delivery(each.endpoint, each.events, each.body, each.number) for each in again]
        self._start(self._send_in_order(copies))
        return copies

    async def _send_in_order(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            await self._attempt(delivery)

    # time

    def time_moved(self) -> None:
        """Try again what is due by the sandbox's clock; called at its alarms and whenever somebody moves it."""
        now = self._clock.now()
        for delivery in self.deliveries:
            if delivery.due is not None and delivery.due <= now:
                delivery.due = None
                self._start(self._attempt(delivery))
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        due = min((each.due for each in self.deliveries if each.due is not None), default=None)
        if due is not None and not self._clock.frozen:
            seconds = max((due - self._clock.now()).total_seconds(), 0.0)
            self._alarm = asyncio.get_running_loop().call_later(seconds, self.time_moved)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None] | None:
        """Run work beside the calls; without a running loop, as in a test of the bare application, nothing is sent."""
        try:
            task = asyncio.get_running_loop().create_task(work)
        except RuntimeError:
            work.close()
            return None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
