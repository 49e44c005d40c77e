"""Row 12 of what an Attio emulator must get right: webhooks, managed over the API and delivered over loopback."""

import datetime as dt
import hashlib
import hmac
import json
import re

import pytest

from attibooks_sandbox.attio.courier import POLICY, message_body, sign
from attibooks_sandbox.attio.model import Actor, Event

HTTPS = "https://hooks.northwind.example/attio"
EVERYTHING = [{"event_type": f"record.{what}", "filter": None} for what in ("created", "updated", "deleted")]


def condition(field, operator, value):
    return {"field": field, "operator": operator, "value": value}


def told(box):
    """The events of all messages, in the order in which they happened."""
    return [event for each in box.deliveries() for event in json.loads(each["body"])["events"]]


@pytest.fixture
def subscribe(box, attio, receiver):
    """Make a webhook that the receiver gets."""
    box.switch(http_webhooks=True)

    def make(*subscriptions, url=None):
        return attio.post(
            "/webhooks", {"target_url": url or receiver.url, "subscriptions": subscriptions or EVERYTHING}
        )

    return make


def test_row_12_the_signature_of_the_references_test_vector():
    event = Event(
        "record.updated",
        {
            "workspace_id": "0a8f3b52-1c4d-4a6e-8f19-2b7c3d5e6f70",
            "object_id": "7b1e2c3d-4f5a-4b6c-8d7e-9f0a1b2c3d4e",
            "record_id": "c3d4e5f6-a7b8-4c9d-8e0f-1a2b3c4d5e6f",
            "attribute_id": "d4e5f6a7-b8c9-4d0e-9f1a-2b3c4d5e6f70",
        },
        Actor("workspace-member", "e5f6a7b8-c9d0-4e1f-8a2b-3c4d5e6f7081"),
    )
    body = message_body("5c0f3f0e-6b1b-4e0a-9a55-0d5c1c2b7a10", event)
    assert len(body) == 393
    assert (
        sign(body, "whsec-test-0123456789abcdef") == "93bf933b2f8d826647d0f56ba674e78d2bc71eb660592504499b55d33402e36e"
    )


def test_row_12_a_webhook_is_created_listed_read_changed_and_deleted(attio):
    by_object = {"$and": [condition("id.object_id", "equals", attio.objects["deals"]["object_id"])]}
    wanted = [{"event_type": "record.updated", "filter": by_object}]
    made = attio.post("/webhooks", {"target_url": HTTPS, "subscriptions": wanted})
    assert re.fullmatch("[0-9a-f]{64}", made.pop("secret"))
    assert made["status"] == "active"
    assert made["subscriptions"] == wanted
    path = f"/webhooks/{made['id']['webhook_id']}"
    assert attio.get(path) == made
    assert attio.get("/webhooks") == [made]
    changed = attio.patch(path, {"target_url": f"{HTTPS}/2"})
    assert changed == made | {"target_url": f"{HTTPS}/2"}
    assert attio.patch(path, {"subscriptions": EVERYTHING})["subscriptions"] == EVERYTHING
    assert attio.call("DELETE", path).json() == {}
    for method in ("GET", "PATCH", "DELETE"):
        body = {"data": {}} if method == "PATCH" else None
        assert attio.refused(method, path, body, status=404)["message"].endswith("was not found.")
    assert attio.get("/webhooks") == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"target_url": "http://hooks.northwind.example/attio"}, ["data", "target_url"]),
        ({"target_url": "http://127.0.0.1:9/attio"}, ["data", "target_url"]),
        ({"target_url": "https://"}, ["data", "target_url"]),
        ({"target_url": "https://[::1"}, ["data", "target_url"]),
        ({"target_url": "https://a.example:99999/"}, ["data", "target_url"]),
        ({"target_url": "https://:443/"}, ["data", "target_url"]),
        ({"target_url": "https://a.example/ b"}, ["data", "target_url"]),
        ({"target_url": "https://a.example/\r\nX: y"}, ["data", "target_url"]),
        ({"target_url": None}, ["data", "target_url"]),
        ({"subscriptions": None}, ["data", "subscriptions"]),
        ({"subscriptions": [{"event_type": "record.updated"}]}, ["data", "subscriptions", 0, "filter"]),
        ({"subscriptions": [{"event_type": "deal.won", "filter": None}]}, ["data", "subscriptions", 0, "event_type"]),
        *[
            ({"subscriptions": [{"event_type": "record.updated", "filter": wrong}]}, ["data", "subscriptions", 0, *path])
            for wrong, path in (
                ({"object": "deals"}, ["filter"]),
                ({"$and": [], "$or": []}, ["filter"]),
                ({"$and": [{"field": "id.object_id", "operator": "$eq", "value": "x"}]}, ["filter", "$and", 0, "operator"]),
                ({"$or": [{"field": "id.object_id", "operator": "equals"}]}, ["filter", "$or", 0, "value"]),
                ({"$or": {}}, ["filter", "$or"]),
            )
        ],
    ],
)  # fmt: skip
def test_row_12_what_a_webhook_may_not_be(attio, change, place):
    body = {"target_url": HTTPS, "subscriptions": EVERYTHING} | change
    answer = attio.refused("POST", "/webhooks", {"data": body})
    assert answer["code"] == "validation_type"
    assert [each["path"] for each in answer["validation_errors"]] == [place]
    assert attio.get("/webhooks") == []


