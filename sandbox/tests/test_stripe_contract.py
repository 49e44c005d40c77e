"""The hook that judges every Stripe answer of every test, our events beside the reference's, and the parameters' source."""

import json
import runpy
from pathlib import Path

import pytest

from attibooks_sandbox.kernel.messages import Request, Response
from attibooks_sandbox.stripe.events import render_event

HERE = Path(__file__).parent
EVENTS = [
    *sorted((HERE / "stripe" / "events").glob("[01]*.json")),
    HERE / "stripe" / "events" / "20-customer-deleted.json",
]
HEADERS = [("Content-Type", "application/json"), ("Request-Id", "req_1"), ("Stripe-Version", "2026-10-28.endive")]


@pytest.fixture
def judge(stripe_contract):
    def judged(method, path, status, body, headers=HEADERS):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return stripe_contract.violations(Request(method, path, "", {}, raw), Response(status, raw, list(headers)))

    return judged


@pytest.fixture
def customer(account):
    return account.call("GET", f"/v1/customers/{account.customer().id}").json()


def test_a_described_answer_passes(judge, customer):
    assert judge("GET", f"/v1/customers/{customer['id']}", 200, customer) == []


@pytest.mark.parametrize(
    "change",
    [{"created": "today"}, {"livemode": None}, {"object": "client"}, {"shoe_size": 9}, {"tax_exempt": "perhaps"}, {"address": "Berlin"}],
)  # fmt: skip
def test_a_wrong_answer_is_caught(judge, customer, change):
    assert judge("POST", "/v1/customers", 200, customer | change)


def test_malformed_answers_and_missing_headers_are_caught(judge, customer):
    assert judge("POST", "/v1/customers", 200, b'{"id":')[0].endswith("malformed JSON")
    assert judge("POST", "/v1/customers", 200, customer, headers=HEADERS[:1])
    assert judge("GET", "/v1/customers", 404, {"error": "no"})
    assert judge("GET", "/v1/customers", 404, {"error": {"type": "sad", "message": "no"}})


def test_a_planted_answer_is_not_judged(account, box):
    box.faults.add("stripe", "malformed", path="/v1/customers")
    account.http.get(f"{box.stripe_url}/v1/customers", headers={"Authorization": f"Bearer {account.key}"})
    assert box.violations == []


def test_the_references_own_events_pass(stripe_contract):
    assert len(EVENTS) == 20
    for path in EVENTS:
        event = json.loads(path.read_text())
        assert stripe_contract.event_violations(event) == [], path.name


def test_every_event_of_a_whole_life_passes(account, stripe_contract):
    session = account.session()
    account.pay(session, "4000002760003184")
    account.http.post(f"{session.url}/authenticate", data={"decision": "pass"})
    account.box.clock.advance(62 * 86_400)
    row = account.v1.subscriptions.list({"customer": session.customer, "status": "all"}).data[0]
    account.http.post(f"{account.portal(row.customer).url}/subscriptions/{row.id}/cancel")
    account.v1.customers.delete(row.customer)
    held = account.box.app.world.stripe.events
    events = json.loads(json.dumps(account.box.run(lambda: [render_event(event) for event in held.values()])))
    assert len({event["type"] for event in events}) >= 15
    for event in events:
        assert stripe_contract.event_violations(event) == [], event["type"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("01-checkout-completed-paid", "checkout.session.completed"),
        ("05-subscription-updated-active", "customer.subscription.updated"),
        ("16-invoice-paid-cycle", "invoice.paid"),
    ],
)
def test_our_events_have_the_members_of_the_references(account, name, kind):
    account.pay(account.session())
    theirs = json.loads((HERE / "stripe" / "events" / f"{name}.json").read_text())
    ours = next(e for e in account.call("GET", "/v1/events", {"type": kind}).json()["data"])
    assert theirs.keys() - ours.keys() == set()
    missing = theirs["data"]["object"].keys() - ours["data"]["object"].keys()
    assert missing == set()


def test_the_parameters_are_those_that_the_library_declares(account):
    script = runpy.run_path(str(HERE / "stripe_parameters.py"))
    assert json.loads(script["TARGET"].read_text()) == json.loads(json.dumps(script["described"]()))


def test_every_route_is_described_and_every_description_has_its_route():
    from attibooks_sandbox.stripe.routes import _TABLE
    from attibooks_sandbox.stripe.service import _PRIVATE

    routes = {line for lines in _TABLE.values() for line, _, _ in lines}
    described = set(runpy.run_path(str(HERE / "stripe_parameters.py"))["CALLS"])
    assert routes - _PRIVATE == described


def test_what_a_route_takes_is_described():
    from attibooks_sandbox.stripe.parameters import described
    from attibooks_sandbox.stripe.routes import _TABLE

    for lines in _TABLE.values():
        for line, _, takes in lines:
            if takes is not None:
                unknown = set(takes.split()) - set(described(line)["fields"]) - OLDER
                assert unknown == set(), line


OLDER = {"payment_method_types"}
"""Taken in versions before endive only."""
