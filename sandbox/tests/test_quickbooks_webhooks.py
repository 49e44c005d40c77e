"""Webhooks of QuickBooks as an app receives them: what is told, how it is signed, when it is tried again (reference §8)."""

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue

import pytest
from quickbooks import QuickBooks

from attibooks_sandbox.quickbooks.webhooks import courier
from attibooks_sandbox.quickbooks.webhooks.events import signature_of

VECTORS = {
    "FpE84RDTNfU2ePyXX2V1ZC+IRL8jA9fs/CFrhi4u/Bc=": (
        b'{"eventNotifications":[{"realmId":"9130001234567890","dataChangeEvent":{"entities":[{"name":"Invoice",'
        b'"id":"145","operation":"Update","lastUpdated":"2026-11-23T08:15:30.000Z"}]}}]}'
    ),
    "syP//W3EdLEYX4oRGIkrLy6hkOKfXDweVXXJOYav/e8=": (
        b'[{"specversion":"1.0","id":"6f1c2a2e-5d5e-4c1b-9a57-2f1f0f6a9b10","source":"intuit.dsnEXAMPLEhash=",'
        b'"type":"qbo.invoice.updated.v1","datacontenttype":"application/json",'
        b'"time":"2026-11-23T08:15:30.123456789Z","intuitentityid":"145","intuitaccountid":"9130001234567890",'
        b'"data":{}}]'
    ),
}


class Receiver:
    """An app's webhook address; answers the statuses given, then 200."""

    def __init__(self):
        self.arrived, self.statuses, self.hang = Queue(), [], threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.arrived.put((dict(self.headers), body))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                if status is None:
                    receiver.hang.wait(10)
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Nothing is printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/quickbooks?x=1"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.hang.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def next(self):
        return self.arrived.get(timeout=5)

    def events(self):
        return json.loads(self.next()[1])

    def types(self):
        return [event["type"] for event in self.events()]

    def silent(self, seconds=0.05):
        try:
            return self.arrived.get(timeout=seconds) is None
        except Empty:
            return True


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


@pytest.fixture
def subscribe(box, receiver):
    def subscribe(**facts):
        return box.control("POST", "quickbooks/webhooks", {"url": receiver.url} | facts)

    return subscribe


