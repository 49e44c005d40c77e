"""An invoice as a person who wants to edit or void it sees it; pure."""

from decimal import Decimal

from attibooks_core.lifecycle import BookedInvoice, LiveInvoice, LiveLine
from attibooks_core.model import InvoiceStatus
from attibooks_quickbooks.mapping import balance_of
from attibooks_quickbooks.wire import FullInvoice, FullLine, SalesDetail

SALES = "SalesItemLineDetail"
"""The type of the lines that can be edited; discounts, subtotals, texts and bundles stay as they are."""

_APPLIED = frozenset({"Payment", "CreditMemo", "Deposit", "JournalEntry", "RefundReceipt"})
"""Linked transactions that settle an invoice; estimates, times and the like are what it was made from."""


def live_of(invoice: BookedInvoice, full: FullInvoice, raw: str) -> LiveInvoice:
    """What can be edited of an invoice, and what not and why.

    :param raw: the invoice as QuickBooks sent it.
    """
    has_payments = _is_settled(full, invoice)
    return LiveInvoice(
        invoice=invoice,
        lines=tuple(_line(line) for line in full.line or [] if line.detail_type == SALES and line.id),
        locked=_locked(invoice, full, has_payments=has_payments),
        is_emailed=full.email_status == "EmailSent",
        has_payments=has_payments,
        raw=raw,
    )


def _is_settled(full: FullInvoice, invoice: BookedInvoice) -> bool:
    links = {link.txn_type for link in full.linked_txn or []}
    return invoice.total != balance_of(full) or bool(links & _APPLIED)


def _line(line: FullLine) -> LiveLine:
    detail = line.sales_item_line_detail or SalesDetail()
    return LiveLine(
        id=line.id or "",
        description=line.description or "",
        quantity=detail.qty,
        rate=detail.unit_price,
        amount=line.amount or Decimal(0),
        item=detail.item_ref.value if detail.item_ref else None,
        tax_code=detail.tax_code_ref.value if detail.tax_code_ref else None,
    )


def _locked(invoice: BookedInvoice, full: FullInvoice, *, has_payments: bool) -> dict[str, str]:
    """Why a part cannot be edited (product rows 114 and 116)."""
    if invoice.status is InvoiceStatus.VOIDED:
        return dict.fromkeys(("due_date", "memo", "lines"), f"Invoice {invoice.label} is voided, which is for good.")
    if has_payments:
        amounts = f"{invoice.balance:.2f} of {invoice.total:.2f} is open"
        why = f"A payment or credit is applied to invoice {invoice.label} ({amounts}), so its lines are locked."
        return {"lines": f"{why} Undo the payment in QuickBooks first."}
    if full.global_tax_calculation == "TaxInclusive":
        return {"lines": f"The amounts of invoice {invoice.label} include tax. Change its lines in QuickBooks."}
    return {}
