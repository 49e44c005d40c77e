"""The records of an invoice that a create has just made: its source record's fields, and its own record."""

from dataclasses import replace

from attibooks_core.errors import AttiBooksError
from attibooks_core.invoicing.builder import COMPANIES
from attibooks_core.invoicing.mirroring import (
    SETUP_NEEDED,
    Glass,
    Task,
    booked,
    parked,
    row_of,
    shown_digest_of,
    with_record,
)
from attibooks_core.invoicing.shapes import InvoiceShape
from attibooks_core.model import AccountingInvoice, Problem, RecordRef, WritebackReport, WritebackState
from attibooks_core.storage.intents import Intent
from attibooks_core.storage.invoices import InvoiceRow

NOT_STORED = "not_stored_yet"
"""An invoice whose own record is made by the next run of the sync."""


class FirstShowing:
    """One invoice and what is known of its records while its create ends."""

    def __init__(self, glass: Glass, intent: Intent, invoice: AccountingInvoice, company: RecordRef | None) -> None:
        self._glass = glass
        self._state = booked(invoice)
        self._row = row_of(
            self._state,
            glass.bench.clock.now(),
            source=intent.source,
            intent_id=intent.intent_id,
            company_record=company.record_id if company and company.object == COMPANIES else None,
        )

    async def store(self) -> RecordRef | AttiBooksError | None:
        """Make the invoice's own record where the workspace keeps such: one call, beside the writeback."""
        task = self._task()
        return await self._glass.store(task) if task is not None else None

    def end(self, report: WritebackReport, stored: RecordRef | AttiBooksError | None) -> InvoiceRow:
        """The row as both ends leave it; a parked writeback is the intent's own business."""
        row, task = self._row, self._task()
        if report.state is not WritebackState.PARKED:
            row = replace(row, shown_digest=shown_digest_of(self._state))
        if isinstance(stored, RecordRef) and task is not None and task.entry is not None:
            row = with_record(row, stored, task.entry)
        return parked(row, stored.code if isinstance(stored, AttiBooksError) else None, self._glass.bench.clock.now())

    def _task(self) -> Task | None:
        if not self._glass.keeps_record(self._row):
            return None
        return self._glass.task_of(self._row, self._state)


def seen_again(glass: Glass, row: InvoiceRow, shape: InvoiceShape, report: WritebackReport) -> InvoiceRow:
    """The stored row after its source record was shown an answer that was kept: maybe not the newest version."""
    now = glass.bench.clock.now()
    if report.state is WritebackState.PARKED:
        return row
    if row.version != shape.version:  # a sync was faster, and the record now shows what was before
        return replace(row, shown_digest=None, stored_digest=None, error_code="outdated", next_attempt_at=now)
    row = replace(row, shown_digest=shown_digest_of(shape))
    if row.stored is None and row.error_code is None and glass.keeps_record(row):
        return replace(row, error_code=NOT_STORED, next_attempt_at=now)
    return row


def warnings_of(stored: RecordRef | AttiBooksError | None) -> list[Problem]:
    """What the user should know of the invoice's own record (product row 98)."""
    if not isinstance(stored, AttiBooksError):
        return []
    fix = "It is made by itself later."
    if stored.code == SETUP_NEEDED:
        fix = "Run Setup in settings section 7 (Advanced): the record is made then."
    return [Problem("store_invoices_as_records", stored.code, stored.message, fix, "warning")]
