"""Batches: a selection of records, each of which becomes an invoice with an intent of its own.

An item goes three steps, and a process that dies between two of them leaves it at the last one::

    open ──▶ in a chunk ──▶ decided ──▶ shown
     ▲           │
     └───────────┘  nothing was made, and it is worth another try

The items of a chunk are reserved in one transaction before anything is sent, and decided in one after that: whoever
repeats the chunk sends the same ones in the same order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa

from attibooks_core.errors import LimitReached, Question, Superseded
from attibooks_core.model import AccountingInvoice, RecordRef
from attibooks_core.storage.engine import Database
from attibooks_core.storage.intents import (
    Ending,
    Intent,
    accept_now,
    end_now,
    load_now,
    open_now,
    reopen_now,
)
from attibooks_core.storage.recent import lock_of
from attibooks_core.storage.snapshots import Snapshot
from attibooks_core.storage.snapshots import keep as keep_snapshot
from attibooks_core.storage.statements import insert_once, one_at_a_time
from attibooks_core.storage.tables import batch_items, batches, idempotency_keys
from attibooks_core.storage.trail import TrailEntry
from attibooks_core.storage.trail import add as add_trail

T = TypeVar("T")

ROUTE = "invoices/batch"


class BatchState(StrEnum):
    """Where a batch stands; `paused` goes on by itself at `next_attempt_at`."""

    RUNNING = "running"
    WAITING = "waiting_for_lease"
    PAUSED = "paused"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A row of the table.

    :param payload: the settings that all its invoices are made with, sealed; None once it has ended.
    """

    batch_id: str
    workspace_id: str
    gateway: str
    object: str
    actor: str | None
    payload: str | None
    settings_digest: str
    confirm_recent: bool
    created_at: datetime
    updated_at: datetime
    run: int = 1
    state: BatchState = BatchState.RUNNING
    attempts: int = 0
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItem:
    """One record of a batch.

    :param chunk: number of the call that it is sent in; None while it is still to be prepared.
    :param outcome: `created`, `refused` or `failed`; None while that is open.
    :param answer: sealed: what was made, or the error; None after it was dropped.
    """

    position: int
    record_id: str
    intent_id: str
    chunk: int | None = None
    outcome: str | None = None
    answer: str | None = None
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """An item that shall become an invoice; `intent` as for a first try."""

    item: BatchItem
    intent: Intent
    entry: TrailEntry


@dataclass(frozen=True, slots=True)
class Decision:
    """How an item ends.

    :param outcome: as in `BatchItem`; None opens it again.
    :param intent: the intent that ends with it; None when there is none yet.
    :param end: the invoice that it leads to, or the ending of the intent without one.
    """

    item: BatchItem
    entry: TrailEntry
    outcome: str | None = None
    answer: str | None = None
    intent: Intent | None = None
    end: AccountingInvoice | Ending | None = None


