"""Who may call: forged, stale, replayed, foreign and half-made calls."""

import json
import time
from uuid import uuid4

import pytest


def send(desk, *, tamper=None, method="POST", target="/api/attio/invoices", body=None, at=None, key="default"):
    """A create whose headers or body were tampered with after signing."""
    content = json.dumps(
        body if body is not None else {"object": "companies", "record_id": desk.new_company()}
    ).encode()
    key = uuid4().hex if key == "default" else key
    headers = desk.app.headers(method, target, content, key=key, at=at)
    for name, value in (tamper or {}).items():
        headers.pop(name) if value is None else headers.update({name: value})
    return desk.app.http.request(method, target, content=content, headers=headers)


FORGERIES = {
    "another signature": {"X-AttiBooks-Signature": "0" * 64},
    "no signature": {"X-AttiBooks-Signature": None},
    "an unknown key id": {"X-AttiBooks-Key-Id": "key-1999"},
    "another user": {"X-Attio-User-Id": "somebody-else"},
    "another idempotency key": {"Idempotency-Key": "other"},
    "another accounting token": {"X-Accounting-Access-Token": "other"},
    "a timestamp that is none": {"X-AttiBooks-Timestamp": "1e9"},
    "no timestamp": {"X-AttiBooks-Timestamp": None},
    "no bearer": {"Authorization": None},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_call_reads_and_writes_nothing(desk, forgery):
    desk.box.clear_calls()
    record = desk.new_company()
    before = len(desk.box.calls())
    answer = send(desk, tamper=FORGERIES[forgery], body={"object": "companies", "record_id": record})
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert len(desk.box.calls()) == before
    assert desk.invoices(record) == []


@pytest.mark.parametrize("offset", [-301, 301])
def test_a_stale_call_is_refused(desk, offset):
    answer = send(desk, at=time.time() + offset)
    assert (answer.status_code, answer.json()["code"]) == (401, "stale_timestamp")


def test_another_key_of_the_app_is_as_good(desk):
    secrets = desk.box.workspace["app_secrets"]
    desk.app.key_id, desk.app.secret = list(secrets.items())[1]
    assert desk.create(desk.new_company()).status_code == 201


def test_a_captured_call_sent_again_repeats_its_answer(desk):
    record = desk.new_company()
    content = json.dumps({"object": "companies", "record_id": record, "settings": desk.app.settings}).encode()
    headers = desk.app.headers("POST", "/api/attio/invoices", content, key=uuid4().hex)
    answers = [desk.app.http.post("/api/attio/invoices", content=content, headers=headers) for _ in range(3)]
    assert [a.status_code for a in answers] == [201] * 3
    assert len({a.content for a in answers}) == 1
    assert len(desk.invoices(record)) == 1


def test_a_token_of_another_workspace_is_refused(desk):
    other = desk.box.world["attio"]["workspaces"][1]
    desk.app.token = other["token"]
    answer = send(desk)
    assert (answer.status_code, answer.json()["code"]) == (401, "workspace_mismatch")


def test_a_revoked_token_of_attio_is_refused(desk):
    desk.app.token = desk.box.token("attio", workspace=desk.app.workspace)
    desk.box.token("attio", workspace=desk.app.workspace, access_token=desk.app.token, active=False)
    answer = send(desk)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_inactive")


def test_attio_that_cannot_be_asked_is_no_verdict(desk):
    desk.app.token = desk.box.token("attio", workspace=desk.app.workspace)
    desk.box.faults.add("attio", "status", path="/v2/self", status=503, times=None)
    answer = send(desk)
    assert (answer.status_code, answer.json()["code"]) == (503, "attio_down")


def test_a_missing_scope_is_named(desk):
    record = desk.new_company()
    desk.app.token = desk.box.token("attio", workspace=desk.app.workspace, scopes=["object_configuration:read"])
    answer = desk.create(record)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")
    assert "Records" in answer.json()["detail"]


def test_a_change_without_a_key_is_refused(desk):
    answer = send(desk, key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


def test_an_absent_workspace_header_means_the_tokens_workspace(desk):
    workspace, desk.app.workspace = desk.app.workspace, ""
    content = b"{}"
    headers = desk.app.headers("POST", "/api/attio/usage", content)
    del headers["X-AttiBooks-Workspace"]
    answer = desk.app.http.post("/api/attio/usage", content=content, headers=headers)
    assert answer.status_code == 200
    desk.app.workspace = workspace


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"object": 5}',
        b'{"object":"deals"}',
        b'{"object":"a/b","record_id":"x"}',
        b"\xff",
        b'{"object":"deals","record_id":"x","typo":1}',
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_a_sentence(desk, body):
    headers = desk.app.headers("POST", "/api/attio/invoices", body, key=uuid4().hex)
    answer = desk.app.http.post("/api/attio/invoices", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_over_a_mebibyte_is_refused(desk):
    body = json.dumps({"object": "deals", "record_id": "x", "settings": {"a": "x" * (1 << 20)}}).encode()
    headers = desk.app.headers("POST", "/api/attio/invoices", body, key=uuid4().hex)
    answer = desk.app.http.post("/api/attio/invoices", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_unknown_paths_and_methods_are_problems_too(desk):
    missing = desk.app.call("GET", "nothing-here")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    wrong = desk.app.call("PATCH", "invoices", {})
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")


def test_a_workspace_that_did_not_install_is_told_so(desk):
    other = desk.box.world["attio"]["workspaces"][1]
    desk.app.workspace, desk.app.token = other["id"], other["token"]
    answer = desk.create("no-matter")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_installed")
    assert desk.app.read("usage").status_code == 200, "usage needs no installation"


def test_installing_again_keeps_the_id_and_uninstalling_forgets(desk):
    other = desk.box.world["attio"]["workspaces"][1]
    desk.app.workspace, desk.app.token = other["id"], other["token"]
    first, again = desk.app.install().json(), desk.app.install().json()
    assert first == again
    desk.app.put_settings({"template_rate": "5"})
    assert desk.app.call("DELETE", "installations", key=uuid4().hex).status_code == 204
    assert desk.app.call("GET", "settings").json()["code"] == "not_installed"
    desk.app.install()
    assert desk.app.call("GET", "settings").json()["settings"] == {}
    assert desk.app.call("DELETE", "installations", key=uuid4().hex).status_code == 204


@pytest.mark.parametrize(
    "url", ["http://hooks.example/x", "ftp://x.example", "nonsense", "https://", "http://10.0.0.1/x"]
)
def test_a_callback_address_has_to_be_https(desk, url):
    body = {"callback_url": url, "handler_id": "h", "connection_id": "c", "connection_key": "k"}
    answer = desk.app.call("POST", "installations", body, key=uuid4().hex)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_settings_that_ride_along_are_stored_unless_a_newer_call_brought_others(desk):
    record = desk.new_company()
    desk.create(record, settings={**desk.app.settings, "template_rate": "77"})
    stored = desk.app.call("GET", "settings").json()["settings"]
    assert stored["template_rate"] == "77"
    content = json.dumps(
        {"object": "companies", "record_id": record, "settings": desk.app.settings, "confirm_recent": True}
    ).encode()
    headers = desk.app.headers("POST", "/api/attio/invoices", content, key=uuid4().hex, at=time.time() - 120)
    assert desk.app.http.post("/api/attio/invoices", content=content, headers=headers).status_code == 201
    assert desk.app.call("GET", "settings").json()["settings"] == stored


def test_a_read_stores_no_settings(desk):
    desk.app.put_settings(desk.app.settings)
    desk.app.read("connection/status", {"settings": {**desk.app.settings, "template_rate": "99"}})
    assert "template_rate" not in desk.app.call("GET", "settings").json()["settings"]


def test_a_job_of_another_workspace_is_not_found(desk):
    answer = desk.app.call("GET", "jobs/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")
