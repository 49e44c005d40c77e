"""Which invoice a call is about, and whether the workspace may change it."""

from datetime import UTC, datetime

from attibooks_core.capabilities import ChangingBackend
from attibooks_core.errors import AccountMismatch, NotFound, Unsupported
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.lifecycle import LiveInvoice
from attibooks_core.model import Books, Capability, InvoiceStatus, RecordRef
from attibooks_core.plans.entitlements import TWO_WAY_SYNC, require
from attibooks_core.storage.invoices import InvoiceRow

KEY = "invoice_key"
"""Attribute of an invoice's own record that names the invoice (contract §3.1)."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


async def find_invoice(bench: Workbench, ws: Workspace, ref: RecordRef) -> InvoiceRow:
    """The invoice that a record stands for: its own record, or the record it was made from (then the newest one).

    :raises NotFound: code `invoice_not_found`; also `record_not_found` and others, when the CRM has to be asked.
    """
    workspace_id = ws.context.workspace_id
    row = await bench.invoices.of_stored(workspace_id, ref) or await bench.invoices.newest_of(workspace_id, ref)
    if row is None and ws.store is not None and ws.store.object_slug(ws.context.settings) == ref.object:
        row = await _by_its_key(bench, ws, ref)
    if row is None:
        message = "No invoice is known of this record. Create one first, or press Sync Now to have QuickBooks' read."
        raise NotFound(message, code="invoice_not_found")
    return row


async def _by_its_key(bench: Workbench, ws: Workspace, ref: RecordRef) -> InvoiceRow | None:
    """The invoice that the record itself names: a record that this host did not write, or has forgotten."""
    record = await ws.reader.read_record(ws.context, ref)
    values = record.attributes[KEY].values if KEY in record.attributes else ()
    environment, _, rest = str(values[0] if values else "").partition(":")
    company_id, _, invoice_id = rest.partition(":")
    if not invoice_id:
        return None
    books = Books(ws.books.backend, environment, company_id)
    known = await bench.invoices.load(ws.context.workspace_id, books, invoice_id)
    return known or InvoiceRow(
        books=books,
        invoice_id=invoice_id,
        status=InvoiceStatus.OPEN,
        version="",
        updated_at=_NEVER,
        created_at=_NEVER,
        stored=ref,
    )


async def changeable(bench: Workbench, ws: Workspace, ref: RecordRef) -> InvoiceRow:
    """The invoice of a record, once it is sure that this workspace may change it.

    :raises NotFound: code `invoice_not_found`.
    :raises PlanRequired: the plan does not allow it, and the invoice has no record of its own from better days.
    :raises AccountMismatch: it is in other books than the settings name.
    :raises NotConnected: the call brought no token.
    """
    row = await find_invoice(bench, ws, ref)
    if row.stored is None:
        require(await bench.billing.entitlements(ws.context.workspace_id), TWO_WAY_SYNC)
    if row.books != ws.books:
        where = f"the {row.books.environment} company {row.books.company_id}"
        message = f"Invoice {row.number or row.invoice_id} is in {where}, which is not the one that the settings name."
        raise AccountMismatch(f"{message} Correct the settings, sections 1 and 7.")
    ws.require_accounting()
    return row


def changing_backend(ws: Workspace, capability: Capability) -> ChangingBackend:
    """The workspace's backend, when it can do this.

    :raises Unsupported: it cannot.
    """
    backend = ws.backend
    if isinstance(backend, ChangingBackend) and capability in backend.capabilities:
        return backend
    raise Unsupported(f"{ws.backend.display_name} cannot do this from here. Do it in {ws.backend.display_name}.")


async def read_live(bench: Workbench, ws: Workspace, row: InvoiceRow, capability: Capability) -> LiveInvoice:
    """The invoice as it stands: one read.

    :raises NotFound: code `invoice_not_found`; it was deleted in the books.
    """
    with bench.stage("read", ws.context.workspace_id, row.invoice_id):
        return await changing_backend(ws, capability).read_live(ws.context, row.invoice_id)
