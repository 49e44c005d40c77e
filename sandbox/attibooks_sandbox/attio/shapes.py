"""Checks of bodies and parameters, with the issues in the form that Attio prints (reference: Attio API, errors)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from attibooks_sandbox.attio.errors import Issue, issue, validation

Path = tuple[str | int, ...]
_MISSING = object()
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DURATION = re.compile(
    r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+([.,]\d+)?H)?(\d+([.,]\d+)?M)?(\d+([.,]\d+)?S)?)?"
)


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID of any version."""
    return _UUID.fullmatch(text) is not None


def is_duration(text: str) -> bool:
    """Tell whether a text is an ISO 8601 duration."""
    return _DURATION.fullmatch(text) is not None


class Shape(Protocol):
    """What a value must look like."""

    def issues(self, value: object, path: Path) -> list[Issue]:
        """Return what is wrong with a value."""


def kind_of(value: object) -> str:
    """Return the name of a value's JSON type."""
    if value is _MISSING:
        return "undefined"
    if value is None:
        return "null"
    names: list[tuple[type | tuple[type, ...], str]] = [
        (bool, "boolean"),
        ((int, Decimal), "number"),
        (str, "string"),
        (list, "array"),
    ]
    return next((name for kinds, name in names if isinstance(value, kinds)), "object")


def whole_number(value: object) -> int | None:
    """Return a JSON number that has no fraction as an integer, or None."""
    if isinstance(value, Decimal) and abs(value) < 10**15 and value == value.to_integral_value():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _wrong_type(expected: str, value: object, path: Path) -> list[Issue]:
    got = kind_of(value)
    message = "Required" if got == "undefined" else f"Expected {expected}, received {got}"
    return [issue("invalid_type", path, message, expected=expected, received=got)]


class Text(msgspec.Struct, frozen=True):
    """A string, of a least length or from a closed list or of a pattern."""

    least: int = 0
    one_of: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None

    def issues(self, value: object, path: Path) -> list[Issue]:
        """Return what is wrong with a value."""
        if not isinstance(value, str):
            return _wrong_type("string", value, path)
        if self.one_of and value not in self.one_of:
            return [issue("invalid_enum_value", path, "Invalid enum value.")]
        if len(value) < self.least:
            return [issue("too_small", path, f"String must contain at least {self.least} character(s)")]
        if self.pattern is not None and not self.pattern.fullmatch(value):
            return [issue("invalid_string", path, "Invalid", string_validation="regex")]
        return []


class Plain(msgspec.Struct, frozen=True):
    """A value of one JSON type, whatever it holds."""

    kind: str

    def issues(self, value: object, path: Path) -> list[Issue]:
        """Return what is wrong with a value."""
        return [] if kind_of(value) == self.kind else _wrong_type(self.kind, value, path)


class Whole(msgspec.Struct, frozen=True):
    """A whole number within bounds."""

    least: int = 0
    most: int | None = None

    def issues(self, value: object, path: Path) -> list[Issue]:
        """Return what is wrong with a value."""
        number = whole_number(value)
        if number is None:
            return _wrong_type("integer" if kind_of(value) == "number" else "number", value, path)
        if number < self.least:
            return [issue("too_small", path, f"Number must be greater than or equal to {self.least}")]
        if self.most is not None and number > self.most:
            return [issue("too_big", path, f"Number must be less than or equal to {self.most}")]
        return []


class Nullable(msgspec.Struct, frozen=True):
    """A value or null."""

    inner: Shape

    def issues(self, value: object, path: Path) -> list[Issue]:
        """Return what is wrong with a value."""
        return [] if value is None else self.inner.issues(value, path)


class Many(msgspec.Struct, frozen=True):
    """An array of at least so many values of one shape."""

    inner: Shape
    least: int = 0

    def issues(self, value: object, path: Path) -> list[Issue]:
        """Return what is wrong with a value."""
        if not isinstance(value, list):
            return _wrong_type("array", value, path)
        if len(value) < self.least:
            return [issue("too_small", path, f"Array must contain at least {self.least} element(s)")]
        return [found for index, each in enumerate(value) for found in self.inner.issues(each, (*path, index))]


class Members(msgspec.Struct, frozen=True):
    """An object with required and optional members; a closed one refuses any other."""

    required: Mapping[str, Shape] = msgspec.field(default_factory=dict)
    optional: Mapping[str, Shape] = msgspec.field(default_factory=dict)
    closed: bool = False

    def issues(self, value: object, path: Path) -> list[Issue]:
        """Return what is wrong with a value."""
        if not isinstance(value, dict):
            return _wrong_type("object", value, path)
        found: list[Issue] = []
        for name, shape in self.required.items():
            found += shape.issues(value.get(name, _MISSING), (*path, name))
        for name, shape in self.optional.items():
            if name in value:
                found += shape.issues(value[name], (*path, name))
        return found + (self._strangers(value, path) if self.closed else [])

    def _strangers(self, value: dict[str, object], path: Path) -> list[Issue]:
        keys = [name for name in value if name not in self.required and name not in self.optional]
        if not keys:
            return []
        listed = ", ".join(f"'{key}'" for key in keys)
        return [issue("unrecognized_keys", path, f"Unrecognized key(s) in object: {listed}", keys=keys)]


FLAG = Plain("boolean")
TEXT = Text()


def checked_body(value: object, shape: Shape) -> dict[str, object]:
    """Return a request body that has the shape of an object, or refuse it."""
    issues = shape.issues(_MISSING if value is None else value, ())
    if issues:
        raise validation("Body payload validation error.", issues)
    assert isinstance(value, dict)
    return value


def data_of(value: object, shape: Shape) -> dict[str, object]:
    """Return the `data` member of a request body."""
    data = checked_body(value, Members(required={"data": shape}))["data"]
    assert isinstance(data, dict)
    return data


def path_uuid(name: str, text: str) -> str:
    """Return a path parameter that is a UUID, or refuse it."""
    if is_uuid(text):
        return text.lower()
    raise validation(
        "Path params validation error.", [issue("invalid_string", (name,), "Invalid uuid", string_validation="uuid")]
    )


def _bad_parameter(found: Issue) -> Exception:
    return validation("Query params validation error.", [found])


def query_flag(query: Mapping[str, str], name: str) -> bool:
    """Return a boolean query parameter, false when absent."""
    text = query.get(name, "false")
    if text not in {"true", "false"}:
        raise _bad_parameter(issue("invalid_type", (name,), "Expected boolean", expected="boolean", received="string"))
    return text == "true"


def query_whole(
    query: Mapping[str, str], name: str, default: int | None = None, *, least: int = 0, most: int | None = None
) -> int | None:
    """Return a whole number from a query parameter."""
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) < least:
        raise _bad_parameter(issue("invalid_type", (name,), "Expected integer", expected="integer", received="nan"))
    if most is not None and int(text) > most:
        raise _bad_parameter(issue("too_big", (name,), f"Number must be less than or equal to {most}"))
    return int(text)


def query_text(query: Mapping[str, str], name: str) -> str:
    """Return a required query parameter."""
    if not query.get(name):
        raise _bad_parameter(issue("invalid_type", (name,), "Required", expected="string", received="undefined"))
    return query[name]
