"""Carrying a plan out: twice with the same run ids makes one invoice, whatever is lost on the way.

The order: look up what an earlier run may have made, when its request ids may be forgotten; make the customer and
remember it; make the invoice; send it. A write whose end is unknown is looked up by its marker before anything is
said about it, and only what could not be looked up is reported as unknown.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NoReturn

from msgspec import structs

from attibooks_core.errors import (
    AttiBooksError,
    Down,
    OutcomeUnknown,
    PlanOutdated,
    Superseded,
)
from attibooks_core.model import InvoiceStatus, Problem, RecordRef, Submission, SubmissionPlan, WireRequest
from attibooks_core.protocols import Clock, Run, WorkspaceContext
from attibooks_quickbooks.client import Access, QuickBooksClient
from attibooks_quickbooks.company import access_of
from attibooks_quickbooks.customers import Link, is_worth_remembering, link_key, recall_link, remember_link
from attibooks_quickbooks.faults import NoAnswer, vendor_code
from attibooks_quickbooks.lookup import LookUp
from attibooks_quickbooks.mapping import (
    CUSTOMER,
    INVOICE,
    NOT_MAILED,
    SEND,
    carries,
    invoice_of,
    made_at,
    request_of,
    sent_value,
    status_of,
    untaxed_total,
    with_customer,
    with_invoice,
)
from attibooks_quickbooks.newcomers import Newcomers
from attibooks_quickbooks.refusals import DUPLICATE_NUMBER, DUPLICATE_REQUEST, GONE, NOT_FOUND
from attibooks_quickbooks.settings import books_of
from attibooks_quickbooks.wire import Invoice, InvoiceAnswer

KEYS_LAST = timedelta(minutes=10)
"""How long QuickBooks is trusted to remember a request id; the true span is not known (QuickBooks reference)."""

REPLAY_AGE = timedelta(minutes=1)
"""An answer about an older invoice is a replay, and the invoice may have changed since."""


@dataclass(slots=True)
class Job:
    """One submission under way; `request` is the invoice's.

    :param record: stands for the customer; its link is remembered.
    :param looked_up: nothing of an earlier run is unknown any more.
    :param customer_id: None until it is known.
    """

    ws: WorkspaceContext
    plan: SubmissionPlan
    record: RecordRef
    run: Run
    request: WireRequest
    note: str
    customer_id: str | None
    looked_up: bool = False
    warnings: list[Problem] = field(default_factory=list)

    @property
    def is_doubtful(self) -> bool:
        """An earlier run may have made the invoice, and nobody has looked yet."""
        return self.run.maybe_sent and not self.looked_up

    @property
    def access(self) -> Access:
        """The company of the plan, which has to be the one of the settings.

        :raises NotConnected: the call brought no token.
        :raises PlanOutdated: the settings name other books by now.
        """
        if books_of(self.ws.settings) != self.plan.books:
            raise PlanOutdated("The settings name another QuickBooks company than the prepared invoice. Try again.")
        return access_of(self.ws)


class Submitter:
    """Carries plans out."""

    def __init__(self, client: QuickBooksClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._newcomers = Newcomers(client)
        self._look_up = LookUp(client, clock)

    async def submit(self, ws: WorkspaceContext, plan: SubmissionPlan, source: RecordRef, run: Run) -> Submission:
        """Make the customer if it is new, the invoice, and have it e-mailed (see `AccountingBackend.submit`)."""
        job = job_of(ws, plan, source, run)
        return await self.finished(job, await self.made(job))

    async def made(self, job: Job) -> Invoice:
        """The invoice of a submission, with its customer, not yet e-mailed."""
        try:
            return await self._of_an_old_run(job) or await self.current(job, await self._create(job))
        except Superseded:
            raise
        except (NoAnswer, AttiBooksError) as error:
            return await self._settled(job, error)

    async def finished(self, job: Job, invoice: Invoice) -> Submission:
        """Have an invoice that stands e-mailed, and say what came of it all."""
        invoice = await self._sent(job, invoice)
        result = invoice_of(job.plan.books, invoice, job.plan.currency)
        return Submission(result, (*_difference(job.plan, invoice), *job.warnings))

    # -- the customer and the invoice

    async def _of_an_old_run(self, job: Job) -> Invoice | None:
        """What an earlier run made so long ago that its request ids may be forgotten."""
        if not job.run.maybe_sent or self._clock.now() - job.run.started_at <= KEYS_LAST:
            return None
        found = await self._look_up.find(job.access, job.run, job.note, job.customer_id)
        job.looked_up = True
        return found

    async def _create(self, job: Job) -> Invoice:
        access = job.access
        customer_id = await self._customer(job)
        request = replace(job.request, body=with_customer(job.request.body, customer_id))
        try:
            answer = await self._client.write(
                access, request, InvoiceAnswer, request_id=job.run.request_id(INVOICE), fence=job.run.fence
            )
        except AttiBooksError as error:
            if vendor_code(error) in GONE:
                await self.outdated(job, error)
            raise
        return answer.invoice

    async def _customer(self, job: Job) -> str:
        """The customer's id; the record is linked to it before the invoice is made, so that no failure loses it."""
        request = request_of(job.plan, CUSTOMER)
        if job.customer_id is None and job.run.maybe_sent:
            job.customer_id = await self.linked_by_earlier_run(job)
        if job.customer_id is None and request is not None:
            job.customer_id = await self._newcomers.make(job.access, job.plan, request, job.run)
        if job.customer_id is None:
            raise PlanOutdated("The prepared invoice names no customer. Try again.")
        await self.remember(job, job.customer_id)
        return job.customer_id

    async def remember(self, job: Job, customer_id: str) -> None:
        """Link the record to its customer."""
        if is_worth_remembering(job.plan.match):
            await remember_link(job.ws.memory, job.record, Link(customer_id, job.plan.currency))

    async def linked_by_earlier_run(self, job: Job) -> str | None:
        """The customer that an earlier run made, or found, and linked the record to."""
        link = await recall_link(job.ws.memory, job.record)
        return link.id if link and link.currency == job.plan.currency else None

    async def outdated(self, job: Job, error: AttiBooksError) -> NoReturn:
        """Customer, item or tax code of the plan is gone: forget the link, so that the next plan looks anew."""
        await job.ws.memory.forget(link_key(job.record))
        raise PlanOutdated(error.message, reference=error.reference, details=error.details) from error

    # -- what became of a write

    async def _settled(self, job: Job, error: NoAnswer | AttiBooksError) -> Invoice:
        """The invoice that was made in spite of an error.

        :raises AttiBooksError: the error, once it is known that there is no invoice.
        :raises OutcomeUnknown: that could not be found out.
        """
        try:
            found = await self._looked_up(job, error)
        except AttiBooksError as failure:
            raise unknown(error.reference or failure.reference or job.run.request_id(INVOICE), failure) from error
        if found is not None:
            return found
        refusal = error if isinstance(error, AttiBooksError) else error.refusal
        if isinstance(error, NoAnswer) and refusal is not None and vendor_code(refusal) in GONE:
            await self.outdated(job, refusal)
        if refusal is not None:
            raise refusal
        raise lost(error.reference)

    async def _looked_up(self, job: Job, error: NoAnswer | AttiBooksError) -> Invoice | None:
        if isinstance(error, NoAnswer) or vendor_code(error) == DUPLICATE_REQUEST:
            return await self._look_up.find_late(job.access, job.run, job.note, job.customer_id)
        if job.is_doubtful:
            return await self._look_up.find(job.access, job.run, job.note, job.customer_id)
        if vendor_code(error) == DUPLICATE_NUMBER and (other := error.details.get("transaction_id")):
            return await self.if_ours(job, other)
        return None

    async def if_ours(self, job: Job, invoice_id: str) -> Invoice | None:
        """The invoice that holds our number: an earlier attempt of ours made it, or it is somebody else's."""
        try:
            found = (await self._client.read(job.access, f"invoice/{invoice_id}", InvoiceAnswer)).invoice
        except AttiBooksError as error:
            if vendor_code(error) == NOT_FOUND:
                return None
            raise
        return found if carries(found, job.note) else None

    async def current(self, job: Job, invoice: Invoice) -> Invoice:
        """The invoice as it is now: QuickBooks replays an old answer also when the invoice is gone since."""
        made = made_at(invoice)
        if not job.run.maybe_sent or made is None or self._clock.now() - made < REPLAY_AGE:
            return invoice
        try:
            return (await self._client.read(job.access, f"invoice/{invoice.id}", InvoiceAnswer)).invoice
        except AttiBooksError as error:
            return structs.replace(invoice, status="Deleted") if vendor_code(error) == NOT_FOUND else invoice

    # -- the e-mail

    async def _sent(self, job: Job, invoice: Invoice) -> Invoice:
        """Have it e-mailed; a failure is a warning, because the invoice stands."""
        request = request_of(job.plan, SEND)
        alive = status_of(invoice) not in {InvoiceStatus.VOIDED, InvoiceStatus.DELETED}
        if request is None or not alive or invoice.email_status == "EmailSent":
            return invoice
        try:
            answer = await self._client.write(
                job.access,
                with_invoice(request, invoice.id),
                InvoiceAnswer,
                request_id=job.run.request_id(SEND),
                fence=job.run.fence,
            )
        except Superseded:
            raise
        except (NoAnswer, AttiBooksError) as error:
            job.warnings.append(_not_mailed(invoice, error))
            return invoice
        return answer.invoice if answer.invoice.id == invoice.id else invoice