def test_row_12_the_switch_lets_http_in_on_loopback_only(box, attio):
    box.switch(http_webhooks=True)
    for fine in ("http://127.0.0.1:9/a", "http://localhost:9", "http://[::1]:9/a?b=c", HTTPS):
        attio.post("/webhooks", {"target_url": fine, "subscriptions": EVERYTHING})
    for wrong in ("http://127.0.0.1.example/", "http://10.0.0.1/", "http://localhost.example/", "ftp://127.0.0.1/"):
        attio.refused("POST", "/webhooks", {"data": {"target_url": wrong, "subscriptions": EVERYTHING}})


def test_row_12_target_event_and_filter_are_unique_together(attio):
    made = {"target_url": HTTPS, "subscriptions": EVERYTHING[:1]}
    attio.post("/webhooks", made)
    answer = attio.refused("POST", "/webhooks", {"data": made}, status=409)
    assert answer["code"] == "uniqueness_conflict"
    other = attio.post("/webhooks", made | {"target_url": f"{HTTPS}/other"})
    attio.post("/webhooks", made | {"subscriptions": [EVERYTHING[0] | {"filter": {"$and": []}}]})
    path = f"/webhooks/{other['id']['webhook_id']}"
    assert attio.refused("PATCH", path, {"data": {"target_url": HTTPS}}, status=409)["code"] == "uniqueness_conflict"
    assert attio.get(path)["target_url"] == f"{HTTPS}/other"
    attio.refused("POST", "/webhooks", {"data": {"target_url": f"{HTTPS}/3", "subscriptions": EVERYTHING[:1] * 2}}, 409)


def test_row_12_webhooks_come_in_pages_of_ten(attio):
    made = [
        attio.post("/webhooks", {"target_url": f"{HTTPS}/{number}", "subscriptions": []})["id"] for number in range(12)
    ]
    assert [each["id"] for each in attio.get("/webhooks")] == made[:10]
    assert [each["id"] for each in attio.get("/webhooks", params={"offset": 10})] == made[10:]
    assert len(attio.get("/webhooks", params={"limit": 100})) == 12
    for wrong in (9, 101, "x"):
        assert attio.refused("GET", "/webhooks", params={"limit": wrong})["code"] == "validation_type"


