"""Tells what of a state has changed since it was last asked, without going through all of it.

Dictionaries of the state are put in the place of ones that note which of their keys were touched. Attributes of states
are compared by identity. What can change in place without either is small by convention and compared by its bytes.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from operator import is_
from typing import Any

import msgspec

from attibooks_sandbox.kernel.carry import Packer
from attibooks_sandbox.kernel.state import State

Path = tuple[object, ...]


class Gone:
    """In place of a value: nothing stands there any more."""


GONE = Gone()


class Change(msgspec.Struct, frozen=True):
    """A place in the state, by the attributes and keys that lead there, and what stands there now."""

    path: Path
    value: object


class Noting(dict[Any, Any]):
    """A dictionary that notes the keys that were set or taken away, and itself among the `pending` ones."""

    path: Path
    touched: dict[Any, None]
    pending: list[Noting]

    @classmethod
    def over(cls, path: Path, pending: list[Noting]) -> Noting:
        """Return an empty one for a place in the state."""
        made = cls()
        made.path, made.touched, made.pending = path, {}, pending
        return made

    def settle(self, key: object, value: object) -> None:
        """Set a key without noting it."""
        super().__setitem__(key, value)

    def _note(self, key: object) -> None:
        if not self.touched:
            self.pending.append(self)
        self.touched[key] = None

    def __setitem__(self, key: object, value: object) -> None:
        """Set a key."""
        super().__setitem__(key, value)
        self._note(key)

    def __delitem__(self, key: object) -> None:
        """Take a key away."""
        super().__delitem__(key)
        self._note(key)

    def pop(self, key: object, *default: object) -> Any:  # noqa: ANN401 - as in every dictionary
        """Take a key away and return its value."""
        found = key in self
        value = super().pop(key, *default)
        if found:
            self._note(key)
        return value

    def popitem(self, *args: bool, **named: bool) -> tuple[Any, Any]:
        """Take the last key away, of an ordered one the first if so asked."""
        key, value = super().popitem(*args, **named)
        self._note(key)
        return key, value

    def setdefault(self, key: object, default: object = None) -> Any:  # noqa: ANN401 - as in every dictionary
        """Return the value of a key that is set if need be."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *given: Any, **named: object) -> None:  # noqa: ANN401 - as in every dictionary
        """Set many keys."""
        for key, value in dict(*given, **named).items():
            self[key] = value

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]  # noqa: ANN401 - as in every dictionary
        """Set many keys."""
        self.update(other)
        return self

    def clear(self) -> None:
        """Take every key away."""
        for key in list(self):
            del self[key]


class NotingInOrder(Noting, OrderedDict[Any, Any]):
    """The same for an ordered dictionary."""


class _Attributes(msgspec.Struct):
    """The attributes of a state as they were when last looked at."""

    state: State
    path: Path
    seen: dict[str, object]


class _Whole(msgspec.Struct):
    """A value that can change in place, as it was when last looked at."""

    value: object
    path: Path
    packed: bytes


class Watch:
    """Watches the state below some roots."""

    def __init__(self, roots: dict[str, object]) -> None:
        """Begin; the dictionaries of the state are replaced in place."""
        self._states: list[_Attributes] = []
        self._wholes: list[_Whole] = []
        self._pending: list[Noting] = []
        self.roots: dict[Any, Any] = {name: self._visited(value, (name,)) for name, value in roots.items()}

    def changes(self) -> list[Change]:
        """Return what changed since the last time; what stands above comes before what stands below it."""
        found = [*self._of_states(), *self._of_dictionaries(), *self._of_wholes()]
        found.sort(key=lambda change: len(change.path))
        return found

    def _of_states(self) -> Iterator[Change]:
        for held in [held for held in self._states if not _same(held)]:
            if not self._stands(held.path, held.state):
                self._states.remove(held)
                continue
            for name, value in held.state.carried().items():
                if value is not held.seen.get(name, GONE):
                    setattr(held.state, name, self._visited(value, (*held.path, name)))
                    yield Change((*held.path, name), value)
            held.seen = dict(vars(held.state))

    def _of_dictionaries(self) -> Iterator[Change]:
        pending, self._pending[:] = list(self._pending), []
        for each in pending:
            touched, each.touched = each.touched, {}
            if self._stands(each.path, each):
                for key in touched:
                    yield self._of_key(each, key)

    def _of_key(self, each: Noting, key: object) -> Change:
        path = (*each.path, key)
        if key not in each:
            return Change(path, GONE)
        value = self._visited(each[key], path)
        each.settle(key, value)
        return Change(path, value)

    def _of_wholes(self) -> Iterator[Change]:
        for held in list(self._wholes):
            if not self._stands(held.path, held.value):
                self._wholes.remove(held)
                continue
            packed = Packer().bytes_of(held.value)
            if packed != held.packed:
                held.packed = packed
                yield Change(held.path, held.value)

    def _stands(self, path: Path, value: object) -> bool:
        """Tell whether a value still stands where it was first seen."""
        place: Any = self.roots
        for step in path:
            place = place.get(step) if isinstance(place, dict) else vars(place).get(step)
            if place is None:
                return False
        return place is value

    def _visited(self, value: object, path: Path) -> object:
        """Return what shall stand for a value, and watch it."""
        if isinstance(value, State):
            for name, held in value.carried().items():
                setattr(value, name, self._visited(held, (*path, name)))
            self._states.append(_Attributes(value, path, dict(vars(value))))
        elif isinstance(value, dict):
            return self._noting(value, path)
        elif isinstance(value, list | set | deque) or _is_mutable_struct(value):
            self._wholes.append(_Whole(value, path, Packer().bytes_of(value)))
        return value

    def _noting(self, value: dict[Any, Any], path: Path) -> Noting:
        if isinstance(value, Noting):
            value.path = path
            made = value
        else:
            made = (NotingInOrder if isinstance(value, OrderedDict) else Noting).over(path, self._pending)
        for key, held in value.items():
            made.settle(key, self._visited(held, (*path, key)))
        return made


def _same(held: _Attributes) -> bool:
    now = vars(held.state).values()
    return len(now) == len(held.seen) and all(map(is_, held.seen.values(), now))


def _is_mutable_struct(value: object) -> bool:
    return isinstance(value, msgspec.Struct) and not value.__struct_config__.frozen
