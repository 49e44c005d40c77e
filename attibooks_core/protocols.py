"""What plugins implement, and what the host gives them.

Everything that does I/O is an `async` method of one of these objects; hooks only hand the objects over. Objects are
stateless towards workspaces: whatever belongs to one comes in with its `WorkspaceContext`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Protocol, TypeVar, runtime_checkable

from pydantic_settings import BaseSettings

from attibooks_core.documents import Documents
from attibooks_core.errors import AttiBooksError
from attibooks_core.events import StageFinished
from attibooks_core.model import (
    AccountingInvoice,
    AppCall,
    Books,
    Caller,
    Candidate,
    Capability,
    CompanyFacts,
    ConnectionState,
    Credential,
    CrmRecord,
    CustomerMatch,
    Entitlements,
    FieldInfo,
    InvoiceDraft,
    MappableField,
    Problem,
    RecordRef,
    Submission,
    SubmissionPlan,
    Writeback,
    WritebackReport,
)
from attibooks_core.settings import Settings

TAX_BY_BOOKS = "tax_by_books"
"""Code of a plan's warning that only the books will know the tax; a created invoice does not repeat it."""

SettingsModel = TypeVar("SettingsModel", bound=BaseSettings)


# -- what the host gives -----------------------------------------------------------------------------------------


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """This instant, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward, for durations."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer, read to its end. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient(Protocol):
    """One account's connections to one service; at most eight at once."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        timeout: float = 60.0,  # noqa: ASYNC109 - bounds the whole exchange, inside the client
    ) -> HttpReply:
        """Send and read the whole answer; redirects are not followed.

        :raises NothingSent: no connection could be made.
        :raises AnswerLost: the request may have been processed.
        """
        ...


class HttpFactory(Protocol):
    """Hands out clients; plugins never build one."""

    def client(self, account: str) -> HttpClient:
        """The client of one account (`quickbooks:production:9130...`); the same one as long as it is in use."""
        ...


class Memory(Protocol):
    """A small durable memory of one backend for one workspace and one company (customer links, for example)."""

    async def recall(self, key: str) -> str | None:
        """What was remembered under the key."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Keep a value of at most 500 characters under a key of at most 200."""
        ...

    async def forget(self, key: str) -> None:
        """Drop the key; an unknown one is fine."""
        ...


class HostServices(Protocol):
    """What a plugin may keep from its host. Growth here is a decision of the hook API."""

    @property
    def clock(self) -> Clock:
        """The only source of time."""
        ...

    @property
    def http(self) -> HttpFactory:
        """The only source of HTTP clients."""
        ...

    @property
    def public_url(self) -> str:
        """Where this host is reached from outside, without a slash at its end."""
        ...

    @property
    def production(self) -> bool:
        """Whether unsafe defaults are refused."""
        ...

    @property
    def free_invoices(self) -> int:
        """Invoices a month that a workspace may make that pays nothing."""
        ...

    def documents(self, name: str) -> Documents:
        """The durable documents of a plugin; `name` is the plugin's own."""
        ...

    def plugin_settings(self, name: str, model: type[SettingsModel]) -> SettingsModel:
        """A plugin's own settings: environment `ATTIBOOKS_<NAME>__*`, `.env` and the secrets folder.

        :raises ConfigurationError: a value is missing or wrong.
        """
        ...


@dataclass(frozen=True, slots=True)
class WorkspaceContext:
    """One workspace as one operation sees it.

    :param settings: the validated snapshot that this operation uses.
    :param crm: the CRM's token.
    :param accounting: the accounting system's token; None when the call brought none.
    :param memory: durable memory, bound to workspace, backend, environment and company.
    """

    workspace_id: str
    settings: Settings
    crm: Credential
    accounting: Credential | None
    memory: Memory


class Run(Protocol):
    """One run of a durable operation, as the code that writes sees it."""

    maybe_sent: bool
    """An earlier run may have sent the writes: look them up before sending when their keys may be forgotten."""

    started_at: datetime
    """When the operation's intent was stored."""

    def request_id(self, part: str) -> str:
        """The key of one outside write, the same in every run; at most 40 characters, letters, digits and `-`."""
        ...

    async def fence(self) -> None:
        """Call before every outside write.

        :raises Superseded: another run took over; write nothing more.
        """
        ...


