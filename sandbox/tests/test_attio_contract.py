"""The hook that judges every Attio answer of every test: what it lets through, and what it catches."""

import json
import re
from pathlib import Path

import pytest

from attibooks_sandbox.contract import NOT_EMULATED, AttioContract
from attibooks_sandbox.kernel.messages import Request, Response

OPENAPI = Path(__file__).parent / "attio-openapi.json"
HEADERS = [("Content-Type", "application/json; charset=utf-8"), ("x-attio-execution-id", "an id")]
RECORD = "/v2/objects/deals/records/2f6d3a41-0c58-4b7e-9a13-5e8d7c6b4a20"
KIND = {
    "id": {
        "workspace_id": "0a8f3b52-1c4d-4a6e-8f19-2b7c3d5e6f70",
        "object_id": "7b1e2c3d-4f5a-4b6c-8d7e-9f0a1b2c3d4e",
    },
    "api_slug": "invoices",
    "singular_noun": "Invoice",
    "plural_noun": "Invoices",
    "created_at": "2026-11-23T09:00:00.101000000Z",
}


@pytest.fixture(scope="module")
def judge():
    contract = AttioContract(OPENAPI)

    def judged(method, path, status, body, headers=HEADERS, **more):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        found = contract.violations(Request(method, path, "", {}, raw), Response(status, raw, list(headers), **more))
        return [each.removeprefix(f"{method} {path} {status}: ") for each in found]

    return judged


def refusal(status, code, message="No.", kind="invalid_request_error", **more):
    return {"status_code": status, "type": kind, "code": code, "message": message, **more}


def test_described_answers_pass(judge):
    assert judge("GET", "/v2/objects", 200, {"data": [KIND]}) == []
    assert judge("DELETE", RECORD, 200, {}) == []
    assert judge("GET", RECORD, 404, refusal(404, "not_found")) == []
    assert judge("POST", "/v2/objects", 409, refusal(409, "slug_conflict")) == []


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"id": {}}]},
        {"data": [KIND | {"nickname": "Inv"}]},
        {"data": [KIND | {"id": KIND["id"] | {"object_id": "invoices"}}]},
        {"data": [KIND], "next": None},
        {"data": KIND},
        [KIND],
    ],
    ids=["member missing", "member not described", "id no uuid", "envelope grown", "no list", "no envelope"],
)
def test_a_wrong_body_is_caught(judge, body):
    assert len(judge("GET", "/v2/objects", 200, body)) > 0


@pytest.mark.parametrize("status", [201, 202, 204, 302])
def test_a_status_that_is_not_described_is_caught(judge, status):
    assert judge("POST", "/v2/objects", status, {"data": KIND}) == ["status not described"]


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", RECORD, 404, {}),
        ("GET", RECORD, 404, {"error": "not found"}),
        ("GET", RECORD, 404, refusal(400, "not_found")),
        ("GET", RECORD, 404, refusal(404, "gone")),
        ("GET", RECORD, 404, refusal(404, "not_found", kind="auth_error")),
        ("GET", RECORD, 404, refusal(404, "not_found", hint="look elsewhere")),
        ("GET", RECORD, 409, refusal(409, "slug_conflict")),
        ("GET", "/v2/objects", 400, refusal(400, "quota_exceeded")),
        ("PATCH", RECORD, 400, refusal(400, "quota_exceeded")),
        ("PATCH", RECORD, 400, refusal(400, "validation_type", validation_errors=["wrong"])),
        ("PATCH", RECORD, 422, refusal(422, "validation_type")),
        ("GET", "/v2/objects", 401, refusal(401, "unauthorized")),
        ("GET", "/v2/objects", 500, refusal(500, "crashed")),
    ],
)
def test_a_wrong_refusal_is_caught(judge, method, path, status, body):
    assert len(judge(method, path, status, body)) > 0


