"""Customers, vendors and employees: three lists that share one space of names.

Reference: QuickBooks Online API, Customer.
"""

from __future__ import annotations

from datetime import datetime

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.lists import create_entity, settle_name, update_entity
from attibooks_sandbox.quickbooks.model import Entity
from attibooks_sandbox.quickbooks.shapes import (
    ADDRESS,
    COMMON,
    DAY,
    EMAIL,
    FLAG,
    IGNORED,
    NUMBER,
    PHONE,
    REFERENCE,
    TEXT_4000,
    WEB_ADDRESS,
    Cleaned,
    Field,
    Shape,
    Text,
    Unavailable,
    Word,
)
from attibooks_sandbox.quickbooks.wire import Wire, currency_reference, present, pseudonym, reference, stamp

_NAME_MARKS = ":\t\n\r"
_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_PHONES = ("PrimaryPhone", "AlternatePhone", "Mobile", "Fax")
_DEEPEST_LEVEL = 4
_PERSON: dict[str, Field] = {
    **COMMON,
    "Title": Text(16, _NAME_MARKS),
    "GivenName": Text(100, _NAME_MARKS),
    "MiddleName": Text(100, _NAME_MARKS),
    "FamilyName": Text(100, _NAME_MARKS),
    "Suffix": Text(16, _NAME_MARKS),
    "DisplayName": Text(500, _NAME_MARKS),
    "PrintOnCheckName": Text(110),
    "CompanyName": Text(100),
    "Active": FLAG,
    **dict.fromkeys(_PHONES, PHONE),
    "PrimaryEmailAddr": EMAIL,
    "WebAddr": WEB_ADDRESS,
    "BillAddr": ADDRESS,
    "CurrencyRef": REFERENCE,
    "Balance": IGNORED,
    "FullyQualifiedName": IGNORED,
    "V4IDPseudonym": IGNORED,
    "ClientEntityId": IGNORED,
    "Notes": TEXT_4000,
    "OtherAddr": ADDRESS,
}
CUSTOMER = Shape(
    "Customer",
    {
        **_PERSON,
        "ShipAddr": ADDRESS,
        "ParentRef": REFERENCE,
        "Job": FLAG,
        "BillWithParent": FLAG,
        "Taxable": FLAG,
        "DefaultTaxCodeRef": REFERENCE,
        "SalesTermRef": REFERENCE,
        "PaymentMethodRef": REFERENCE,
        "PreferredDeliveryMethod": Word(("Print", "Email", "None")),
        "ResaleNum": Text(16),
        "GSTIN": Text(15),
        "PrimaryTaxIdentifier": Text(20),
        "BusinessNumber": Text(10),
        "SecondaryTaxIdentifier": Text(20),
        **dict.fromkeys(
            ("BalanceWithJobs", "Level", "IsProject", "OpenBalanceDate", "RootCustomerRef", "ClientCompanyId"), IGNORED
        ),
        **dict.fromkeys(
            ("ARAccountRef", "CustomerTypeRef", "TaxExemptionReasonId", "CCDetail", "GSTRegistrationType", "Source"),
            Unavailable(),
        ),
    },
)
VENDOR = Shape(
    "Vendor",
    {
        **_PERSON,
        "Vendor1099": FLAG,
        "AcctNum": Text(100),
        "TermRef": REFERENCE,
        "TaxIdentifier": Text(20),
        "BillRate": NUMBER,
        "TaxReportingBasis": Text(20),
    },
)
EMPLOYEE = Shape(
    "Employee",
    {
        **_PERSON,
        "EmployeeNumber": Text(100),
        "SSN": Text(100),
        "PrimaryAddr": ADDRESS,
        "BillableTime": FLAG,
        "BillRate": NUMBER,
        "CostRate": NUMBER,
        "BirthDate": DAY,
        "HiredDate": DAY,
        "ReleasedDate": DAY,
        "Gender": Text(20),
        "Organization": IGNORED,
    },
)
SHAPES = {"Customer": CUSTOMER, "Vendor": VENDOR, "Employee": EMPLOYEE}


