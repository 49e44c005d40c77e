"""Versions of the API, and how an object looked in older ones (reference: Stripe billing, §2.10).

Rows are shown in the present version first; what an older one had otherwise is put back here.
"""

from __future__ import annotations

from functools import cache

from attibooks_sandbox.stripe.errors import invalid
from attibooks_sandbox.stripe.parameters import described

CURRENT = "2026-10-28.endive"
BASIL, CLOVER, ENDIVE = "2025-03-31.basil", "2025-09-30.clover", "2026-09-30.endive"
Shown = dict[str, object]


@cache
def known_versions() -> frozenset[str]:
    """Return the versions that an endpoint may ask for; the same ones may be named in a header."""
    fields = described("POST /v1/webhook_endpoints")["fields"]
    return frozenset(fields["api_version"]["enum"])


def version_of(header: str) -> str:
    """Return the version that a call wants: the account's own unless it names another."""
    if not header:
        return CURRENT
    if header not in known_versions():
        message = f"Invalid Stripe API version: {header}"
        raise invalid(message)
    return header


def in_version(value: object, version: str) -> object:
    """Return an answer as a version had it; versions compare by their dates."""
    return value if version >= ENDIVE else _older(value, version)


def _older(value: object, version: str) -> object:
    if isinstance(value, list):
        return [_older(each, version) for each in value]
    if not isinstance(value, dict):
        return value
    shown = {name: _older(each, version) for name, each in value.items()}
    if shown.get("object") == "subscription":
        return _subscription(shown, version)
    return _invoice(shown) if shown.get("object") == "invoice" and version < BASIL else shown


def _subscription(shown: Shown, version: str) -> Shown:
    shown.pop("status_details", None)
    items = shown.get("items")
    if version >= BASIL or not isinstance(items, dict) or not items["data"]:
        return shown
    data = [dict(item) for item in items["data"]]
    for name in ("current_period_start", "current_period_end"):
        shown[name] = data[0].get(name)
    for item in data:
        item.pop("current_period_start", None)
        item.pop("current_period_end", None)
    return {**shown, "items": {**items, "data": data}}


def _invoice(shown: Shown) -> Shown:
    parent = shown.pop("parent", None)
    details = parent.get("subscription_details") if isinstance(parent, dict) else None
    shown["subscription"] = details["subscription"] if isinstance(details, dict) else None
    shown["subscription_details"] = {"metadata": details["metadata"]} if isinstance(details, dict) else None
    return {**shown, "paid": shown.get("status") == "paid", "tax": None}
