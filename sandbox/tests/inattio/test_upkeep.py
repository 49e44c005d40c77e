"""What the app that the page plays does with invoices that exist: edit, void, sync, setup."""

import json

import pytest

INVOICES = "/api/attio/invoices"
LIVE, EDIT, VOID = (f"{INVOICES}/{verb}" for verb in ("live", "edit", "void"))
SYNC, SETUP = "/api/attio/sync", "/api/attio/invoice-object/setup"
INVOICE = {"id": "6", "number": "1004", "balance": "1250.00", "currency": "USD", "customer_name": "Northwind"}
CONFIRM = {"token": "t", "number": "1004", "customer_name": "Northwind", "total": "9.00", "balance": "9.00"}
SYNCED = {"updated": 3, "unchanged": 12, "deleted": 0, "errors": [], "complete": True, "skipped": None}


def on_record(desk, verb, **body):
    return desk.act(f"{desk.record}/{verb}", **body)


# the two actions on records of invoices (rows 112-126)


def test_the_live_invoice_is_a_read_with_the_settings_and_is_passed_on_as_it_is(connected, host):
    """Row 113: the dialog begins with the live invoice and its version."""
    live = {**INVOICE, "version": "3.a", "editable": {"lines": False}, "reasons": {"lines": "Partly paid."}}
    host.tell("POST", LIVE, (200, live))
    outcome = on_record(connected, "live")
    assert (outcome["ok"], outcome["toast"], outcome["body"]) == (True, None, live)
    (call,) = host.calls(LIVE)
    assert "idempotency-key" not in call.headers
    expected = {"object": "companies", "record_id": connected.record, "settings": connected.shown()["settings"]}
    assert json.loads(call.body) == expected


def test_an_edit_sends_the_version_and_only_what_was_changed(connected, host):
    """Row 117: submitting pushes to the books at once."""
    host.tell("POST", EDIT, (200, {"invoice": INVOICE}))
    outcome = on_record(connected, "edit", version="3.a", changes={"due_date": "2026-12-24", "memo": None})
    assert outcome["toast"] == {"kind": "success", "title": "Invoice 1004 changed", "text": "1,250.00 USD due."}
    (call,) = host.calls(EDIT)
    body = json.loads(call.body)
    assert (body["version"], body["due_date"], body["memo"], "lines" in body) == ("3.a", "2026-12-24", None, False)
    assert (body["object"], body["record_id"]) == ("companies", connected.record)
    assert call.headers["idempotency-key"] == outcome["key"]


def test_a_conflict_brings_the_version_of_the_books(connected, host):
    """Row 118: both versions can be shown."""
    current = {**INVOICE, "version": "4.b", "memo": "Theirs"}
    host.tell("POST", EDIT, (409, {"code": "conflict", "detail": "It was changed meanwhile.", "current": current}))
    outcome = on_record(connected, "edit", version="3.a", changes={"memo": "Mine"})
    assert (outcome["ok"], outcome["code"], outcome["body"]["current"]) == (False, "conflict", current)
    assert outcome["toast"]["text"] == "It was changed meanwhile."
    assert len(host.calls(EDIT)) == 1


def test_an_edit_whose_answer_was_lost_is_repeated_as_the_same_click(connected, host):
    host.tell("POST", EDIT, None, (200, {"invoice": INVOICE}))
    assert on_record(connected, "edit", version="1", changes={"memo": "x"}, key="click")["ok"]
    assert [call.headers["idempotency-key"] for call in host.calls(EDIT)] == ["click", "click"]


def test_a_void_asks_first_and_its_second_step_brings_the_token(connected, host):
    """Row 121: two steps."""
    host.tell("POST", VOID, (200, {"confirm": CONFIRM}), (200, {"invoice": INVOICE, "already_voided": False}))
    asked = on_record(connected, "void")
    assert (asked["ok"], asked["toast"], asked["body"]["confirm"]) == (True, None, CONFIRM)
    done = on_record(connected, "void", confirm_token="t")
    assert done["toast"]["title"] == "Invoice 1004 voided"
    first, second = host.calls(VOID)
    assert "confirm_token" not in json.loads(first.body)
    assert json.loads(second.body)["confirm_token"] == "t"
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


def test_an_invoice_that_is_voided_already_is_told_at_once(connected, host):
    """Row 125: void twice."""
    host.tell("POST", VOID, (200, {"invoice": INVOICE, "already_voided": True}))
    toast = on_record(connected, "void")["toast"]
    assert toast == {"kind": "neutral", "title": "Invoice 1004 is already voided", "text": "Nothing was changed."}


