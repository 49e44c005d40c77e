"""Payments: what is received from customers, and what it pays (reference: QuickBooks Online API, Payment)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.currencies import day_rate
from attibooks_sandbox.quickbooks.invoice_dates import check_open_period, today
from attibooks_sandbox.quickbooks.lists import check_token, required_id, without_system
from attibooks_sandbox.quickbooks.model import CENT, ZERO, Applied, Entity, Invoice, Payment, to_cents
from attibooks_sandbox.quickbooks.shapes import (
    COMMON,
    DAY,
    IGNORED,
    NUMBER,
    REFERENCE,
    TEXT_4000,
    Cleaned,
    Each,
    Identifier,
    Shape,
    Text,
    Unavailable,
    merged,
)
from attibooks_sandbox.quickbooks.wire import Wire, currency_reference, money, present, reference, stamp, whole_second

UNDEPOSITED_FUNDS = "4"
_LINK = Each(Shape("LinkedTxn", {"TxnId": Identifier(), "TxnType": Text(30), "TxnLineId": IGNORED}))
_LINE = Each(
    Shape(
        "Line",
        {
            "Amount": NUMBER,
            "LinkedTxn": _LINK,
            **dict.fromkeys(("Id", "LineNum", "LineEx", "Description", "DetailType"), IGNORED),
        },
    )
)
PAYMENT = Shape(
    "Payment",
    {
        **COMMON,
        "CustomerRef": REFERENCE,
        "TotalAmt": NUMBER,
        "TxnDate": DAY,
        "CurrencyRef": REFERENCE,
        "ExchangeRate": NUMBER,
        "Line": _LINE,
        "PaymentMethodRef": REFERENCE,
        "PaymentRefNum": Text(21),
        "PrivateNote": TEXT_4000,
        "DepositToAccountRef": REFERENCE,
        **dict.fromkeys(
            ("UnappliedAmt", "LinkedTxn", "ProcessPayment", "TxnSource", "TxnStatus", "CreditCardPayment"), IGNORED
        ),
        **dict.fromkeys(("ARAccountRef", "ProjectRef", "TransactionLocationType", "TaxExemptionRef"), Unavailable()),
    },
)


class PaymentDesk(msgspec.Struct, frozen=True):
    """Writes the payments of one company at one moment; what they pay lowers balances of invoices and customers."""

    company: Company
    now: datetime

    def create(self, cleaned: Cleaned) -> Payment:
        """Add a payment."""
        header = merged({}, without_system(cleaned), sparse=False)
        total, applied = self._settle(header, header.pop("Line", None), None)
        second = whole_second(self.now)
        txn_id = self.company.next_id("Payment")
        payment = Payment(
            id=txn_id, token=0, created=second, updated=second, header=header, total=total, applied=applied
        )
        return self._stored(payment, None)

    def update(self, cleaned: Cleaned) -> Payment:
        """Change a payment, fully or sparsely; lines that are sent replace all lines. No change leaves it as it is."""
        old = self._present(cleaned)
        sparse = cleaned.get("sparse") is True
        header = merged(old.header, without_system(cleaned), sparse=sparse)
        raw_lines = header.pop("Line", None)
        if sparse:
            header.setdefault("TotalAmt", old.total)
            raw_lines = _as_lines(old) if raw_lines is None else raw_lines
        total, applied = self._settle(header, raw_lines, old)
        payment = msgspec.structs.replace(old, header=header, total=total, applied=applied)
        if payment == old:
            return old
        voided = old.voided and not total
        payment = msgspec.structs.replace(payment, token=old.token + 1, updated=whole_second(self.now), voided=voided)
        return self._stored(payment, old)

    def void(self, cleaned: Cleaned) -> Payment:
        """Empty a payment: what it paid is open again; a second time nothing happens."""
        old = self._present(cleaned)
        if old.voided:
            return old
        note = old.header.get("PrivateNote")
        header = {**old.header, "PrivateNote": "Voided" if note is None else f"Voided\n{note}"}
        payment = msgspec.structs.replace(
            old,
            token=old.token + 1,
            updated=whole_second(self.now),
            header=header,
            total=ZERO,
            applied=(),
            voided=True,
        )
        return self._stored(payment, old)

    def delete(self, cleaned: Cleaned) -> str:
        """Remove a payment and return its Id: what it paid is open again."""
        old, second = self._present(cleaned), whole_second(self.now)
        _spread(self.company, old, None, second)
        self.company.payments.remove(old.id)
        self.company.bury("Payment", old.id, second)
        return old.id

    def _present(self, cleaned: Cleaned) -> Payment:
        old = self.company.payments.get(required_id(cleaned))
        if old is None:
            raise faults.object_not_found()
        check_token(cleaned, old.token, self.company.profile.user_name)
        check_open_period(self.company, str(old.header["TxnDate"]))
        return old

    def _settle(
        self, header: dict[str, object], raw_lines: object, old: Payment | None
    ) -> tuple[Decimal, tuple[Applied, ...]]:
        """Fill in and check the header; return the amount and what it pays."""
        total = header.pop("TotalAmt", None)
        customer = _customer(self.company, header)
        if not isinstance(total, Decimal):
            raise faults.missing("TotalAmt")
        if total < 0 or total != total.quantize(CENT):
            raise faults.invalid_number("TotalAmt", total)
        _settle_header(self.company, header, customer, self.now)
        applied = _applied(self.company, raw_lines, customer, old)
        if sum((part.amount for part in applied), ZERO) > total:
            raise faults.business("The amounts applied cannot exceed the amount of the payment.")
        return to_cents(total), applied

    def _stored(self, payment: Payment, old: Payment | None) -> Payment:
        self.company.payments.put(payment)
        _spread(self.company, old, payment, payment.updated)
        return payment


def create_payment(company: Company, cleaned: Cleaned, now: datetime) -> Payment:
    """Record a payment: lowers the balances of the invoices it pays and of the customer."""
    return PaymentDesk(company, now).create(cleaned)


def _as_lines(payment: Payment) -> list[dict[str, object]]:
    return [
        {"Amount": part.amount, "LinkedTxn": [{"TxnId": part.invoice_id, "TxnType": "Invoice"}]}
        for part in payment.applied
    ]


def _customer(company: Company, header: dict[str, object]) -> Entity:
    customer_id = header.get("CustomerRef")
    if not isinstance(customer_id, str):
        raise faults.missing("CustomerRef")
    return company.wanted("Customer", customer_id)


def _settle_header(company: Company, header: dict[str, object], customer: Entity, now: datetime) -> None:
    currency = customer.text("CurrencyRef")
    if header.setdefault("CurrencyRef", currency) != currency:
        raise faults.wrong_currency()
    header.setdefault("ExchangeRate", day_rate(currency, company.profile.currency))
    check_open_period(company, str(header.setdefault("TxnDate", today(company, now))))
    company.wanted("Account", str(header.setdefault("DepositToAccountRef", UNDEPOSITED_FUNDS)))


def _applied(company: Company, raw: object, customer: Entity, old: Payment | None) -> tuple[Applied, ...]:
    before = {} if old is None else {part.invoice_id: part for part in old.applied}
    parts: dict[str, Applied] = {}
    for line in raw if isinstance(raw, list) else []:
        amount, links = line.get("Amount"), line.get("LinkedTxn")
        if not isinstance(amount, Decimal):
            raise faults.missing("Amount")
        if not isinstance(links, list) or len(links) != 1 or links[0].get("TxnType") != "Invoice":
            raise faults.not_linkable()
        invoice_id = str(links[0].get("TxnId"))
        part = _part(company, invoice_id, amount, customer, before.get(invoice_id))
        if part.invoice_id in parts:
            raise faults.business("An invoice can be paid by one line of a payment only.")
        if part.amount:
            parts[part.invoice_id] = part
    return tuple(parts.values())


def _part(company: Company, invoice_id: str, amount: Decimal, customer: Entity, before: Applied | None) -> Applied:
    """Return what a line pays; one that pays what it paid before stays the same."""
    invoice = company.invoices.get(invoice_id)
    if invoice is None:
        raise faults.invalid_reference("Transactions", invoice_id)
    if invoice.customer_id != customer.id:
        raise faults.business("The invoice belongs to another customer.")
    if before is not None and before.amount == amount:
        return before
    still_open = invoice.balance + (ZERO if before is None else before.amount)
    if not 0 <= amount <= still_open or amount != amount.quantize(CENT):
        raise faults.business("The amount applied cannot exceed the open balance of the invoice.")
    return Applied(invoice_id=invoice_id, amount=to_cents(amount), open_before=still_open)


def _spread(company: Company, old: Payment | None, new: Payment | None, second: datetime) -> None:
    """Carry the difference between two versions of a payment to invoices and customers; None is no payment."""
    before = {} if old is None else {part.invoice_id: part.amount for part in old.applied}
    after = {} if new is None else {part.invoice_id: part.amount for part in new.applied}
    payment_id = next(payment.id for payment in (new, old) if payment is not None)
    for invoice_id in dict.fromkeys((*before, *after)):
        paid = after.get(invoice_id, ZERO) - before.get(invoice_id, ZERO)
        if paid:
            _settle_invoice(company, invoice_id, payment_id, paid, second, linked=invoice_id in after)
    if old is not None:
        company.shift_balance(old.customer_id, old.total, second)
    if new is not None:
        company.shift_balance(new.customer_id, -new.total, second)


def _settle_invoice(
    company: Company, invoice_id: str, payment_id: str, paid: Decimal, second: datetime, *, linked: bool
) -> None:
    invoice = company.invoices.get(invoice_id)
    assert invoice is not None
    link = (payment_id, "Payment")
    others = tuple(each for each in invoice.links if each != link)
    company.invoices.put(
        msgspec.structs.replace(
            invoice,
            token=invoice.token + 1,
            updated=second,
            balance=invoice.balance - paid,
            links=(link, *others) if linked else others,
        )
    )


def unapply(company: Company, invoice: Invoice, second: datetime) -> None:
    """Take an invoice out of the payments that pay it; their money becomes unapplied."""
    for txn_id, kind in invoice.links:
        payment = company.payments.get(txn_id) if kind == "Payment" else None
        if payment is not None:
            rest = tuple(part for part in payment.applied if part.invoice_id != invoice.id)
            company.payments.put(
                msgspec.structs.replace(payment, token=payment.token + 1, updated=second, applied=rest)
            )


def render_payment(company: Company, payment: Payment) -> Wire:
    """Return a payment."""
    header = payment.header
    customer = company.find("Customer", payment.customer_id)
    return present(
        {
            "CustomerRef": reference(payment.customer_id, None if customer is None else customer.text("DisplayName")),
            "DepositToAccountRef": reference(str(header["DepositToAccountRef"])),
            "PaymentMethodRef": reference(str(header["PaymentMethodRef"])) if "PaymentMethodRef" in header else None,
            "PaymentRefNum": header.get("PaymentRefNum"),
            "TotalAmt": money(payment.total),
            "UnappliedAmt": money(payment.unapplied),
            "ProcessPayment": False,
            **stamp(payment.id, payment.token, payment.created, payment.updated),
            "TxnDate": header["TxnDate"],
            "CurrencyRef": currency_reference(str(header["CurrencyRef"])),
            "ExchangeRate": header["ExchangeRate"] if company.profile.multicurrency else None,
            "PrivateNote": header.get("PrivateNote"),
            "Line": [_line(company, part) for part in payment.applied],
        }
    )


def _line(company: Company, part: Applied) -> Wire:
    invoice = company.invoices.get(part.invoice_id)
    facts = {
        "txnId": part.invoice_id,
        "txnOpenBalance": f"{part.open_before:.2f}",
        "txnReferenceNumber": None if invoice is None else invoice.number,
    }
    return {
        "Amount": money(part.amount),
        "LinkedTxn": [{"TxnId": part.invoice_id, "TxnType": "Invoice"}],
        "LineEx": {"any": [_name_value(name, value) for name, value in facts.items() if value is not None]},
    }


def _name_value(name: str, value: str) -> Wire:
    """Return a fact in the vendor's own serialisation of its server's objects."""
    return {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": name, "Value": value},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }
