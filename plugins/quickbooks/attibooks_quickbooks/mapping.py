"""Between AttiBooks' words and QuickBooks' JSON, both ways; pure.

Bodies are made once, as text, and never again: what the preview shows, what the intent freezes and what crosses the
wire are the same bytes. Numbers are written from decimals, never through floats.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import msgspec

from attibooks_core.errors import PlanOutdated
from attibooks_core.lifecycle import BookedInvoice, EditedLine
from attibooks_core.model import (
    Books,
    DraftLine,
    InvoiceDraft,
    InvoiceStatus,
    Problem,
    SubmissionPlan,
    WireRequest,
)
from attibooks_core.protocols import TAX_BY_BOOKS, Resolution
from attibooks_core.settings import Settings
from attibooks_quickbooks.names import clean_name, plain
from attibooks_quickbooks.settings import books_of
from attibooks_quickbooks.wire import Invoice

CUSTOMER, INVOICE, SEND = "customer", "invoice", "send"
"""The parts of a submission."""

NEW = "<new>"
"""Stands for an id that an earlier write of the same plan will give."""

NOT_MAILED = "not_emailed"
"""Code of the warning that nobody was sent the invoice."""

_NEW_CUSTOMER = '{"CustomerRef":{"value":"' + NEW + '"}'
_EXACT = Context(prec=200, rounding=ROUND_HALF_UP)
_CENT = Decimal("0.01")
_LARGEST = Decimal(10) ** 24
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTE = re.compile(r"(?<!\S)AttiBooks ([0-9A-Za-z_-]{8,64})(?!\S)")
_WEB = {"production": "https://app.qbo.intuit.com", "sandbox": "https://app.sandbox.qbo.intuit.com"}


# -- what we send ------------------------------------------------------------------------------------------------


def plan_of(settings: Settings, draft: InvoiceDraft, resolution: Resolution, marker: str) -> SubmissionPlan:
    """Everything that a submission writes, in order: the customer when it is new, the invoice, the sending.

    :param marker: goes into the private note, which the customer never sees and a look-up can read.
    """
    books, references = books_of(settings), resolution.references
    company = f"/v3/company/{books.company_id}"
    requests = [WireRequest(INVOICE, "POST", f"{company}/invoice", invoice_body(draft, resolution, marker))]
    if resolution.match.id is None:
        requests.insert(0, WireRequest(CUSTOMER, "POST", f"{company}/customer", customer_body(draft, references)))
    wants_mail = settings.flag("send_invoice_email")
    if wants_mail and draft.customer_email:
        requests.append(WireRequest(SEND, "POST", f"{company}/invoice/{NEW}/send", ""))
    silent = [_no_address()] if wants_mail and not draft.customer_email else []
    tax = None if references["tax"] is None else Decimal(references["tax"])
    unsaid = [_tax_by_books()] if tax is None else []
    return SubmissionPlan(
        books=books,
        requests=tuple(requests),
        match=resolution.match,
        currency=references["currency"],
        subtotal=sum((amount_of(line) for line in draft.lines), Decimal("0.00")),
        warnings=(*resolution.warnings, *silent, *unsaid),
        customer_record=draft.customer_record,
        tax=tax,
    )


def customer_body(draft: InvoiceDraft, references: Mapping[str, Any]) -> str:
    """The customer that QuickBooks does not have yet."""
    body: dict[str, Any] = {"DisplayName": clean_name(draft.customer_name)}
    if draft.customer_email:
        body["PrimaryEmailAddr"] = {"Address": draft.customer_email}
    if references["sends_currency"]:
        body["CurrencyRef"] = {"value": references["currency"]}
    return encoded(body)


def invoice_body(draft: InvoiceDraft, resolution: Resolution, marker: str) -> str:
    """The invoice; its number is left to QuickBooks unless one is mapped."""
    references = resolution.references
    body: dict[str, Any] = {
        "CustomerRef": {"value": resolution.match.id or NEW},
        "TxnDate": draft.invoice_date.isoformat(),
    }
    if draft.due_date:
        body["DueDate"] = draft.due_date.isoformat()
    if references["sends_currency"]:
        body["CurrencyRef"] = {"value": references["currency"]}
    if draft.customer_email:
        body["BillEmail"] = {"Address": draft.customer_email}
    if draft.memo:
        body["CustomerMemo"] = {"value": plain(draft.memo)}
    body |= references["header"]
    body["PrivateNote"] = note_of(marker)
    if references["tax_excluded"]:
        body["GlobalTaxCalculation"] = "TaxExcluded"
    body["Line"] = [_line(line, references) for line in draft.lines]
    return encoded(body)


def amount_of(line: DraftLine | EditedLine) -> Decimal:
    """Rate times quantity, rounded half up to cents: QuickBooks refuses any other amount (6070)."""
    return _EXACT.quantize(_EXACT.multiply(line.rate, line.quantity), _CENT)


def note_of(marker: str) -> str:
    """The private note that tells whose invoice it is."""
    return f"AttiBooks {marker}"


def with_customer(body: str, customer_id: str) -> str:
    """The body of an invoice with the id of its customer, which was still to be made."""
    if not body.startswith(_NEW_CUSTOMER):
        return body
    return body.replace(NEW, customer_id, 1)


def with_invoice(request: WireRequest, invoice_id: str) -> WireRequest:
    """The request to send an invoice, once it has an id."""
    return WireRequest(request.part, request.method, request.path.replace(NEW, invoice_id, 1), request.body)


def request_of(plan: SubmissionPlan, part: str) -> WireRequest | None:
    """The write of that name, if the plan has it."""
    return next((r for r in plan.requests if r.part == part), None)


def sent_value(request: WireRequest, *path: str) -> str | None:
    """A text that a planned body holds, such as the private note of the invoice."""
    value: Any = msgspec.json.decode(request.body)
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def _line(line: DraftLine, references: Mapping[str, Any]) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "ItemRef": {"value": _of_line(references["items"], line.item)},
        "Qty": number(line.quantity),
        "UnitPrice": number(line.rate),
    }
    if (tax_code := _of_line(references["tax_codes"], line.tax_code)) is not None:
        detail["TaxCodeRef"] = {"value": tax_code}
    detail |= references["detail"]
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": number(amount_of(line)),
        "Description": plain(line.description),
        "SalesItemLineDetail": detail,
    }


def _of_line(ids: Mapping[str, str | None], text: str | None) -> str | None:
    """The id that was found for what a line says.

    :raises PlanOutdated: the line was changed after its draft was resolved.
    """
    if (text or "") not in ids:
        raise PlanOutdated("A line has another item or tax code than when the invoice was prepared. Try again.")
    return ids[text or ""]


def number(value: Decimal) -> msgspec.Raw:
    """A JSON number with the digits of the decimal, without an exponent; a negative zero loses its sign."""
    return msgspec.Raw(format(_EXACT.add(value, Decimal(0)), "f").encode())


def encoded(body: Mapping[str, Any]) -> str:
    """A body as text."""
    return msgspec.json.encode(body).decode()


def _no_address() -> Problem:
    return Problem(
        "customer_email",
        NOT_MAILED,
        "Not e-mailed: no address.",
        "Enter an e-mail address on the record, or send the invoice from QuickBooks.",
        severity="warning",
    )


# -- what we get -------------------------------------------------------------------------------------------------


def invoice_of(books: Books, invoice: Invoice, currency: str) -> BookedInvoice:
    """An invoice of QuickBooks in AttiBooks' words.

    :param currency: stands in when QuickBooks does not name one.
    """
    customer = invoice.customer_ref
    return BookedInvoice(
        books=books,
        id=invoice.id,
        number=invoice.doc_number or None,
        status=status_of(invoice),
        url=f"{_WEB[books.environment]}/app/invoice?txnId={invoice.id}",
        total=_money(invoice.total_amt),
        balance=balance_of(invoice),
        currency=(invoice.currency_ref.value if invoice.currency_ref else None) or currency,
        due_date=_day(invoice.due_date),
        customer_id=(customer.value if customer else None) or "",
        customer_name=(customer.name if customer else None) or "",
        version=invoice.sync_token,
        updated_at=changed_at(invoice) or _EPOCH,
        invoice_date=_day(invoice.txn_date),
        memo=(invoice.customer_memo.value if invoice.customer_memo else None) or None,
        customer_email=(invoice.bill_email.address if invoice.bill_email else None) or None,
        marker=marker_in(invoice.private_note),
    )


def status_of(invoice: Invoice) -> InvoiceStatus:
    """Open, Paid, Voided or Deleted: QuickBooks keeps no such field (product rule on status; reference, status).

    A void leaves zeros everywhere and `Voided` in the private note; a genuine invoice over nothing is paid.
    """
    if (invoice.status or "").casefold() == "deleted":
        return InvoiceStatus.DELETED
    balance = balance_of(invoice)
    if balance > 0:
        return InvoiceStatus.OPEN
    if is_over_nothing(invoice) and re.search(r"\bVoided\b", invoice.private_note or ""):
        return InvoiceStatus.VOIDED
    return InvoiceStatus.PAID


def is_over_nothing(invoice: Invoice) -> bool:
    """Whether every amount of an invoice is zero, as after a void."""
    amounts = [invoice.total_amt, invoice.balance, *(line.amount for line in invoice.line or [])]
    return not any(_money(amount) for amount in amounts)


def balance_of(invoice: Invoice) -> Decimal:
    """What is still to be paid; the total where QuickBooks does not say."""
    return _money(invoice.total_amt if invoice.balance is None else invoice.balance)


def untaxed_total(invoice: Invoice) -> Decimal:
    """What QuickBooks added up before tax."""
    return _money(invoice.total_amt) - _money(invoice.txn_tax_detail.total_tax if invoice.txn_tax_detail else None)


def marker_in(note: str | None) -> str | None:
    """Our marker in a private note, whatever else people have written there."""
    found = _NOTE.search(note or "")
    return found[1] if found else None


def carries(invoice: Invoice, note: str) -> bool:
    """Whether the private note holds our marker as a whole; a void puts a word before it."""
    return re.search(rf"(?<!\S){re.escape(note)}(?!\S)", invoice.private_note or "") is not None


def changed_at(invoice: Invoice) -> datetime | None:
    """When it was last changed, or deleted."""
    meta = invoice.meta_data
    return instant(meta.last_updated_time or meta.create_time) if meta else None


def made_at(invoice: Invoice) -> datetime | None:
    """When QuickBooks made it."""
    return instant(invoice.meta_data.create_time) if invoice.meta_data else None


def instant(text: str | None) -> datetime | None:
    """An aware UTC instant; QuickBooks writes the offset of US Pacific, whatever the company's place."""
    try:
        moment = datetime.fromisoformat(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def _money(value: Decimal | None) -> Decimal:
    """An amount that can be counted with: nonsense such as NaN or 1e999 counts as nothing."""
    return value if value is not None and value.is_finite() and abs(value) < _LARGEST else Decimal(0)


def _tax_by_books() -> Problem:
    return Problem(
        "tax",
        TAX_BY_BOOKS,
        "Only QuickBooks knows the sales tax, and works it out when it makes the invoice.",
        "Expect the total to be higher by the tax.",
        severity="warning",
    )
