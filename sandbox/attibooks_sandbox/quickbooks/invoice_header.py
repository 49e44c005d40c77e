"""The header of an invoice: customer, currency, dates, addresses, mail, custom fields, each settled or refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.currencies import day_rate
from attibooks_sandbox.quickbooks.invoice_dates import check_open_period, due_date, today
from attibooks_sandbox.quickbooks.model import Entity, Invoice, Profile

Header = dict[str, object]
_DEFAULTS: Header = {
    "PrintStatus": "NeedToPrint",
    "EmailStatus": "NotSet",
    "ApplyTaxAfterDiscount": False,
    "AllowIPNPayment": False,
}


def ship_from(profile: Profile) -> dict[str, object] | None:
    """Return the company's own address, which US invoices were seen to carry."""
    if not profile.is_us:
        return None
    place = profile.address
    second_line = f"{place['City']}, {place['CountrySubDivisionCode']}  {place['PostalCode']}"
    return {"Id": "1", "Line1": place["Line1"], "Line2": second_line}


def _without_id(address: dict[str, object] | None) -> dict[str, object] | None:
    return None if address is None else {name: value for name, value in address.items() if name != "Id"}


class HeaderDesk(msgspec.Struct, frozen=True):
    """Settles the header of an invoice that is new (`old` None) or changed."""

    company: Company
    now: datetime
    old: Invoice | None

    def settle(self, header: Header, *, over_the_counter: bool = False) -> None:
        """Fill in what was not sent and refuse what cannot be; a sale over the counter needs no customer."""
        nobody = over_the_counter and "CustomerRef" not in header
        customer = self._nobody() if nobody else self._customer(header)
        self._currency(header, customer)
        self._dates(header, customer)
        self._tax_mode(header)
        self._addresses(header, customer)
        self._mail(header)
        self._custom_fields(header)
        self._forget_defaults(header)
        if "DepositToAccountRef" in header:
            self.company.wanted("Account", str(header["DepositToAccountRef"]))

    def _nobody(self) -> Entity:
        fields: dict[str, object] = {"CurrencyRef": self.company.profile.currency}
        return Entity(kind="Customer", id="", token=0, created=self.now, updated=self.now, fields=fields)

    def _customer(self, header: Header) -> Entity:
        customer_id = header.get("CustomerRef")
        if not isinstance(customer_id, str):
            raise faults.missing("CustomerRef")
        if self.old is None or customer_id != self.old.customer_id:
            if self.old is not None and has_payments(self.old):
                raise faults.business("The customer of an invoice with payments cannot be changed.")
            return self.company.wanted("Customer", customer_id)
        found = self.company.find("Customer", customer_id)
        assert found is not None
        return found

    def _currency(self, header: Header, customer: Entity) -> None:
        own = customer.text("CurrencyRef")
        given = header.setdefault("CurrencyRef", own)
        if not self.company.profile.multicurrency:
            header.pop("ExchangeRate", None)
            if given != self.company.profile.currency:
                raise faults.business("Multicurrency is not turned on in this company.")
            return
        if given != own:
            raise faults.wrong_currency()
        rate = header.setdefault("ExchangeRate", self._rate(own))
        if not isinstance(rate, Decimal) or rate <= 0:
            raise faults.invalid_number("ExchangeRate", rate)

    def _rate(self, currency: str) -> object:
        if self.old is not None and "ExchangeRate" in self.old.header:
            return self.old.header["ExchangeRate"]
        return day_rate(currency, self.company.profile.currency)

    def _dates(self, header: Header, customer: Entity) -> None:
        txn_date = str(header.setdefault("TxnDate", today(self.company, self.now)))
        term_id = header.get("SalesTermRef")
        if term_id is not None:
            self.company.wanted("Term", str(term_id))
        if "DueDate" not in header:
            header["DueDate"] = due_date(self.company, txn_date, None if term_id is None else str(term_id), customer)
        check_open_period(self.company, txn_date)

    def _tax_mode(self, header: Header) -> None:
        if self.company.profile.is_us:
            header.pop("GlobalTaxCalculation", None)
        elif "GlobalTaxCalculation" not in header:
            raise faults.missing("GlobalTaxCalculation")

    def _addresses(self, header: Header, customer: Entity) -> None:
        """Copy the customer's addresses where none was sent, and number those that were."""
        for name in ("BillAddr", "ShipAddr", "ShipFromAddr"):
            address = header.get(name)
            if (
                name == "ShipFromAddr"
                and address is not None
                and address == _without_id(ship_from(self.company.profile))
            ):
                del header[name]
            elif isinstance(address, dict):
                header[name] = self._numbered(name, address)
            elif name in customer.fields:
                header[name] = customer.fields[name]

    def _forget_defaults(self, header: Header) -> None:
        """Drop what says the same as its absence, so that sending back what was read changes nothing."""
        online = self.company.profile.online_payments
        defaults = {**_DEFAULTS, "AllowOnlineCreditCardPayment": online, "AllowOnlineACHPayment": online}
        for name, default in defaults.items():
            if name in header and header[name] == default:
                del header[name]

    def _numbered(self, name: str, address: dict[str, object]) -> Mapping[str, object]:
        if "Id" in address:
            return address
        before = None if self.old is None else self.old.header.get(name)
        if isinstance(before, dict) and {**address, "Id": before.get("Id")} == before:
            return before
        return {"Id": self.company.next_id("Address"), **address}

    def _mail(self, header: Header) -> None:
        if header.get("EmailStatus") == "NeedToSend" and "BillEmail" not in header:
            raise faults.no_recipient()

    def _custom_fields(self, header: Header) -> None:
        """Keep custom fields by the Id of their definition; those not sent stay as they were."""
        given = header.get("CustomField")
        if not isinstance(given, list):
            return
        held = None if self.old is None else self.old.header.get("CustomField")
        values = dict(held) if isinstance(held, dict) else {}
        for each in given:
            number = each.get("DefinitionId")
            if number is None or not 1 <= int(number) <= len(self.company.profile.custom_fields):
                raise faults.invalid_reference("CustomField", str(number))
            values[number] = each.get("StringValue")
        header["CustomField"] = {number: value for number, value in values.items() if value is not None}
        if not header["CustomField"]:
            del header["CustomField"]


def has_payments(invoice: Invoice) -> bool:
    """Tell whether a payment is applied to an invoice."""
    return any(kind == "Payment" for _, kind in invoice.links)
