"""Runs of the sync: one row for each workspace and company, whatever asks for it.

::

    idle ──▶ queued ──▶ running ──▶ idle        a claim decides who runs it; `run` counts the runs
               ▲  │        │
               │  └────────┴──▶ waiting_for_lease      until somebody brings tokens, or nobody does
               └── asked for again while it ran

A run that is asked for while one is queued, waiting or running is joined to it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from attibooks_core.model import Books
from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import books_values, insert_once, of_books, one_at_a_time
from attibooks_core.storage.tables import syncs


class SyncState(StrEnum):
    """Where a run stands; see the module."""

    IDLE = "idle"
    QUEUED = "queued"
    WAITING = "waiting_for_lease"
    RUNNING = "running"


class Scope(StrEnum):
    """What a run looks at, least first."""

    EVENTS = "events"
    """The invoices that events name, and those that are to be shown again."""
    SWEEP = "sweep"
    """The ids of all known invoices: which of them the books still have."""
    ALL = "all"
    """Everything that has changed."""
    ANEW = "anew"
    """The same as if it were the first run."""

    @property
    def is_full(self) -> bool:
        """Whether it looks for changes."""
        return self in {Scope.ALL, Scope.ANEW}


_WIDTH = {scope: width for width, scope in enumerate(Scope)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRow:
    """A row of the table.

    :param cursor: everything that the books changed before it is applied; None before the first run.
    :param again: what was asked for while it ran.
    :param result: counts, times and error texts of the last run.
    """

    workspace_id: str
    gateway: str
    books: Books
    sync_id: str
    state: SyncState
    scope: Scope
    run: int
    claim: str | None
    trigger: str
    due_at: datetime | None
    again: Scope | None
    cron_run: str | None
    cursor: datetime | None
    sweep: bool
    attempts: int
    started_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    error_code: str | None
    result: Mapping[str, Any]
    updated_at: datetime

    @property
    def job_id(self) -> str:
        """Names this run of it."""
        return f"{self.sync_id}r{self.run}"


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that asks for a run.

    :param due_at: not before.
    :param cron_run: the nightly run that asks.
    """

    workspace_id: str
    gateway: str
    books: Books
    scope: Scope
    trigger: str
    due_at: datetime
    cron_run: str | None = None


@dataclass(frozen=True, slots=True)
class SyncEnd:
    """How a run ended.

    :param cursor: where the next one begins; None leaves it where it was.
    :param sweep: deletions may have been missed: another run compares ids, at once.
    :param retry_at: when it is tried again by itself; None is with the next thing that asks.
    """

    outcome: str
    result: Mapping[str, Any]
    cursor: datetime | None = None
    sweep: bool = False
    error_code: str | None = None
    retry_at: datetime | None = None


