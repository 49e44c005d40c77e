"""Nightly runs: each is begun once, whichever machine's clock strikes first."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import insert_once
from attibooks_core.storage.syncs import SyncState
from attibooks_core.storage.tables import cron_runs, installations, syncs, workspace_settings

SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Installed:
    """A workspace that a nightly run looks at."""

    workspace_id: str
    gateway: str
    settings: str | None


class CronRuns:
    """Repository of nightly runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, run_id: str, trigger: str, now: datetime, *, ended: bool = False) -> bool:
        """Begin a run; False when somebody else was faster.

        :param ended: only take note that there was nothing to be done.
        """
        values = {"run_id": run_id, "trigger": trigger, "started_at": now, "ended_at": now if ended else None}
        return await self._database.write(lambda c: insert_once(c, cron_runs, values))

    async def newest_scheduled(self) -> str | None:
        """The newest run of the schedule."""
        wanted = sa.select(sa.func.max(cron_runs.c.run_id)).where(cron_runs.c.trigger == SCHEDULE)
        return await self._database.read(lambda c: c.execute(wanted).scalar_one_or_none())

    async def active(self) -> str | None:
        """A run that has workspaces which are not done yet."""
        at_work = sa.exists().where(syncs.c.cron_run == cron_runs.c.run_id, syncs.c.state != SyncState.IDLE)
        unended = sa.or_(cron_runs.c.ended_at.is_(None), at_work)
        wanted = sa.select(cron_runs.c.run_id).where(unended).order_by(cron_runs.c.started_at.desc()).limit(1)
        return await self._database.read(lambda c: c.execute(wanted).scalar_one_or_none())

    async def end(self, run_id: str, now: datetime) -> None:
        """Every workspace has been asked for its run."""
        change = sa.update(cron_runs).where(cron_runs.c.run_id == run_id).values(ended_at=now)
        await self._database.write(lambda c: c.execute(change))

    async def unended(self) -> list[tuple[str, datetime]]:
        """Runs that were begun and have not asked every workspace, with their starts."""
        wanted = sa.select(cron_runs.c.run_id, cron_runs.c.started_at).where(cron_runs.c.ended_at.is_(None))
        return await self._database.read(lambda c: [(row.run_id, row.started_at) for row in c.execute(wanted)])

    async def installed(self) -> list[Installed]:
        """Every installed workspace with its settings as stored."""
        wanted = (
            sa.select(installations.c.workspace_id, installations.c.gateway, workspace_settings.c.settings)
            .outerjoin(workspace_settings, workspace_settings.c.workspace_id == installations.c.workspace_id)
            .order_by(installations.c.workspace_id)
        )
        return await self._database.read(lambda c: [Installed(*row) for row in c.execute(wanted)])
