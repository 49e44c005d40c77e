"""Pieces that every entity's wire form is put together from (reference: QuickBooks Online API, data forms)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from attibooks_sandbox.quickbooks.currencies import CURRENCY_NAMES

PACIFIC = ZoneInfo("America/Los_Angeles")
Wire = dict[str, object]


@lru_cache(maxsize=4096)
def second_text(instant: datetime) -> str:
    """Return an instant in whole seconds with the offset of the US Pacific coast."""
    return instant.astimezone(PACIFIC).isoformat(timespec="seconds")


def envelope_time(instant: datetime) -> str:
    """Return an answer's `time`: up to three fraction digits, without trailing zeros, without a point at none."""
    local = instant.astimezone(PACIFIC)
    fraction = f"{local.microsecond // 1000:03d}".rstrip("0")
    offset = local.isoformat(timespec="seconds")[19:]
    return f"{local:%Y-%m-%dT%H:%M:%S}{'.' + fraction if fraction else ''}{offset}"


def whole_second(instant: datetime) -> datetime:
    """Return an instant in UTC without its fraction, as entities keep it."""
    return instant.astimezone(UTC).replace(microsecond=0)


def money(amount: Decimal) -> Decimal | int:
    """Return an amount as it prints: two decimals, zero as 0."""
    return amount or 0


def reference(value: str, name: str | None = None) -> Wire:
    """Return a reference, with its label if it has one."""
    return {"value": value} if name is None else {"value": value, "name": name}


def currency_reference(code: str) -> Wire:
    """Return a reference to a currency."""
    return reference(code, CURRENCY_NAMES.get(code, code))


def meta(created: datetime, updated: datetime, modified_by: str | None = None) -> Wire:
    """Return `MetaData`."""
    body: Wire = {"CreateTime": second_text(created)}
    if modified_by is not None:
        body["LastModifiedByRef"] = reference(modified_by)
    body["LastUpdatedTime"] = second_text(updated)
    return body


def stamp(entity_id: str, token: int, created: datetime, updated: datetime, modified_by: str | None = None) -> Wire:
    """Return the members that every entity has, in their order."""
    return {
        "domain": "QBO",
        "sparse": False,
        "Id": entity_id,
        "SyncToken": str(token),
        "MetaData": meta(created, updated, modified_by),
    }


def present(pairs: Iterable[tuple[str, object]] | Mapping[str, object]) -> Wire:
    """Return members without those that have no value: an absent value is left out, never null."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return {name: value for name, value in items if value is not None}


def pseudonym(realm: str, kind: str, entity_id: str) -> str:
    """Return the opaque `V4IDPseudonym` of a list entity."""
    return "00209" + hashlib.sha256(f"{realm}:{kind}:{entity_id}".encode()).hexdigest()[:33]