class Syncs:
    """Repository of the runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- asking --------------------------------------------------------------------------------------------------

    async def ask(self, wish: Wish, now: datetime) -> SyncRow:
        """Ask for a run: queue one, or join the one that is under way.

        :return: the row; a run that covers the wish begins with `run`, or with the next one when `again` says so.
        """
        return await self._database.write(lambda c: ask_now(c, wish, now))

    async def ensure(self, workspace_id: str, gateway: str, books: Books, now: datetime) -> None:
        """Have a row for a workspace and its books: events find the workspace by it."""
        await self._database.write(lambda c: insert_once(c, syncs, _new(workspace_id, gateway, books, now)))

    async def ask_all(self, wishes: Sequence[Wish], now: datetime) -> None:
        """Ask for many runs in one transaction."""

        def work(connection: sa.Connection) -> None:
            for wish in wishes:
                ask_now(connection, wish, now)

        await self._database.write(work)

    # -- reading -------------------------------------------------------------------------------------------------

    async def load(self, workspace_id: str, books: Books) -> SyncRow | None:
        """One row."""
        wanted = sa.select(syncs).where(*of_books(syncs, books, workspace_id))
        row = await self._database.read(lambda c: c.execute(wanted).one_or_none())
        return _row(row) if row else None

    async def of_job(self, workspace_id: str, job_id: str) -> SyncRow | None:
        """The row that a job's id names."""
        wanted = sa.select(syncs).where(
            syncs.c.workspace_id == workspace_id, syncs.c.sync_id == job_id.partition("r")[0]
        )
        row = await self._database.read(lambda c: c.execute(wanted).one_or_none())
        return _row(row) if row else None

    async def of_company(self, books: Books) -> list[SyncRow]:
        """The rows of every workspace that is connected to a company.

        :param books: with an empty environment: in any.
        """
        if books.environment:
            return await self._rows(*of_books(syncs, books))
        return await self._rows(syncs.c.backend == books.backend, syncs.c.company_id == books.company_id)

    async def of_claim(self, claim: str) -> list[SyncRow]:
        """The rows that a durable run still carries."""
        return await self._rows(syncs.c.claim == claim, syncs.c.state == SyncState.RUNNING)

    async def of_cron(self, run_id: str) -> list[SyncRow]:
        """The rows of a nightly run."""
        return await self._rows(syncs.c.cron_run == run_id)

    async def waiting(self, workspaces: Sequence[str]) -> list[SyncRow]:
        """Rows of these workspaces that wait for tokens."""
        return await self._rows(syncs.c.state == SyncState.WAITING, syncs.c.workspace_id.in_(workspaces))

    async def all_waiting(self, limit: int = 200) -> list[SyncRow]:
        """Rows that wait for tokens, those first that have waited longest."""
        wanted = sa.select(syncs).where(syncs.c.state == SyncState.WAITING).order_by(syncs.c.updated_at).limit(limit)
        return [_row(row) for row in await self._database.read(lambda c: c.execute(wanted).all())]

    async def quiet(self, since: datetime, limit: int = 200) -> list[SyncRow]:
        """Rows that should be under way and have not moved since then."""
        wanted = sa.select(syncs).where(syncs.c.state == SyncState.RUNNING, syncs.c.updated_at < since).limit(limit)
        return [_row(row) for row in await self._database.read(lambda c: c.execute(wanted).all())]

    async def _rows(self, *where: sa.ColumnElement[bool]) -> list[SyncRow]:
        wanted = sa.select(syncs).where(*where).order_by(syncs.c.workspace_id)
        return [_row(row) for row in await self._database.read(lambda c: c.execute(wanted).all())]

    # -- moving on -----------------------------------------------------------------------------------------------

    async def claim_due(self, claim: str, now: datetime, limit: int) -> list[SyncRow]:
        """Take what is queued and due; nobody else can take it then."""
        due = (syncs.c.state == SyncState.QUEUED, syncs.c.due_at <= now)
        chosen = sa.select(syncs.c.sync_id).where(*due).order_by(syncs.c.due_at).limit(limit)
        if await self._database.read(lambda c: c.execute(chosen.limit(1)).first()) is None:
            return []  # the usual case, and no reason to take the writer's place
        return await self._database.write(lambda c: _claim(c, claim, chosen, due, now))

    async def claim(self, claim: str, row: SyncRow, now: datetime) -> list[SyncRow]:
        """Take one that is queued or waiting; empty when somebody else was faster."""
        here = (
            syncs.c.sync_id == row.sync_id,
            syncs.c.run == row.run,
            syncs.c.state.in_([SyncState.QUEUED, SyncState.WAITING]),
        )
        return await self._database.write(
            lambda c: _claim(c, claim, sa.select(syncs.c.sync_id).where(*here), here, now)
        )

    async def touch(self, row: SyncRow, now: datetime) -> bool:
        """Say that a run moves; False when it lost its row."""
        return await self._move(row, {"updated_at": now})

    async def wait(self, row: SyncRow, now: datetime) -> bool:
        """Let it wait for tokens."""
        values = {"state": SyncState.WAITING, "claim": None, "attempts": row.attempts + 1, "updated_at": now}
        return await self._move(row, values)

    async def requeue(self, row: SyncRow, now: datetime) -> bool:
        """Give a run back whose process died."""
        return await self._move(row, {"state": SyncState.QUEUED, "claim": None, "due_at": now, "updated_at": now})

    async def end(self, row: SyncRow, end: SyncEnd, now: datetime) -> bool:
        """End a run, and queue what was asked for meanwhile; False when it lost its row."""
        return await self._database.write(lambda c: _end(c, row, end, now))

    async def _move(self, row: SyncRow, values: Mapping[str, Any]) -> bool:
        change = sa.update(syncs).where(*_mine(row)).values(**values)
        return await self._database.write(lambda c: c.execute(change).rowcount > 0)


