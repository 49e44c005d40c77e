"""What the records of an invoice show: its source record's fields, and its own record where such are kept.

One way for every cause (create, edit, void, sync, repair): an older version never overwrites a newer one, a record is
written only where what it shows is different, and what the CRM could not take is kept to be shown again.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from attibooks_core.capabilities import InvoiceStore, RecordStore
from attibooks_core.errors import AttiBooksError, ConnectionProblem, NotFound, Unavailable
from attibooks_core.invoicing.builder import COMPANIES
from attibooks_core.invoicing.pacing import Pace
from attibooks_core.invoicing.shapes import InvoiceShape
from attibooks_core.invoicing.showing import values_of
from attibooks_core.invoicing.sources import company_of
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.lifecycle import BookedInvoice, DeletedInvoice, InvoiceEntry
from attibooks_core.model import (
    AccountingInvoice,
    InvoiceStatus,
    Problem,
    RecordRef,
    Writeback,
    WritebackReport,
    WritebackState,
)
from attibooks_core.plans.entitlements import INVOICE_OBJECT, entitled
from attibooks_core.retries import pause_of
from attibooks_core.storage.invoices import InvoiceRow, order_of
from attibooks_core.storage.trail import TrailEntry

PAUSES = (5, 15, 60, 300, 900, 3600)
"""Seconds before a record is tried again, by the number of attempts so far; the last one stays."""
SETUP_NEEDED = "setup_needed"
WITHOUT_SETUP = timedelta(hours=6)
"""A missing object is looked for again this rarely: each time costs a read of the books."""

T = TypeVar("T")
State: TypeAlias = BookedInvoice | DeletedInvoice


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What became of one state of an invoice.

    :param changed: something that a person can see is different now.
    :param writeback: of the source record.
    :param problems: why a record does not show it.
    """

    changed: bool = False
    writeback: WritebackReport = field(default_factory=lambda: WritebackReport(WritebackState.NONE))
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an invoice is shown: what its entry in the trail says."""

    kind: str
    actor: str | None = None
    intent_id: str | None = None
    request_id: str | None = None
    reference: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """One state of an invoice that its records do not show yet.

    :param row: as stored, None for one that is not known yet.
    """

    row: InvoiceRow | None
    state: State
    shown_digest: str | None
    entry: InvoiceEntry | None

    @property
    def shows(self) -> bool:
        """Whether the source record is to be written."""
        return self.shown_digest is not None and (self.row is None or self.row.shown_digest != self.shown_digest)

    @property
    def stores(self) -> bool:
        """Whether the invoice's own record is to be written."""
        return self.entry is not None and (self.row is None or self.row.stored_digest != self.entry.digest)


