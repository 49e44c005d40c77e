"""Payments: what is received from customers, and what it pays (reference: QuickBooks Online API, Payment)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.currencies import day_rate
from attibooks_sandbox.quickbooks.invoice_dates import check_open_period, today
from attibooks_sandbox.quickbooks.lists import without_system
from attibooks_sandbox.quickbooks.model import CENT, ZERO, Applied, Entity, Invoice, Payment, to_cents
from attibooks_sandbox.quickbooks.shapes import (
    COMMON,
    DAY,
    FLAG,
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
        "ProcessPayment": FLAG,
        **dict.fromkeys(("UnappliedAmt", "LinkedTxn", "TxnSource", "TxnStatus", "CreditCardPayment"), IGNORED),
        **dict.fromkeys(("ARAccountRef", "ProjectRef", "TransactionLocationType", "TaxExemptionRef"), Unavailable()),
    },
)


def create_payment(company: Company, cleaned: Cleaned, now: datetime) -> Payment:
    """Record a payment: lowers the balances of the invoices it pays and of the customer."""
    header = merged({}, without_system(cleaned), sparse=False)
    raw_lines, total = header.pop("Line", None), header.pop("TotalAmt", None)
    customer = _customer(company, header)
    if not isinstance(total, Decimal):
        raise faults.missing("TotalAmt")
    if total < 0 or total != total.quantize(CENT):
        raise faults.invalid_number("TotalAmt", total)
    _settle_header(company, header, customer, now)
    applied = _applied(company, raw_lines, customer)
    if sum((part.amount for part in applied), ZERO) > total:
        raise faults.business("The amounts applied cannot exceed the amount of the payment.")
    second = whole_second(now)
    payment = Payment(
        id=company.next_id("Payment"),
        token=0,
        created=second,
        updated=second,
        header=header,
        total=to_cents(total),
        applied=applied,
    )
    company.payments.put(payment)
    _spread(company, payment, second)
    return payment


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


def _applied(company: Company, raw: object, customer: Entity) -> tuple[Applied, ...]:
    parts: dict[str, Applied] = {}
    for line in raw if isinstance(raw, list) else []:
        amount, links = line.get("Amount"), line.get("LinkedTxn")
        if not isinstance(amount, Decimal):
            raise faults.missing("Amount")
        if not isinstance(links, list) or len(links) != 1 or links[0].get("TxnType") != "Invoice":
            raise faults.not_linkable()
        part = _part(company, str(links[0].get("TxnId")), amount, customer)
        if part.invoice_id in parts:
            raise faults.business("An invoice can be paid by one line of a payment only.")
        if part.amount:
            parts[part.invoice_id] = part
    return tuple(parts.values())


def _part(company: Company, invoice_id: str, amount: Decimal, customer: Entity) -> Applied:
    invoice = company.invoices.get(invoice_id)
    if invoice is None:
        raise faults.invalid_reference("Transactions", invoice_id)
    if invoice.customer_id != customer.id:
        raise faults.business("The invoice belongs to another customer.")
    if not 0 <= amount <= invoice.balance or amount != amount.quantize(CENT):
        raise faults.business("The amount applied cannot exceed the open balance of the invoice.")
    return Applied(invoice_id=invoice_id, amount=to_cents(amount), open_before=invoice.balance)


def _spread(company: Company, payment: Payment, second: datetime) -> None:
    for part in payment.applied:
        invoice = company.invoices.get(part.invoice_id)
        assert invoice is not None
        company.invoices.put(
            msgspec.structs.replace(
                invoice,
                token=invoice.token + 1,
                updated=second,
                balance=invoice.balance - part.amount,
                links=((payment.id, "Payment"), *invoice.links),
            )
        )
    company.shift_balance(payment.customer_id, -payment.total, second)


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
