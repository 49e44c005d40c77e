"""Rows 128 to 131, 139 and 140: what has changed, in few calls and with nothing lost."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attibooks_core.errors import Down, ReconnectNeeded
from attibooks_core.model import InvoiceStatus
from attibooks_core.testing import Answer, SettableClock, workspace_context
from attibooks_quickbooks.changes import Changes
from attibooks_quickbooks.query import PAGE, invoices_changed
from attibooks_quickbooks.settings import FIELDS
from attibooks_quickbooks.wire import ChangesAnswer, QueryAnswer

T0 = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def wire(number, changed, token="0", **more):
    times = {"CreateTime": changed.isoformat(), "LastUpdatedTime": changed.isoformat()}
    body = {"Id": str(number), "SyncToken": token, "TotalAmt": 5, "Balance": 5, "CurrencyRef": {"value": "USD"}}
    return body | {"MetaData": times} | more


def tomb(number, changed):
    return {
        "domain": "QBO",
        "status": "Deleted",
        "Id": str(number),
        "MetaData": {"LastUpdatedTime": changed.isoformat()},
    }


@dataclass
class Books:
    """QuickBooks without a wire: capture in one of its possible modes, and queries; time goes on with each call."""

    rows: list[dict]
    mode: str = "oldest"
    now: datetime = T0
    captures: list[datetime] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    before_query: list = field(default_factory=list)

    @property
    def calls(self):
        return len(self.captures) + len(self.queries)

    def time(self):
        started, self.now = self.now, self.now + timedelta(seconds=1)
        return started.isoformat(timespec="milliseconds")

    async def changes(self, _, since):
        self.captures.append(since)
        rows = sorted((row for row in self.rows if moment(row) >= since), key=key)
        if self.mode == "tombstones last":
            rows = sorted(rows, key=lambda row: "status" in row)[:1000]
        rows = rows[-1000:] if self.mode == "newest" else rows[:1000]
        rows.sort(key=lambda row: "status" in row)
        group = {"Invoice": rows, "maxResults": len(rows)} if rows else {}
        return read({"CDCResponse": [{"QueryResponse": [group]}], "time": self.time()}, ChangesAnswer)

    async def query_at(self, _, statement):
        self.queries.append(statement)
        if self.before_query:
            self.before_query.pop(0)(self)
        since = datetime.fromisoformat(statement.split("'")[1])
        start = int(statement.split("STARTPOSITION ")[1].split()[0])
        rows = sorted((row for row in self.rows if moment(row) >= since and "status" not in row), key=key)
        page = rows[start - 1 : start - 1 + PAGE]
        return read({"QueryResponse": {"Invoice": page} if page else {}, "time": self.time()}, QueryAnswer)


def read(body, answer):
    return msgspec.json.decode(json.dumps(body).encode(), type=answer)


def moment(row):
    return datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"])


def key(row):
    return moment(row), int(row["Id"])


def spread(count, begin, gap=1.0, deleted=()):
    """Changes a second or so apart; of every `deleted` one only a tombstone is left."""
    times = [begin + timedelta(seconds=int(n * gap)) for n in range(count)]
    return [tomb(n, at) if n in deleted else wire(n, at) for n, at in enumerate(times)]


async def run(books, workspace, since, clock=None):
    changes = Changes(books, None, clock or SettableClock(books.now))
    return [page async for page in changes.since(workspace(), since)]


def told(pages):
    return {i.id: i for page in pages for i in page.invoices}, {d.id for page in pages for d in page.deleted}


def everything(books):
    alive = {row["Id"]: row["SyncToken"] for row in books.rows if "status" not in row}
    return alive, {row["Id"] for row in books.rows if "status" in row}


async def test_a_fresh_cursor_takes_one_call_with_overlap(workspace):
    """Row 128: one call of capture, five minutes of overlap, the cursor is QuickBooks' own time."""
    books = Books([wire(1, T0 - timedelta(minutes=3), "4"), tomb(2, T0 - timedelta(minutes=1))])
    since = T0 - timedelta(hours=1)
    (page,) = await run(books, workspace, since)
    assert books.captures == [since - timedelta(minutes=5)]
    assert not books.queries
    assert ([i.version for i in page.invoices], page.cursor, page.deletions_complete) == (["4"], T0, True)
    (gone,) = page.deleted
    assert (gone.id, gone.updated_at) == ("2", T0 - timedelta(minutes=1))


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_clock_that_is_ten_minutes_wrong_loses_nothing(workspace, minutes):
    """Row 128: what counts is the time of the answers."""
    books = Books(spread(600, T0 - timedelta(minutes=10)))
    clock = SettableClock(T0 + timedelta(minutes=minutes))
    (page,) = await run(books, workspace, T0 - timedelta(minutes=12), clock)
    assert (len(page.invoices), page.cursor) == (600, T0)


