"""The trail: what happened to each invoice and why. Ids, hashes and error texts only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from attibooks_core.model import RecordRef
from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import trail

LONGEST_ANSWER = 500
OWN_CHANGES = ("edited", "voided")
"""Kinds of entries that tell what we changed about an invoice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEntry:
    """One thing that happened (contract §3.1).

    :param kind: `intent`, `accepted`, `refused`, `writeback`, ...
    :param actor: the user's id, or None for the host itself.
    :param reference: the vendor's id of the call.
    """

    at: datetime
    kind: str
    summary: str
    actor: str | None = None
    record: RecordRef | None = None
    intent_id: str | None = None
    invoice_id: str | None = None
    request_id: str | None = None
    reference: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def add(connection: sa.Connection, workspace_id: str, entry: TrailEntry) -> None:
    """Write an entry inside a transaction that does more."""
    connection.execute(
        sa.insert(trail).values(
            entry_id=uuid4().hex,
            workspace_id=workspace_id,
            at=entry.at,
            kind=entry.kind,
            actor=entry.actor,
            summary=entry.summary,
            object=entry.record.object if entry.record else None,
            record_id=entry.record.record_id if entry.record else None,
            intent_id=entry.intent_id,
            invoice_id=entry.invoice_id,
            request_id=entry.request_id,
            reference=entry.reference,
            details=json.dumps(dict(entry.details)),
        )
    )


class Trail:
    """Repository of the trail."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, workspace_id: str, entry: TrailEntry) -> None:
        """Write one entry."""
        await self._database.write(lambda c: add(c, workspace_id, entry))

    async def of_record(self, workspace_id: str, ref: RecordRef) -> list[TrailEntry]:
        """The newest entries of a record, oldest first."""
        return await self._database.read(lambda c: _newest(c, trail.c.workspace_id == workspace_id, _about(ref)))

    async def own_versions(self, workspace_id: str, invoice_ids: Sequence[str]) -> dict[str, str]:
        """The version that the newest change of ours made of each of these invoices; others are left out."""
        wanted = (
            sa.select(trail.c.invoice_id, trail.c.details)
            .where(
                trail.c.workspace_id == workspace_id, trail.c.invoice_id.in_(invoice_ids), trail.c.kind.in_(OWN_CHANGES)
            )
            .order_by(trail.c.at)
        )
        rows = await self._database.read(lambda c: c.execute(wanted).all())
        return {row.invoice_id: str(json.loads(row.details).get("version")) for row in rows}

    async def of_invoice(
        self, workspace_id: str, invoice_id: str, records: Sequence[RecordRef], intent_id: str | None
    ) -> list[TrailEntry]:
        """The newest entries of one invoice, oldest first.

        :param records: that show it: they tell it apart from an invoice of the same id in other books.
        :param intent_id: of the intent that made it, whose first entries know no invoice yet.
        """
        about = sa.or_(trail.c.record_id.is_(None), *(_about(ref) for ref in records))
        wanted = sa.and_(trail.c.invoice_id == invoice_id, about)
        if intent_id is not None:
            wanted = sa.or_(wanted, sa.and_(trail.c.intent_id == intent_id, about))
        return await self._database.read(lambda c: _newest(c, trail.c.workspace_id == workspace_id, wanted))


def _newest(connection: sa.Connection, *wanted: sa.ColumnElement[bool]) -> list[TrailEntry]:
    found = sa.select(trail).where(*wanted).order_by(trail.c.at.desc()).limit(LONGEST_ANSWER)
    return [_entry(row) for row in reversed(connection.execute(found).all())]


def _about(ref: RecordRef) -> sa.ColumnElement[bool]:
    return sa.and_(trail.c.object == ref.object, trail.c.record_id == ref.record_id)


def _entry(row: sa.Row[Any]) -> TrailEntry:
    return TrailEntry(
        at=row.at,
        kind=row.kind,
        summary=row.summary,
        actor=row.actor,
        record=RecordRef(row.object, row.record_id) if row.object else None,
        intent_id=row.intent_id,
        invoice_id=row.invoice_id,
        request_id=row.request_id,
        reference=row.reference,
        details=json.loads(row.details),
    )
