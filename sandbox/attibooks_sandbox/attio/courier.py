"""Attio's webhooks at work: which events go to whom, signed and repeated (reference: Attio API, delivery).

The reference gives no exact schedule: ten repeats, exponential, some three days in all. Here each wait is twice the one
before it, and the ten add up to three days.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from attibooks_sandbox.attio.model import Condition, Event, Filter, Webhook
from attibooks_sandbox.attio.workspace import AttioState, Workspace
from attibooks_sandbox.kernel.clock import Clock
from attibooks_sandbox.kernel.jsonio import write_json
from attibooks_sandbox.kernel.outbox import Delivery, Outbox, Policy

REPEATS = 10
_FIRST_WAIT = timedelta(days=3) / (2**REPEATS - 1)
POLICY = Policy(
    waits=tuple(_FIRST_WAIT * 2**turn for turn in range(REPEATS)),
    accepted=frozenset({200, 202}),
    patience_seconds=10.0,
    per_second=25,
)
DEGRADED_FOR = timedelta(days=7)


class Courier:
    """Carries the events of all workspaces to their webhooks."""

    def __init__(self, state: AttioState, clock: Clock) -> None:
        """Begin to listen to the workspaces of a state."""
        self._state = state
        self._clock = clock
        self.outbox = Outbox(clock, POLICY, wanted=self._wanted, settled=self._settled)
        for workspace in state.workspaces.values():
            workspace.listener = self.notify

    def notify(self, workspace: Workspace, event: Event) -> None:
        """Send an event to every webhook that has subscribed to it, once to each."""
        now = self._clock.now()
        for webhook in workspace.webhooks.values():
            if status_of(webhook, now) != "inactive" and _subscribed(webhook, event):
                self.outbox.put(self._message(webhook, event, workspace, now))

    def _message(self, webhook: Webhook, event: Event, workspace: Workspace, now: datetime) -> Delivery:
        body = message_body(webhook.id, event)
        signature = sign(body, webhook.secret)
        headers = {
            "Content-Type": "application/json",
            "Attio-Signature": signature,
            "X-Attio-Signature": signature,
            "Idempotency-Key": self._state.ids.uuid(),
        }
        return Delivery(workspace.id, webhook.id, webhook.target_url, headers, body, due=now)

    def _held(self, delivery: Delivery) -> Webhook | None:
        return self._state.workspaces[delivery.place].webhooks.get(delivery.owner)

    def _wanted(self, delivery: Delivery) -> bool:
        webhook = self._held(delivery)
        return webhook is not None and status_of(webhook, self._clock.now()) != "inactive"

    def _settled(self, delivery: Delivery) -> None:
        """Mark a webhook whose message was given up as degraded, and one that took a message as active again."""
        webhook = self._held(delivery)
        if webhook is None:
            return
        since = None if delivery.state == "delivered" else webhook.degraded_since or self._clock.now()
        changed = msgspec.structs.replace(webhook, degraded_since=since)
        self._state.workspaces[delivery.place].webhooks[webhook.id] = changed


def status_of(webhook: Webhook, now: datetime) -> str:
    """Return `active`, `degraded` after a message was given up, or `inactive` after seven days of that."""
    if webhook.degraded_since is None:
        return "active"
    return "degraded" if now - webhook.degraded_since < DEGRADED_FOR else "inactive"


def message_body(webhook_id: str, event: Event) -> bytes:
    """Return the bytes of a message: always with exactly one event."""
    return write_json({"webhook_id": webhook_id, "events": [event_body(event)]})


def event_body(event: Event) -> dict[str, object]:
    """Return an event: what happened to what by whom, without values and without time."""
    return {
        "event_type": event.kind,
        "id": event.ids,
        "actor": {"type": event.actor.type, "id": event.actor.id},
    }


def sign(body: bytes, secret: str) -> str:
    """Return the signature: lower-case hex HMAC-SHA256 of the bytes, keyed with the secret's characters."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _subscribed(webhook: Webhook, event: Event) -> bool:
    body = event_body(event)
    return any(
        each.event_type == event.kind and (each.filter is None or passes(body, each.filter))
        for each in webhook.subscriptions
    )


def passes(event: Mapping[str, object], wanted: Filter) -> bool:
    """Tell whether an event passes a filter."""
    results = (_holds(event, each) for each in wanted.conditions)
    return all(results) if wanted.logic == "$and" else any(results)


def _holds(event: Mapping[str, object], condition: Condition) -> bool:
    """Compare the member of an event that a dotted path names; one that is not there equals nothing."""
    found: object = event
    for name in condition.field.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return (found == condition.value) is (condition.operator == "equals")
