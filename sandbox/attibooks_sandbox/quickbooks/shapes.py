"""Reading what clients send: tolerant of empties and of numbers in strings, strict about names and forms.

A cleaned body holds plain values by their names on the wire: references as Ids, e-mail addresses and memos as strings,
numbers as decimals. `EMPTY` stands for a field that was sent empty, which a sparse update clears; null and read-only
fields are dropped (reference: QuickBooks Online API, data forms and what clients send).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, Protocol

import msgspec

from attibooks_sandbox.quickbooks import faults

Cleaned = dict[str, object]
LARGEST_NUMBER = Decimal(10) ** 13
MOST_FRACTION_DIGITS = 12


class _Mark:
    """A value that no client can send."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


EMPTY: Final = _Mark("EMPTY")
DROPPED: Final = _Mark("DROPPED")


class Field(Protocol):
    """One property of an entity."""

    def clean(self, value: object, name: str) -> object:
        """Return the plain value, `EMPTY`, or `DROPPED`; refuse what cannot be read."""


def _misfit(value: object, name: str) -> faults.RefusedError:
    got = "START_OBJECT" if isinstance(value, dict) else "START_ARRAY" if isinstance(value, list) else "VALUE"
    return faults.invalid_property(f"Can not deserialize value of {name} out of {got} token")


def _scalar(value: object, name: str) -> str | object:
    """Return a scalar as text, or the mark for null and the empty string."""
    if value is None:
        return DROPPED
    if isinstance(value, dict | list):
        raise _misfit(value, name)
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if text.strip() else EMPTY


class Text(msgspec.Struct, frozen=True):
    """A string of at most so many characters, without any of the forbidden ones."""

    limit: int
    forbidden: str = ""

    def clean(self, value: object, name: str) -> object:
        """Return the text."""
        text = _scalar(value, name)
        if not isinstance(text, str):
            return text
        if len(text) > self.limit:
            raise faults.too_long(name, self.limit)
        if any(mark in text for mark in self.forbidden):
            raise faults.invalid_text(name, f"{name} must not contain a colon, a tab or a new line")
        return text


class Identifier(msgspec.Struct, frozen=True):
    """An Id or SyncToken: digits, also as a number."""

    def clean(self, value: object, name: str) -> object:
        """Return the digits."""
        text = _scalar(value, name)
        if isinstance(text, str) and not re.fullmatch(r"-?\d{1,19}", text, re.ASCII):
            raise faults.invalid_id(text)
        return text


class Flag(msgspec.Struct, frozen=True):
    """A boolean, also as a string."""

    def clean(self, value: object, name: str) -> object:
        """Return the boolean."""
        text = _scalar(value, name)
        if not isinstance(text, str):
            return text
        if text.lower() not in {"true", "false"}:
            raise _misfit(value, name)
        return text.lower() == "true"


class Number(msgspec.Struct, frozen=True):
    """A number, also as a string."""

    def clean(self, value: object, name: str) -> object:
        """Return the number as a decimal without trailing zeros."""
        text = _scalar(value, name)
        if not isinstance(text, str):
            return text
        try:
            number = Decimal(text)
        except InvalidOperation as error:
            raise faults.invalid_number(name, text) from error
        if not number.is_finite() or abs(number) >= LARGEST_NUMBER or _fraction_digits(number) > MOST_FRACTION_DIGITS:
            raise faults.invalid_number(name, text)
        return shortest(number)


