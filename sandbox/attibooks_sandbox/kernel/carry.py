"""State as MessagePack and back, by the shape of the values themselves: no pickle, and no list of fields to keep.

Plain values stand as they are, everything else is a list that begins with a tag. A class is written with the names of
its fields when it first occurs, and by its number from then on, so bytes are read in the order they were written in.
Only structs, states and kinds of text of this package are made when reading: a foreign file cannot name anything else.
"""

from __future__ import annotations

import inspect
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from importlib import import_module
from typing import Any

import msgspec

from attibooks_sandbox.kernel.state import State

_PACKAGE = "attibooks_sandbox."
_LARGEST = 1 << 63


class Tag(IntEnum):
    """The first member of a list that stands for a value."""

    LIST = 0
    TUPLE = 1
    DICT = 2
    ORDERED = 3
    SET = 4
    FROZENSET = 5
    DEQUE = 6
    DECIMAL = 7
    DATETIME = 8
    DATE = 9
    TIMEDELTA = 10
    INTEGER = 11
    UNSET = 12
    NEW_CLASS = 13
    OBJECT = 14


class CannotCarryError(TypeError):
    """A value is of a type that a data folder cannot carry."""


class UnknownStateError(ValueError):
    """Bytes name a class or field that there is not: another version wrote them, or something else."""


class Packer:
    """Writes values; remembers the classes that it has written."""

    def __init__(self) -> None:
        """Begin with no class known."""
        self._classes: dict[tuple[type, tuple[str, ...]], int] = {}

    def bytes_of(self, value: object) -> bytes:
        """Return a value as bytes; refuse what cannot be carried."""
        return msgspec.msgpack.encode(self._pack(value))

    def _pack(self, value: object) -> object:
        kind = type(value)
        if kind in _PLAIN:
            return value
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            return scalar(value)
        if isinstance(value, msgspec.Struct):
            names = value.__struct_fields__
            return self._object(kind, names, [getattr(value, name) for name in names])
        if isinstance(value, State):
            held = value.carried()
            return self._object(kind, tuple(held), held.values())
        if isinstance(value, str):
            return self._object(kind, _TEXT, [str.__str__(value)])
        return self._container(value)

    def _container(self, value: object) -> list[object]:
        if isinstance(value, dict):
            flat = [part for pair in value.items() for part in pair]
            return [Tag.ORDERED if isinstance(value, OrderedDict) else Tag.DICT, *map(self._pack, flat)]
        for tag, base in _SEQUENCES.items():
            if type(value) is base:
                assert isinstance(value, Iterable)
                return [tag, *map(self._pack, value)]
        kind = type(value)
        message = f"{kind.__module__}.{kind.__qualname__} cannot be carried over a restart"
        raise CannotCarryError(message)

    def _object(self, kind: type, names: tuple[str, ...], values: Iterable[object]) -> list[object]:
        packed = [self._pack(value) for value in values]
        number = self._classes.get((kind, names))
        if number is not None:
            return [Tag.OBJECT, number, *packed]
        self._classes[kind, names] = len(self._classes)
        return [Tag.NEW_CLASS, f"{kind.__module__}:{kind.__qualname__}", list(names), *packed]


class Loose:
    """A state that was read and is not made yet: changes can still be applied to what it holds."""

    def __init__(self, kind: type[State], attributes: dict[Any, Any]) -> None:
        """Hold what the bytes said."""
        self.kind = kind
        self.attributes = attributes

    def settled(self) -> State:
        """Return the state, made by its constructor where that is possible."""
        held = {name: settled(value) for name, value in self.attributes.items()}
        names = [name for name in inspect.signature(self.kind).parameters if name in held]
        if len(names) < len(inspect.signature(self.kind).parameters):
            return self.kind.loose(held)
        made = self.kind(*(held.pop(name) for name in names))
        made.adopt(held)
        return made


def settled(value: object) -> object:
    """Return a value with every loose state in it made."""
    if isinstance(value, Loose):
        return value.settled()
    if isinstance(value, dict):
        for key, held in value.items():
            value[key] = settled(held)
    return value


class Unpacker:
    """Reads what one packer wrote, in the same order."""

    def __init__(self) -> None:
        """Begin with no class known."""
        self._classes: list[tuple[type, tuple[str, ...]]] = []

    def value_of(self, raw: bytes) -> object:
        """Return the value of bytes; its states are loose."""
        try:
            return self._unpack(msgspec.msgpack.decode(raw))
        except (msgspec.DecodeError, ValueError, TypeError, ArithmeticError, LookupError) as error:
            raise UnknownStateError(str(error)) from error

    def _unpack(self, plain: object) -> object:
        if not isinstance(plain, list):
            return plain
        tag, members = plain[0], plain[1:]
        if tag == Tag.OBJECT:
            return self._made(*self._classes[members[0]], members[1:])
        if tag == Tag.NEW_CLASS:
            return self._new_class(members)
        scalar = _READ_SCALARS.get(tag)
        if scalar is not None:
            return scalar(*members)
        values = [self._unpack(member) for member in members]
        if tag in {Tag.DICT, Tag.ORDERED}:
            pairs = zip(values[::2], values[1::2], strict=True)
            return OrderedDict(pairs) if tag == Tag.ORDERED else dict(pairs)
        return _SEQUENCES[tag](values)

    def _new_class(self, members: list[object]) -> object:
        path, names, *packed = members
        assert isinstance(names, list)
        kind, fields = _class_at(str(path)), tuple(map(str, names))
        made = self._made(kind, fields, packed)
        self._classes.append((kind, fields))
        return made

    def _made(self, kind: type, names: tuple[str, ...], packed: list[object]) -> object:
        values = dict(zip(names, map(self._unpack, packed), strict=True))
        if issubclass(kind, State):
            return Loose(kind, values)
        return kind(*values.values()) if issubclass(kind, str) else kind(**values)


def _class_at(path: str) -> type:
    module, _, name = path.partition(":")
    if not module.startswith(_PACKAGE):
        message = f"{path} is no class of the sandbox"
        raise UnknownStateError(message)
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        message = f"there is no class {path} in this version"
        raise UnknownStateError(message) from error
    if not (isinstance(found, type) and issubclass(found, msgspec.Struct | State | str)):
        message = f"{path} is no class of state"
        raise UnknownStateError(message)
    return found


def _whole(value: int) -> object:
    return value if -_LARGEST <= value < _LARGEST else [Tag.INTEGER, str(value)]


_TEXT = ("text",)
_PLAIN = frozenset({str, bool, bytes, float, type(None)})
_SCALARS: dict[type, Callable[..., object]] = {
    int: _whole,
    Decimal: lambda value: [Tag.DECIMAL, str(value)],
    datetime: lambda value: [Tag.DATETIME, value.isoformat()],
    date: lambda value: [Tag.DATE, value.isoformat()],
    timedelta: lambda value: [Tag.TIMEDELTA, value.days, value.seconds, value.microseconds],
    type(msgspec.UNSET): lambda _: [Tag.UNSET],
}
_READ_SCALARS: dict[object, Callable[..., object]] = {
    Tag.INTEGER: int,
    Tag.DECIMAL: Decimal,
    Tag.DATETIME: datetime.fromisoformat,
    Tag.DATE: date.fromisoformat,
    Tag.TIMEDELTA: timedelta,
    Tag.UNSET: lambda: msgspec.UNSET,
}
_SEQUENCES: dict[object, Callable[[Iterable[object]], object]] = {
    Tag.LIST: list,
    Tag.TUPLE: tuple,
    Tag.SET: set,
    Tag.FROZENSET: frozenset,
    Tag.DEQUE: deque,
}
