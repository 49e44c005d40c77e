"""The app in Attio that the page plays: signed calls, patience, words, and what it keeps."""

import hashlib
import hmac
import json

import pytest

from attibooks_sandbox.inattio.line import pause_after
from attibooks_sandbox.inattio.signing import callback_key, signature
from attibooks_sandbox.inattio.transport import Answer

INSTALLATIONS, STATUS, SETTINGS, INVOICES = (
    f"/api/attio/{name}" for name in ("installations", "connection/status", "settings", "invoices")
)
CUT = None
"""The scripted answer that never comes: the connection is cut."""


# signing


def test_calls_are_signed_as_the_contract_of_the_host_says():
    assert (
        signature(
            b"s3cret",
            "1763870000",
            "POST",
            INVOICES,
            b'{"a":1}',
            workspace="ws-1",
            user="user-1",
            key="key-1",
            accounting_token="token-1",
        )
        == "442825f92ed329a8bd51f81fb34382858f868cc616db5eed159c99195a7c08f9"
    )
    assert (
        signature(b"s3cret", "1763870000", "GET", SETTINGS, b"")
        == "b10c0ca890624c7d604cd469d4184a7ffeac9dfd81a6c5d81d158a5cb2db8edd"
    )
    back = signature(callback_key("s3cret", "ws-1"), "1763870000", "POST", "/hook/abc", b'{"a":1}', workspace="ws-1")
    assert back == "480707bf56cfce6938681e51545133cff4cfba7e755fa645aa078205c5b9ef7c"


def test_a_change_carries_tokens_user_and_key_and_a_read_no_key(connected, host):
    key_id, secret = next(iter(connected.workspace["app_secrets"].items()))
    call = host.calls(SETTINGS)[0]
    assert call.headers["authorization"] == f"Bearer {connected.workspace['token']}"
    assert call.headers["x-accounting-access-token"] == connected.company["access_token"]
    assert call.headers["x-attibooks-workspace"] == connected.workspace["id"]
    assert call.headers["x-attibooks-key-id"] == key_id
    lines = [
        "v1",
        call.headers["x-attibooks-timestamp"],
        call.method,
        call.path,
        call.headers["x-attibooks-workspace"],
        call.headers["x-attio-user-id"],
        call.headers["idempotency-key"],
        hashlib.sha256(call.headers["x-accounting-access-token"].encode()).hexdigest(),
        hashlib.sha256(call.body).hexdigest(),
    ]
    expected = hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    assert call.headers["x-attibooks-signature"] == expected
    assert "idempotency-key" not in host.calls(STATUS)[0].headers


# the connection


def test_connecting_installs_stores_and_checks(desk, host):
    outcome = desk.connect()
    assert [call.path for call in host.asked] == [INSTALLATIONS, SETTINGS, STATUS]
    assert outcome["toast"] == {
        "kind": "success",
        "title": "Connected to Bluebird Studio",
        "text": "QuickBooks Company ID 4620816365002718390 (sandbox).",
    }
    installed = json.loads(host.asked[0].body)
    assert installed["callback_url"] == f"{desk.box.url}/ui/hook/{desk.workspace['id']}"
    stored = json.loads(host.asked[1].body)["settings"]
    assert (stored["environment"], stored["qbo_company_id"]) == ("sandbox", desk.company["realm"])
    assert desk.shown()["company"]["name"] == "Bluebird Studio"


def test_a_refused_installation_leaves_nothing_connected(desk, host):
    host.tell("POST", INSTALLATIONS, (401, {"code": "bad_signature", "detail": "The signature is wrong."}))
    outcome = desk.connect()
    assert (outcome["ok"], outcome["code"]) == (False, "bad_signature")
    assert outcome["toast"] == {"kind": "error", "title": "Not connected", "text": "The signature is wrong."}
    assert desk.shown()["company"] is None


def test_a_connection_that_does_not_hold_says_why(desk, host):
    host.tell("POST", STATUS, (200, {"connected": False, "message": "QuickBooks revoked the token."}))
    toast = desk.connect()["toast"]
    assert toast == {"kind": "error", "title": "Not connected", "text": "QuickBooks revoked the token."}


