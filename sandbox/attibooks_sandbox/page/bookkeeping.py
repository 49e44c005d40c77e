"""What an accountant typed into an invoice's form, as the fields of a change that QuickBooks takes."""

from __future__ import annotations

from attibooks_sandbox.page.bodies import BookedLine, EditBooks
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.invoice_render import render_invoice
from attibooks_sandbox.quickbooks.model import Invoice, to_cents

Wire = dict[str, object]
SALES = "SalesItemLineDetail"


def changed_fields(company: Company, invoice: Invoice, form: EditBooks) -> Wire:
    """Return the fields that the form changes; lines that it cannot show (discounts, notes) stay as they are."""
    fields: Wire = {}
    if form.due_date is not None:
        fields["DueDate"] = form.due_date
    if form.memo is not None:
        fields["CustomerMemo"] = {"value": form.memo}
    if form.lines is not None:
        fields["Line"] = _lines(company, invoice, form.lines)
    return fields


def _lines(company: Company, invoice: Invoice, typed: list[BookedLine]) -> list[Wire]:
    held = render_invoice(company, invoice)["Line"]
    assert isinstance(held, list)
    sales = {str(line["Id"]): line for line in held if line["DetailType"] == SALES}
    others = [line for line in held if line["DetailType"] not in {SALES, "SubTotalLineDetail"}]
    model = next(iter(sales.values()), None)
    return [*(_line(each, sales.get(str(each.id)), model) for each in typed), *others]


def _line(typed: BookedLine, held: Wire | None, model: Wire | None) -> Wire:
    """Return a line with what was typed; a new one sells what the first line sells."""
    like = held or model or {}
    kept = like.get(SALES)
    detail = {**(kept if isinstance(kept, dict) else {}), "Qty": typed.quantity, "UnitPrice": typed.rate}
    detail.pop("TaxInclusiveAmt", None)  # follows from the new amount
    line: Wire = {
        "DetailType": SALES,
        "Description": typed.description,
        "Amount": to_cents(typed.quantity * typed.rate),
        SALES: detail,
    }
    return line if held is None else {"Id": held["Id"], **line}