def create_name(company: Company, kind: str, cleaned: Cleaned, now: datetime) -> Entity:
    """Add a customer, vendor or employee."""
    return create_entity(company, kind, cleaned, now, _FINISHERS[kind])


def update_name(company: Company, kind: str, cleaned: Cleaned, now: datetime) -> Entity:
    """Change a customer, vendor or employee; its currency stays what it was."""
    cleaned = {name: value for name, value in cleaned.items() if name != "CurrencyRef"}
    return update_entity(company, kind, cleaned, now, _FINISHERS[kind], name="DisplayName")


def _finish_name(company: Company, fields: dict[str, object], old: Entity | None, kind: str) -> dict[str, object]:
    parts = " ".join(str(fields[part]) for part in _PARTS if part in fields)
    if "DisplayName" not in fields:
        if not parts:
            raise faults.no_name()
        fields["DisplayName"] = parts
    fields.setdefault("Active", True)
    fields.setdefault("PrintOnCheckName", fields.get("CompanyName") or parts or fields["DisplayName"])
    fields["CurrencyRef"] = old.fields["CurrencyRef"] if old is not None else _currency(company, fields)
    settle_name(fields, "DisplayName", old)
    _check_free(company, kind, str(fields["DisplayName"]), old)
    for name in ("BillAddr", "ShipAddr", "PrimaryAddr", "OtherAddr"):
        _number_address(company, fields, name, old)
    return fields


def _currency(company: Company, fields: dict[str, object]) -> str:
    code = str(fields.get("CurrencyRef", company.profile.currency))
    if code == company.profile.currency:
        return code
    if not company.profile.multicurrency:
        raise faults.business("Multicurrency is not turned on in this company.")
    if not any(each.active and each.text("Code") == code for each in company.lists["CompanyCurrency"]):
        raise faults.invalid_reference("CompanyCurrency", code)
    return code


def _check_free(company: Company, kind: str, name: str, old: Entity | None) -> None:
    holder = company.name_holder(name)
    if holder is None or (old is not None and (holder.kind, holder.id) == (kind, old.id)):
        return
    details = {
        kind: "null",
        "Vendor": "Another customer, vendor or employee is already using this name. Please use a different name.",
        "Employee": f"Another $$customer$$ is already using this name. Please use a different name. Id={holder.id}",
    }
    raise faults.duplicate_name(details[kind] if holder.kind == kind else details.get(holder.kind, details["Vendor"]))


def _number_address(company: Company, fields: dict[str, object], name: str, old: Entity | None) -> None:
    """Give a new or changed address its Id; an unchanged one keeps its own."""
    address = fields.get(name)
    if not isinstance(address, dict) or "Id" in address:
        return
    before = None if old is None else old.fields.get(name)
    if isinstance(before, dict) and {key: each for key, each in before.items() if key != "Id"} == address:
        fields[name] = before
    else:
        fields[name] = {"Id": company.next_id("Address"), **address}


def _finish_customer(company: Company, fields: dict[str, object], old: Entity | None) -> dict[str, object]:
    fields = _finish_name(company, fields, old, "Customer")
    for name, default in (("Taxable", True), ("BillWithParent", False), ("PreferredDeliveryMethod", "Print")):
        fields.setdefault(name, default)
    if company.profile.is_us:
        fields.setdefault("DefaultTaxCodeRef", "2")
    if "SalesTermRef" in fields:
        company.wanted("Term", str(fields["SalesTermRef"]))
    _settle_parent(company, fields, old)
    return fields


def _settle_parent(company: Company, fields: dict[str, object], old: Entity | None) -> None:
    fields["Job"] = "ParentRef" in fields
    if "ParentRef" not in fields:
        return
    parent = company.wanted("Customer", str(fields["ParentRef"]))
    above: Entity | None = parent
    while above is not None:
        if old is not None and above.id == old.id:
            raise faults.RefusedError("900", "Invalid Parent", "A customer cannot be its own parent", element="")
        above = company.find("Customer", above.text("ParentRef"))
    if company.level(parent) + 1 > _DEEPEST_LEVEL:
        raise faults.RefusedError("700", "Invalid Parent", "Customers can be nested four levels deep", element="")


