"""Texts, numbers, flags and dates (reference: Attio API, values per type)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import ClassVar

from attibooks_sandbox.attio.model import Attribute
from attibooks_sandbox.attio.values.base import (
    Members,
    ValueType,
    as_number,
    decimal_in,
    instant_text,
    refused,
    text_in,
    unwrapped,
)
from attibooks_sandbox.attio.workspace import Workspace

_LONGEST_TEXT = 10 * 1024 * 1024


class Text(ValueType):
    """A text; the empty string is refused, for what Attio stores then is not known."""

    name = "text"
    can_be_unique = True
    text_like = True

    def read(self, raw: object) -> object:
        """Return the text."""
        text = text_in(raw, "value")
        if len(text) > _LONGEST_TEXT:
            raise refused("Value is too long", "value")
        return text

    def show(self, data: object) -> Members:
        """Return the text under `value`."""
        return {"value": data}

    def operand(self, raw: object, field: str) -> object:  # noqa: ARG002 - one field only
        """Return an operand, which must be a string."""
        return text_in(raw, "value")


class Number(ValueType):
    """A number of at most four decimals; a numeric string is refused."""

    name = "number"
    can_be_unique = True
    ordered = True

    def read(self, raw: object) -> object:
        """Return the number."""
        return decimal_in(unwrapped(raw, "value"), "value")

    def show(self, data: object) -> Members:
        """Return the number under `value`."""
        assert isinstance(data, Decimal)
        return {"value": as_number(data)}

    def operand(self, raw: object, field: str) -> object:  # noqa: ARG002 - one field only
        """Return an operand, which must be a number."""
        return as_number(decimal_in(raw, "value"))


class Checkbox(ValueType):
    """True or false, also as a string."""

    name = "checkbox"
    _words: ClassVar[dict[str, bool]] = {"true": True, "false": False}

    def read(self, raw: object) -> object:
        """Return the flag."""
        value = unwrapped(raw, "value")
        if isinstance(value, str) and value in self._words:
            return self._words[value]
        if not isinstance(value, bool):
            raise refused("Expected a boolean", "value")
        return value

    def show(self, data: object) -> Members:
        """Return the flag under `value`."""
        return {"value": data}

    def operand(self, raw: object, field: str) -> object:  # noqa: ARG002 - one field only
        """Return an operand as a flag."""
        return self.read(raw)


class Currency(ValueType):
    """An amount; its currency is the attribute's and cannot be written."""

    name = "currency"
    fields = ("currency_value", "currency_code")
    field = "currency_value"
    ordered = True

    def read(self, raw: object) -> object:
        """Return the amount, given as a number or a numeric string."""
        value = unwrapped(raw, "currency_value")
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}(\.\d+)?", value, re.ASCII):
            value = Decimal(value)
        return decimal_in(value, "currency_value")

    def members(self, data: object, attribute: Attribute, workspace: Workspace) -> Members:  # noqa: ARG002 - the base's signature
        """Return the amount and the attribute's currency."""
        assert isinstance(data, Decimal)
        return {"currency_code": attribute.currency_code, "currency_value": as_number(data)}

    def note(self, data: object) -> object:
        """Return the amount."""
        assert isinstance(data, Decimal)
        return as_number(data)


class Date(ValueType):
    """A calendar day; years, months and instants are coerced to one, instants by their day in UTC."""

    name = "date"
    ordered = True

    def read(self, raw: object) -> object:
        """Return the day as YYYY-MM-DD."""
        text = text_in(raw, "value")
        for pattern, rest in ((r"\d{4}", "-01-01"), (r"\d{4}-\d\d", "-01"), (r"\d{4}-\d\d-\d\d", "")):
            if re.fullmatch(pattern, text, re.ASCII):
                return _day(text + rest)
        return _instant(text).date().isoformat()

    def show(self, data: object) -> Members:
        """Return the day under `value`."""
        return {"value": data}

    def operand(self, raw: object, field: str) -> object:  # noqa: ARG002 - one field only
        """Return an operand as a day, coerced as values are."""
        return self.read(raw)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise refused("Invalid date", "value") from error


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise refused("Invalid timestamp", "value") from error


class Timestamp(ValueType):
    """An instant; without a zone it is taken as UTC."""

    name = "timestamp"
    ordered = True

    def read(self, raw: object) -> object:
        """Return the instant in UTC."""
        return _instant(text_in(raw, "value"))

    def show(self, data: object) -> Members:
        """Return the instant under `value`."""
        assert isinstance(data, datetime)
        return {"value": instant_text(data)}

    def operand(self, raw: object, field: str) -> object:  # noqa: ARG002 - one field only
        """Return an operand in the printed form, which sorts as the instants do."""
        return instant_text(_instant(text_in(raw, "value")))


class Rating(ValueType):
    """A whole number of stars, none to five."""

    name = "rating"
    ordered = True

    def read(self, raw: object) -> object:
        """Return the number of stars."""
        number = decimal_in(unwrapped(raw, "value"), "value")
        if not 0 <= number <= 5 or number != number.to_integral_value():
            raise refused("Expected a whole number from 0 to 5", "value")
        return int(number)

    def show(self, data: object) -> Members:
        """Return the number of stars under `value`."""
        return {"value": data}

    def operand(self, raw: object, field: str) -> object:  # noqa: ARG002 - one field only
        """Return an operand, which must be a number."""
        return as_number(decimal_in(raw, "value"))