def test_row_12_webhooks_want_their_scope_and_a_token_of_the_workspace(box, attio):
    lacking = box.token("attio", workspace=attio.workspace_id, scopes=["webhook:read"])
    of_member = box.token("attio", workspace=attio.workspace_id, level="user")
    attio.call("GET", "/webhooks", headers={"Authorization": f"Bearer {lacking}"})
    for token, method in ((lacking, "POST"), (of_member, "GET"), (of_member, "POST")):
        answer = attio.refused(method, "/webhooks", {}, status=403, headers={"Authorization": f"Bearer {token}"})
        assert (answer["type"], answer["code"]) == ("auth_error", "unauthorized")
    attio.call("GET", "/objects", headers={"Authorization": f"Bearer {of_member}"})


def test_row_12_a_message_is_signed_over_its_exact_bytes_in_both_headers(attio, receiver, subscribe):
    hook = subscribe()
    record = attio.create("companies", name="Café Müller 株式会社")
    [(path, headers, raw)] = receiver.wait(1)
    signature = hmac.new(hook["secret"].encode(), raw, hashlib.sha256).hexdigest()
    assert headers["Attio-Signature"] == headers["X-Attio-Signature"] == signature
    assert path == "/attio"
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"]
    assert json.loads(raw) == {
        "webhook_id": hook["id"]["webhook_id"],
        "events": [
            {"event_type": "record.created", "id": record["id"], "actor": {"type": "app", "id": attio.client_id}}
        ],
    }


def test_row_12_one_event_for_each_changed_attribute_and_none_for_an_equal_value(box, attio, receiver, subscribe):
    subscribe()
    record_id = attio.record_id("companies", "Café Noir")
    path = f"/objects/companies/records/{record_id}"
    held = attio.get(path)["values"]["rate"][0]["value"]
    attio.patch(path, {"values": {"description": ["new"], "rate": [held], "health": [1], "sync_error": ["no"]}})
    slugs = {each["id"]["attribute_id"]: each["api_slug"] for each in attio.get("/objects/companies/attributes")}
    events = receiver.events(3)
    assert sorted(slugs[event["id"]["attribute_id"]] for event in events) == ["description", "health", "sync_error"]
    assert {event["event_type"] for event in events} == {"record.updated"}
    assert len({headers["Idempotency-Key"] for _, headers, _ in receiver.got}) == 3
    attio.patch(path, {"values": {"rate": [held]}})
    attio.refused("PATCH", path, {"data": {"values": {"rate": [1], "nothing": ["x"]}}})
    attio.call("DELETE", path)
    [gone] = [event for event in told(box)[3:] if event["event_type"] == "record.deleted"]
    assert gone["id"] == {
        "workspace_id": attio.workspace_id,
        "object_id": attio.objects["companies"]["object_id"],
        "record_id": record_id,
    }


def test_row_12_the_other_side_of_a_relationship_changes_too(attio, receiver, subscribe):
    subscribe(EVERYTHING[1])
    company = attio.record_id("companies", "Café Noir")
    person = attio.create("people", company=[{"target_object": "companies", "target_record_id": company}])
    [event] = receiver.events(1)
    assert event["id"]["record_id"] == company
    assert person["id"]["record_id"] != company


def test_row_12_a_members_edit_and_changes_of_attributes_are_told(box, attio, receiver, subscribe):
    subscribe(
        EVERYTHING[1], *({"event_type": f"object-attribute.{each}", "filter": None} for each in ("created", "updated"))
    )
    member = {"type": "workspace-member", "id": box.workspace["members"][0]["id"]}
    box.edit_record(attio.workspace_id, "companies", attio.record_id("companies", "Café Noir"), description="by hand")
    assert receiver.events(1)[0]["actor"] == member
    made = attio.attribute("projects", "legacy", "text")
    assert receiver.events(2)[1]["id"] == made["id"]
    assert receiver.events(2)[1]["event_type"] == "object-attribute.created"
    attio.patch("/objects/projects/attributes/legacy", {"title": "Old"})
    box.archive(attio.workspace_id, "projects", "legacy")
    assert [event["event_type"] for event in receiver.events(4)[2:]] == ["object-attribute.updated"] * 2
    assert {event["actor"]["type"] for event in receiver.events(4)[2:]} == {"app", "workspace-member"}


