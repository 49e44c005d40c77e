"""Sales receipts and estimates: sales forms beside the invoice, as far as recorded answers show them.

They are kept as `Invoice` rows in tables of their own. A sales receipt is paid at once and needs no customer; an
estimate owes nothing. Neither moves a customer's balance (reference: QuickBooks Online API, §3.7 and recorded answers).
"""

from __future__ import annotations

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.invoice_dates import check_open_period
from attibooks_sandbox.quickbooks.invoice_header import Header, HeaderDesk
from attibooks_sandbox.quickbooks.invoice_render import render_invoice
from attibooks_sandbox.quickbooks.invoice_shape import HEADER, LEFT_OUT, READ_ONLY
from attibooks_sandbox.quickbooks.invoices import InvoiceDesk, emptied
from attibooks_sandbox.quickbooks.lists import check_token, required_id, without_system
from attibooks_sandbox.quickbooks.model import NO_TAX, ZERO, Invoice
from attibooks_sandbox.quickbooks.payments import UNDEPOSITED_FUNDS
from attibooks_sandbox.quickbooks.shapes import (
    COMMON,
    DAY,
    IGNORED,
    Cleaned,
    Identifier,
    Shape,
    Text,
    Unavailable,
    Word,
    merged,
)
from attibooks_sandbox.quickbooks.wire import Wire, reference

_SHARED = {**COMMON, **HEADER, **dict.fromkeys(READ_ONLY, IGNORED), **dict.fromkeys(LEFT_OUT, Unavailable())}
_TOP = ("domain", "sparse", "Id", "SyncToken", "MetaData", "CustomField", "DocNumber", "TxnDate", "CurrencyRef")
_MIDDLE = (
    "Line", "TxnTaxDetail", "CustomerRef", "CustomerMemo", "BillAddr", "ShipAddr", "FreeFormAddress", "ShipFromAddr",
    "GlobalTaxCalculation", "TotalAmt", "HomeTotalAmt", "ApplyTaxAfterDiscount", "PrintStatus", "EmailStatus",
    "BillEmail", "DeliveryInfo",
)  # fmt: skip


class FormKind(msgspec.Struct, frozen=True):
    """A kind of sales form: what may be sent, and the keys of its answers in their order.

    One that is paid at once needs no customer, says where the money goes, and can be voided.
    """

    kind: str
    shape: Shape
    keys: tuple[str, ...]
    paid_at_once: bool = False


_ESTIMATE_WORDS = ("Pending", "Accepted", "Closed", "Rejected", "Converted")
SALES_RECEIPT = FormKind(
    "SalesReceipt",
    Shape("SalesReceipt", {**_SHARED, "DueDate": IGNORED}),
    (*_TOP, "ExchangeRate", "PrivateNote", *_MIDDLE, "Balance", "DepositToAccountRef"),
    paid_at_once=True,
)
ESTIMATE = FormKind(
    "Estimate",
    Shape(
        "Estimate",
        {
            **_SHARED,
            "TxnStatus": Word(_ESTIMATE_WORDS),
            "ExpirationDate": DAY,
            "AcceptedBy": Text(4000),
            "AcceptedDate": DAY,
        },
    ),
    (
        *_TOP, "ExchangeRate", "PrivateNote", "TxnStatus", "LinkedTxn", "ExpirationDate", "AcceptedBy", "AcceptedDate",
        *_MIDDLE,
    ),
)  # fmt: skip
FORMS: dict[str, FormKind] = {form.kind.lower(): form for form in (SALES_RECEIPT, ESTIMATE)}


