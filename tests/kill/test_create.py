"""SIGKILL at every step boundary of a create: exactly one invoice per intent, every intent ends, the record is written."""

import contextlib
import threading
import time
from uuid import uuid4

import httpx
import pytest

pytestmark = [pytest.mark.kill, pytest.mark.timeout(180)]

BOUNDARIES = ["before the intent", "after the intent", "after the send", "after the answer", "after the writeback"]
STAGES = {
    "before the intent": "prepare",
    "after the intent": "intent",
    "after the answer": "submit",
    "after the writeback": "writeback",
}
TERMINAL_SECONDS = 60


def click_until_dead(desk, record, key, host):
    """Click; the host dies under it."""
    with contextlib.suppress(httpx.HTTPError):
        desk.create(record, key=key)
    host.wait_dead()


def kill_at(theatre, boundary, desk, record, key, host):
    if boundary == "after the send":
        kill_after_the_send(theatre, desk, record, key, host)
    else:
        theatre.order(STAGES[boundary])
        click_until_dead(desk, record, key, host)


def kill_after_the_send(theatre, desk, record, key, host):
    """The books commit and stay silent; the host is killed while it waits."""
    theatre.box.faults.add("quickbooks", "timeout", method="POST", path="/v3/company/*/invoice", after_commit=True)
    clicking = threading.Thread(target=click_until_dead, args=(desk, record, key, host))
    clicking.start()
    desk.eventually(lambda: len(desk.invoices(record)) == 1)
    host.kill()
    clicking.join()


def assert_made_once(desk, record, answer):
    assert answer.status_code == 201, answer.text
    (invoice,) = desk.invoices(record)
    assert answer.json()["invoice"]["id"] == invoice["Id"]
    desk.eventually(lambda: desk.shown(record)["invoice_id"] == invoice["Id"], 5)
    used = desk.app.read("usage").json()
    assert (used["used"], used["held"]) == (1, 0), "counted once, nothing held"


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_killed_create_makes_one_invoice_when_the_click_is_repeated(theatre, boundary, kill_round, tally):
    first, second = theatre.start(), theatre.start()
    desk, record, key = theatre.desk(first), None, uuid4().hex
    record = desk.new_company()
    kill_at(theatre, boundary, desk, record, key, first)

    survivor = theatre.desk(second)
    survivor.names = desk.names
    started = time.monotonic()
    answer = survivor.click(record, key=key)
    seconds = time.monotonic() - started
    assert seconds <= TERMINAL_SECONDS
    assert_made_once(survivor, record, answer)
    tally(boundary, seconds)


@pytest.mark.parametrize("boundary", ["after the intent", "after the send", "after the answer"])
def test_without_a_second_click_it_waits_for_tokens_and_any_call_brings_them(theatre, boundary, kill_round, tally):
    host = theatre.start()
    desk = theatre.desk(host)
    record, key = desk.new_company(), uuid4().hex
    kill_at(theatre, boundary, desk, record, key, host)

    heir = theatre.desk_without_calls(theatre.start(), desk)
    theatre.wait_until_waiting(60)
    started = time.monotonic()
    assert heir.app.read("usage").status_code == 200
    heir.eventually(lambda: heir.shown(record)["invoice_id"], TERMINAL_SECONDS)
    seconds = time.monotonic() - started
    assert_made_once(heir, record, heir.click(record, key=key))
    tally(f"{boundary}, no second click", seconds)


def test_a_host_alone_restarts_and_goes_on(theatre, kill_round):
    host = theatre.start()
    desk = theatre.desk(host)
    record, key = desk.new_company(), uuid4().hex
    kill_at(theatre, "after the send", desk, record, key, host)
    again = theatre.desk(theatre.start())
    again.names = desk.names
    assert_made_once(again, record, again.click(record, key=key))


def test_a_polite_stop_finishes_what_is_running(theatre):
    host = theatre.start()
    desk = theatre.desk(host)
    record = desk.new_company()
    theatre.box.faults.add("quickbooks", "slow", method="POST", path="/v3/company/*/invoice", seconds=1.5)
    clicking = threading.Thread(target=lambda: contextlib.suppress(httpx.HTTPError).__enter__() or desk.create(record))
    clicking.start()
    desk.eventually(lambda: len(desk.invoices(record)) == 1)
    host.stop()
    clicking.join()
    desk.eventually(lambda: desk.shown(record)["invoice_id"], 5)
