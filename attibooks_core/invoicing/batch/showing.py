"""Showing the outcomes of a batch on its records, no faster than the CRM takes them."""

import asyncio
from collections.abc import Sequence

import msgspec

from attibooks_core.errors import AttiBooksError, RateLimited, Superseded
from attibooks_core.events import SubmissionFailed
from attibooks_core.invoicing.answering import kept_error
from attibooks_core.invoicing.carrying import InvoiceCarrier
from attibooks_core.invoicing.freezing import ANSWER
from attibooks_core.invoicing.pacing import Pace
from attibooks_core.invoicing.shapes import MadeShape
from attibooks_core.invoicing.showing import show_error
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.logs import EventLog
from attibooks_core.model import RecordRef
from attibooks_core.plans.quota import month_of
from attibooks_core.storage.batches import Batch, BatchItem
from attibooks_core.storage.intents import IntentState
from attibooks_core.storage.usage import Counter

log = EventLog(__name__)


class Shower:
    """Shows outcomes; batches of one workspace share its pace."""

    def __init__(self, bench: Workbench, carrier: InvoiceCarrier) -> None:
        self._bench = bench
        self._carrier = carrier

    async def show(self, ws: Workspace, batch: Batch, items: Sequence[BatchItem]) -> bool:
        """Show decided items and take note of it; whether all of them are done with.

        :raises Superseded: another run took over.
        """
        pace = self._bench.paces.of(batch.workspace_id)
        now = self._bench.clock.now()
        counter = await self._bench.usage.count(batch.workspace_id, ws.books.environment, month_of(now))
        ends = await asyncio.gather(*(self._paced(pace, ws, batch, item, counter) for item in items))
        shown = [item for item, done in zip(items, ends, strict=True) if done]
        if shown:
            await self._bench.batches.shown(batch, shown, self._bench.clock.now())
        return len(shown) == len(items)

    async def _paced(self, pace: Pace, ws: Workspace, batch: Batch, item: BatchItem, counter: Counter) -> bool:
        async with pace.places:
            await pace.wait()
            try:
                await self._show(ws, batch, item, counter)
            except Superseded:  # somebody else looks after this intent by now
                return True
            except RateLimited:
                return False
            except Exception:
                log.exception("outcome_not_shown", batch=batch.batch_id, intent=item.intent_id)
                return False
            return True

    async def _show(self, ws: Workspace, batch: Batch, item: BatchItem, counter: Counter) -> None:
        if item.answer is None:
            return
        body = self._bench.vault.open(batch.workspace_id, ANSWER, item.answer)
        if item.outcome == "created":
            await self._show_made(ws, item, msgspec.json.decode(body, type=MadeShape), counter)
        else:
            await self._show_error(ws, RecordRef(batch.object, item.record_id), item, kept_error(body))

    async def _show_made(self, ws: Workspace, item: BatchItem, made: MadeShape, counter: Counter) -> None:
        intent = await self._bench.intents.load(ws.context.workspace_id, item.intent_id)
        if intent is not None and intent.state is IntentState.ACCEPTED:
            await self._carrier.show_made(ws, intent, made, counter)

    async def _show_error(self, ws: Workspace, ref: RecordRef, item: BatchItem, error: AttiBooksError) -> None:
        await show_error(ws, ref, error, self._bench.clock.now(), comes_back=True)
        await self._carrier.tell_of(ws, item.intent_id, ref, SubmissionFailed, code=error.code)
