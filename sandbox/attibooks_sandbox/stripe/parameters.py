"""Checks what a call sends by the description of Stripe's parameters (`parameters.json`).

A shape is the name of a kind (`string`, `integer`, `boolean`, `number`, `decimal`), `clear` for an empty value that
takes something away, or an object with one of `enum`, `list`, `map`, `any` and `fields` (with `required`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from attibooks_sandbox.kernel.jsonio import read_json
from attibooks_sandbox.stripe.errors import StripeError, invalid, missing, not_emulated

Shape = Any
Path = tuple[str, ...]
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?")
LARGEST_INTEGER = 2**32 - 1
"""An instant in the year 2106, or more money than a price may ask (a guess)."""
METADATA_KEYS, METADATA_KEY, METADATA_VALUE = 50, 40, 500


@cache
def _document() -> dict[str, Any]:
    found = read_json((files(__package__) / "parameters.json").read_bytes())
    assert isinstance(found, dict)
    return found


def described(call: str) -> dict[str, Any]:
    """Return the shape of a call's parameters."""
    shape: dict[str, Any] = _document()["calls"][call]
    return shape


@cache
def thin_types() -> frozenset[str]:
    """Return the types that thin events can have."""
    return frozenset(_document()["thin_events"])


@cache
def snapshot_types() -> frozenset[str]:
    """Return the types that snapshot events can have, and `*` for all of them."""
    return frozenset(described("POST /v1/webhook_endpoints")["fields"]["enabled_events"]["list"]["enum"])


class Params:
    """The checked parameters of a call, or of a part of one; a value that was cleared is None."""

    def __init__(self, values: dict[str, Any], path: Path = ()) -> None:
        """Hold checked values."""
        self._values = values
        self._path = path

    def __contains__(self, name: str) -> bool:
        """Tell whether a parameter was sent, be it to clear something."""
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        """Go through the names that were sent."""
        return iter(self._values)

    def plain(self, name: str) -> Any:  # noqa: ANN401 - checked by its description already
        """Return a value as it is, None when it was not sent or cleared."""
        return self._values.get(name)

    def text(self, name: str) -> str | None:
        """Return a text, None when it was not sent or is empty."""
        return self._values.get(name) or None

    def whole(self, name: str) -> int | None:
        """Return a whole number."""
        found: int | None = self._values.get(name)
        return found

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a truth value."""
        found: bool = self._values.get(name, default)
        return found

    def part(self, name: str) -> Params:
        """Return a nested object; one that was not sent is empty."""
        return Params(self._values.get(name) or {}, (*self._path, name))

    def parts(self, name: str) -> list[Params]:
        """Return a list of objects."""
        found = self._values.get(name) or []
        return [Params(each, (*self._path, name, str(n))) for n, each in enumerate(found)]

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self._values.get(name) or ())

    def label(self, name: str) -> str:
        """Return a parameter's whole name as refusals give it."""
        return label((*self._path, name))

    def needed(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.text(name)
        if value is None:
            raise missing(self.label(name))
        return value

    def address(self, name: str) -> str | None:
        """Return an address of the app that a browser is sent to; only such of the web are taken."""
        value = self.text(name)
        if value is not None and not re.match(r"https?://[^/\s]", value):
            message = "Not a valid URL"
            raise invalid(message, self.label(name), "url_invalid")
        return value

    def only(self, names: str) -> None:
        """Refuse what the sandbox knows of but does not emulate."""
        known = names.split()
        for name in self._values:
            if name not in known:
                raise not_emulated(self.label(name))

    def metadata(self, held: dict[str, str] | None = None) -> dict[str, str]:
        """Return metadata after a call: keys are merged, empty values take a key away, an empty whole all of them."""
        sent = self._values.get("metadata", {})
        if sent is None:
            return {}
        merged = {**(held or {}), **sent}
        merged = {name: value for name, value in merged.items() if value != ""}
        _check_metadata(merged)
        return merged

    def copied(self) -> dict[str, Any]:
        """Return all values."""
        return dict(self._values)


def label(path: Iterable[str]) -> str:
    """Return `line_items[0][price]` for a path."""
    first, *rest = path
    return first + "".join(f"[{step}]" for step in rest)


def _check_metadata(metadata: dict[str, str]) -> None:
    if len(metadata) > METADATA_KEYS:
        message = f"Metadata can have up to {METADATA_KEYS} keys, and you passed in {len(metadata)}."
        raise invalid(message, "metadata")
    for name, value in metadata.items():
        if len(name) > METADATA_KEY:
            message = f"Metadata keys can have up to {METADATA_KEY} characters, and you passed in one of {len(name)}."
            raise invalid(message, f"metadata[{name}]")
        if len(value) > METADATA_VALUE:
            message = (
                f"Metadata values can have up to {METADATA_VALUE} characters, but you passed in a value that is "
                f"{len(value)} characters. Invalid value: {value}"
            )
            raise invalid(message, f"metadata[{name}]")


def read_params(call: str, sent: dict[str, Any]) -> Params:
    """Return the parameters of a call; what is unknown, missing or of the wrong kind is refused in that order."""
    shape = described(call)
    unknown = [name for name in sent if name not in shape["fields"]]
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        message = f"Received unknown parameter{plural}: {', '.join(unknown)}"
        raise invalid(message, unknown[0], "parameter_unknown")
    return Params(_fields(shape, sent, ()))


def _fields(shape: Shape, sent: dict[str, Any], path: Path) -> dict[str, Any]:
    for name in sent:
        if name not in shape["fields"]:
            place = label((*path, name))
            message = f"Received unknown parameter: {place}"
            raise invalid(message, place, "parameter_unknown")
    for name in shape.get("required", ()):
        if name not in sent:
            raise missing(label((*path, name)))
        if sent[name] == "":
            raise _empty(label((*path, name)))
    return {name: _value(shape["fields"][name], value, (*path, name)) for name, value in sent.items()}


def _value(shape: Shape, sent: Any, path: Path) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(shape, str):
        return _scalar(shape, sent, label(path))
    if "any" in shape:
        return _any(shape["any"], sent, path)
    if "enum" in shape:
        return _word(shape["enum"], sent, path)
    if "list" in shape:
        return [_value(shape["list"], each, (*path, str(n))) for n, each in enumerate(_elements(sent, path))]
    if not isinstance(sent, dict):
        message = "Invalid object"
        raise invalid(message, label(path))
    if "map" in shape:
        return {name: _value(shape["map"], each, (*path, name)) for name, each in sent.items()}
    return _fields(shape, sent, path)


def _any(shapes: list[Shape], sent: Any, path: Path) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value by the first shape that takes it; if none does, the refusal of the most telling one."""
    if sent == "" and "clear" in shapes:
        return None
    fitting = [shape for shape in shapes if shape != "clear" and _nested(shape) == isinstance(sent, dict | list)]
    refusal: StripeError | None = None
    for shape in fitting or [shape for shape in shapes if shape != "clear"]:
        try:
            return _value(shape, sent, path)
        except StripeError as error:
            refusal = refusal or error
    assert refusal is not None
    raise refusal


def _nested(shape: Shape) -> bool:
    return not isinstance(shape, str) and "enum" not in shape


def _word(words: list[str], sent: Any, path: Path) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(sent, str) and sent in words:
        return sent
    if sent == "":
        raise _empty(label(path))
    choice = f"{', '.join(words[:-1])}, or {words[-1]}" if len(words) > 2 else " or ".join(words)
    message = f"Invalid {label(path)}: must be one of {choice}"
    raise invalid(message, label(path))


def _elements(sent: Any, path: Path) -> list[Any]:  # noqa: ANN401 - any JSON value
    if isinstance(sent, list):
        return sent
    if isinstance(sent, dict) and all(name.isascii() and name.isdigit() for name in sent):
        return [sent[name] for name in sorted(sent, key=int)]
    message = "Invalid array"
    raise invalid(message, label(path))


def _scalar(kind: str, sent: Any, place: str) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(sent, dict | list):
        message = f"Invalid {'string' if kind in {'string', 'clear'} else kind}: {sent!r}"
        raise invalid(message, place)
    text = _as_text(sent)
    if kind == "string":
        return text
    if kind == "integer" and _INTEGER.fullmatch(text) and abs(int(text)) <= LARGEST_INTEGER:
        return int(text)
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    if kind in {"decimal", "number"} and _DECIMAL.fullmatch(text):
        return text
    if text == "":
        raise _empty(place)
    code = "parameter_invalid_integer" if kind == "integer" else None
    message = f"Invalid {kind}: {text}"
    raise invalid(message, place, code)


def _as_text(sent: object) -> str:
    if isinstance(sent, bool):
        return "true" if sent else "false"
    return str(sent)


def _empty(place: str) -> StripeError:
    message = (
        f"You passed an empty string for '{place}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{place}' cannot be unset. You should remove '{place}' from your request or supply a non-empty value."
    )
    return invalid(message, place, "parameter_invalid_empty")