class Batches:
    """Repository of batches and their items."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(
        self, batch: Batch, items: Sequence[BatchItem], key: str, body_hash: str, snapshot: Snapshot
    ) -> bool:
        """Store a batch, its key and the settings that it is made with in one transaction.

        :return: False when the key is taken: another call with it was faster.
        """
        kept = {
            "workspace_id": batch.workspace_id,
            "route": ROUTE,
            "key": key,
            "body_hash": body_hash,
            "intent_id": batch.batch_id,
            "created_at": batch.created_at,
        }

        def work(connection: sa.Connection) -> bool:
            if not insert_once(connection, idempotency_keys, kept):
                return False
            keep_snapshot(connection, batch.workspace_id, snapshot, batch.created_at)
            connection.execute(sa.insert(batches).values(**_values(batch)))
            connection.execute(sa.insert(batch_items), [_item_values(batch, item) for item in items])
            return True

        return await self._database.write(work)

    # -- reading -------------------------------------------------------------------------------------------------

    async def load(self, workspace_id: str, batch_id: str) -> Batch | None:
        """One batch."""
        wanted = sa.select(batches).where(batches.c.workspace_id == workspace_id, batches.c.batch_id == batch_id)
        row = await self._database.read(lambda c: c.execute(wanted).one_or_none())
        return _batch(row) if row else None

    async def items(self, batch: Batch) -> list[BatchItem]:
        """The records of a batch, in the order in which they were given."""
        names = [batch_items.c[name] for name in BatchItem.__slots__]
        wanted = sa.select(*names).where(*_of(batch)).order_by(batch_items.c.position)
        rows = await self._database.read(lambda c: c.execute(wanted).all())
        return [BatchItem(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name of it

    async def due(self, workspaces: Sequence[str], now: datetime, limit: int = 100) -> list[Batch]:
        """Batches of these workspaces that wait for tokens or for better weather, and may go on now."""
        return await self._list(
            limit,
            batches.c.state.in_([BatchState.WAITING, BatchState.PAUSED]),
            batches.c.workspace_id.in_(workspaces),
            sa.or_(batches.c.next_attempt_at.is_(None), batches.c.next_attempt_at <= now),
        )

    async def quiet(self, since: datetime, limit: int = 100) -> list[Batch]:
        """Batches that should be under way and have not moved since then."""
        return await self._list(limit, batches.c.state == BatchState.RUNNING, batches.c.updated_at < since)

    async def _list(self, limit: int, *where: sa.ColumnElement[bool]) -> list[Batch]:
        wanted = sa.select(batches).where(*where).order_by(batches.c.updated_at).limit(limit)
        rows = await self._database.read(lambda c: c.execute(wanted).all())
        return [_batch(row) for row in rows]

    async def run_of(self, batch: Batch) -> int | None:
        """The newest run of a batch."""
        wanted = sa.select(batches.c.run).where(batches.c.batch_id == batch.batch_id)
        return await self._database.read(lambda c: c.execute(wanted).scalar_one_or_none())

    # -- moving on -----------------------------------------------------------------------------------------------

    async def claim(self, batch: Batch, now: datetime) -> Batch | None:
        """Take the batch over with a new run, or None when somebody else was faster."""
        claimed = replace(batch, run=batch.run + 1, state=BatchState.RUNNING, updated_at=now)
        values = {"run": claimed.run, "state": claimed.state, "updated_at": now}
        return claimed if await self._database.write(lambda c: _update(c, batch, values)) else None

    async def reserve(
        self, batch: Batch, chunk: int, openings: Sequence[Opening], *, limit: int | None
    ) -> list[Intent | LimitReached | Question]:
        """Store the intents of a chunk and the chunk itself, item by item as far as the month's invoices go.

        :param limit: invoices a month; None is unlimited.
        :return: for each, its intent as stored, or why there is none.
        :raises Superseded: another run took over.
        """

        def work(connection: sa.Connection) -> list[Intent | LimitReached | Question]:
            for opening in sorted(openings, key=lambda o: o.item.record_id):  # in one order: no two batches block
                one_at_a_time(connection, _lock_of(batch, opening.item))
            ends = [_opened(connection, opening, limit, confirm_recent=batch.confirm_recent) for opening in openings]
            for opening, end in zip(openings, ends, strict=True):
                if isinstance(end, Intent):
                    _update_item(connection, batch, opening.item, chunk=chunk)
            return ends

        return await self._moved(batch, openings[0].intent.updated_at, work)

    async def decide(self, batch: Batch, decisions: Sequence[Decision]) -> None:
        """Decide items, and end their intents, in one transaction.

        :raises Superseded: another run took over.
        """

        def work(connection: sa.Connection) -> None:
            for decision in decisions:
                _decide(connection, batch, decision)

        if decisions:
            await self._moved(batch, decisions[0].entry.at, work)

    async def shown(self, batch: Batch, items: Sequence[BatchItem], now: datetime) -> None:
        """Take note that the outcomes of these items are on their records.

        :raises Superseded: another run took over.
        """
        mine = batch_items.c.position.in_([item.position for item in items])
        statement = sa.update(batch_items).where(*_of(batch), mine).values(shown=True)
        await self._moved(batch, now, lambda c: c.execute(statement))

    async def leave(
        self, batch: Batch, state: BatchState, now: datetime, next_attempt_at: datetime | None = None
    ) -> None:
        """Leave a batch as a run ends: done, paused or waiting.

        :raises Superseded: another run took over.
        """
        values: dict[str, Any] = {"state": state, "next_attempt_at": next_attempt_at}
        if state is BatchState.DONE:
            values["payload"] = None
        if state is BatchState.PAUSED:
            values["attempts"] = batch.attempts + 1
        await self._moved(batch, now, lambda c: _update(c, batch, values))

    async def drop_answers(self, before: datetime) -> None:
        """Drop what is kept of the records of batches older than that; outcomes stay."""
        old = sa.select(batches.c.batch_id).where(batches.c.created_at < before, batches.c.state == BatchState.DONE)
        wanted = (batch_items.c.batch_id.in_(old), batch_items.c.answer.is_not(None))
        await self._database.write(lambda c: c.execute(sa.update(batch_items).where(*wanted).values(answer=None)))

    async def _moved(self, batch: Batch, now: datetime, work: Callable[[sa.Connection], T]) -> T:
        def fenced(connection: sa.Connection) -> T:
            if not _update(connection, batch, {"updated_at": now}):
                raise Superseded("Another run of this batch took over.")
            return work(connection)

        return await self._database.write(fenced)


def _opened(
    connection: sa.Connection, opening: Opening, limit: int | None, *, confirm_recent: bool
) -> Intent | LimitReached | Question:
    intent = opening.intent
    try:
        with connection.begin_nested():
            known = load_now(connection, intent.workspace_id, intent.intent_id)
            if known is not None:
                return _reopened(connection, opening, known, limit, confirm_recent=confirm_recent)
            open_now(connection, intent, "", opening.entry, limit=limit, confirm_recent=confirm_recent)
            return intent
    except (LimitReached, Question) as refusal:
        return refusal


def _reopened(
    connection: sa.Connection, opening: Opening, known: Intent, limit: int | None, *, confirm_recent: bool
) -> Intent:
    again = replace(opening.intent, generation=known.generation, run=known.run, created_at=known.created_at)
    opened = reopen_now(connection, again, opening.entry, limit=limit, confirm_recent=confirm_recent)
    if opened is None:
        raise Superseded("Another run of this batch took over.")
    return opened


def _decide(connection: sa.Connection, batch: Batch, decision: Decision) -> None:
    intent, end = decision.intent, decision.end
    if intent is None or end is None:
        add_trail(connection, batch.workspace_id, decision.entry)
    elif isinstance(end, Ending):
        end_now(connection, intent, end)
    else:
        accept_now(connection, intent, end, decision.entry)
    chunk = decision.item.chunk if decision.outcome else None
    _update_item(connection, batch, decision.item, outcome=decision.outcome, answer=decision.answer, chunk=chunk)


def _update(connection: sa.Connection, batch: Batch, values: dict[str, Any]) -> bool:
    mine = (batches.c.batch_id == batch.batch_id, batches.c.run == batch.run)
    return connection.execute(sa.update(batches).where(*mine).values(**values)).rowcount > 0


def _update_item(connection: sa.Connection, batch: Batch, item: BatchItem, **values: str | int | None) -> None:
    mine = batch_items.c.position == item.position
    connection.execute(sa.update(batch_items).where(*_of(batch), mine).values(**values))


def _of(batch: Batch) -> tuple[sa.ColumnElement[bool], ...]:
    return (batch_items.c.batch_id == batch.batch_id, batch_items.c.workspace_id == batch.workspace_id)


def _lock_of(batch: Batch, item: BatchItem) -> str:
    return lock_of(batch.workspace_id, RecordRef(batch.object, item.record_id))


def _values(batch: Batch) -> dict[str, Any]:
    return {name: getattr(batch, name) for name in Batch.__slots__}


def _item_values(batch: Batch, item: BatchItem) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in BatchItem.__slots__}
    return {**values, "batch_id": batch.batch_id, "workspace_id": batch.workspace_id}


def _batch(row: sa.Row[Any]) -> Batch:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name of it
    return Batch(**{**values, "state": BatchState(values["state"])})
