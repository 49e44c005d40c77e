"""Tasks: what an operator or a call asked for that takes its time, such as a reconciliation.

::

    queued ──▶ running ──▶ succeeded | failed        a claim decides which process runs it; `run` counts the claims
      ▲           │
      └───────────┴──▶ waiting_for_lease             until somebody brings tokens

What a task came to is sealed: it may hold customers' data.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import insert_once
from attibooks_core.storage.tables import tasks


class TaskState(StrEnum):
    """Where a task stands; see the module."""

    QUEUED = "queued"
    WAITING = "waiting_for_lease"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing is left to be done."""
        return self in {TaskState.SUCCEEDED, TaskState.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A row of the table.

    :param kind: names the operation that carries it.
    :param arguments: what was asked for, plain JSON.
    :param result: sealed answer of one that succeeded.
    :param error: sealed error of one that failed.
    """

    task_id: str
    workspace_id: str
    kind: str
    created_at: datetime
    updated_at: datetime
    arguments: Mapping[str, Any] = field(default_factory=dict)
    state: TaskState = TaskState.QUEUED
    run: int = 0
    result: str | None = None
    error: str | None = None


class Tasks:
    """Repository of tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, task: Task) -> bool:
        """Store a task; False when its id is taken."""
        values = {name: getattr(task, name) for name in Task.__slots__}
        values["arguments"] = json.dumps(dict(task.arguments))
        return await self._database.write(lambda c: insert_once(c, tasks, values))

    async def load(self, workspace_id: str, task_id: str) -> Task | None:
        """One task."""
        wanted = sa.select(tasks).where(tasks.c.workspace_id == workspace_id, tasks.c.task_id == task_id)
        row = await self._database.read(lambda c: c.execute(wanted).one_or_none())
        return _task(row) if row else None

    async def queued(self, limit: int = 100) -> list[Task]:
        """Tasks that nobody has taken yet, oldest first."""
        return await self._list(limit, tasks.c.state == TaskState.QUEUED)

    async def waiting(self, workspaces: Sequence[str], limit: int = 100) -> list[Task]:
        """Tasks of these workspaces that wait for tokens."""
        return await self._list(limit, tasks.c.state == TaskState.WAITING, tasks.c.workspace_id.in_(workspaces))

    async def quiet(self, since: datetime, limit: int = 100) -> list[Task]:
        """Tasks that should be under way and have not moved since then."""
        return await self._list(limit, tasks.c.state == TaskState.RUNNING, tasks.c.updated_at < since)

    async def claim(self, task: Task, now: datetime) -> Task | None:
        """Take a task with a new run, or None when somebody else was faster."""
        values = {"state": TaskState.RUNNING, "run": task.run + 1, "updated_at": now}
        if not await self._move(task, values, tasks.c.state == task.state):
            return None
        return await self.load(task.workspace_id, task.task_id)

    async def touch(self, task: Task, now: datetime) -> bool:
        """Say that a run moves; False when another run took over."""
        return await self._move(task, {"updated_at": now})

    async def wait(self, task: Task, now: datetime) -> bool:
        """Let it wait for tokens."""
        return await self._move(task, {"state": TaskState.WAITING, "updated_at": now})

    async def end(self, task: Task, now: datetime, *, result: str | None = None, error: str | None = None) -> bool:
        """End a task with its sealed result or error; False when another run took over."""
        state = TaskState.SUCCEEDED if error is None else TaskState.FAILED
        return await self._move(task, {"state": state, "result": result, "error": error, "updated_at": now})

    async def reopen(self, failed: Task, again: Task) -> bool:
        """Queue one that failed with new arguments; its next run counts on, since the runtime knows the last one.

        :return: False when somebody else was faster.
        """
        values = {
            "state": TaskState.QUEUED,
            "arguments": json.dumps(dict(again.arguments)),
            "error": None,
            "updated_at": again.updated_at,
        }
        return await self._move(failed, values, tasks.c.state == TaskState.FAILED)

    async def forget(self, task: Task) -> None:
        """Keep nothing of a task."""
        await self._database.write(lambda c: c.execute(sa.delete(tasks).where(*_of(task))))

    async def withdraw(self, task: Task) -> bool:
        """Forget a task that nobody has taken; False when somebody has."""
        still = sa.delete(tasks).where(*_of(task), tasks.c.state == TaskState.QUEUED)
        return await self._database.write(lambda c: c.execute(still).rowcount > 0)

    async def tidy(self, before: datetime) -> None:
        """Forget tasks that nobody has touched since then."""
        await self._database.write(lambda c: c.execute(sa.delete(tasks).where(tasks.c.updated_at < before)))

    async def _move(self, task: Task, values: Mapping[str, Any], *where: sa.ColumnElement[bool]) -> bool:
        change = sa.update(tasks).where(*_of(task), tasks.c.run == task.run, *where).values(**values)
        return await self._database.write(lambda c: c.execute(change).rowcount > 0)

    async def _list(self, limit: int, *where: sa.ColumnElement[bool]) -> list[Task]:
        wanted = sa.select(tasks).where(*where).order_by(tasks.c.updated_at).limit(limit)
        return [_task(row) for row in await self._database.read(lambda c: c.execute(wanted).all())]


def _of(task: Task) -> tuple[sa.ColumnElement[bool], ...]:
    return (tasks.c.workspace_id == task.workspace_id, tasks.c.task_id == task.task_id)


def _task(row: sa.Row[Any]) -> Task:
    found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name of it
    return Task(**{**found, "state": TaskState(found["state"]), "arguments": json.loads(found["arguments"])})
