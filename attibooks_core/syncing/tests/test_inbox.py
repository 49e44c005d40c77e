"""Rows 140 and 142: what events mean for whom; each is handed on once its run was asked for."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest
import sqlalchemy as sa

from attibooks_core.errors import AttiBooksError
from attibooks_core.lifecycle import BooksEvent
from attibooks_core.model import Books, InvoiceStatus
from attibooks_core.storage.awaited import Awaiting
from attibooks_core.storage.inbox import MOST_BYTES, MOST_DELIVERIES, Inbox
from attibooks_core.storage.invoices import Invoices
from attibooks_core.storage.syncs import Syncs
from attibooks_core.storage.tables import books_events, deliveries, invoices
from attibooks_core.storage.trail import Trail, TrailEntry
from attibooks_core.syncing import inbox as handing
from attibooks_core.syncing.inbox import InboxHands
from attibooks_core.testing import SettableClock

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BOOKS = Books("quickbooks", "production", "9130001234567890")
SECOND = timedelta(seconds=1)


class Runs:
    """Takes note of what is asked for; may be dead."""

    def __init__(self):
        self.asked = []
        self.dead = False

    async def request(self, workspace_id, books, *, scope, trigger):
        if self.dead:
            raise RuntimeError("killed")
        self.asked.append((workspace_id, books, scope, trigger))


class Notifying:
    """Books whose deliveries are lists of events."""

    def read_delivery(self, environment, body, received_at):
        assert received_at == NOW
        if body == b"bug":
            raise KeyError(body)
        try:
            events = msgspec.json.decode(body, type=list[BooksEvent])
        except msgspec.DecodeError as error:
            raise AttiBooksError("odd", code="malformed") from error
        return [replace(each, books=replace(each.books, environment=environment)) for each in events]


def event(number, invoice="145", **changed):
    return replace(BooksEvent(f"e{number}", BOOKS, "invoice", invoice, "updated", NOW + number * SECOND), **changed)


@pytest.fixture
def stage(database):
    """Two workspaces of one company; the second keeps every invoice as a record."""
    wants_all = SimpleNamespace(
        catalog=SimpleNamespace(stored=lambda raw: raw),
        invoice_store=lambda settings: settings.get("store"),
        notifying={"quickbooks": Notifying()},
    )

    async def load(workspace_id):
        return SimpleNamespace(settings={"store": "invoices"} if workspace_id == "w2" else {})

    bench = SimpleNamespace(
        clock=SettableClock(NOW),
        inbox=Inbox(database),
        syncs=Syncs(database),
        invoices=Invoices(database),
        awaiting=Awaiting(database),
        trail=Trail(database),
        workspaces=SimpleNamespace(load=load),
        plugins=wants_all,
    )
    runs = Runs()
    return SimpleNamespace(bench=bench, runs=runs, hands=InboxHands(bench, runs), database=database)


async def enroll(stage, *workspaces, books=BOOKS):
    for workspace_id in workspaces:
        await stage.bench.syncs.ensure(workspace_id, "attio", books, NOW)


async def take(stage, *events, environment="production"):
    await take_body(stage, msgspec.json.encode(events), environment)


async def take_body(stage, body, environment="production"):
    await stage.bench.inbox.take("quickbooks", environment, body, NOW)


async def know(stage, workspace_id, updated_at, invoice="145"):
    values = {
        "workspace_id": workspace_id,
        "backend": BOOKS.backend,
        "environment": BOOKS.environment,
        "company_id": BOOKS.company_id,
        "invoice_id": invoice,
        "status": InvoiceStatus.OPEN.value,
        "version": "0",
        "books_updated_at": updated_at,
        "created_at": NOW,
        "attempts": 0,
    }
    await stage.database.write(lambda c: c.execute(sa.insert(invoices).values(**values)))


async def awaited(stage, workspace_id):
    return {a.invoice_id: (a.deleted, a.at) for a in await stage.bench.awaiting.of(workspace_id, BOOKS)}


async def untaken(stage):
    ours = (deliveries.c.backend == "quickbooks", deliveries.c.taken == sa.false())
    wanted = sa.select(sa.func.count()).select_from(deliveries).where(*ours)
    return await stage.database.read(lambda c: c.scalar(wanted))


async def read_at_once(stage):
    return [each.body for each in await stage.bench.inbox.untaken({"quickbooks"})]


async def event_ids(stage):
    return await stage.database.read(lambda c: list(c.scalars(sa.select(books_events.c.event_id))))


async def test_a_known_invoice_is_awaited_once_and_one_run_asked_for(stage):
    """Row 142: debounced by invoice, in whatever order the events come."""
    await enroll(stage, "w1")
    await know(stage, "w1", NOW)
    await take(stage, event(3), event(1), event(2))
    await stage.hands.round()
    assert await awaited(stage, "w1") == {"145": (False, NOW + 3 * SECOND)}
    assert stage.runs.asked == [("w1", BOOKS, "events", "webhook")]
    assert await untaken(stage) == 0


async def test_an_event_that_is_older_than_what_is_stored_is_dropped_without_a_read(stage):
    """Row 140: older never overwrites newer."""
    await enroll(stage, "w1")
    await know(stage, "w1", NOW + 5 * SECOND)
    await take(stage, event(4), event(5))
    await stage.hands.round()
    assert (await awaited(stage, "w1"), stage.runs.asked, await untaken(stage)) == ({}, [], 0)


async def test_an_unknown_invoice_counts_where_every_invoice_is_kept(stage):
    await enroll(stage, "w1", "w2")
    await take(stage, event(1))
    await stage.hands.round()
    assert await awaited(stage, "w1") == {}
    assert set(await awaited(stage, "w2")) == {"145"}
    assert [workspace for workspace, *_ in stage.runs.asked] == ["w2"]


async def test_the_echo_of_our_own_creation_costs_no_read(stage):
    """The word that an invoice was made comes just after what was stored when it was made; a change counts."""
    await enroll(stage, "w1")
    await know(stage, "w1", NOW)
    await know(stage, "w1", NOW, "146")
    echo = event(1, operation="created")
    await take(stage, echo, event(2, "146", operation="created"), event(3, "146"))
    await stage.hands.round()
    assert set(await awaited(stage, "w1")) == {"146"}


async def test_a_deletion_is_remembered_whatever_follows(stage):
    """Row 139: an event of it that comes late does not hide it."""
    await enroll(stage, "w1")
    await know(stage, "w1", NOW)
    await take(stage, event(2, operation="deleted"), event(1))
    await stage.hands.round()
    assert await awaited(stage, "w1") == {"145": (True, NOW + 2 * SECOND)}


async def test_a_payment_asks_for_everything_that_changed(stage):
    """Row 142: it does not say which invoices it pays."""
    await enroll(stage, "w1")
    await take(stage, event(1, "77", entity="payment"))
    await stage.hands.round()
    assert stage.runs.asked == [("w1", BOOKS, "all", "webhook")]
    assert await awaited(stage, "w1") == {}


async def test_what_nobody_watches_is_handed_to_nobody(stage):
    """Row 142: an unknown company is answered and dropped."""
    await take(stage, event(1))
    await stage.hands.round()
    assert (stage.runs.asked, await untaken(stage)) == ([], 0)


async def test_a_process_that_dies_before_its_run_is_asked_for_leaves_the_events(stage):
    """Row 142: the next one hands them on, and twice is as good as once."""
    await enroll(stage, "w1")
    await know(stage, "w1", NOW)
    await take(stage, event(1))
    stage.runs.dead = True
    with pytest.raises(RuntimeError):
        await stage.hands.round()
    assert await untaken(stage) == 1
    stage.runs.dead = False
    await stage.hands.round()
    assert (len(stage.runs.asked), await untaken(stage)) == (1, 0)
    assert await awaited(stage, "w1") == {"145": (False, NOW + SECOND)}


async def test_what_arrives_in_this_process_wakes_the_loop(stage):
    """Row 142: the poll is for what other processes left."""
    await enroll(stage, "w1")
    await know(stage, "w1", NOW)
    loop = asyncio.create_task(stage.hands.run())
    try:
        await asyncio.sleep(0.05)
        await take(stage, event(1))
        async with asyncio.timeout(20):
            while not stage.runs.asked:
                await asyncio.sleep(0.02)
    finally:
        loop.cancel()


async def test_a_failing_round_does_not_end_the_loop(stage):
    await enroll(stage, "w1")
    await know(stage, "w1", NOW)
    stage.runs.dead = True
    await take(stage, event(1))
    loop = asyncio.create_task(stage.hands.run())
    await asyncio.sleep(0.3)
    stage.runs.dead = False
    try:
        async with asyncio.timeout(20):
            while not stage.runs.asked:
                await asyncio.sleep(0.02)
    finally:
        loop.cancel()


async def test_many_deliveries_at_once_are_stored_in_few_transactions_and_act_once(stage):
    """Row 142: group commit, then each event once."""
    writes = []
    write = stage.database.write

    async def counting(work):
        writes.append(work)
        return await write(work)

    stage.database.write = counting
    await asyncio.gather(*(take(stage, event(n), event(n + 1)) for n in range(200)))
    assert len(writes) <= 3
    assert await untaken(stage) == 200
    await stage.hands.round()
    assert sorted(await event_ids(stage)) == sorted({f"e{n}" for n in range(201)})
    assert await untaken(stage) == 0


async def test_a_delivery_that_nobody_waits_for_any_more_is_stored_with_the_others(stage):
    """Row 142: a caller that hangs up takes nobody else's answer away."""
    impatient, patient = (asyncio.create_task(take(stage, event(n))) for n in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert await untaken(stage) == 2


async def test_a_repeated_delivery_acts_once(stage):
    """Row 142: deduplicated by the id of the event, within one reading and later."""
    await enroll(stage, "w1")
    await know(stage, "w1", NOW)
    await take(stage, event(1))
    await take(stage, event(1), event(1))
    await stage.hands.round()
    await take(stage, event(1))
    await stage.hands.round()
    assert await event_ids(stage) == ["e1"]
    assert len(stage.runs.asked) == 1


async def test_a_repeat_does_not_hide_what_is_new_beside_it(stage):
    """Row 142: the new event counts, the old one does not."""
    await enroll(stage, "w1")
    await know(stage, "w1", NOW)
    await know(stage, "w1", NOW, "146")
    await take(stage, event(1))
    await stage.hands.round()
    await stage.bench.awaiting.settled("w1", BOOKS, await stage.bench.awaiting.of("w1", BOOKS))
    await take(stage, event(1), event(2, "146"))
    await stage.hands.round()
    assert set(await awaited(stage, "w1")) == {"146"}


@pytest.mark.parametrize("body", [b"{", b"\x00\xff", b"bug"])
async def test_what_cannot_be_read_is_told_kept_and_keeps_nobody_waiting(stage, body):
    """Row 142: it was signed and answered; nothing would be better at the next try."""
    await enroll(stage, "w1")
    await know(stage, "w1", NOW)
    await take_body(stage, body)
    await take(stage, event(1))
    await stage.hands.round()
    assert len(stage.runs.asked) == 1
    assert await untaken(stage) == 0
    bodies = await stage.database.read(lambda c: list(c.scalars(sa.select(deliveries.c.body))))
    assert body in bodies


async def test_an_event_that_no_database_can_store_is_left_out(stage):
    """Row 142: a failure would be repeated for ever."""
    await take(stage, event(1, "a\0b"), event(2, "ä🙂"))
    await stage.hands.round()
    assert await event_ids(stage) == ["e2"]


async def test_deliveries_of_a_plugin_that_is_not_here_wait_for_it(stage):
    await stage.bench.inbox.take("other", "production", b"[]", NOW)
    await take(stage, event(1))
    await stage.hands.round()
    assert await untaken(stage) == 0
    assert len(await stage.bench.inbox.untaken({"quickbooks", "other"})) == 1


async def test_no_more_is_read_at_once_than_can_be_worked_off_quickly(stage):
    """Many small ones, or few large ones; one that is too large comes alone."""
    large = b"[" + b" " * MOST_BYTES + b"]"
    await asyncio.gather(*(take_body(stage, b"[]") for _ in range(MOST_DELIVERIES + 1)))
    assert await read_at_once(stage) == [b"[]"] * MOST_DELIVERIES
    await stage.hands.round()
    for _ in range(3):
        await take_body(stage, large)
    assert await read_at_once(stage) == [large]
    await stage.hands.round()
    assert await untaken(stage) == 0


async def test_what_waits_gives_way_to_what_comes_in_and_else_to_nothing(stage, monkeypatch):
    monkeypatch.setattr(handing, "INTAKE_FIRST", 1e9)
    await asyncio.gather(*(take_body(stage, b"[]") for _ in range(2 * MOST_DELIVERIES + 1)))
    async with asyncio.timeout(20):
        await stage.hands.round()
    assert await untaken(stage) == 0

    settle = stage.bench.inbox.settle

    async def settling(*given):
        await take_body(stage, b"[]")
        await settle(*given)

    stage.bench.inbox.settle = settling
    await take_body(stage, b"[]")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await stage.hands.round()
    assert await untaken(stage) == 1, "it waits while others are stored"


@pytest.mark.parametrize("connected", [("sandbox",), ("production",), ("production", "sandbox"), ()])
async def test_without_a_telling_token_the_connected_company_is_meant(stage, connected):
    """Row 142: one token for both environments; handed to whichever has the company, dropped when none has."""
    for environment in connected:
        await enroll(stage, f"w-{environment}", books=replace(BOOKS, environment=environment))
    await take(stage, event(1, entity="payment"), environment="")
    await stage.hands.round()
    wanted = [(f"w-{each}", replace(BOOKS, environment=each), "all", "webhook") for each in connected]
    assert stage.runs.asked == wanted
    assert await untaken(stage) == 0


async def test_a_telling_token_means_its_own_environment_only(stage):
    await enroll(stage, "w1", books=replace(BOOKS, environment="sandbox"))
    await take(stage, event(1, entity="payment"))
    await stage.hands.round()
    assert stage.runs.asked == []


async def test_a_failing_transaction_fails_its_deliveries_and_no_later_one(stage):
    """Row 142: no 200 without a commit."""
    write = stage.database.write

    async def failing(_):
        raise sa.exc.OperationalError("disk", {}, Exception("full"))

    stage.database.write = failing
    with pytest.raises(sa.exc.OperationalError):
        await take(stage, event(1))
    stage.database.write = write
    await take(stage, event(2))
    assert await untaken(stage) == 1


async def test_what_was_handed_on_is_forgotten_after_a_while(stage):
    """Nothing that still waits ever is."""
    await take(stage, event(1))
    await stage.hands.round()
    await take(stage, event(2))
    await stage.bench.inbox.drop(NOW)
    assert await event_ids(stage) == ["e1"]
    await stage.bench.inbox.drop(NOW + SECOND)
    assert await event_ids(stage) == []
    count = sa.select(sa.func.count()).select_from(deliveries)
    assert await stage.database.read(lambda c: c.scalar(count)) == await untaken(stage) == 1


async def change(stage, version):
    """We edited the invoice: the trail says which version that made."""
    entry = TrailEntry(at=NOW, kind="edited", summary="", invoice_id="145", details={"version": version})
    await stage.bench.trail.append("w1", entry)


@pytest.mark.parametrize(
    ("version", "after", "expected"),
    [
        ("0", 0.4, {}),
        ("0", 1.2, {"145"}),
        ("7", 0.4, {"145"}),
    ],
    ids=["our own change of that second", "something later", "somebody changed it after us"],
)
async def test_the_word_of_our_own_edit_costs_no_read(stage, version, after, expected):
    """Rows 119 and 142: the answer of the edit told everything."""
    await enroll(stage, "w1")
    await know(stage, "w1", NOW)
    await change(stage, version)
    await take(stage, event(after))
    await stage.hands.round()
    assert set(await awaited(stage, "w1")) == set(expected)
    assert bool(stage.runs.asked) == bool(expected)
