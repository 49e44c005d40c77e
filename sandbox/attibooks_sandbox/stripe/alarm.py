"""Wakes an account when something falls due: when the clock is moved, and in real time while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from attibooks_sandbox.kernel.clock import Clock
from attibooks_sandbox.stripe.timekeeper import Timekeeper

_LONGEST_NAP = 3_600.0


class Alarm:
    """Lets the time of the sandbox's clock pass in an account."""

    def __init__(self, keeper: Timekeeper, clock: Clock, kept: Callable[[], None]) -> None:
        """Begin to watch the clock; `kept` is called after something happened while no call was answered."""
        self._keeper, self._clock, self._kept = keeper, clock, kept
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        clock.watchers.insert(0, self._moved)

    def close(self) -> None:
        """Wake nobody any more."""
        self._closed = True
        self._clock.watchers.remove(self._moved)
        if self._timer is not None:
            self._timer.cancel()

    def ring(self) -> bool:
        """Do what fell due, and tell whether that was anything."""
        return self._keeper.catch_up(int(self._clock.now().timestamp()))

    def _moved(self) -> None:
        self.ring()
        self.plan()

    def plan(self) -> None:
        """Set the timer for what is due next; a clock that stands still needs none."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._keeper.next_due()
        if due is None or self._clock.frozen or self._closed:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # nobody serves: the next call plans
            return
        nap = due - self._clock.now().timestamp() + 0.01
        self._timer = loop.call_later(min(max(nap, 0.01), _LONGEST_NAP), self._wake)

    def _wake(self) -> None:
        if self.ring():
            self._kept()
        self.plan()