def test_disconnecting_forgets_the_company(connected, host):
    host.tell("DELETE", INSTALLATIONS, 204)
    assert connected.press("disconnect")["toast"]["title"] == "Disconnected"
    assert connected.shown()["company"] is None


def test_a_refused_disconnection_keeps_the_company(connected, host):
    host.tell("DELETE", INSTALLATIONS, (409, {"code": "busy", "detail": "An operation runs."}))
    toast = connected.press("disconnect")["toast"]
    assert toast == {"kind": "error", "title": "Still connected", "text": "An operation runs."}
    assert connected.shown()["company"]["realm"] == connected.company["realm"]


UNCONNECTED = {
    "status": lambda desk: desk.press("status"),
    "create": lambda desk: desk.create(),
    "preview": lambda desk: desk.preview(),
    "batch": lambda desk: desk.act("batch", record_ids=[desk.record]),
}


@pytest.mark.parametrize("button", UNCONNECTED)
def test_without_a_connection_nothing_is_sent(desk, host, button):
    outcome = UNCONNECTED[button](desk)
    assert (outcome["ok"], outcome["code"], outcome["connect"]) == (False, "not_connected", True)
    assert outcome["toast"]["text"].endswith("Connect QuickBooks first.")
    assert host.asked == []


# the action


def test_a_created_invoice_is_confirmed_with_its_number(connected, host):
    """Row 103: the toast confirms the number."""
    host.tell("POST", INVOICES, (201, connected.CREATED))
    outcome = connected.create()
    assert outcome["toast"] == {
        "kind": "success",
        "title": "Invoice 1004 created",
        "text": "2,500.00 USD for Northwind.",
    }
    (call,) = host.calls(INVOICES)
    body = json.loads(call.body)
    assert (body["object"], body["record_id"]) == ("companies", connected.record)
    assert body["settings"] == connected.shown()["settings"]
    assert call.headers["idempotency-key"] == outcome["key"]


def test_an_invoice_without_a_number_is_confirmed_with_its_id(connected, host):
    host.tell(
        "POST", INVOICES, (201, {**connected.CREATED, "invoice": {**connected.CREATED["invoice"], "number": None}})
    )
    assert connected.create()["toast"]["title"] == "Invoice 6 created"


def test_what_the_record_does_not_show_makes_the_toast_a_warning(connected, host):
    host.tell("POST", INVOICES, (201, {**connected.CREATED, "writeback": {"state": "parked", "problems": []}}))
    toast = connected.create()["toast"]
    assert (toast["kind"], toast["title"]) == ("warning", "Invoice 1004 created")
    assert "the record shows them as soon as it does" in toast["text"]


def test_a_warning_of_the_host_is_told_and_the_toast_stays_a_success(connected, host):
    host.tell("POST", INVOICES, (201, {**connected.CREATED, "warnings": [{"message": "Not e-mailed: no address."}]}))
    toast = connected.create()["toast"]
    assert toast["kind"] == "success"
    assert toast["text"] == "2,500.00 USD for Northwind. Not e-mailed: no address."


def test_a_refusal_is_shown_in_the_hosts_own_words(connected, host):
    host.tell("POST", INVOICES, (422, {"code": "invalid_draft", "detail": "There is no rate."}))
    outcome = connected.create()
    assert outcome["toast"] == {"kind": "error", "title": "Invoice not created", "text": "There is no rate."}
    assert (outcome["status"], outcome["code"]) == (422, "invalid_draft")
    assert len(host.calls(INVOICES)) == 1


def test_a_recent_invoice_is_a_question_and_its_confirmation_is_another_click(connected, host):
    host.tell(
        "POST", INVOICES, (409, {"code": "recent_invoice", "detail": "Invoice 1004 is new."}), (201, connected.CREATED)
    )
    asked = connected.create()
    assert (asked["question"], asked["toast"]) == ("Invoice 1004 is new.", None)
    assert connected.create(confirm_recent=True)["ok"]
    first, second = host.calls(INVOICES)
    assert "confirm_recent" not in json.loads(first.body)
    assert json.loads(second.body)["confirm_recent"] is True
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


