"""Attio's rates: so many reads and writes in each second of a workspace (reference: Attio API, rates)."""

from __future__ import annotations

import time
from collections.abc import Callable

READS_PER_SECOND = 100
WRITES_PER_SECOND = 25


class SecondlyRates:
    """Count calls within each second of the machine's clock; can be switched off."""

    def __init__(self, timer: Callable[[], float] = time.time) -> None:
        """Begin switched on, with nothing counted."""
        self.enabled = True
        self._timer = timer
        self._second = 0
        self._counts: dict[tuple[str, bool], int] = {}

    def switch(self, *, enabled: bool) -> None:
        """Switch the limits on or off; calls of before are not counted any more."""
        self.enabled = enabled
        self._counts.clear()

    def admit(self, workspace: str, *, write: bool) -> bool:
        """Count a call, or refuse it uncounted."""
        if not self.enabled:
            return True
        second = int(self._timer())
        if second != self._second:
            self._second = second
            self._counts.clear()
        count = self._counts.get((workspace, write), 0)
        if count >= (WRITES_PER_SECOND if write else READS_PER_SECOND):
            return False
        self._counts[workspace, write] = count + 1
        return True
