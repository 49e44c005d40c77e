"""Knowing that an invoice is voided where its private note does not say so in English.

QuickBooks has no field for it. A void leaves zeros and a word in the note, which may be in the language of the company
(QuickBooks reference, deriving a status): so what we voided ourselves, or had voided, is remembered.
"""

from dataclasses import replace

from attibooks_core.lifecycle import BookedInvoice
from attibooks_core.model import InvoiceStatus
from attibooks_core.protocols import WorkspaceContext

_MARK = "1"


def _key(invoice_id: str) -> str:
    return f"voided:{invoice_id}"


async def remember_void(ws: WorkspaceContext, invoice_id: str) -> None:
    """Take note that an invoice is voided whose note will not tell."""
    await ws.memory.remember(_key(invoice_id), _MARK)


async def as_remembered(ws: WorkspaceContext, invoice: BookedInvoice) -> BookedInvoice:
    """The invoice with the status that is remembered; asks only about one over nothing."""
    if invoice.total or invoice.balance or invoice.status is not InvoiceStatus.PAID:
        return invoice
    voided = await ws.memory.recall(_key(invoice.id)) == _MARK
    return replace(invoice, status=InvoiceStatus.VOIDED) if voided else invoice
