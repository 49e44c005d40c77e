"""Background work of billing: what deliveries ask for within a second, what no delivery told every hour and day."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from attibooks_core.capabilities import ReconcilingProvider, WebhookProvider
from attibooks_core.documents import Documents
from attibooks_core.errors import Unavailable
from attibooks_core.logs import EventLog
from attibooks_core.protocols import BillingProvider, Clock

ROUND_SECONDS = 1.0
HOURLY, DAILY = "hourly", "daily"
EVERY = {HOURLY: timedelta(hours=1), DAILY: timedelta(days=1)}
AGAIN = timedelta(hours=1)
"""When one that failed, or whose process died, is tried again."""

log = EventLog(__name__)


class Tender:
    """The loop; every process that does background work runs one.

    :param documents: where it is noted when hour and day were last begun: one process a host does them.
    """

    def __init__(self, provider: BillingProvider, documents: Documents, clock: Clock) -> None:
        self._provider = provider
        self._documents = documents
        self._clock = clock
        self._next_look = float("-inf")
        self.wake = asyncio.Event()
        """Set after a delivery."""

    async def run(self) -> None:
        """Go round until cancelled; an error ends the round, not the loop."""
        if not isinstance(self._provider, WebhookProvider | ReconcilingProvider):
            return
        while True:
            try:
                await self.round()
            except Exception:
                log.exception("billing_round_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_SECONDS):
                    await self.wake.wait()

    async def round(self) -> None:
        """What there is to do now."""
        self.wake.clear()
        provider = self._provider
        if isinstance(provider, WebhookProvider):
            await provider.work()
        if isinstance(provider, ReconcilingProvider) and self._clock.monotonic() >= self._next_look:
            self._next_look = self._clock.monotonic() + 30
            await self._when_due(HOURLY, provider.catch_up)
            await self._when_due(DAILY, provider.walk)

    async def _when_due(self, name: str, do: Callable[[], Awaitable[object]]) -> None:
        now = self._clock.now()
        if not await self._taken(name, now):
            return
        try:
            found = await do()
        except Unavailable as error:
            log.warning("billing_not_reconciled", what=name, code=error.code, reference=error.reference)
        else:
            await self._note(name, now + EVERY[name])
            log.info("billing_reconciled", what=name, found=found)

    async def _taken(self, name: str, now: datetime) -> bool:
        """Whether it is time and this process was the first to say so."""
        known = await self._documents.get(name)
        if known is not None and datetime.fromisoformat(known.value["next"]) > now:
            return False
        version = known.version if known else 0
        return await self._documents.put(name, _next(now + AGAIN), version=version) is not None

    async def _note(self, name: str, at: datetime) -> None:
        known = await self._documents.get(name)
        if known is not None:
            await self._documents.put(name, _next(at), version=known.version)


def _next(at: datetime) -> dict[str, str]:
    return {"next": at.isoformat()}
