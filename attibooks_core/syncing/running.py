"""One run of the sync in one workspace: from what the books say has changed to what the records show.

A run may be repeated from its start at any time: it writes only what is different, and its cursor moves at its end
only, past what is shown or kept to be shown again. It never writes to the books.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from attibooks_core.capabilities import WatchedBackend
from attibooks_core.durable import OperationRun
from attibooks_core.errors import AttiBooksError, NotFound, Superseded
from attibooks_core.invoicing.mirroring import Cause, Glass, Mirror, Mirrored, State, Task, booked
from attibooks_core.invoicing.shapes import ProblemShape
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.lifecycle import ChangePage, DeletedInvoice
from attibooks_core.model import InvoiceStatus, Problem, WritebackState
from attibooks_core.storage.awaited import Awaited
from attibooks_core.storage.invoices import InvoiceRow
from attibooks_core.storage.syncs import Scope, SyncRow

MOST_ERRORS = 20
"""Errors that an answer tells in full; the trail has the others."""
SWEEP_CHUNK = 1000
MOST_UNDER_WAY = 64
"""Invoices that wait for their turn to be written."""


@dataclass(slots=True)
class Tally:
    """What a run has done so far.

    :param is_complete: nothing that the books changed can have been missed.
    :param cursor: where the next run begins.
    """

    since: datetime | None = None
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    errors: list[Problem] = field(default_factory=list)
    is_complete: bool = True
    cursor: datetime | None = None

    def add(self, state: State, mirrored: Mirrored) -> None:
        """Count one invoice."""
        failed = mirrored.problems and (mirrored.writeback.state is WritebackState.PARKED or not mirrored.changed)
        if failed:
            self.complain(mirrored.problems)
        elif not mirrored.changed:
            self.unchanged += 1
        elif isinstance(state, DeletedInvoice):
            self.deleted += 1
        else:
            self.updated += 1

    def complain(self, problems: Iterable[Problem]) -> None:
        """Take note of problems, each once: a missing object is one error, not one a record."""
        self.errors.extend(p for p in problems if p not in self.errors)

    def result(self) -> dict[str, object]:
        """The answer of the route `sync` (contract §3)."""
        return {
            "updated": self.updated,
            "unchanged": self.unchanged,
            "deleted": self.deleted,
            "errors": [plain_problem(p) for p in self.errors[:MOST_ERRORS]],
            "complete": self.is_complete,
            "since": _text(self.since),
            "until": _text(self.cursor),
            "skipped": None,
        }


class NoAccess(Exception):
    """There are changes to be written, and no token for the CRM: ask for one, and begin again."""


@dataclass
class WorkspaceRun:
    """One run.

    :param has_crm: there is a token for the CRM; an idle run needs none.
    """

    bench: Workbench
    mirror: Mirror
    ws: Workspace
    row: SyncRow
    run: OperationRun
    has_crm: bool = True
    tally: Tally = field(default_factory=Tally)
    seen: set[str] = field(default_factory=set)

    async def go(self) -> Tally:
        """Carry it out.

        :raises NoAccess: see the class; what was written so far stands.
        :raises AttiBooksError: the books or the CRM say no; the cursor stays where it was.
        :raises Superseded: another process took the run over.
        """
        with self.bench.stage("sync", self.row.workspace_id, self.row.job_id):
            glass = await self.mirror.glass(self.ws)
            if self.row.scope is Scope.ANEW:
                await self._awaited(glass)  # what waits for its record comes before what nobody waits for
            if self.row.scope.is_full:
                await self._all(glass)
            if self.row.sweep or self.row.scope is Scope.SWEEP or not self.tally.is_complete:
                await self._sweep(glass)
            await self._awaited(glass)
        return self.tally

    # -- everything that has changed -----------------------------------------------------------------------------

    async def _all(self, glass: Glass) -> None:
        self.tally.since = None if self.row.scope is Scope.ANEW else self.row.cursor
        known = await self.bench.invoices.known(self.row.workspace_id, self.ws.books)
        if not known and not glass.keeps_record(None):
            return  # nothing was made from this workspace, and nothing else is shown
        async for page in self._pages():
            await self._page(glass, known, page)

    async def _pages(self) -> AsyncIterator[ChangePage]:
        async for page in self._watched().changes(self.ws.context, self.tally.since):
            self.tally.is_complete &= page.deletions_complete
            yield page
            if page.cursor is not None:
                self.tally.cursor = page.cursor

    async def _page(self, glass: Glass, known: dict[str, InvoiceRow], page: ChangePage) -> None:
        tasks = []
        states: tuple[State, ...] = (*page.invoices, *page.deleted)
        for state in states:
            row = known.get(state.id)
            if row is None and not glass.may_store_new:
                continue
            self.seen.add(state.id)
            task = glass.consider(row, state)
            if task is None:
                self.tally.unchanged += 1
            else:
                tasks.append(task)
        await self._apply(glass, tasks)

    # -- what events name, and what could not be shown before ------------------------------------------------------

    async def _awaited(self, glass: Glass) -> None:
        workspace_id, books = self.row.workspace_id, self.ws.books
        awaited = await self.bench.awaiting.of(workspace_id, books)
        again = await self.bench.invoices.due(workspace_id, books, self.bench.clock.now())
        ids = sorted({*(a.invoice_id for a in awaited), *again} - self.seen)
        if ids:
            known = await self.bench.invoices.known(workspace_id, books, ids)
            states = await self._states(ids, known, {a.invoice_id: a for a in awaited})
            tasks = [glass.consider(known.get(state.id), state) for state in states]
            self.tally.unchanged += sum(task is None for task in tasks)
            await self._apply(glass, [task for task in tasks if task is not None])
        await self.bench.awaiting.settled(workspace_id, books, awaited)

    async def _states(
        self, ids: Sequence[str], known: dict[str, InvoiceRow], awaited: dict[str, Awaited]
    ) -> list[State]:
        found = await self._watched().fetch_invoices(self.ws.context, ids)
        states: list[State] = list(found.values())
        for invoice_id in ids:
            row = known.get(invoice_id)
            if invoice_id in found or row is None:
                continue
            event = awaited.get(invoice_id)
            if row.status is InvoiceStatus.DELETED or (event is not None and event.deleted):
                states.append(DeletedInvoice(invoice_id, event.at if event else row.updated_at))
            else:
                states.append(await self._alone(row))
        return states

    async def _alone(self, row: InvoiceRow) -> State:
        """Ask for one that a query left out: only the books' own word makes it deleted."""
        try:
            return booked(await self.ws.backend.fetch_invoice(self.ws.context, row.invoice_id))
        except NotFound:
            return DeletedInvoice(row.invoice_id, row.updated_at)

    # -- deletions that nobody told of -----------------------------------------------------------------------------

    async def _sweep(self, glass: Glass) -> None:
        """Compare ids: the books tell of deletions for a while only, and not at any volume (product rows 130, 131).

        Where that takes more than one call it is left to a run of its own, which follows at once.
        """
        living = await self.bench.invoices.living_ids(self.row.workspace_id, self.ws.books)
        living = [i for i in living if i not in self.seen]
        if self.row.scope.is_full and not self.row.sweep and len(living) > SWEEP_CHUNK:
            return
        for start in range(0, len(living), SWEEP_CHUNK):
            some = living[start : start + SWEEP_CHUNK]
            there = await self._watched().existing_invoices(self.ws.context, some)
            gone = [i for i in some if i not in there]
            known = await self.bench.invoices.known(self.row.workspace_id, self.ws.books, gone)
            states = [DeletedInvoice(row.invoice_id, row.updated_at) for row in known.values()]
            tasks = [glass.consider(known[state.id], state) for state in states]
            await self._apply(glass, [task for task in tasks if task is not None])
        self.tally.is_complete = True

    # -- writing ---------------------------------------------------------------------------------------------------

    async def _apply(self, glass: Glass, tasks: Sequence[Task]) -> None:
        if not tasks:
            return
        await self._hold()
        if not self.has_crm and any(task.shows or task.stores for task in tasks):
            raise NoAccess
        pace = self.bench.paces.of(self.row.workspace_id)
        cause = Cause("synced", details={"trigger": self.row.trigger, "run": self.row.job_id})

        async def one(task: Task) -> None:
            async with places:
                mirrored = await glass.apply(task, cause, pace)
            self.tally.add(task.state, mirrored)

        places = asyncio.Semaphore(MOST_UNDER_WAY)
        with self.bench.stage("sync_page", self.row.workspace_id, self.row.job_id):
            await asyncio.gather(*(one(task) for task in tasks))

    async def _hold(self) -> None:
        """Say that the run moves, and make sure that it is still ours.

        :raises Superseded: it is not.
        """
        await self.run.fence()
        if not await self.bench.syncs.touch(self.row, self.bench.clock.now()):
            raise Superseded("Another run of this sync took over.")

    def _watched(self) -> WatchedBackend:
        backend = self.ws.backend
        assert isinstance(backend, WatchedBackend), "asked before the run began"
        return backend


def plain_problem(problem: Problem) -> dict[str, str]:
    """A problem as the answer has it."""
    plain: dict[str, str] = msgspec.to_builtins(ProblemShape.of(problem))
    return plain


def problem_of(error: AttiBooksError) -> Problem:
    """An error of a whole run."""
    return error.problems[0] if error.problems else Problem("sync", error.code, error.message, "Try again.")


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
