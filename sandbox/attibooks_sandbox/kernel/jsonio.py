"""JSON both ways without floating point: numbers are read as exact decimals and written as they stand."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


class MalformedJsonError(ValueError):
    """The bytes are not one JSON text in UTF-8."""


def read_json(raw: bytes) -> object:
    """Return the value of a JSON text; fractional numbers come as `Decimal`."""
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise MalformedJsonError(str(error)) from error


def write_json(value: object) -> bytes:
    """Return a value as compact JSON in UTF-8; decimals keep their digits, so 100.00 stays 100.00."""
    return _encoder.encode(value)


def write_json_text(value: object) -> str:
    """Return a value as JSON text."""
    return write_json(value).decode()