def _finish_vendor(company: Company, fields: dict[str, object], old: Entity | None) -> dict[str, object]:
    fields = _finish_name(company, fields, old, "Vendor")
    fields.setdefault("Vendor1099", False)
    return fields


def _finish_employee(company: Company, fields: dict[str, object], old: Entity | None) -> dict[str, object]:
    fields = _finish_name(company, fields, old, "Employee")
    fields.setdefault("BillableTime", False)
    return fields


_FINISHERS = {"Customer": _finish_customer, "Vendor": _finish_vendor, "Employee": _finish_employee}


def render_customer(company: Company, entity: Entity, *, queried: bool = False, created: bool = False) -> Wire:
    """Return a customer; queries show `ClientEntityId` and no default tax code, creates hide the pseudonym."""
    fields = entity.fields
    level = company.level(entity)
    tax_code = fields.get("DefaultTaxCodeRef")
    return present(
        {
            **_named(fields, "Taxable", "BillAddr", "ShipAddr", "OtherAddr", "Notes", "Job", "BillWithParent"),
            "ParentRef": _reference(fields, "ParentRef"),
            "Level": level or None,
            "SalesTermRef": _reference(fields, "SalesTermRef"),
            "PaymentMethodRef": _reference(fields, "PaymentMethodRef"),
            "Balance": _balance(company.balance(entity.id)),
            "BalanceWithJobs": _balance(company.balance_with_jobs(entity.id)),
            "CurrencyRef": currency_reference(entity.text("CurrencyRef")),
            **_named(fields, "PreferredDeliveryMethod", "ResaleNum", "PrimaryTaxIdentifier", "SecondaryTaxIdentifier"),
            **_named(fields, "BusinessNumber", "GSTIN"),
            "IsProject": False,
            "ClientEntityId": "0" if queried else None,
            **stamp(entity.id, entity.token, entity.created, entity.updated),
            **_person(company, entity, full_name=True),
            "V4IDPseudonym": None if created else pseudonym(company.profile.realm, "Customer", entity.id),
            **_contacts(fields),
            "DefaultTaxCodeRef": None if queried or tax_code is None else reference(str(tax_code)),
        }
    )


def render_vendor(company: Company, entity: Entity) -> Wire:
    """Return a vendor."""
    return present(
        {
            **_named(entity.fields, "BillAddr", "TermRef", "AcctNum"),
            "Balance": 0,
            "Vendor1099": entity.fields["Vendor1099"],
            "CurrencyRef": currency_reference(entity.text("CurrencyRef")),
            **stamp(entity.id, entity.token, entity.created, entity.updated),
            **_person(company, entity, full_name=False),
            **_contacts(entity.fields),
        }
    )


def render_employee(company: Company, entity: Entity) -> Wire:
    """Return an employee."""
    return present(
        {
            **_named(entity.fields, "EmployeeNumber", "PrimaryAddr", "BillableTime", "BirthDate", "HiredDate"),
            **stamp(entity.id, entity.token, entity.created, entity.updated),
            **_person(company, entity, full_name=False),
            **_contacts(entity.fields),
        }
    )


def _balance(amount: object) -> object:
    return amount or 0


def _named(fields: dict[str, object], *names: str) -> Wire:
    return {name: fields.get(name) for name in names}


def _reference(fields: dict[str, object], name: str) -> Wire | None:
    return reference(str(fields[name])) if name in fields else None


def _person(company: Company, entity: Entity, *, full_name: bool) -> Wire:
    fields = entity.fields
    return {
        **_named(fields, *_PARTS),
        "FullyQualifiedName": company.full_name(entity) if full_name else None,
        **_named(fields, "CompanyName", "DisplayName", "PrintOnCheckName", "Active"),
    }


def _contacts(fields: dict[str, object]) -> Wire:
    email = fields.get("PrimaryEmailAddr")
    return {
        **_named(fields, *_PHONES),
        "PrimaryEmailAddr": None if email is None else {"Address": email},
        "WebAddr": fields.get("WebAddr"),
    }
