"""QuickBooks Online as the host sees it: one object, stateless towards workspaces except for what it keeps of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from attibooks_core.errors import AttiBooksError, ConnectionProblem, PlanOutdated
from attibooks_core.lifecycle import BookedInvoice, BooksEvent, ChangePage, InvoiceEdit, LiveInvoice
from attibooks_core.model import (
    Books,
    Capability,
    CompanyFacts,
    InvoiceDraft,
    MappableField,
    RecordRef,
    Submission,
    SubmissionPlan,
    WireRequest,
)
from attibooks_core.protocols import (
    BatchJob,
    Clock,
    ConnectionStatus,
    HttpFactory,
    Resolution,
    Run,
    WorkspaceContext,
)
from attibooks_core.settings import Settings
from attibooks_quickbooks import mapping
from attibooks_quickbooks.batching import BATCH_SIZE, BatchSubmitter, few_at_once
from attibooks_quickbooks.changes import Changes
from attibooks_quickbooks.changing import Changer
from attibooks_quickbooks.client import QuickBooksClient
from attibooks_quickbooks.company import Companies, access_of
from attibooks_quickbooks.customers import Known
from attibooks_quickbooks.faults import vendor_code
from attibooks_quickbooks.fields import MAPPABLE
from attibooks_quickbooks.lists import Lists
from attibooks_quickbooks.lookup import read_invoice
from attibooks_quickbooks.oauth import Authorizing
from attibooks_quickbooks.refusals import CHANGED_BOOKS
from attibooks_quickbooks.resolve import Resolver
from attibooks_quickbooks.settings import KEY, QuickBooksHostSettings, books_of
from attibooks_quickbooks.submission import Submitter
from attibooks_quickbooks.voiding import as_remembered
from attibooks_quickbooks.webhooks import SIGNATURE, Verifier, events_of
from attibooks_quickbooks.wire import InvoiceAnswer


class QuickBooksBackend(Authorizing):
    """Implements `AccountingBackend` and `BatchingBackend`, and of `capabilities` what is claimed."""

    key = KEY
    display_name = "QuickBooks Online"
    capabilities = (
        Capability.MULTICURRENCY
        | Capability.TAX
        | Capability.SEND_EMAIL
        | Capability.SANDBOX
        | Capability.EDIT_TERMS
        | Capability.EDIT_LINES
        | Capability.VOID
        | Capability.CHANGES
        | Capability.WEBHOOKS
    )
    mappable: Sequence[MappableField] = MAPPABLE
    batch_size = BATCH_SIZE

    def __init__(self, http: HttpFactory, clock: Clock, settings: QuickBooksHostSettings) -> None:
        super().__init__(http, clock, settings)
        self._client = QuickBooksClient(http, clock, settings)
        self._companies = Companies(self._client, clock)
        self._lists = Lists(clock)
        self._resolver = Resolver(self._client, self._companies, self._lists)
        self._submitter = Submitter(self._client, clock)
        self._changer = Changer(self._client, clock, self._companies, self._lists)
        self._batch_submitter = BatchSubmitter(self._client, clock, self._submitter)
        self._changes = Changes(self._client, self._companies, clock)
        self._verifier = Verifier(settings.verifier_tokens)

    def books(self, settings: Settings) -> Books:
        """Which company the settings name.

        :raises InvalidSettings: the company id is missing.
        """
        return books_of(settings)

    async def check_connection(self, ws: WorkspaceContext) -> ConnectionStatus:
        """Ask QuickBooks who it is, past what is kept; two or three calls, one more when the company does not open.

        :raises InvalidSettings: the company id is missing.
        """
        return await self._companies.check(ws)

    async def company(self, ws: WorkspaceContext) -> CompanyFacts:
        """Facts of the company, kept for 24 hours.

        :raises ConnectionProblem: the token does not open the company.
        :raises Unavailable: QuickBooks does not answer.
        """
        async with self._minding(ws):
            return await self._companies.facts(ws)

    async def resolve(self, ws: WorkspaceContext, draft: InvoiceDraft) -> Resolution:
        """Find what the draft refers to; nothing is read for a linked customer when the rest is kept.

        :raises InvalidDraft: every obstacle at once.
        """
        async with self._minding(ws):
            return await self._resolver.resolve(ws, draft)

    def plan(
        self,
        settings: Settings,
        draft: InvoiceDraft,
        facts: CompanyFacts,  # noqa: ARG002 - what counts of it is in the resolution, which may be newer
        resolution: Resolution,
        marker: str,
    ) -> SubmissionPlan:
        """The very bytes to be sent."""
        return mapping.plan_of(settings, draft, resolution, marker)

    async def submit(self, ws: WorkspaceContext, plan: SubmissionPlan, source: RecordRef, run: Run) -> Submission:
        """Carry the plan out (see `AccountingBackend.submit`); warnings are those of the way, not the plan's again."""
        async with self._minding(ws):
            return await self._submitter.submit(ws, plan, source, run)

    async def resolve_many(
        self, ws: WorkspaceContext, drafts: Sequence[InvoiceDraft]
    ) -> Sequence[Resolution | AttiBooksError]:
        """Find what the drafts refer to: customers are looked for together (see `BatchingBackend.resolve_many`)."""
        async with self._minding(ws):
            known = await self._resolver.known_to_all(ws, drafts)
        return await few_at_once([self._resolved(ws, draft, known) for draft in drafts])

    async def _resolved(self, ws: WorkspaceContext, draft: InvoiceDraft, known: Known) -> Resolution | AttiBooksError:
        try:
            async with self._minding(ws):
                return await self._resolver.resolve(ws, draft, known)
        except AttiBooksError as error:
            return error

    async def submit_many(
        self, ws: WorkspaceContext, jobs: Sequence[BatchJob], run: Run
    ) -> Sequence[Submission | AttiBooksError]:
        """Carry many plans out in few calls (see `BatchingBackend.submit_many`)."""
        async with self._minding(ws):
            ends = await self._batch_submitter.submit_many(ws, jobs, run)
        for end in ends:
            if isinstance(end, AttiBooksError):
                self._mind(ws, end)
        return ends

    async def fetch_invoice(self, ws: WorkspaceContext, invoice_id: str) -> BookedInvoice:
        """Read one invoice.

        :raises NotFound: code `invoice_not_found`.
        """
        access = access_of(ws)
        invoice = (await read_invoice(self._client, access, invoice_id, InvoiceAnswer)).invoice
        has_currency = invoice.currency_ref is not None and invoice.currency_ref.value
        currency = "" if has_currency else (await self.company(ws)).home_currency
        return await as_remembered(ws, mapping.invoice_of(access.books, invoice, currency))

    async def read_live(self, ws: WorkspaceContext, invoice_id: str) -> LiveInvoice:
        """Read one invoice for somebody who wants to edit or void it: one call.

        :raises NotFound: code `invoice_not_found`.
        """
        async with self._minding(ws):
            return await self._changer.read_live(ws, invoice_id)

    async def plan_edit(self, ws: WorkspaceContext, live: LiveInvoice, edit: InvoiceEdit) -> WireRequest:
        """The very bytes of an edit; asks only for items and tax codes that are new on a line.

        :raises InvalidDraft: every obstacle at once.
        """
        async with self._minding(ws):
            return await self._changer.plan_edit(ws, live, edit)

    def plan_void(self, live: LiveInvoice) -> WireRequest:
        """The very bytes of a void."""
        return self._changer.plan_void(live)

    async def send_change(self, ws: WorkspaceContext, request: WireRequest, run: Run) -> BookedInvoice:
        """Carry an edit or a void out (see `ChangingBackend.send_change`)."""
        async with self._minding(ws):
            return await self._changer.send_change(ws, request, run)

    async def changes(self, ws: WorkspaceContext, since: datetime | None) -> AsyncIterator[ChangePage]:
        """Tell what has changed (see `WatchedBackend.changes`)."""
        async with self._minding(ws):
            async for page in self._changes.since(ws, since):
                yield page

    async def fetch_invoices(self, ws: WorkspaceContext, invoice_ids: Sequence[str]) -> Mapping[str, BookedInvoice]:
        """Read several invoices, 200 a call; deleted and unknown ones are left out."""
        async with self._minding(ws):
            return await self._changes.by_ids(ws, invoice_ids)

    async def existing_invoices(self, ws: WorkspaceContext, invoice_ids: Sequence[str]) -> frozenset[str]:
        """Which of these there are, 1,000 a call."""
        async with self._minding(ws):
            return await self._changes.existing(ws, invoice_ids)

    async def count_invoices(self, ws: WorkspaceContext) -> int:
        """How many invoices there are: one call."""
        async with self._minding(ws):
            return await self._changes.count(ws)

    def check_delivery(self, headers: Mapping[bytes, bytes], body: bytes) -> str:
        """Whose verifier token a webhook is signed with (see `NotifyingBackend.check_delivery`)."""
        return self._verifier.environment_of(headers.get(SIGNATURE, b""), body)

    def read_delivery(self, environment: str, body: bytes, received_at: datetime) -> Sequence[BooksEvent]:
        """Understand a webhook (see `NotifyingBackend.read_delivery`)."""
        return events_of(environment, body, received_at)

    @asynccontextmanager
    async def _minding(self, ws: WorkspaceContext) -> AsyncIterator[None]:
        """Keep nothing of a company that an error says has changed."""
        try:
            yield
        except AttiBooksError as error:
            self._mind(ws, error)
            raise

    def _mind(self, ws: WorkspaceContext, error: AttiBooksError) -> None:
        if isinstance(error, PlanOutdated | ConnectionProblem) or vendor_code(error) in CHANGED_BOOKS:
            self._companies.drop(ws)
            self._lists.drop(ws)
