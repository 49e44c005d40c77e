"""Writing invoices: create, update, void, delete, send (reference: QuickBooks Online API, Invoice)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company, folded
from attibooks_sandbox.quickbooks.invoice_dates import check_open_period, today
from attibooks_sandbox.quickbooks.invoice_header import Header, HeaderDesk, has_payments
from attibooks_sandbox.quickbooks.invoice_lines import LineReader, Lines, settle_discount
from attibooks_sandbox.quickbooks.invoice_tax import split_gross_lines, tax_of
from attibooks_sandbox.quickbooks.lists import check_token, required_id, without_system
from attibooks_sandbox.quickbooks.model import NO_TAX, ZERO, Discount, Invoice, Line, SalesLine, Tax, to_cents
from attibooks_sandbox.quickbooks.payments import unapply
from attibooks_sandbox.quickbooks.shapes import Cleaned, is_email, merged
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.quickbooks.wire import whole_second

MAILS_PER_DAY = 40
AUTO_NUMBER = "AUTO_GENERATE"


class Sums(msgspec.Struct, frozen=True):
    """The computed part of an invoice."""

    subtotal: Decimal
    discount: Discount | None
    tax: Tax
    total: Decimal


class InvoiceDesk(msgspec.Struct, frozen=True):
    """Writes the invoices of one company at one moment."""

    company: Company
    switches: Switches
    now: datetime
    duplicates_allowed: bool = False

    @property
    def second(self) -> datetime:
        """Return the present moment as entities keep it."""
        return whole_second(self.now)

    # create and update

    def create(self, cleaned: Cleaned) -> Invoice:
        """Add an invoice."""
        if cleaned.pop("LinkedTxn", None):
            raise faults.not_linkable()
        header = merged({}, without_system(cleaned), sparse=False)
        raw_lines = header.pop("Line", None)
        HeaderDesk(self.company, self.now, None).settle(header)
        lines = self.read_lines(raw_lines, header, None)
        sums = self.sums(lines, header)
        balance = sums.total - _settle_deposit(header, sums.total)
        self._settle_number(header, None)
        invoice = Invoice(
            id=self.company.next_id("Invoice"),
            token=0,
            created=self.second,
            updated=self.second,
            header=header,
            lines=lines.lines,
            next_line=lines.next_id,
            balance=balance,
            **msgspec.structs.asdict(sums),
        )
        self.company.shift_balance(invoice.customer_id, balance, self.second)
        return self._stored(invoice)

    def update(self, cleaned: Cleaned) -> Invoice:
        """Change an invoice, fully or sparsely; a change of nothing leaves token and time."""
        old = self._present(cleaned)
        check_open_period(self.company, str(old.header["TxnDate"]))
        header, raw_lines = self._changed_header(cleaned, old)
        HeaderDesk(self.company, self.now, old).settle(header)
        lines = self.read_lines(raw_lines, header, old)
        sums = self.sums(lines, header)
        paid = old.total - _deposit(old.header) - old.balance
        balance = sums.total - _settle_deposit(header, sums.total) - paid
        if balance < 0:
            raise faults.business("The total of an invoice cannot be lower than what was paid on it.")
        self._settle_number(header, old)
        invoice = msgspec.structs.replace(
            old,
            header=header,
            lines=lines.lines,
            next_line=lines.next_id,
            balance=balance,
            **msgspec.structs.asdict(sums),
        )
        if invoice == old:
            return old
        self._move_balance(old, invoice)
        voided = old.voided and not invoice.total
        return self._stored(msgspec.structs.replace(invoice, token=old.token + 1, updated=self.second, voided=voided))

    def _present(self, cleaned: Cleaned) -> Invoice:
        old = self.company.invoices.get(required_id(cleaned))
        if old is None:
            raise faults.object_not_found()
        check_token(cleaned, old.token, self.company.profile.user_name)
        return old

    def _stored(self, invoice: Invoice) -> Invoice:
        self.company.invoices.put(invoice)
        return invoice

    def _changed_header(self, cleaned: Cleaned, old: Invoice) -> tuple[Header, object]:
        """Return the header after an update and the lines that came with it, None for those that are kept."""
        sparse = cleaned.get("sparse") is True
        new = {name: value for name, value in without_system(cleaned).items() if name != "LinkedTxn"}
        header = merged(old.header, new, sparse=sparse)
        raw_lines = header.pop("Line", None)
        if not sparse:
            if raw_lines is None:
                raise faults.missing("Line")
            if old.number is not None:
                header.setdefault("DocNumber", old.number)
        elif raw_lines is not None and "TxnTaxDetail" not in new and old.tax.code_id is not None:
            header["TxnTaxDetail"] = {"TxnTaxCodeRef": old.tax.code_id}
        return header, raw_lines

    def read_lines(self, raw: object, header: Header, old: Invoice | None) -> Lines:
        """Return the lines that were sent, or the old ones where none were."""
        same_mode = old is None or header.get("GlobalTaxCalculation") == old.header.get("GlobalTaxCalculation")
        if raw is None and old is not None and same_mode:
            return Lines(old.lines, _discount_facts(old.discount), old.next_line)
        if not raw:
            raise faults.missing("Line")
        mode = str(header.get("GlobalTaxCalculation"))
        known = frozenset() if old is None else frozenset(line.id for line in old.lines)
        read = LineReader(self.company, self.switches, mode).read(raw, known, 1 if old is None else old.next_line)
        if mode != "TaxInclusive":
            return read
        return Lines(split_gross_lines(self.company, read.lines), read.discount, read.next_id)

    def sums(self, lines: Lines, header: Header) -> Sums:
        """Return what lines and discount and tax come to; keeps in the header what brings the tax out again."""
        subtotal = sum((line.amount for line in lines.lines if isinstance(line, SalesLine)), ZERO)
        discount = settle_discount(self.company, lines.discount, subtotal)
        tax = tax_of(self.company, lines.lines, discount, header)
        total = subtotal - (ZERO if discount is None else discount.amount) + tax.total
        if total < 0:
            raise faults.negative_total()
        _note_tax(header, tax, kept=self.company.profile.is_us)
        return Sums(subtotal=subtotal, discount=discount, tax=tax, total=total)

    def _settle_number(self, header: Header, old: Invoice | None) -> None:
        """Check a number that was sent, or give the next one where the company numbers by itself."""
        automatic = header.pop("AutoDocNumber", None) is True or header.get("DocNumber") == AUTO_NUMBER
        number = None if automatic else header.get("DocNumber")
        if isinstance(number, str):
            if old is None or number != old.number:
                self._check_number(number)
                self.company.note_number(number)
            return
        header.pop("DocNumber", None)
        if automatic or (old is None and not self.company.profile.custom_numbers):
            header["DocNumber"] = self.company.next_number()

    def _check_number(self, number: str) -> None:
        holders = self.company.invoices.find("DocNumber", folded(number))
        profile = self.company.profile
        if holders and profile.warn_duplicate_numbers and not self.duplicates_allowed:
            raise faults.duplicate_number(number, holders[0], french=profile.french)

    def _move_balance(self, old: Invoice, new: Invoice) -> None:
        if old.customer_id == new.customer_id:
            self.company.shift_balance(new.customer_id, new.balance - old.balance, self.second)
        else:
            self.company.shift_balance(old.customer_id, -old.balance, self.second)
            self.company.shift_balance(new.customer_id, new.balance, self.second)

    # void, delete, send

    def void(self, cleaned: Cleaned) -> Invoice:
        """Empty an invoice of its amounts; one with payments is refused unless the switch unlinks them."""
        old = self._present(cleaned)
        check_open_period(self.company, str(old.header["TxnDate"]))
        if old.voided:
            if self.switches.void_twice == "refuse":
                raise faults.business("This transaction has already been voided.")
            return old
        if has_payments(old):
            if self.switches.void_paid == "refuse":
                raise faults.business("You cannot void a transaction that has payments applied to it.")
            unapply(self.company, old, self.second)
        self.company.shift_balance(old.customer_id, _deposit(old.header) - old.total, self.second)
        note = old.text("PrivateNote")
        header = {**old.header, "PrivateNote": "Voided" if note is None else f"Voided\n{note}"}
        header.pop("Deposit", None)
        header.pop("TxnTaxDetail", None)
        return self._stored(
            msgspec.structs.replace(
                old,
                token=old.token + 1,
                updated=self.second,
                header=header,
                lines=tuple(emptied(line) for line in old.lines),
                discount=None,
                tax=NO_TAX,
                subtotal=ZERO,
                total=ZERO,
                balance=ZERO,
                links=(),
                voided=True,
            )
        )

    def delete(self, cleaned: Cleaned) -> str:
        """Remove an invoice and return its Id; one with payments is refused."""
        old = self._present(cleaned)
        check_open_period(self.company, str(old.header["TxnDate"]))
        if has_payments(old):
            raise faults.business("You cannot delete a transaction that has payments applied to it.")
        self.company.invoices.remove(old.id)
        self.company.bury("Invoice", old.id, self.second)
        self.company.shift_balance(old.customer_id, -old.balance, self.second)
        return old.id

    def send(self, invoice_id: str, send_to: str | None) -> Invoice:
        """Mail an invoice: moves its time but not its token."""
        old = self.company.invoices.get(invoice_id)
        if old is None:
            raise faults.object_not_found()
        recipient = send_to or old.text("BillEmail")
        if not recipient:
            raise faults.no_recipient()
        if not all(is_email(address.strip()) for address in recipient.split(",")):
            raise faults.invalid_email(recipient)
        self._count_mail()
        header = {**old.header, "BillEmail": recipient, "EmailStatus": "EmailSent"}
        return self._stored(msgspec.structs.replace(old, header=header, sent_at=self.second, updated=self.second))

    def _count_mail(self) -> None:
        """Count the mails of a day; a sandbox company may send forty."""
        day = today(self.company, self.now)
        last, count = self.company.mails
        count = count + 1 if last == day else 1
        if count > MAILS_PER_DAY and self.company.profile.environment == "sandbox":
            raise faults.business(f"A sandbox company can send {MAILS_PER_DAY} emails a day.")
        self.company.mails = (day, count)


def _deposit(header: Header) -> Decimal:
    deposit = header.get("Deposit")
    return deposit if isinstance(deposit, Decimal) else ZERO


def _settle_deposit(header: Header, total: Decimal) -> Decimal:
    deposit = to_cents(_deposit(header))
    if not 0 <= deposit <= total:
        raise faults.business("The deposit must be between zero and the total of the invoice.")
    if deposit:
        header["Deposit"] = deposit
    else:
        header.pop("Deposit", None)
    return deposit


def _note_tax(header: Header, tax: Tax, *, kept: bool) -> None:
    """Keep of the tax detail only what brings out the same tax again."""
    header.pop("TxnTaxDetail", None)
    if kept and tax.code_id is not None:
        header["TxnTaxDetail"] = {"TxnTaxCodeRef": tax.code_id, "TotalTax": tax.total}
    elif kept and tax.total:
        header["TxnTaxDetail"] = {"TotalTax": tax.total}


def _discount_facts(discount: Discount | None) -> dict[str, object] | None:
    if discount is None:
        return None
    if discount.percent is not None:
        return {"percent": discount.percent, "account": discount.account_id}
    return {"amount": discount.amount, "account": discount.account_id}


def emptied(line: Line) -> Line:
    """Return a line without its amounts, as a void leaves it."""
    if not isinstance(line, SalesLine):
        return line
    qty = None if line.qty is None else ZERO
    return msgspec.structs.replace(line, amount=ZERO, qty=qty, unit_price=None, gross=None, extra=None)