@pytest.mark.parametrize("trouble", [CUT, 500, (503, {}, {"Retry-After": "2"}), (429, {}, {"Retry-After": "99"})])
def test_trouble_that_may_pass_is_repeated_with_the_same_key_and_body(connected, host, waits, trouble):
    host.tell("POST", INVOICES, trouble, trouble, (201, connected.CREATED))
    assert connected.create()["ok"]
    calls = host.calls(INVOICES)
    assert len(calls) == 3
    assert len({(call.headers["idempotency-key"], call.body) for call in calls}) == 1
    expected = {503: [2.0, 2.0], 429: [5.0, 5.0]}
    assert waits == expected.get(trouble[0] if isinstance(trouble, tuple) else 0, [0.5, 1.0])


def test_trouble_that_stays_is_an_error_after_five_attempts(connected, host):
    host.tell("POST", INVOICES, (503, {"code": "attio_down", "detail": "Attio does not answer."}))
    assert connected.create()["toast"]["text"] == "Attio does not answer."
    assert len(host.calls(INVOICES)) == 5


def test_a_host_that_says_nothing_is_an_error_that_does_not_promise_anything(connected, host):
    host.tell("POST", INVOICES, CUT)
    outcome = connected.create()
    assert outcome["code"] == "answer_lost"
    assert "may be done; look before you ask again." in outcome["toast"]["text"]


def test_a_host_that_is_not_there_is_named_with_the_way_to_start_it(connected, host):
    host.close()
    outcome = connected.create()
    assert outcome["code"] == "host_absent"
    assert (
        outcome["toast"]["text"]
        == f"The host does not answer at {connected.box.app.host_url}. Start it with: make demo"
    )
    assert connected.http.get(f"{connected.box.url}/ui/api/host").json() == {"url": host.url, "answers": False}


def test_an_operation_that_takes_long_is_followed_to_its_end(connected, host):
    host.tell("POST", INVOICES, (202, {"job_id": "j1"}), (201, connected.CREATED))
    host.tell("GET", "/api/attio/jobs/j1", (200, {"state": "running"}), (200, {"state": "succeeded"}))
    assert connected.create()["toast"]["title"] == "Invoice 1004 created"
    assert len(host.calls("/api/attio/jobs/j1")) == 2
    assert len({call.headers["idempotency-key"] for call in host.calls(INVOICES)}) == 1


def test_the_key_of_a_click_repeats_that_click(connected, host):
    host.tell("POST", INVOICES, (201, connected.CREATED))
    key = connected.create()["key"]
    assert connected.create(key=key)["key"] == key


def test_an_answer_that_is_no_json_is_a_refusal_by_its_status(connected, host):
    host.tell("POST", INVOICES, (418, "teapot"))
    assert connected.create()["toast"]["text"] == "The host answered with status 418."


def test_pauses_follow_the_answer():
    def answer(status, **headers):
        return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")

    assert pause_after(answer(201), 1) is None
    assert pause_after(answer(422), 1) is None
    assert [pause_after(None, attempt) for attempt in (1, 2, 3, 9)] == [0.5, 1.0, 2.0, 5.0]
    assert pause_after(answer(429, retry_after="3"), 1) == 3.0
    assert pause_after(answer(503, retry_after="Wed, 01 Jan 2025 00:00:00 GMT"), 1) == 0.5


# settings


def test_settings_that_the_host_refuses_are_not_kept(connected, host):
    before = connected.shown()["settings"]
    problems = [{"field": "template_rate", "message": "It has to be a number.", "fix": "", "severity": "error"}]
    host.tell("PUT", SETTINGS, (422, {"code": "invalid_settings", "detail": "Rate.", "problems": problems}))
    outcome = connected.press("settings", {"settings": {"template_rate": "x"}}, method="PUT")
    assert (outcome["ok"], outcome["body"]["problems"]) == (False, problems)
    assert connected.shown()["settings"] == before


