"""What the kernel asks of an emulated service."""

from __future__ import annotations

from typing import Protocol

from attibooks_sandbox.kernel.messages import Request, Response


class Service(Protocol):
    """An emulated vendor: answers at once from memory, so one call never sees half of another."""

    name: str

    def handle(self, request: Request) -> Response:
        """Do the call's work and return its answer."""

    def classify(self, request: Request) -> str:
        """Return the class under which the call is counted."""

    def place(self, request: Request) -> dict[str, str]:
        """Return where the call aims: environment and realm, or workspace."""

    def admit(self, request: Request) -> Response | None:
        """Count the call against the service's limits; an answer means it is refused and did not enter."""

    def release(self, request: Request) -> None:
        """Let an admitted call out again."""

    def failure(self, request: Request, status: int) -> Response:
        """Return the answer that the vendor gives with a status when nothing more is known."""

    def retry_after(self) -> str:
        """Return a Retry-After date as the vendor writes it."""


class Peer(Protocol):
    """The client's end of a connection."""

    async def wait_gone(self) -> None:
        """Return when the client has given up."""
