"""What a vendor sends of its own accord: to loopback only, the bytes as they were signed, again on the sandbox's clock.

A message to anywhere else is kept and never sent, so that a test can look at it and nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import SplitResult, urlsplit

import msgspec

from attibooks_sandbox.kernel.clock import Clock
from attibooks_sandbox.kernel.throttle import SlidingWindow

KEPT_DELIVERIES = 1_000
_AT_ONCE = 10
_SHORTEST_NAP = 0.02
_LONGEST_NAP = 3_600.0
State = Literal["waiting", "under way", "delivered", "given up", "kept"]


class Attempt(msgspec.Struct, frozen=True):
    """One attempt: when it ended, and the status of the answer or the reason why there was none."""

    at: datetime
    outcome: int | str


class Delivery(msgspec.Struct, eq=False):
    """One message on its way; `owner` is who subscribed to it."""

    place: str
    owner: str
    url: str
    headers: dict[str, str]
    body: bytes
    due: datetime
    state: State = "waiting"
    attempts: list[Attempt] = msgspec.field(default_factory=list)

    def describe(self) -> dict[str, object]:
        """Return what the control plane shows of the message."""
        return {
            "place": self.place,
            "owner": self.owner,
            "url": self.url,
            "headers": self.headers,
            "body": self.body.decode(),
            "state": self.state,
            "due": self.due.isoformat() if self.state == "waiting" else None,
            "attempts": [{"at": each.at.isoformat(), "outcome": each.outcome} for each in self.attempts],
        }


class Policy(msgspec.Struct, frozen=True):
    """How a vendor delivers: the waits between attempts, what counts as success, its patience, its pace per target."""

    waits: tuple[timedelta, ...]
    accepted: frozenset[int]
    patience_seconds: float
    per_second: int


class Outbox:
    """Deliver messages in the background and repeat those that were not taken."""

    def __init__(
        self,
        clock: Clock,
        policy: Policy,
        *,
        wanted: Callable[[Delivery], bool],
        settled: Callable[[Delivery], None],
        sealed: Callable[[Delivery], dict[str, str]] = lambda delivery: delivery.headers,
    ) -> None:
        """Begin empty.

        `wanted` is asked before each attempt whether anybody still waits for the message; `settled` is told of each
        message that was delivered or given up; `sealed` gives the headers of an attempt, where each has its own.
        """
        self._clock = clock
        self._policy = policy
        self._wanted, self._settled, self._sealed = wanted, settled, sealed
        self._waiting: list[Delivery] = []
        self._paces: dict[str, SlidingWindow] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self.log: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)
        clock.watchers.append(self.wake)

    def put(self, delivery: Delivery) -> None:
        """Take a message; it is sent when the work at hand is done."""
        self.log.append(delivery)
        if is_loopback(urlsplit(delivery.url)):
            self._waiting.append(delivery)
            self.wake()
        else:
            delivery.state = "kept"

    def close(self) -> None:
        """Send nothing any more."""
        self._closed = True
        self._clock.watchers.remove(self.wake)
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()

    def wake(self) -> None:
        """Send what is due by the sandbox's clock, and plan for the rest."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # nobody serves: the next call that comes in over a loop wakes the outbox
            return
        if self._closed:
            return
        self._waiting = [each for each in self._waiting if self._wanted(each)]
        now = self._clock.now()
        for delivery in self._waiting:
            if delivery.due <= now and len(self._tasks) < _AT_ONCE and self._pace(delivery).admit():
                delivery.state = "under way"
                self._start(delivery)
        self._waiting = [each for each in self._waiting if each.state == "waiting"]
        self._plan(loop, now)

    def _pace(self, delivery: Delivery) -> SlidingWindow:
        return self._paces.setdefault(delivery.url, SlidingWindow(self._policy.per_second, 1.0))

    def _plan(self, loop: asyncio.AbstractEventLoop, now: datetime) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            nap = (min(each.due for each in self._waiting) - now).total_seconds()
            if nap <= 0 or not self._clock.frozen:
                self._timer = loop.call_later(min(max(nap, _SHORTEST_NAP), _LONGEST_NAP), self.wake)

    def _start(self, delivery: Delivery) -> None:
        task = asyncio.ensure_future(self._send(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.wake()

    async def _send(self, delivery: Delivery) -> None:
        outcome = await _attempt(delivery, self._sealed(delivery), self._policy.patience_seconds)
        now = self._clock.now()
        delivery.attempts.append(Attempt(now, outcome))
        tried = len(delivery.attempts)
        if outcome in self._policy.accepted:
            delivery.state = "delivered"
        elif tried > len(self._policy.waits):
            delivery.state = "given up"
        else:
            delivery.state, delivery.due = "waiting", now + self._policy.waits[tried - 1]
            self._waiting.append(delivery)
            return
        self._settled(delivery)


def is_loopback(target: SplitResult) -> bool:
    """Tell whether an address is of this machine."""
    host = target.hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")


async def _attempt(delivery: Delivery, headers: dict[str, str], seconds: float) -> int | str:
    try:
        async with asyncio.timeout(seconds):
            return await _post(urlsplit(delivery.url), headers, delivery.body)
    except TimeoutError:
        return "no answer in time"
    except (OSError, ValueError, EOFError) as error:
        return f"{type(error).__name__}: {error}"


async def _post(target: SplitResult, headers: dict[str, str], body: bytes) -> int:
    """Make one POST on a connection of its own and return the status of the answer, which is not read further."""
    secure = target.scheme == "https"
    port = target.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(target.hostname, port, ssl=_any_certificate() if secure else None)
    try:
        writer.write(_head(target, headers, len(body)) + body)
        await writer.drain()
        version, status = (await reader.readline()).split(b" ")[:2]
        if not version.startswith(b"HTTP/1."):
            message = "the answer is no HTTP"
            raise ValueError(message)
        return int(status)
    finally:
        writer.close()


def _head(target: SplitResult, headers: dict[str, str], length: int) -> bytes:
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {target.netloc.rpartition('@')[2]}",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"Content-Length: {length}",
        "Connection: close",
        "\r\n",
    ]
    return "\r\n".join(lines).encode("ascii", "replace")


def _any_certificate() -> ssl.SSLContext:
    """Return a context that takes whatever certificate a program on loopback has made for itself."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
