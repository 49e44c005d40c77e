"""SIGKILL at every step boundary of an edit and of a void: one step of the version per intent, shown on the record."""

import contextlib
import threading
import time
from uuid import uuid4

import httpx
import pytest

pytestmark = [pytest.mark.kill, pytest.mark.timeout(180)]

CHANGES = ["edit", "void"]
BOUNDARIES = ["before the write", "after the commit", "after the answer", "after the writeback"]
STAGES = {"before the write": "intent", "after the answer": "submit", "after the writeback": "writeback"}
TERMINAL_SECONDS = 60
MEMO = "Changed once"


def body_of(desk, change, record):
    """What the click says; the same at every repeat."""
    if change == "edit":
        return {"version": desk.live(record)["version"], "memo": MEMO, "due_date": "2027-03-01"}
    return {"confirm_token": desk.confirm(record)["token"]}


def click(desk, change, record, key, body):
    return getattr(desk.app, change)("companies", record, key=key, **body)


def click_until_dead(desk, change, record, key, body, host):
    """Click; the host dies under it."""
    with contextlib.suppress(httpx.HTTPError):
        click(desk, change, record, key, body)
    host.wait_dead()


def kill_at(theatre, boundary, desk, change, record, key, body, host):
    if boundary in STAGES:
        theatre.order(STAGES[boundary])
        click_until_dead(desk, change, record, key, body, host)
        return
    theatre.box.faults.add("quickbooks", "timeout", method="POST", path="/v3/company/*/invoice", after_commit=True)
    clicking = threading.Thread(target=click_until_dead, args=(desk, change, record, key, body, host))
    clicking.start()
    desk.eventually(lambda: desk.invoice(record)["SyncToken"] == "1")
    host.kill()
    clicking.join()


def assert_changed_once(desk, change, record, answer):
    assert answer.status_code == 200, answer.text
    invoice = desk.invoice(record)
    assert invoice["SyncToken"] == answer.json()["invoice"]["version"] == "1", "one step, never two"
    if change == "edit":
        assert (invoice["CustomerMemo"], invoice["DueDate"]) == ({"value": MEMO}, "2027-03-01")
    else:
        assert answer.json()["invoice"]["status"] == "Voided"
        assert invoice["TotalAmt"] == 0
        desk.eventually(lambda: desk.shown(record)["invoice_status"] == "Voided", 5)
    used = desk.app.read("usage").json()
    assert (used["used"], used["held"]) == (1, 0), "a change counts nothing"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_killed_change_is_made_once_when_the_click_is_repeated(theatre, boundary, change, kill_round, tally):
    """Rows 117, 122: whatever dies, the same click leads to one change."""
    first, second = theatre.start(), theatre.start()
    desk, key = theatre.desk(first), uuid4().hex
    record = desk.new_company()
    assert desk.click(record).status_code == 201
    body = body_of(desk, change, record)
    kill_at(theatre, boundary, desk, change, record, key, body, first)

    survivor = theatre.desk(second)
    survivor.names = desk.names
    started = time.monotonic()
    answer = survivor.until_final(lambda: click(survivor, change, record, key, body))
    seconds = time.monotonic() - started
    assert seconds <= TERMINAL_SECONDS
    assert_changed_once(survivor, change, record, answer)
    tally(f"{change}, {boundary}", seconds)


@pytest.mark.parametrize("change", CHANGES)
def test_without_a_second_click_it_waits_for_tokens_and_any_call_brings_them(theatre, change, kill_round, tally):
    """Rows 119, 123: nobody clicks again, and the change still ends and is shown."""
    host = theatre.start()
    desk, key = theatre.desk(host), uuid4().hex
    record = desk.new_company()
    assert desk.click(record).status_code == 201
    body = body_of(desk, change, record)
    kill_at(theatre, "after the commit", desk, change, record, key, body, host)

    heir = theatre.desk_without_calls(theatre.start(), desk)
    theatre.wait_until_waiting(60)
    started = time.monotonic()
    assert heir.app.read("usage").status_code == 200
    says = {"edit": "was edited", "void": "was voided"}[change]
    heir.eventually(lambda: says in heir.trail(record)[-1]["summary"], TERMINAL_SECONDS)
    seconds = time.monotonic() - started
    assert_changed_once(heir, change, record, click(heir, change, record, key, body))
    tally(f"{change}, no second click", seconds)
