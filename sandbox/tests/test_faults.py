"""Row 9 of Attio and row 34 of QuickBooks: planted faults, as a client feels them."""

import time

import httpx
import pytest

BROKEN = (httpx.RemoteProtocolError, httpx.ReadError)


def count(books):
    return books.query("select count(*) from Invoice")["totalCount"]


def post_invoice(books, **options):
    return books.http.post(
        f"{books.url}/invoice",
        json=books.invoice_body(),
        headers={"Authorization": f"Bearer {books.token}", "Accept": "application/json"},
        **options,
    )


PATH = "/v3/company/*/invoice"


@pytest.mark.parametrize(("kind", "added"), [("drop_before_commit", 0), ("drop_after_commit", 1)])
def test_row_34_dropped_connections_are_really_cut(box, books, kind, added):
    box.faults.add("quickbooks", kind, method="POST", path=PATH)
    with pytest.raises(BROKEN):
        post_invoice(books)
    assert count(books) == 3 + added
    assert post_invoice(books).status_code == 200
    (call,) = [each for each in box.calls("quickbooks", "core") if each["outcome"] == "cut"]
    assert call["fault"].endswith(kind)


def test_row_34_a_dropped_answer_is_found_by_its_request_id(box, books):
    box.faults.add("quickbooks", "drop_after_commit", path=PATH)
    with pytest.raises(BROKEN):
        post_invoice(books, params={"requestid": "r-1"})
    assert post_invoice(books, params={"requestid": "r-1"}).json()["Invoice"]["DocNumber"] == "1004"
    assert count(books) == 4


@pytest.mark.parametrize(("after_commit", "added"), [(False, 0), (True, 1)])
def test_row_34_time_outs_before_and_after_commit(box, books, after_commit, added):
    box.faults.add("quickbooks", "timeout", path=PATH, after_commit=after_commit)
    with pytest.raises(httpx.ReadTimeout):
        post_invoice(books, timeout=0.2)
    assert count(books) == 3 + added


@pytest.mark.parametrize(("after_commit", "added"), [(False, 0), (True, 1)])
@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503, 504])
def test_row_34_statuses_of_quickbooks(box, books, status, after_commit, added):
    box.faults.add("quickbooks", "status", status=status, path=PATH, after_commit=after_commit)
    answer = post_invoice(books)
    assert answer.status_code == status
    assert count(books) == 3 + added
    if status == 500:
        assert answer.json()["Fault"]["Error"][0]["code"] == "10000"
    if status in {502, 503, 504}:
        assert answer.headers["content-type"].startswith("text/html")


def test_row_34_bodies_and_headers_of_ones_own(box, books):
    fault = {"Fault": {"Error": [{"Message": "m", "Detail": "d", "code": "10000"}], "type": "SystemFault"}}
    box.faults.add("quickbooks", "status", status=200, body=fault, headers={"X-Mine": "1"}, path=PATH)
    answer = post_invoice(books)
    assert (answer.status_code, answer.json(), answer.headers["x-mine"]) == (200, fault, "1")
    box.faults.add("quickbooks", "status", status=502, body="<html>bad</html>", path=PATH)
    assert post_invoice(books).text == "<html>bad</html>"
    xml = {"body": "<IntuitResponse/>", "headers": {"content-type": "application/xml"}}
    box.faults.add("quickbooks", "status", status=500, path=PATH, **xml)
    assert post_invoice(books).headers.get_list("content-type") == ["application/xml"]


def test_row_34_slow_and_malformed_answers_commit(box, books):
    box.faults.add("quickbooks", "slow", seconds=0.3, path=PATH)
    start = time.perf_counter()
    assert post_invoice(books).status_code == 200
    assert time.perf_counter() - start > 0.29
    box.faults.add("quickbooks", "malformed", path=PATH)
    answer = post_invoice(books)
    assert answer.status_code == 200
    with pytest.raises(ValueError):
        answer.json()
    box.faults.add("quickbooks", "malformed", body="<xml/>", path=PATH)
    assert post_invoice(books).text == "<xml/>"
    assert count(books) == 6


def test_a_slow_answer_that_nobody_waits_for_is_committed(box, books):
    box.faults.add("quickbooks", "slow", seconds=5, path=PATH)
    with pytest.raises(httpx.ReadTimeout):
        post_invoice(books, timeout=0.2)
    assert count(books) == 4


def test_latency_delays_everything_of_a_service(box, books, attio):
    box.latency(0.08, "quickbooks")
    start = time.perf_counter()
    books.get("customer/1")
    assert time.perf_counter() - start > 0.079
    assert box.app.pipeline.latency.get("attio", 0) == 0
    box.latency(0)
    box.faults.add("quickbooks", "latency", seconds=0.1, times=None)
    start = time.perf_counter()
    books.get("customer/1")
    assert time.perf_counter() - start > 0.099


