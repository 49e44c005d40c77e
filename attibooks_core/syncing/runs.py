"""The durable operation `sync.v1` and what asks for it: a click, an event, the night, something still to be shown.

One durable run carries as many workspaces as are due, a few at a time; each workspace's own row says how it stands, so
one that hangs or fails stops no other. Whoever asks while a run is under way is joined to it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from attibooks_core.capabilities import WatchedBackend
from attibooks_core.durable import OperationRun
from attibooks_core.durable.port import Reference
from attibooks_core.errors import (
    AttiBooksError,
    ConfigurationError,
    ConnectionProblem,
    PluginError,
    ReconnectNeeded,
    Superseded,
    Unavailable,
)
from attibooks_core.invoicing.answering import error_answer
from attibooks_core.invoicing.leases import Lease
from attibooks_core.invoicing.mirroring import Mirror
from attibooks_core.invoicing.workbench import LOOK_SECONDS, Workbench, Workspace
from attibooks_core.logs import EventLog
from attibooks_core.model import Books, Capability, Credential
from attibooks_core.settings import Settings
from attibooks_core.storage.lease_requests import RequestState
from attibooks_core.storage.syncs import Scope, SyncEnd, SyncRow, SyncState, Wish
from attibooks_core.syncing.running import NoAccess, Tally, WorkspaceRun, plain_problem, problem_of

OPERATION = "sync.v1"
AT_ONCE = 16
"""Workspaces that one process syncs at a time."""
CHUNK = 200
"""Workspaces that one durable run carries at most."""
RETRIES = (5, 60, 600)
"""Seconds before a run that failed for a moment is tried again by itself, by the number of failures."""
JOB_KIND = "sync-invoices"

log = EventLog(__name__)

NOW = "now"
"""Trigger of a run that a user waits for."""
NO_CRM = Credential(SecretStr(""))
"""Stands for the token that an idle run does without."""
GIVEN_UP = {RequestState.REFUSED, RequestState.DEAD}
FAILURE = "failure"
"""Member of a failed run's result: the error as it is kept."""
DONE, FAILED, NEEDS_RECONNECT, SKIPPED = "done", "failed", "needs_reconnect", "skipped"


@dataclass(frozen=True, slots=True)
class Skip(Exception):
    """There is nothing to sync into or from; `reason` is a sentence for users."""

    reason: str


