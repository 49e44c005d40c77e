"""The loop that starts runs of the sync, and tasks: woken by whoever asks here, and every second for the others."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from attibooks_core.invoicing.tasking import TaskKeeper
from attibooks_core.invoicing.workbench import Workbench
from attibooks_core.logs import EventLog
from attibooks_core.syncing.nightly import Nightly
from attibooks_core.syncing.runs import SyncRuns

ROUND_SECONDS = 1.0
QUIET = timedelta(seconds=45)
"""A run that has not moved for this long is looked at."""

log = EventLog(__name__)


class Dispatcher:
    """Every process that does background work runs one."""

    def __init__(self, bench: Workbench, runs: SyncRuns, nightly: Nightly, tasks: TaskKeeper) -> None:
        self._bench = bench
        self._runs = runs
        self._nightly = nightly
        self._tasks = tasks

    async def run(self) -> None:
        """Go round until cancelled; an error ends the round, not the loop."""
        while True:
            try:
                await self._nightly.tick()
                await self._runs.look_around(QUIET)
                await self._tasks.look_around(QUIET)
            except Exception:
                log.exception("dispatcher_round_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._runs.wake.wait()
            self._runs.wake.clear()