def test_row_34_which_calls_a_fault_strikes(box, books, open_books, attio):
    plant = lambda **facts: box.faults.add("quickbooks", "status", status=503, times=None, **facts)  # noqa: E731
    production = open_books(environment="production")
    cases = [
        ({"method": "GET"}, [200, 503]),
        ({"path": "/v3/company/*/customer/*"}, [200, 503]),
        ({"path": "/v3/company/"}, [503, 503]),
        ({"path": "/v3/company/*/invoice", "method": "post"}, [503, 200]),
        ({"environment": "production"}, [200, 200]),
        ({"realm": books.realm}, [503, 503]),
        ({"query": "minorversion=75"}, [200, 200]),
        ({"query": "requestid=r"}, [503, 200]),
    ]
    for facts, expected in cases:
        plant(**facts)
        statuses = [post_invoice(books, params={"requestid": f"r{facts}"}).status_code]
        statuses.append(
            books.http.get(f"{books.url}/customer/1", headers={"Authorization": f"Bearer {books.token}"}).status_code
        )
        assert statuses == expected, facts
        assert attio.call("GET", "/self").status_code == 200
        box.faults.clear()
    plant(environment="production")
    production.call("GET", "customer/1", status=503)


def test_times_are_counted_and_faults_listed(box, books):
    name = box.faults.add("quickbooks", "status", status=500, times=2)
    box.faults.add("quickbooks", "status", status=503, times=1)
    statuses = [
        books.http.get(f"{books.url}/customer/1", headers={"Authorization": f"Bearer {books.token}"}).status_code
        for _ in range(4)
    ]
    assert statuses == [500, 500, 503, 200]
    assert box.faults.listed() == []
    assert name == "fault-1"


def test_probability_is_seeded(box, books):
    def statuses():
        box.reset()
        box.faults.add("quickbooks", "status", status=503, times=None, probability=0.3)
        headers = {"Authorization": f"Bearer {books.token}"}
        return [books.http.get(f"{books.url}/customer/1", headers=headers).status_code for _ in range(60)]

    first = statuses()
    assert first == statuses()
    assert 5 < first.count(503) < 35


def test_row_9_attio_429_has_a_date(box, attio):
    box.faults.add("attio", "status", status=429)
    box.clock.freeze("2026-11-23T09:15:01.400Z")
    answer = attio.call("GET", "/objects", status=429)
    assert answer.headers["Retry-After"] == "Mon, 23 Nov 2026 09:15:02 GMT"
    assert answer.json() == {
        "status_code": 429, "type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "Rate limit exceeded, please try again later",
    }  # fmt: skip
    box.faults.add("attio", "status", status=429, retry_after=3)
    assert attio.call("GET", "/objects", status=429).headers.get_list("Retry-After") == ["3"]
    box.faults.add("quickbooks", "status", status=503, retry_after="date")


def test_row_9_attio_conflict_outage_and_loss(box, attio):
    body = {"data": {"values": {"name": ["Kept"]}}}
    box.faults.add("attio", "status", status=409, path="/v2/objects/*/records")
    answer = attio.refused("POST", "/objects/companies/records", body, status=409)
    assert (answer["code"], answer["type"]) == ("concurrent_write_conflict", "invalid_request_error")
    box.faults.add("attio", "status", status=503)
    answer = attio.call("POST", "/objects/companies/records", body, status=503)
    assert (answer.text, answer.headers["content-type"]) == ("Service Unavailable", "text/plain; charset=utf-8")
    assert attio.query("companies", filter={"name": "Kept"})["data"] == []
    box.faults.add("attio", "drop_after_commit", method="POST", path="/v2/objects/companies/records")
    with pytest.raises(BROKEN):
        attio.call("POST", "/objects/companies/records", body)
    assert len(attio.query("companies", filter={"name": "Kept"})["data"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"service": "attio"},
        {"service": "nobody", "kind": "slow"},
        {"service": "attio", "kind": "magic"},
        {"service": "attio", "kind": "slow", "times": 0},
        {"service": "attio", "kind": "slow", "times": "many"},
        {"service": "attio", "kind": "slow", "probability": 2},
        {"service": "attio", "kind": "slow", "colour": "red"},
        {"service": "attio", "kind": "status", "retry_after": "soon"},
    ],
)
def test_faults_that_make_no_sense_are_refused(box, http, body):
    answer = http.post(f"{box.url}/control/faults", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert box.faults.listed() == []


def test_faults_over_http(box, http):
    planted = http.post(
        f"{box.url}/control/faults", json={"service": "attio", "kind": "status", "path": "/v2/self", "times": None}
    )
    assert planted.json()["left"] is None
    assert len(http.get(f"{box.url}/control/faults").json()["faults"]) == 1
    assert http.delete(f"{box.url}/control/faults").json() == {"faults": []}
