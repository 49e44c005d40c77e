"""Tables of a company: by Id, by the fields that queries name, and by the time of the last change."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import ClassVar, Generic, Protocol, TypeVar

from attibooks_sandbox.kernel.state import State

_ID_BITS = 44


class Stored(Protocol):
    """What can stand in a table."""

    @property
    def id(self) -> str:
        """Return the Id."""

    @property
    def updated(self) -> datetime:
        """Return the time of the last change."""


Watcher = Callable[[Stored | None, Stored | None], None]
"""Told the row before and after a change: None before is a new one, None after a removed one."""
Row = TypeVar("Row", bound=Stored)
Keys = Mapping[str, Callable[[Row], str | None]]


class Table(State, Generic[Row]):
    """Rows by Id, with an index for each named key and, if wanted, one by the time of the last change."""

    derived: ClassVar[frozenset[str]] = frozenset({"_keys", "_timed", "_index", "_times", "_lent", "watcher"})

    def __init__(self, keys: Keys[Row], *, timed: bool = False) -> None:
        """Begin empty; `keys` give the indexed value of a row, None for no entry."""
        self._keys = keys
        self._timed = timed
        self._rows: dict[str, Row] = {}
        self._index: dict[str, dict[str, str | dict[str, None]]] = {name: {} for name in keys}
        self._times: list[int] = []
        self._lent = False
        self.watcher: Watcher | None = None

    def copy(self) -> Table[Row]:
        """Return a table with the same rows, whose changes do not show here; nobody watches it.

        Both have one index until the first change of either parts them.
        """
        twin: Table[Row] = Table(self._keys, timed=self._timed)
        twin._rows = dict(self._rows)
        twin._times = list(self._times)
        twin._index = self._index
        self._lent = twin._lent = True
        return twin

    def _part(self) -> None:
        self._index = {
            name: {key: dict(held) if isinstance(held, dict) else held for key, held in index.items()}
            for name, index in self._index.items()
        }
        self._lent = False

    def rebuild(self) -> None:
        """Index the rows anew."""
        self._lent = False
        self._index = {name: {} for name in self._keys}
        for row in self._rows.values():
            for name, key_of in self._keys.items():
                self._note(name, key_of(row), row.id)
        self._times = sorted(map(_moment, self._rows.values())) if self._timed else []

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows in order of their creation."""
        return iter(self._rows.values())

    def get(self, row_id: str) -> Row | None:
        """Return the row with an Id, or None."""
        return self._rows.get(row_id)

    def put(self, row: Row) -> None:
        """Add a row, or put it in the place of the one with its Id."""
        old = self._rows.get(row.id)
        for name, key_of in self._keys.items():
            before, after = (None if old is None else key_of(old)), key_of(row)
            if before != after:
                self._drop(name, before, row.id)
                self._note(name, after, row.id)
        if self._timed:
            self._retime(old, row)
        self._rows[row.id] = row
        if self.watcher is not None:
            self.watcher(old, row)

    def remove(self, row_id: str) -> None:
        """Take a row out."""
        row = self._rows.pop(row_id)
        for name, key_of in self._keys.items():
            self._drop(name, key_of(row), row_id)
        if self._timed:
            del self._times[bisect_left(self._times, _moment(row))]
        if self.watcher is not None:
            self.watcher(row, None)

    def indexed(self, name: str) -> bool:
        """Tell whether there is an index of that name."""
        return name in self._index

    def find(self, name: str, key: str) -> list[str]:
        """Return the Ids of the rows with an indexed value."""
        held = self._index[name].get(key)
        if held is None:
            return []
        return [held] if isinstance(held, str) else list(held)

    def find_between(self, name: str, low: str | None, high: str | None) -> list[str]:
        """Return the Ids of the rows whose indexed value lies between two, both included; for values that are few."""
        found: list[str] = []
        for key in self._index[name]:
            if (low is None or low <= key) and (high is None or key <= high):
                found += self.find(name, key)
        return found

    def changed_between(self, start: datetime | None, end: datetime | None, most: int | None = None) -> list[str]:
        """Return the Ids of at most so many rows last changed in a time, both ends included, oldest change first."""
        low = 0 if start is None else bisect_left(self._times, int(start.timestamp()) << _ID_BITS)
        high = len(self._times) if end is None else bisect_right(self._times, (int(end.timestamp()) + 1) << _ID_BITS)
        return self._ids(low, high if most is None else min(high, low + most))

    def newest(self, skip: int, count: int) -> list[Row]:
        """Return rows by the time of their last change, newest first, without going through all of them."""
        high = max(len(self._times) - skip, 0)
        return [self._rows[row_id] for row_id in self._ids(max(high - count, 0), high)][::-1]

    def _ids(self, low: int, high: int) -> list[str]:
        mask = (1 << _ID_BITS) - 1
        return [str(moment & mask) for moment in self._times[low:high]]

    def _note(self, name: str, key: str | None, row_id: str) -> None:
        if key is None:
            return
        if self._lent:
            self._part()
        index = self._index[name]
        held = index.get(key)
        if held is None:
            index[key] = row_id
        elif isinstance(held, str):
            index[key] = {held: None, row_id: None}
        else:
            held[row_id] = None

    def _drop(self, name: str, key: str | None, row_id: str) -> None:
        if key is None:
            return
        if self._lent:
            self._part()
        index = self._index[name]
        held = index.get(key)
        if isinstance(held, dict):
            del held[row_id]
            if held:
                return
        index.pop(key, None)

    def _retime(self, old: Row | None, row: Row) -> None:
        if old is not None:
            if old.updated == row.updated:
                return
            del self._times[bisect_left(self._times, _moment(old))]
        insort(self._times, _moment(row))


def _moment(row: Stored) -> int:
    return int(row.updated.timestamp()) << _ID_BITS | int(row.id)
