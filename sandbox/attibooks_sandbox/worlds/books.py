"""Turns the facts of a company into its books, with a little history in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.currencies import CURRENCY_NAMES
from attibooks_sandbox.quickbooks.invoices import InvoiceDesk
from attibooks_sandbox.quickbooks.model import Entity, Profile
from attibooks_sandbox.quickbooks.payments import create_payment
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.worlds.companies import (
    ACCOUNTS,
    CATEGORY,
    CUSTOMERS,
    EMPLOYEE_NAME,
    EURO_CUSTOMER,
    RETIRED_SERVICE,
    SERVICES,
    TERMS,
    VENDOR_NAME,
    CompanyFacts,
    CustomerFacts,
)

OPENED = datetime(2026, 3, 31, 21, 40, tzinfo=UTC)
_HISTORY = datetime(2026, 10, 5, 16, 0, tzinfo=UTC)
_COUNTRY_NAMES = {"US": "USA", "GB": "GBR", "DE": "DEU", "CA": "CAN", "AU": "AUS"}


def build_company(
    facts: CompanyFacts, *, opened: datetime = OPENED, past: Callable[[Company], None] | None = None
) -> Company:
    """Return a company with its lists and three old invoices: one open, one partly paid, one paid.

    `past` adds what was before these, from the day on which the company opened.
    """
    company = Company(_profile(facts, opened))
    seed = _Seeder(company, facts, opened)
    seed.lists()
    seed.names()
    if past is not None:
        past(company)
    seed.history()
    return company


def _profile(facts: CompanyFacts, opened: datetime) -> Profile:
    line, city, region, postal_code = facts.city
    return Profile(
        realm=facts.realm,
        environment="sandbox" if facts.environment == "sandbox" else "production",
        name=facts.name,
        legal_name=facts.legal_name,
        country=facts.country,
        currency=facts.currency,
        timezone=facts.timezone,
        user_name=facts.user_name,
        user_id=f"934145{facts.realm[-10:]}",
        email=f"owner@{facts.key}.example",
        address={
            "Line1": line,
            "City": city,
            "Country": _COUNTRY_NAMES[facts.country],
            "CountrySubDivisionCode": region,
            "PostalCode": postal_code,
        },
        started=f"{opened:%Y-%m-%d}",
        created=opened,
        updated=OPENED + timedelta(days=154),
        multicurrency=facts.multicurrency,
        sales_tax=facts.sales_tax,
        partner_tax=False if facts.country == "US" and not facts.sales_tax else None,
        default_terms=facts.default_terms,
        online_payments=facts.online_payments,
        custom_fields=facts.custom_fields,
    )


class _Seeder:
    """Puts rows into a new company."""

    def __init__(self, company: Company, facts: CompanyFacts, opened: datetime) -> None:
        self._company = company
        self._opened = opened
        self._facts = facts

    def _put(self, kind: str, number: str, fields: dict[str, object], *, token: int = 0) -> None:
        entity = Entity(kind=kind, id=number, token=token, created=self._opened, updated=self._opened, fields=fields)
        self._company.lists[kind].put(entity)
        self._company.reserve_ids(kind, int(number))

    def lists(self) -> None:
        """Add accounts, terms, taxes, currencies and items."""
        for number, name, group, account_type, subtype in ACCOUNTS:
            facts = {"Name": name, "Classification": group, "AccountType": account_type, "AccountSubType": subtype}
            self._put("Account", number, {**facts, "Active": True})
        for number, name, days in TERMS:
            self._put("Term", number, {"Name": name, "Type": "STANDARD", "DueDays": days, "Active": True})
        for number, name, percent in self._facts.regime.rates:
            fields = {"Name": name, "Description": name, "RateValue": Decimal(percent), "Active": True}
            self._put("TaxRate", number, fields)
        for number, name, description, rates in self._facts.regime.codes:
            fields = {"Name": name, "Description": description, "Rates": rates, "Taxable": True, "Active": True}
            self._put("TaxCode", number, fields)
        for index, code in enumerate(self._facts.currencies, start=2):
            self._put("CompanyCurrency", str(index), {"Code": code, "Name": CURRENCY_NAMES[code], "Active": True})
        self._items()

    def _items(self) -> None:
        for number, name, price in SERVICES:
            self._service(number, name, price, active=True)
        number, name, price = RETIRED_SERVICE
        self._service(number, f"{name} (deleted)", price, active=False)
        number, name = CATEGORY
        self._put("Item", number, {"Name": name, "Type": "Category", "Active": True, "Taxable": False})

    def _service(self, number: str, name: str, price: str, *, active: bool) -> None:
        expense = {"ExpenseAccountRef": "80"} if self._facts.country in {"CA", "GB"} else {}
        fields: dict[str, object] = {
            "Name": name,
            "Type": "Service",
            "Active": active,
            "Taxable": False,
            "TrackQtyOnHand": False,
            "IncomeAccountRef": "82" if name == "Design" else "1",
            **expense,
        }
        if Decimal(price):
            fields["UnitPrice"] = Decimal(price)
        self._put("Item", number, fields, token=0 if active else 1)

    def names(self) -> None:
        """Add customers, a vendor and an employee."""
        for customer in CUSTOMERS:
            self._customer(customer)
        if self._facts.multicurrency:
            self._customer(EURO_CUSTOMER)
        shared: dict[str, object] = {"CurrencyRef": self._facts.currency, "Active": True}
        vendor = {"DisplayName": VENDOR_NAME, "CompanyName": VENDOR_NAME, "PrintOnCheckName": VENDOR_NAME}
        self._put("Vendor", self._company.next_id("Vendor"), {**vendor, "Vendor1099": False, **shared})
        given, family = EMPLOYEE_NAME
        name = f"{given} {family}"
        employee = {"GivenName": given, "FamilyName": family, "DisplayName": name, "PrintOnCheckName": name}
        self._put("Employee", self._company.next_id("Employee"), {**employee, "BillableTime": False, **shared})

    def _customer(self, facts: CustomerFacts) -> None:
        person = " ".join(part for part in (facts.given, facts.family) if part)
        fields: dict[str, object] = {
            "DisplayName": facts.name if facts.active else f"{facts.name} (deleted)",
            "GivenName": facts.given,
            "FamilyName": facts.family,
            "CompanyName": facts.company,
            "PrimaryEmailAddr": facts.email,
            "ParentRef": facts.parent,
            "PrintOnCheckName": facts.company or person or facts.name,
            "Active": facts.active,
            "Taxable": True,
            "Job": facts.parent is not None,
            "BillWithParent": False,
            "PreferredDeliveryMethod": "Print",
            "CurrencyRef": facts.currency or self._facts.currency,
            "DefaultTaxCodeRef": "2" if self._facts.country == "US" else None,
            "BillAddr": self._address(facts),
        }
        present = {name: value for name, value in fields.items() if value is not None}
        self._put("Customer", facts.number, present, token=0 if facts.active else 1)

    def _address(self, facts: CustomerFacts) -> dict[str, object] | None:
        if facts.street is None:
            return None
        _, city, region, postal_code = self._facts.city
        return {
            "Id": self._company.next_id("Address"),
            "Line1": facts.street,
            "City": city,
            "CountrySubDivisionCode": region,
            "PostalCode": postal_code,
        }

    def history(self) -> None:
        """Add three invoices of October 2026 and two payments."""
        invoices = [
            self._invoice(_HISTORY + timedelta(days=days), customer, item, amount)
            for days, customer, item, amount in ((0, "1", "4", "450"), (9, "2", "3", "1200"), (20, "3", "5", "1200"))
        ]
        self._pay(_HISTORY + timedelta(days=25), "1", invoices[0], None)
        self._pay(_HISTORY + timedelta(days=26), "2", invoices[1], Decimal(300))

    def _invoice(self, at: datetime, customer: str, item: str, amount: str) -> str:
        code = {} if self._facts.country == "US" else {"TaxCodeRef": self._facts.regime.codes[0][0]}
        detail = {"ItemRef": item, "Qty": Decimal(1), "UnitPrice": Decimal(amount), **code}
        line = {"DetailType": "SalesItemLineDetail", "Amount": Decimal(amount), "SalesItemLineDetail": detail}
        mode = {} if self._facts.country == "US" else {"GlobalTaxCalculation": "TaxExcluded"}
        desk = InvoiceDesk(self._company, Switches(), at)
        return desk.create({"CustomerRef": customer, "Line": [line], "SalesTermRef": "3", **mode}).id

    def _pay(self, at: datetime, customer: str, invoice_id: str, amount: Decimal | None) -> None:
        invoice = self._company.invoices.get(invoice_id)
        assert invoice is not None
        paid = invoice.balance if amount is None else amount
        line = {"Amount": paid, "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}]}
        create_payment(self._company, {"CustomerRef": customer, "TotalAmt": paid, "Line": [line]}, at)