class Mirror:
    """Shows invoices on their records."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._locks: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = WeakValueDictionary()

    async def glass(self, ws: Workspace) -> "Glass":
        """The mirror of one workspace, for as many invoices as one run has."""
        may_store_new = ws.store is not None and entitled(
            await self._bench.billing.entitlements(ws.context.workspace_id), INVOICE_OBJECT
        )
        return Glass(self._bench, ws, self._locks, may_store_new=may_store_new)

    async def show(
        self,
        ws: Workspace,
        state: State,
        *,
        kind: str,
        actor: str | None = None,
        entry_details: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        reference: str | None = None,
        intent_id: str | None = None,
    ) -> Mirrored:
        """Show one state of an invoice; what the CRM cannot take is parked, never raised."""
        glass = await self.glass(ws)
        row = await self._bench.invoices.load(ws.context.workspace_id, ws.books, state.id)
        task = glass.consider(row, state)
        if task is None:
            return Mirrored()
        cause = Cause(kind, actor, intent_id, request_id, reference, entry_details or {})
        return await glass.apply(task, cause)


@dataclass(slots=True)
class Glass:
    """One run's view of one workspace.

    :param may_store_new: the plan allows records for invoices that have none yet.
    :param store_off: why the object of the invoices cannot be written, once that is known: said once a run.
    """

    bench: Workbench
    ws: Workspace
    locks: WeakValueDictionary[tuple[str, str, str], asyncio.Lock]
    may_store_new: bool
    store_off: AttiBooksError | None = None

    # -- deciding (pure) -----------------------------------------------------------------------------------------

    def consider(self, row: InvoiceRow | None, state: State) -> Task | None:
        """What is to be done for a state; None when it is older than what is known, shown already, or nobody's."""
        if row is None and (isinstance(state, DeletedInvoice) or not self.may_store_new):
            return None
        if row is not None and self._is_settled(row, state):
            return None
        task = self.task_of(row, state)
        is_new = row is None or row.order != _order(row, state)
        return task if is_new or task.shows or task.stores or (row and row.error_code) else None

    def task_of(self, row: InvoiceRow | None, state: State) -> Task:
        """What the records of an invoice shall show of a state."""
        entry = self._entry(row, state) if self.keeps_record(row) else None
        return Task(row, state, None if row is None or row.source is None else shown_digest_of(state), entry)

    def _is_settled(self, row: InvoiceRow, state: State) -> bool:
        """Whether a row says at once that there is nothing to do: the case of nearly every row of an idle run."""
        order = _order(row, state)
        if order < row.order:
            return True
        is_news = isinstance(state, DeletedInvoice) and row.status is not InvoiceStatus.DELETED
        if order > row.order or is_news or row.error_code is not None:
            return False
        is_shown = row.source is None or bool(row.shown_digest)
        return is_shown and (row.stored_digest is not None or not self.keeps_record(row))

    def keeps_record(self, row: InvoiceRow | None) -> bool:
        """Whether the invoice has, or shall have, a record of its own."""
        if self.ws.store is None or self.ws.records is None:
            return False
        return self.may_store_new or (row is not None and row.stored is not None)

    def _entry(self, row: InvoiceRow | None, state: State) -> InvoiceEntry:
        invoice = state if isinstance(state, BookedInvoice) else None
        return InvoiceEntry(
            books=self.ws.books,
            invoice_id=state.id,
            status=invoice.status if invoice else InvoiceStatus.DELETED,
            invoice=invoice,
            synced_at=self.bench.clock.now(),
            source=row.source if row else None,
            company=RecordRef(COMPANIES, row.company_record) if row and row.company_record else None,
        )

    # -- writing -------------------------------------------------------------------------------------------------

    async def apply(self, task: Task, cause: Cause, pace: Pace | None = None) -> Mirrored:
        """Write what is different, then keep what the records show by now."""
        key = (self.ws.context.workspace_id, str(self.ws.books), task.state.id)
        lock = self.locks.setdefault(key, asyncio.Lock())
        async with lock:
            task = await self._with_company(task)
            with self.bench.stage("show", self.ws.context.workspace_id, task.state.id):
                report, stored = await asyncio.gather(self._show(task, pace), self.store(task, pace))
            row = self._outcome(task, report, stored)
            changed = _is_news(task, row)
            entry = self._trail(task, row, cause, report) if changed else None
            await self.bench.invoices.keep(self.ws.context.workspace_id, row, entry)
        problems = (*report.problems, *(_problems_of(stored) if isinstance(stored, AttiBooksError) else ()))
        return Mirrored(changed and row.error_code is None, report, problems)

    async def _with_company(self, task: Task) -> Task:
        """Find the company's record once, before the invoice's own record is made (product row 99)."""
        if not task.stores or task.entry is None or task.entry.company or task.entry.source is None:
            return task
        if task.row is not None and task.row.stored is not None:
            return task
        company = await self._company_of(task.entry.source)
        return task if company is None else replace(task, entry=replace(task.entry, company=company))

    async def _company_of(self, source: RecordRef) -> RecordRef | None:
        if source.object == COMPANIES:
            return source
        try:
            return company_of(await self.ws.reader.read_record(self.ws.context, source))
        except AttiBooksError:  # the link is a kindness: the invoice's record is written without it
            return None

    async def _show(self, task: Task, pace: Pace | None) -> WritebackReport:
        row = task.row
        if row is None or row.source is None or not task.shows:
            return WritebackReport(WritebackState.NONE)
        newest = await self.bench.invoices.newest_for(self.ws.context.workspace_id, [row])
        if row.invoice_id not in newest:
            return WritebackReport(WritebackState.NONE)
        values = writeback_of(task.state, self.bench.clock.now())
        if not any(self.ws.context.settings.text(key) for key in values.values):
            return WritebackReport(WritebackState.NONE)
        try:
            return await _paced(pace, self.ws.target.write_back(self.ws.context, row.source, values))
        except NotFound as error:  # the record is gone: nothing is left to show it on
            return WritebackReport(WritebackState.NONE, {}, _problems_of(error))
        except (Unavailable, ConnectionProblem) as error:
            return WritebackReport(WritebackState.PARKED, {}, _problems_of(error))

    async def store(self, task: Task, pace: Pace | None = None) -> RecordRef | AttiBooksError | None:
        """Write the invoice's own record; an error is an answer."""
        ws = self.ws
        if not task.stores or task.entry is None or ws.store is None or ws.records is None:
            return None
        try:
            return await _paced(pace, self._stored(ws.store, ws.records, task.entry))
        except AttiBooksError as error:
            if error.code == SETUP_NEEDED:
                self.store_off = error
            return error

    async def _stored(self, store: InvoiceStore, records: RecordStore, entry: InvoiceEntry) -> RecordRef:
        """Asks when its turn comes: by then an earlier one may have been told that there is no object."""
        if self.store_off is not None:
            raise self.store_off
        return await store.store(self.ws.context, records, entry)

    # -- keeping -------------------------------------------------------------------------------------------------

    def _outcome(self, task: Task, report: WritebackReport, stored: RecordRef | AttiBooksError | None) -> InvoiceRow:
        now = self.bench.clock.now()
        row = _moved(task, now)
        error = stored.code if isinstance(stored, AttiBooksError) else None
        if report.state is WritebackState.PARKED:
            error = report.problems[0].code
        else:
            row = replace(row, shown_digest=task.shown_digest)
        if isinstance(stored, RecordRef) and task.entry is not None:
            row = with_record(row, stored, task.entry)
        return parked(row, error, now)

    def _trail(self, task: Task, row: InvoiceRow, cause: Cause, report: WritebackReport) -> TrailEntry:
        before = task.row.status.value if task.row else None
        return TrailEntry(
            at=self.bench.clock.now(),
            kind=cause.kind,
            summary=_summary(task, row),
            actor=cause.actor,
            record=row.source or row.stored,
            intent_id=cause.intent_id,
            invoice_id=row.invoice_id,
            request_id=cause.request_id,
            reference=cause.reference,
            details={
                **cause.details,
                "version": row.version,
                "status": {"before": before, "now": row.status.value},
                "record": report.state.value,
                "invoice_record": row.stored.record_id if row.stored else None,
                **({"code": row.error_code} if row.error_code else {}),
            },
        )


