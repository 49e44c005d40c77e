"""Change data capture: what changed since a time, entity by entity (reference: QuickBooks Online API, §6)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.model import Tombstone
from attibooks_sandbox.quickbooks.query.conditions import instant_of
from attibooks_sandbox.quickbooks.query.entities import KNOWN_EMPTY, QUERYABLE, updated_of
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.quickbooks.wire import Wire, second_text

MOST_OBJECTS = 1000
LOOK_BACK = timedelta(days=30)
NOT_CAPTURED = frozenset(
    {"companyinfo", "journalcode", "preferences", "taxagency", "taxcode", "taxrate", "timeactivity"}
)
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII | re.IGNORECASE
)


def answer_changes(company: Company, asked: Mapping[str, str], switches: Switches, now: datetime) -> Wire:
    """Return the `CDCResponse` to the parameters `entities` and `changedSince`.

    Groups come in the server's order and hold the changed oldest first, then the deleted; an entity without changes
    is `{}`. All groups together hold at most 1,000 objects; of a group that does not fit in, the oldest changes or, by
    the switch `full_changes`, the newest ones, deleted objects counted at the time of their deletion. Refuses unknown
    entities (4001), those that are not captured (4002), times that cannot be read (2070), absent parameters (2020).
    """
    names = _entities(asked.get("entities", ""))
    since = _since(asked.get("changedSince", ""), switches, now)
    buried = _buried(company, since)
    groups: list[Wire] = []
    left = MOST_OBJECTS
    for name in sorted(names):
        group, count = _group(
            company, name, since, buried.get(name, []), _Room(left, switches.full_changes == "newest")
        )
        groups.append(group)
        left -= count
    return {"CDCResponse": [{"QueryResponse": groups}]}


def _entities(text: str) -> set[str]:
    names = {name.strip() for name in text.split(",") if name.strip()}
    if not names:
        raise faults.missing("entities")
    for name in sorted(names):
        if name.lower() in NOT_CAPTURED:
            raise faults.query_unsupported(f"{name} is not supported in change data capture")
        if name.lower() not in QUERYABLE and name.lower() not in KNOWN_EMPTY:
            raise faults.query_invalid(f"invalid context declaration: {name}")
    return {name.lower() for name in names}


def _since(text: str, switches: Switches, now: datetime) -> datetime:
    """Return the time from which changes are told: milliseconds, no zone and a bare date are understood."""
    if not text:
        raise faults.missing("changedSince")
    if not _TIME.fullmatch(text):
        raise faults.invalid_date("changedSince", text)
    try:
        since = instant_of(text.upper())
    except (ValueError, OverflowError) as error:
        raise faults.invalid_date("changedSince", text) from error
    if since.microsecond:  # changes carry whole seconds: this one's are before it
        since = since.replace(microsecond=0) + timedelta(seconds=1)
    oldest = now - LOOK_BACK
    if since < oldest and switches.old_changes == "refuse":
        raise faults.invalid_date("changedSince", text)
    return max(since, oldest)


def _buried(company: Company, since: datetime) -> dict[str, list[Tombstone]]:
    found: dict[str, list[Tombstone]] = {}
    for txn_id in company.buried.changed_between(since, None):
        tombstone = company.buried.get(txn_id)
        assert tombstone is not None
        found.setdefault(tombstone.kind.lower(), []).append(tombstone)
    return found


class _Room(msgspec.Struct, frozen=True):
    """How many objects still fit in, and which of those that changed they are."""

    most: int
    newest: bool

    def part(self, changed: Sequence[Any]) -> list[Any]:
        """Return what fits in, of anything in the order of its change."""
        return list(changed[-self.most :] if self.newest else changed[: self.most])


def _group(company: Company, name: str, since: datetime, buried: Sequence[Tombstone], room: _Room) -> tuple[Wire, int]:
    """Return what changed of one entity and how many objects that is."""
    entity = QUERYABLE.get(name)
    if entity is None or not room.most:
        return {}, 0
    table = entity.rows(company)
    rows = [table.get(row_id) for row_id in room.part(table.changed_between(since, None))]
    changed: list[tuple[datetime, bool, Any]] = [(updated_of(row), False, row) for row in rows] + [
        (each.updated, True, each) for each in buried
    ]
    if len(changed) > room.most:
        changed = room.part(sorted(changed, key=itemgetter(0, 1)))
    objects = [entity.render(company, row) for _, is_buried, row in changed if not is_buried]
    objects += [_stub(each) for _, is_buried, each in changed if is_buried]
    if not objects:
        return {}, 0
    return {entity.name: objects, "startPosition": 1, "maxResults": len(objects)}, len(objects)


def _stub(tombstone: Tombstone) -> Wire:
    meta = {"LastUpdatedTime": second_text(tombstone.updated)}
    return {"domain": "QBO", "status": "Deleted", "Id": tombstone.id, "MetaData": meta}