async def test_nothing_changed_is_one_call_and_an_empty_page(workspace):
    books = Books([])
    (page,) = await run(books, workspace, T0 - timedelta(days=1))
    assert (page.invoices, page.deleted, page.cursor, books.calls) == ((), (), T0, 1)


async def test_the_first_run_reads_back_thirty_days_by_pages(workspace):
    """Row 129: backfill by query, the cursor is the time of the first page."""
    old = wire(9999, T0 - timedelta(days=31))
    books = Books([old, *spread(1500, T0 - timedelta(days=20), 60)])
    pages = await run(books, workspace, None)
    assert [len(page.invoices) for page in pages] == [1000, 500]
    assert [page.cursor for page in pages] == [None, T0]
    assert not any(page.deletions_complete for page in pages)
    assert (len(books.captures), len(books.queries)) == (0, 2)


async def test_an_old_cursor_is_read_by_pages(workspace):
    """Row 131: capture does not look back so far, so deletions may be missed and that is said."""
    books = Books([*spread(10, T0 - timedelta(days=40)), tomb(99, T0 - timedelta(days=35))])
    (page,) = await run(books, workspace, T0 - timedelta(days=41))
    assert (len(page.invoices), page.deletions_complete, page.cursor) == (10, False, T0)
    assert not books.captures


@pytest.mark.parametrize("days", [-40, 40])
async def test_a_clock_that_is_weeks_wrong_is_noticed_by_the_answers_time(workspace, days):
    """Row 131: capture may have cut the time off; or the cursor lies ahead of QuickBooks' time."""
    since = T0 - timedelta(days=days)
    books = Books(spread(10, T0 - timedelta(days=20)))
    pages = await run(books, workspace, since, SettableClock(since))
    alive, _ = told(pages)
    assert len(alive) == 10
    assert pages[-1].cursor == T0
    assert not pages[-1].deletions_complete


COUNTS = [999, 1000, 1001, 1500, 2001, 5000]


@pytest.mark.parametrize("mode", ["oldest", "newest", "tombstones last"])
@pytest.mark.parametrize("share", [0, 50])
@pytest.mark.parametrize("count", COUNTS)
async def test_a_full_answer_loses_nothing_whatever_it_holds(workspace, mode, share, count):
    """Row 130: at most ceil(N/1000) + 2 calls, every invoice, every deletion or word that some may be missing."""
    begin = T0 - timedelta(hours=5)
    books = Books(spread(count, begin, 3.0, range(7, count, share) if share else ()), mode)
    pages = await run(books, workspace, begin - timedelta(minutes=2))
    alive, gone = told(pages)
    wanted, deleted = everything(books)
    assert {i.id: i.version for i in alive.values()} == wanted
    assert gone <= deleted
    assert gone == deleted or not pages[-1].deletions_complete
    assert books.calls <= ceil(count / 1000) + 2
    assert [page.cursor for page in pages[:-1]] == [None] * (len(pages) - 1)
    assert pages[-1].cursor == T0
    assert sum(len(page.invoices) for page in pages) == len(wanted)


