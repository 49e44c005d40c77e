"""Events and their delivery: signatures, repeats, loss, order, both shapes (reference: Stripe billing, §3)."""

import hashlib
import hmac
import json
import time

import pytest

from attibooks_sandbox.stripe.courier import signature_of


@pytest.fixture
def endpoint(account, receiver):
    """The default endpoint of the world, at a receiver."""
    account.box.control("POST", "stripe/webhooks", {"url": receiver.url})
    return receiver


def messages(receiver, count):
    return [(headers, raw, json.loads(raw)) for _, headers, raw in receiver.wait(count)]


def signature_in(headers):
    return next(value for name, value in headers.items() if name.lower() == "stripe-signature")


def deliveries(account):
    return account.box.control("GET", "stripe/webhooks")["deliveries"]


# signatures


def test_a_message_is_signed_with_the_worlds_secret(account, endpoint):
    customer = account.customer()
    headers, raw, event = messages(endpoint, 1)[0]
    header = signature_in(headers)
    at, given = header.removeprefix("t=").split(",v1=")
    assert given == hmac.new(account.secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()
    assert (event["type"], event["data"]["object"]["id"]) == ("customer.created", customer.id)
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert raw.startswith(b"{\n  ")


@pytest.mark.parametrize(("whose", "accepted"), [("machine", True), ("sandbox", False)])
def test_a_signature_bears_the_machines_time_unless_the_sandboxs_is_wanted(account, receiver, whose, accepted):
    account.box.clock.freeze("2026-01-01T00:00:00Z")
    account.box.control("POST", "stripe/webhooks", {"url": receiver.url, "signed_by": whose})
    account.customer()
    headers, raw, event = messages(receiver, 1)[0]
    assert event["created"] == 1_767_225_600
    assert signature_in(headers).startswith("t=1767225600,") is not accepted
    if accepted:
        account.client.construct_event(raw, signature_in(headers), account.secret)


def test_the_library_takes_the_message_and_no_other(account, endpoint):
    account.customer()
    headers, raw, _ = messages(endpoint, 1)[0]
    event = account.client.construct_event(raw, signature_in(headers), account.secret)
    assert event.type == "customer.created"
    for body, secret in ((raw + b" ", account.secret), (raw, "whsec_wrong")):
        with pytest.raises(account.library.SignatureVerificationError):
            account.client.construct_event(body, signature_in(headers), secret)


def test_our_signatures_are_the_librarys(account):
    body, now = b'{"id": "evt_1"}', int(time.time())
    ours = signature_of(body, ["whsec_a"], now)
    assert ours == account.library.WebhookSignature.generate_signature_header(body.decode(), "whsec_a", now)


def test_two_secrets_make_two_signatures_and_both_are_good(account, endpoint):
    account.customer()
    _, raw, _ = messages(endpoint, 1)[0]
    account.box.control("POST", "stripe/webhooks/repeat", {"deliveries": [0], "secrets": ["whsec_new", account.secret]})
    headers, again, _ = messages(endpoint, 2)[1]
    assert again == raw
    assert signature_in(headers).count(",v1=") == 2
    for secret in ("whsec_new", account.secret):
        account.client.construct_event(again, signature_in(headers), secret)


@pytest.mark.parametrize(("change", "accepted"), [({"secrets": ["whsec_wrong"]}, False), ({"offset_seconds": -301}, False), ({"offset_seconds": -290}, True), ({"offset_seconds": 86_400}, True)])  # fmt: skip
def test_forged_and_late_messages(account, endpoint, change, accepted):
    account.customer()
    messages(endpoint, 1)
    account.box.control("POST", "stripe/webhooks/repeat", {"deliveries": [0]} | change)
    headers, raw, _ = messages(endpoint, 2)[1]
    if accepted:
        account.client.construct_event(raw, signature_in(headers), account.secret)
    else:
        with pytest.raises(account.library.SignatureVerificationError):
            account.client.construct_event(raw, signature_in(headers), account.secret)


# endpoints over the API


def test_an_endpoint_tells_its_secret_once(account, receiver):
    made = account.v1.webhook_endpoints.create(
        {
            "url": receiver.url,
            "enabled_events": ["customer.created"],
            "api_version": "2026-10-28.endive",
            "metadata": {"a": "1"},
        }
    )
    assert made.secret.startswith("whsec_")
    shown = account.v1.webhook_endpoints.retrieve(made.id)
    assert not hasattr(shown, "secret")
    assert (shown.status, shown.api_version, shown.enabled_events) == (
        "enabled",
        "2026-10-28.endive",
        ["customer.created"],
    )
    account.v1.products.create({"name": "Not wanted"})
    account.customer()
    headers, raw, event = messages(receiver, 1)[0]
    assert event["type"] == "customer.created"
    account.client.construct_event(raw, signature_in(headers), made.secret)


def test_endpoints_are_changed_switched_off_and_deleted(account, receiver, eventually):
    made = account.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    account.v1.webhook_endpoints.update(made.id, {"disabled": True})
    account.customer()
    account.v1.webhook_endpoints.update(made.id, {"disabled": False, "enabled_events": ["product.created"]})
    account.customer()
    account.v1.products.create({"name": "Wanted"})
    assert [event["type"] for _, _, event in messages(receiver, 1)] == ["product.created"]
    assert account.v1.webhook_endpoints.delete(made.id).deleted is True
    account.v1.products.create({"name": "Not told"})
    assert account.v1.webhook_endpoints.list().data == []
    eventually(lambda: all(each["state"] == "delivered" for each in deliveries(account)))
    assert len(deliveries(account)) == 1


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"enabled_events[0]": "*"}, "url"),
        ({"url": "https://app.example/"}, "enabled_events"),
        ({"url": "app.example", "enabled_events[0]": "*"}, "url"),
        ({"url": "https://app.example/", "enabled_events[0]": "customer.sneezed"}, "enabled_events[0]"),
        ({"url": "https://app.example/", "enabled_events[0]": "*", "api_version": "2026"}, "api_version"),
    ],
)
def test_a_wrong_endpoint_is_refused(account, form, param):
    assert account.refused("POST", "/v1/webhook_endpoints", form)["param"] == param


def test_an_account_has_sixteen_endpoints_at_most(account):
    facts = {"url": "https://app.example/", "enabled_events": ["*"]}
    for _ in range(16):
        account.v1.webhook_endpoints.create(facts)
    with pytest.raises(account.library.InvalidRequestError, match="maximum of 16"):
        account.v1.webhook_endpoints.create(facts)


def test_an_endpoint_of_an_old_version_gets_the_old_shape(account, receiver):
    account.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["customer.subscription.created"], "api_version": "2024-06-20"}
    )
    account.subscription()
    event = messages(receiver, 1)[0][2]
    assert event["api_version"] == "2024-06-20"
    assert event["data"]["object"]["current_period_end"] > event["created"]
    assert account.v1.events.retrieve(event["id"]).api_version == "2026-10-28.endive"


def test_nothing_leaves_the_machine(account):
    account.v1.webhook_endpoints.create({"url": "https://app.example/hook", "enabled_events": ["*"]})
    account.customer()
    assert [(each["state"], each["attempts"]) for each in deliveries(account)] == [("kept", [])]


# repeats and loss


def test_what_is_not_taken_comes_again_with_a_new_signature(account, endpoint, eventually):
    endpoint.statuses = [503, 400]
    account.customer()
    messages(endpoint, 1)
    eventually(lambda: deliveries(account)[0]["attempts"])
    assert account.v1.events.list({"delivery_success": False}).data[0].pending_webhooks == 1
    account.box.clock.advance(3_600)
    messages(endpoint, 2)
    eventually(lambda: len(deliveries(account)[0]["attempts"]) == 2)
    account.box.clock.advance(7_200)
    for headers, raw, _ in messages(endpoint, 3):
        account.client.construct_event(raw, signature_in(headers), account.secret)
    assert len({body for _, _, body in endpoint.got}) == 1
    eventually(lambda: deliveries(account)[0]["state"] == "delivered")
    assert [each["outcome"] for each in deliveries(account)[0]["attempts"]] == [503, 400, 200]
    assert account.v1.events.list({"delivery_success": False}).data == []
    assert account.v1.events.list({"delivery_success": True}).data[0].pending_webhooks == 0


def test_after_three_attempts_a_message_is_given_up(account, endpoint, eventually):
    endpoint.statuses = [500, 302, 500]
    account.customer()
    for attempts, wait in ((1, 3_600), (2, 7_200), (3, 86_400)):
        eventually(lambda: len(deliveries(account)[0]["attempts"]) == attempts)  # noqa: B023 - asked at once
        account.box.clock.advance(wait)
    assert deliveries(account)[0]["state"] == "given up"
    assert account.v1.events.list({"delivery_success": False}).data[0].type == "customer.created"


def test_messages_are_held_turned_round_lost_and_repeated(account, receiver):
    account.box.control("POST", "stripe/webhooks", {"url": receiver.url, "hold": True})
    names = [account.customer().id, account.customer().id]
    assert account.box.control("GET", "stripe/webhooks")["held"] == 2
    account.box.control("POST", "stripe/webhooks/release", {"reverse": True})
    messages(receiver, 2)
    sent = [json.loads(each["body"])["data"]["object"]["id"] for each in deliveries(account)]
    assert sent == names[::-1]
    account.customer()
    assert account.box.control("POST", "stripe/webhooks/release", {"drop": True})["held"] == 0
    account.box.control("POST", "stripe/webhooks/repeat", {"deliveries": [0, 0]})
    assert len({raw for _, raw, _ in messages(receiver, 4)}) == 2
    with pytest.raises(AssertionError, match="no delivery 9"):
        account.box.control("POST", "stripe/webhooks/repeat", {"deliveries": [9]})