# -- what plugins implement --------------------------------------------------------------------------------------


@runtime_checkable
class AppGateway(Protocol):
    """Checks calls of the app inside one CRM; mounted at `/api/{key}/`."""

    key: str

    async def authenticate(self, call: AppCall) -> Caller:
        """Say who calls, or refuse.

        :raises Unauthorized: with code bad_signature, stale_timestamp, token_inactive or workspace_mismatch.
        :raises Down: the CRM could not be asked.
        """
        ...

    async def forget(self, workspace_id: str) -> None:
        """Drop whatever is cached of the workspace (it uninstalled)."""
        ...


@runtime_checkable
class RecordReader(Protocol):
    """Reads records of one CRM."""

    key: str

    async def read_record(self, ws: WorkspaceContext, ref: RecordRef) -> CrmRecord:
        """Read one record, every attribute as plain values.

        :raises NotFound: code `record_not_found`.
        :raises ReconnectNeeded: the CRM refused the token.
        :raises PermissionMissing: a scope is missing.
        :raises Unavailable: the CRM is down or busy.
        """
        ...

    async def read_records(self, ws: WorkspaceContext, refs: Sequence[RecordRef]) -> Sequence[CrmRecord]:
        """Read several records of one object in few calls, in the order that was asked for.

        :raises NotFound: code `record_not_found`; one of them is gone.
        :raises ReconnectNeeded, PermissionMissing, Unavailable: as `read_record`.
        """
        ...

    async def read_referring(
        self, ws: WorkspaceContext, object_slug: str, attribute: str, ref: RecordRef, limit: int
    ) -> Sequence[CrmRecord]:
        """Read the records of an object whose attribute refers to a record, oldest first; at most `limit` of them.

        :raises NotFound: there is no such object or attribute.
        :raises ReconnectNeeded, PermissionMissing, Unavailable: as `read_record`.
        """
        ...

    async def describe_fields(self, ws: WorkspaceContext) -> Mapping[str, Sequence[FieldInfo]]:
        """Attributes, archived ones included, of every object of the workspace, by object slug."""
        ...


@runtime_checkable
class WritebackTarget(Protocol):
    """Writes an outcome onto a record of one CRM."""

    key: str

    async def write_back(self, ws: WorkspaceContext, ref: RecordRef, values: Writeback) -> WritebackReport:
        """Write all mapped fields in one call; one bad field never loses the others.

        :return: what was written to which slug, and what was dropped and why.
        :raises NotFound: the record is gone.
        :raises Unavailable: nothing was written; try again.
        """
        ...


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """What a connection check found; `message` can be shown to users."""

    state: ConnectionState
    message: str
    facts: CompanyFacts | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which things of the books a draft refers to.

    :param references: plain data that only the backend understands, such as ids of item and tax code.
    :param candidates: customers that could be meant as well, for a person to choose from.
    """

    match: CustomerMatch
    references: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    candidates: tuple[Candidate, ...] = ()


class Phase(IntEnum):
    """When an adjuster has its turn; within a phase they go by the plugin's name."""

    LINES = 1
    DISCOUNT = 2
    TAX = 3
    FINAL = 4


@runtime_checkable
class DraftAdjuster(Protocol):
    """Changes a draft after it was built and before a person sees it: deposits, surcharges, wordings."""

    key: str
    phase: Phase

    async def adjust(self, ws: WorkspaceContext, draft: InvoiceDraft, record: CrmRecord) -> InvoiceDraft:
        """The draft as it shall be; customer, currency and source stay what they are.

        Called for a preview as for a create, with the same arguments giving the same draft; writes nothing.

        :raises InvalidDraft: this record cannot be invoiced so; every obstacle at once.
        """
        ...


