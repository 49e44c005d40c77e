"""How many invoices a workspace made in a month: reserved before the books are written to, counted when they accept.

Each change is a single statement that the database applies atomically, so the tenth and the eleventh invoice at one
instant cannot both pass a limit of ten.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import insert_once
from attibooks_core.storage.tables import usage


@dataclass(frozen=True, slots=True)
class Counter:
    """Invoices of one workspace, environment and month: accepted ones, and ones under way.

    Those under way since the month before are among `held`: they count in the month in which the books accept them.
    """

    used: int
    held: int


class Usage:
    """Repository of the counters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, workspace_id: str, environment: str, month: str) -> Counter:
        """The counter; zeros when nothing was made."""
        return await self._database.read(lambda c: counter(c, workspace_id, environment, month))


def counter(connection: sa.Connection, workspace_id: str, environment: str, month: str) -> Counter:
    """The counter, inside a transaction."""
    used = sa.case((usage.c.month == month, usage.c.used), else_=0)
    wanted = sa.select(sa.func.coalesce(sa.func.sum(used), 0), sa.func.coalesce(sa.func.sum(usage.c.held), 0))
    found = connection.execute(
        wanted.where(*_of(workspace_id, environment), usage.c.month.in_([month, _before(month)]))
    ).one()
    return Counter(*map(int, found))


def reserve(connection: sa.Connection, workspace_id: str, environment: str, month: str, limit: int | None) -> bool:
    """Hold one invoice; False when used and held ones reach the limit."""
    key = {"workspace_id": workspace_id, "environment": environment, "month": month}
    allowed = sa.true() if limit is None else usage.c.used + usage.c.held + _held_before(**key) < limit
    take = sa.update(usage).where(*_row(**key), allowed).values(held=usage.c.held + 1).returning(usage.c.held)
    if connection.execute(take).first() is not None:
        return True
    insert_once(connection, usage, {**key, "used": 0, "held": 0})  # the month's first, unless another one just was
    return connection.execute(take).first() is not None


def _held_before(workspace_id: str, environment: str, month: str) -> sa.ScalarSelect[int]:
    """What is under way since the month before; anything older is stuck, and must not take places for ever."""
    earlier = usage.alias()
    mine = (
        earlier.c.workspace_id == workspace_id,
        earlier.c.environment == environment,
        earlier.c.month == _before(month),
    )
    return sa.select(sa.func.coalesce(sa.func.sum(earlier.c.held), 0)).where(*mine).scalar_subquery()


def release(connection: sa.Connection, workspace_id: str, environment: str, month: str) -> None:
    """Give a held invoice back."""
    give = sa.update(usage).where(*_row(workspace_id, environment, month)).values(held=usage.c.held - 1)
    connection.execute(give)


def commit(connection: sa.Connection, workspace_id: str, environment: str, reserved: str, accepted: str) -> None:
    """Turn a held invoice into a used one; it counts in the month in which the books accepted it."""
    release(connection, workspace_id, environment, reserved)
    add = sa.update(usage).where(*_row(workspace_id, environment, accepted)).values(used=usage.c.used + 1)
    if not connection.execute(add).rowcount:
        key = {"workspace_id": workspace_id, "environment": environment, "month": accepted}
        insert_once(connection, usage, {**key, "used": 0, "held": 0})
        connection.execute(add)


def _before(month: str) -> str:
    """The month before one."""
    year, number = map(int, month.split("-"))
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02}"


def _of(workspace_id: str, environment: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (usage.c.workspace_id == workspace_id, usage.c.environment == environment)


def _row(workspace_id: str, environment: str, month: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (*_of(workspace_id, environment), usage.c.month == month)
