"""Takes the deliveries of webhooks apart and hands their events on: which invoices of which workspaces are to be read.

An event carries no data; it is a hint that something is to be read. Several events of an invoice become one entry, and
whoever runs next reads all of them at once. An event counts as handed on only when its run was asked for: a process
that dies before leaves it to the next one, and to do it twice changes nothing.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from attibooks_core.errors import AttiBooksError
from attibooks_core.invoicing.workbench import Workbench
from attibooks_core.lifecycle import BooksEvent
from attibooks_core.logs import EventLog
from attibooks_core.model import Books
from attibooks_core.storage.awaited import Awaited
from attibooks_core.storage.inbox import Delivery
from attibooks_core.storage.invoices import InvoiceRow

POLL_SECONDS = 1.0
GATHER_SECONDS = 0.2
"""How long events of a burst are waited for, so that they are handed on together."""

INTAKE_FIRST = 3.0
"""What waits is durable, so while deliveries come in, as many times the time of a part is left to them after it."""

OWN_ECHO = timedelta(seconds=2)
"""The word that an invoice was made comes a little after what we stored when we made it."""

OWN_SECOND = timedelta(seconds=1)
"""The books tell of a change to the second, its event to the nanosecond: within it the word of our own change comes."""

log = EventLog(__name__)


@dataclass(slots=True)
class Hint:
    """What events say of one thing, together.

    :param at: the newest of them.
    :param deleted: one of them says that it was deleted.
    :param only_created: all of them say no more than that it was made.
    """

    entity: str
    entity_id: str
    at: datetime
    deleted: bool = False
    only_created: bool = True

    def note(self, event: BooksEvent) -> None:
        """Take one more event in."""
        self.at = max(self.at, event.at)
        self.deleted |= event.operation == "deleted"
        self.only_created &= event.operation == "created"


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
        inbox, now = self._bench.inbox, asyncio.get_running_loop().time
        started = now()
        while deliveries := await inbox.untaken(self._bench.plugins.notifying):
            inbox.arrived.clear()  # nothing is missed: it is looked again until nothing waits
            await self._take_apart(deliveries)
            if inbox.arrived.is_set():
                await asyncio.sleep(INTAKE_FIRST * (now() - started))
            started = now()

    async def _take_apart(self, deliveries: Sequence[Delivery]) -> None:
        events = [event for delivery in deliveries for event in self._events(delivery)]
        new = await self._bench.inbox.unknown(events)
        for books, hints in _by_books(new).items():
            for row in await self._bench.syncs.of_company(books):
                await self._hand(row.workspace_id, row.books, hints)
        await self._bench.inbox.settle(deliveries, new, self._bench.clock.now())

    def _events(self, delivery: Delivery) -> Sequence[BooksEvent]:
        """What a delivery says; nothing for one that cannot be read, which must not keep the others waiting."""
        backend = self._bench.plugins.notifying[delivery.backend]
        try:
            return backend.read_delivery(delivery.environment, delivery.body, delivery.received_at)
        except AttiBooksError as error:
            log.warning("delivery_not_understood", delivery=delivery.id, backend=delivery.backend, code=error.code)
        except Exception:
            log.exception("delivery_not_understood", delivery=delivery.id, backend=delivery.backend)
        return ()

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


def _by_books(events: Iterable[BooksEvent]) -> Mapping[Books, list[Hint]]:
    """What events say, one hint for each thing."""
    found: dict[Books, dict[tuple[str, str], Hint]] = {}
    for event in events:
        hints, thing = found.setdefault(event.books, {}), (event.entity, event.entity_id)
        hint = hints.get(thing)
        if hint is None:
            hint = hints[thing] = Hint(event.entity, event.entity_id, event.at)
        hint.note(event)
    return {books: list(hints.values()) for books, hints in found.items()}


def _may_echo(event: Awaited, row: InvoiceRow | None) -> bool:
    return row is not None and not event.deleted and event.at < row.updated_at + OWN_SECOND


def _is_news(hint: Hint, row: InvoiceRow | None, *, stores_all: bool) -> bool:
    """Whether events can tell of more than what is stored.

    :param stores_all: an invoice that the workspace does not know is news, too.
    """
    if row is None:
        return stores_all
    return hint.at > (row.updated_at + OWN_ECHO if hint.only_created else row.updated_at)
