"""Intents: one user's wish to make one invoice, and the answers that were given under its key.

The states, and who may leave them::

    reserved ──▶ accepted ──▶ done | parked ──▶ done      the newest run of the operation
        │  ▲
        │  └─────────── unknown | waiting_for_lease       a later run
        └──▶ refused                                      ends it: the same key gets the same answer
        └──▶ failed                                       ends it: the same key opens a new generation

Every change names the run that makes it and is applied only while that run is the newest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from attibooks_core.errors import LimitReached, Superseded
from attibooks_core.model import AccountingInvoice, Books, RecordRef
from attibooks_core.storage import usage
from attibooks_core.storage.engine import Database
from attibooks_core.storage.invoices import InvoiceRow, keep_first_now
from attibooks_core.storage.recent import ask_about_recent
from attibooks_core.storage.snapshots import Snapshot
from attibooks_core.storage.snapshots import keep as keep_snapshot
from attibooks_core.storage.statements import books_values, insert_once, upsert
from attibooks_core.storage.tables import idempotency_keys, intents, invoices, used_drafts
from attibooks_core.storage.trail import TrailEntry
from attibooks_core.storage.trail import add as add_trail

IN_BATCH = "invoices/batch/record"
"""Route of the intents whose invoices a batch makes, many in one call; nobody else may send those."""

_ALONE = sa.or_(intents.c.route != IN_BATCH, intents.c.invoice_id.is_not(None))


class IntentState(StrEnum):
    """Where an intent stands; see the module."""

    RESERVED = "reserved"
    UNKNOWN = "unknown"
    WAITING = "waiting_for_lease"
    ACCEPTED = "accepted"
    PARKED = "parked"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing is left to be done."""
        return self in {IntentState.DONE, IntentState.REFUSED, IntentState.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A row of the table.

    :param payload: what will be sent, sealed; None once the intent has ended.
    :param usage_month: UTC month (`YYYY-MM`) in which the invoice is reserved; empty for a change.
    """

    intent_id: str
    workspace_id: str
    gateway: str
    books: Books
    source: RecordRef
    actor: str | None
    route: str
    key: str
    payload: str | None
    payload_hash: str
    settings_digest: str
    usage_month: str
    created_at: datetime
    updated_at: datetime
    generation: int = 1
    run: int = 1
    first_run: int = 1
    state: IntentState = IntentState.RESERVED
    invoice_id: str | None = None
    error_code: str | None = None
    reference: str | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None

    @property
    def is_change(self) -> bool:
        """Whether it changes an invoice that there is, the one of its `invoice_id`."""
        return not self.usage_month


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call that was made under an idempotency key.

    :param outcome: `ok` or `error` once there is an answer to repeat; `failed` when the same key may try again.
    :param answer: its body, sealed; None again after it was dropped.
    """

    body_hash: str
    intent_id: str | None
    outcome: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run leaves its intent.

    :param outcome: `ok` or `error` pins an answer under the key, `failed` keeps it for the job; None keeps nothing.
    :param answer: sealed body of that answer.
    :param invoice: as its records show it by then.
    """

    state: IntentState
    entry: TrailEntry
    outcome: str | None = None
    answer: str | None = None
    error_code: str | None = None
    reference: str | None = None
    next_attempt_at: datetime | None = None
    invoice: InvoiceRow | None = None


class DraftUsed(Exception):
    """The previewed draft was sent before."""


class Intents:
    """Repository of intents and idempotency keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- keys ----------------------------------------------------------------------------------------------------

    async def kept(self, workspace_id: str, route: str, key: str) -> KeptCall | None:
        """What is known of a key."""
        table = idempotency_keys
        wanted = sa.select(table.c.body_hash, table.c.intent_id, table.c.outcome, table.c.answer).where(
            table.c.workspace_id == workspace_id, table.c.route == route, table.c.key == key
        )
        row = await self._database.read(lambda c: c.execute(wanted).one_or_none())
        return KeptCall(*row) if row else None

    async def pin(self, workspace_id: str, route: str, key: str, call: KeptCall, now: datetime) -> None:
        """Keep the answer of a call that has no intent; the first one under a key stays."""
        values = {
            "workspace_id": workspace_id,
            "route": route,
            "key": key,
            "body_hash": call.body_hash,
            "outcome": call.outcome,
            "answer": call.answer,
            "created_at": now,
        }
        await self._database.write(lambda c: insert_once(c, idempotency_keys, values))

    async def drop_answers(self, before: datetime) -> None:
        """Drop the kept answers of keys older than that; the keys stay, so an old click never makes a new invoice."""
        old = sa.update(idempotency_keys).where(idempotency_keys.c.created_at < before).values(answer=None)
        await self._database.write(lambda c: c.execute(old.where(idempotency_keys.c.answer.is_not(None))))
        done = sa.delete(used_drafts).where(used_drafts.c.created_at < before)  # their tokens have expired long since
        await self._database.write(lambda c: c.execute(done))

    # -- opening -------------------------------------------------------------------------------------------------

    async def open(
        self,
        intent: Intent,
        body_hash: str,
        entry: TrailEntry,
        *,
        limit: int | None,
        confirm_recent: bool,
        draft_id: str | None = None,
        snapshot: Snapshot | None = None,
    ) -> bool:
        """Store an intent, its key and the reservation of one invoice, in one transaction.

        :param limit: invoices a month; None is unlimited.
        :param confirm_recent: the user knows of the invoice that was made for this record just now.
        :param draft_id: the preview that is sent; it makes one invoice only.
        :param snapshot: the settings that it is made with, to be kept.
        :return: False when the key is taken: another call with it was faster.
        :raises DraftUsed: the preview was sent before.
        :raises Question: an invoice for this record was made within a minute.
        :raises LimitReached: the month's invoices are used up.
        """

        def work(connection: sa.Connection) -> bool:
            keep_snapshot(connection, intent.workspace_id, snapshot, intent.created_at)
            return open_now(
                connection, intent, body_hash, entry, limit=limit, confirm_recent=confirm_recent, draft_id=draft_id
            )

        return await self._database.write(work)

    async def reopen(
        self,
        intent: Intent,
        entry: TrailEntry,
        *,
        limit: int | None,
        confirm_recent: bool,
        snapshot: Snapshot | None = None,
    ) -> Intent | None:
        """Open the next generation of an intent that failed without an invoice.

        :param intent: the failed intent with the new payload.
        :return: the intent as it stands, or None when somebody else was faster.
        :raises Question: another click made an invoice for this record meanwhile.
        :raises LimitReached: the month's invoices are used up.
        """

        def work(connection: sa.Connection) -> Intent | None:
            keep_snapshot(connection, intent.workspace_id, snapshot, intent.updated_at)
            return reopen_now(connection, intent, entry, limit=limit, confirm_recent=confirm_recent)

        return await self._database.write(work)

    # -- reading -------------------------------------------------------------------------------------------------

    async def load(self, workspace_id: str, intent_id: str) -> Intent | None:
        """One intent."""
        return await self._database.read(lambda c: load_now(c, workspace_id, intent_id))

    async def due(self, workspaces: Sequence[str], now: datetime, limit: int = 100) -> list[Intent]:
        """Intents of these workspaces that wait for tokens, for a look-up or for the record, and may go on now."""
        wanted = sa.select(intents).where(
            intents.c.state.in_([IntentState.PARKED, IntentState.WAITING, IntentState.UNKNOWN]),
            intents.c.workspace_id.in_(workspaces),
            _ALONE,
            sa.or_(intents.c.next_attempt_at.is_(None), intents.c.next_attempt_at <= now),
        )
        return await self._list(wanted, limit)

    async def quiet(self, since: datetime, limit: int = 100) -> list[Intent]:
        """Intents that should be under way and have not moved since then."""
        under_way = intents.c.state.in_([IntentState.RESERVED, IntentState.ACCEPTED])
        return await self._list(sa.select(intents).where(under_way, _ALONE, intents.c.updated_at < since), limit)

    async def _list(self, wanted: sa.Select[Any], limit: int) -> list[Intent]:
        ordered = wanted.order_by(intents.c.updated_at).limit(limit)
        rows = await self._database.read(lambda c: c.execute(ordered).all())
        return [_intent(row) for row in rows]

    async def is_newest(self, intent: Intent) -> bool:
        """Whether no later invoice was made for the same record (product row 87)."""
        later = sa.select(sa.literal(1)).where(
            *_same_record(intent), intents.c.created_at > intent.created_at, intents.c.invoice_id.is_not(None)
        )
        return await self._database.read(lambda c: c.execute(later.limit(1)).first()) is None

    async def run_of(self, workspace_id: str, intent_id: str) -> int | None:
        """The newest run of an intent."""
        wanted = sa.select(intents.c.run).where(
            intents.c.workspace_id == workspace_id, intents.c.intent_id == intent_id
        )
        return await self._database.read(lambda c: c.execute(wanted).scalar_one_or_none())

    # -- moving on -----------------------------------------------------------------------------------------------

    async def claim(self, intent: Intent, now: datetime) -> Intent | None:
        """Take the intent over with a new run, or None when somebody else was faster."""
        claimed = replace(intent, run=intent.run + 1, updated_at=now)
        values = {"run": claimed.run, "updated_at": now}
        mine = intents.c.run == intent.run
        taken = await self._database.write(lambda c: _update(c, intent, values, mine))
        return claimed if taken else None

    async def replan(self, intent: Intent) -> None:
        """Store another payload under the next generation; the books have seen nothing of the last one.

        :raises Superseded: another run took over.
        """
        values = {
            "payload": intent.payload,
            "payload_hash": intent.payload_hash,
            "generation": intent.generation,
            "updated_at": intent.updated_at,
        }
        await self._database.write(lambda c: _move(c, intent, values))

    async def accept(self, intent: Intent, invoice: AccountingInvoice, entry: TrailEntry) -> usage.Counter:
        """The books accepted: link the invoice, count it, say so in the trail.

        :return: the counter of the month in which it was accepted.
        :raises Superseded: another run took over.
        """
        return await self._database.write(lambda c: accept_now(c, intent, invoice, entry))

    async def end(self, intent: Intent, ending: Ending) -> None:
        """Leave an intent as a run ends: done, parked, refused, failed, unknown or waiting.

        :raises Superseded: another run took over.
        """
        await self._database.write(lambda c: end_now(c, intent, ending))


# -- the same, inside a transaction that does more -----------------------------------------------------------------


def open_now(
    connection: sa.Connection,
    intent: Intent,
    body_hash: str,
    entry: TrailEntry,
    *,
    limit: int | None,
    confirm_recent: bool,
    draft_id: str | None = None,
) -> bool:
    """See `Intents.open`."""
    if not insert_once(connection, idempotency_keys, _key_values(intent, body_hash)):
        return False
    if draft_id is not None and not insert_once(connection, used_drafts, _draft_values(intent, draft_id)):
        raise DraftUsed
    if not confirm_recent:
        _ask_about_recent(connection, intent)
    _reserve(connection, intent, limit)
    connection.execute(sa.insert(intents).values(**_values(intent)))
    add_trail(connection, intent.workspace_id, entry)
    return True


def reopen_now(
    connection: sa.Connection, intent: Intent, entry: TrailEntry, *, limit: int | None, confirm_recent: bool
) -> Intent | None:
    """See `Intents.reopen`."""
    run = intent.run + 1
    opened = replace(
        intent, generation=intent.generation + 1, run=run, first_run=run, state=IntentState.RESERVED, error_code=None
    )
    failed = (intents.c.state == IntentState.FAILED, intents.c.run == intent.run)
    if not _update(connection, intent, _values(opened), *failed):
        return None
    if not confirm_recent:
        _ask_about_recent(connection, opened)
    _reserve(connection, opened, limit)
    add_trail(connection, intent.workspace_id, entry)
    return opened


def load_now(connection: sa.Connection, workspace_id: str, intent_id: str) -> Intent | None:
    """See `Intents.load`."""
    wanted = sa.select(intents).where(intents.c.workspace_id == workspace_id, intents.c.intent_id == intent_id)
    row = connection.execute(wanted).one_or_none()
    return _intent(row) if row else None


def accept_now(
    connection: sa.Connection, intent: Intent, invoice: AccountingInvoice, entry: TrailEntry
) -> usage.Counter:
    """See `Intents.accept`."""
    month = f"{entry.at:%Y-%m}"
    environment = intent.books.environment
    values = {"state": IntentState.ACCEPTED, "invoice_id": invoice.id, "updated_at": entry.at}
    _move(connection, intent, values)
    if _link(connection, intent, invoice, entry.at):
        usage.commit(connection, intent.workspace_id, environment, intent.usage_month, month)
    add_trail(connection, intent.workspace_id, entry)
    return usage.counter(connection, intent.workspace_id, environment, month)


def _link(connection: sa.Connection, intent: Intent, invoice: AccountingInvoice, now: datetime) -> bool:
    """Store the invoice as this intent's; False when it is already. A sync may have heard of it first."""
    known = ("status", "version", "books_updated_at", "number")
    made_by_nobody = invoices.c.intent_id.is_(None)
    return upsert(connection, invoices, _invoice_values(intent, invoice, now), keep=known, where=made_by_nobody)


def end_now(connection: sa.Connection, intent: Intent, ending: Ending) -> None:
    """See `Intents.end`."""
    _move(connection, intent, _ending_values(intent, ending))
    if ending.state in {IntentState.REFUSED, IntentState.FAILED}:
        usage.release(connection, intent.workspace_id, intent.books.environment, intent.usage_month)
    if ending.invoice is not None:
        keep_first_now(connection, intent.workspace_id, ending.invoice)
    if ending.outcome is not None:
        _pin(connection, intent, ending)
    add_trail(connection, intent.workspace_id, ending.entry)


def _move(connection: sa.Connection, intent: Intent, values: Mapping[str, Any]) -> None:
    if not _update(connection, intent, values, intents.c.run == intent.run):
        raise Superseded("Another run of this operation took over.")


def _ask_about_recent(connection: sa.Connection, intent: Intent) -> None:
    without = (IntentState.REFUSED, IntentState.FAILED)
    ask_about_recent(
        connection, intent.workspace_id, intent.source, intent.intent_id, intent.created_at, without=without
    )


def _draft_values(intent: Intent, draft_id: str) -> dict[str, Any]:
    return {"workspace_id": intent.workspace_id, "draft_id": draft_id, "created_at": intent.created_at}


def _key_values(intent: Intent, body_hash: str) -> dict[str, Any]:
    return {
        "workspace_id": intent.workspace_id,
        "route": intent.route,
        "key": intent.key,
        "body_hash": body_hash,
        "intent_id": intent.intent_id,
        "created_at": intent.created_at,
    }


def _values(intent: Intent) -> dict[str, Any]:
    plain = {name: getattr(intent, name) for name in Intent.__slots__ if name not in {"books", "source"}}
    return {
        **plain,
        **books_values(intent.books),
        "object": intent.source.object,
        "record_id": intent.source.record_id,
    }


def _intent(row: sa.Row[Any]) -> Intent:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name of it
    books = Books(values.pop("backend"), values.pop("environment"), values.pop("company_id"))
    source = RecordRef(values.pop("object"), values.pop("record_id"))
    return Intent(**{**values, "state": IntentState(values["state"])}, books=books, source=source)


def _invoice_values(intent: Intent, invoice: AccountingInvoice, now: datetime) -> dict[str, Any]:
    return {
        "workspace_id": intent.workspace_id,
        **books_values(invoice.books),
        "invoice_id": invoice.id,
        "number": invoice.number,
        "object": intent.source.object,
        "record_id": intent.source.record_id,
        "intent_id": intent.intent_id,
        "status": invoice.status,
        "version": invoice.version,
        "books_updated_at": invoice.updated_at,
        "created_at": now,
    }


def _ending_values(intent: Intent, ending: Ending) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": ending.state,
        "error_code": ending.error_code,
        "reference": ending.reference,
        "next_attempt_at": ending.next_attempt_at,
        "updated_at": ending.entry.at,
    }
    if ending.state.ended:
        values["payload"] = None
    if ending.state in {IntentState.PARKED, IntentState.UNKNOWN}:
        values["attempts"] = intent.attempts + 1
    return values


