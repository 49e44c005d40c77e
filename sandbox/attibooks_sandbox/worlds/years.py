"""Years of business for a company of the large world: customers, invoices, mails, payments, voids and deletions.

Everything goes over the same desks as the calls of clients, in the order of its time, so that balances, numbers,
versions and links are as clients would have left them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from math import sqrt
from random import Random

import msgspec

from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.invoices import InvoiceDesk
from attibooks_sandbox.quickbooks.model import Entity, Invoice, to_cents
from attibooks_sandbox.quickbooks.payments import create_payment
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.worlds.companies import CompanyFacts
from attibooks_sandbox.worlds.vocabulary import TONGUES, WORK, domain, firms, person

FIRST_DAY = datetime(2021, 3, 31, 21, 40, tzinfo=UTC)
_LAST_DAY = datetime(2026, 10, 2, 18, 0, tzinfo=UTC)
_INVOICES_PER_CUSTOMER = 12
_DELETED = 0.01
_PRICES = {"1": 95, "2": 110, "3": 150, "4": 75, "5": 1200, "6": 49.5}
_FEW, _MANY = (1, 1, 1, 2, 3), (1, 2, 3, 4, 6, 8, 12, 16, 24, 40)
_SEND = 0.6


class _Event(msgspec.Struct, frozen=True, order=True):
    """What happens when; of several at one moment the one planned first."""

    at: datetime
    number: int
    deed: str
    subject: str


def live_through(company: Company, *, facts: CompanyFacts, seed: int, invoices: int) -> None:
    """Fill a company that has its lists; so many invoices are left in the end."""
    random = Random(f"years:{seed}:{facts.realm}")  # noqa: S311 - wanted: the same years in every run
    names = firms(facts.country, Random(f"firms:{seed}:{facts.country}"))  # noqa: S311
    _Years(company, facts, random, names).pass_by(invoices)


class _Years:
    """Fills the books of one company."""

    def __init__(self, company: Company, facts: CompanyFacts, random: Random, names: Iterator[str]) -> None:
        self._company = company
        self._facts = facts
        self._random = random
        self._numbers = count()
        self._events: list[_Event] = []
        self._names = names
        self._customers: list[str] = []
        self._shares: list[float] = []

    def pass_by(self, invoices: int) -> None:
        """Add customers and so many invoices that are left in the end, with all that follows from them."""
        wanted = invoices // _INVOICES_PER_CUSTOMER
        for number in range(wanted):
            self._plan(FIRST_DAY if number < wanted // 10 else self._some_time(), "customer")
        deleted = int(invoices * _DELETED)
        doomed = set(self._random.sample(range(invoices + deleted), deleted))
        for number in range(invoices + deleted):
            self._plan(self._some_time(), "delete later" if number in doomed else "invoice")
        while self._events:
            event = heapq.heappop(self._events)
            if event.at <= _LAST_DAY:
                self._do(event)

    def _plan(self, at: datetime, deed: str, subject: str = "") -> None:
        heapq.heappush(self._events, _Event(at, next(self._numbers), deed, subject))

    def _some_time(self) -> datetime:
        """Return a working hour; the later years have more of them, for business grows."""
        days = (_LAST_DAY - FIRST_DAY).days
        day = FIRST_DAY + timedelta(days=1 + int((days - 2) * sqrt(self._random.random())))
        day -= timedelta(days=max(day.weekday() - 4, 0))
        return day.replace(hour=13, minute=0) + timedelta(seconds=self._random.randrange(9 * 3600))

    # customers

    def _add_customer(self, at: datetime) -> None:
        random, company = self._random, self._company
        name = next(self._names)
        active = random.random() > 0.04
        parent = random.choice(self._customers) if self._customers and random.random() < 0.04 else None
        fields = {
            "DisplayName": name if active else f"{name} (deleted)",
            **self._contact(name),
            "CompanyName": name,
            "PrintOnCheckName": name,
            "ParentRef": parent,
            "Active": active,
            "Taxable": True,
            "Job": parent is not None,
            "BillWithParent": False,
            "PreferredDeliveryMethod": "Email" if random.random() < _SEND else "Print",
            "CurrencyRef": self._currency(parent),
            "SalesTermRef": random.choice(("2", "3", "3", "4")),
            "DefaultTaxCodeRef": "2" if self._facts.country == "US" else None,
            "BillAddr": self._address(),
        }
        present = {key: value for key, value in fields.items() if value is not None}
        number = company.next_id("Customer")
        company.lists["Customer"].put(
            Entity(kind="Customer", id=number, token=0, created=at, updated=at, fields=present)
        )
        if active:
            self._shares.append((self._shares[-1] if self._shares else 0) + (1 + len(self._customers)) ** -0.5)
            self._customers.append(number)

    def _contact(self, name: str) -> dict[str, object]:
        given, family = person(self._facts.country, self._random)
        address = self._random.choice(("accounts", "billing", "ap", "office", given.lower()))
        email = f"{address}@{domain(name)}" if self._random.random() > 0.05 and address.isascii() else None
        return {"GivenName": given, "FamilyName": family, "PrimaryEmailAddr": email}

    def _currency(self, parent: str | None) -> str:
        held = None if parent is None else self._company.find("Customer", parent)
        if held is not None:
            return held.text("CurrencyRef")
        foreign = self._facts.multicurrency and self._random.random() < 0.25
        return self._random.choice(self._facts.currencies) if foreign else self._facts.currency

    def _address(self) -> dict[str, object]:
        tongue = TONGUES[self._facts.country]
        number, street = self._random.randrange(1, 300), self._random.choice(tongue.streets)
        city, region, postal_code = self._random.choice(tongue.towns)
        return {
            "Id": self._company.next_id("Address"),
            "Line1": f"{street} {number}" if self._facts.country == "DE" else f"{number} {street}",
            "City": city,
            "CountrySubDivisionCode": region,
            "PostalCode": postal_code,
        }

    # what happens

    def _do(self, event: _Event) -> None:
        if event.deed == "customer":
            self._add_customer(event.at)
            return
        if event.deed in {"invoice", "delete later"}:
            self._follow_up(event, self._invoice(event.at))
            return
        invoice = self._company.invoices.get(event.subject)
        assert invoice is not None
        desk = InvoiceDesk(self._company, Switches(), event.at)
        if event.deed == "send":
            desk.send(invoice.id, None)
        elif event.deed == "pay" and invoice.balance:
            self._pay(event.at, invoice, invoice.balance)
        elif event.deed == "pay a part":
            self._pay(
                event.at, invoice, (invoice.balance * self._random.randrange(2, 8) / 10).quantize(Decimal("0.01"))
            )
        elif event.deed in {"void", "delete"}:
            known: dict[str, object] = {"Id": invoice.id, "SyncToken": str(invoice.token)}
            desk.void(known) if event.deed == "void" else desk.delete(known)

    def _follow_up(self, event: _Event, invoice: Invoice) -> None:
        """Plan the mail and the end of an invoice: most are paid around their due date, some late, a few never."""
        random, at = self._random, event.at
        if event.deed == "delete later":
            self._plan(at + timedelta(hours=random.randrange(1, 20)), "delete", invoice.id)
            return
        if invoice.text("BillEmail") and random.random() < _SEND:
            self._plan(at + timedelta(minutes=random.randrange(1, 50)), "send", invoice.id)
        fate = random.random()
        paid = at + timedelta(days=max(random.gauss(28, 14), 1))
        if fate < 0.03:
            self._plan(at + timedelta(days=random.randrange(1, 12)), "void", invoice.id)
        elif fate < 0.06:
            self._plan(paid, "pay a part", invoice.id)
            self._plan(paid + timedelta(days=random.randrange(20, 200)), "pay", invoice.id)
        elif fate < 0.985:
            self._plan(paid, "pay", invoice.id)

    def _invoice(self, at: datetime) -> Invoice:
        customer = self._random.choices(self._customers, cum_weights=self._shares)[0]
        held = self._company.find("Customer", customer)
        assert held is not None
        email = {"BillEmail": held.text("PrimaryEmailAddr")} if held.text("PrimaryEmailAddr") else {}
        lines = [self._line() for _ in range(self._random.choice((1, 1, 1, 2, 2, 3, 4)))]
        tax = {"TxnTaxDetail": {"TxnTaxCodeRef": "2"}} if self._facts.country == "US" and self._facts.sales_tax else {}
        mode = {} if self._facts.country == "US" else {"GlobalTaxCalculation": "TaxExcluded"}
        cleaned = {"CustomerRef": customer, "Line": lines, "SalesTermRef": held.text("SalesTermRef")}
        return InvoiceDesk(self._company, Switches(), at).create({**cleaned, **email, **tax, **mode})

    def _line(self) -> dict[str, object]:
        random = self._random
        item, texts = random.choice(WORK)
        qty = Decimal(random.choice(_FEW if item in {"1", "5"} else _MANY)) / random.choice((1, 1, 1, 2))
        price = (Decimal(str(_PRICES[item])) * random.randrange(80, 160) / 100).quantize(Decimal("0.01"))
        detail: dict[str, object] = {"ItemRef": item, "Qty": qty, "UnitPrice": price, **self._tax_code()}
        return {
            "DetailType": "SalesItemLineDetail",
            "Description": random.choice(texts),
            "Amount": to_cents(qty * price),
            "SalesItemLineDetail": detail,
        }

    def _tax_code(self) -> dict[str, str]:
        """Return the tax code of a line: the country's first one mostly, elsewhere in the US none."""
        codes = self._facts.regime.codes
        if self._facts.country != "US":
            return {"TaxCodeRef": codes[0][0] if self._random.random() < 0.9 else self._random.choice(codes)[0]}
        return {"TaxCodeRef": "TAX"} if self._facts.sales_tax and self._random.random() < 0.2 else {}

    def _pay(self, at: datetime, invoice: Invoice, amount: Decimal) -> None:
        line = {"Amount": amount, "LinkedTxn": [{"TxnId": invoice.id, "TxnType": "Invoice"}]}
        create_payment(self._company, {"CustomerRef": invoice.customer_id, "TotalAmt": amount, "Line": [line]}, at)
