"""SIGKILL in the middle of a sync: no change lost, none applied twice, none out of order, nothing written in the books."""

import contextlib
import time

import httpx
import pytest

from tests.ledger import Ledger
from tests.own_world import box, host_environment

__all__ = ["box", "host_environment"]

pytestmark = [pytest.mark.kill, pytest.mark.timeout(240)]

BOUNDARIES = {
    "a record is written, its row is not": ("show", 40),
    "a page is applied": ("sync_page", 1),
    "all is applied, the cursor has not moved": ("sync", 1),
}
FEW, MANY = 120, 300
A_PAGE = 1000
A_NOTIFICATION = 100
LONG_RUN = 5_000
SECONDS = 120


def size_of(request, usual):
    """The long runs of `make faults` sync five thousand invoices."""
    return LONG_RUN if request.config.getoption("--real-leases") else usual


def opened(theatre, host):
    """A desk at a host, and the books of its company, whose invoices have records of their own."""
    desk = theatre.desk(host)
    desk.app.settings = {**desk.app.settings, "store_invoices_as_records": True}
    ledger = Ledger(desk, theatre.database_url)
    ledger.set_up()
    return desk, ledger


def known(desk, ledger, count):
    """The invoices are in the books and on their records."""
    ledger.fill(count)
    sync(desk)
    desk.eventually(lambda: ledger.is_settled() and len(ledger.shown) == count, SECONDS)
    ledger.assert_true()


def sync(desk):
    with contextlib.suppress(httpx.HTTPError):
        desk.app.sync()


def heir_of(theatre, ledger, desk):
    """Another host that gets tokens by any call, and the time until all is settled there."""
    heir = theatre.desk_without_calls(theatre.start(), desk)
    started = time.monotonic()
    assert heir.app.read("usage").status_code == 200
    heir.eventually(ledger.is_settled, SECONDS)
    return time.monotonic() - started


def said_since(ledger, before):
    """What the trail has said of each invoice since then."""
    return {i: said[len(before[i]) :] for i, said in ledger.told().items()}


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_killed_run_is_ended_by_another_host(theatre, boundary, kill_round, tally):
    """Rows 139, 140, 141: every change once, wherever the run died; the cursor moves when all is applied."""
    host = theatre.start()
    desk, ledger = opened(theatre, host)
    known(desk, ledger, FEW)
    before, cursor = ledger.told(), ledger.sync_row.cursor
    assert ledger.change_all() == {"pay": 114, "void": 2, "delete": 4}
    theatre.order(*BOUNDARIES[boundary])
    sync(desk)
    host.wait_dead()
    assert ledger.sync_row.cursor == cursor, "it moves at the end only"

    seconds = heir_of(theatre, ledger, desk)
    ledger.assert_true()
    assert said_since(ledger, before) == {i: [status] for i, status in ledger.truth.items()}
    assert ledger.sync_row.cursor > cursor
    ledger.assert_nothing_written()
    tally(f"sync, {boundary}", seconds)


@pytest.mark.timeout(900)  # five thousand in the long runs
def test_many_invoices_survive_kill_after_kill(theatre, request, kill_round, tally):
    """Row 141: a run that dies again and again still ends, and no record is told of twice."""
    count = size_of(request, MANY)
    host = theatre.start()
    desk, ledger = opened(theatre, host)
    known(desk, ledger, count)
    before = ledger.told()
    ledger.change_all()
    theatre.order("show", count // 5)
    sync(desk)
    host.wait_dead()
    for _ in range(2):
        theatre.order("show", count // 5)
        host = theatre.start()
        theatre.desk_without_calls(host, desk).app.read("usage")
        host.wait_dead(SECONDS)

    seconds = heir_of(theatre, ledger, desk)
    ledger.assert_true()
    assert said_since(ledger, before) == {i: [status] for i, status in ledger.truth.items()}
    ledger.assert_nothing_written()
    tally("sync, three kills", seconds)


def test_a_first_run_that_dies_between_its_pages_begins_again(theatre, kill_round, tally):
    """Rows 129, 141: the backfill of more invoices than a page holds."""
    host = theatre.start()
    desk, ledger = opened(theatre, host)
    ledger.fill(A_PAGE + 100)
    theatre.order("sync_page", 1)
    sync(desk)
    host.wait_dead(SECONDS)
    assert ledger.sync_row.cursor is None
    assert A_PAGE - 100 < len(ledger.shown) < A_PAGE + 100

    seconds = heir_of(theatre, ledger, desk)
    ledger.assert_true()
    assert set(map(tuple, ledger.told().values())) == {("Open",)}
    ledger.assert_nothing_written()
    tally("sync, between the pages of a backfill", seconds)


def test_changes_while_the_host_is_dead_come_in_their_order(theatre, kill_round, tally):
    """Row 140: paid when it died, voided when the next one came: nobody sees the older state after the newer."""
    host = theatre.start()
    desk, ledger = opened(theatre, host)
    known(desk, ledger, FEW)
    for invoice_id in ledger.ids:
        desk.by_hand("change", invoice_id, CustomerMemo={"value": "first"})
    theatre.order("show", FEW // 2)
    sync(desk)
    host.wait_dead()
    ledger.change_all()

    seconds = heir_of(theatre, ledger, desk)
    ledger.assert_true()
    for said in ledger.told().values():
        assert said in (["Open", said[-1]], ["Open", "Open", said[-1]]), said
    tally("sync, changed again while dead", seconds)


def test_events_that_were_taken_in_survive_the_run_that_reads_them(theatre, kill_round, tally):
    """Rows 141, 142: a run for webhooks dies; what it had not shown is shown by the next one."""
    host = theatre.start()
    desk, ledger = opened(theatre, host)
    known(desk, ledger, FEW)
    before = ledger.told()
    where = {"url": f"{host.url}/webhooks/quickbooks", "environment": "production", "hold": True}
    theatre.box.control("POST", "quickbooks/webhooks", where)
    for invoice_id in ledger.ids:
        desk.by_hand("change", invoice_id, CustomerMemo={"value": "changed"}, DueDate="2027-03-01")
    theatre.order("show", FEW // 3)
    for _ in range(0, FEW, A_NOTIFICATION):
        theatre.box.control("POST", "quickbooks/webhooks/release", {"environment": "production"})
    host.wait_dead(SECONDS)
    theatre.box.control("DELETE", "quickbooks/webhooks")

    heir = theatre.desk_without_calls(theatre.start(), desk)
    started = time.monotonic()
    assert heir.app.read("usage").status_code == 200
    heir.eventually(lambda: set(ledger.values("due_date").values()) == {"2027-03-01"}, SECONDS)
    seconds = time.monotonic() - started
    heir.eventually(ledger.is_settled, SECONDS)
    ledger.assert_true()
    assert said_since(ledger, before) == {i: ["Open"] for i in ledger.ids}
    ledger.assert_nothing_written()
    tally("sync, a run for webhooks", seconds)
