"""Attio's JSON, read with exact numbers and without trusting its shape.

The helpers answer an empty value where a member is missing or of another type than expected: what Attio adds or
changes later must never break a record that could be read before.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NoReturn

import msgspec

_LARGEST_EXPONENT = 330
"""Attio's numbers are 64-bit floats; anything further out would only blow up whoever formats it."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode(body: bytes) -> object:
    """Parse an answer; every number becomes a `Decimal` of the very literal that was sent.

    :raises ValueError: the body is not JSON.
    """
    try:
        # The standard parser, as msgspec refuses the lone surrogates that a text cut inside an emoji has.
        parsed: object = json.loads(body, parse_float=_number, parse_int=_number, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return parsed


def encode(value: object) -> bytes:
    """Write a body; a `Decimal` becomes a number with exactly its digits."""
    return _ENCODER.encode(value)


def members(value: object) -> Mapping[str, object]:
    """A JSON object as it is; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def elements(value: object) -> Sequence[object]:
    """A JSON array as it is; anything else is an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """A JSON string that can be encoded; anything else is the empty one."""
    return whole(value) if isinstance(value, str) else ""


def whole(value: str) -> str:
    """The text with half characters (lone surrogates) replaced, so that it can be stored and sent."""
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def shortened(value: str, longest: int) -> str:
    """The text, cut with an ellipsis when it is longer."""
    return value if len(value) <= longest else value[: longest - 1].rstrip() + "…"


def _number(literal: str) -> Decimal | str:
    """The exact number, or its literal where it lies outside of what a number in Attio can be."""
    try:
        number = Decimal(literal)
    except InvalidOperation:
        return literal
    return number if abs(number.adjusted()) <= _LARGEST_EXPONENT else literal


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
