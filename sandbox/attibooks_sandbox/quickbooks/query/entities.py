"""What can be asked of each entity: its rows, the fields that conditions may name, its own order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Literal

import msgspec

from attibooks_sandbox.quickbooks.catalog import (
    pseudo_tax_codes,
    render_account,
    render_company,
    render_currency,
    render_preferences,
    render_tax_code,
    render_tax_rate,
    render_term,
)
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.forms import FORMS, FormKind, render_form
from attibooks_sandbox.quickbooks.invoice_render import render_invoice
from attibooks_sandbox.quickbooks.items import render_item
from attibooks_sandbox.quickbooks.model import Entity, Invoice, Payment
from attibooks_sandbox.quickbooks.names import render_customer, render_employee, render_vendor
from attibooks_sandbox.quickbooks.payments import render_payment
from attibooks_sandbox.quickbooks.tables import Table
from attibooks_sandbox.quickbooks.wire import Wire

Kind = Literal["text", "number", "date", "instant", "boolean", "id"]
Getter = Callable[[Company, object], object]


class Asked(msgspec.Struct, frozen=True):
    """A field that conditions and orders may name; `index` is the table's index for equality."""

    kind: Kind
    get: Getter
    index: str | None = None
    selective: bool = True


class Queryable(msgspec.Struct, frozen=True):
    """An entity as queries see it."""

    name: str
    rows: Callable[[Company], Table[Entity] | Table[Invoice] | Table[Payment]]
    fields: Mapping[str, Asked]
    render: Callable[[Company, object], Wire]
    order: Callable[[Company, object], str] | None = None
    has_active: bool = False
    totals: bool = False
    extra_rows: Callable[[Company], list[Wire]] | None = None
    hidden: frozenset[str] = frozenset()
    unasked: frozenset[str] = frozenset()

    def field(self, name: str) -> Asked | None:
        """Return the field that a condition names in any case."""
        return self.fields.get(name.lower())


def _meta(extra: Mapping[str, Asked]) -> dict[str, Asked]:
    common = {
        "Id": Asked("id", lambda _, row: _attribute(row, "id")),
        "MetaData.CreateTime": Asked("instant", lambda _, row: _attribute(row, "created")),
        "MetaData.LastUpdatedTime": Asked("instant", lambda _, row: _attribute(row, "updated")),
    }
    return {name.lower(): asked for name, asked in {**common, **extra}.items()}


def _attribute(row: object, name: str) -> object:
    return getattr(row, name)


def _field(name: str, kind: Kind, index: str | None = None) -> dict[str, Asked]:
    def get(_: Company, row: object) -> object:
        assert isinstance(row, Entity)
        return row.fields.get(name)

    return {name: Asked(kind, get, index)}


def _fields(kind: Kind, *names: str) -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    for name in names:
        found |= _field(name, kind)
    return found


def _header(kind: Kind, *names: str, index: str | None = None) -> dict[str, Asked]:
    def getter(name: str) -> Getter:
        def get(_: Company, row: object) -> object:
            assert isinstance(row, Invoice | Payment)
            return row.header.get(name)

        return get

    return {name: Asked(kind, getter(name), index) for name in names}


def _full_name(company: Company, row: object) -> str:
    assert isinstance(row, Entity)
    return company.full_name(row)


def _own_name(_: Company, row: object) -> str:
    assert isinstance(row, Entity)
    return row.text("Name") or row.text("DisplayName") or row.text("Code")


def _customer_balance(company: Company, row: object) -> object:
    return company.balance(str(_attribute(row, "id")))


_PERSON = {
    **_field("DisplayName", "text", "DisplayName"),
    **_fields("text", "GivenName", "MiddleName", "FamilyName", "Title", "Suffix", "CompanyName", "PrintOnCheckName"),
    **_field("Active", "boolean"),
}
_CUSTOMER = {
    **_PERSON,
    "FullyQualifiedName": Asked("text", _full_name),
    **_field("PrimaryEmailAddr", "text", "PrimaryEmailAddr"),
    "PrimaryEmailAddr.Address": Asked(
        "text", _field("PrimaryEmailAddr", "text")["PrimaryEmailAddr"].get, "PrimaryEmailAddr"
    ),
    "Balance": Asked("number", _customer_balance),
    **_fields("boolean", "Job", "Taxable", "BillWithParent"),
    **_field("ParentRef", "id", "ParentRef"),
    **_fields("id", "SalesTermRef", "CurrencyRef"),
}
_ITEM = {
    **_field("Name", "text", "Name"),
    "FullyQualifiedName": Asked("text", _full_name),
    **_fields("text", "Type", "Sku", "Description"),
    **_fields("boolean", "Active", "Taxable", "TrackQtyOnHand"),
    **_fields("number", "UnitPrice", "PurchaseCost", "QtyOnHand"),
    **_fields("id", "IncomeAccountRef", "ExpenseAccountRef", "ParentRef"),
}
_ACCOUNT = {
    **_field("Name", "text", "Name"),
    "FullyQualifiedName": Asked("text", _full_name),
    **_fields("text", "AccountType", "AccountSubType", "Classification"),
    **_field("Active", "boolean"),
    **_field("ParentRef", "id"),
}
_INVOICE = {
    "DocNumber": Asked("text", lambda _, row: _attribute(row, "number"), "DocNumber"),
    **_header("date", "TxnDate", index="TxnDate"),
    **_header("date", "DueDate"),
    "CustomerRef": Asked("id", lambda _, row: _attribute(row, "customer_id"), "CustomerRef"),
    **_header("id", "SalesTermRef"),
    "Balance": Asked("number", lambda _, row: _attribute(row, "balance")),
    "TotalAmt": Asked("number", lambda _, row: _attribute(row, "total")),
    **_header("id", "ProjectRef"),
}
_FORM = {name: asked for name, asked in _INVOICE.items() if name not in {"Balance", "SalesTermRef", "DueDate"}}
_PAYMENT = {
    **_header("date", "TxnDate", index="TxnDate"),
    "CustomerRef": Asked("id", lambda _, row: _attribute(row, "customer_id"), "CustomerRef"),
    "TotalAmt": Asked("number", lambda _, row: _attribute(row, "total")),
    "UnappliedAmt": Asked("number", lambda _, row: _attribute(row, "unapplied")),
    **_header("text", "PaymentRefNum"),
}
_NAMED = {**_field("Name", "text", "Name"), **_fields("text", "Description"), **_field("Active", "boolean")}
_CURRENCY = {**_field("Code", "text", "Code"), **_field("Name", "text"), **_field("Active", "boolean")}


