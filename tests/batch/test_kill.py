"""SIGKILL in the middle of a selection: one invoice a record, every record ends, nothing is counted twice."""

import contextlib
import threading
import time
from uuid import uuid4

import httpx
import pytest

pytestmark = [pytest.mark.kill, pytest.mark.timeout(240)]

STAGES = {
    "while the first record is read": "read",
    "while the invoices are planned": "prepare",
    "after the intents": "intent",
    "after the answer": "submit",
    "after it is decided": "commit",
    "after the first record is written": "writeback",
    "after the first intent has ended": "done",
}
BOUNDARIES = [*STAGES, "after the customers", "after the send"]
FIRST = 30
"""Records of the first batch call."""
SECONDS = 90


def click(desk, records, key):
    with contextlib.suppress(httpx.HTTPError):
        desk.app.batch("companies", records, key=key, confirm_recent=True)


def kill_at(theatre, boundary, desk, records, key, host):
    if boundary in STAGES:
        theatre.order(STAGES[boundary])
        click(desk, records, key)
        host.wait_dead()
    else:
        kill_during_a_call(theatre, desk, records, key, host)


def kill_during_a_call(theatre, desk, records, key, host):
    """The books commit the first batch and stay silent; the host is killed while it waits."""
    before = counted(desk)
    theatre.box.faults.add("quickbooks", "timeout", method="POST", path="/v3/company/*/batch", after_commit=True)
    clicking = threading.Thread(target=click, args=(desk, records, key))
    clicking.start()
    desk.eventually(lambda: counted(desk) == before + FIRST)
    host.kill()
    clicking.join()


def counted(desk):
    """Everything that a batch may make."""
    return len(desk.realm["customers"]) + len(desk.realm["invoices"])


def assert_made_once(desk, records, result, *, each=1):
    assert (result["created"], result["refused"], result["failed"]) == (len(records), 0, 0), result
    for record, told in zip(records, result["records"], strict=True):
        invoices = desk.invoices(record)
        assert len(invoices) == each
        assert told["invoice"]["id"] in {i["Id"] for i in invoices}
        desk.eventually(lambda r=record, t=told: desk.shown(r)["invoice_id"] == t["invoice"]["id"])
    usage = desk.app.read("usage").json()
    assert (usage["used"], usage["held"]) == (len(records) * each, 0), "each counted once, nothing held"


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_killed_selection_ends_with_one_invoice_each_when_the_click_is_repeated(theatre, boundary):
    theatre.box.limits(quickbooks=True, attio=True)  # calls of a new minute to spend
    first, second = theatre.start(), theatre.start()
    desk, key = theatre.desk(first), uuid4().hex
    records = [desk.new_company() for _ in range(FIRST + 5)]
    is_known = boundary == "after the send"
    if is_known:  # the first batch is the one of the invoices
        desk.batch(records)
    kill_at(theatre, boundary, desk, records, key, first)

    survivor = theatre.desk(second)
    survivor.names = desk.names
    result = survivor.batch(records, key=key, confirm_recent=True)
    assert_made_once(survivor, records, result, each=2 if is_known else 1)


def test_without_a_second_click_the_job_waits_for_tokens_and_any_call_brings_them(theatre):
    host = theatre.start()
    desk, key = theatre.desk(host), uuid4().hex
    records = [desk.new_company() for _ in range(5)]
    theatre.order("submit")
    answer = desk.app.batch("companies", records, key=key)
    assert answer.status_code == 202
    host.wait_dead()

    heir = theatre.desk_without_calls(theatre.start(), desk)
    time.sleep(8)  # the lease of the dead process ends, and its run is taken over by one that has no tokens
    accounting, heir.app.accounting = heir.app.accounting, None
    heir.eventually(lambda: heir.app.job(answer.json()["job_id"]).json()["state"] == "waiting_for_lease", SECONDS)
    assert all(heir.shown(record)["invoice_id"] is None for record in records)
    heir.app.accounting = accounting
    assert heir.app.read("usage").status_code == 200
    assert_made_once(heir, records, heir.ended(answer.json()["job_id"], SECONDS)["result"])
