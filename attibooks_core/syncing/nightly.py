"""The nightly run at 00:00 UTC: every installed workspace, once over all machines, spread over half an hour.

The host strikes by its own clock, so that it works without any setting (product row 133); the route
`/api/cron/sync-invoices` starts one as well, or joins the one that is under way.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from attibooks_core.errors import ConfigurationError
from attibooks_core.invoicing.workbench import Workbench
from attibooks_core.logs import EventLog
from attibooks_core.model import Books
from attibooks_core.plans.quota import month_of
from attibooks_core.storage.cron import SCHEDULE, CronRuns, Installed
from attibooks_core.storage.recounting import recount
from attibooks_core.storage.syncs import Scope, SyncRow, SyncState, Wish
from attibooks_core.syncing.running import plain_problem, problem_of
from attibooks_core.syncing.runs import SyncRuns

CHUNK = 200
"""Workspaces asked in one transaction."""
PREFIX = "nightly-"
FORGOTTEN = timedelta(seconds=60)
"""A run that has not asked every workspace after this long is taken up by another process."""

log = EventLog(__name__)


@dataclass(frozen=True, slots=True)
class Unsynced:
    """A workspace whose settings name no books."""

    workspace: Installed
    error: ConfigurationError


class Nightly:
    """Begins nightly runs and says how they stand.

    :param spread_seconds: over which the workspaces are spread.
    """

    def __init__(self, bench: Workbench, runs: SyncRuns, spread_seconds: int) -> None:
        self._bench = bench
        self._runs = runs
        self._spread = spread_seconds
        self._crons = CronRuns(bench.database)
        self._struck: str | None = None
        self._looked = float("-inf")

    async def tick(self) -> None:
        """Begin tonight's run when it is time and nobody has; a host that slept through midnight does so late."""
        now = self._bench.clock.now()
        tonight = f"{PREFIX}{now:%Y-%m-%d}"
        if self._bench.clock.monotonic() - self._looked > FORGOTTEN.total_seconds():
            self._looked = self._bench.clock.monotonic()
            await self._ask_forgotten(now)
        if self._struck != tonight:
            await self._strike(tonight, now)
            self._struck = tonight

    async def _strike(self, tonight: str, now: datetime) -> None:
        newest = await self._crons.newest_scheduled()
        if newest is None:  # the first day of this database: there is nothing to catch up with
            await self._crons.begin(tonight, SCHEDULE, now, ended=True)
        elif newest < tonight and await self._crons.begin(tonight, SCHEDULE, now):
            await self._ask(tonight, now)
            await self._bench.access.granting.keep_alive()

    async def _ask_forgotten(self, now: datetime) -> None:
        """Go on with runs whose process died before everybody was asked."""
        for run_id, started_at in await self._crons.unended():
            if now - started_at > FORGOTTEN:
                await self._ask(run_id, started_at)

    async def call(self) -> str:
        """Start a run, or join the one that is under way; its id."""
        active = await self._crons.active()
        if active is not None:
            return active
        now = self._bench.clock.now()
        run_id = f"{PREFIX}{now:%Y-%m-%d}-{uuid4().hex[:8]}"
        await self._crons.begin(run_id, "call", now)
        await self._ask(run_id, now)
        return run_id

    async def summary(self, run_id: str) -> dict[str, Any]:
        """How a run stands (contract §3.1, cron summary)."""
        rows = {row.workspace_id: row for row in await self._bench.syncs.of_cron(run_id)}
        workspaces = [_shown(row) for row in rows.values()]
        for one in await self._crons.installed():
            found = self._books_of(one)
            if isinstance(found, Unsynced) and one.workspace_id not in rows:
                workspaces.append(_not_synced(found))
        return {"run_id": run_id, "workspaces": sorted(workspaces, key=lambda w: str(w["workspace"]))}

    async def _ask(self, run_id: str, start: datetime) -> None:
        wanted = []
        for one in await self._crons.installed():
            books = self._books_of(one)
            if isinstance(books, Books):
                due = start + timedelta(seconds=offset_of(one.workspace_id) * self._spread)
                wanted.append(Wish(one.workspace_id, one.gateway, books, Scope.ALL, "cron", due, run_id))
        for first in range(0, len(wanted), CHUNK):
            await self._bench.syncs.ask_all(wanted[first : first + CHUNK], self._bench.clock.now())
        await self._crons.end(run_id, self._bench.clock.now())
        self._runs.wake.set()
        await self._recount()

    async def _recount(self) -> None:
        """Put the plans' counters right (product row 150)."""
        for wrong in await recount(self._bench.database, month_of(self._bench.clock.now())):
            log.error("usage_corrected", **asdict(wrong))

    def _books_of(self, one: Installed) -> Books | Unsynced:
        settings = self._bench.plugins.catalog.stored(json.loads(one.settings or "{}"))
        try:
            return self._bench.plugins.backend(settings).books(settings)
        except ConfigurationError as error:
            return Unsynced(one, error)


def offset_of(workspace_id: str) -> float:
    """A workspace's place in the night: the same every night, from 0 to 1."""
    return int(sha256(workspace_id.encode()).hexdigest()[:8], 16) / 0x1_0000_0000


def _shown(row: SyncRow) -> dict[str, Any]:
    state = {
        SyncState.QUEUED: "queued",
        SyncState.WAITING: "queued",
        SyncState.RUNNING: "running",
        SyncState.IDLE: row.outcome or "queued",
    }[row.state]
    reason = row.result.get("skipped")
    if row.state is SyncState.WAITING:
        reason = "Waits for access: the app is asked for it."
    errors = row.result.get("errors", []) if row.state is SyncState.IDLE else []
    if state == "needs_reconnect" and errors:
        reason = errors[0]["message"]
    updated = row.result.get("updated", 0) if row.state is SyncState.IDLE else 0
    return {"workspace": row.workspace_id, "state": state, "updated": updated, "errors": errors, "reason": reason}


def _not_synced(found: Unsynced) -> dict[str, Any]:
    return {
        "workspace": found.workspace.workspace_id,
        "state": "skipped",
        "updated": 0,
        "errors": [plain_problem(problem_of(found.error))],
        "reason": found.error.message,
    }
