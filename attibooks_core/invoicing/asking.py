"""Asking the app for tokens: one request a workspace at a time, until a lease comes or it is given up.

What asks is stored before it is asked, so that a process that dies leaves the next call to another one.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

import msgspec

from attibooks_core.capabilities import AppCaller
from attibooks_core.errors import NotFound, ReconnectNeeded, Unavailable
from attibooks_core.logs import EventLog
from attibooks_core.plugins import Plugins
from attibooks_core.protocols import Clock
from attibooks_core.retries import pause_of
from attibooks_core.storage.lease_requests import LeaseRequest, LeaseRequests, RequestState, WaitingJob
from attibooks_core.storage.workspaces import Workspaces

AskOutcome: TypeAlias = Literal["asked", "refused", "dead", "later"]
"""`refused`: an admin has to reconnect. `dead`: nobody can be asked any more. `later`: it is tried again by itself."""

PATIENCE = timedelta(minutes=10)
"""How long a lease is waited for; then the next night or the next call of the app asks again."""
PAUSES = (30, 30, 60, 120)
"""Seconds before the next call, by the calls so far; the last one stays. The first has to outlast a call."""
GRACE = timedelta(seconds=3)
"""Before the app is asked: another process may hold tokens, and then it goes on by itself."""
AT_ONCE = 32
"""Calls of one process under way: a callback that hangs holds up no other workspace."""

KINDS = {
    "invoices": "create_invoice",
    "invoices/edit": "edit_invoice",
    "invoices/void": "void_invoice",
    "invoices/batch": "create_batch",
    "invoices/batch/record": "create_batch",
}
"""Kind of job by the route that made it."""

log = EventLog(__name__)


class ReverseCallBody(msgspec.Struct, kw_only=True):
    """What the app is told (contract §3)."""

    job_id: str
    kind: str
    issued_at: datetime


class Asking:
    """Carries requests to their end."""

    def __init__(self, clock: Clock, plugins: Plugins, requests: LeaseRequests, workspaces: Workspaces) -> None:
        self._clock = clock
        self._plugins = plugins
        self._requests = requests
        self._workspaces = workspaces
        self._under_way: set[asyncio.Task[Any]] = set()

    async def ask(self, workspace_id: str, job_id: str, kind: str) -> AskOutcome:
        """Ask for tokens, unless that is under way; a request that was given up begins anew."""
        now = self._clock.now()
        if not await self._requests.begin(workspace_id, job_id, kind, now, pause_after(1)):
            return "asked"
        at = now + pause_after(1)
        return await self._call(LeaseRequest(workspace_id, job_id, kind, RequestState.ASKED, 1, now, at, None))

    async def round(self) -> None:
        """Make the calls that are due and ask for what waits; the calls go on after this returns."""
        now = self._clock.now()
        free = AT_ONCE - len(self._under_way)
        if free <= 0:
            return
        for request in await self._requests.due(now, free):
            self._spawn(self._once_more(request))
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        for job in await self._requests.unasked(now - GRACE, midnight, max(AT_ONCE - len(self._under_way), 0)):
            self._spawn(self._ask_for(job))

    async def close(self) -> None:
        """Cut what is under way; another process, or the next start, goes on with it."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.ensure_future(_logged(work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _ask_for(self, job: WaitingJob) -> None:
        await self.ask(job.workspace_id, job.job_id, KINDS.get(job.route, job.route))

    async def _once_more(self, request: LeaseRequest) -> None:
        now = self._clock.now()
        if now - request.asked_at >= PATIENCE:
            await self._end(request, RequestState.DEAD, request.error_code or "lease_never_came")
            return
        at = now + pause_after(request.attempts + 1)
        if await self._requests.claim(request, at):
            await self._call(replace(request, attempts=request.attempts + 1, next_attempt_at=at))

    async def _call(self, request: LeaseRequest) -> AskOutcome:
        installed = await self._workspaces.callback_of(request.workspace_id)
        caller: object = self._plugins.gateways.get(installed[0]) if installed else None
        if installed is None or not isinstance(caller, AppCaller):
            return await self._end(request, RequestState.DEAD, "not_installed")
        body = ReverseCallBody(job_id=request.job_id, kind=request.kind, issued_at=self._clock.now())
        try:
            await caller.call_back(request.workspace_id, installed[1], msgspec.json.encode(body))
        except ReconnectNeeded as error:
            return await self._end(request, RequestState.REFUSED, error.code)
        except NotFound as error:
            return await self._end(request, RequestState.DEAD, error.code)
        except Unavailable as error:
            await self._requests.note(request, error.code)
            return "later"
        return "asked"

    async def _end(self, request: LeaseRequest, state: RequestState, code: str) -> AskOutcome:
        if await self._requests.end(request, state, code):
            log.warning("lease_not_given", workspace=request.workspace_id, job=request.job_id, state=state, code=code)
        return "refused" if state is RequestState.REFUSED else "dead"


def pause_after(calls: int) -> timedelta:
    """How long to wait for a lease after that many calls."""
    return pause_of(PAUSES, calls - 1)


async def _logged(work: Coroutine[Any, Any, Any]) -> None:
    try:
        await work
    except Exception:
        log.exception("asking_failed")
