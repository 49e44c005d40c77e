"""Writing to a workspace of the CRM no faster than the CRM takes it."""

import asyncio
from weakref import WeakValueDictionary

from attibooks_core.protocols import Clock

AT_ONCE = 8
"""Calls of one kind that are under way at a time: as many as an account has connections."""
WRITES_A_SECOND = 24
"""Just below what Attio takes of a workspace (Attio API, rate limits: 25 writes a second)."""


class Pace:
    """Lets so many through in a second, evenly, and only a few at once."""

    def __init__(self, clock: Clock, per_second: float) -> None:
        self.places = asyncio.Semaphore(AT_ONCE)
        self._clock = clock
        self._gap = 1 / per_second
        self._next = 0.0

    async def wait(self) -> None:
        """Wait for the next turn."""
        now = self._clock.monotonic()
        turn = max(self._next, now)
        self._next = turn + self._gap
        if turn > now:
            await self._clock.sleep(turn - now)


class Paces:
    """One pace a workspace, shared by whatever writes many records of it."""

    def __init__(self, clock: Clock, per_second: float = WRITES_A_SECOND) -> None:
        self._clock = clock
        self._per_second = per_second
        self._paces: WeakValueDictionary[str, Pace] = WeakValueDictionary()

    def of(self, workspace_id: str) -> Pace:
        """The pace of a workspace; kept as long as somebody holds it."""
        return self._paces.setdefault(workspace_id, Pace(self._clock, self._per_second))
