"""Waiting for a process that does what a command asked for by the database: tokens live in running hosts only."""

import sys
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from attibooks_core.protocols import Clock

T = TypeVar("T")

TAKEN_SECONDS = 30.0
"""How long nobody may take what was asked for."""
ACCESS_SECONDS = 600.0
"""How long the app may take to bring tokens, once a process has asked for them."""
LOOK_SECONDS = 0.25

NOBODY = (
    f"No process took it within {TAKEN_SECONDS:.0f} seconds. Start `attibooks serve` or `attibooks worker` on this"
    " database, and try again."
)
NO_ACCESS = (
    "A process took it and has no access to the workspace, and the app brought none. Open the app in Attio once, "
    "or check its connection."
)
QUEUED, WAITING = "queued", "waiting_for_lease"


class Lookout:
    """Waits for something to end, and says on a terminal how it stands.

    :param what: in a word or two, for the line on the terminal.
    """

    def __init__(self, clock: Clock, what: str) -> None:
        self._clock = clock
        self._what = what
        self._shows = sys.stderr.isatty()
        self._began = time.monotonic()

    async def wait(self, look: Callable[[], Awaitable[T]], state_of: Callable[[T], str | None]) -> T:
        """Look until it has ended.

        :param state_of: None once it has ended.
        :raises click.ClickException: nobody takes it, or nobody brings tokens.
        """
        try:
            while True:
                found = await look()
                state = state_of(found)
                if state is None:
                    return found
                self._check(state)
                self._show(state)
                await self._clock.sleep(LOOK_SECONDS)
        finally:
            self._clear()

    def _check(self, state: str) -> None:
        waited = time.monotonic() - self._began
        if state == QUEUED and waited > TAKEN_SECONDS:
            raise click.ClickException(NOBODY)
        if state == WAITING and waited > ACCESS_SECONDS:
            raise click.ClickException(NO_ACCESS)

    def _show(self, state: str) -> None:
        if self._shows:
            said = {QUEUED: "waits for a process", WAITING: "waits for access by the app"}.get(state, "at work")
            seconds = time.monotonic() - self._began
            click.echo(f"\r\x1b[K{self._what}: {said}, {seconds:.0f} s", nl=False, err=True)

    def _clear(self) -> None:
        if self._shows:
            click.echo("\r\x1b[K", nl=False, err=True)
