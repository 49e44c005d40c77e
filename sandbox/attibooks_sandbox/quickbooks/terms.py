"""Payment terms (reference: QuickBooks Online API, §4.4): so many days, or a day of the month."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company, folded
from attibooks_sandbox.quickbooks.lists import create_entity, settle_name, update_entity
from attibooks_sandbox.quickbooks.model import Entity
from attibooks_sandbox.quickbooks.shapes import COMMON, FLAG, IGNORED, NUMBER, Cleaned, Shape, Text

_LIMITS = {
    "DueDays": (0, 999),
    "DiscountDays": (0, 999),
    "DayOfMonthDue": (1, 31),
    "DueNextMonthDays": (0, 999),
    "DiscountDayOfMonth": (1, 31),
    "DiscountPercent": (0, 100),
}
TERM = Shape(
    "Term",
    {**COMMON, "Name": Text(31, ":\t\n\r"), "Active": FLAG, "Type": IGNORED, **dict.fromkeys(_LIMITS, NUMBER)},
)


def create_term(company: Company, kind: str, cleaned: Cleaned, now: datetime) -> Entity:
    """Add a term; `DueDays` makes it STANDARD, `DayOfMonthDue` DATE_DRIVEN."""
    return create_entity(company, kind, cleaned, now, _finish)


def update_term(company: Company, kind: str, cleaned: Cleaned, now: datetime) -> Entity:
    """Change a term, or put it out of use."""
    return update_entity(company, kind, cleaned, now, _finish)


def _finish(company: Company, fields: dict[str, object], old: Entity | None) -> dict[str, object]:
    if "Name" not in fields:
        raise faults.missing("Name")
    if "DueDays" not in fields and "DayOfMonthDue" not in fields:
        raise faults.missing("DueDays")
    for name, (least, most) in _LIMITS.items():
        _check_number(fields.get(name), name, least, most)
    fields["Type"] = "DATE_DRIVEN" if "DayOfMonthDue" in fields else "STANDARD"
    fields.setdefault("Active", True)
    settle_name(fields, "Name", old)
    holders = company.lists["Term"].find("Name", folded(str(fields["Name"])))
    if any(old is None or holder != old.id for holder in holders):
        raise faults.duplicate_name("null")
    return fields


def _check_number(value: object, name: str, least: int, most: int) -> None:
    if value is None:
        return
    whole = name == "DiscountPercent" or value == int(str(value).partition(".")[0])
    if not isinstance(value, Decimal | int) or not least <= value <= most or not whole:
        raise faults.invalid_number(name, value)