def with_record(row: InvoiceRow, stored: RecordRef, entry: InvoiceEntry) -> InvoiceRow:
    """The row once the invoice's own record shows an entry."""
    company = entry.company.record_id if entry.company else row.company_record
    return replace(row, stored=stored, stored_digest=entry.digest, company_record=company)


def parked(row: InvoiceRow, error: str | None, now: datetime) -> InvoiceRow:
    """The row after an attempt to show it: settled, or to be tried again; Run Setup does not wait for that."""
    if error is None:
        return replace(row, attempts=0, next_attempt_at=None, error_code=None)
    pause = WITHOUT_SETUP if error == SETUP_NEEDED else pause_of(PAUSES, row.attempts)
    return replace(row, attempts=row.attempts + 1, next_attempt_at=now + pause, error_code=error)


def booked(invoice: AccountingInvoice) -> BookedInvoice:
    """An invoice of a backend that does not say more than it has to."""
    if isinstance(invoice, BookedInvoice):
        return invoice
    return BookedInvoice(**{f.name: getattr(invoice, f.name) for f in fields(AccountingInvoice)})


def writeback_of(state: State, now: datetime) -> Writeback:
    """What the source record shows of a state; of a deleted one only that it is."""
    if isinstance(state, BookedInvoice):
        return values_of(InvoiceShape.of(state), now)
    return Writeback(
        {
            "writeback_invoice_status": InvoiceStatus.DELETED.value,
            "writeback_last_sync_at": now,
            "writeback_sync_error": None,
        }
    )


