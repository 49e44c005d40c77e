"""Requests for tokens: which workspaces the host has asked for a lease, and what came of it. One a workspace."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import upsert
from attibooks_core.storage.tables import batches, intents, lease_requests, syncs, tasks

WITHOUT_TOKENS = ("waiting_for_lease", "unknown", "parked", "paused")
"""States of intents and batches that go on by themselves as soon as some process has tokens."""


class RequestState(StrEnum):
    """How a request stands."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    """The app says that its connection is gone: an admin has to reconnect."""
    DEAD = "dead"
    """Nobody answers, or no lease came: given up."""


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """One request; `attempts` counts the calls, `next_attempt_at` is when the next one may be made."""

    workspace_id: str
    job_id: str
    kind: str
    state: RequestState
    attempts: int
    asked_at: datetime
    next_attempt_at: datetime | None
    error_code: str | None


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job that waits for tokens; `route` is the one that made it."""

    workspace_id: str
    job_id: str
    route: str


class LeaseRequests:
    """Repository of requests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, workspace_id: str) -> LeaseRequest | None:
        """The newest request of a workspace."""
        wanted = sa.select(lease_requests).where(lease_requests.c.workspace_id == workspace_id)
        row = await self._database.read(lambda c: c.execute(wanted).one_or_none())
        return None if row is None else _request(row)

    async def begin(self, workspace_id: str, job_id: str, kind: str, now: datetime, wait: timedelta) -> bool:
        """Open a request, unless one is open; the first call of it is the caller's to make.

        :param wait: until when nobody else makes the next call.
        """
        values = {
            "workspace_id": workspace_id,
            "job_id": job_id,
            "kind": kind,
            "state": RequestState.ASKED,
            "attempts": 1,
            "asked_at": now,
            "next_attempt_at": now + wait,
            "error_code": None,
        }
        is_over = lease_requests.c.state != RequestState.ASKED
        return await self._database.write(lambda c: upsert(c, lease_requests, values, where=is_over))

    async def due(self, now: datetime, limit: int) -> list[LeaseRequest]:
        """Open requests whose next call may be made, the longest waiting first."""
        wanted = (
            sa.select(lease_requests)
            .where(lease_requests.c.state == RequestState.ASKED, lease_requests.c.next_attempt_at <= now)
            .order_by(lease_requests.c.next_attempt_at)
            .limit(limit)
        )
        return [_request(row) for row in await self._database.read(lambda c: c.execute(wanted).all())]

    async def claim(self, request: LeaseRequest, next_attempt_at: datetime) -> bool:
        """Take the next call over, unless somebody else was faster."""
        values = {"attempts": request.attempts + 1, "next_attempt_at": next_attempt_at}
        return await self._change(request, values)

    async def end(self, request: LeaseRequest, state: RequestState, error_code: str | None) -> bool:
        """End a request that is still open and was not called again meanwhile."""
        return await self._change(request, {"state": state, "next_attempt_at": None, "error_code": error_code})

    async def note(self, request: LeaseRequest, error_code: str | None) -> None:
        """Take note of what the last call ran into."""
        await self._change(request, {"error_code": error_code})

    async def _change(self, request: LeaseRequest, values: dict[str, object]) -> bool:
        same = (
            lease_requests.c.workspace_id == request.workspace_id,
            lease_requests.c.state == RequestState.ASKED,
            lease_requests.c.asked_at == request.asked_at,
            lease_requests.c.attempts == request.attempts,
        )
        statement = sa.update(lease_requests).where(*same).values(**values)
        return await self._database.write(lambda c: c.execute(statement).rowcount > 0)

    async def grant(self, workspaces: Collection[str]) -> None:
        """Tokens of these workspaces have come: whatever was asked for is there."""
        names = list(workspaces)
        asked_for = lease_requests.c.workspace_id.in_(names), lease_requests.c.state != RequestState.GRANTED
        wanted = sa.select(lease_requests.c.workspace_id).where(*asked_for).limit(1)
        if await self._database.read(lambda c: c.execute(wanted).first()) is None:
            return
        values = {"state": RequestState.GRANTED, "next_attempt_at": None, "error_code": None}
        await self._database.write(lambda c: c.execute(sa.update(lease_requests).where(*asked_for).values(**values)))

    async def unasked(self, before: datetime, since: datetime, limit: int) -> list[WaitingJob]:
        """Jobs that could go on and do not, so no process has tokens, and nobody was asked for some; one a workspace.

        :param before: only jobs that could have gone on since then.
        :param since: an older request that has ended counts for nothing (today's midnight, for example).
        """

        def work(connection: sa.Connection) -> list[WaitingJob]:
            found: dict[str, WaitingJob] = {}
            for table, columns in _WAITING:
                unasked = sa.select(*columns).where(*_is_unasked(table, before, since)).order_by(table.c.updated_at)
                for row in connection.execute(unasked.limit(limit)):
                    found.setdefault(row[0], WaitingJob(*row))
            return list(found.values())

        return await self._database.read(work)

    async def knows(self, workspace_id: str, job_id: str) -> bool:
        """Whether this is a job of the workspace, of whatever kind."""
        columns = (
            (lease_requests, lease_requests.c.job_id),
            (intents, intents.c.intent_id),
            (batches, batches.c.batch_id),
            (syncs, syncs.c.sync_id),
            (tasks, tasks.c.task_id),
        )
        each = (
            sa.select(sa.literal(1)).where(table.c.workspace_id == workspace_id, column == job_id)
            for table, column in columns
        )
        return await self._database.read(lambda c: c.execute(sa.union_all(*each)).first()) is not None


_WAITING = (
    (intents, (intents.c.workspace_id, intents.c.intent_id, intents.c.route)),
    (batches, (batches.c.workspace_id, batches.c.batch_id, sa.literal("invoices/batch"))),
    (tasks, (tasks.c.workspace_id, tasks.c.task_id, tasks.c.kind)),
)


def _is_unasked(table: sa.Table, before: datetime, since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """It waits, no request is open, and none was made since it began to wait and since that instant."""
    asked = sa.or_(
        lease_requests.c.state == RequestState.ASKED,
        sa.and_(lease_requests.c.asked_at >= table.c.updated_at, lease_requests.c.asked_at >= since),
    )
    is_asked = sa.exists().where(lease_requests.c.workspace_id == table.c.workspace_id, asked)
    at = table.c.updated_at
    due = (sa.func.coalesce(table.c.next_attempt_at, at) if "next_attempt_at" in table.c else at) <= before
    return table.c.state.in_(WITHOUT_TOKENS), due, ~is_asked


def _request(row: sa.Row[tuple[object, ...]]) -> LeaseRequest:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name of it
    return LeaseRequest(**{**values, "state": RequestState(values["state"])})