def job_of(ws: WorkspaceContext, plan: SubmissionPlan, source: RecordRef, run: Run) -> Job:
    """A submission that has not begun.

    :raises PlanOutdated: there is no invoice in the plan.
    """
    request = request_of(plan, INVOICE)
    if request is None:
        raise PlanOutdated("The prepared invoice holds no invoice. Try again.")
    note = sent_value(request, "PrivateNote") or ""
    return Job(ws, plan, plan.customer_record or source, run, request, note, plan.match.id)


def unknown(reference: str, failure: AttiBooksError) -> OutcomeUnknown:
    """What is said when neither the write nor the look-up gave an answer."""
    text = "It is not known yet whether QuickBooks created the invoice, because it could not be asked: "
    advice = " Do not make the invoice by hand before this is settled."
    return OutcomeUnknown(f"{text}{failure.message}{advice}", reference=reference, details=failure.details)


def lost(reference: str | None) -> Down:
    """What is said when there is no answer, and no invoice either."""
    text = "QuickBooks did not answer, and a look-up shows that no invoice was created. Try again in a few minutes."
    return Down(text, reference=reference)


def _difference(plan: SubmissionPlan, invoice: Invoice) -> list[Problem]:
    """A warning when QuickBooks added up another sum than the one that was shown to the user."""
    added, stands = untaxed_total(invoice), status_of(invoice) in {InvoiceStatus.OPEN, InvoiceStatus.PAID}
    if not stands or added == plan.subtotal:
        return []
    message = f"QuickBooks adds the invoice up to {added} {plan.currency} before tax; {plan.subtotal} was expected."
    fix = "Check the invoice in QuickBooks: a discount, tax setting or later change there may be the reason."
    return [Problem("rate", "total_differs", message, fix, severity="warning")]


def _not_mailed(invoice: Invoice, error: NoAnswer | AttiBooksError) -> Problem:
    reason = error.reason if isinstance(error, NoAnswer) else error.message
    message = f"Invoice {invoice.doc_number or invoice.id} was created, not e-mailed: {reason}"
    fix = "Correct what is wrong, then send the invoice from QuickBooks."
    return Problem("customer_email", NOT_MAILED, message, fix, severity="warning")
