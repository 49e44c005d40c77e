"""What has changed in the books: change data capture, and a paged query where that cannot tell everything.

Capture (CDC) holds at most 1,000 objects, looks back 30 days, and says nothing of what it leaves out, nor which part
that is (QuickBooks reference, change data capture). So a full answer is taken as a part. It is gone on from only when
the next answer proves that it held the oldest changes; else invoices are read by a query in the order of their last
change, which sees no deletions. Every cursor is QuickBooks' own time of the first answer: our clock may be wrong.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeAlias

from attibooks_core.errors import Down
from attibooks_core.lifecycle import BookedInvoice, ChangePage, DeletedInvoice
from attibooks_core.protocols import Clock, WorkspaceContext
from attibooks_quickbooks import mapping, query
from attibooks_quickbooks.client import Access, QuickBooksClient
from attibooks_quickbooks.company import Companies, access_of
from attibooks_quickbooks.voiding import as_remembered
from attibooks_quickbooks.wire import Invoice

MOST = 1000
"""So many objects in one answer of capture mean that there may be more."""

OVERLAP = timedelta(minutes=5)
"""How much is told again: changes are stored a little after the time that they carry."""

LOOK_BACK = timedelta(days=30)
FRESH = timedelta(days=29)
"""Age up to which a cursor is good for capture; the day between is for clocks that are wrong."""

SETTLED = timedelta(seconds=5)
"""Changes that are older than this when an answer is made cannot have come in after it."""

FEW = 20
"""Rows of one second that are rather read again than stepped over."""

MANY_IDS = 200
_REREADS = 3
_TICK = timedelta(milliseconds=1)

State: TypeAlias = tuple[str, datetime]
"""Version and time of the last change; a deletion has no version."""


class Changes:
    """Reads what has changed, and invoices by their ids."""

    def __init__(self, client: QuickBooksClient, companies: Companies, clock: Clock) -> None:
        self._client = client
        self._companies = companies
        self._clock = clock

    async def since(self, ws: WorkspaceContext, since: datetime | None) -> AsyncIterator[ChangePage]:
        """Everything that has changed (see `WatchedBackend.changes`), page by page as it comes."""
        sight, now = _Sight(self._client, self._companies, ws), self._clock.now()
        if since is None:
            pages = sight.by_query(now - LOOK_BACK)
        else:
            fresh = now - since < FRESH
            pages = sight.by_capture(since) if fresh else sight.by_query(since - OVERLAP)
        async for page in pages:
            yield page

    async def by_ids(self, ws: WorkspaceContext, invoice_ids: Sequence[str]) -> dict[str, BookedInvoice]:
        """Invoices by id, 200 a call; deleted and unknown ones are left out."""
        sight, found = _Sight(self._client, self._companies, ws), dict[str, BookedInvoice]()
        for ids in _chunks(invoice_ids, MANY_IDS):
            rows = (await self._client.query(sight.access, query.invoices_with_ids(ids))).invoice
            found.update({each.id: each for each in await sight.mapped(rows)})
        return found

    async def existing(self, ws: WorkspaceContext, invoice_ids: Sequence[str]) -> frozenset[str]:
        """Those of the ids that there are, 1,000 a call."""
        access, found = access_of(ws), set[str]()
        for ids in _chunks(invoice_ids, query.PAGE):
            rows = (await self._client.query(access, query.invoices_with_ids(ids, "Id"))).invoice
            found.update(row.id for row in rows)
        return frozenset(found)

    async def count(self, ws: WorkspaceContext) -> int:
        """How many invoices there are.

        :raises Down: QuickBooks answers without a number.
        """
        count = (await self._client.query(access_of(ws), query.count_invoices())).total_count
        if count is None:
            raise _nonsense("a count without a number")
        return count


@dataclass(frozen=True, slots=True)
class _Told:
    """One answer of capture, mapped."""

    invoices: list[BookedInvoice]
    deleted: list[DeletedInvoice]
    time: datetime

    @property
    def is_full(self) -> bool:
        return len(self.invoices) + len(self.deleted) >= MOST

    @property
    def moments(self) -> list[datetime]:
        return [*(each.updated_at for each in self.invoices), *(each.updated_at for each in self.deleted)]

    @property
    def marks(self) -> dict[str, State]:
        return _marks(self.invoices) | {each.id: ("", each.updated_at) for each in self.deleted}

    def seems_oldest(self, since: datetime) -> bool:
        """Whether more time lies after the last change than before the first; decides what is tried first, no more."""
        moments = self.moments
        return self.time - max(moments) > min(moments) - since

    def leaves_room(self) -> bool:
        """Whether going on from the last second brings enough new."""
        moments = self.moments
        return moments.count(max(moments)) <= MOST // 2

    def hides(self, moments: Iterable[datetime]) -> bool:
        """Whether some changes, told later, came after the newest in here, and before this was told."""
        newest, settled = max(self.moments), self.time - SETTLED
        return any(newest < moment < settled for moment in moments)


class _Sight:
    """One run over the changes of one company; `cursor` is the time of its first answer."""

    def __init__(self, client: QuickBooksClient, companies: Companies, ws: WorkspaceContext) -> None:
        self._client, self._companies, self._ws = client, companies, ws
        self.access: Access = access_of(ws)
        self._cursor: datetime | None = None
        self._marks: dict[str, State] = {}

    async def by_capture(self, since: datetime) -> AsyncIterator[ChangePage]:
        """By capture as long as it can be trusted, then by query."""
        begin = since - OVERLAP
        told = await self._told(begin)
        odd = not timedelta(0) <= told.time - begin <= LOOK_BACK
        if not told.is_full and not odd:
            yield self._page(told, end=True)
            return
        yield self._page(told)
        until = None
        if odd:  # capture has cut the time off, or the cursor is not of these books
            begin = min(begin, told.time - LOOK_BACK)
        elif told.seems_oldest(since) and told.leaves_room():
            following = await self._told(max(told.moments) - _TICK)
            if told.hides(following.moments):
                async for page in self._onwards(told, following):
                    yield page
                return
            yield self._page(following)
            until = None if following.is_full else max(told.moments)
        async for page in self.by_query(begin, until):
            yield page

    async def _onwards(self, told: _Told, following: _Told) -> AsyncIterator[ChangePage]:
        """Go on by capture, which is proven to tell the oldest changes first."""
        in_place = False
        while True:
            # deletions that come after all invoices whatever their time would not fit in while an invoice does not
            in_place = in_place or (bool(told.deleted) and told.hides(x.updated_at for x in following.invoices))
            if not following.is_full:
                yield self._page(following, end=True, complete=in_place)
                return
            yield self._page(following)
            told = following
            if not told.leaves_room():
                break
            following = await self._told(max(told.moments) - _TICK)
        async for page in self.by_query(max(told.moments)):
            yield page

    async def by_query(self, begin: datetime, until: datetime | None = None) -> AsyncIterator[ChangePage]:
        """By pages of invoices in the order of their last change, from an instant on; no deletions are seen.

        :param until: what changed then or later has been told already.
        """
        place = _Place(begin.replace(microsecond=0))
        while True:
            answer = await self._client.query_at(self.access, query.invoices_changed(place.second, place.start))
            self._cursor = self._cursor or _time(answer.time)
            rows = await self.mapped(answer.query_response.invoice)
            if place.has_shifted(rows):
                place.begin_again()
                continue
            is_end = len(rows) < query.PAGE or (until is not None and rows[-1].updated_at >= until)
            news = [each for each in rows if (each.id, each.version) not in place.crowd and self._is_news(each)]
            yield ChangePage(tuple(news), cursor=self._cursor if is_end else None, deletions_complete=False)
            if is_end:
                return
            place.move(rows)

    async def mapped(self, rows: Sequence[Invoice]) -> list[BookedInvoice]:
        """Invoices in our words; the home currency is read only for one that names none."""
        named = all(row.currency_ref is not None and row.currency_ref.value for row in rows)
        currency = "" if named else (await self._companies.facts(self._ws)).home_currency
        invoices = [mapping.invoice_of(self.access.books, row, currency) for row in rows]
        return [await as_remembered(self._ws, invoice) for invoice in invoices]

    async def _told(self, since: datetime) -> _Told:
        answer = await self._client.changes(self.access, since)
        time = _time(answer.time)
        self._cursor = self._cursor or time
        alive: list[Invoice] = []
        deleted: list[DeletedInvoice] = []
        for row in answer.invoices:
            if (row.status or "").casefold() == "deleted":
                deleted.append(DeletedInvoice(row.id, mapping.changed_at(row) or time))
            else:
                alive.append(row)
        return _Told(await self.mapped(alive), deleted, time)

    def _page(self, told: _Told, *, end: bool = False, complete: bool = True) -> ChangePage:
        """What is new in an answer; that of the full ones before is not told twice."""
        invoices = [each for each in told.invoices if self._is_news(each)]
        deleted = [each for each in told.deleted if self._marks.get(each.id) != ("", each.updated_at)]
        self._marks = told.marks if told.is_full else self._marks | told.marks
        return ChangePage(tuple(invoices), tuple(deleted), self._cursor if end else None, complete)

    def _is_news(self, invoice: BookedInvoice) -> bool:
        return self._marks.get(invoice.id) != (invoice.version, invoice.updated_at)


class _Place:
    """Where the next page begins: at a second, and for a crowded one at a row of it.

    Rows move to the end when they are edited, which shifts those behind them: so a page begins with the last row of
    the one before, and when that is not there, the second is read again.
    """

    def __init__(self, second: datetime) -> None:
        self.second = second
        self.start = 1
        self.crowd: set[tuple[str, str]] = set()
        self._last = ""
        self._rereads = 0

    def has_shifted(self, rows: Sequence[BookedInvoice]) -> bool:
        """Whether a page does not begin with the row that it was to begin with."""
        return self.start > 1 and (not rows or rows[0].id != self._last)

    def begin_again(self) -> None:
        """Read the second from its first row.

        :raises Down: that was done too often.
        """
        self._rereads += 1
        if self._rereads > _REREADS:
            raise _nonsense("invoices in another order each time")
        self.start = 1

    def move(self, rows: Sequence[BookedInvoice]) -> None:
        """Go on behind a full page.

        :raises Down: it is not in the order that was asked for, so that going on would leave something out.
        """
        moments = [self.second, *(each.updated_at for each in rows)]
        if any(later < earlier for earlier, later in pairwise(moments)):
            raise _nonsense("invoices in another order than it was asked for")
        latest, self._last = moments[-1], rows[-1].id
        here = {(each.id, each.version) for each in rows if each.updated_at == latest}
        if latest == self.second:
            self.crowd |= here
            self.start += len(rows) - 1
            return
        self.second, self.crowd, self._rereads = latest, here, 0
        self.start = len(here) if len(here) > FEW else 1


def _marks(invoices: Iterable[BookedInvoice]) -> dict[str, State]:
    return {each.id: (each.version, each.updated_at) for each in invoices}


def _time(text: str | int | None) -> datetime:
    moment = mapping.instant(text) if isinstance(text, str) else None
    if moment is None:
        raise _nonsense("changes without the time of its answer")
    return moment


def _nonsense(what: str) -> Down:
    return Down(f"QuickBooks answered with {what}. Try again in a few minutes.")


def _chunks(invoice_ids: Iterable[str], size: int) -> list[list[str]]:
    """Ids that QuickBooks may have, each once; any other text would spoil the whole query."""
    ids = list(dict.fromkeys(each for each in invoice_ids if each.isascii() and each.isdigit()))
    return [ids[at : at + size] for at in range(0, len(ids), size)]