def test_the_default_endpoint_is_removed_and_wrong_ones_are_refused(account, endpoint):
    assert [each["secret"] for each in account.box.control("GET", "stripe/webhooks")["endpoints"]] == [account.secret]
    assert account.box.control("DELETE", "stripe/webhooks")["endpoints"] == []
    with pytest.raises(AssertionError, match="http or https"):
        account.box.control("POST", "stripe/webhooks", {"url": "ftp://127.0.0.1/"})


def test_what_time_does_is_told_too(account, receiver):
    row = account.subscription()
    wanted = ["customer.subscription.updated"]
    account.box.control("POST", "stripe/webhooks", {"url": receiver.url, "enabled_events": wanted})
    end = row.items.data[0].current_period_end
    account.box.clock.advance(end - row.created)
    renewed = messages(receiver, 1)[0][2]
    assert renewed["data"]["object"]["items"]["data"][0]["current_period_start"] == end
    assert renewed["request"] == {"id": None, "idempotency_key": None}


# events


def test_an_event_names_the_call_that_it_comes_from(account):
    answer = account.call("POST", "/v1/customers", Idempotency_Key="one")
    event = account.event("customer.created")
    assert event["request"] == {"id": answer.headers["request-id"], "idempotency_key": "one"}
    assert account.v1.events.retrieve(event["id"]).type == "customer.created"


def test_events_are_filtered_by_type_and_time(account):
    account.customer()
    account.v1.products.create({"name": "Pro"})
    made = account.v1.products.create({"name": "Pro"}).created
    assert [event.type for event in account.v1.events.list({"type": "product.*"}).data] == ["product.created"] * 2
    assert [event.type for event in account.v1.events.list({"types": ["customer.created"]}).data] == [
        "customer.created"
    ]
    assert account.v1.events.list({"created": {"gt": made}}).data == []
    assert (
        account.refused("GET", "/v1/events", {f"types[{n}]": "customer.created" for n in range(21)})["param"] == "types"
    )
    assert account.refused("GET", "/v1/events/evt_x", status=404)["code"] == "resource_missing"


def test_events_reach_back_thirty_days(account):
    account.customer()
    event = account.event("customer.created")["id"]
    account.box.clock.advance(30 * 86_400 + 5)
    assert account.v1.events.list().data == []
    assert account.refused("GET", f"/v1/events/{event}", status=404)["code"] == "resource_missing"


# thin events


def test_a_thin_destination_gets_ids_only(account, receiver):
    made = account.client.v2.core.event_destinations.create(
        {
            "name": "AttiBooks",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["v1.customer.subscription.active", "v1.customer.subscription.cancel_at_changed"],
            "webhook_endpoint": {"url": receiver.url},
            "include": ["webhook_endpoint.signing_secret", "webhook_endpoint.url"],
        }
    )
    assert made.webhook_endpoint.url == receiver.url
    row = account.subscription()
    headers, raw, event = messages(receiver, 1)[0]
    assert (event["object"], event["type"]) == ("v2.core.event", "v1.customer.subscription.active")
    assert event["related_object"] == {"id": row.id, "type": "subscription", "url": f"/v1/subscriptions/{row.id}"}
    told = account.client.parse_event_notification(raw, signature_in(headers), made.webhook_endpoint.signing_secret)
    assert told.related_object.id == row.id
    account.v1.subscriptions.update(row.id, {"cancel_at_period_end": True})
    assert messages(receiver, 2)[1][2]["type"] == "v1.customer.subscription.cancel_at_changed"
    whole = account.client.v2.core.events.retrieve(event["id"])
    assert account.v1.events.retrieve(whole.snapshot_event).type.startswith("customer.subscription.")


def test_destinations_are_listed_and_deleted_and_hide_their_secret(account):
    facts = {"name": "A", "type": "webhook_endpoint", "enabled_events": ["customer.created"]}
    made = account.client.v2.core.event_destinations.create(
        facts | {"event_payload": "snapshot", "webhook_endpoint": {"url": "https://app.example/"}}
    )
    shown = account.client.v2.core.event_destinations.retrieve(made.id)
    assert (shown.webhook_endpoint.signing_secret, shown.snapshot_api_version) == (None, "2026-10-28.endive")
    assert [each.id for each in account.client.v2.core.event_destinations.list().data] == [made.id]
    account.client.v2.core.event_destinations.delete(made.id)
    assert account.client.v2.core.event_destinations.list().data == []
    with pytest.raises(account.library.InvalidRequestError, match="no event that a thin"):
        account.client.v2.core.event_destinations.create(
            facts | {"event_payload": "thin", "webhook_endpoint": {"url": "https://app.example/"}}
        )


def test_the_default_endpoint_may_be_thin(account, receiver):
    account.box.control("POST", "stripe/webhooks", {"url": receiver.url, "payload": "thin"})
    account.customer()
    headers, raw, _ = messages(receiver, 1)[0]
    told = account.client.parse_event_notification(raw, signature_in(headers), account.secret)
    assert told.type == "v1.customer.created"


def test_thin_events_of_an_object_are_listed(account):
    customer = account.customer()
    listed = account.client.v2.core.events.list({"object_id": customer.id})
    assert [event.type for event in listed.data] == ["v1.customer.created"]
