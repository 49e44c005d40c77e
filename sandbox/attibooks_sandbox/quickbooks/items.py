"""Items: what is sold (reference: QuickBooks Online API, Item). Services can be made; stock is not kept."""

from __future__ import annotations

from datetime import datetime

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company, folded
from attibooks_sandbox.quickbooks.lists import create_entity, settle_name, update_entity
from attibooks_sandbox.quickbooks.model import Entity
from attibooks_sandbox.quickbooks.shapes import (
    COMMON,
    DAY,
    FLAG,
    IGNORED,
    NUMBER,
    REFERENCE,
    TEXT_4000,
    Cleaned,
    Shape,
    Text,
    Unavailable,
    Word,
)
from attibooks_sandbox.quickbooks.wire import Wire, present, reference, stamp

_ACCOUNTS = ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef")
_COUNTRIES_WITH_EXPENSE = frozenset({"CA", "GB"})
_FEATURES = (
    "AbatementRate",
    "ReverseChargeRate",
    "ServiceType",
    "ItemCategoryType",
    "UQCDisplayText",
    "PrefVendorRef",
    "ClassRef",
)
ITEM = Shape(
    "Item",
    {
        **COMMON,
        "Name": Text(100, ":\t\n\r"),
        "Sku": Text(100),
        "Description": TEXT_4000,
        "Active": FLAG,
        "SubItem": FLAG,
        "ParentRef": REFERENCE,
        "Taxable": FLAG,
        "SalesTaxIncluded": FLAG,
        "PurchaseTaxIncluded": FLAG,
        "UnitPrice": NUMBER,
        "Type": Word(("Service", "NonInventory", "Inventory", "Category", "Group")),
        **dict.fromkeys(_ACCOUNTS, REFERENCE),
        "PurchaseDesc": Text(1000),
        "PurchaseCost": NUMBER,
        "TrackQtyOnHand": FLAG,
        "QtyOnHand": NUMBER,
        "InvStartDate": DAY,
        "SalesTaxCodeRef": REFERENCE,
        "PurchaseTaxCodeRef": REFERENCE,
        "TaxClassificationRef": REFERENCE,
        **dict.fromkeys(("FullyQualifiedName", "Level", "DeferredRevenue", "Source", "ClientEntityId"), IGNORED),
        **dict.fromkeys(_FEATURES, Unavailable()),
    },
)


def create_item(company: Company, kind: str, cleaned: Cleaned, now: datetime) -> Entity:
    """Add an item."""
    return create_entity(company, kind, cleaned, now, _finish)


def update_item(company: Company, kind: str, cleaned: Cleaned, now: datetime) -> Entity:
    """Change an item."""
    return update_entity(company, kind, cleaned, now, _finish)


def _finish(company: Company, fields: dict[str, object], old: Entity | None) -> dict[str, object]:
    for name in ("Name", "Type"):
        if name not in fields:
            raise faults.missing(name)
    _check_kind(company, fields, old)
    defaults: dict[str, object] = {"Active": True, "Taxable": False, "TrackQtyOnHand": False}
    for name, default in defaults.items():
        fields.setdefault(name, default)
    settle_name(fields, "Name", old)
    holders = company.lists["Item"].find("Name", folded(str(fields["Name"])))
    if any(old is None or holder != old.id for holder in holders):
        raise faults.duplicate_name("null")
    return fields


def _check_kind(company: Company, fields: dict[str, object], old: Entity | None) -> None:
    kind = fields["Type"]
    if old is None and kind in {"Inventory", "Group"}:
        raise faults.not_emulated(f"Items of type {kind} cannot be made in the sandbox")
    if kind == "Category":
        return
    wanted = ["IncomeAccountRef"] + ["ExpenseAccountRef"] * (company.profile.country in _COUNTRIES_WITH_EXPENSE)
    for name in wanted:
        if name not in fields:
            raise faults.missing(name)
    for name in _ACCOUNTS:
        if name in fields:
            company.wanted("Account", str(fields[name]))


def render_item(company: Company, entity: Entity, *, queried: bool = False) -> Wire:
    """Return an item; queries leave out `DeferredRevenue`, and show `Sku` only when it is asked for."""
    fields = entity.fields
    category = fields["Type"] == "Category"
    return present(
        {
            "Name": fields["Name"],
            "Sku": fields.get("Sku"),
            "Description": fields.get("Description"),
            "Active": fields["Active"],
            "SubItem": True if "ParentRef" in fields else None,
            "ParentRef": reference(str(fields["ParentRef"])) if "ParentRef" in fields else None,
            "Level": company.level(entity) or None,
            "FullyQualifiedName": company.full_name(entity),
            "Taxable": None if category else fields["Taxable"],
            "UnitPrice": None if category else fields.get("UnitPrice", 0),
            "Type": fields["Type"],
            "IncomeAccountRef": _account(company, fields, "IncomeAccountRef"),
            "PurchaseDesc": fields.get("PurchaseDesc"),
            "PurchaseCost": None if category else fields.get("PurchaseCost", 0),
            "ExpenseAccountRef": _account(company, fields, "ExpenseAccountRef"),
            "AssetAccountRef": _account(company, fields, "AssetAccountRef"),
            "TrackQtyOnHand": None if category else fields["TrackQtyOnHand"],
            "QtyOnHand": fields.get("QtyOnHand"),
            "InvStartDate": fields.get("InvStartDate"),
            "SalesTaxCodeRef": reference(str(fields["SalesTaxCodeRef"])) if "SalesTaxCodeRef" in fields else None,
            "DeferredRevenue": None if queried or category else False,
            **stamp(entity.id, entity.token, entity.created, entity.updated),
        }
    )


def _account(company: Company, fields: dict[str, object], name: str) -> Wire | None:
    if name not in fields:
        return None
    account_id = str(fields[name])
    account = company.find("Account", account_id)
    return reference(account_id, None if account is None else company.full_name(account))