class SyncRuns:
    """Serves the route `sync`, and everything else that asks for a run."""

    def __init__(self, bench: Workbench, mirror: Mirror) -> None:
        self._bench = bench
        self._mirror = mirror
        self._places = asyncio.Semaphore(AT_ONCE)
        self._enrolled: set[tuple[str, Books]] = set()
        self.wake = asyncio.Event()
        bench.runtime.register(OPERATION, self.carry)
        bench.access.on_lease(self._resume)

    # -- asking --------------------------------------------------------------------------------------------------

    async def request(self, workspace_id: str, books: Books, *, scope: str, trigger: str) -> None:
        """Ask for a run that starts as soon as a worker is free; a workspace that has none yet is left alone."""
        row = await self._bench.syncs.load(workspace_id, books)
        if row is None:
            return
        now = self._bench.clock.now()
        await self._bench.syncs.ask(Wish(workspace_id, row.gateway, books, Scope(scope), trigger, now), now)
        self.wake.set()

    async def enroll(self, gateway: str, workspace_id: str, settings: Settings) -> None:
        """Have the books of a workspace watched, once its settings name them."""
        try:
            books = self._bench.plugins.backend(settings).books(settings)
        except ConfigurationError:
            return
        if (workspace_id, books) not in self._enrolled:
            await self._bench.syncs.ensure(workspace_id, gateway, books, self._bench.clock.now())
            self._enrolled.add((workspace_id, books))

    async def sync_now(self, ws: Workspace, gateway: str) -> tuple[SyncRow, bool]:
        """Run everything now with the tokens of a call, or join the run that is under way.

        :return: the row, and whether the run has ended: else it takes longer than a call may wait.
        """
        workspace_id, now = ws.context.workspace_id, self._bench.clock.now()
        row = await self._bench.syncs.ask(Wish(workspace_id, gateway, ws.books, Scope.ALL, NOW, now), now)
        wanted = row.run if row.again is None else row.run + 1
        if row.state is not SyncState.RUNNING:
            await self.start(await self._bench.syncs.claim(_new_claim(), row, now))
        deadline = self._bench.clock.monotonic() + self._bench.wait_seconds
        while not has_ended(row, wanted) and self._bench.clock.monotonic() < deadline:
            await self._bench.clock.sleep(LOOK_SECONDS)
            row = await self._bench.syncs.load(workspace_id, ws.books) or row
        return row, has_ended(row, wanted)

    async def start(self, rows: Sequence[SyncRow]) -> None:
        """Start the durable run that carries claimed rows, in this process."""
        if rows:
            claim = str(rows[0].claim)
            await self._bench.runtime.start(OPERATION, claim, {"claim": claim})

    # -- looking after -------------------------------------------------------------------------------------------

    async def look_around(self, quiet: timedelta) -> None:
        """Start what is due, what got tokens, what is to be shown again, and what a dead process left behind."""
        now = self._bench.clock.now()
        for workspace_id, books in await self._bench.invoices.workspaces_due(now):
            await self.request(workspace_id, books, scope=Scope.EVENTS, trigger="retry")
        await self._look_after_waiting()
        for row in await self._bench.syncs.quiet(now - quiet):
            if not await self._bench.runtime.alive(str(row.claim)):
                await self._bench.syncs.requeue(row, now)
        await self.start_due()

    async def start_due(self) -> None:
        """Start what is queued and due."""
        while rows := await self._bench.syncs.claim_due(_new_claim(), self._bench.clock.now(), CHUNK):
            await self.start(rows)

    # -- carrying ------------------------------------------------------------------------------------------------

    async def carry(self, run: OperationRun, reference: Reference) -> Reference:
        """The operation; see the module."""
        rows = await self._bench.syncs.of_claim(reference["claim"])
        await asyncio.gather(*(self._guarded(run, row) for row in rows))
        return {"outcome": "done", "workspaces": str(len(rows))}

    async def _guarded(self, run: OperationRun, row: SyncRow) -> None:
        async with self._places:
            try:
                end = await self._one(run, row)
            except Superseded:
                return
            except Exception:
                log.exception("sync_failed", workspace=row.workspace_id, run=row.job_id)
                end = self._failed(row, PluginError("core", OPERATION))
            if end is not None:
                await self._bench.syncs.end(row, end, self._bench.clock.now())
                self.wake.set()

    async def _one(self, run: OperationRun, row: SyncRow) -> SyncEnd | None:
        """How the run of one workspace ends; None when it waits for tokens."""
        try:
            settings = await self._settings(row)
            tally = await self._with_tokens(run, row, settings)
        except Skip as skip:
            return SyncEnd(SKIPPED, {**Tally(since=row.cursor).result(), "skipped": skip.reason})
        except NoAccess:
            await self._wait(row)
            return None
        except AttiBooksError as error:
            if isinstance(error, Superseded):
                raise
            return self._failed(row, error)
        sweep = not tally.is_complete
        return SyncEnd(DONE, _with_last(row, tally.result()), cursor=tally.cursor, sweep=sweep)

    async def _settings(self, row: SyncRow) -> Settings:
        """The workspace's settings, if there is something to sync into and from.

        :raises Skip: there is not; nothing is asked of the books then (product rows X1, 138).
        """
        stored = await self._bench.workspaces.load(row.workspace_id)
        if not stored.installed:
            raise Skip("AttiBooks is not installed in this workspace any more.")
        settings = self._bench.plugins.catalog.stored(stored.settings)
        try:
            backend = self._bench.plugins.backend(settings)
            books = backend.books(settings)
        except ConfigurationError as error:
            raise Skip(error.message) from error
        if books != row.books:
            raise Skip("The settings name another company by now; that one is synced.")
        if Capability.CHANGES not in backend.capabilities or not isinstance(backend, WatchedBackend):
            raise Skip(f"{backend.display_name} does not tell what changes.")
        if not has_target(self._bench, settings):
            raise Skip(NO_TARGET)
        return settings

    # -- tokens --------------------------------------------------------------------------------------------------

    async def _with_tokens(self, run: OperationRun, row: SyncRow, settings: Settings) -> Tally:
        """Run it; a token that the books refuse is renewed once.

        :raises NoAccess: there is none.
        """
        lease = await self._lease(row)
        try:
            return await self._run(run, row, settings, lease)
        except ReconnectNeeded:
            if lease.accounting is None:
                raise
            renewed = await self._bench.access.renew(row.workspace_id, row.books, lease.accounting)
            if renewed is None and row.attempts == 0 and row.trigger != NOW:
                raise NoAccess from None
            if renewed is None:
                raise
        return await self._run(run, row, settings, replace(lease, accounting=renewed))

    async def _run(self, run: OperationRun, row: SyncRow, settings: Settings, lease: Lease) -> Tally:
        ws = self._bench.open(row.gateway, row.workspace_id, settings, lease)
        has_crm = lease.crm is not NO_CRM
        return await WorkspaceRun(self._bench, self._mirror, ws, row, run, has_crm=has_crm).go()

    async def _lease(self, row: SyncRow) -> Lease:
        """Tokens for both systems; for the books alone where the vault has that: an idle run needs no other.

        :raises NoAccess: there is none for the books.
        """
        lease = await self._bench.access.of(row.workspace_id, row.books)
        if lease is None:
            lease = Lease(NO_CRM, await self._bench.access.accounting(row.workspace_id, row.books))
        if lease.accounting is None:
            raise NoAccess
        return lease

    async def _wait(self, row: SyncRow) -> None:
        """Ask the app for tokens and wait for them; its answer may be that there are none."""
        await self._bench.syncs.wait(row, self._bench.clock.now())
        outcome = await self._bench.access.ask(row.workspace_id, row.job_id, JOB_KIND)
        if outcome in {"refused", "dead"}:
            await self._give_up(replace(row, state=SyncState.WAITING, claim=None))

    async def _give_up(self, row: SyncRow) -> None:
        """End a run for which nobody brings tokens (product row X3): never a success."""
        message = "AttiBooks has no access to QuickBooks in this workspace. Connect it again in settings section 1."
        end = self._failed(row, ReconnectNeeded(message))
        await self._bench.syncs.end(row, end, self._bench.clock.now())

    async def _resume(self, workspace_id: str) -> None:
        """Tokens of a workspace have come to this process: go on with what waits for them."""
        for row in await self._bench.syncs.waiting([workspace_id]):
            await self._go_on(row)

    async def _go_on(self, row: SyncRow) -> None:
        await self.start(await self._bench.syncs.claim(_new_claim(), row, self._bench.clock.now()))

    async def _look_after_waiting(self) -> None:
        """Go on where this process has what another lacked; else ask for tokens, or give up where nobody gives them."""
        for row in await self._bench.syncs.all_waiting():
            lease = self._bench.leases.of(row.workspace_id)
            if lease is not None and lease.accounting is not None:
                await self._go_on(row)
                continue
            request = await self._bench.access.request_of(row.workspace_id)
            if request is None or (request.state is not RequestState.ASKED and request.asked_at < row.updated_at):
                await self._bench.access.ask(row.workspace_id, row.job_id, JOB_KIND)
            elif request.state in GIVEN_UP:
                await self._give_up(row)

    def _failed(self, row: SyncRow, error: AttiBooksError) -> SyncEnd:
        """The cursor stays; what may pass by itself is tried again."""
        if isinstance(error, ConnectionProblem):
            outcome, retry = NEEDS_RECONNECT, None
        else:
            outcome, retry = FAILED, RETRIES[row.attempts] if row.attempts < len(RETRIES) else None
        passing = isinstance(error, Unavailable | PluginError)
        wait = max(retry, getattr(error, "retry_after", None) or 0) if passing and retry else None
        at = self._bench.clock.now() + timedelta(seconds=wait) if wait else None
        result = Tally(since=row.cursor, is_complete=False).result()
        result["errors"] = [plain_problem(problem_of(error))]
        result[FAILURE] = error_answer(error).decode()
        log.warning("sync_ended", workspace=row.workspace_id, run=row.job_id, outcome=outcome, code=error.code)
        return SyncEnd(outcome, result, error_code=error.code, retry_at=at)


