"""A bounded cache with an age limit, in which callers who want the same thing at once wait for one load."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from attibooks_core.protocols import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class _Load(Generic[V]):
    """A load on its way, and how many wait for it."""

    task: asyncio.Future[V]
    started: float
    waiting: int = 0


class TimedCache(Generic[K, V]):
    """Keeps what was loaded for some seconds; of too many entries the least recently used go.

    A load that fails is not kept: everybody who waited for it gets its error, the next caller loads anew.
    """

    def __init__(self, clock: Clock, *, seconds: float, limit: int) -> None:
        self._clock = clock
        self._seconds = seconds
        self._limit = limit
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._loading: dict[tuple[K, str], _Load[V]] = {}

    async def get(
        self, key: K, load: Callable[[], Awaitable[V]], *, asker: str = "", max_age: float | None = None
    ) -> V:
        """The kept value, or a fresh one.

        :param asker: only callers with the same one share a load, as another's token may fail where ours does not.
        :param max_age: seconds; the age up to which the kept value will do, when less than the cache allows.
        """
        if key in self._kept:
            loaded_at, value = self._kept[key]
            if self._clock.monotonic() - loaded_at < (self._seconds if max_age is None else max_age):
                self._kept.move_to_end(key)
                return value
        return await self._join((key, asker), load)

    def forget(self, concerns: Callable[[K, V], bool]) -> None:
        """Drop matching entries; what is being loaded at this moment is not kept either."""
        for key in [k for k, (_, value) in self._kept.items() if concerns(k, value)]:
            del self._kept[key]
        self._loading.clear()

    async def _join(self, flight: tuple[K, str], load: Callable[[], Awaitable[V]]) -> V:
        current = self._loading.get(flight)
        if current is None:
            current = self._loading[flight] = _Load(asyncio.ensure_future(load()), self._clock.monotonic())
            current.task.add_done_callback(lambda _: self._landed(flight, current))
        current.waiting += 1
        try:
            # A caller who gives up must not take the load away from the others; the last one does.
            return await asyncio.shield(current.task)
        finally:
            current.waiting -= 1
            if not current.waiting and not current.task.done():
                self._drop(flight, current)
                current.task.cancel()

    def _landed(self, flight: tuple[K, str], load: "_Load[V]") -> None:
        # Asking for the exception also marks it as seen, should every caller have given up meanwhile.
        failed = load.task.cancelled() or load.task.exception() is not None
        if not self._drop(flight, load) or failed:
            return
        self._kept[flight[0]] = (load.started, load.task.result())
        self._kept.move_to_end(flight[0])
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def _drop(self, flight: tuple[K, str], load: "_Load[V]") -> bool:
        """Let no newcomer join; says whether the load was still to be joined, which one that was forgotten is not."""
        if self._loading.get(flight) is not load:
            return False
        del self._loading[flight]
        return True
