"""How many invoices a workspace made in a month: reserved before the books are written to, counted when they accept.

Each change is a single statement that the database applies atomically, so the tenth and the eleventh invoice at one
instant cannot both pass a limit of ten. Every create asks these, so they are put together once: to build one anew
costs more than to run it.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import insert_once
from attibooks_core.storage.tables import usage

_EARLIER = usage.alias()
_BEFORE = sa.bindparam("the_month_before", type_=sa.Text)
_OF_WORKSPACE, _OF_EARLIER = (
    (t.c.workspace_id == sa.bindparam("of_workspace"), t.c.environment == sa.bindparam("of_environment"))
    for t in (usage, _EARLIER)
)
_ROW = (*_OF_WORKSPACE, usage.c.month == sa.bindparam("of_month"))

_COUNT = sa.select(
    sa.func.coalesce(sa.func.sum(sa.case((usage.c.month == sa.bindparam("of_month"), usage.c.used), else_=0)), 0),
    sa.func.coalesce(sa.func.sum(usage.c.held), 0),
).where(*_OF_WORKSPACE, usage.c.month.in_([sa.bindparam("of_month"), _BEFORE]))

_HOLD = sa.update(usage).where(*_ROW).values(held=usage.c.held + 1).returning(usage.c.held)
_HELD_BEFORE = (  # what is under way since the month before; anything older is stuck, and must not take places for ever
    sa.select(sa.func.coalesce(sa.func.sum(_EARLIER.c.held), 0))
    .where(*_OF_EARLIER, _EARLIER.c.month == _BEFORE)
    .scalar_subquery()
)
_HOLD_WITHIN = _HOLD.where(usage.c.used + usage.c.held + _HELD_BEFORE < sa.bindparam("the_limit"))
_RELEASE = sa.update(usage).where(*_ROW).values(held=usage.c.held - 1)
_ADD = sa.update(usage).where(*_ROW).values(used=usage.c.used + 1)


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
    found = connection.execute(_COUNT, _with_before(workspace_id, environment, month)).one()
    return Counter(*map(int, found))


def reserve(connection: sa.Connection, workspace_id: str, environment: str, month: str, limit: int | None) -> bool:
    """Hold one invoice; False when used and held ones reach the limit."""
    if _hold(connection, workspace_id, environment, month, limit):
        return True
    _begin(connection, workspace_id, environment, month)  # the month's first, unless another one just was
    return _hold(connection, workspace_id, environment, month, limit)


def _hold(connection: sa.Connection, workspace_id: str, environment: str, month: str, limit: int | None) -> bool:
    if limit is None:
        held = connection.execute(_HOLD, _row(workspace_id, environment, month))
    else:
        key = _with_before(workspace_id, environment, month)
        held = connection.execute(_HOLD_WITHIN, {**key, "the_limit": limit})
    return held.first() is not None


def release(connection: sa.Connection, workspace_id: str, environment: str, month: str) -> None:
    """Give a held invoice back."""
    connection.execute(_RELEASE, _row(workspace_id, environment, month))


def commit(connection: sa.Connection, workspace_id: str, environment: str, reserved: str, accepted: str) -> None:
    """Turn a held invoice into a used one; it counts in the month in which the books accepted it."""
    release(connection, workspace_id, environment, reserved)
    key = _row(workspace_id, environment, accepted)
    if not connection.execute(_ADD, key).rowcount:
        _begin(connection, workspace_id, environment, accepted)
        connection.execute(_ADD, key)


def _begin(connection: sa.Connection, workspace_id: str, environment: str, month: str) -> None:
    key = {"workspace_id": workspace_id, "environment": environment, "month": month}
    insert_once(connection, usage, {**key, "used": 0, "held": 0})


def _row(workspace_id: str, environment: str, month: str) -> dict[str, str]:
    return {"of_workspace": workspace_id, "of_environment": environment, "of_month": month}


def _with_before(workspace_id: str, environment: str, month: str) -> dict[str, str]:
    return {**_row(workspace_id, environment, month), "the_month_before": month_before(month)}


def month_before(month: str) -> str:
    """The month before one."""
    year, number = map(int, month.split("-"))
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02}"
