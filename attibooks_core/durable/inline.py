"""A double of the port that carries operations in this process and forgets them with it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from attibooks_core.durable.port import Operation, Reference


@dataclass(frozen=True, slots=True)
class InlineRun:
    """A run that nobody can take over."""

    run_id: str
    recovered: bool = False

    async def fence(self) -> None:
        """Nobody can take it over."""


class InlineRuntime:
    """Implements `port.DurableRuntime` without durability, for tests of one process and tools."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}
        self._tasks: dict[str, asyncio.Task[Mapping[str, str]]] = {}

    def register(self, name: str, operation: Operation) -> None:
        """Teach an operation."""
        self._operations[name] = operation

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Wait for what is running."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def start(self, name: str, run_id: str, reference: Reference) -> None:
        """Start a task; a run id that was used starts nothing."""
        if run_id not in self._tasks:
            body = self._operations[name](InlineRun(run_id), reference)
            self._tasks[run_id] = asyncio.ensure_future(body)

    async def alive(self, run_id: str) -> bool:
        """Whether the task still runs."""
        return run_id in self._tasks and not self._tasks[run_id].done()

    async def tidy(self) -> None:
        """Nothing is kept."""
