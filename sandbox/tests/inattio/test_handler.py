"""The app's webhook handler: the host asks it for tokens, and it hands them over by a call of its own."""

import json
import time

import pytest

from attibooks_sandbox.inattio.handler import FUNCTION_SECONDS
from attibooks_sandbox.inattio.signing import callback_key, signature
from attibooks_sandbox.testing import ControlRefusedError

LEASE = "/api/attio/jobs/j1/lease"
JOB = b'{"job_id": "j1", "kind": "sync", "issued_at": "2026-11-27T00:00:00Z"}'


def call_back(desk, body=JOB, *, secret=None, at=None):
    path = f"/ui/hook/{desk.workspace['id']}"
    secret = secret or next(iter(desk.workspace["app_secrets"].values()))
    stamp = str(int(time.time()) if at is None else at)
    key = callback_key(secret, desk.workspace["id"])
    signed = signature(key, stamp, "POST", path, body, workspace=desk.workspace["id"])
    headers = {"X-AttiBooks-Timestamp": stamp, "X-AttiBooks-Signature": signed}
    return desk.http.post(f"{desk.box.url}{path}", content=body, headers=headers)


@pytest.fixture
def leasing(connected, host):
    """An app whose host takes leases."""
    host.tell("POST", LEASE, 204)
    yield connected
    connected.box.handler("answers")


def test_a_waiting_job_gets_tokens_and_settings_by_a_call_of_the_app(leasing, host):
    answer = call_back(leasing)
    assert (answer.status_code, answer.json()) == (202, {"lease": 204})
    (lease,) = host.calls(LEASE)
    assert lease.headers["authorization"] == f"Bearer {leasing.workspace['token']}"
    assert lease.headers["x-accounting-access-token"] == leasing.company["access_token"]
    assert json.loads(lease.body) == {"settings": leasing.shown()["settings"]}
    assert leasing.company["access_token"] not in answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "other"},
        {"at": 0},
        {"at": "soon"},
        {"body": b"{}"},
        {"body": b"no json"},
        {"body": b"[]"},
        {"body": b'{"job_id": 7}'},
    ],
)
def test_a_call_that_is_not_the_hosts_is_refused(leasing, host, wrong):
    answer = call_back(leasing, **wrong)
    assert (answer.status_code, answer.json()) == (401, {"code": "bad_signature"})
    assert host.calls(LEASE) == []


def test_the_same_request_twice_is_one_lease_and_another_request_of_the_job_is_another(leasing, host):
    call_back(leasing)
    assert call_back(leasing).json() == {"repeated": True}
    assert len(host.calls(LEASE)) == 1
    later = JOB.replace(b"00:00:00Z", b"00:05:00Z")
    assert call_back(leasing, later).json() == {"lease": 204}
    assert len(host.calls(LEASE)) == 2


def test_a_lease_that_the_host_did_not_take_may_be_asked_for_again(leasing, host):
    host.tell("POST", LEASE, (404, {"code": "job_not_found", "detail": "No such job."}), 204)
    assert call_back(leasing).json() == {"lease": 404}
    assert call_back(leasing).json() == {"lease": 204}


def test_an_unconnected_app_has_no_tokens_to_hand_over(desk, host):
    answer = call_back(desk)
    assert (answer.status_code, answer.json()) == (409, {"code": "not_connected"})
    assert host.asked == []


def test_a_connection_that_was_revoked_in_the_books_is_expired(leasing, host):
    company = leasing.company
    for token in leasing.box.run(lambda: list(leasing.box.app.world.quickbooks.tokens.values())):
        if (token.environment, token.realm) == (company["environment"], company["realm"]):
            leasing.box.token("quickbooks", access_token=token.value, active=False)
    answer = call_back(leasing)
    assert (answer.status_code, answer.json()) == (409, {"code": "connection_expired"})
    assert host.calls(LEASE) == []


@pytest.mark.parametrize(
    ("mode", "status", "facts", "pauses"),
    [
        ("expired", 409, {"code": "connection_expired"}, []),
        ("silent", 202, {}, []),
        ("fails", 500, {"code": "handler_failed"}, []),
        ("hangs", 504, {"code": "handler_timeout"}, [FUNCTION_SECONDS]),
        ("gone", 404, {"code": "handler_not_found"}, []),
    ],
)
def test_a_handler_in_trouble_hands_nothing_over_until_it_is_well_again(
    leasing, host, waits, mode, status, facts, pauses
):
    leasing.box.handler(mode)
    answer = call_back(leasing)
    assert (answer.status_code, answer.json(), waits) == (status, facts, pauses)
    assert host.calls(LEASE) == []
    leasing.box.handler("answers")
    assert call_back(leasing).json() == {"lease": 204}


def test_the_switch_is_on_the_page_and_a_reset_takes_it_back(leasing):
    pulse = f"{leasing.box.url}/ui/api/pulse"
    answer = leasing.http.put(f"{leasing.box.url}/ui/api/handler", json={"mode": "gone"})
    assert answer.json() == {"handler": "gone"} == {"handler": leasing.http.get(pulse).json()["handler"]}
    assert leasing.box.control("GET", "attio/handler") == {"mode": "gone"}
    leasing.box.reset()
    assert leasing.http.get(pulse).json()["handler"] == "answers"


def test_a_behaviour_that_there_is_not_is_refused(leasing):
    with pytest.raises(ControlRefusedError, match="mode"):
        leasing.box.handler("sulks")


def test_the_wire_shows_that_the_host_called_back(leasing):
    call_back(leasing)
    calls = leasing.http.get(f"{leasing.box.url}/ui/api/pulse").json()["host_calls"]
    asked, lease = calls[-2:]
    assert (asked["service"], asked["class"], asked["status"]) == ("app", "callback", 202)
    assert lease["path"] == LEASE
    shown = leasing.http.get(f"{leasing.box.url}/ui/api/calls/{asked['id']}").json()
    assert json.loads(shown["request_body"])["kind"] == "sync"
