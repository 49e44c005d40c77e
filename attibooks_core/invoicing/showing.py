"""Showing an outcome on its record: the invoice's fields, or the error."""

from datetime import datetime

from attibooks_core.errors import (
    AccountMismatch,
    AttiBooksError,
    ConfigurationError,
    Conflict,
    ConnectionProblem,
    Down,
    InvalidDraft,
    LimitReached,
    NotFound,
    PlanRequired,
    RateLimited,
    Refused,
    Unavailable,
)
from attibooks_core.invoicing.shapes import InvoiceShape
from attibooks_core.invoicing.texts import error_line
from attibooks_core.invoicing.workbench import Workspace
from attibooks_core.logs import EventLog
from attibooks_core.model import Problem, RecordRef, Writeback, WritebackReport, WritebackState

log = EventLog(__name__)

_SHOWN = (ConfigurationError, ConnectionProblem, AccountMismatch, InvalidDraft, LimitReached, PlanRequired, Refused)


def concerns_record(error: AttiBooksError) -> bool:
    """Whether a refusal is written onto the record as well (contract §5, last paragraph)."""
    if isinstance(error, NotFound | Conflict):
        return False
    return isinstance(error, _SHOWN) or (isinstance(error, Down) and error.code == Down.code)


async def show_invoice(ws: Workspace, ref: RecordRef, invoice: InvoiceShape, now: datetime) -> WritebackReport:
    """Write number, status, link and time onto the record and clear its error; park it when the CRM cannot."""
    try:
        return await ws.target.write_back(ws.context, ref, values_of(invoice, now))
    except (NotFound, Unavailable, ConnectionProblem) as error:
        fix = "The invoice stands; the record is written as soon as that works again."
        return WritebackReport(
            WritebackState.PARKED, {}, (Problem("writeback", error.code, error.message, fix, "warning"),)
        )


def values_of(invoice: InvoiceShape, now: datetime) -> Writeback:
    """What a record shows of an invoice."""
    return Writeback(
        {
            "writeback_invoice_id": invoice.id,
            "writeback_invoice_number": invoice.number or invoice.id,
            "writeback_invoice_status": invoice.status,
            "writeback_invoice_url": invoice.url,
            "writeback_last_sync_at": now,
            "writeback_sync_error": None,
        }
    )


async def show_error(
    ws: Workspace, ref: RecordRef, error: AttiBooksError, now: datetime, *, comes_back: bool = False
) -> None:
    """Write a refusal onto the record when it concerns the record and an attribute is mapped for it.

    That the CRM cannot be written now is no second error: the caller hears the first one, and the trail has it.

    :param comes_back: the caller tries again when the CRM asks to slow down.
    :raises RateLimited: it does, and the caller comes back.
    """
    if not concerns_record(error) or ws.context.settings.text("writeback_sync_error") is None:
        return
    try:
        await ws.target.write_back(ws.context, ref, Writeback({"writeback_sync_error": error_line(error, now)}))
    except AttiBooksError as failed:
        if comes_back and isinstance(failed, RateLimited):
            raise
        log.warning("error_not_shown", workspace=ws.context.workspace_id, code=error.code, because=failed.code)