def ask_now(connection: sa.Connection, wish: Wish, now: datetime) -> SyncRow:
    """See `Syncs.ask`."""
    one_at_a_time(connection, f"sync/{wish.workspace_id}/{wish.books}")
    insert_once(connection, syncs, _new(wish.workspace_id, wish.gateway, wish.books, now))
    key = of_books(syncs, wish.books, wish.workspace_id)
    row = _row(connection.execute(sa.select(syncs).where(*key)).one())
    values = {name: value for name, value in _asked(row, wish).items() if getattr(row, name) != value}
    if values:  # who asks again for what was asked for changes nothing, nor since when it waits
        connection.execute(sa.update(syncs).where(*key).values(**values, updated_at=now))
        row = _row(connection.execute(sa.select(syncs).where(*key)).one())
    return row


def _asked(row: SyncRow, wish: Wish) -> dict[str, Any]:
    """What a wish changes about a row."""
    cron = {"cron_run": wish.cron_run} if wish.cron_run else {}
    if row.state is SyncState.IDLE:
        return {
            "state": SyncState.QUEUED,
            "scope": wish.scope,
            "trigger": wish.trigger,
            "due_at": wish.due_at,
            "run": row.run + 1,
            "attempts": 0,
            "claim": None,
            **cron,
        }
    if row.state is SyncState.RUNNING:
        if row.scope.is_full and wish.scope is Scope.ALL:
            return cron  # joined
        return {"again": _wider(row.again, wish.scope), **cron}
    due = wish.due_at if row.due_at is None else min(row.due_at, wish.due_at)
    return {"scope": _wider(row.scope, wish.scope), "due_at": due, **cron}


def _wider(one: Scope | None, other: Scope) -> Scope:
    return other if one is None or _WIDTH[other] > _WIDTH[one] else one


def _claim(
    connection: sa.Connection,
    claim: str,
    chosen: sa.Select[Any],
    still: tuple[sa.ColumnElement[bool], ...],
    now: datetime,
) -> list[SyncRow]:
    if connection.dialect.name == "postgresql":
        chosen = chosen.with_for_update(skip_locked=True)
    ids = list(connection.execute(chosen).scalars())
    if not ids:
        return []
    values = {"state": SyncState.RUNNING, "claim": claim, "started_at": now, "updated_at": now}
    taken = sa.update(syncs).where(syncs.c.sync_id.in_(ids), *still).values(**values).returning(*syncs.c)
    return sorted((_row(row) for row in connection.execute(taken)), key=lambda r: r.workspace_id)


def _end(connection: sa.Connection, row: SyncRow, end: SyncEnd, now: datetime) -> bool:
    found = connection.execute(sa.select(syncs.c.again, syncs.c.cursor).where(*_mine(row)).with_for_update()).first()
    if found is None:
        return False
    again = Scope(found.again) if found.again else None
    if end.sweep:
        again = _wider(again, Scope.SWEEP)
    due = now if again else end.retry_at
    values = {
        "state": SyncState.QUEUED if due else SyncState.IDLE,
        "scope": again or row.scope,
        "run": row.run + 1 if due else row.run,
        "due_at": due,
        "again": None,
        "claim": None,
        "cursor": end.cursor or found.cursor,
        "sweep": end.sweep,
        "attempts": row.attempts + 1 if end.error_code else 0,
        "ended_at": now,
        "outcome": end.outcome,
        "error_code": end.error_code,
        "result": json.dumps(dict(end.result)),
        "updated_at": now,
    }
    connection.execute(sa.update(syncs).where(*_mine(row)).values(**values))
    return True


def _new(workspace_id: str, gateway: str, books: Books, now: datetime) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        **books_values(books),
        "sync_id": sha256(f"sync\n{workspace_id}\n{books}".encode()).hexdigest()[:32],
        "gateway": gateway,
        "state": SyncState.IDLE,
        "scope": Scope.ALL,
        "run": 0,
        "trigger": "",
        "sweep": False,
        "attempts": 0,
        "updated_at": now,
    }


def _mine(row: SyncRow) -> tuple[sa.ColumnElement[bool], ...]:
    """The row, as long as this run holds it."""
    same_claim = syncs.c.claim.is_(None) if row.claim is None else syncs.c.claim == row.claim
    return (syncs.c.sync_id == row.sync_id, syncs.c.run == row.run, same_claim, syncs.c.state == row.state)


def _row(row: sa.Row[Any]) -> SyncRow:
    found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name of it
    books = Books(found.pop("backend"), found.pop("environment"), found.pop("company_id"))
    found |= {
        "state": SyncState(found["state"]),
        "scope": Scope(found["scope"]),
        "again": Scope(found["again"]) if found["again"] else None,
        "result": json.loads(found["result"] or "{}"),
    }
    return SyncRow(**found, books=books)