NO_TARGET = (
    "There is nothing to sync into: no writeback field is set and invoices are not stored as records. "
    "Set a writeback field in section 4, or switch on “Store invoices as Attio records” in section 7."
)


def _with_last(row: SyncRow, result: dict[str, Any]) -> dict[str, Any]:
    """A run that compares ids completes the one before it: what both did is told together."""
    if row.scope is not Scope.SWEEP or not row.result or FAILURE in row.result:
        return result
    together = {name: row.result[name] + result[name] for name in ("updated", "unchanged", "deleted", "errors")}
    return {**result, **together, "since": row.result["since"], "until": row.result["until"]}


def failure_of(row: SyncRow) -> bytes | None:
    """The error that the last run ended with, as it is kept."""
    kept = row.result.get(FAILURE)
    return kept.encode() if isinstance(kept, str) else None


def has_target(bench: Workbench, settings: Settings) -> bool:
    """Whether a sync of a workspace with these settings can show anything (X1)."""
    if bench.plugins.invoice_store(settings) is not None:
        return True
    return any(settings.text(key) for key in settings if key.startswith("writeback_"))


def has_ended(row: SyncRow, run: int) -> bool:
    """Whether this run of it, or a later one, has ended."""
    if row.run > run:
        return True
    return row.run == run and row.state is SyncState.IDLE


def _new_claim() -> str:
    return f"sync-{uuid4().hex}"
