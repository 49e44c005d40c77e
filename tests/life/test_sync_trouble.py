"""The sync in trouble: nothing is lost, nothing is told twice, one cause is one error (rows 100, 127 to 141)."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from attibooks_core.storage.tables import awaited, syncs
from tests.desk import Desk
from tests.ledger import Ledger
from tests.own_world import box, host_environment

__all__ = ["box", "host_environment"]

pytestmark = pytest.mark.timeout(240)
SECONDS = 90
MONTH = timedelta(days=31)
FLOOD = 1200


def set_up(desk):
    answer = desk.until_final(lambda: desk.app.set_up(key=uuid4().hex))
    assert answer.status_code == 200, answer.text
    return answer.json()


def synced(desk, ledger=None):
    """Sync Now, until it ends; with a ledger until what follows it has ended, too."""
    answer = desk.app.sync()
    if answer.status_code == 202:
        result = desk.ended(answer.json()["job_id"], SECONDS)["result"]
    else:
        assert answer.status_code == 200, answer.text
        result = answer.json()
    if ledger is not None:
        desk.eventually(ledger.is_settled, SECONDS)
    return result


def said_since(ledger, before):
    return {i: said[len(before[i]) :] for i, said in ledger.told().items()}


@pytest.fixture
def ledger(machines):
    """The books of the first workspace's company; every invoice has a record of its own."""
    machines.box.limits(attio=False, quickbooks=False)
    desk = machines.desk(machines.start(swift=True), store_invoices_as_records=True)
    made = Ledger(desk, machines.database_url)
    made.set_up()
    return made


@pytest.fixture
def known(ledger):
    """Makes so many invoices in the books, synced."""

    def make(count, **more):
        ledger.fill(count, **more)
        synced(ledger.desk, ledger)
        ledger.assert_true()
        return ledger.told()

    return make


# -- cursors and clocks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["the cursor", "the row"])
def test_a_lost_cursor_loses_no_change(ledger, known, lost):
    """Rows 128, 129, 141: the next run looks back thirty days, compares ids, and tells of each change once."""
    before = known(30)
    ledger.change_all()
    ledger.do(sa.update(syncs).values(cursor=None) if lost == "the cursor" else sa.delete(syncs))
    synced(ledger.desk, ledger)
    ledger.assert_true()
    assert said_since(ledger, before) == {i: [status] for i, status in ledger.truth.items()}
    ledger.assert_nothing_written()


@pytest.mark.parametrize("skew", [600, -600])
def test_books_whose_clock_is_wrong_lose_no_change(ledger, skew):
    """Row 128: ten minutes off, both ways; the cursor is the books' own time."""
    ledger.desk.box.clock.offset(skew)
    ledger.fill(10, ago=timedelta(seconds=-skew))
    for _ in range(3):
        synced(ledger.desk, ledger)
        ledger.assert_true()
        ledger.change_all(ledger.ids[-3:])
        ledger.fill(3, ago=timedelta(seconds=-skew))
    synced(ledger.desk, ledger)
    ledger.assert_true()
    assert all(len(said) == len(set(said)) for said in ledger.told().values()), "nothing is told twice"


def test_a_clock_that_is_put_right_between_two_runs_loses_no_change(ledger):
    """Row 128: the cursor lies in the books' future by then, further than the overlap."""
    ledger.desk.box.clock.offset(600)
    ledger.fill(10)
    synced(ledger.desk, ledger)
    ledger.desk.box.clock.offset(0)
    ledger.change_all()
    synced(ledger.desk, ledger)
    ledger.assert_true()


def test_a_cursor_older_than_thirty_days_is_made_good(machines, ledger, known):
    """Row 131: the host was down for a month; changes by query, deletions by a comparison of ids."""
    before = known(30)
    ledger.change_all()
    machines.end()
    box, days = machines.box, MONTH.total_seconds()
    box.clock.offset(days)
    desk = machines.desk(
        machines.start(swift=True, clock_offset_seconds=days), clock_offset=days, store_invoices_as_records=True
    )
    place = {"realm": desk.company["realm"], "environment": desk.company["environment"]}
    desk.app.accounting = box.token("quickbooks", **place)
    ledger.desk = desk
    for invoice_id in ledger.ids[-5:]:
        desk.by_hand("change", invoice_id, CustomerMemo={"value": "a month later"})
    synced(desk, ledger)
    ledger.assert_true()
    assert {i: said[-1:] for i, said in said_since(ledger, before).items()} == {
        i: [status] for i, status in ledger.truth.items()
    }


# -- more than one answer holds --------------------------------------------------------------------------------------


