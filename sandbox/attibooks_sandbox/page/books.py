"""The books side: companies, their invoices, customers and payments, as an accountant reads them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.invoice_render import render_invoice
from attibooks_sandbox.quickbooks.model import Applied, Entity, Invoice, Payment
from attibooks_sandbox.quickbooks.names import render_customer
from attibooks_sandbox.quickbooks.payments import render_payment

Shown = dict[str, object]
Row = TypeVar("Row")
SHOWN_ROWS = 200


def show_company(company: Company) -> Shown:
    """Return what a company is called and where it stands."""
    profile = company.profile
    return {
        "environment": profile.environment,
        "realm": profile.realm,
        "name": profile.name,
        "country": profile.country,
        "currency": profile.currency,
        "multicurrency": profile.multicurrency,
    }


def show_books(company: Company, now: datetime) -> Shown:
    """Return a company's newest invoices, payments and customers, newest first, and how many there are of each."""
    invoices, payments, customers = company.invoices, company.payments, company.lists["Customer"]
    return {
        "company": show_company(company),
        "invoices": [_summary(company, each, now) for each in _newest(invoices)],
        "customers": [_customer(company, each) for each in _newest(customers)],
        "payments": [_payment(company, each) for each in _newest(payments)],
        "deleted": sum(each.kind == "Invoice" for each in company.buried),
        "totals": {"invoices": len(invoices), "customers": len(customers), "payments": len(payments)},
    }


def _newest(table: Iterable[Row]) -> list[Row]:
    """Return the newest rows of a table, the newest first: a world may have 20,000."""
    return list(deque(table, SHOWN_ROWS))[::-1]


def show_invoice(company: Company, invoice: Invoice, now: datetime) -> Shown:
    """Return an invoice with its lines and sums."""
    wire = render_invoice(company, invoice)
    lines = [line for line in _mappings(wire["Line"]) if line["DetailType"] == "SalesItemLineDetail"]
    tax = _mapping(wire.get("TxnTaxDetail")).get("TotalTax")
    return {
        **_summary(company, invoice, now),
        "company": show_company(company),
        "version": wire["SyncToken"],
        "changed": _mapping(wire["MetaData"])["LastUpdatedTime"],
        "email": _mapping(wire.get("BillEmail")).get("Address"),
        "email_status": wire.get("EmailStatus"),
        "terms": _mapping(wire.get("SalesTermRef")).get("name"),
        "memo": _mapping(wire.get("CustomerMemo")).get("value"),
        "note": wire.get("PrivateNote"),
        "lines": [_line(each) for each in lines],
        "subtotal": _amount(sum((Decimal(str(each["Amount"])) for each in lines), Decimal(0))),
        "tax": _amount(tax) if tax is not None else None,
    }


def _summary(company: Company, invoice: Invoice, now: datetime) -> Shown:
    wire = render_invoice(company, invoice)
    customer = _mapping(wire["CustomerRef"])
    return {
        "id": invoice.id,
        "number": invoice.number,
        "customer": customer.get("name"),
        "date": wire["TxnDate"],
        "due": wire["DueDate"],
        "total": _amount(wire["TotalAmt"]),
        "balance": _amount(wire["Balance"]),
        "currency": _mapping(wire["CurrencyRef"])["value"],
        "status": status_of(invoice, str(wire["DueDate"]), now.astimezone(ZoneInfo(company.profile.timezone)).date()),
    }


def status_of(invoice: Invoice, due: str, today: date) -> str:
    """Return an invoice's status on a day of its company: Voided, Paid, Overdue or Open."""
    if invoice.voided:
        return "Voided"
    if invoice.balance <= 0:
        return "Paid"
    return "Overdue" if date.fromisoformat(due) < today else "Open"


def _line(line: Mapping[str, object]) -> Shown:
    detail = _mapping(line["SalesItemLineDetail"])
    return {
        "id": line["Id"],
        "item": _mapping(detail.get("ItemRef")).get("name"),
        "description": line.get("Description"),
        "quantity": _number(detail.get("Qty")),
        "rate": _number(detail.get("UnitPrice")),
        "amount": _amount(line["Amount"]),
    }


def _customer(company: Company, customer: Entity) -> Shown:
    wire = render_customer(company, customer)
    return {
        "id": customer.id,
        "name": wire["DisplayName"],
        "email": _mapping(wire.get("PrimaryEmailAddr")).get("Address"),
        "currency": _mapping(wire["CurrencyRef"])["value"],
        "balance": _amount(wire["Balance"]),
        "active": wire["Active"],
    }


def _payment(company: Company, payment: Payment) -> Shown:
    wire = render_payment(company, payment)
    return {
        "id": payment.id,
        "date": wire["TxnDate"],
        "customer": _mapping(wire["CustomerRef"]).get("name"),
        "amount": _amount(payment.total),
        "unapplied": _amount(payment.unapplied),
        "currency": _mapping(wire["CurrencyRef"])["value"],
        "pays": [_paid(company, each) for each in payment.applied],
    }


def _paid(company: Company, part: Applied) -> Shown:
    """Return which invoice a part of a payment pays; one that is paid cannot be deleted."""
    invoice = company.invoices.get(part.invoice_id)
    number = None if invoice is None else invoice.number
    return {"id": part.invoice_id, "number": number, "amount": _amount(part.amount)}


def _amount(value: object) -> str:
    return f"{Decimal(str(value)):.2f}"


def _number(value: object) -> str | None:
    return None if value is None else format(Decimal(str(value)), "f")


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> Iterable[Mapping[str, object]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