@runtime_checkable
class AccountingBackend(Protocol):
    """An accounting system.

    The order of a submission is `company`, `resolve`, `plan` (pure), then, with the plan frozen and an intent stored,
    `submit`. Nothing is written before `submit`.
    """

    key: str
    display_name: str
    capabilities: Capability
    mappable: Sequence[MappableField]
    """Further fields of an invoice that every company has; `CompanyFacts.fields` adds the company's own ones."""

    def books(self, settings: Settings) -> Books:
        """Which books the settings name (pure).

        :raises InvalidSettings: the company's id is missing or malformed.
        """
        ...

    async def check_connection(self, ws: WorkspaceContext) -> ConnectionStatus:
        """Ask the books who they are, past every cache, and refresh what `company` keeps.

        Writes nothing, and never raises for a connection that does not work: that is what the answer is for.
        """
        ...

    async def company(self, ws: WorkspaceContext) -> CompanyFacts:
        """Facts of the company, kept for a while.

        :raises ConnectionProblem: the token does not open the company.
        :raises Unavailable: the books do not answer.
        """
        ...

    async def resolve(self, ws: WorkspaceContext, draft: InvoiceDraft) -> Resolution:
        """Find customer, item and tax code by reading only.

        :raises InvalidDraft: every obstacle at once, candidates included.
        """
        ...

    def plan(
        self, settings: Settings, draft: InvoiceDraft, facts: CompanyFacts, resolution: Resolution, marker: str
    ) -> SubmissionPlan:
        """The very bytes to be sent (pure).

        :param marker: unique text of this intent; put where the books keep it and users' customers do not see it, so
            that a lost answer can be looked up.
        """
        ...

    async def submit(self, ws: WorkspaceContext, plan: SubmissionPlan, source: RecordRef, run: Run) -> Submission:
        """Carry the plan out; twice with the same run ids makes one invoice.

        :raises Refused: the books said no, nothing was created.
        :raises InvalidDraft: they said no and named the field.
        :raises ConnectionProblem: the token does not open the company; nothing was created.
        :raises PlanOutdated: the plan names things that are gone; no invoice was created.
        :raises Unavailable: no invoice was created.
        :raises OutcomeUnknown: the answer is lost and could not be looked up.
        """
        ...

    async def fetch_invoice(self, ws: WorkspaceContext, invoice_id: str) -> AccountingInvoice:
        """Read one invoice.

        :raises NotFound: code `invoice_not_found`.
        """
        ...


@dataclass(frozen=True, slots=True)
class BatchJob:
    """One of several submissions that go together.

    :param run: the intent's own: keys of writes that concern this invoice alone.
    """

    plan: SubmissionPlan
    source: RecordRef
    run: Run


@runtime_checkable
class BatchingBackend(Protocol):
    """What an accounting backend may offer beyond `AccountingBackend`: many invoices in few calls.

    A backend without it is asked for one invoice after the other.
    """

    batch_size: int
    """Most jobs that `submit_many` takes at once."""

    async def resolve_many(
        self, ws: WorkspaceContext, drafts: Sequence[InvoiceDraft]
    ) -> Sequence[Resolution | AttiBooksError]:
        """As `AccountingBackend.resolve` for each draft, in this order; what it would raise is an answer here."""
        ...

    async def submit_many(
        self, ws: WorkspaceContext, jobs: Sequence[BatchJob], run: Run
    ) -> Sequence[Submission | AttiBooksError]:
        """As `AccountingBackend.submit` for each job, in this order; what it would raise is an answer here.

        The same jobs in the same order with the same run ids make each invoice once. An answer stands for its job
        alone: one that is refused hurts no other.

        :param run: keys of the writes that all jobs share; at most 5 characters in a part, 36 in a key.
        :raises Superseded: another run took over.
        :raises AttiBooksError: the same for every job.
        """
        ...


@runtime_checkable
class BillingProvider(Protocol):
    """Says what a workspace's plan allows; counting is the host's business."""

    key: str

    async def entitlements(self, workspace_id: str) -> Entitlements:
        """The plan as last known; a provider that is down never locks a customer out."""
        ...


@runtime_checkable
class Observer(Protocol):
    """Is shown the end of every stage; must not raise or block."""

    def observe(self, event: StageFinished) -> None:
        """Take note."""
        ...


__all__ = [
    "TAX_BY_BOOKS",
    "AccountingBackend",
    "AppGateway",
    "BatchJob",
    "BatchingBackend",
    "BillingProvider",
    "Clock",
    "ConnectionStatus",
    "DraftAdjuster",
    "HostServices",
    "HttpClient",
    "HttpFactory",
    "HttpReply",
    "Memory",
    "Observer",
    "Phase",
    "RecordReader",
    "Resolution",
    "Run",
    "WorkspaceContext",
    "WritebackTarget",
]
