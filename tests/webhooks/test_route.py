"""Row 142: the route takes what is signed, stores it before it answers, and never asks for a repeat in vain."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import deliveries
from tests.webhooks.conftest import event


def test_a_delivery_is_stored_as_it_came_before_it_is_answered(host, intuit):
    """Row 142: 200 only after the commit."""
    body = json.dumps([event()]).encode()
    answer = intuit.send(body)
    database = Database(host.database_url)
    kept = sa.select(deliveries).where(deliveries.c.body == body)
    (row,) = database.write_now(lambda c: list(c.execute(kept)))
    database.close()
    assert (answer.status_code, answer.content) == (200, b"")
    assert (row.backend, row.environment) == ("quickbooks", "production")


def test_a_delivery_is_taken_apart(intuit, stored):
    """Row 142: what every event says is known soon."""
    one = event()
    assert intuit.send([one]).status_code == 200
    (row,) = stored(one)
    assert (row.backend, row.environment, row.company_id) == ("quickbooks", "production", one["intuitaccountid"])
    assert (row.entity, row.entity_id, row.operation) == ("invoice", "145", "updated")
    assert row.at.isoformat() == "2026-11-23T08:15:30.123456+00:00"


def test_a_repeat_is_answered_alike_and_stored_once(intuit, stored):
    """Row 142: deduplicated by the id of the event."""
    one, other = event(), event()
    assert [intuit.send([one]).status_code, intuit.send([one, one, other]).status_code] == [200, 200]
    assert len(stored(one, other)) == 2


def test_parallel_deliveries_share_their_transactions_and_lose_nothing(intuit, stored):
    """Row 142: the same events from many sides at once."""
    events = [event(str(n)) for n in range(60)]
    parts = [events[n : n + 5] for n in range(0, 60, 2)]
    with ThreadPoolExecutor(15) as pool:
        answers = list(pool.map(intuit.send, parts))
    assert {answer.status_code for answer in answers} == {200}
    assert len(stored(*events)) == 60


@pytest.mark.parametrize("body", [b"[]", b'[{"id":"1"}]', b""])
def test_a_wrong_signature_is_refused(intuit, body):
    answer = intuit.send(body, token="wrong")
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["reference"].startswith("r-")


def test_a_body_that_was_changed_on_its_way_is_refused_and_not_stored(host, intuit, stored):
    one = event()
    answer = intuit.send([one], **{"intuit-signature": "c3R1ZmY="})
    assert answer.status_code == 401
    assert stored(one) == []


def test_an_empty_body(host, intuit):
    """Nobody's is refused for its signature, a signed one for saying nothing."""
    bare = httpx.post(f"{host.url}/webhooks/quickbooks")
    assert (bare.status_code, bare.json()["code"]) == (401, "bad_signature")
    signed = intuit.send(b"")
    assert (signed.status_code, signed.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("body", [b"{", b"null", b'{"an":"unknown form"}', b"\x00\xff"])
def test_a_signed_body_of_an_unknown_form_is_answered_and_told(host, intuit, stored, body):
    """Row 142: a repeat would say no more; the operator can."""
    before = len(not_understood(host))
    assert intuit.send(body).status_code == 200
    one = event()
    assert intuit.send([one]).status_code == 200
    assert len(stored(one)) == 1
    assert len(not_understood(host)) == before + 1


def not_understood(host):
    return [each for each in host.events() if each["event"] == "delivery_not_understood"]


def test_ten_megabytes_are_too_large_declared_or_not(host, intuit):
    body = b" " * (10 * 1024 * 1024)
    declared = intuit.send(body)
    assert (declared.status_code, declared.json()["code"]) == (413, "too_large")
    chunks = (body[n : n + 65536] for n in range(0, len(body), 65536))
    try:
        undeclared = httpx.post(f"{host.url}/webhooks/quickbooks", content=chunks).status_code
    except httpx.WriteError:
        undeclared = 413  # it hung up in the middle
    assert undeclared == 413


def test_five_hundred_events_in_one_delivery(intuit, stored):
    events = [event(str(n)) for n in range(500)]
    assert intuit.send(events).status_code == 200
    assert len(stored(*events)) == 500


def test_large_deliveries_up_to_the_limit_are_taken(intuit, stored):
    one = event(data={"padding": "x" * (4 * 1024 * 1024)})
    assert intuit.send([one]).status_code == 200
    assert len(stored(one)) == 1


def test_a_company_that_nobody_has_connected_is_answered_and_dropped(intuit, stored):
    one = event(intuitaccountid="1111111111")
    assert intuit.send([one]).status_code == 200
    assert len(stored(one)) == 1


@pytest.mark.parametrize(
    "media_type", ["application/cloudevents+json", "application/cloudevents-batch+json; charset=utf-8", "text/odd", ""]
)
def test_the_media_type_does_not_matter(intuit, stored, media_type):
    one = event()
    assert intuit.send([one], **{"content-type": media_type}).status_code == 200
    assert len(stored(one)) == 1


def test_the_old_form_is_taken(intuit):
    entity = {"name": "Invoice", "id": "7", "operation": "Update", "lastUpdated": "2026-11-23T08:15:30.000Z"}
    body = {"eventNotifications": [{"realmId": "2222222222", "dataChangeEvent": {"entities": [entity]}}]}
    assert [intuit.send(body).status_code for _ in range(2)] == [200, 200]


def test_odd_characters_are_no_failure(intuit, stored):
    """Row 142: a failure would be repeated for ever."""
    odd, plain = event("a\x00b"), event("ä🙂'\"")
    assert intuit.send([odd, plain]).status_code == 200
    (row,) = stored(odd, plain)
    assert row.entity_id == "ä🙂'\""


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "quickbooks", 405), ("POST", "nobody", 404)])
def test_other_methods_and_other_systems(host, method, path, status):
    assert httpx.request(method, f"{host.url}/webhooks/{path}").status_code == status
