"""Sends events to the endpoints: signed anew at each attempt, repeated on the sandbox's clock (reference: §3.2, §3.4).

A signature bears the machine's time, unless the control plane says otherwise: whoever checks its age goes by that too,
however far the sandbox's clock was moved. The reference tells of three attempts in a sandbox "over a few hours"; here
they are an hour and two hours apart.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from attibooks_sandbox.kernel.clock import Clock, machine_time
from attibooks_sandbox.kernel.outbox import Delivery, Outbox, Policy
from attibooks_sandbox.stripe.events import Shown, render_event, render_thin
from attibooks_sandbox.stripe.model import Endpoint, Event, ThinEvent
from attibooks_sandbox.stripe.state import StripeState
from attibooks_sandbox.stripe.versions import CURRENT

POLICY = Policy(
    waits=(timedelta(hours=1), timedelta(hours=2)),
    accepted=frozenset(range(200, 300)),
    patience_seconds=10.0,
    per_second=25,
)


class Forgery(msgspec.Struct, frozen=True):
    """How a repeated message is signed otherwise: with other secrets, or as of another time."""

    secrets: tuple[str, ...] | None = None
    offset_seconds: int = 0


class Message(Delivery, eq=False):
    """A message on its way; a repeated one may be signed otherwise than Stripe would."""

    forgery: Forgery = Forgery()


class Courier:
    """Carries the events of an account."""

    def __init__(self, state: StripeState, clock: Clock) -> None:
        """Begin to listen to a state."""
        self._state, self._clock = state, clock
        self.held: list[Message] = []
        self.outbox = Outbox(clock, POLICY, wanted=self._wanted, settled=self._settled, sealed=self._sealed)
        state.listener = self.notify

    def close(self) -> None:
        """Send nothing any more."""
        self.outbox.close()

    def notify(self, event: Event, twins: list[ThinEvent]) -> None:
        """Send an event to each endpoint that wants it, once, or its thin twins."""
        sent = []
        for endpoint in self._state.endpoints.values():
            if not endpoint.enabled:
                continue
            if endpoint.thin:
                for twin in twins:
                    if _wants(endpoint, twin.type):
                        self._put(endpoint, event.id, render_thin(twin))
            elif _wants(endpoint, event.type):
                sent.append(endpoint)
        waiting = msgspec.structs.replace(event, waiting=tuple(endpoint.id for endpoint in sent))
        if sent:
            self._state.events[event.id] = waiting
        for endpoint in sent:
            self._put(endpoint, event.id, render_event(waiting, endpoint.api_version or CURRENT))

    def _put(self, endpoint: Endpoint, event_id: str, shown: Shown) -> None:
        body = msgspec.json.format(msgspec.json.encode(shown), indent=2)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        delivery = Message(event_id, endpoint.id, endpoint.url, headers, body, due=self._clock.now())
        if self._state.hold:
            self.held.append(delivery)
        else:
            self.outbox.put(delivery)

    def release(self, *, reverse: bool = False, drop: bool = False) -> None:
        """Send what is held, the newest first if so wanted, or lose it."""
        ready, self.held = self.held[::-1] if reverse else self.held, []
        for delivery in [] if drop else ready:
            delivery.due = self._clock.now()
            self.outbox.put(delivery)

    def repeat(self, numbers: Iterable[int], forgery: Forgery) -> None:
        """Send messages of the log again byte by byte, signed as of now or otherwise."""
        log = list(self.outbox.log)
        now = self._clock.now()
        copies = [
            Message(old.place, old.owner, old.url, dict(old.headers), old.body, due=now, forgery=forgery)
            for old in [log[number] for number in numbers]
        ]
        for copy in copies:
            self.outbox.put(copy)

    # what the outbox asks

    def _wanted(self, delivery: Delivery) -> bool:
        endpoint = self._state.endpoints.get(delivery.owner)
        return endpoint is not None and endpoint.enabled

    def _sealed(self, delivery: Delivery) -> dict[str, str]:
        """Return the headers of an attempt, with its signature."""
        forgery = delivery.forgery if isinstance(delivery, Message) else Forgery()
        endpoint = self._state.endpoints.get(delivery.owner)
        own = () if endpoint is None else (endpoint.secret,)
        secrets = own if forgery.secrets is None else forgery.secrets
        present = machine_time() if self._state.signed_by_machine else int(self._clock.now().timestamp())
        at = present + forgery.offset_seconds
        delivery.headers = {**delivery.headers, "Stripe-Signature": signature_of(delivery.body, secrets, at)}
        return delivery.headers

    def _settled(self, delivery: Delivery) -> None:
        """Note that an endpoint has taken an event."""
        event = self._state.events.get(delivery.place)
        if event is not None and delivery.state == "delivered" and delivery.owner in event.waiting:
            left = tuple(each for each in event.waiting if each != delivery.owner)
            self._state.events[event.id] = msgspec.structs.replace(event, waiting=left)


def _wants(endpoint: Endpoint, kind: str) -> bool:
    return kind in endpoint.enabled_events or "*" in endpoint.enabled_events


def signature_of(body: bytes, secrets: Iterable[str], at: int) -> str:
    """Return `Stripe-Signature`: an HMAC-SHA256 over time and body for each secret, and one of the scheme for tests."""
    signed = f"{at}.".encode() + body
    parts = [hmac.digest(secret.encode(), signed, hashlib.sha256).hex() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={part}" for part in parts)])
