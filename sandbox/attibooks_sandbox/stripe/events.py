"""Events: what is told of a change, as a snapshot and as its thin twins (reference: Stripe billing, §3.1)."""

from __future__ import annotations

from datetime import UTC, datetime

from attibooks_sandbox.stripe.model import Event, ThinEvent
from attibooks_sandbox.stripe.parameters import thin_types
from attibooks_sandbox.stripe.versions import CURRENT, in_version

Shown = dict[str, object]
_PATHS = {
    "billing_portal.configuration": "/v1/billing_portal/configurations",
    "checkout.session": "/v1/checkout/sessions",
    "customer": "/v1/customers",
    "invoice": "/v1/invoices",
    "payment_method": "/v1/payment_methods",
    "price": "/v1/prices",
    "product": "/v1/products",
    "subscription": "/v1/subscriptions",
    "test_helpers.test_clock": "/v1/test_helpers/test_clocks",
}
_FINER = {
    "cancel_at": "cancel_at_changed",
    "default_payment_method": "default_payment_method_changed",
    "lookup_key": "lookup_key_changed",
    "tax_behavior": "tax_behavior_changed",
    "default_price": "default_price_changed",
    "tax_code": "tax_code_changed",
}


def differences(old: Shown, new: Shown) -> Shown:
    """Return what stood in the place of each value that changed; of nested objects only what changed in them."""
    found: Shown = {}
    for name in old.keys() | new.keys():
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        nested = isinstance(before, dict) and isinstance(after, dict)
        found[name] = differences(before, after) if nested else before  # type: ignore[arg-type]
    return found


def render_event(row: Event, version: str = CURRENT) -> Shown:
    """Return a snapshot event; its object is shown as a version has it."""
    data: Shown = {"object": in_version(row.about, version)}
    if row.previous is not None:
        data["previous_attributes"] = row.previous
    return {
        "id": row.id,
        "object": "event",
        "api_version": version,
        "created": row.created,
        "data": data,
        "livemode": False,
        "pending_webhooks": len(row.waiting),
        "request": {"id": row.request, "idempotency_key": row.idempotency_key},
        "type": row.type,
    }


def thin_names(row: Event) -> list[str]:
    """Return the types of an event's thin twins: its own, and finer ones for what changed."""
    family, _, last = row.type.rpartition(".")
    names = [f"v1.{row.type}"]
    changed = row.previous or {}
    if family == "customer.subscription":
        if "status" in changed or last == "created":
            names.append(f"v1.{family}.{row.about['status']}")
    elif "active" in changed:
        names.append(f"v1.{family}.{'activated' if row.about['active'] else 'deactivated'}")
    if last == "updated":
        names += [f"v1.{family}.{finer}" for name, finer in _FINER.items() if name in changed]
    return [name for name in dict.fromkeys(names) if name in thin_types()]


def thin_twin(row: Event, name: str, identifier: str, now_ms: int) -> ThinEvent:
    """Return a thin event that points to the object of a snapshot."""
    kind, related = str(row.about["object"]), str(row.about["id"])
    return ThinEvent(
        id=identifier,
        created_ms=now_ms,
        type=name,
        snapshot=row.id,
        related_id=related,
        related_type=kind,
        related_url=f"{_PATHS.get(kind, '/v1/' + kind)}/{related}",
    )


def render_thin(row: ThinEvent, *, whole: bool = False) -> Shown:
    """Return a thin event as it is delivered, or whole as it is fetched."""
    shown: Shown = {
        "id": row.id,
        "object": "v2.core.event",
        "context": None,
        "created": iso(row.created_ms),
        "livemode": False,
        "related_object": {"id": row.related_id, "type": row.related_type, "url": row.related_url},
        "type": row.type,
    }
    return shown | ({"reason": None, "snapshot_event": row.snapshot} if whole else {})


def iso(milliseconds: int) -> str:
    """Return an instant as the second generation of the API writes it."""
    instant = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{instant.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
