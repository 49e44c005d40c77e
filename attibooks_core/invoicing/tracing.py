"""The trail of an invoice, by whichever of its records."""

from attibooks_core.errors import AttiBooksError
from attibooks_core.invoicing.changing.finding import find_invoice
from attibooks_core.invoicing.workbench import Workbench
from attibooks_core.model import Caller, RecordRef
from attibooks_core.settings import Settings
from attibooks_core.storage.invoices import InvoiceRow
from attibooks_core.storage.trail import TrailEntry


async def trail_of(bench: Workbench, caller: Caller, settings: Settings, ref: RecordRef) -> list[TrailEntry]:
    """What happened to the invoice of an invoice record, or to every invoice of another record, oldest first."""
    row = await bench.invoices.of_stored(caller.workspace_id, ref)
    if row is None and _is_invoice_object(bench, settings, ref):
        row = await _named_by(bench, caller, settings, ref)
    if row is None:
        return await bench.trail.of_record(caller.workspace_id, ref)
    return await trail_of_row(bench, caller.workspace_id, row)


async def trail_of_row(bench: Workbench, workspace_id: str, row: InvoiceRow) -> list[TrailEntry]:
    """What happened to one invoice, oldest first."""
    records = [ref for ref in (row.source, row.stored) if ref is not None]
    return await bench.trail.of_invoice(workspace_id, row.invoice_id, records, row.intent_id)


def _is_invoice_object(bench: Workbench, settings: Settings, ref: RecordRef) -> bool:
    store = bench.plugins.invoice_store(settings)
    return store is not None and store.object_slug(settings) == ref.object


async def _named_by(bench: Workbench, caller: Caller, settings: Settings, ref: RecordRef) -> InvoiceRow | None:
    """The invoice that the record itself names, when it can be asked."""
    try:
        return await find_invoice(bench, await bench.open_for(caller, settings), ref)
    except AttiBooksError:
        return None