async def test_the_oldest_changes_first_are_gone_on_from_with_every_deletion(workspace):
    """Row 130: proven by the next answer, so no query is needed and deletions are complete."""
    begin = T0 - timedelta(hours=5)
    books = Books(spread(2500, begin, 3.0, range(7, 2500, 50)))
    pages = await run(books, workspace, begin - timedelta(minutes=1))
    assert (len(books.captures), books.queries, pages[-1].deletions_complete) == (3, [], True)
    assert told(pages)[1] == everything(books)[1]


async def test_deletions_that_are_cut_off_are_not_called_complete(workspace):
    """Row 130: no deletion in a full answer proves nothing."""
    begin = T0 - timedelta(hours=5)
    books = Books(spread(2500, begin, 3.0, range(7, 2500, 50)), "tombstones last")
    pages = await run(books, workspace, begin - timedelta(minutes=1))
    assert not books.queries
    assert not pages[-1].deletions_complete


async def test_changes_of_the_very_last_seconds_prove_nothing(workspace):
    """Row 130: the newest thousand, and one more that changed while they were told."""
    begin = T0 - timedelta(hours=5)
    books = Books(spread(1000, begin, 1.0), "newest", now=begin + timedelta(seconds=4000))
    capture = books.changes

    async def and_then_one_more(access, since):
        answer = await capture(access, since)
        books.rows.append(wire(5000, books.now - timedelta(seconds=1)))
        return answer

    books.changes = and_then_one_more
    pages = await run(books, workspace, begin - timedelta(minutes=1))
    assert len(told(pages)[0]) >= 1001
    assert not pages[-1].deletions_complete


@pytest.mark.parametrize("mode", ["oldest", "newest"])
async def test_thousands_of_changes_in_one_second(workspace, mode):
    """Row 130: pages begin inside the second."""
    rows = spread(30, T0 - timedelta(hours=2)) + [wire(100 + n, T0 - timedelta(hours=1)) for n in range(3500)]
    books = Books(rows, mode)
    pages = await run(books, workspace, T0 - timedelta(hours=3))
    assert len(told(pages)[0]) == 3530
    assert books.calls <= 6


async def test_an_edit_while_a_crowded_second_is_read_shifts_nothing_away(workspace):
    """Row 130: the row that left the second is seen where it went, and nobody is skipped."""
    crowd = T0 - timedelta(hours=1)
    books = Books([wire(n, crowd) for n in range(2500)])

    def edit(books):
        books.rows[3] = wire(3, books.now, "1")

    books.before_query = [lambda _: None, edit]
    pages = await run(books, workspace, None)
    alive, _ = told(pages)
    assert len(alive) == 2500
    assert alive["3"].version == "1"


async def test_an_order_that_is_not_kept_is_an_error_and_no_loss(workspace):
    books = Books(spread(1200, T0 - timedelta(hours=1)))
    answer = books.query_at

    async def newest_first(access, statement):
        found = await answer(access, statement)
        found.query_response.invoice.reverse()
        return found

    books.query_at = newest_first
    with pytest.raises(Down, match="another order"):
        await run(books, workspace, None)


@settings(max_examples=12, deadline=None)
@given(
    count=st.integers(990, 2600),
    seed=st.integers(0, 10**6),
    longest=st.sampled_from([0.02, 0.3, 1, 3]),
    mode=st.sampled_from(["oldest", "newest", "tombstones last"]),
    deleted=st.sets(st.integers(0, 2600), max_size=40),
    edits=st.lists(st.integers(0, 900), max_size=4),
)
async def test_no_mode_no_crowd_and_no_edit_makes_it_lose_an_invoice(count, seed, longest, mode, deleted, edits):
    """Rows 130 and 140: the newest version is told, by the next run where it came while this one was under way."""
    dice, elapsed, moments = Random(seed), 0.0, []
    for _ in range(count):
        elapsed += dice.random() * longest
        moments.append(T0 - timedelta(hours=4) + timedelta(seconds=int(elapsed)))
    rows = [tomb(n, m) if n in deleted else wire(n, m) for n, m in enumerate(moments)]
    books = Books(rows, mode)

    def edit(number):
        def change(books):
            if "status" not in books.rows[number]:
                books.rows[number] = wire(number, books.now, "1")

        return change

    books.before_query = [edit(number) for number in edits]
    changes = Changes(books, None, SettableClock(T0))
    pages = [page async for page in changes.since(_workspace(), T0 - timedelta(hours=4, minutes=1))]
    alive, gone = told(pages)
    books.before_query = []
    following = [page async for page in changes.since(_workspace(), pages[-1].cursor)]
    alive |= told(following)[0]
    wanted, graves = everything(books)
    assert {number: alive[number].version for number in wanted} == wanted
    assert gone <= graves
    assert gone == graves or not pages[-1].deletions_complete


