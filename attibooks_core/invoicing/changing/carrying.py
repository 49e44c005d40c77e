"""The durable operation `change_invoice.v1`: carries one edit or void to its end, as often as it takes.

A run sends the frozen request and shows the answer; a second run with the same request id does both again and changes
nothing more. The version in the request keeps it from ever being applied on top of somebody else's change.
"""

from dataclasses import replace

import msgspec

from attibooks_core.capabilities import ChangingBackend
from attibooks_core.durable import OperationRun
from attibooks_core.errors import AttiBooksError, Conflict, NotFound, OutcomeUnknown, Superseded
from attibooks_core.invoicing.changing.finding import changing_backend
from attibooks_core.invoicing.changing.freezing import FrozenChange, freeze_change, thaw_change
from attibooks_core.invoicing.changing.shapes import EditedShape, as_voided, conflict
from attibooks_core.invoicing.changing.wishes import is_fulfilled, is_outdated
from attibooks_core.invoicing.entries import changed_entry, part_of
from attibooks_core.invoicing.freezing import ANSWER
from attibooks_core.invoicing.mirroring import Mirror
from attibooks_core.invoicing.running import IntentCarrier, SubmissionRun
from attibooks_core.invoicing.shapes import InvoiceShape
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.lifecycle import BookedInvoice, LiveInvoice
from attibooks_core.model import Capability, InvoiceStatus, RecordRef
from attibooks_core.storage.intents import Ending, Intent, IntentState

KINDS = {"edit": "edited", "void": "voided"}
"""What the trail says of a change that was made."""


class ChangeCarrier(IntentCarrier):
    """Carries intents of the routes `invoices/edit` and `invoices/void`."""

    operation = "change_invoice.v1"
    doubt = "QuickBooks may have changed the invoice, its answer was lost. It is looked up and the record will show it."

    def __init__(self, bench: Workbench, mirror: Mirror) -> None:
        super().__init__(bench)
        self._mirror = mirror

    async def _carry(self, run: OperationRun, intent: Intent) -> str:
        lease = await self._bench.access.of(intent.workspace_id, intent.books)
        if lease is None or lease.accounting is None or intent.payload is None:
            return await self._wait_for_lease(intent)
        frozen = thaw_change(self._bench.vault, intent.workspace_id, intent.payload)
        settings = self._bench.plugins.catalog.stored(frozen.settings)
        ws = self._bench.open(intent.gateway, intent.workspace_id, settings, lease)
        return await self._change(ws, frozen, self._run_of(run, intent))

    async def _change(self, ws: Workspace, frozen: FrozenChange, run: SubmissionRun) -> str:
        try:
            with self._bench.stage("submit", run.intent.workspace_id, run.intent.intent_id):
                invoice = await self._bench.renewing(ws, lambda w: self._changed(w, frozen, run))
        except Superseded:
            raise
        except AttiBooksError as error:
            return await self._failed(ws, run, error, frozen.shown_on)
        return await self._accept(ws, run, invoice)

    # -- sending -------------------------------------------------------------------------------------------------

    async def _changed(self, ws: Workspace, frozen: FrozenChange, run: SubmissionRun) -> BookedInvoice:
        """The invoice after the change.

        :raises Conflict: with the invoice as it is now; nothing of the change is in it.
        """
        backend = changing_backend(ws, Capability.VOID if frozen.edit is None else Capability.EDIT_TERMS)
        try:
            return await backend.send_change(ws.context, frozen.request, run)
        except Conflict as error:
            live = await self._now(backend, ws, run, error)
        if _is_so(frozen, live):
            return live.invoice
        if frozen.edit is None or not _may_go_on(frozen, live):
            raise conflict(live)
        again = await self._planned_anew(backend, ws, frozen, live, run)
        try:
            return await backend.send_change(ws.context, again.request, run)
        except Conflict as error:
            live = await self._now(backend, ws, run, error)
        if _is_so(frozen, live):
            return live.invoice
        raise conflict(live)

    @staticmethod
    async def _now(backend: ChangingBackend, ws: Workspace, run: SubmissionRun, error: Conflict) -> LiveInvoice:
        """The invoice that a conflict is about: only it tells whether the change is in it."""
        try:
            return await backend.read_live(ws.context, str(run.intent.invoice_id))
        except NotFound:
            raise
        except AttiBooksError as failure:
            raise OutcomeUnknown(failure.message, reference=error.reference or failure.reference) from failure

    async def _planned_anew(
        self, backend: ChangingBackend, ws: Workspace, frozen: FrozenChange, live: LiveInvoice, run: SubmissionRun
    ) -> FrozenChange:
        """Somebody changed another part: the same edit of the version of now, under the next generation."""
        assert frozen.edit is not None
        request = await backend.plan_edit(ws.context, live, frozen.edit)
        again = msgspec.structs.replace(frozen, request=request, version=live.version)
        run.intent = replace(
            run.intent,
            payload=freeze_change(self._bench.vault, run.intent.workspace_id, again),
            payload_hash=again.digest,
            generation=run.intent.generation + 1,
            updated_at=self._bench.clock.now(),
        )
        await self._bench.intents.replan(run.intent)
        return again

    # -- showing -------------------------------------------------------------------------------------------------

    async def _accept(self, ws: Workspace, run: SubmissionRun, invoice: BookedInvoice) -> str:
        """Show the invoice on its records, then answer and end; a crash in between repeats both."""
        intent, part, bench = run.intent, part_of(run.intent), self._bench
        with bench.stage("writeback", intent.workspace_id, intent.intent_id):
            await self._mirror.show(
                ws,
                invoice,
                kind=KINDS[part],
                actor=intent.actor,
                request_id=run.request_id(part),
                intent_id=intent.intent_id,
            )
        body = answer_to(intent, invoice)
        ending = Ending(
            IntentState.DONE,
            changed_entry(intent, invoice, bench.clock.now()),
            outcome="ok",
            answer=bench.vault.seal(intent.workspace_id, ANSWER, body),
        )
        bench.outcomes.resolve(intent.intent_id, body)
        with bench.stage("done", intent.workspace_id, intent.intent_id):
            await bench.intents.end(intent, ending)
        return IntentState.DONE.value

    async def _refuse(
        self, ws: Workspace, intent: Intent, error: AttiBooksError, state: IntentState, shown_on: RecordRef | None
    ) -> str:
        """Nothing was changed; what a record shows of the error goes with the next state of the invoice."""
        if shown_on is not None:
            await self._bench.invoices.show_anew(intent.workspace_id, intent.books, str(intent.invoice_id))
        return await super()._refuse(ws, intent, error, state, shown_on)


def answer_to(intent: Intent, invoice: BookedInvoice) -> bytes:
    """The answer of an intent whose change was made."""
    if part_of(intent) == "void":
        return msgspec.json.encode(as_voided(invoice, already=False))
    return msgspec.json.encode(EditedShape(invoice=InvoiceShape.of(invoice)))


def _is_so(frozen: FrozenChange, live: LiveInvoice) -> bool:
    """Whether the invoice is as it was wanted: an earlier attempt arrived, or somebody else did the same."""
    if frozen.edit is None:
        return live.invoice.status is InvoiceStatus.VOIDED
    return is_fulfilled(live, frozen.edit)


def _may_go_on(frozen: FrozenChange, live: LiveInvoice) -> bool:
    """Whether the parts that the edit touches are free and as they were (product row 118)."""
    if frozen.edit is None:
        return False
    touched = frozen.edit.touched
    return not touched & live.locked.keys() and not is_outdated(live, frozen.version, touched)
