"""Sync Now: what changed in the books comes to the records, once, and nothing else does (rows 127 to 141)."""

import threading
from datetime import datetime, timedelta
from uuid import uuid4

import httpx

from tests.app_client import AppClient


def synced(desk, **more):
    answer = desk.until_final(lambda: desk.app.sync(**more))
    assert answer.status_code == 200, answer.text
    return answer.json()


def created(desk, **values):
    """A record and its invoice's id."""
    record = desk.new_company(**values)
    answer = desk.click(record)
    assert answer.status_code == 201, answer.text
    return record, answer.json()["invoice"]["id"]


def books(desk):
    return desk.company["environment"], desk.company["realm"]


def test_a_payment_in_the_books_shows_on_the_record_after_sync_now(desk):
    """Rows 134, 136: Sync Now updates the status."""
    record, invoice = created(desk)
    desk.box.pay(*books(desk), invoice)
    answer = synced(desk)
    assert answer["updated"] >= 1
    assert answer["complete"] is True
    assert answer["skipped"] is None
    assert desk.shown(record)["invoice_status"] == "Paid"
    assert desk.shown(record)["sync_error"] is None


def test_a_second_run_without_changes_asks_once_and_writes_nothing(desk):
    """Rows 128, 136: change data capture, and only what is different is written."""
    _, invoice = created(desk)
    desk.box.pay(*books(desk), invoice)
    synced(desk)
    mark = desk.mark()
    answer = synced(desk)
    calls = [c for c in desk.box.calls(since=mark) if "/self" not in c["path"]]
    assert [c["path"].partition("?")[0].rpartition("/")[2] for c in calls] == ["cdc"], calls
    assert answer["updated"] == 0
    assert answer["deleted"] == 0


def test_the_cursor_is_the_servers_time_with_an_overlap(desk):
    """Row 128: the next run begins five minutes before the books' own time of the last answer."""
    created(desk)
    first = synced(desk)
    mark = desk.mark()
    second = synced(desk)
    assert second["since"] == first["until"]
    asked = next(c for c in desk.box.calls("quickbooks", since=mark) if c["path"].endswith("/cdc"))
    since = datetime.fromisoformat(first["until"]) - timedelta(minutes=5)
    assert f"{since:%Y-%m-%dT%H:%M}" in asked["query"].replace("%3A", ":")


def test_the_first_run_backfills_what_changed_before_it(desk_in):
    """Row 129: the first sync reads the last thirty days."""
    desk = desk_in("US", "sandbox")
    record, invoice = created(desk)
    desk.box.pay(*books(desk), invoice)
    answer = synced(desk)
    assert answer["since"] is None or answer["updated"] >= 1
    assert desk.shown(record)["invoice_status"] == "Paid"


def test_a_voided_and_a_deleted_invoice_are_told_apart(desk):
    """Row 139: deleted in QuickBooks shows as deleted, is never made again, and is not the same as voided."""
    voided_record, voided = created(desk)
    deleted_record, deleted = created(desk)
    desk.box.void(*books(desk), voided)
    desk.box.delete(*books(desk), deleted)
    mark = len(desk.sent())
    answer = synced(desk)
    assert answer["deleted"] >= 1
    assert desk.shown(voided_record)["invoice_status"] == "Voided"
    assert desk.shown(deleted_record)["invoice_status"] in {"Deleted", "Voided"}
    kinds = [e["details"]["status"]["now"] for e in desk.trail(deleted_record) if e["kind"] == "synced"]
    assert kinds == ["Deleted"]
    assert len(desk.sent()) == mark, "a sync never writes to QuickBooks (row 137)"


def test_a_sync_never_writes_to_the_books(desk):
    """Row 137: Attio edits are not pushed; the books are the source of truth (row 127)."""
    record, invoice = created(desk)
    desk.box.edit_record(desk.app.workspace, "companies", record, invoice_status="Paid")
    desk.box.pay(*books(desk), invoice, "10.00")
    mark = desk.box.counts()["quickbooks"].get("core", 0)
    synced(desk)
    assert desk.box.counts()["quickbooks"].get("core", 0) == mark


def test_without_a_target_nothing_is_asked_and_the_answer_says_why(desk):
    """Row 138, X1: no writeback field and no invoice object: no call, and a reason."""
    settings = {k: v for k, v in desk.app.settings.items() if not k.startswith("writeback_")}
    mark = len(desk.box.calls("quickbooks"))
    answer = synced(desk, settings=settings)
    assert "nothing to sync into" in answer["skipped"]
    assert len(desk.box.calls("quickbooks")) == mark
    desk.app.put_settings(desk.app.settings)


