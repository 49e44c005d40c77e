"""One run of a batch: what is open is drafted, sent in chunks and decided; what is decided is shown meanwhile."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

import msgspec

from attibooks_core.durable import OperationRun
from attibooks_core.errors import (
    AttiBooksError,
    ConnectionProblem,
    LimitReached,
    OutcomeUnknown,
    PlanOutdated,
    PluginError,
    Question,
    Unavailable,
)
from attibooks_core.invoicing.answering import error_answer
from attibooks_core.invoicing.batch.drafting import Wanted, draft_all
from attibooks_core.invoicing.batch.showing import Shower
from attibooks_core.invoicing.batch.submitting import Cargo, Chunk, ChunkRun, Outcome, size_of, submit_chunk
from attibooks_core.invoicing.drafting import Drafted
from attibooks_core.invoicing.entries import accepted_entry, ending_entry, opened_entry, refused_entry
from attibooks_core.invoicing.footprints import footprint_of
from attibooks_core.invoicing.freezing import ANSWER, Frozen, freeze, thaw
from attibooks_core.invoicing.room import explained, require_room
from attibooks_core.invoicing.running import pause_after
from attibooks_core.invoicing.shapes import InvoiceShape, MadeShape, ProblemShape
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.model import Entitlements, RecordRef, Submission
from attibooks_core.plans.quota import limit_in, month_of
from attibooks_core.storage.batches import Batch, BatchItem, Decision, Opening
from attibooks_core.storage.intents import IN_BATCH, Ending, Intent, IntentState

PATIENCE = 6
"""Runs after which a record is given up that a machine, not a person, stands in the way of."""
GENERATIONS = 3
"""Plans that are made for one record when the books keep saying that theirs is out of date."""


@dataclass
class Voyage:
    """A run under way.

    :param wait: how long to wait before the next run; None when nothing is left to be done.
    """

    bench: Workbench
    ws: Workspace
    batch: Batch
    run: OperationRun
    shower: Shower
    wait: timedelta | None = None
    showing: list[asyncio.Task[bool]] = field(default_factory=list)

    async def go(self) -> timedelta | None:
        """Carry the batch as far as it goes.

        :return: how long to wait before the next run; None when nothing is left to be done.
        :raises Superseded: another run took over.
        """
        try:
            await self._go()
            if not all(await asyncio.gather(*self.showing)):
                self._pause()
        finally:
            for task in self.showing:
                task.cancel()
        return self.wait

    async def _go(self) -> None:
        items = await self.bench.batches.items(self.batch)
        self._show([i for i in items if i.outcome is not None and not i.shown])
        await self._send_again(items)
        for _ in range(GENERATIONS + 1):  # the last one only looks
            still_open = [i for i in await self.bench.batches.items(self.batch) if i.outcome is None]
            if self.wait is not None or not still_open:
                return
            await self._make([i for i in still_open if i.chunk is None])
        self._pause()

    # -- what an earlier run may have sent

    async def _send_again(self, items: Iterable[BatchItem]) -> None:
        """The very chunks of an earlier run, before anything else."""
        left = sorted(
            (i for i in items if i.outcome is None and i.chunk is not None), key=lambda i: (i.chunk, i.position)
        )
        for _, chunk in groupby(left, key=lambda i: i.chunk):
            cargo = [await self._loaded(item) for item in chunk]
            await self._send(Chunk(cargo, maybe_sent=True))

    async def _loaded(self, item: BatchItem) -> Cargo:
        intent = await self.bench.intents.load(self.batch.workspace_id, item.intent_id)
        if intent is None or intent.payload is None:
            raise PluginError("core", "batch")
        return Cargo(item, intent, thaw(self.bench.vault, self.batch.workspace_id, intent.payload).plan)

    # -- what is open

    async def _make(self, items: Sequence[BatchItem]) -> None:
        try:
            await require_room(self.bench, self.ws)
        except LimitReached as refusal:
            await self._refuse([(item, refusal) for item in items])
            return
        wanted = [Wanted(self._ref(item), item.intent_id) for item in items]
        drafts = await draft_all(self.bench, self.ws, wanted)
        ready: list[tuple[BatchItem, Drafted]] = []
        refused: list[tuple[BatchItem, AttiBooksError]] = []
        for item, draft in zip(items, drafts, strict=True):
            if isinstance(draft, Drafted):
                ready.append((item, draft))
            elif not self._may_wait(draft):
                refused.append((item, draft))
        await self._refuse(refused)
        size = size_of(self.ws)
        for start in range(0, len(ready), size):
            await self._reserve_and_send(ready[start : start + size])

    def _may_wait(self, error: AttiBooksError) -> bool:
        """Whether it is worth another run; then there will be one."""
        if not isinstance(error, Unavailable) or self.batch.attempts >= PATIENCE:
            return False
        self._pause(error.retry_after)
        return True

    async def _reserve_and_send(self, ready: Sequence[tuple[BatchItem, Drafted]]) -> None:
        now = self.bench.clock.now()
        openings = [self._opening(item, drafted, now) for item, drafted in ready]
        number = 1 + max((i.chunk or 0 for i in await self.bench.batches.items(self.batch)), default=0)
        entitlements = await self.bench.billing.entitlements(self.batch.workspace_id)
        limit = limit_in(entitlements, self.ws.books.environment)
        with self.bench.stage("intent", self.batch.workspace_id, self.batch.batch_id):
            ends = await self.bench.batches.reserve(self.batch, number, openings, limit=limit)
        together = list(zip(ready, ends, strict=True))
        await self._refuse(
            [(item, self._told(end, entitlements)) for (item, _), end in together if not isinstance(end, Intent)]
        )
        cargo = [
            Cargo(replace(item, chunk=number), end, drafted.plan)
            for (item, drafted), end in together
            if isinstance(end, Intent)
        ]
        if cargo:
            await self._send(Chunk(cargo, maybe_sent=False))

    def _told(self, end: LimitReached | Question, entitlements: Entitlements) -> AttiBooksError:
        if isinstance(end, LimitReached):
            return explained(end, self.bench, self.ws, entitlements)
        return end

    def _opening(self, item: BatchItem, drafted: Drafted, now: datetime) -> Opening:
        batch, plan = self.batch, drafted.plan
        frozen = Frozen(plan, self.ws.context.settings.plain())
        intent = Intent(
            intent_id=item.intent_id,
            workspace_id=batch.workspace_id,
            gateway=batch.gateway,
            books=self.ws.books,
            source=self._ref(item),
            actor=batch.actor,
            route=IN_BATCH,
            key=item.intent_id,
            payload=freeze(self.bench.vault, batch.workspace_id, frozen),
            payload_hash=plan.digest,
            settings_digest=batch.settings_digest,
            usage_month=month_of(now),
            created_at=now,
            updated_at=now,
        )
        return Opening(item, intent, opened_entry(intent, footprint=footprint_of(drafted)))

    # -- sending and deciding

    async def _send(self, chunk: Chunk) -> None:
        batch, bench = self.batch, self.bench
        run = ChunkRun(bench, batch, self.run, chunk, chunk.maybe_sent, chunk.started_at)
        with bench.stage("submit", batch.workspace_id, batch.batch_id):
            ends = await submit_chunk(self.ws, run)
        if any(_is_unknown(end, chunk) for end in ends):
            self._pause()  # the chunk stays as it is, to be sent again as it was
            return
        decisions = [self._decision(run, cargo, end) for cargo, end in zip(chunk.cargo, ends, strict=True)]
        await self._decide(decisions)

    def _decision(self, run: ChunkRun, cargo: Cargo, end: Outcome) -> Decision:
        now = self.bench.clock.now()
        if isinstance(end, Submission):
            warnings = [ProblemShape.of(w) for w in (*cargo.plan.warnings, *end.warnings)]
            made = MadeShape(invoice=InvoiceShape.of(end.invoice), warnings=warnings)
            entry = accepted_entry(cargo.intent, end.invoice, now, run.request_id("inv"))
            answer = self._sealed(msgspec.json.encode(made))
            return Decision(cargo.item, entry, "created", answer, cargo.intent, end.invoice)
        outdated = isinstance(end, PlanOutdated) and cargo.intent.generation < GENERATIONS
        return self._without_invoice(cargo, end, now, is_open=outdated or self._may_wait(end))

    def _without_invoice(self, cargo: Cargo, error: AttiBooksError, now: datetime, *, is_open: bool) -> Decision:
        passing = is_open or isinstance(error, Unavailable)
        state = IntentState.FAILED if passing else IntentState.REFUSED
        entry = ending_entry(cargo.intent, now, state.value, error.message, error)
        answer = self._sealed(error_answer(error))
        outcome = "failed" if passing else "error"
        ending = Ending(state, entry, outcome, answer, error.code, error.reference)
        if is_open:
            return Decision(cargo.item, entry, None, None, cargo.intent, ending)
        return Decision(cargo.item, entry, _outcome_of(error), answer, cargo.intent, ending)

    async def _refuse(self, refused: Sequence[tuple[BatchItem, AttiBooksError]]) -> None:
        """Decide items that have no intent."""
        now = self.bench.clock.now()
        await self._decide(
            [
                Decision(
                    item,
                    refused_entry(self._ref(item), self.batch.actor, error, now),
                    _outcome_of(error),
                    self._sealed(error_answer(error)),
                )
                for item, error in refused
            ]
        )

    async def _decide(self, decisions: Sequence[Decision]) -> None:
        with self.bench.stage("commit", self.batch.workspace_id, self.batch.batch_id):
            await self.bench.batches.decide(self.batch, decisions)
        decided = [replace(d.item, outcome=d.outcome, answer=d.answer) for d in decisions if d.outcome is not None]
        self._show(decided)

    def _show(self, items: Sequence[BatchItem]) -> None:
        if items:
            self.showing.append(asyncio.ensure_future(self.shower.show(self.ws, self.batch, items)))

    # -- little things

    def _pause(self, seconds: float | None = None) -> None:
        asked = timedelta(seconds=seconds or 0)
        self.wait = max(self.wait or timedelta(), asked, pause_after(self.batch.attempts))

    def _ref(self, item: BatchItem) -> RecordRef:
        return RecordRef(self.batch.object, item.record_id)

    def _sealed(self, body: bytes) -> str:
        return self.bench.vault.seal(self.batch.workspace_id, ANSWER, body)


def _is_unknown(end: Outcome, chunk: Chunk) -> bool:
    """Whether the invoice may be there: then nothing of the chunk is decided, so that it can be sent as it was."""
    if isinstance(end, OutcomeUnknown | PluginError):
        return True
    return chunk.maybe_sent and isinstance(end, ConnectionProblem)


def _outcome_of(error: AttiBooksError) -> str:
    return "failed" if isinstance(error, Unavailable | PluginError) else "refused"