def _same_record(intent: Intent) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        intents.c.workspace_id == intent.workspace_id,
        intents.c.object == intent.source.object,
        intents.c.record_id == intent.source.record_id,
        intents.c.usage_month != "",
    )


def _update(
    connection: sa.Connection, intent: Intent, values: Mapping[str, Any], *where: sa.ColumnElement[bool]
) -> bool:
    mine = (intents.c.workspace_id == intent.workspace_id, intents.c.intent_id == intent.intent_id)
    return connection.execute(sa.update(intents).where(*mine, *where).values(**values)).rowcount > 0


def _pin(connection: sa.Connection, intent: Intent, ending: Ending) -> None:
    table = idempotency_keys
    mine = (table.c.workspace_id == intent.workspace_id, table.c.route == intent.route, table.c.key == intent.key)
    connection.execute(sa.update(table).where(*mine).values(outcome=ending.outcome, answer=ending.answer))


def _reserve(connection: sa.Connection, intent: Intent, limit: int | None) -> None:
    environment, month = intent.books.environment, intent.usage_month
    if intent.is_change or usage.reserve(connection, intent.workspace_id, environment, month, limit):
        return
    used = usage.counter(connection, intent.workspace_id, environment, month)
    raise LimitReached(
        f"This month's {limit} invoices are used up. Upgrade the plan, or wait for the first of next month.",
        details={"used": used.used, "held": used.held, "limit": limit},
    )