def _list(
    name: str,
    fields: Mapping[str, Asked],
    render: Callable[[Company, Entity], Wire],
    *,
    order: Callable[[Company, object], str] = _own_name,
    totals: bool = False,
    extra_rows: Callable[[Company], list[Wire]] | None = None,
    unasked: Iterable[str] = (),
) -> Queryable:
    def wire(company: Company, row: object) -> Wire:
        assert isinstance(row, Entity)
        return render(company, row)

    return Queryable(
        name=name,
        rows=lambda company: company.lists[name],
        fields=_meta(fields),
        render=wire,
        order=order,
        has_active=True,
        totals=totals,
        extra_rows=extra_rows,
        unasked=frozenset(unasked),
    )


def _invoice_wire(company: Company, row: object) -> Wire:
    assert isinstance(row, Invoice)
    return render_invoice(company, row, "queried")


def _form(form: FormKind) -> Queryable:
    def wire(company: Company, row: object) -> Wire:
        assert isinstance(row, Invoice)
        return render_form(company, form, row)

    return Queryable(form.kind, lambda company: company.forms[form.kind], _meta(_FORM), wire)


def _payment_wire(company: Company, row: object) -> Wire:
    assert isinstance(row, Payment)
    return render_payment(company, row)


_ENTITIES = (
    Queryable("Invoice", lambda company: company.invoices, _meta(_INVOICE), _invoice_wire, totals=True),
    Queryable("Payment", lambda company: company.payments, _meta(_PAYMENT), _payment_wire),
    *(_form(form) for form in FORMS.values()),
    _list("Customer", _CUSTOMER, lambda company, row: render_customer(company, row, queried=True), order=_full_name),
    _list("Vendor", _PERSON, render_vendor),
    _list("Employee", _PERSON, render_employee),
    _list(
        "Item", _ITEM, lambda company, row: render_item(company, row, queried=True), order=_full_name, unasked=("Sku",)
    ),
    _list("Account", _ACCOUNT, render_account),
    _list("Term", _NAMED, render_term),
    _list(
        "TaxCode",
        _NAMED,
        render_tax_code,
        totals=True,
        extra_rows=lambda company: pseudo_tax_codes(company.profile),
    ),
    _list("TaxRate", _NAMED, render_tax_rate, totals=True),
    _list("CompanyCurrency", _CURRENCY, render_currency, totals=True),
)
QUERYABLE: dict[str, Queryable] = {entity.name.lower(): entity for entity in _ENTITIES}
SINGLE: dict[str, tuple[str, Callable[[Company], Wire]]] = {
    "companyinfo": ("CompanyInfo", lambda company: render_company(company.profile)),
    "preferences": ("Preferences", lambda company: render_preferences(company.profile)),
}
_ELSEWHERE = (
    "Attachable", "Bill", "BillPayment", "Budget", "Class", "CreditMemo", "CustomerType", "Department", "Deposit",
    "InventoryAdjustment", "JournalCode", "JournalEntry", "PaymentMethod", "Purchase", "PurchaseOrder",
    "RefundReceipt", "RecurringTransaction", "TaxAgency", "TimeActivity", "Transfer", "VendorCredit",
)  # fmt: skip
KNOWN_EMPTY = frozenset(name.lower() for name in _ELSEWHERE)
NOT_QUERYABLE = frozenset(
    {"privatenote", "customermemo", "emailstatus", "line", "linkedtxn", "billemail", "printstatus"}
)


def updated_of(row: object) -> datetime:
    """Return the time of a row's last change."""
    instant = _attribute(row, "updated")
    assert isinstance(instant, datetime)
    return instant


def id_number(row: object) -> int:
    """Return a row's Id as a number."""
    return int(str(_attribute(row, "id")))