def test_settings_that_the_host_takes_are_kept_as_it_gives_them(connected, host):
    warning = {"field": "source_rate", "message": "No object has `rat`.", "fix": "", "severity": "warning"}
    host.tell("PUT", SETTINGS, (200, {"settings": {"source_rate": "rat"}, "sections": [], "problems": [warning]}))
    outcome = connected.press("settings", {"settings": {"source_rate": " rat "}}, method="PUT")
    assert outcome["toast"] == {"kind": "warning", "title": "Settings saved", "text": "No object has `rat`."}
    assert connected.shown()["settings"] == {"source_rate": "rat"}


def test_settings_and_usage_are_passed_on(connected, host):
    host.tell("GET", SETTINGS, (200, {"settings": {}, "sections": [{"number": 1}], "problems": []}))
    billing = {"name": "billing", "ok": True, "detail": "This workspace has Pro.", "fix": None}
    host.tell("POST", "/api/attio/usage", (200, {"plan": "pro", "used": 3}))
    host.tell("POST", "/api/attio/health", (200, {"checks": [{**billing, "name": "sync"}, billing]}))
    assert connected.press("settings", method="GET")["body"]["sections"] == [{"number": 1}]
    assert connected.press("usage", method="GET")["body"] == {"plan": "pro", "used": 3}
    assert connected.press("standing", method="GET")["body"] == {"standing": billing}


@pytest.mark.parametrize(("button", "route"), [("checkout", "billing/checkout"), ("portal", "billing/portal")])
def test_a_page_of_the_seller_is_asked_for_with_the_way_back(connected, host, button, route):
    host.tell("POST", f"/api/attio/{route}", (200, {"url": "http://127.0.0.1/pay"}))
    outcome = connected.press(button, {"return_to": "http://127.0.0.1/#crm=settings"})
    assert (outcome["ok"], outcome["toast"], outcome["body"]) == (True, None, {"url": "http://127.0.0.1/pay"})
    (call,) = host.calls(f"/api/attio/{route}")
    assert json.loads(call.body) == {"return_to": "http://127.0.0.1/#crm=settings"}
    assert call.headers["idempotency-key"]


def test_a_page_that_the_seller_does_not_give_is_told_of(connected, host):
    host.tell(
        "POST", "/api/attio/billing/checkout", (404, {"code": "not_found", "detail": "This host sells no plans."})
    )
    outcome = connected.press("checkout", {"return_to": "http://127.0.0.1/"})
    assert outcome["toast"]["title"] == "The page to upgrade on cannot be opened"
    assert outcome["toast"]["text"] == "This host sells no plans."


def test_a_call_bears_the_time_of_a_host_whose_clock_is_ahead(connected, host):
    host.tell("POST", "/api/attio/usage", (200, {"plan": "free", "used": 3}))
    connected.press("usage", method="GET")
    connected.box.app.page.player.clock_offset = 3600
    connected.press("usage", method="GET")
    now, later = (int(call.headers["x-attibooks-timestamp"]) for call in host.calls("/api/attio/usage"))
    assert 3600 <= later - now < 3700


def test_a_reset_of_the_sandbox_forgets_connection_and_settings(connected):
    connected.box.reset()
    assert connected.shown()["company"] is None
    assert "qbo_company_id" not in connected.shown()["settings"]


# the wire


def test_the_wire_lists_each_attempt_and_hides_the_tokens(connected, host):
    host.tell("POST", INVOICES, 500, (201, connected.CREATED))
    connected.create()
    pulse = connected.http.get(f"{connected.box.url}/ui/api/pulse").json()
    calls = [each for each in pulse["host_calls"] if each["path"] == INVOICES]
    assert [(each["status"], each["class"]) for each in calls] == [(500, "change"), (201, "change")]
    shown = connected.http.get(f"{connected.box.url}/ui/api/calls/{calls[0]['id']}").text
    assert connected.record in shown
    secrets = [connected.workspace["token"], connected.company["access_token"]]
    assert [each for each in secrets if each in shown] == []
