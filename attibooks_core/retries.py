"""When and how long to wait before a call is made again: one rule for every plugin.

The decision is a pure function; `retrying` only carries it out. A plugin says by the error it raises whether a
repeat is safe: `Unavailable` (nothing was written) always is, anything else is only where the plugin passes it in
`also` because a key makes the repeat harmless.
"""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

from attibooks_core.errors import Unavailable
from attibooks_core.protocols import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient a call is.

    :param attempts: calls in all, the first included.
    :param base: seconds; the wait before repeat n is drawn from 0.5 to 1 times base * 4**(n-1).
    :param longest: seconds; a wait that would be longer ends the attempts instead (the error is raised).
    """

    attempts: int = 3
    base: float = 0.5
    longest: float = 10.0


def wait_before(error: Exception, attempt: int, policy: RetryPolicy, spread: float) -> float | None:
    """Seconds to wait before the next attempt, or None to give up.

    :param attempt: how many calls were made so far, from 1.
    :param spread: a random number from 0 to 1; keeps many callers from coming back at one instant.
    """
    if attempt >= policy.attempts:
        return None
    asked = error.retry_after if isinstance(error, Unavailable) else None
    if asked is not None:
        # A little later than asked: the others who were told the same come back at that very instant.
        return asked * (1 + spread / 10) if asked <= policy.longest else None
    wait = policy.base * 4 ** (attempt - 1) * (0.5 + spread / 2)
    return wait if wait <= policy.longest else None


def pause_of(pauses: Sequence[float], number: int) -> timedelta:
    """The pause of this number, from 0; after the last one it stays."""
    return timedelta(seconds=pauses[min(number, len(pauses) - 1)])


async def retrying(
    call: Callable[[], Awaitable[T]],
    *,
    clock: Clock,
    policy: RetryPolicy,
    also: tuple[type[Exception], ...] = (),
) -> T:
    """Make the call until it answers, is refused, or the policy gives up; then its last error is raised."""
    repeatable: tuple[type[Exception], ...] = (Unavailable, *also)
    attempt = 0
    while True:
        attempt += 1
        try:
            return await call()
        except repeatable as error:
            wait = wait_before(error, attempt, policy, random.random())  # noqa: S311 - jitter, no secret
            if wait is None:
                raise
        await clock.sleep(wait)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a `Retry-After` asks for, given as a number or as an HTTP date; at least 0.1, None without one.

    Attio sends a date, normally the next second; clock skew can put it into the past.

    :param headers: with lower-case names.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return max(float(text), 0.1)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max((date - now).total_seconds(), 0.1)
