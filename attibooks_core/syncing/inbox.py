"""Hands the events of webhooks on: which invoices of which workspaces have to be read, and who is to do it.

An event carries no data; it is a hint that something is to be read. Several events of an invoice become one entry, and
whoever runs next reads all of them at once. An event is marked as handed on only when its run was asked for: a process
that dies before leaves it to the next one, and to do it twice changes nothing.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from attibooks_core.errors import AttiBooksError
from attibooks_core.invoicing.workbench import Workbench
from attibooks_core.logs import EventLog
from attibooks_core.model import Books
from attibooks_core.storage.awaited import Awaited
from attibooks_core.storage.inbox import Hint
from attibooks_core.storage.invoices import InvoiceRow

POLL_SECONDS = 1.0
GATHER_SECONDS = 0.2
"""How long events of a burst are waited for, so that they are handed on together."""

MOST_EVENTS = 5000

OWN_ECHO = timedelta(seconds=2)
"""The word that an invoice was made comes a little after what we stored when we made it."""

OWN_SECOND = timedelta(seconds=1)
"""The books tell of a change to the second, its event to the nanosecond: within it the word of our own change comes."""

log = EventLog(__name__)


class Runs(Protocol):
    """Where runs are asked for."""

    async def request(self, workspace_id: str, books: Books, *, scope: str, trigger: str) -> None:
        """Have a run of this scope (`events` or `all`) soon; one that waits already is joined."""
        ...


class InboxHands:
    """The loop that hands events on; every process may run one."""

    def __init__(self, bench: Workbench, runs: Runs) -> None:
        self._bench = bench
        self._runs = runs

    async def run(self) -> None:
        """Hand on until cancelled: at once what came to this process, within a second the rest."""
        arrived = self._bench.inbox.arrived
        while True:
            try:
                await self.round()
            except Exception:
                log.exception("inbox_round_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await arrived.wait()
                    await asyncio.sleep(GATHER_SECONDS)
            arrived.clear()

    async def round(self) -> None:
        """Hand on everything that waits."""
        inbox, count = self._bench.inbox, MOST_EVENTS
        while count == MOST_EVENTS:
            events = await inbox.unhanded(MOST_EVENTS)
            count = events.count
            for books, hints in _by_books(events.hints).items():
                for row in await self._bench.syncs.of_company(books):
                    await self._hand(row.workspace_id, books, hints)
            if count:
                await inbox.handed(events, self._bench.clock.now())

    async def _hand(self, workspace_id: str, books: Books, hints: Sequence[Hint]) -> None:
        """Find what the events mean for one workspace, and ask for a run when they mean something."""
        invoices = [hint for hint in hints if hint.entity == "invoice"]
        known = await self._bench.invoices.known(workspace_id, books, [hint.entity_id for hint in invoices])
        stores_all = len(known) < len(invoices) and await self._stores_all(workspace_id)
        wanted = [
            Awaited(hint.entity_id, hint.deleted, hint.at)
            for hint in invoices
            if _is_news(hint, known.get(hint.entity_id), stores_all=stores_all)
        ]
        wanted = await self._without_echoes(workspace_id, wanted, known)
        if wanted:
            await self._bench.awaiting.add(workspace_id, books, wanted)
        if len(invoices) < len(hints):
            await self._runs.request(workspace_id, books, scope="all", trigger="webhook")
        elif wanted:
            await self._runs.request(workspace_id, books, scope="events", trigger="webhook")

    async def _without_echoes(
        self, workspace_id: str, wanted: list[Awaited], known: Mapping[str, InvoiceRow]
    ) -> list[Awaited]:
        """What is left when the word of our own edits and voids is taken out: their answers told it all."""
        rows = {each.invoice_id: known[each.invoice_id] for each in wanted if each.invoice_id in known}
        close = [each.invoice_id for each in wanted if _may_echo(each, rows.get(each.invoice_id))]
        if not close:
            return wanted
        ours = await self._bench.trail.own_versions(workspace_id, close)
        echoes = {i for i in close if ours.get(i) == rows[i].version}
        return [each for each in wanted if each.invoice_id not in echoes]

    async def _stores_all(self, workspace_id: str) -> bool:
        """Whether the workspace wants a record of every invoice, whoever made it."""
        try:
            row = await self._bench.workspaces.load(workspace_id)
            return self._bench.plugins.invoice_store(self._bench.plugins.catalog.stored(row.settings)) is not None
        except AttiBooksError:
            return False


def _by_books(hints: Iterable[Hint]) -> Mapping[Books, list[Hint]]:
    found: dict[Books, list[Hint]] = {}
    for hint in hints:
        found.setdefault(hint.books, []).append(hint)
    return found


def _may_echo(event: Awaited, row: InvoiceRow | None) -> bool:
    return row is not None and not event.deleted and event.at < row.updated_at + OWN_SECOND


def _is_news(hint: Hint, row: InvoiceRow | None, *, stores_all: bool) -> bool:
    """Whether events can tell of more than what is stored.

    :param stores_all: an invoice that the workspace does not know is news, too.
    """
    if row is None:
        return stores_all
    return hint.at > (row.updated_at + OWN_ECHO if hint.only_created else row.updated_at)