@pytest.mark.parametrize(
    ("logic", "conditions", "names"),
    [
        ("$and", [("id.object_id", "equals", "deals")], ["deals"]),
        ("$and", [("id.object_id", "not_equals", "deals")], ["projects"]),
        ("$or", [("id.object_id", "equals", "deals"), ("id.object_id", "equals", "projects")], ["deals", "projects"]),
        ("$and", [("id.object_id", "equals", "deals"), ("actor.type", "equals", "workspace-member")], []),
        ("$and", [("actor.type", "not_equals", "workspace-member")], ["deals", "projects"]),
        ("$and", [("parent_object_id", "equals", "deals")], []),
        ("$and", [], ["deals", "projects"]),
        ("$or", [], []),
    ],
)
def test_row_12_filters_are_evaluated_over_the_event(box, attio, subscribe, logic, conditions, names):
    ids = {name: facts["object_id"] for name, facts in attio.objects.items()}
    wanted = {logic: [condition(field, operator, ids.get(value, value)) for field, operator, value in conditions]}
    subscribe({"event_type": "record.created", "filter": wanted})
    for name in ("deals", "projects"):
        attio.create(name, name="Fresh")
    assert [event["id"]["object_id"] for event in told(box)] == [ids[name] for name in names]


@pytest.mark.parametrize("status", [201, 204, 302, 400, 500])
def test_row_12_only_200_and_202_count_and_the_key_is_the_same_in_every_repeat(
    box, attio, receiver, subscribe, eventually, status
):
    box.clock.freeze("2026-11-23T09:00:00Z")
    receiver.statuses = [status, 202]
    subscribe()
    attio.create("companies", name="Fresh")
    eventually(lambda: box.deliveries()[0]["attempts"])
    assert box.deliveries()[0]["state"] == "waiting"
    wait = dt.datetime.fromisoformat(box.deliveries()[0]["due"]) - dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    box.clock.advance(wait.total_seconds() - 1)
    assert len(receiver.got) == 1
    box.clock.advance(1)
    eventually(lambda: box.deliveries()[0]["state"] == "delivered")
    assert [each["outcome"] for each in box.deliveries()[0]["attempts"]] == [status, 202]
    (_, first, one), (_, second, other) = receiver.wait(2)
    assert first["Idempotency-Key"] == second["Idempotency-Key"]
    assert first["Attio-Signature"] == second["Attio-Signature"]
    assert one == other


def test_row_12_ten_repeats_over_three_days_then_degraded_and_after_seven_more_inactive(
    box, attio, receiver, subscribe, eventually
):
    start = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    box.clock.freeze(start.isoformat())
    receiver.statuses = [500] * 11
    hook = subscribe()
    path = f"/webhooks/{hook['id']['webhook_id']}"
    attio.create("companies", name="Fresh")
    for count, wait in enumerate(POLICY.waits, start=1):
        eventually(lambda count=count: len(box.deliveries()[0]["attempts"]) == count)
        assert attio.get(path)["status"] == "active"
        box.clock.advance(wait.total_seconds())
    eventually(lambda: box.deliveries()[0]["state"] == "given up")
    assert len(receiver.got) == 11
    assert abs(dt.datetime.fromisoformat(box.clock.now()) - start - dt.timedelta(days=3)) < dt.timedelta(seconds=1)
    assert attio.get(path)["status"] == "degraded"
    box.clock.advance(6.9 * 86_400)
    receiver.statuses = [500]
    attio.create("companies", name="Told although degraded")
    receiver.wait(12)
    eventually(lambda: box.deliveries()[1]["attempts"])
    assert attio.get(path)["status"] == "degraded"
    box.clock.advance(0.1 * 86_400 + 1)
    assert attio.get(path)["status"] == "inactive"
    attio.create("companies", name="Not told")
    assert len(box.deliveries()) == 2
    assert len(receiver.got) == 12


