"""What a company's books hold. Everything is immutable: a change makes a new version in place of the old one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

import msgspec

CENT = Decimal("0.01")
ZERO = Decimal(0)
Environment = Literal["production", "sandbox"]
Link = tuple[str, str]


def to_cents(amount: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Return an amount rounded to two decimals."""
    return amount.quantize(CENT, rounding)


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A company's settings: identity, country, preferences."""

    realm: str
    environment: Environment
    name: str
    legal_name: str
    country: str
    currency: str
    timezone: str
    user_name: str
    user_id: str
    email: str
    address: Mapping[str, str]
    started: str
    created: datetime
    updated: datetime
    multicurrency: bool = False
    sales_tax: bool = False
    partner_tax: bool | None = None
    default_terms: str | None = None
    custom_numbers: bool = False
    warn_duplicate_numbers: bool = True
    allow_discount: bool = False
    allow_deposit: bool = False
    online_payments: bool = False
    custom_fields: tuple[str, ...] = ()
    close_date: date | None = None
    french: bool = False

    @property
    def is_us(self) -> bool:
        """Tell whether the tax rules of the United States apply."""
        return self.country == "US"


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """A member of one of the company's lists; `fields` holds what clients write, by its name on the wire."""

    kind: str
    id: str
    token: int
    created: datetime
    updated: datetime
    fields: dict[str, object]

    @property
    def active(self) -> bool:
        """Tell whether it is in use."""
        return self.fields.get("Active", True) is True

    def text(self, name: str) -> str:
        """Return a text field, empty when unset."""
        return str(self.fields.get(name, ""))


class SalesLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A line that sells an item."""

    id: str
    description: str | None
    amount: Decimal
    item_id: str
    unit_price: Decimal | None = None
    qty: Decimal | None = None
    tax_code: str | None = None
    gross: Decimal | None = None
    extra: dict[str, object] | None = None


class TextLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A line that only says something."""

    id: str
    description: str | None


Line = SalesLine | TextLine


class Discount(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The discount on the whole; its amount is positive though it is taken off."""

    amount: Decimal
    account_id: str
    percent: Decimal | None = None


class TaxLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What one rate of tax makes."""

    rate_id: str
    percent: Decimal
    net: Decimal
    amount: Decimal


class Tax(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The tax of a transaction."""

    total: Decimal = ZERO
    code_id: str | None = None
    lines: tuple[TaxLine, ...] = ()


NO_TAX = Tax()


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice or other sales form; `header` holds what clients write outside the lines, by its name on the wire."""

    id: str
    token: int
    created: datetime
    updated: datetime
    header: dict[str, object]
    lines: tuple[Line, ...]
    subtotal: Decimal
    total: Decimal
    balance: Decimal
    next_line: int
    discount: Discount | None = None
    tax: Tax = NO_TAX
    links: tuple[Link, ...] = ()
    sent_at: datetime | None = None
    voided: bool = False

    @property
    def customer_id(self) -> str:
        """Return the customer's Id, empty on a sales receipt over the counter."""
        return str(self.header.get("CustomerRef", ""))

    @property
    def number(self) -> str | None:
        """Return the document number, if it has one."""
        return self.text("DocNumber")

    def text(self, name: str) -> str | None:
        """Return a text of the header, or None."""
        value = self.header.get(name)
        return value if isinstance(value, str) else None


class Applied(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The part of a payment that pays an invoice, and what was open on the invoice before it."""

    invoice_id: str
    amount: Decimal
    open_before: Decimal


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """Money received."""

    id: str
    token: int
    created: datetime
    updated: datetime
    header: dict[str, object]
    total: Decimal
    applied: tuple[Applied, ...]
    voided: bool = False

    @property
    def customer_id(self) -> str:
        """Return the customer's Id."""
        return str(self.header["CustomerRef"])

    @property
    def unapplied(self) -> Decimal:
        """Return what pays no invoice."""
        return self.total - sum((part.amount for part in self.applied), ZERO)


class Tombstone(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What is left of a deleted transaction: its kind and the time of the deletion."""

    kind: str
    id: str
    updated: datetime
