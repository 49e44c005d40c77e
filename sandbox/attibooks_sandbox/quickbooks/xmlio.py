"""Answers as XML, for clients that do not ask for JSON (reference: QuickBooks Online API, headers and faults)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

_NAMESPACE = "http://schema.intuit.com/finance/v3"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def escape(text: str) -> str:
    """Return a text for use between tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoteattr(text: str) -> str:
    """Return a text as the quoted value of an attribute."""
    return f'"{escape(text).replace(chr(34), "&quot;")}"'


def to_xml(body: Mapping[str, object]) -> bytes:
    """Return an answer's JSON form in XML: references as elements with a name, `domain` and `sparse` as attributes."""
    time = quoteattr(str(body.get("time", "")))
    inner = "".join(part for name, value in body.items() if name != "time" for part in _elements(name, value))
    return f'{_HEAD}<IntuitResponse time={time} xmlns="{_NAMESPACE}">{inner}</IntuitResponse>'.encode()


def _elements(name: str, value: object) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _elements(name, each)
    elif isinstance(value, dict):
        yield _object(name, value)
    elif value is not None:
        yield f"<{name}>{escape(_text(value))}</{name}>"


def _object(name: str, value: dict[str, object]) -> str:
    if name == "QueryResponse":
        return _with_attributes(name, value, ("startPosition", "maxResults", "totalCount"))
    if name == "Fault":
        return _with_attributes(name, value, ("type",))
    if name == "Error":
        return _with_attributes(name, value, ("code", "element"))
    if "value" in value and set(value) <= {"value", "name"}:
        label = f" name={quoteattr(str(value['name']))}" if "name" in value else ""
        return f"<{name}{label}>{escape(_text(value['value']))}</{name}>"
    return _with_attributes(name, value, ("domain", "sparse"))


def _with_attributes(name: str, value: dict[str, object], attributes: tuple[str, ...]) -> str:
    listed = "".join(f" {key}={quoteattr(_text(value[key]))}" for key in attributes if key in value)
    inner = "".join(part for key, each in value.items() if key not in attributes for part in _elements(key, each))
    return f"<{name}{listed}>{inner}</{name}>"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