def _fraction_digits(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else MOST_FRACTION_DIGITS + 1


def shortest(number: Decimal) -> Decimal:
    """Return a number without trailing zeros and without an exponent, so that it prints as 75, 4.5, 1200."""
    whole = number.to_integral_value()
    return whole.quantize(Decimal(1)) if number == whole else number.normalize()


class Day(msgspec.Struct, frozen=True):
    """A date as YYYY-MM-DD."""

    def clean(self, value: object, name: str) -> object:
        """Return the date's text."""
        text = _scalar(value, name)
        if not isinstance(text, str):
            return text
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            raise faults.invalid_date(name, text)
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise faults.invalid_date(name, text) from error


class Word(msgspec.Struct, frozen=True):
    """One word of a list."""

    words: tuple[str, ...]

    def clean(self, value: object, name: str) -> object:
        """Return the word."""
        text = _scalar(value, name)
        if isinstance(text, str) and text not in self.words:
            raise faults.invalid_enumeration(name, text)
        return text


class Reference(msgspec.Struct, frozen=True):
    """A reference by Id; the label is ignored."""

    def clean(self, value: object, name: str) -> object:
        """Return the Id."""
        if value is None:
            return DROPPED
        if not isinstance(value, dict):
            raise _misfit(value, name)
        for key in value:
            if key not in {"value", "name", "type"}:
                raise faults.unknown_property(key, "ReferenceType", ["value", "name", "type"])
        found = _scalar(value.get("value"), name)
        return found if isinstance(found, str) else EMPTY


class Wrapped(msgspec.Struct, frozen=True):
    """A string inside an object of one meaningful member, such as an e-mail address or a memo."""

    member: str
    inner: Field
    others: tuple[str, ...] = ()
    entity: str = "EmailAddress"

    def clean(self, value: object, name: str) -> object:
        """Return the string."""
        if value is None:
            return DROPPED
        if not isinstance(value, dict):
            raise _misfit(value, name)
        for key in value:
            if key != self.member and key not in self.others:
                raise faults.unknown_property(key, self.entity, [self.member, *self.others])
        found = self.inner.clean(value.get(self.member), self.member)
        return EMPTY if found is DROPPED else found


class Email(msgspec.Struct, frozen=True):
    """One address, or several separated by commas, of at most 100 characters."""

    def clean(self, value: object, name: str) -> object:
        """Return the address."""
        text = Text(100).clean(value, name)
        if isinstance(text, str):
            for address in text.split(","):
                if not is_email(address.strip()):
                    raise faults.invalid_email(text)
        return text


def is_email(address: str) -> bool:
    """Tell whether a text is an e-mail address as far as the vendor looks: an at sign, and a dot after it."""
    local, _, domain = address.rpartition("@")
    return bool(local) and "." in domain.strip(".") and not re.search(r"\s", address)


class Ignored(msgspec.Struct, frozen=True):
    """A read-only property, or one that has no effect here: anything goes."""

    def clean(self, value: object, name: str) -> object:  # noqa: ARG002 - the signature of fields
        """Drop the value."""
        return DROPPED


class Unavailable(msgspec.Struct, frozen=True):
    """A property that this sandbox leaves out: refused unless it says nothing."""

    def clean(self, value: object, name: str) -> object:
        """Refuse a value that says something."""
        if value in (None, "", [], {}, 0, False):
            return DROPPED
        if isinstance(value, dict) and not any(value.values()):
            return DROPPED
        raise faults.not_emulated(f"{name} is not emulated by the sandbox")


class Nested(msgspec.Struct, frozen=True):
    """An object of its own shape; one that holds nothing counts as empty."""

    shape: Shape

    def clean(self, value: object, name: str) -> object:
        """Return the cleaned members that hold something."""
        if value is None:
            return DROPPED
        if not isinstance(value, dict):
            raise _misfit(value, name)
        cleaned = {key: each for key, each in self.shape.clean(value).items() if each is not EMPTY}
        return cleaned or EMPTY


class Each(msgspec.Struct, frozen=True):
    """A list of objects of one shape."""

    shape: Shape

    def clean(self, value: object, name: str) -> object:
        """Return the cleaned objects."""
        if value is None:
            return DROPPED
        if not isinstance(value, list):
            raise _misfit(value, name)
        return [self._one(each, name) for each in value]

    def _one(self, value: object, name: str) -> Cleaned:
        if not isinstance(value, dict):
            raise _misfit(value, name)
        return {key: each for key, each in self.shape.clean(value).items() if each is not EMPTY}


class Shape(msgspec.Struct, frozen=True):
    """The properties of an entity; the switch tells whether one outside is refused."""

    entity: str
    fields: Mapping[str, Field] = msgspec.field(default_factory=dict)

    def clean(self, raw: Mapping[str, object]) -> Cleaned:
        """Return the cleaned properties, `EMPTY` among them."""
        cleaned: Cleaned = {}
        for name, value in raw.items():
            known = self.fields.get(name)
            if known is None:
                raise faults.unknown_property(name, self.entity, list(self.fields))
            found = known.clean(value, name)
            if found is not DROPPED:
                cleaned[name] = found
        return cleaned


IGNORED = Ignored()
TEXT_4000 = Text(4000)
REFERENCE = Reference()
FLAG = Flag()
NUMBER = Number()
DAY = Day()
EMAIL = Wrapped("Address", Email(), ("Default", "Tag", "Id"))
ADDRESS = Nested(
    Shape(
        "PhysicalAddress",
        {
            "Id": IGNORED,
            **{f"Line{number}": Text(500) for number in range(1, 6)},
            **{name: Text(255) for name in ("City", "Country", "CountryCode", "CountrySubDivisionCode", "County")},
            "PostalCode": Text(31),
            "PostalCodeSuffix": IGNORED,
            **dict.fromkeys(("Lat", "Long", "Tag", "Note"), IGNORED),
        },
    )
)
PHONE = Nested(
    Shape("TelephoneNumber", {"FreeFormNumber": Text(30), **dict.fromkeys(("Id", "Tag", "Default"), IGNORED)})
)
WEB_ADDRESS = Nested(Shape("WebSiteAddress", {"URI": Text(1000), **dict.fromkeys(("Id", "Tag", "Default"), IGNORED)}))
COMMON: dict[str, Field] = {
    "Id": Identifier(),
    "SyncToken": Identifier(),
    "sparse": FLAG,
    "domain": IGNORED,
    "MetaData": IGNORED,
    "status": IGNORED,
    "AttachableRef": IGNORED,
}


def merged(old: Mapping[str, object], new: Cleaned, *, sparse: bool) -> dict[str, object]:
    """Return fields after an update: a full one starts from nothing, a sparse one from what there was."""
    fields = dict(old) if sparse else {}
    for name, value in new.items():
        if value is EMPTY:
            fields.pop(name, None)
        else:
            fields[name] = value
    return fields