def deliveries(box, *, attempts=1):
    """The deliveries, as soon as the last of them was tried so often."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        found = box.control("GET", "quickbooks/webhooks")["deliveries"]
        if found and len(found[-1]["attempts"]) >= attempts:
            return found
        time.sleep(0.005)
    raise AssertionError(found)


# what is told


@pytest.mark.parametrize(("signature", "body"), VECTORS.items(), ids=["legacy", "cloudevents"])
def test_the_signature_is_that_of_the_references_vectors(body, signature):
    assert signature_of(body, "11111111-2222-3333-4444-555555555555") == signature


def test_row_33_a_new_invoice_is_told_as_a_signed_array_of_cloud_events(box, books, receiver, subscribe):
    box.clock.freeze("2026-11-23T08:15:30.123456Z")
    subscribe()
    invoice = books.invoice()
    headers, body = receiver.next()
    (event,) = json.loads(body)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event.pop("id"))
    assert re.fullmatch(r"intuit\.dsn\S+=", event.pop("source"))
    assert event == {
        "specversion": "1.0",
        "type": "qbo.invoice.created.v1",
        "datacontenttype": "application/json",
        "time": "2026-11-23T08:15:30.123456000Z",
        "intuitentityid": invoice["Id"],
        "intuitaccountid": books.realm,
        "data": {},
    }
    assert headers["intuit-signature"] == signature_of(body, box.world["quickbooks"]["webhook_verifier_token"])
    assert headers["content-type"] == "application/cloudevents-batch+json; charset=utf-8"
    assert headers["intuit-t-id"]


def test_row_33_by_the_switch_the_old_envelope_comes_with_its_headers(box, books, receiver, subscribe):
    box.clock.freeze("2026-11-23T08:15:30Z")
    subscribe(envelope="legacy")
    invoice = books.invoice()
    headers, body = receiver.next()
    entity = {
        "name": "Invoice", "id": invoice["Id"], "operation": "Create", "lastUpdated": "2026-11-23T08:15:30.000Z",
    }  # fmt: skip
    told = {"realmId": books.realm, "dataChangeEvent": {"entities": [entity]}}
    assert json.loads(body) == {"eventNotifications": [told]}
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["intuit-notification-schema-version"] == "0.1"
    assert headers["user-agent"] == "intuit_notification_server/0.1"
    assert headers["intuit-created-time"] == "2026-11-23T08:15:30.000Z"


def test_webhook_legacy_doc(box, books, receiver, subscribe, sample, compare):
    """The printed notification: a customer and a vendor of one company made together."""
    recorded = sample("webhook-legacy.doc")["body"]
    subscribe(envelope="legacy", hold=True)
    books.post("customer", {"DisplayName": "New customer"})
    books.post("vendor", {"DisplayName": "New vendor"})
    box.control("POST", "quickbooks/webhooks/release", {})
    ours = receiver.events()
    compare(recorded, ours, {})
    told, printed = (body["eventNotifications"][0]["dataChangeEvent"]["entities"] for body in (ours, recorded))
    assert [(each["name"], each["operation"]) for each in told] == [
        (each["name"], each["operation"]) for each in printed
    ]


def test_payments_sales_forms_accounts_and_terms_are_told(books, receiver, subscribe):
    invoice = books.invoice()
    subscribe()
    line = {"Amount": 5, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    paid = books.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 5, "Line": [line]})
    assert sorted(receiver.types()) == ["qbo.invoice.updated.v1", "qbo.payment.created.v1"]
    voided = {"Id": paid["Id"], "SyncToken": "0", "sparse": True}
    books.post("payment", voided, params={"operation": "update", "include": "void"})
    assert sorted(receiver.types()) == ["qbo.invoice.updated.v1", "qbo.payment.voided.v1"]
    estimate = books.post("estimate", books.invoice_body())
    assert receiver.types() == ["qbo.estimate.created.v1"]
    books.post("estimate", {"Id": estimate["Id"], "SyncToken": "0"}, params={"operation": "delete"})
    assert receiver.types() == ["qbo.estimate.deleted.v1"]
    books.post("salesreceipt", books.invoice_body())
    assert receiver.types() == ["qbo.salesreceipt.created.v1"]
    books.post("account", {"Name": "Retainers", "AccountType": "Income"})
    assert receiver.types() == ["qbo.account.created.v1"]
    books.post("term", {"Name": "Net 7", "DueDays": 7})
    assert receiver.types() == ["qbo.term.created.v1"]
    rate = {"TaxRateName": "Seven", "RateValue": 7, "TaxAgencyId": "1"}
    books.whole("POST", "taxservice/taxcode", {"TaxCode": "Seven", "TaxRateDetails": [rate]})
    assert receiver.silent()


def test_the_whole_life_of_an_invoice_is_told(box, books, receiver, subscribe):
    subscribe(entities=["Invoice"])
    invoice = books.invoice(BillEmail={"Address": "pay@harbor.example"})
    assert receiver.types() == ["qbo.invoice.created.v1"]
    changed = books.post("invoice", {"Id": invoice["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
    assert receiver.types() == ["qbo.invoice.updated.v1"]
    books.call("POST", f"invoice/{invoice['Id']}/send", headers={"Content-Type": "application/octet-stream"})
    assert receiver.types() == ["qbo.invoice.emailed.v1"]
    voided = books.post(
        "invoice", {"Id": invoice["Id"], "SyncToken": changed["SyncToken"]}, params={"operation": "void"}
    )
    assert receiver.types() == ["qbo.invoice.voided.v1"]
    books.post("invoice", {"Id": invoice["Id"], "SyncToken": voided["SyncToken"]}, params={"operation": "delete"})
    assert receiver.types() == ["qbo.invoice.deleted.v1"]


def test_by_the_switch_only_create_update_and_delete_are_told(box, books, receiver, subscribe):
    box.switch(invoice_events="basic")
    subscribe(entities=["Invoice"])
    box.void("sandbox", books.realm, books.invoice()["Id"])
    told = receiver.types()
    told += receiver.types() if len(told) == 1 else []
    assert told == ["qbo.invoice.created.v1", "qbo.invoice.updated.v1"]


def test_the_accountants_hand_and_lists_are_told_too(box, books, receiver, subscribe):
    subscribe()
    box.pay("sandbox", books.realm, "3")
    assert sorted(receiver.types()) == ["qbo.invoice.updated.v1", "qbo.payment.created.v1"]
    box.rename("sandbox", books.realm, "Customer", "1", "Amy's Birds")
    assert receiver.types() == ["qbo.customer.updated.v1"]
    books.post("item", {"Name": "Survey", "Type": "Service", "IncomeAccountRef": {"value": "1"}})
    assert receiver.types() == ["qbo.item.created.v1"]
    box.change("sandbox", books.realm, "Preferences", custom_numbers=True)
    assert receiver.types() == ["qbo.preferences.updated.v1"]


def test_what_changes_nothing_is_not_told(box, books, receiver, subscribe):
    invoice = books.invoice()
    subscribe()
    books.post("invoice", {"Id": invoice["Id"], "SyncToken": "0", "sparse": True})
    books.refused("invoice", {"Id": invoice["Id"], "SyncToken": "7", "sparse": True, "PrivateNote": "x"})
    books.query("select * from Invoice")
    assert receiver.silent()


def test_only_the_entities_and_the_environment_that_were_chosen_are_told(box, books, open_books, receiver, subscribe):
    subscribe(environment="sandbox", entities=["Payment"])
    open_books(environment="production").invoice()
    books.invoice()
    assert receiver.silent()
    box.pay("sandbox", books.realm, "3")
    assert receiver.types() == ["qbo.payment.created.v1"]


def test_each_environments_address_can_have_a_verifier_token_of_its_own(box, books, open_books, receiver, subscribe):
    tokens = {"production": "one of production", "sandbox": "one of sandbox"}
    for environment, token in tokens.items():
        subscribe(environment=environment, verifier_token=token)
    told = {}
    for environment in tokens:
        open_books(environment=environment).invoice()
        told[environment] = receiver.next()
    for environment, (headers, body) in told.items():
        assert headers["intuit-signature"] == signature_of(body, tokens[environment])
    assert len({json.loads(body)[0]["source"] for _, body in told.values()}) == 2


def test_companies_that_are_not_connected_any_more_are_not_told_of(box, books, receiver, subscribe):
    subscribe()
    box.token("quickbooks", access_token=books.token, active=False)
    box.rename("sandbox", books.realm, "Customer", "1", "Amy's Birds")
    assert receiver.silent()
    box.token("quickbooks", access_token=books.token, active=True)
    box.rename("sandbox", books.realm, "Customer", "1", "Amy's")
    assert receiver.types() == ["qbo.customer.updated.v1"]


def test_nothing_is_sent_before_an_address_is_set_nor_after_it_was_removed(box, books, receiver, subscribe):
    books.invoice()
    assert box.control("GET", "quickbooks/webhooks") == {"endpoints": [], "held": {}, "deliveries": []}
    subscribe()
    box.control("POST", "quickbooks/webhooks", {"url": None})
    books.invoice()
    assert receiver.silent()
    subscribe()
    box.reset()
    books.invoice()
    assert receiver.silent()
    assert box.control("GET", "quickbooks/webhooks")["endpoints"] == []


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/x", "http://example.com/", "http://10.0.0.1/", "http://u@127.0.0.1/", "ftp://localhost/", "x",
     "http://127.0.0.1:99999/", "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y"],
)  # fmt: skip
def test_only_plain_http_on_this_machine_is_ever_called(box, http, url):
    answer = http.post(f"{box.url}/control/quickbooks/webhooks", json={"url": url})
    assert (answer.status_code, "this machine" in answer.json()["error"]) == (400, True)


def test_entities_without_events_are_refused_by_name(box, http, receiver):
    answer = http.post(f"{box.url}/control/quickbooks/webhooks", json={"url": receiver.url, "entities": ["Invoices"]})
    assert answer.json()["error"].startswith("There are no events of Invoices")


# deliveries


def test_several_companies_come_in_one_delivery_when_changes_are_held(box, books, open_books, receiver, subscribe):
    subscribe(hold=True)
    british = open_books(country="GB")
    box.rename("sandbox", books.realm, "Customer", "1", "A")
    box.rename("sandbox", british.realm, "Customer", "1", "B")
    assert receiver.silent()
    assert box.control("GET", "quickbooks/webhooks")["held"] == {"sandbox": 2}
    box.control("POST", "quickbooks/webhooks/release", {})
    assert [event["intuitaccountid"] for event in receiver.events()] == [books.realm, british.realm]
    subscribe(hold=True, envelope="legacy")
    for realm in (books.realm, british.realm, books.realm):
        box.rename("sandbox", realm, "Customer", "1", f"C {time.monotonic_ns()}")
    box.control("POST", "quickbooks/webhooks/release", {"environment": "sandbox"})
    told = {
        each["realmId"]: len(each["dataChangeEvent"]["entities"]) for each in receiver.events()["eventNotifications"]
    }
    assert told == {books.realm: 2, british.realm: 1}


def test_on_demand_events_come_in_reverse_and_deliveries_again(box, books, receiver, subscribe):
    subscribe(hold=True)
    first, second = books.invoice(), books.invoice()
    box.control("POST", "quickbooks/webhooks/release", {"reverse": True})
    reversed_body = receiver.next()[1]
    assert [event["intuitentityid"] for event in json.loads(reversed_body)] == [second["Id"], first["Id"]]
    books.invoice()
    box.control("POST", "quickbooks/webhooks/release", {})
    later_body = receiver.next()[1]
    assert box.control("POST", "quickbooks/webhooks/repeat", {"deliveries": [2, 1, 1]}) == {"deliveries": [3, 4, 5]}
    assert [receiver.next()[1] for _ in range(3)] == [later_body, reversed_body, reversed_body]
    assert [each["repeats"] for each in deliveries(box)] == [None, None, 2, 1, 1]


def test_a_delivery_that_there_is_not_cannot_be_repeated(box, http):
    answer = http.post(f"{box.url}/control/quickbooks/webhooks/repeat", json={"deliveries": [7]})
    assert (answer.status_code, answer.json()) == (404, {"error": "There is no delivery 7."})


def test_a_notification_has_a_hundred_events_at_most(box, books, receiver, subscribe):
    subscribe(hold=True, entities=["Invoice"])
    for _ in range(101):
        books.invoice()
    box.control("POST", "quickbooks/webhooks/release", {})
    assert [len(receiver.events()), len(receiver.events())] == [100, 1]


def test_deliveries_are_listed_with_their_attempts(box, books, receiver, subscribe):
    box.clock.freeze("2026-11-23T08:15:30Z")
    subscribe()
    invoice = books.invoice()
    body = receiver.next()[1].decode()
    (delivery,) = deliveries(box)
    assert delivery["attempts"] == [{"at": "2026-11-23T08:15:30Z", "outcome": 200}]
    assert (delivery["body"], delivery["delivered"], delivery["due"]) == (body, True, None)
    (event,) = delivery["events"]
    assert (event["realm"], event["entity"], event["entity_id"], event["operation"]) == (
        books.realm, "Invoice", invoice["Id"], "Create",
    )  # fmt: skip


# tries


def test_row_33_retries_follow_the_list_on_the_sandboxs_clock_with_the_same_bytes(box, books, receiver, subscribe):
    box.clock.freeze("2026-11-23T08:00:00Z")
    subscribe()
    receiver.statuses = [500, 503, 404, 302, 202, 500, 500, 500, 500, 500]
    books.invoice()
    first = receiver.next()
    for number, wait in enumerate([10, 20, 30, 300, 1200, 7200, 14400, 21600, 21600, 21600], start=1):
        deliveries(box, attempts=number)
        box.clock.advance(wait - 1)
        assert receiver.silent(0.01)
        box.clock.advance(1)
        again = receiver.next()
        assert (again[1], again[0]["intuit-signature"]) == (first[1], first[0]["intuit-signature"])
    (delivery,) = deliveries(box, attempts=11)
    assert [each["outcome"] for each in delivery["attempts"]] == [500, 503, 404, 302, 202, 500, 500, 500, 500, 500, 200]
    box.clock.advance(100_000)
    assert receiver.silent(0.01)


def test_with_a_running_clock_a_retry_comes_by_itself(box, books, receiver, subscribe):
    subscribe()
    receiver.statuses = [500]
    books.invoice()
    receiver.next()
    deliveries(box)
    box.clock.advance(9.8)
    assert receiver.types() == ["qbo.invoice.created.v1"]


def test_an_app_that_does_not_answer_in_time_is_given_up_and_blocks_no_call(
    monkeypatch, box, books, receiver, subscribe
):
    assert courier.ANSWER_SECONDS == 3
    monkeypatch.setattr(courier, "ANSWER_SECONDS", 1.5)
    subscribe()
    receiver.statuses = [None]
    books.invoice()
    receiver.next()
    books.invoice()
    (delivery,) = box.control("GET", "quickbooks/webhooks")["deliveries"]
    assert delivery["attempts"] == []
    assert receiver.types() == ["qbo.invoice.created.v1"]
    given_up, later = deliveries(box)
    assert given_up["attempts"][0]["outcome"] == "no answer within 1.5 s"
    assert later["attempts"][0]["outcome"] == 200


def test_an_app_that_is_not_there_is_tried_again(box, books):
    with Receiver() as gone:
        url = gone.url
    box.control("POST", "quickbooks/webhooks", {"url": url})
    books.invoice()
    (delivery,) = deliveries(box)
    assert delivery["attempts"][0]["outcome"].startswith("no answer")
    assert (delivery["delivered"], delivery["due"] is not None) == (False, True)
    box.control("DELETE", "quickbooks/webhooks")
    assert deliveries(box)[0]["due"] is None


# public clients' verification code


def test_python_quickbooks_takes_the_signature_for_true_and_a_changed_body_for_false(box, books, receiver, subscribe):
    token = box.world["quickbooks"]["webhook_verifier_token"]
    client = QuickBooks(minorversion=75, verifier_token=token)
    for envelope in ("cloudevents", "legacy"):
        subscribe(envelope=envelope)
        books.invoice()
        headers, body = receiver.next()
        signature = headers["intuit-signature"]
        assert client.validate_webhook_signature(body.decode(), signature)
        assert not client.validate_webhook_signature(body.decode() + " ", signature)
        assert not client.validate_webhook_signature(body.decode(), signature, verifier_token="another")


def test_quickbooks_node_promise_takes_the_signature_for_true_and_a_changed_body_for_false(
    run_node, box, books, receiver, subscribe
):
    arrived = []
    for envelope in ("cloudevents", "legacy"):
        subscribe(envelope=envelope)
        books.invoice()
        headers, body = receiver.next()
        arrived.append({"signature": headers["intuit-signature"], "payload": json.loads(body)})
    token = box.world["quickbooks"]["webhook_verifier_token"]
    seen = run_node("webhooks", token=token, arrived=arrived)
    assert seen == {"verified": [True, True], "changed": [False, False], "other_token": [False, False]}