def shown_digest_of(state: State | InvoiceShape) -> str:
    """Names what the source record shows of a state, but for the time."""
    if isinstance(state, DeletedInvoice):
        return _digest(InvoiceStatus.DELETED.value)
    return _digest(state.id, state.number or state.id, state.status, state.url)


def _digest(*values: str) -> str:
    return hashlib.sha256("\n".join(values).encode()).hexdigest()[:32]


def row_of(
    state: BookedInvoice,
    created_at: datetime,
    *,
    source: RecordRef | None = None,
    intent_id: str | None = None,
    company_record: str | None = None,
) -> InvoiceRow:
    """The row of an invoice that nobody has shown yet."""
    return InvoiceRow(
        books=state.books,
        invoice_id=state.id,
        status=state.status,
        version=state.version,
        updated_at=state.updated_at,
        created_at=created_at,
        number=state.number,
        source=source,
        intent_id=intent_id,
        company_record=company_record,
    )


def _order(row: InvoiceRow, state: State) -> tuple[datetime, int, str]:
    """A deletion has no version of its own: it comes after every version of its time."""
    if isinstance(state, BookedInvoice):
        return order_of(state.updated_at, state.version)
    return order_of(max(state.updated_at, row.updated_at), row.version)


def _moved(task: Task, now: datetime) -> InvoiceRow:
    """The row with the state's version."""
    state, row = task.state, task.row
    if isinstance(state, DeletedInvoice):
        assert row is not None, "a deleted invoice that nobody knew is left alone"
        return replace(row, status=InvoiceStatus.DELETED, updated_at=max(state.updated_at, row.updated_at))
    if row is None:
        return row_of(state, now)
    return replace(row, status=state.status, version=state.version, updated_at=state.updated_at, number=state.number)


async def _paced(pace: Pace | None, writing: Awaitable[T]) -> T:
    if pace is None:
        return await writing
    async with pace.places:
        await pace.wait()
        return await writing


def _problems_of(error: AttiBooksError) -> tuple[Problem, ...]:
    fix = "Run Setup in settings section 7." if error.code == SETUP_NEEDED else "It is tried again by itself."
    return error.problems or (Problem("writeback", error.code, error.message, fix, "warning"),)


def _is_news(task: Task, row: InvoiceRow) -> bool:
    """Whether there is something to tell; not of another attempt that failed as the one before did."""
    before = task.row
    if before is None or before.status != row.status:
        return True
    is_newer = before.order != row.order and (task.shows or task.stores)
    is_shown = task.shows and row.shown_digest == task.shown_digest
    is_stored = task.entry is not None and task.stores and row.stored_digest == task.entry.digest
    return is_newer or is_shown or is_stored


def _summary(task: Task, row: InvoiceRow) -> str:
    label = row.number or row.invoice_id
    if task.row is None:
        return f"Invoice {label} was found in the books: {row.status.value}."
    if task.row.status != row.status:
        return f"Invoice {label}: {task.row.status.value} is now {row.status.value}."
    return f"Invoice {label} has changed; its records {'do not show it yet' if row.error_code else 'show it'}."