def test_without_a_token_the_sync_is_refused(desk):
    """Row 134: no token, no run: 424, and nothing pretends to be synced."""
    app = AppClient(desk.app.url, desk.app.workspace, desk.app.token, desk.app.secret, desk.app.key_id, None)
    app.settings = desk.app.settings
    answer = app.sync()
    app.http.close()
    assert answer.status_code == 424
    assert answer.json()["code"] == "not_connected"


def test_runs_that_are_asked_for_at_the_same_time_are_one(desk):
    """Row 135: a run that is under way is joined, not doubled."""
    created(desk)
    synced(desk)
    desk.box.latency(0.5, "quickbooks")
    mark = desk.mark()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(synced(desk))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.box.latency(0, "quickbooks")
    cdc = [c for c in desk.box.calls("quickbooks", since=mark) if "/cdc" in c["path"]]
    assert len(cdc) <= 2, "one for the run, at most one more for a caller who came as it ended"
    assert len(answers) == 4


def test_an_older_version_never_overwrites_a_newer_one(desk):
    """Row 140: versions are ordered by the books' own time, then by SyncToken."""
    record, invoice = created(desk)
    desk.box.pay(*books(desk), invoice)
    synced(desk)
    again = synced(desk)  # the overlap tells of the same change once more
    assert again["updated"] == 0
    assert desk.shown(record)["invoice_status"] == "Paid"
    assert len([e for e in desk.trail(record) if e["kind"] == "synced"]) == 1


def test_what_attio_cannot_take_is_kept_and_shown_later(desk):
    """Row 141: the cursor moves past what is parked, and the record is shown by itself."""
    record, invoice = created(desk)
    synced(desk)
    desk.box.pay(*books(desk), invoice)
    desk.box.faults.add("attio", "status", path=f"*/records/{record}", status=503, times=8)
    answer = synced(desk)
    assert [e["code"] for e in answer["errors"]] == ["attio_down"], answer
    desk.box.faults.clear()
    desk.eventually(lambda: desk.shown(record)["invoice_status"] == "Paid")


def test_a_failure_of_the_books_leaves_the_cursor_where_it_was(desk):
    """Row 141: nothing is lost by a run that fails half-way."""
    record, invoice = created(desk)
    before = synced(desk)
    desk.box.pay(*books(desk), invoice)
    desk.box.faults.add("quickbooks", "status", path="*/cdc*", status=500, times=3)
    answer = desk.app.sync()
    assert answer.status_code == 502, answer.text
    desk.box.faults.clear()
    after = synced(desk)
    assert after["since"] is None or after["since"] >= before["until"]
    assert desk.shown(record)["invoice_status"] == "Paid"


def test_the_record_of_an_older_invoice_keeps_showing_the_newest(desk):
    """Row 87: only the newest invoice of a record shows on it."""
    record, first = created(desk)
    second = desk.click(record, confirm_recent=True).json()["invoice"]["id"]
    desk.box.pay(*books(desk), first)
    synced(desk)
    assert desk.shown(record)["invoice_status"] == "Open"
    assert desk.shown(record)["invoice_id"] == second


def test_the_same_key_gets_the_same_answer(desk):
    """Row 135: a click that is repeated asks the books nothing."""
    key = uuid4().hex
    first = desk.app.sync(key=key)
    mark = len(desk.box.calls("quickbooks"))
    assert desk.app.sync(key=key).json() == first.json()
    assert len(desk.box.calls("quickbooks")) == mark


def test_a_clock_that_is_wrong_loses_nothing(desk):
    """Row 128: ten minutes of skew between the two clocks do not matter."""
    record, invoice = created(desk)
    synced(desk)
    desk.box.clock.offset(600)
    try:
        desk.box.pay(*books(desk), invoice)
        synced(desk)
        assert desk.shown(record)["invoice_status"] == "Paid"
        other, another = created(desk)
        desk.box.pay(*books(desk), another)
        synced(desk)
        assert desk.shown(other)["invoice_status"] == "Paid"
    finally:
        desk.box.clock.offset(0)


def test_other_transactions_of_the_customer_are_no_invoices(desk):
    """Row 110: an estimate for the same customer shows on no record and is not counted."""
    record, invoice = created(desk)
    synced(desk)
    customer = desk.invoices(record)[0]["CustomerRef"]["value"]
    line = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "3"}}}
    url = f"{desk.box.quickbooks_url('production')}/v3/company/{desk.company['realm']}/estimate?minorversion=75"
    headers = {"Authorization": f"Bearer {desk.company['access_token']}", "Accept": "application/json"}
    made = httpx.post(url, json={"CustomerRef": {"value": customer}, "Line": [line]}, headers=headers)
    assert made.status_code == 200, made.text
    answer = synced(desk)
    assert (answer["updated"], answer["deleted"]) == (0, 0)
    assert desk.shown(record)["invoice_id"] == invoice