def _workspace():
    return workspace_context(list(FIELDS), {"qbo_company_id": "9130001234567890"}, accounting="books-token-1")


# -- over the wire -----------------------------------------------------------------------------------------------


def captured(*groups, time="2026-11-23T01:00:00.5-08:00"):
    return Answer({"CDCResponse": [{"QueryResponse": list(groups)}], "time": time})


async def pages_of(backend, ws, since=T0 - timedelta(hours=1)):
    return [page async for page in backend.changes(ws, since)]


async def test_what_is_asked_over_the_wire(backend, company, workspace):
    company.on("GET", "cdc", captured({}, {"Invoice": [wire(7, T0)], "startPosition": 1, "maxResults": 1}))
    (page,) = await pages_of(backend, workspace())
    assert company.calls("GET", "cdc")[0].query == {
        "entities": "Invoice",
        "changedSince": "2026-11-23T07:55:00.000+00:00",
        "minorversion": "75",
    }
    assert page.cursor == datetime(2026, 11, 23, 9, 0, 0, 500_000, tzinfo=UTC)
    assert [i.id for i in page.invoices] == ["7"]


async def test_a_single_object_stands_for_a_list(backend, company, workspace):
    body = {"CDCResponse": {"QueryResponse": {"Invoice": wire(7, T0)}}, "time": "2026-11-23T01:00:00-08:00"}
    company.on("GET", "cdc", Answer(body))
    (page,) = await pages_of(backend, workspace())
    assert [i.id for i in page.invoices] == ["7"]


async def test_a_voided_invoice_and_a_deleted_one_are_told_apart(backend, company, sample, workspace):
    """Row 139: a void is an invoice of zeros, a deletion leaves a tombstone."""
    voided = sample("invoice-void.2022")["body"]["Invoice"]
    company.on("GET", "cdc", captured({"Invoice": [json.loads(json.dumps(voided, default=float)), tomb(8, T0)]}))
    (page,) = await pages_of(backend, workspace())
    assert [i.status for i in page.invoices] == [InvoiceStatus.VOIDED]
    assert [(d.id, d.updated_at) for d in page.deleted] == [("8", T0)]


async def test_an_invoice_without_a_currency_has_that_of_the_company(backend, company, workspace):
    company.on("GET", "cdc", captured({"Invoice": [wire(7, T0, CurrencyRef={})]}))
    (page,) = await pages_of(backend, workspace())
    assert page.invoices[0].currency == "USD"


async def test_the_details_that_a_record_shows(backend, company, workspace):
    more = {"TxnDate": "2026-11-20", "CustomerMemo": {"value": "Thanks"}, "BillEmail": {"Address": "a@b.example"}}
    company.on("GET", "cdc", captured({"Invoice": [wire(7, T0, **more)]}))
    (page,) = await pages_of(backend, workspace())
    (invoice,) = page.invoices
    assert (str(invoice.invoice_date), invoice.memo, invoice.customer_email) == ("2026-11-20", "Thanks", "a@b.example")


