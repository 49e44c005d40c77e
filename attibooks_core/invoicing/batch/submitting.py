"""Sending a chunk: the jobs of one call, under keys that are the same whenever the same jobs are sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeAlias

from attibooks_core.durable import OperationRun
from attibooks_core.errors import AttiBooksError, Superseded
from attibooks_core.invoicing.batch.drafting import few_at_once, guarded
from attibooks_core.invoicing.freezing import request_id_of
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.model import Submission, SubmissionPlan
from attibooks_core.protocols import BatchingBackend, BatchJob
from attibooks_core.storage.batches import Batch, BatchItem
from attibooks_core.storage.intents import Intent

BATCH_SIZE = 30
"""Invoices of a chunk where the backend does not say."""

Outcome: TypeAlias = Submission | AttiBooksError


@dataclass(frozen=True, slots=True)
class Cargo:
    """One invoice of a chunk."""

    item: BatchItem
    intent: Intent
    plan: SubmissionPlan


@dataclass(frozen=True, slots=True)
class Chunk:
    """Invoices that go together, in their order.

    :param maybe_sent: an earlier run may have sent it.
    """

    cargo: Sequence[Cargo]
    maybe_sent: bool

    @property
    def started_at(self) -> datetime:
        """When it was stored."""
        return min(c.intent.updated_at for c in self.cargo)

    def request_id(self, part: str) -> str:
        """The key of one write of all: other invoices, or another try of one of them, give another key."""
        names = "\n".join(f"{c.intent.intent_id}:{c.intent.generation}" for c in self.cargo)
        return f"{sha256(names.encode()).hexdigest()[:30]}-{part}"


@dataclass(slots=True)
class ChunkRun:
    """A chunk under way, as the backend sees it. Implements `protocols.Run`."""

    bench: Workbench
    batch: Batch
    run: OperationRun
    chunk: Chunk
    maybe_sent: bool
    started_at: datetime

    def request_id(self, part: str) -> str:
        """The key of one write of all jobs."""
        return self.chunk.request_id(part)

    async def fence(self) -> None:
        """Only the process that owns the run, and only the newest run, may write.

        :raises Superseded: neither.
        """
        await self.run.fence()
        if await self.bench.batches.run_of(self.batch) != self.batch.run:
            raise Superseded("Another run of this batch took over.")


@dataclass(slots=True)
class CargoRun:
    """One invoice of a chunk, as the backend sees it. Implements `protocols.Run`."""

    whole: ChunkRun
    intent: Intent
    maybe_sent: bool
    started_at: datetime

    def request_id(self, part: str) -> str:
        """The key of a write that concerns this invoice alone."""
        return request_id_of(self.intent.intent_id, self.intent.generation, part)

    async def fence(self) -> None:
        """As the whole chunk."""
        await self.whole.fence()


def size_of(ws: Workspace) -> int:
    """How many invoices go together."""
    return ws.backend.batch_size if isinstance(ws.backend, BatchingBackend) else BATCH_SIZE


async def submit_chunk(ws: Workspace, run: ChunkRun) -> Sequence[Outcome]:
    """Send a chunk, in few calls where the backend can; what each invoice came to, in order.

    :raises Superseded: another run took over.
    """
    jobs = [_job(run, cargo) for cargo in run.chunk.cargo]
    ends = await _submitted(ws, jobs, run)
    taken_over = next((e for e in ends if isinstance(e, Superseded)), None)
    if taken_over is not None:
        raise taken_over
    return ends


async def _submitted(ws: Workspace, jobs: Sequence[BatchJob], run: ChunkRun) -> Sequence[Outcome]:
    if not isinstance(ws.backend, BatchingBackend):
        return await few_at_once([ws.backend.submit(ws.context, j.plan, j.source, j.run) for j in jobs])
    many = await guarded(ws.backend.submit_many(ws.context, jobs, run), run.batch.batch_id)
    return [many] * len(jobs) if isinstance(many, AttiBooksError) else many


def _job(run: ChunkRun, cargo: Cargo) -> BatchJob:
    own = CargoRun(run, cargo.intent, run.maybe_sent, run.started_at)
    return BatchJob(cargo.plan, cargo.intent.source, own)
