"""What is kept for a while, and never longer or for anybody else: bounded, expiring, loaded once at a time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

from attibooks_core.protocols import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ExpiringCache(Generic[K, V]):
    """A bounded mapping whose entries age; the least recently used one goes first."""

    def __init__(self, clock: Clock, *, size: int, seconds: float) -> None:
        self._clock = clock
        self._size = size
        self._seconds = seconds
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value, unless it is too old or not there."""
        age = self.age(key)
        if age is None:
            return None
        self._entries.move_to_end(key)
        return self._entries[key][1]

    def age(self, key: K) -> float | None:
        """Seconds since the value was put in; None when there is none to use."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        age = self._clock.monotonic() - entry[0]
        return age if age < self._seconds else None

    def put(self, key: K, value: V) -> None:
        """Keep a value from now on."""
        self._entries[key] = (self._clock.monotonic(), value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def drop(self, key: K) -> None:
        """Keep it no longer."""
        self._entries.pop(key, None)

    def drop_where(self, matches: Callable[[K], bool]) -> None:
        """Keep none of those any longer."""
        for key in [k for k in self._entries if matches(k)]:
            del self._entries[key]


class SingleFlight:
    """Runs one load at a time per key; who comes meanwhile shares its end.

    A caller that is cancelled takes nothing away from the others.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, asyncio.Task[Any]] = {}

    async def run(self, key: Hashable, load: Callable[[], Awaitable[V]]) -> V:
        """What the load gives; key has to name everything that the load depends on, the token included."""
        task: asyncio.Task[V] | None = self._flights.get(key)
        if task is None:
            task = self._flights[key] = asyncio.ensure_future(_started(load))
            task.add_done_callback(partial(self._landed, key))
        return await asyncio.shield(task)

    def _landed(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        self._flights.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen, also when every caller was cancelled


async def _started(load: Callable[[], Awaitable[V]]) -> V:
    return await load()