def test_more_changes_than_an_answer_holds_are_all_shown(machines, ledger, known):
    """Row 130: at 1,000 nothing is missed; a run that cannot be sure of deletions says so and compares ids itself.

    Which thousand the books tell of is unknown: each database sees one of the two ways (`make bench` has all of them).
    """
    ledger.desk.box.switch(full_changes="oldest" if machines.shared else "newest")
    before = known(1100)
    done = ledger.change_all()
    result = synced(ledger.desk, ledger)
    ledger.assert_true()
    assert said_since(ledger, before) == {i: [status] for i, status in ledger.truth.items()}
    if not result["complete"]:
        assert ledger.sync_row.sweep is False, "the comparison has been made"
        assert ledger.sync_row.run > 2
    else:
        assert result["deleted"] == done["delete"]
    ledger.assert_nothing_written()


def test_a_failure_half_way_keeps_what_was_shown_and_loses_nothing(ledger, known):
    """Row 141: the second answer is a 500: the cursor stays, the first answer's changes stand, none is told twice."""
    before = known(1100)
    cursor = ledger.sync_row.cursor
    ledger.change_all()
    desk = ledger.desk
    run = threading.Thread(target=desk.app.sync)
    run.start()
    desk.eventually(lambda: "Paid" in ledger.shown.values(), SECONDS)
    desk.box.faults.add("quickbooks", "status", path="*/cdc*", status=500, times=None)
    desk.box.faults.add("quickbooks", "status", path="*/query*", status=500, times=None)
    run.join()
    desk.eventually(lambda: ledger.sync_row.error_code, SECONDS)
    row, shown = ledger.sync_row, list(ledger.shown.values())
    assert (row.outcome, row.cursor) == ("failed", cursor)
    assert shown.count("Open") > 50
    assert shown.count("Paid") > 500
    desk.box.faults.clear()
    desk.eventually(ledger.is_settled, SECONDS)  # it is tried again by itself
    ledger.assert_true()
    assert said_since(ledger, before) == {i: [status] for i, status in ledger.truth.items()}


def test_a_flood_of_awaited_invoices_is_read_together(ledger, known):
    """Row 142: a flood of events is a few queries of many ids, never a read each."""
    known(FLOOD)
    desk = ledger.desk
    for invoice_id in ledger.ids[::10]:
        desk.by_hand("change", invoice_id, DueDate="2027-03-01")
    row = ledger.sync_row
    key = {n: getattr(row, n) for n in ("workspace_id", "backend", "environment", "company_id")}
    now = datetime.now(UTC)
    ledger.do(sa.insert(awaited).values([{**key, "invoice_id": i, "deleted": False, "at": now} for i in ledger.ids]))
    mark = desk.box.counts()["quickbooks"]
    ledger.do(sa.update(syncs).values(state="queued", scope="events", due_at=now, run=row.run + 1))
    desk.eventually(lambda: not ledger.rows(sa.select(awaited.c.invoice_id)), SECONDS)
    desk.eventually(ledger.is_settled, SECONDS)
    calls = sum(desk.box.counts()["quickbooks"].values()) - sum(mark.values())
    assert calls <= FLOOD / 200 + 1
    assert list(ledger.values("due_date").values()).count("2027-03-01") == FLOOD // 10
    ledger.assert_true()


# -- the user's own doing --------------------------------------------------------------------------------------------


def test_an_object_that_the_user_deleted_is_one_error(ledger, known):
    """Row 100: one error, hardly a call; Run Setup repairs it and everything is shown again."""
    before = known(60)
    desk = ledger.desk
    assert desk.attio.delete("/v2/objects/invoices").status_code == 200
    ledger.change_all()
    mark = len(desk.box.calls("attio"))
    result = synced(desk, ledger)
    assert [e["code"] for e in result["errors"]] == ["setup_needed"], result
    assert "Run Setup" in result["errors"][0]["fix"]
    assert result["updated"] == 0
    calls = [c for c in desk.box.calls("attio")[mark:] if c["method"] in {"PUT", "PATCH", "POST"}]
    assert len(calls) <= 16, "only what was under way when the first one was refused"
    assert said_since(ledger, before) == {i: [status] for i, status in ledger.truth.items()}
    assert synced(desk, ledger)["errors"] in ([], result["errors"])
    assert said_since(ledger, before) == {i: [status] for i, status in ledger.truth.items()}, "not again each run"

    assert set_up(desk)["created"]
    living = [i for i, status in ledger.truth.items() if status != "Deleted"]
    desk.eventually(lambda: set(living) <= ledger.shown.keys(), SECONDS)
    desk.eventually(ledger.is_settled, SECONDS)
    assert {i: ledger.shown[i] for i in living} == {i: ledger.truth[i] for i in living}


