"""Looking after intents that nobody waits for: parked writebacks, lost answers, runs without tokens, dead processes.

Every process runs one caretaker; a claim decides which of them starts the next run.
"""

from datetime import timedelta

from attibooks_core.errors import Unavailable
from attibooks_core.invoicing.batch.carrying import BatchCarrier
from attibooks_core.invoicing.carrying import InvoiceCarrier
from attibooks_core.invoicing.changing.carrying import ChangeCarrier
from attibooks_core.invoicing.running import run_id_of
from attibooks_core.invoicing.workbench import Workbench
from attibooks_core.logs import EventLog
from attibooks_core.storage.intents import Intent

ROUND_SECONDS = 2.0
TIDY_SECONDS = 3600.0
QUIET = timedelta(seconds=45)
"""An intent that should be under way and has not moved for this long is looked at."""
KEEP_ANSWERS = timedelta(hours=24)
KEEP_EVENTS = timedelta(days=7)
"""A repeat of an event is known as one for so long after it was handed on."""
CHUNK = 500

log = EventLog(__name__)


class Caretaker:
    """A loop over what is left to do."""

    def __init__(
        self, bench: Workbench, carrier: InvoiceCarrier, changes: ChangeCarrier, batches: BatchCarrier
    ) -> None:
        self._bench = bench
        self._carrier = carrier
        self._changes = changes
        self._batches = batches

    async def run(self) -> None:
        """Go round until cancelled; an error ends the round, not the loop."""
        tidied = float("-inf")
        while True:
            try:
                await self.round()
                if self._bench.clock.monotonic() - tidied > TIDY_SECONDS:
                    tidied = self._bench.clock.monotonic()
                    await self.tidy()
            except Exception:
                log.exception("caretaker_round_failed")
            await self._bench.clock.sleep(ROUND_SECONDS)

    async def round(self) -> None:
        """Start the next run of every intent and batch that can go on."""
        await self._bench.access.round()
        now = self._bench.clock.now()
        workspaces = self._bench.leases.workspaces()
        for start in range(0, len(workspaces), CHUNK):
            some = workspaces[start : start + CHUNK]
            await self._batches.look_after(some, now)
            for intent in await self._bench.intents.due(some, now):
                if await self._has_tokens(intent):
                    await self._go_on(intent)
        await self._batches.take_over(now - QUIET)
        for intent in await self._bench.intents.quiet(now - QUIET):
            if not await self._bench.runtime.alive(run_id_of(intent)):
                await self._go_on(intent)

    async def tidy(self) -> None:
        """Drop what was kept long enough."""
        old = self._bench.clock.now() - KEEP_ANSWERS
        await self._bench.intents.drop_answers(old)
        await self._bench.batches.drop_answers(old)
        await self._bench.inbox.drop(self._bench.clock.now() - KEEP_EVENTS)
        await self._bench.tasks.tidy(old)
        await self._bench.runtime.tidy()
        await self._bench.access.granting.revoke_pending()

    async def _has_tokens(self, intent: Intent) -> bool:
        try:
            lease = await self._bench.access.of(intent.workspace_id, intent.books)
        except Unavailable:
            return False
        is_only_shown = intent.invoice_id is not None and not intent.is_change
        return lease is not None and (is_only_shown or lease.accounting is not None)

    async def _go_on(self, intent: Intent) -> None:
        claimed = await self._bench.intents.claim(intent, self._bench.clock.now())
        if claimed is not None:
            await (self._changes if claimed.is_change else self._carrier).start(claimed)