@pytest.mark.parametrize(("verb", "title"), [("live", "The invoice cannot be shown"), ("void", "Invoice not voided")])
def test_a_refusal_of_an_action_is_told_in_the_hosts_words(connected, host, verb, title):
    host.tell("POST", f"{INVOICES}/{verb}", (404, {"code": "invoice_not_found", "detail": "It has no invoice."}))
    outcome = on_record(connected, verb)
    assert outcome["toast"] == {"kind": "error", "title": title, "text": "It has no invoice."}
    assert outcome["code"] == "invoice_not_found"


# the sync (rows 134, 135, 138)


@pytest.mark.parametrize(
    ("answer", "toast"),
    [
        ({}, ("success", "Invoices synced", "3 updated, 12 unchanged, 0 errors.")),
        ({"deleted": 2}, ("success", "Invoices synced", "3 updated, 12 unchanged, 2 deleted, 0 errors.")),
        (
            {"errors": [{"message": "Invoice 7 waits."}]},
            ("warning", "Invoices synced", "3 updated, 12 unchanged, 1 error. Invoice 7 waits."),
        ),
        (
            {"errors": [{"message": f"{n}."} for n in range(5)]},
            ("warning", "Invoices synced", "3 updated, 12 unchanged, 5 errors. 0. 1. 2. And 2 more."),
        ),
        (
            {"complete": False},
            (
                "warning",
                "Invoices synced",
                "3 updated, 12 unchanged, 0 errors. Deletions of that time may be incomplete.",
            ),
        ),
        ({"skipped": "Set a writeback field."}, ("warning", "Nothing was synced", "Set a writeback field.")),
    ],
)
def test_sync_now_says_how_many_of_what_or_why_nothing_ran(connected, host, answer, toast):
    """Rows 134 and 138: n updated, n unchanged, n errors, or why nothing ran."""
    host.tell("POST", SYNC, (200, {**SYNCED, **answer}))
    outcome = connected.press("sync")
    assert tuple(outcome["toast"].values()) == toast
    (call,) = host.calls(SYNC)
    assert json.loads(call.body) == {"settings": connected.shown()["settings"]}
    assert call.headers["idempotency-key"]


def test_a_sync_that_takes_long_is_followed_to_its_end(connected, host):
    host.tell("POST", SYNC, (202, {"job_id": "s1"}), (200, SYNCED))
    host.tell("GET", "/api/attio/jobs/s1", (200, {"state": "running"}), (200, {"state": "succeeded"}))
    assert connected.press("sync")["toast"]["title"] == "Invoices synced"
    assert len(host.calls("/api/attio/jobs/s1")) == 2


def test_a_sync_without_a_usable_connection_says_what_to_do(connected, host):
    host.tell("POST", SYNC, (424, {"code": "reconnect_needed", "detail": "Connect QuickBooks again."}))
    toast = connected.press("sync")["toast"]
    assert toast == {"kind": "error", "title": "Invoices not synced", "text": "Connect QuickBooks again."}


# the invoice object (rows 92, 94, 97)


@pytest.mark.parametrize(
    ("answer", "title", "text"),
    [
        (
            {"created": ["number", "status"], "unchanged": ["memo"], "repaired": [], "already_set_up": False},
            "Invoice object set up",
            "The object `invoices`: 2 created, 0 repaired, 1 unchanged.",
        ),
        (
            {"created": [], "unchanged": ["memo"], "repaired": [], "already_set_up": True},
            "Already set up",
            "The object `invoices` has all that it needs.",
        ),
    ],
)
def test_run_setup_says_what_it_made(connected, host, answer, title, text):
    """Row 92: created, or already set up."""
    host.tell("POST", SETUP, (200, {"object": "invoices", **answer}))
    assert connected.press("setup")["toast"] == {"kind": "success", "title": title, "text": text}


def test_conflicts_of_a_setup_are_named_one_by_one(connected, host):
    """Row 94: conflicts are listed."""
    problems = [
        {"field": "total", "message": "`total` is a text."},
        {"field": "status", "message": "`status` is a date."},
    ]
    host.tell("POST", SETUP, (409, {"code": "setup_conflict", "detail": "Nothing was changed.", "problems": problems}))
    outcome = connected.press("setup")
    assert outcome["toast"]["text"] == "Nothing was changed. `total` is a text. `status` is a date."
    assert outcome["body"]["problems"] == problems


UNCONNECTED = {
    "live": lambda desk: on_record(desk, "live"),
    "edit": lambda desk: on_record(desk, "edit", version="1", changes={}),
    "void": lambda desk: on_record(desk, "void"),
    "sync": lambda desk: desk.press("sync"),
    "setup": lambda desk: desk.press("setup"),
}


@pytest.mark.parametrize("action", UNCONNECTED)
def test_without_a_connection_no_action_is_sent(desk, host, action):
    outcome = UNCONNECTED[action](desk)
    assert (outcome["ok"], outcome["code"], outcome["connect"]) == (False, "not_connected", True)
    assert host.asked == []
