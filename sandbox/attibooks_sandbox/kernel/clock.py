"""The sandbox's time: the machine's, moved by an offset, or standing still."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from attibooks_sandbox.kernel.state import State


class Clock(State):
    """Tell the time to everything that is recorded or compared, so that a test can move it."""

    derived: ClassVar[frozenset[str]] = frozenset({"watchers"})

    def __init__(self) -> None:
        """Start at the machine's time."""
        self._offset = timedelta(0)
        self._frozen: datetime | None = None
        self.watchers: list[Callable[[], None]] = []
        self._steps = 0.0

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        if self._frozen is not None:
            return self._frozen
        return datetime.now(UTC) + self._offset

    @property
    def frozen(self) -> bool:
        """Tell whether time stands still."""
        return self._frozen is not None

    def freeze(self, instant: datetime) -> None:
        """Stand still at an instant."""
        self._frozen = instant.astimezone(UTC)
        self._moved()

    def shift(self, offset: timedelta) -> None:
        """Run again, this far from the machine's time."""
        self._frozen = None
        self._offset = offset
        self._moved()

    def advance(self, step: timedelta) -> None:
        """Move on by a step, frozen or not."""
        self._steps += step.total_seconds()
        if self._frozen is not None:
            self._frozen += step
        else:
            self._offset += step
        self._moved()

    def _moved(self) -> None:
        """Tell those who wait for a moment that it may have come."""
        for watcher in list(self.watchers):
            watcher()

    def reset(self) -> None:
        """Return to the machine's time."""
        self.shift(timedelta(0))

    def elapsed(self) -> float:
        """Return seconds that never stand still: the machine's, and every step that the clock was moved on by."""
        return monotonic() + self._steps

    def describe(self) -> dict[str, object]:
        """Return what the control plane shows of the clock."""
        return {
            "now": self.now().isoformat(),
            "frozen": self.frozen,
            "offset_seconds": self._offset.total_seconds(),
        }


def monotonic() -> float:
    """Return the machine's monotonic seconds, which throttles count by whatever the sandbox's clock says."""
    return time.monotonic()


def machine_time() -> int:
    """Return the machine's present second, for what programs outside compare with their own clocks."""
    return int(time.time())


def http_date(seconds: float) -> str:
    """Return an instant, given in seconds of the epoch, as HTTP writes dates."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))