def test_an_attribute_that_the_user_archived_is_one_error(ledger, known):
    """Row 100: the same for one attribute; what it showed comes back with Run Setup."""
    known(30)
    desk = ledger.desk
    desk.box.archive(desk.app.workspace, "invoices", "balance")
    ledger.change_all()
    assert [e["code"] for e in synced(desk, ledger)["errors"]] == ["setup_needed"]
    assert set_up(desk)["repaired"] == ["balance"]
    desk.eventually(lambda: ledger.shown == ledger.truth, SECONDS)
    desk.eventually(ledger.is_settled, SECONDS)
    ledger.assert_true()


def test_a_record_that_the_user_deleted_comes_back_with_the_next_change(ledger, known):
    """Row 101: not before it; the books are the source of truth (row 127)."""
    known(10)
    desk = ledger.desk
    for record in desk.attio.post("/v2/objects/invoices/records/query", json={}).json()["data"]:
        desk.box.delete_record(desk.app.workspace, "invoices", record["id"]["record_id"])
    synced(desk, ledger)
    assert ledger.shown == {}
    desk.by_hand("pay", ledger.ids[0])
    synced(desk, ledger)
    assert ledger.shown == {ledger.ids[0]: "Paid"}


def test_a_source_record_that_the_user_deleted_is_no_error(ledger):
    """Row 141: nothing is left to show it on; the invoice's own record is shown, and nothing is repeated for ever."""
    desk = ledger.desk
    record = desk.new_company()
    made = desk.click(record).json()["invoice"]["id"]
    ledger.ids = [made]
    synced(desk, ledger)
    desk.box.delete_record(desk.app.workspace, "companies", record)
    desk.by_hand("pay", made)
    result = synced(desk, ledger)
    assert result["errors"] == []
    ledger.assert_true()
    mark = len(desk.box.calls("attio"))
    assert synced(desk, ledger)["updated"] == 0
    assert [c for c in desk.box.calls("attio")[mark:] if c["method"] != "GET" and "/self" not in c["path"]] == []


@pytest.mark.parametrize("memo", ["Grüße, 你好, 🙂‍↔️ \u202eabc\u202c \"'\\", "zeilen\nund\ttabs", "m" * 1000, "='1'!A1"])
def test_odd_memos_are_shown_as_they_are(ledger, known, memo):
    """Row 136: whatever the accountant types."""
    known(1)
    ledger.desk.by_hand("change", ledger.ids[0], CustomerMemo={"value": memo})
    result = synced(ledger.desk, ledger)
    assert result["errors"] == []
    ledger.assert_true()
    assert ledger.values("memo") == {ledger.ids[0]: memo}
    assert synced(ledger.desk, ledger)["updated"] == 0


# -- more than one of us ---------------------------------------------------------------------------------------------


def test_two_hosts_sync_one_workspace_together(machines, ledger, known):
    """Row 135: whoever asks where, each change is applied once."""
    before = known(200)
    ledger.change_all()
    other = machines.desk(machines.start(swift=True), store_invoices_as_records=True)
    desks = [ledger.desk, other, ledger.desk, other]
    threads = [threading.Thread(target=desk.app.sync) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger.desk.eventually(ledger.is_settled, SECONDS)
    ledger.assert_true()
    assert said_since(ledger, before) == {i: [status] for i, status in ledger.truth.items()}
    ledger.assert_nothing_written()


def test_books_that_hang_hold_up_no_other_workspace(machines, ledger, known):
    """Row 132: one workspace's trouble is its own."""
    known(10)
    box, desk = machines.box, ledger.desk
    other = second_workspace(box, desk)
    company = other.company
    box.faults.add("quickbooks", "timeout", path="*/cdc*", realm=company["realm"], times=None)
    answer = []
    hanging = threading.Thread(target=lambda: answer.append(other.app.sync()))
    hanging.start()
    ledger.change_all()
    assert synced(desk, ledger)["errors"] == []
    ledger.assert_true()
    of_the_other = sa.select(syncs.c.state).where(syncs.c.company_id == company["realm"])
    assert ledger.rows(of_the_other) == [("running",)]
    box.faults.clear()
    hanging.join()
    other.close()
    assert answer[0].status_code == 202


def second_workspace(box, like):
    """A desk in the other workspace, connected to another company, synced once."""
    workspace = box.control("GET", "world")["attio"]["workspaces"][1]
    desk = Desk.open(box, like.app.url, "GB", "sandbox", workspace=workspace, store_invoices_as_records=True)
    desk.set_up()
    return desk
