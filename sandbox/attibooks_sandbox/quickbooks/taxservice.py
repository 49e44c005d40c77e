"""Tax codes and rates are made through a service of their own (reference: QuickBooks Online API, §4.4)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company, folded
from attibooks_sandbox.quickbooks.model import Entity
from attibooks_sandbox.quickbooks.shapes import EMPTY, IGNORED, NUMBER, Cleaned, Each, Identifier, Shape, Text, Word
from attibooks_sandbox.quickbooks.wire import Wire, whole_second

AGENCY = "1"
_DETAIL = Shape(
    "TaxRateDetails",
    {
        "TaxRateId": Identifier(),
        "TaxRateName": Text(100),
        "RateValue": NUMBER,
        "TaxAgencyId": Identifier(),
        "TaxApplicableOn": Word(("Sales", "Purchase")),
    },
)
_SERVICE = Shape(
    "TaxService",
    {"TaxCode": Text(100), "TaxRateDetails": Each(_DETAIL), **dict.fromkeys(("TaxCodeId", "Id"), IGNORED)},
)


def create_tax_code(company: Company, raw: object, now: datetime) -> Wire:
    """Add a tax code with rates that are there (`TaxRateId`) or made with it; nothing is made if a part is refused."""
    if not isinstance(raw, dict):
        raise faults.invalid_property("Can not deserialize instance of TaxService out of this token")
    cleaned = _SERVICE.clean(raw)
    name, details = cleaned.get("TaxCode"), cleaned.get("TaxRateDetails")
    if name is None or name is EMPTY:
        raise faults.missing("TaxCode")
    if not isinstance(details, list) or not details:
        raise faults.missing("TaxRateDetails")
    if company.lists["TaxCode"].find("Name", folded(str(name))):
        raise faults.duplicate_name("null")
    for detail in details:
        _check(company, detail)
    rates = [_rate(company, detail, now) for detail in details]
    code = _put(company, "TaxCode", _code_fields(str(name), rates), now)
    return {"TaxCode": name, "TaxCodeId": code.id, "TaxRateDetails": [_shown(rate) for rate in rates]}


def _check(company: Company, detail: Cleaned) -> None:
    if "TaxRateId" in detail:
        company.wanted("TaxRate", str(detail["TaxRateId"]))
        return
    for name in ("TaxRateName", "RateValue", "TaxAgencyId"):
        if name not in detail:
            raise faults.missing(name)
    if detail["TaxAgencyId"] != AGENCY:
        raise faults.invalid_reference("TaxAgency", str(detail["TaxAgencyId"]))
    value = detail["RateValue"]
    if not isinstance(value, Decimal) or not 0 <= value <= 100:
        raise faults.invalid_number("RateValue", value)
    if company.lists["TaxRate"].find("Name", folded(str(detail["TaxRateName"]))):
        raise faults.duplicate_name("null")
    if detail.get("TaxApplicableOn") == "Purchase":
        raise faults.not_emulated("Rates on purchases are not emulated by the sandbox")


def _rate(company: Company, detail: Cleaned, now: datetime) -> Entity:
    if "TaxRateId" in detail:
        return company.wanted("TaxRate", str(detail["TaxRateId"]))
    name = str(detail["TaxRateName"])
    fields = {"Name": name, "Description": name, "RateValue": detail["RateValue"], "Active": True}
    return _put(company, "TaxRate", fields, now)


def _code_fields(name: str, rates: list[Entity]) -> dict[str, object]:
    ids = tuple(rate.id for rate in rates)
    return {"Name": name, "Description": name, "Rates": ids, "Taxable": True, "Active": True}


def _put(company: Company, kind: str, fields: dict[str, object], now: datetime) -> Entity:
    second = whole_second(now)
    entity = Entity(kind=kind, id=company.next_id(kind), token=0, created=second, updated=second, fields=fields)
    company.lists[kind].put(entity)
    return entity


def _shown(rate: Entity) -> Wire:
    return {
        "TaxRateName": rate.fields["Name"],
        "TaxRateId": rate.id,
        "RateValue": rate.fields["RateValue"],
        "TaxAgencyId": AGENCY,
        "TaxApplicableOn": "Sales",
    }
