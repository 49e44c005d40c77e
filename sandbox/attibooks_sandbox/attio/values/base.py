"""What every type of attribute has in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

from attibooks_sandbox.attio.errors import Issue, issue
from attibooks_sandbox.attio.model import Attribute
from attibooks_sandbox.attio.workspace import Workspace

Members = dict[str, object]


class ValueRefusedError(Exception):
    """A value that its attribute's type does not take; carries the issues to print."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        """Describe what is wrong."""
        super().__init__(str(issues))
        self.issues = list(issues)


def refused(message: str, *path: str) -> ValueRefusedError:
    """Return a refusal with one issue in the form that Attio was seen to print."""
    return ValueRefusedError([issue("invalid", path, message)])


class ValueType:
    """A type of attribute (reference: Attio API, values per type).

    `fields` are the members that a filter may name; `field` is the one meant when it names none, or None where Attio
    wants it named.
    """

    name: ClassVar[str]
    fields: ClassVar[tuple[str, ...]] = ("value",)
    field: ClassVar[str | None] = "value"
    can_be_multi: ClassVar[bool] = False
    can_be_unique: ClassVar[bool] = False
    text_like: ClassVar[bool] = False
    ordered: ClassVar[bool] = False

    # what a type that needs to know nothing but the value overrides

    def read(self, raw: object) -> object:
        """Return the data of a written value, or raise `ValueRefusedError`."""
        raise NotImplementedError

    def show(self, data: object) -> Members:
        """Return the members of a value on read, without the wrapper."""
        raise NotImplementedError

    def note(self, data: object) -> object:
        """Return the value as a person would note it down."""
        return next(iter(self.show(data).values()))

    def operand(self, raw: object, field: str) -> object:  # noqa: ARG002 - types with several fields look at it
        """Return a filter's operand in the form in which `part` gives the values."""
        return raw

    # what the service calls; overridden by types that depend on their attribute or on what the workspace holds

    def parse(self, raw: object, attribute: Attribute, workspace: Workspace) -> object:  # noqa: ARG002 - for overriding
        """Return the data of a value written to an attribute."""
        return self.read(raw)

    def members(self, data: object, attribute: Attribute, workspace: Workspace) -> Members:  # noqa: ARG002 - for overriding
        """Return the members of an attribute's value on read."""
        return self.show(data)

    def plain(self, data: object, attribute: Attribute, workspace: Workspace) -> object:  # noqa: ARG002 - for overriding
        """Return an attribute's value as a person would note it down."""
        return self.note(data)

    def part(self, data: object, field: str, attribute: Attribute, workspace: Workspace) -> object:
        """Return what a filter or sort on a field compares."""
        return self.members(data, attribute, workspace).get(field)

    def comparable(self, raw: object, field: str, attribute: Attribute, workspace: Workspace) -> object:  # noqa: ARG002 - for overriding
        """Return an operand of a filter on an attribute."""
        return self.operand(raw, field)


def unwrapped(raw: object, key: str) -> object:
    """Return the content of the one-member form of a value, or the bare value itself."""
    if not isinstance(raw, dict):
        return raw
    if set(raw) != {key}:
        raise refused(f"Expected an object with the member {key}", *(str(name) for name in raw))
    return raw[key]


def text_in(raw: object, key: str) -> str:
    """Return a non-empty string given bare or in its one-member form."""
    value = unwrapped(raw, key)
    if not isinstance(value, str) or not value:
        raise refused("Expected a string", key)
    return value


def decimal_in(value: object, key: str) -> Decimal:
    """Return a JSON number of at most four decimals."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise refused("Expected a number", key)
    number = Decimal(value)
    if abs(number) >= Decimal(10) ** 18 or number != round(number, 4):
        raise refused("Expected a number with at most 4 decimal places", key)
    return number


def as_number(number: Decimal) -> int | Decimal:
    """Return a decimal in the form in which it is printed: 1250.5, 10000."""
    return int(number) if number == number.to_integral_value() else number.normalize()


def instant_text(instant: datetime) -> str:
    """Return an instant with nine fractional digits in UTC."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