def test_row_12_a_degraded_webhook_that_takes_a_message_is_active_again(box, attio, receiver, subscribe, eventually):
    box.clock.freeze("2026-11-23T09:00:00Z")
    receiver.statuses = [500] * 11
    path = f"/webhooks/{subscribe()['id']['webhook_id']}"
    attio.create("companies", name="Fresh")
    for count, wait in enumerate(POLICY.waits, start=1):
        eventually(lambda count=count: len(box.deliveries()[0]["attempts"]) == count)
        box.clock.advance(wait.total_seconds())
    eventually(lambda: attio.get(path)["status"] == "degraded")
    attio.create("companies", name="Taken")
    eventually(lambda: attio.get(path)["status"] == "active")


def test_row_12_a_deleted_webhook_gets_no_repeat_and_a_reset_forgets_all(box, attio, receiver, subscribe, eventually):
    receiver.statuses = [500, 500]
    first = subscribe()
    attio.create("companies", name="Fresh")
    eventually(lambda: box.deliveries()[0]["attempts"])
    attio.call("DELETE", f"/webhooks/{first['id']['webhook_id']}")
    subscribe()
    attio.create("companies", name="Fresh too")
    eventually(lambda: box.deliveries()[1]["attempts"])
    box.reset()
    box.clock.advance(86_400)
    assert box.deliveries() == []
    assert attio.get("/webhooks") == []
    assert len(receiver.got) == 2


def test_row_12_nobody_there_is_a_failure_like_any_other(box, attio, receiver, subscribe, eventually):
    subscribe()
    receiver.close()
    attio.create("companies", name="Fresh")
    eventually(lambda: box.deliveries()[0]["attempts"])
    assert "refused" in box.deliveries()[0]["attempts"][0]["outcome"].lower()
    assert box.deliveries()[0]["state"] == "waiting"


def test_row_12_the_callers_answer_does_not_wait_for_the_receiver(box, attio, receiver, subscribe, eventually):
    with receiver.arrived:
        subscribe()
        attio.create("companies", name="Fresh")
        eventually(lambda: box.deliveries()[0]["state"] == "under way")
        assert receiver.got == []
    receiver.wait(1)


def test_row_12_at_most_25_a_second_go_to_one_target(box, attio, eventually, receiver, subscribe):
    subscribe()
    path = f"/objects/companies/records/{attio.record_id('companies', 'Café Noir')}"
    for number in range(30):
        attio.put(path, {"values": {"description": [str(number)]}})
    receiver.wait(30)
    eventually(lambda: len([each for each in box.deliveries() if each["attempts"]]) == 30)
    ends = [dt.datetime.fromisoformat(each["attempts"][0]["at"]) for each in box.deliveries()]
    assert max(ends) - min(ends) > dt.timedelta(seconds=0.8)


def test_row_12_nothing_leaves_the_machine(box, attio):
    attio.post("/webhooks", {"target_url": HTTPS, "subscriptions": EVERYTHING})
    attio.create("companies", name="Fresh")
    [kept] = box.deliveries(attio.workspace_id)
    assert (kept["state"], kept["attempts"], kept["url"]) == ("kept", [], HTTPS)
    assert box.deliveries("another") == []


def test_row_12_https_on_loopback_is_spoken_with_any_certificate(box, attio, eventually, secure_receiver):
    attio.post("/webhooks", {"target_url": secure_receiver.url, "subscriptions": EVERYTHING})
    attio.create("companies", name="Fresh")
    secure_receiver.wait(1)
    eventually(lambda: box.deliveries()[0]["state"] == "delivered")