class FormDesk(msgspec.Struct, frozen=True):
    """Writes the forms of one kind; lines and sums are an invoice's."""

    desk: InvoiceDesk
    form: FormKind

    @property
    def _company(self) -> Company:
        return self.desk.company

    def create(self, cleaned: Cleaned) -> Invoice:
        """Add a form."""
        header = merged({}, without_system(cleaned), sparse=False)
        header.pop("LinkedTxn", None)
        raw_lines = header.pop("Line", None)
        self._settle(header, None)
        lines = self.desk.read_lines(raw_lines, header, None)
        sums = self.desk.sums(lines, header)
        if "DocNumber" not in header and not self._company.profile.custom_numbers:
            header["DocNumber"] = self._company.next_number()
        second = self.desk.second
        return self._stored(
            Invoice(
                id=self._company.next_id(self.form.kind),
                token=0,
                created=second,
                updated=second,
                header=header,
                lines=lines.lines,
                next_line=lines.next_id,
                balance=ZERO,
                **msgspec.structs.asdict(sums),
            )
        )

    def update(self, cleaned: Cleaned) -> Invoice:
        """Change a form, fully or sparsely; a full update keeps the number; a change of nothing leaves it."""
        old = self._present(cleaned)
        sparse = cleaned.get("sparse") is True
        header = merged(old.header, without_system(cleaned), sparse=sparse)
        header.pop("LinkedTxn", None)
        raw_lines = header.pop("Line", None)
        if raw_lines is None and not sparse:
            raise faults.missing("Line")
        if old.number is not None:
            header.setdefault("DocNumber", old.number)
        self._settle(header, old)
        lines = self.desk.read_lines(raw_lines, header, old)
        sums = self.desk.sums(lines, header)
        form = msgspec.structs.replace(
            old, header=header, lines=lines.lines, next_line=lines.next_id, **msgspec.structs.asdict(sums)
        )
        return old if form == old else self._renewed(form)

    def void(self, cleaned: Cleaned) -> Invoice:
        """Empty a form of its amounts; a second time nothing happens."""
        old = self._present(cleaned)
        if old.voided:
            return old
        note = old.text("PrivateNote")
        header = {**old.header, "PrivateNote": "Voided" if note is None else f"Voided\n{note}"}
        header.pop("TxnTaxDetail", None)
        lines = tuple(emptied(line) for line in old.lines)
        return self._renewed(
            msgspec.structs.replace(
                old, header=header, lines=lines, discount=None, tax=NO_TAX, subtotal=ZERO, total=ZERO, voided=True
            )
        )

    def delete(self, cleaned: Cleaned) -> str:
        """Remove a form and return its Id."""
        old = self._present(cleaned)
        self._company.forms[self.form.kind].remove(old.id)
        self._company.bury(self.form.kind, old.id, self.desk.second)
        return old.id

    def _present(self, cleaned: Cleaned) -> Invoice:
        old = self._company.forms[self.form.kind].get(required_id(cleaned))
        if old is None:
            raise faults.object_not_found()
        check_token(cleaned, old.token, self._company.profile.user_name)
        check_open_period(self._company, str(old.header["TxnDate"]))
        return old

    def _settle(self, header: Header, old: Invoice | None) -> None:
        counter = self.form.paid_at_once
        if counter:
            header.setdefault("DepositToAccountRef", UNDEPOSITED_FUNDS)
        else:
            header.setdefault("TxnStatus", "Pending")
        HeaderDesk(self._company, self.desk.now, old).settle(header, over_the_counter=counter)

    def _renewed(self, form: Invoice) -> Invoice:
        return self._stored(msgspec.structs.replace(form, token=form.token + 1, updated=self.desk.second))

    def _stored(self, form: Invoice) -> Invoice:
        self._company.forms[self.form.kind].put(form)
        return form


def read_form(company: Company, form: FormKind, form_id: str) -> Wire:
    """Return a form by its Id, in its envelope."""
    found = company.forms[form.kind].get(form_id)
    if found is None:
        raise faults.object_not_found()
    return {form.kind: render_form(company, form, found)}


def render_form(company: Company, form: FormKind, row: Invoice) -> Wire:
    """Return a form: of an invoice's keys those that it has, in its own order."""
    own = {name: row.header.get(name) for name in ("TxnStatus", "ExpirationDate", "AcceptedBy", "AcceptedDate")}
    body = {**render_invoice(company, row, "queried"), **{name: each for name, each in own.items() if each is not None}}
    if not row.customer_id:
        del body["CustomerRef"]
    if "DepositToAccountRef" in body:
        account_id = str(row.header["DepositToAccountRef"])
        account = company.find("Account", account_id)
        body["DepositToAccountRef"] = reference(account_id, None if account is None else company.full_name(account))
    return {name: body[name] for name in form.keys if name in body}


def printed_form(company: Company, name: str, form_id: str) -> bytes | None:
    """Return an invoice, sales receipt or estimate as PDF; None for what has none."""
    from attibooks_sandbox.quickbooks.pdf import form_pdf  # noqa: PLC0415 - rarely used, so the start need not load it

    if name == "invoice":
        kind, table = "Invoice", company.invoices
    elif name in FORMS:
        kind, table = FORMS[name].kind, company.forms[FORMS[name].kind]
    else:
        return None
    Identifier().clean(form_id, "Id")
    found = table.get(form_id)
    if found is None:
        raise faults.object_not_found()
    return form_pdf(company, kind, found)
