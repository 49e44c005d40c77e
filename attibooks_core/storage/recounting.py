"""The counters of a month against what they count: invoices that the books accepted, intents under way (row 150).

The two change in one transaction each time, so a difference is a bug or somebody's hand in the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.intents import IntentState
from attibooks_core.storage.tables import intents, invoices, usage
from attibooks_core.storage.usage import month_before

GIVEN_BACK = (IntentState.REFUSED, IntentState.FAILED)
COUNTER = (usage.c.workspace_id, usage.c.environment, usage.c.month)


@dataclass(frozen=True, slots=True)
class Correction:
    """A counter that was wrong: `used` and `held` as they were found and as they are now."""

    workspace_id: str
    environment: str
    month: str
    found: tuple[int, int]
    right: tuple[int, int]


async def recount(database: Database, month: str) -> list[Correction]:
    """Put the counters of a month and the one before right.

    :param month: `YYYY-MM`.
    """
    corrections = []
    for each in (month, month_before(month)):
        for workspace_id, environment in await database.read(partial(_wrong, month=each)):
            correct = partial(_corrected, workspace_id=workspace_id, environment=environment, month=each)
            corrections.append(await database.write(correct))
    return [c for c in corrections if c is not None]


def _wrong(connection: sa.Connection, month: str) -> Sequence[sa.Row[tuple[str, str]]]:
    """Counters that seem to be wrong; what is under way meanwhile may make a right one seem so."""
    used, held = _used(month), _held(month)
    differs = sa.or_(usage.c.used != used, usage.c.held != held)
    wanted = sa.select(usage.c.workspace_id, usage.c.environment).where(usage.c.month == month, differs)
    return connection.execute(wanted).all()


def _corrected(connection: sa.Connection, workspace_id: str, environment: str, month: str) -> Correction | None:
    """Count again while the counter is locked: whatever changes it waits, and goes on from the right number."""
    this = [c == v for c, v in zip(COUNTER, (workspace_id, environment, month), strict=True)]
    found = connection.execute(sa.select(usage.c.used, usage.c.held).where(*this).with_for_update()).one()
    right = connection.execute(sa.select(_used(month), _held(month)).select_from(usage).where(*this)).one()
    if tuple(found) == tuple(right):
        return None
    connection.execute(sa.update(usage).where(*this).values(used=right[0], held=right[1]))
    return Correction(workspace_id, environment, month, (found[0], found[1]), (right[0], right[1]))


def _used(month: str) -> sa.ScalarSelect[int]:
    """Invoices that were accepted in that month, of the counter's workspace and environment."""
    first, end = _instants(month)
    counted = sa.select(sa.func.count()).where(
        invoices.c.workspace_id == usage.c.workspace_id,
        invoices.c.environment == usage.c.environment,
        invoices.c.intent_id.is_not(None),
        invoices.c.created_at >= first,
        invoices.c.created_at < end,
    )
    return counted.correlate(usage).scalar_subquery()


def _held(month: str) -> sa.ScalarSelect[int]:
    """Intents of that month which are neither accepted nor given back."""
    counted = sa.select(sa.func.count()).where(
        intents.c.workspace_id == usage.c.workspace_id,
        intents.c.environment == usage.c.environment,
        intents.c.usage_month == month,
        intents.c.invoice_id.is_(None),
        intents.c.state.not_in(GIVEN_BACK),
    )
    return counted.correlate(usage).scalar_subquery()


def _instants(month: str) -> tuple[datetime, datetime]:
    """The first instant of a month and of the next one."""
    year, number = map(int, month.split("-"))
    return datetime(year, number, 1, tzinfo=UTC), datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
