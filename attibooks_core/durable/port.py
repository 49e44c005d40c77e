"""The port between operations and the engine that carries them.

An operation has a stable name with a version (`create_invoice.v1`), takes ids only, and returns codes only: what it
is given and what it returns lies in the engine's tables. It may be run again from its start at any time, in another
process too, so every outside write it makes carries a key of its own.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

Reference = Mapping[str, str]
Operation = Callable[["OperationRun", Reference], Awaitable[Reference]]


class OperationRun(Protocol):
    """What an operation knows of its own run."""

    @property
    def run_id(self) -> str:
        """The id it was started with."""
        ...

    @property
    def recovered(self) -> bool:
        """Whether an earlier attempt of this run may have written something outside."""
        ...

    async def fence(self) -> None:
        """Make sure that this process still owns the run; call before every outside write.

        :raises Superseded: it was taken over while this process stood still.
        """
        ...


class DurableRuntime(Protocol):
    """Starts operations and makes sure that each is carried to its end by one process or another."""

    def register(self, name: str, operation: Operation) -> None:
        """Teach the runtime an operation; before `open`."""
        ...

    async def open(self) -> None:
        """Begin to work."""
        ...

    async def close(self) -> None:
        """Finish what is running (at most 20 s) and hand the rest to others."""
        ...

    async def start(self, name: str, run_id: str, reference: Reference) -> None:
        """Start an operation in this process; durable when this returns. A run id that was used starts nothing."""
        ...

    async def alive(self, run_id: str) -> bool:
        """Whether a living process works on this run, or will soon."""
        ...

    async def tidy(self) -> None:
        """Delete what is kept of runs that ended long ago; the intents remember what has to be remembered."""
        ...
