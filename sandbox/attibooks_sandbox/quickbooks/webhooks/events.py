"""What is told of a change, in both envelopes, and the signature over it (reference: QuickBooks Online API, §8)."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from attibooks_sandbox.kernel.jsonio import write_json
from attibooks_sandbox.quickbooks.tables import Stored
from attibooks_sandbox.quickbooks.webhooks.endpoint import Envelope

Operation = Literal["Create", "Update", "Delete", "Void", "Emailed"]
_VERBS: dict[Operation, str] = {
    "Create": "created",
    "Update": "updated",
    "Delete": "deleted",
    "Void": "voided",
    "Emailed": "emailed",
}
_CONTENT_TYPES = {
    "cloudevents": "application/cloudevents-batch+json; charset=utf-8",
    "legacy": "application/json; charset=utf-8",
}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one entity; events carry no data."""

    id: str
    source: str
    realm: str
    entity: str
    entity_id: str
    operation: Operation
    at: datetime


def operation_of(old: Stored | None, new: Stored | None) -> Operation | None:
    """Return what was done to an entity, None if nothing that is told: only its balance or its time moved."""
    if new is None:
        return "Delete"
    if old is None:
        return "Create"
    if getattr(new, "voided", False) and not getattr(old, "voided", False):
        return "Void"
    if getattr(new, "token", 0) != getattr(old, "token", 0):
        return "Update"
    return "Emailed" if getattr(new, "sent_at", None) != getattr(old, "sent_at", None) else None


def body_of_events(events: Iterable[Event], envelope: Envelope) -> bytes:
    """Return the bytes of a notification."""
    if envelope == "cloudevents":
        return write_json([_cloud_event(event) for event in events])
    realms: dict[str, list[object]] = {}
    for event in events:
        realms.setdefault(event.realm, []).append(_legacy_entity(event))
    told = [{"realmId": realm, "dataChangeEvent": {"entities": entities}} for realm, entities in realms.items()]
    return write_json({"eventNotifications": told})


def _cloud_event(event: Event) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": f"qbo.{event.entity.lower()}.{_VERBS[event.operation]}.v1",
        "datacontenttype": "application/json",
        "time": f"{_utc(event.at, 'microseconds')}000Z",
        "intuitentityid": event.entity_id,
        "intuitaccountid": event.realm,
        "data": {},
    }


def _legacy_entity(event: Event) -> dict[str, object]:
    changed = f"{_utc(event.at, 'milliseconds')}Z"
    return {"name": event.entity, "id": event.entity_id, "operation": event.operation, "lastUpdated": changed}


def _utc(instant: datetime, precision: str) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision)


def signature_of(body: bytes, verifier_token: str) -> str:
    """Return `intuit-signature`: base64 of HMAC-SHA256 over the raw body, keyed with the verifier token in UTF-8."""
    return b64encode(hmac.digest(verifier_token.encode(), body, hashlib.sha256)).decode()


def headers_of(body: bytes, envelope: Envelope, verifier_token: str, trace: str, now: datetime) -> dict[str, str]:
    """Return the headers of a notification."""
    headers = {
        "content-type": _CONTENT_TYPES[envelope],
        "intuit-signature": signature_of(body, verifier_token),
        "intuit-created-time": f"{_utc(now, 'milliseconds')}Z",
        "intuit-t-id": trace,
        "user-agent": "intuit_notification_server/0.1",
    }
    return headers | ({"intuit-notification-schema-version": "0.1"} if envelope == "legacy" else {})
