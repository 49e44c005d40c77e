"""Counting of calls against a service's limits, by the machine's own clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attibooks_sandbox.kernel.clock import monotonic


class SlidingWindow:
    """Admit at most so many calls in any stretch of so many seconds."""

    def __init__(self, limit: int, seconds: float, timer: Callable[[], float] = monotonic) -> None:
        """Begin with nothing counted."""
        self._limit = limit
        self._seconds = seconds
        self._timer = timer
        self._seen: deque[float] = deque()

    def admit(self) -> bool:
        """Count a call, or refuse it uncounted."""
        now = self._timer()
        while self._seen and self._seen[0] <= now - self._seconds:
            self._seen.popleft()
        if len(self._seen) >= self._limit:
            return False
        self._seen.append(now)
        return True


class Gate:
    """Admit at most so many calls at once."""

    def __init__(self, limit: int) -> None:
        """Begin with nobody inside."""
        self._limit = limit
        self._inside = 0

    def enter(self, *, refuse: bool = True) -> bool:
        """Let a call in, or refuse it; without refusing it is only counted."""
        if refuse and self._inside >= self._limit:
            return False
        self._inside += 1
        return True

    def leave(self) -> None:
        """Let a call out."""
        self._inside -= 1
