"""A sales form as a one-page PDF (reference: QuickBooks Online API, §3.8), written by hand: text in Helvetica."""

from __future__ import annotations

from collections.abc import Sequence

from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.model import Invoice, SalesLine

_TOP, _LEFT, _LEADING = 780, 56, 18
_MOST_LINES = 40
_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
)
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def form_pdf(company: Company, kind: str, form: Invoice) -> bytes:
    """Return an invoice, sales receipt or estimate as PDF 1.4: number, company, customer, lines, total."""
    return _document(_content(_text(company, kind, form)))


def _text(company: Company, kind: str, form: Invoice) -> list[str]:
    customer = company.find("Customer", form.customer_id)
    currency = form.text("CurrencyRef")
    sold = [line for line in form.lines if isinstance(line, SalesLine)]
    return [
        company.profile.name,
        f"{kind} {form.number or form.id}",
        "" if customer is None else customer.text("DisplayName"),
        f"Date {form.text('TxnDate')}",
        *(f"{line.description or _item(company, line)}  {line.amount:,.2f}" for line in sold[:_MOST_LINES]),
        f"Total {currency} {form.total:,.2f}",
        f"Balance due {currency} {form.balance:,.2f}",
    ]


def _item(company: Company, line: SalesLine) -> str:
    item = company.find("Item", line.item_id)
    return "" if item is None else item.text("Name")


def _content(lines: Sequence[str]) -> bytes:
    shown = b"".join(b"(" + _escaped(line) + b") Tj T*\n" for line in lines)
    return b"BT\n/F1 12 Tf\n%d TL\n%d %d Td\n%sET\n" % (_LEADING, _LEFT, _TOP, shown)


def _escaped(line: str) -> bytes:
    """Return a line as the bytes of a PDF string; characters outside Windows-1252 become question marks."""
    raw = " ".join(line.split()).encode("cp1252", "replace")
    return raw.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")


def _document(content: bytes) -> bytes:
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _PAGE,
        b"<< /Length %d >>\nstream\n%sendstream" % (len(content), content),
        _FONT,
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(bodies) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return bytes(out) + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (size, table, trailer)
