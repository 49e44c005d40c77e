"""The durable operation `create_invoice.v1`: carries one intent to its end, as often as it takes.

It has no journaled steps: its intent row, the request ids and the idempotent writeback make a second run harmless.
A run first asks what the intent already knows: no invoice yet, so submit; an invoice, so only show it.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from attibooks_core.durable import OperationRun
from attibooks_core.errors import AttiBooksError, PlanOutdated, Refused, Superseded
from attibooks_core.events import InvoiceSubmitted, SubmissionFailed, WritebackFailed
from attibooks_core.invoicing.answering import answer_of
from attibooks_core.invoicing.drafting import draft_invoice
from attibooks_core.invoicing.entries import accepted_entry, ending_entry
from attibooks_core.invoicing.first_showing import FirstShowing, seen_again, warnings_of
from attibooks_core.invoicing.freezing import ANSWER, Frozen, freeze, marker_of, thaw
from attibooks_core.invoicing.mirroring import Mirror
from attibooks_core.invoicing.running import IntentCarrier, SubmissionRun, pause_after
from attibooks_core.invoicing.shapes import (
    CreatedShape,
    InvoiceShape,
    MadeShape,
    ProblemShape,
    UsageShape,
    WritebackShape,
)
from attibooks_core.invoicing.showing import show_invoice
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.model import RecordRef, Submission, SubmissionPlan, WritebackReport, WritebackState
from attibooks_core.plans.quota import COUNTED
from attibooks_core.protocols import TAX_BY_BOOKS
from attibooks_core.storage.intents import Ending, Intent, IntentState
from attibooks_core.storage.invoices import InvoiceRow
from attibooks_core.storage.usage import Counter

GIVE_UP_WRITEBACK = timedelta(hours=24)


class InvoiceCarrier(IntentCarrier):
    """Carries intents of the route `invoices`."""

    operation = "create_invoice.v1"
    doubt = "QuickBooks may have made the invoice, its answer was lost. It is looked up and the record will show it."

    def __init__(self, bench: Workbench, mirror: Mirror) -> None:
        super().__init__(bench)
        self._mirror = mirror

    async def _carry(self, run: OperationRun, intent: Intent) -> str:
        lease = await self._bench.access.of(intent.workspace_id, intent.books)
        if lease is None or intent.payload is None or (intent.invoice_id is None and lease.accounting is None):
            return await self._wait_for_lease(intent)
        frozen = thaw(self._bench.vault, intent.workspace_id, intent.payload)
        settings = self._bench.plugins.catalog.stored(frozen.settings)
        ws = self._bench.open(intent.gateway, intent.workspace_id, settings, lease)
        if intent.invoice_id is not None:
            return await self._show_again(ws, intent)
        return await self._submit(ws, frozen, self._run_of(run, intent))

    # -- submitting ----------------------------------------------------------------------------------------------

    async def _submit(self, ws: Workspace, frozen: Frozen, run: SubmissionRun) -> str:
        intent = run.intent
        try:
            with self._bench.stage("submit", intent.workspace_id, intent.intent_id):
                plan, submission = await self._submitted(ws, frozen, run)
        except Superseded:
            raise
        except AttiBooksError as error:
            return await self._failed(ws, run, error, run.intent.source)
        return await self._accept(ws, run.intent, frozen.company, plan, submission)

    async def _submitted(self, ws: Workspace, frozen: Frozen, run: SubmissionRun) -> tuple[SubmissionPlan, Submission]:
        try:
            return frozen.plan, await self._sent(ws, frozen.plan, run)
        except PlanOutdated as error:
            if frozen.is_reviewed:  # another plan would not be what the user saw
                raise _outdated(error) from error
            plan = await self._planned_anew(ws, run)
        try:
            return plan, await self._sent(ws, plan, run)
        except PlanOutdated as error:
            raise _outdated(error) from error

    async def _sent(self, ws: Workspace, plan: SubmissionPlan, run: SubmissionRun) -> Submission:
        return await self._bench.renewing(ws, lambda w: w.backend.submit(w.context, plan, run.intent.source, run))

    async def _planned_anew(self, ws: Workspace, run: SubmissionRun) -> SubmissionPlan:
        """Something that the plan names is gone (an inactive customer), and no invoice was made: plan once more."""
        intent = run.intent
        plan = (await draft_invoice(self._bench, ws, intent.source, marker_of(intent.intent_id))).plan
        run.intent = replace(
            intent,
            payload=freeze(self._bench.vault, intent.workspace_id, Frozen(plan, ws.context.settings.plain())),
            payload_hash=plan.digest,
            generation=intent.generation + 1,
            updated_at=self._bench.clock.now(),
        )
        await self._bench.intents.replan(run.intent)
        return plan

    async def _accept(
        self,
        ws: Workspace,
        intent: Intent,
        company: RecordRef | None,
        plan: SubmissionPlan,
        submission: Submission,
    ) -> str:
        """Record the invoice and show it on its records at the same time: the books have said yes to all of that."""
        now = self._bench.clock.now()
        shape = InvoiceShape.of(submission.invoice)
        first = FirstShowing(await self._mirror.glass(ws), intent, submission.invoice, company)
        with self._bench.stage("commit", intent.workspace_id, intent.intent_id):
            report, stored, counter = await asyncio.gather(  # the CRM takes its time, the database does not
                self._shown(ws, intent, shape, now),
                first.store(),
                self._bench.intents.accept(intent, submission.invoice, accepted_entry(intent, submission.invoice, now)),
            )
        accepted = replace(intent, invoice_id=submission.invoice.id, state=IntentState.ACCEPTED)
        said = (w for w in (*plan.warnings, *submission.warnings) if w.code != TAX_BY_BOOKS)  # it is known by now
        warnings = [ProblemShape.of(w) for w in (*said, *warnings_of(stored))]
        usage = await self._usage(intent, counter, now)
        answer = CreatedShape(invoice=shape, writeback=WritebackShape.of(report), usage=usage, warnings=warnings)
        await self._end_accepted(ws, accepted, answer, report, first.end(report, stored))
        await self.tell(ws, accepted, InvoiceSubmitted, backend=ws.books.backend, invoice_id=submission.invoice.id)
        return "accepted"

    async def _usage(self, intent: Intent, counter: Counter, now: datetime) -> UsageShape:
        if intent.books.environment != COUNTED:
            counter = await self._bench.usage.count(intent.workspace_id, COUNTED, f"{now:%Y-%m}")
        return UsageShape.of(await self._bench.billing.entitlements(intent.workspace_id), counter, now)

    # -- showing -------------------------------------------------------------------------------------------------

    async def show_made(self, ws: Workspace, intent: Intent, made: MadeShape, counter: Counter) -> None:
        """Show an invoice that was made together with others, and end its intent.

        :param counter: of the intent's environment, this month.
        :raises Superseded: another run took over.
        """
        now = self._bench.clock.now()
        report = WritebackReport(WritebackState.NONE)
        if await self._bench.intents.is_newest(intent):
            report = await self._shown(ws, intent, made.invoice, now)
        usage = await self._usage(intent, counter, now)
        writeback = WritebackShape.of(report)
        answer = CreatedShape(invoice=made.invoice, writeback=writeback, usage=usage, warnings=made.warnings)
        await self._end_accepted(ws, intent, answer, report, await self._seen_again(ws, intent, made.invoice, report))
        await self.tell(ws, intent, InvoiceSubmitted, backend=ws.books.backend, invoice_id=made.invoice.id)

    async def _shown(self, ws: Workspace, intent: Intent, invoice: InvoiceShape, now: datetime) -> WritebackReport:
        with self._bench.stage("writeback", intent.workspace_id, intent.intent_id):
            return await show_invoice(ws, intent.source, invoice, now)

    async def _show_again(self, ws: Workspace, intent: Intent) -> str:
        """The invoice stands and the record does not show it: a parked writeback, or a crash in between."""
        bench = self._bench
        now = bench.clock.now()
        if not await bench.intents.is_newest(intent):
            report = WritebackReport(WritebackState.NONE)
            return await self._end_accepted(ws, intent, None, report, None)
        answer = await answer_of(bench, ws, intent)
        if answer is None:
            return await self._wait_for_lease(intent)
        report = await self._shown(ws, intent, answer.invoice, now)
        answer = msgspec.structs.replace(answer, writeback=WritebackShape.of(report))
        row = await self._seen_again(ws, intent, answer.invoice, report)
        return await self._end_accepted(ws, intent, answer, report, row)

    async def _seen_again(
        self, ws: Workspace, intent: Intent, shape: InvoiceShape, report: WritebackReport
    ) -> InvoiceRow | None:
        row = await self._bench.invoices.load(intent.workspace_id, ws.books, shape.id)
        return None if row is None else seen_again(await self._mirror.glass(ws), row, shape, report)

    async def _end_accepted(
        self,
        ws: Workspace,
        intent: Intent,
        answer: CreatedShape | None,
        report: WritebackReport,
        row: InvoiceRow | None,
    ) -> str:
        now = self._bench.clock.now()
        parked = report.state is WritebackState.PARKED and now - intent.created_at < GIVE_UP_WRITEBACK
        body = msgspec.json.encode(answer) if answer is not None else None
        ending = Ending(
            IntentState.PARKED if parked else IntentState.DONE,
            ending_entry(intent, now, "writeback", f"The record's fields: {report.state.value}."),
            outcome="ok" if body is not None else None,
            answer=self._bench.vault.seal(intent.workspace_id, ANSWER, body) if body is not None else None,
            next_attempt_at=now + pause_after(intent.attempts) if parked else None,
            invoice=row,
        )
        # Whoever waits need not wait for this: until it is kept, a repeat of the click waits. Except where the answer
        # asks for something (Run Setup) that looks at what is kept.
        is_early = row is None or row.error_code is None
        if body is not None and is_early:
            self._bench.outcomes.resolve(intent.intent_id, body)
        with self._bench.stage("done", intent.workspace_id, intent.intent_id):
            await self._bench.intents.end(intent, ending)
        if body is not None and not is_early:
            self._bench.outcomes.resolve(intent.intent_id, body)
        if report.state is WritebackState.PARKED:
            code = report.problems[0].code
            await self.tell(ws, intent, WritebackFailed, invoice_id=str(intent.invoice_id), code=code)
        return ending.state.value

    # -- other endings -------------------------------------------------------------------------------------------

    async def _refuse(
        self, ws: Workspace, intent: Intent, error: AttiBooksError, state: IntentState, shown_on: RecordRef | None
    ) -> str:
        """No invoice was made."""
        outcome = await super()._refuse(ws, intent, error, state, shown_on)
        await self.tell(ws, intent, SubmissionFailed, code=error.code)
        return outcome


def _outdated(error: PlanOutdated) -> Refused:
    return Refused(error.message, reference=error.reference, details=error.details)
