"""Every row of what an Attio emulator must get right has a test with its number; the rates; the rest of row 9."""

import re
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from attibooks_sandbox.attio.rates import READS_PER_SECOND, WRITES_PER_SECOND

ROWS = {
    1: "envelope and array shape",
    2: "upsert",
    3: "PATCH against PUT, and history",
    4: "unique values",
    5: "unknown attribute, option, status, bad shape: nothing written",
    6: "currency",
    7: "schema endpoints",
    8: "scopes and tokens",
    9: "faults on demand",
    10: "object quota",
    11: "query",
    12: "webhooks",
    13: "actors",
    14: "unknown routes and execution ids",
}
TOO_MANY = {
    "status_code": 429,
    "type": "rate_limit_error",
    "code": "rate_limit_exceeded",
    "message": "Rate limit exceeded, please try again later",
}


@pytest.mark.parametrize("row", ROWS)
def test_each_row_of_the_reference_has_a_test_that_names_it(row):
    texts = [each.read_text() for each in Path(__file__).parent.glob("test_*.py") if "quickbooks" not in each.name]
    assert any(re.search(rf"^def test_row_{row}_", text, re.MULTILINE) for text in texts), ROWS[row]


class Second:
    """The machine's clock of the rates, in a test's hand."""

    def __init__(self, box):
        self.now = 1_000.5
        box.run(lambda: setattr(box.app.attio.rates, "_timer", lambda: self.now))
        box.limits(attio=True)


@pytest.fixture
def second(box, attio):
    assert attio.token
    return Second(box)


@pytest.mark.parametrize(
    ("limit", "method", "path", "body"),
    [
        (READS_PER_SECOND, "GET", "/objects", None),
        (READS_PER_SECOND, "POST", "/objects/projects/records/query", {"limit": 1}),
        (WRITES_PER_SECOND, "POST", "/objects/projects/records", {"data": {"values": {}}}),
    ],
    ids=["reads", "queries are reads", "writes"],
)
def test_100_reads_and_25_writes_a_second_and_then_429_until_the_next(second, attio, limit, method, path, body):
    assert (READS_PER_SECOND, WRITES_PER_SECOND) == (100, 25)
    for _ in range(limit):
        attio.call(method, path, body)
    refused = attio.call(method, path, body, status=429)
    assert refused.json() == TOO_MANY
    until = parsedate_to_datetime(refused.headers["Retry-After"])
    assert refused.headers["Retry-After"].endswith(" GMT")
    assert -1 < until.timestamp() - time.time() <= 1
    second.now += 0.49
    attio.call(method, path, body, status=429)
    second.now += 0.02
    attio.call(method, path, body)


def test_a_write_that_the_rate_refused_did_nothing(second, attio):
    for number in range(30):
        attio.call(
            "POST",
            "/objects/projects/records",
            {"data": {"values": {"name": [f"R{number}"]}}},
            200 if number < 25 else 429,
        )
    assert len(attio.query("projects", filter={"name": {"$starts_with": "R"}})["data"]) == 25


def test_reads_writes_and_workspaces_are_counted_apart(second, box, attio):
    for _ in range(25):
        attio.call("POST", "/objects/projects/records", {"data": {"values": {}}})
    attio.call("POST", "/objects/projects/records", {"data": {"values": {}}}, status=429)
    attio.call("GET", "/objects")
    other = {"Authorization": f"Bearer {box.world['attio']['workspaces'][1]['token']}"}
    attio.call("POST", "/objects/people/records", {"data": {"values": {}}}, headers=other)
    mine = box.token("attio", workspace=attio.workspace_id)
    attio.call("DELETE", "/objects/none", status=429, headers={"Authorization": f"Bearer {mine}"})


def test_row_9_a_time_out_after_commit_loses_the_answer_of_a_write_that_was_done(box, attio):
    box.faults.add("attio", "timeout", after_commit=True, method="POST", path="/v2/objects/companies/records")
    with pytest.raises(httpx.TimeoutException):
        attio.call("POST", "/objects/companies/records", {"data": {"values": {"name": ["Kept"]}}}, timeout=0.2)
    assert len(attio.query("companies", filter={"name": "Kept"})["data"]) == 1


def test_row_9_a_slow_answer_comes_late_and_whole(box, attio):
    box.faults.add("attio", "slow", seconds=0.2)
    started = time.monotonic()
    assert len(attio.get("/objects")) == 4
    assert time.monotonic() - started >= 0.2


def test_row_13_a_webhooks_event_names_the_actor_as_the_value_does(box, attio):
    event = [{"event_type": "record.updated", "filter": None}]
    attio.post("/webhooks", {"target_url": "https://hooks.northwind.example/", "subscriptions": event})
    attio.token = box.token("attio", workspace=attio.workspace_id, kind="workspace", client_id=attio.workspace_id)
    record = attio.put(
        f"/objects/companies/records/{attio.record_id('companies', 'Café Noir')}", {"values": {"description": ["x"]}}
    )
    wrote = record["values"]["description"][0]["created_by_actor"]
    assert wrote == {"type": "api-token", "id": attio.workspace_id}
    assert f'"actor":{{"type":"api-token","id":"{attio.workspace_id}"}}' in box.deliveries()[0]["body"]
