"""The durable operation `create_batch.v1`: carries a batch to its end, as often as it takes.

It has no steps of the engine's own: the rows of the batch say how far it is, chunk by chunk.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from attibooks_core.durable import OperationRun
from attibooks_core.durable.port import Reference
from attibooks_core.errors import AttiBooksError, Superseded, Unavailable
from attibooks_core.invoicing.batch.showing import Shower
from attibooks_core.invoicing.batch.voyage import Voyage
from attibooks_core.invoicing.carrying import InvoiceCarrier
from attibooks_core.invoicing.running import pause_after
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.logs import EventLog
from attibooks_core.storage.batches import Batch, BatchState

OPERATION = "create_batch.v1"
SETTINGS = "batch"
"""Purpose under which the settings of a batch are sealed."""

log = EventLog(__name__)


class BatchCarrier:
    """Carries batches of the route `invoices/batch`."""

    def __init__(self, bench: Workbench, carrier: InvoiceCarrier) -> None:
        self._bench = bench
        self._shower = Shower(bench, carrier)
        bench.runtime.register(OPERATION, self.carry)

    async def start(self, batch: Batch) -> None:
        """Start the newest run of a batch in this process."""
        reference = {"workspace": batch.workspace_id, "batch": batch.batch_id, "run": str(batch.run)}
        await self._bench.runtime.start(OPERATION, run_id_of(batch), reference)

    async def go_on(self, batch: Batch) -> None:
        """Start the next run of a batch, unless somebody else is faster."""
        claimed = await self._bench.batches.claim(batch, self._bench.clock.now())
        if claimed is not None:
            await self.start(claimed)

    async def alive(self, batch: Batch) -> bool:
        """Whether the newest run of a batch is under way."""
        return await self._bench.runtime.alive(run_id_of(batch))

    async def look_after(self, workspaces: Sequence[str], now: datetime) -> None:
        """Start the next run of every batch of these workspaces that waits and can go on."""
        for batch in await self._bench.batches.due(workspaces, now):
            if await self._may_go_on(batch):
                await self.go_on(batch)

    async def take_over(self, quiet: datetime) -> None:
        """Start the next run of every batch that has not moved since then and is not under way."""
        for batch in await self._bench.batches.quiet(quiet):
            if not await self.alive(batch):
                await self.go_on(batch)

    async def carry(self, run: OperationRun, reference: Reference) -> Reference:
        """The operation; see the module."""
        batch = await self._bench.batches.load(reference["workspace"], reference["batch"])
        if batch is None or batch.state is BatchState.DONE or str(batch.run) != reference["run"]:
            return {"outcome": "superseded"}
        try:
            return {"outcome": await self._carry(run, batch)}
        except Superseded:
            raise
        except Unavailable:
            return {"outcome": await self._leave(batch, pause_after(batch.attempts))}
        except Exception:
            log.exception("operation_failed", batch=batch.batch_id, run=batch.run)
            return {"outcome": await self._leave(batch, pause_after(batch.attempts))}

    async def _carry(self, run: OperationRun, batch: Batch) -> str:
        ws = await self._opened(batch)
        if ws is None:
            await self._bench.batches.leave(batch, BatchState.WAITING, self._bench.clock.now())
            return BatchState.WAITING.value
        return await self._leave(batch, await Voyage(self._bench, ws, batch, run, self._shower).go())

    async def _may_go_on(self, batch: Batch) -> bool:
        try:
            return await self._opened(batch) is not None
        except AttiBooksError as error:
            return not isinstance(error, Unavailable)  # what else is wrong is the run's to find

    async def _opened(self, batch: Batch) -> Workspace | None:
        """The workspace with tokens for both systems; None while there are none."""
        if batch.payload is None:
            return None
        bench = self._bench
        plain = msgspec.json.decode(bench.vault.open(batch.workspace_id, SETTINGS, batch.payload))
        settings = bench.plugins.catalog.stored(plain)
        lease = await bench.access.of(batch.workspace_id, bench.plugins.backend(settings).books(settings))
        if lease is None or lease.accounting is None:
            return None
        return bench.open(batch.gateway, batch.workspace_id, settings, lease)

    async def _leave(self, batch: Batch, wait: timedelta | None) -> str:
        now = self._bench.clock.now()
        state = BatchState.DONE if wait is None else BatchState.PAUSED
        await self._bench.batches.leave(batch, state, now, None if wait is None else now + wait)
        return state.value


def run_id_of(batch: Batch) -> str:
    """The id of the newest run of a batch."""
    return f"{batch.batch_id}.{batch.run}"