@pytest.mark.parametrize(
    ("note", "marker"),
    [
        ("AttiBooks 0123456789abcdef", "0123456789abcdef"),
        ("Voided - AttiBooks 0123456789abcdef", "0123456789abcdef"),
        ("Ask for AttiBooks 0123456789abcdef first", "0123456789abcdef"),
        ("AttiBooks", None),
        ("NotAttiBooks 0123456789abcdef", None),
        (None, None),
    ],
)
async def test_the_mark_of_an_intent_is_told_whatever_else_is_in_the_note(backend, company, workspace, note, marker):
    company.on("GET", "cdc", captured({"Invoice": [wire(7, T0, PrivateNote=note)]}))
    (page,) = await pages_of(backend, workspace())
    assert page.invoices[0].marker == marker


async def test_failures_half_way_leave_the_pages_before(backend, company, refused, workspace):
    """Row 130: after the client's own retries the failure is the caller's; nothing is said to be complete."""
    company.on("GET", "cdc", captured({"Invoice": spread(1000, T0 - timedelta(hours=1), 3)}))
    company.rows["FROM Invoice"] = lambda _: refused(10000, status=500)
    pages = backend.changes(workspace(), T0 - timedelta(hours=2))
    first = await anext(pages)
    assert (len(first.invoices), first.cursor) == (1000, None)
    with pytest.raises(Down):
        await anext(pages)
    assert len(company.statements) == 3


@pytest.mark.parametrize("time", [None, "yesterday", 1764000000000])
async def test_an_answer_without_its_time_is_no_answer(backend, company, workspace, time):
    company.on("GET", "cdc", captured({}, time=time))
    with pytest.raises(Down, match="time"):
        await pages_of(backend, workspace())


async def test_nonsense_is_down(backend, company, workspace):
    company.on("GET", "cdc", Answer({"CDCResponse": [{"Odd": 1}], "time": "2026-11-23T01:00:00-08:00"}))
    with pytest.raises(Down):
        await pages_of(backend, workspace())


async def test_a_token_that_is_no_longer_good(backend, company, refused, workspace):
    company.on("GET", "cdc", refused(3200, status=401))
    with pytest.raises(ReconnectNeeded):
        await pages_of(backend, workspace())


async def test_invoices_by_their_ids_in_few_calls(backend, company, workspace):
    """Row 140: a burst of events is one query."""
    rows = [wire(n, T0) for n in range(1, 251)]
    company.rows["FROM Invoice"] = lambda statement: [row for row in rows if f"'{row['Id']}'" in statement]
    asked = [str(n) for n in (*range(1, 251), 1, 999)]
    found = await backend.fetch_invoices(workspace(), [*asked, "x'y", ""])
    assert sorted(found, key=int) == asked[:250]
    assert len(company.statements) == 2
    assert "x" not in company.statements[1].split("IN")[1]
    assert await backend.fetch_invoices(workspace(), []) == {}


async def test_which_invoices_there_are(backend, company, workspace):
    """Row 131: ids only, a thousand a call."""
    company.rows["SELECT Id FROM Invoice"] = [{"Id": "2", "sparse": True}]
    asked = [str(n) for n in range(1, 1002)]
    assert await backend.existing_invoices(workspace(), asked) == {"2"}
    assert len(company.statements) == 2
    assert company.statements[0].startswith("SELECT Id FROM Invoice WHERE Id IN ('1',")


async def test_how_many_invoices_there_are(backend, company, workspace):
    company.on("POST", "query", Answer({"QueryResponse": {"totalCount": 20000}, "time": "x"}))
    assert await backend.count_invoices(workspace()) == 20000
    company.on("POST", "query", Answer({"QueryResponse": {}, "time": "x"}))
    with pytest.raises(Down):
        await backend.count_invoices(workspace())


def test_the_statement_of_a_page():
    assert invoices_changed(T0, 21) == (
        "SELECT * FROM Invoice WHERE MetaData.LastUpdatedTime >= '2026-11-23T09:00:00+00:00'"
        " ORDERBY MetaData.LastUpdatedTime ASC STARTPOSITION 21 MAXRESULTS 1000"
    )