def test_a_refusal_that_the_reference_adds_passes(judge):
    assert judge("POST", "/v2/objects/deals/records", 400, refusal(400, "uniqueness_conflict")) == []
    assert judge("GET", "/v2/objects", 401, refusal(401, "unauthorized", kind="auth_error")) == []
    assert judge("GET", "/v2/objects", 429, refusal(429, "rate_limit_exceeded", kind="rate_limit_error")) == []


def test_a_described_operation_that_is_not_there_is_caught_but_for_those_not_emulated(judge):
    lost = refusal(404, "not_found", 'Could not find endpoint "GET /v2/webhooks".')
    assert judge("GET", "/v2/webhooks", 404, lost) == ["described operation not there"]
    assert judge("GET", "/v2/lists", 404, lost) == []
    assert judge("GET", "/v2/lists/sales/attributes", 404, lost) == []
    assert judge("PUT", f"{RECORD}/attributes/name/values", 404, lost) == []
    assert judge("GET", f"{RECORD}/attributes/name/values", 404, lost) == ["described operation not there"]
    assert judge("GET", "/v2/nothing", 404, lost) == []


@pytest.mark.parametrize("line", NOT_EMULATED)
def test_what_is_listed_as_not_emulated_is_described_and_really_not_there(attio, line):
    described = [
        (method.upper(), template)
        for template, operations in json.loads(OPENAPI.read_text())["paths"].items()
        for method in operations
        if template.startswith(line.split(" ")[1]) and line.split(" ")[0] in {"*", method.upper()}
    ]
    assert described
    for method, template in described:
        path = re.sub(r"{\w+}", "2f6d3a41-0c58-4b7e-9a13-5e8d7c6b4a20", template)
        url, headers = f"{attio.box.attio_url}{path}", {"Authorization": f"Bearer {attio.token}"}
        answer = attio.http.request(method, url, headers=headers)
        assert (answer.status_code, answer.json()["message"]) == (404, f'Could not find endpoint "{method} {path}".')


def test_an_answer_of_an_operation_that_is_not_described_is_caught(judge):
    assert judge("GET", "/v2/nothing", 200, {}) == ["no such operation"]
    assert judge("GET", "/v2/nothing", 404, refusal(404, "not_found")) == ["no such operation"]


def test_text_half_a_body_and_a_missing_execution_id_are_caught(judge):
    text = [("Content-Type", "text/plain"), HEADERS[1]]
    assert judge("GET", "/v2/objects", 503, b"Service Unavailable", headers=text) == ["no JSON"]
    assert judge("GET", "/v2/objects", 200, b'{"data":[', headers=HEADERS) == ["malformed JSON"]
    assert judge("GET", "/v2/objects", 200, {"data": []}, headers=HEADERS[:1]) == ["no x-attio-execution-id"]


def test_a_planted_answer_is_not_judged(judge, box, attio):
    assert judge("GET", "/v2/objects", 503, b"Service Unavailable", planted=True) == []
    for fault in ({"kind": "malformed"}, {"kind": "status", "status": 503}, {"kind": "status", "status": 409}):
        box.faults.add("attio", **fault)
        answer = attio.http.get(f"{box.attio_url}/v2/objects", headers={"Authorization": f"Bearer {attio.token}"})
        assert answer.status_code == fault.get("status", 200)
    assert box.violations == []


def test_the_hook_catches_a_bad_answer_of_the_running_sandbox_and_keeps_it_over_a_reset(monkeypatch, box, attio):
    from attibooks_sandbox.attio import render

    honest = render.object_body

    def spoilt(kind, workspace):
        return honest(kind, workspace) | {"created_at": None}

    monkeypatch.setattr("attibooks_sandbox.attio.objects.object_body", spoilt)
    assert attio.get("/objects")[0]["created_at"] is None
    box.reset()
    assert any("created_at" in each and each.startswith("GET /v2/objects 200") for each in box.violations)
    box.violations.clear()
