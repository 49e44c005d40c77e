"""The entities that have an address of their own: how each is read and written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.accounts import ACCOUNT, create_account, render_created_account, update_account
from attibooks_sandbox.quickbooks.catalog import (
    render_account,
    render_currency,
    render_tax_code,
    render_tax_rate,
    render_term,
)
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.forms import FORMS, read_form
from attibooks_sandbox.quickbooks.invoice_render import render_invoice
from attibooks_sandbox.quickbooks.items import ITEM, create_item, render_item, update_item
from attibooks_sandbox.quickbooks.model import Entity
from attibooks_sandbox.quickbooks.names import (
    SHAPES,
    create_name,
    render_customer,
    render_employee,
    render_vendor,
    update_name,
)
from attibooks_sandbox.quickbooks.payments import render_payment
from attibooks_sandbox.quickbooks.shapes import Cleaned, Shape
from attibooks_sandbox.quickbooks.terms import TERM, create_term, update_term
from attibooks_sandbox.quickbooks.wire import Wire

_Row = TypeVar("_Row")
Renderer = Callable[[Company, Entity], Wire]
Writer = Callable[[Company, str, Cleaned, datetime], Entity]


class ListKind(msgspec.Struct, frozen=True):
    """A list entity: `shape` None means that it can only be read here."""

    name: str
    render: Renderer
    shape: Shape | None = None
    create: Writer | None = None
    update: Writer | None = None
    render_created: Renderer | None = None


def _customer_created(company: Company, entity: Entity) -> Wire:
    return render_customer(company, entity, created=True)


_KINDS = (
    ListKind("Customer", render_customer, SHAPES["Customer"], create_name, update_name, _customer_created),
    ListKind("Vendor", render_vendor, SHAPES["Vendor"], create_name, update_name),
    ListKind("Employee", render_employee, SHAPES["Employee"], create_name, update_name),
    ListKind("Item", render_item, ITEM, create_item, update_item),
    ListKind("Account", render_account, ACCOUNT, create_account, update_account, render_created_account),
    ListKind("Term", render_term, TERM, create_term, update_term),
    ListKind("TaxCode", render_tax_code),
    ListKind("TaxRate", render_tax_rate),
    ListKind("CompanyCurrency", render_currency),
)
LIST_KINDS: dict[str, ListKind] = {kind.name.lower(): kind for kind in _KINDS}
READABLE = frozenset({"invoice", "payment", *FORMS, *LIST_KINDS})


def read_entity(company: Company, name: str, entity_id: str) -> Wire:
    """Return an entity by the part of its address and its Id, in its envelope."""
    if name == "invoice":
        invoice = company.invoices.get(entity_id)
        return {"Invoice": render_invoice(company, _found(invoice))}
    if name == "payment":
        return {"Payment": render_payment(company, _found(company.payments.get(entity_id)))}
    if name in FORMS:
        return read_form(company, FORMS[name], entity_id)
    kind = LIST_KINDS[name]
    return {kind.name: kind.render(company, _found(company.find(kind.name, entity_id)))}


def _found(row: _Row | None) -> _Row:
    if row is None:
        raise faults.object_not_found()
    return row
