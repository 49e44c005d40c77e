"""Conditions of a query as tests of rows (reference: QuickBooks Online API, query, WHERE)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company, folded
from attibooks_sandbox.quickbooks.query.entities import NOT_QUERYABLE, Asked, Queryable
from attibooks_sandbox.quickbooks.query.parser import Condition, Literal
from attibooks_sandbox.quickbooks.wire import PACIFIC

Test = Callable[[object], bool]
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def asked_field(entity: Queryable, name: str) -> Asked:
    """Return the field that a condition or order names, or refuse it with 4001."""
    found = entity.field(name)
    if found is not None:
        return found
    if name.lower() in NOT_QUERYABLE:
        raise faults.query_invalid(f"property '{name}' is not queryable")
    raise faults.query_invalid(f"Property {name} not found for Entity {entity.name}")


class Tests(msgspec.Struct, frozen=True):
    """Makes tests of the rows of one entity."""

    company: Company
    entity: Queryable
    today: str
    id_ranges: bool

    def test(self, condition: Condition) -> Test:
        """Return the test that a condition stands for."""
        asked = asked_field(self.entity, condition.field)
        self._check_operator(condition, asked)
        if condition.operator == "LIKE":
            return self._like(asked, condition.values[0])
        wanted = [self.operand(asked, condition.field, value) for value in condition.values]
        if condition.operator in {"=", "IN"}:
            return lambda row: self._comparable(asked, row) in wanted
        compare = _COMPARISONS[condition.operator]

        def holds(row: object) -> bool:
            value = self._comparable(asked, row)
            return value is not None and wanted[0] is not None and compare(value, wanted[0])

        return holds

    def _check_operator(self, condition: Condition, asked: Asked) -> None:
        allowed = {"id": {"=", "IN"}, "boolean": {"=", "IN"}, "text": {"=", "IN", "LIKE", "<", ">", "<=", ">="}}.get(
            asked.kind, {"=", "IN", "<", ">", "<=", ">="}
        )
        ranged = self.id_ranges and asked.kind == "id" and condition.operator in _COMPARISONS
        if condition.operator not in allowed and not ranged:
            raise faults.query_invalid(
                f"operator {condition.operator} is not supported for property '{condition.field}'"
            )

    def _like(self, asked: Asked, value: Literal) -> Test:
        parts = [re.escape(part) for part in folded(value.text).split("%")]
        pattern = re.compile(".*".join(parts), re.DOTALL)

        def holds(row: object) -> bool:
            text = self._comparable(asked, row)
            return isinstance(text, str) and pattern.fullmatch(text) is not None

        return holds

    def _comparable(self, asked: Asked, row: object) -> object:
        value = asked.get(self.company, row)
        if asked.kind == "text" and isinstance(value, str):
            return folded(value)
        if asked.kind == "number" and value is None:
            return Decimal(0)
        return int(str(value)) if asked.kind == "id" and self.id_ranges and str(value).isdigit() else value

    def operand(self, asked: Asked, name: str, value: Literal) -> object:
        """Return a value of a condition in the form in which rows give theirs; a blank stands for none."""
        text = self.today if value.kind == "today" else value.text
        if value.kind == "string" and not text.strip():
            return None
        try:
            return self._converted(asked, text)
        except (ValueError, InvalidOperation, OverflowError) as error:
            raise faults.query_invalid(f"value {text} is not valid for property '{name}'") from error

    def _converted(self, asked: Asked, text: str) -> object:
        if asked.kind == "number":
            number = Decimal(text)
            return number if number.is_finite() else _fail(text)
        if asked.kind == "boolean":
            return text.lower() == "true" if text.lower() in {"true", "false"} else _fail(text)
        if asked.kind == "date":
            return date.fromisoformat(text).isoformat() if _DATE.fullmatch(text) else _fail(text)
        if asked.kind == "instant":
            return instant_of(text)
        if asked.kind == "id" and self.id_ranges and text.isdigit():
            return int(text)
        return folded(text) if asked.kind == "text" else text


def _fail(text: str) -> object:
    raise ValueError(text)


def instant_of(text: str) -> datetime:
    """Return a date-time of a query: without a zone it is the Pacific coast's, a bare date is its midnight."""
    instant = datetime.fromisoformat(text)
    return (instant if instant.tzinfo is not None else instant.replace(tzinfo=PACIFIC)).astimezone(UTC)


_COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "<": lambda one, other: one < other,  # type: ignore[operator]
    ">": lambda one, other: one > other,  # type: ignore[operator]
    "<=": lambda one, other: one <= other,  # type: ignore[operator]
    ">=": lambda one, other: one >= other,  # type: ignore[operator]
}
