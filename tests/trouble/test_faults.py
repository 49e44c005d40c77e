"""Faults on the wire: exactly one invoice, and the user knows where things stand."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import uuid4

import pytest

INVOICE = "/v3/company/*/invoice"


def plant(desk, kind, *, times=1, **facts):
    desk.box.faults.add("quickbooks", kind, method="POST", path=INVOICE, times=times, **facts)


LOST_ANSWERS = {
    "500 after commit": {"kind": "status", "status": 500, "after_commit": True},
    "503 after commit": {"kind": "status", "status": 503, "after_commit": True},
    "connection cut after commit": {"kind": "drop_after_commit"},
    "connection cut before commit": {"kind": "drop_before_commit"},
    "malformed JSON after commit": {"kind": "malformed"},
    "500 before commit": {"kind": "status", "status": 500},
    "429 with seconds": {"kind": "status", "status": 429, "retry_after": 1},
}


@pytest.mark.parametrize("case", LOST_ANSWERS)
def test_a_lost_or_refused_answer_makes_one_invoice(desk, case):
    record = desk.new_company()
    plant(desk, **LOST_ANSWERS[case])
    answer = desk.create(record)
    assert answer.status_code == 201, answer.text
    assert [i["Id"] for i in desk.invoices(record)] == [answer.json()["invoice"]["id"]]


def test_a_throttle_that_names_a_date_is_waited_out(desk):
    record = desk.new_company()
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    plant(desk, "status", status=429, headers={"Retry-After": date})
    desk.box.faults.add("attio", "status", method="GET", path="/v2/objects/*/records/*", status=429, retry_after="date")
    assert desk.create(record).status_code == 201
    assert len(desk.invoices(record)) == 1


def test_an_answer_that_stays_lost_is_looked_up(desk):
    """Row 107: an unknown outcome is looked up before anything is sent again."""
    record = desk.new_company()
    plant(desk, "drop_after_commit", times=None)
    answer = desk.create(record)
    assert answer.status_code == 201, answer.text
    assert [i["Id"] for i in desk.invoices(record)] == [answer.json()["invoice"]["id"]]


def test_books_that_never_take_the_invoice_leave_nothing_behind(desk):
    record, key = desk.new_company(), uuid4().hex
    plant(desk, "status", status=503, times=None)
    answer = desk.create(record, key=key)
    assert (answer.status_code, answer.json()["code"]) == (502, "backend_down"), answer.text
    assert desk.invoices(record) == []
    assert "backend_down" in desk.shown(record)["sync_error"]
    desk.box.faults.clear()
    again = desk.create(record, key=key)
    assert again.status_code == 201, "a passing failure does not use the key up"
    assert len(desk.invoices(record)) == 1
    assert desk.shown(record)["sync_error"] is None


def test_when_nobody_can_say_what_became_of_it_the_job_goes_on(desk):
    record, key = desk.new_company(), uuid4().hex
    assert desk.create(record).status_code == 201, "customer and item are known from now on"
    plant(desk, "drop_after_commit", times=None)
    desk.box.faults.add("quickbooks", "status", method="*", path="/v3/company/*/query", status=503, times=None)
    answer = desk.create(record, key=key, confirm_recent=True)
    assert answer.status_code in {202, 504}, answer.text
    job_id = answer.json()["job_id"]
    assert desk.app.call("GET", f"jobs/{job_id}").json()["state"] == "running"
    desk.box.faults.clear()
    desk.eventually(lambda: desk.app.call("GET", f"jobs/{job_id}").json()["state"] == "succeeded", 60)
    _, invoice = sorted(desk.invoices(record), key=lambda i: int(i["Id"]))
    job = desk.app.call("GET", f"jobs/{job_id}").json()
    assert job["result"]["invoice"]["id"] == invoice["Id"]
    assert job["progress"] == {"done": 1, "total": 1}
    assert desk.create(record, key=key, confirm_recent=True).json() == job["result"]
    assert desk.shown(record)["invoice_id"] == invoice["Id"]


def test_attio_down_after_the_submit_parks_the_writeback_and_the_invoice_stands(desk):
    record = desk.new_company()
    desk.box.faults.add("attio", "status", method="PUT", path="/v2/objects/*/records/*", status=503, times=None)
    answer = desk.create(record)
    assert answer.status_code == 201
    assert answer.json()["writeback"]["state"] == "parked"
    assert answer.json()["writeback"]["problems"][0]["code"] == "attio_down"
    assert desk.shown(record)["invoice_id"] is None
    desk.box.faults.clear()
    desk.eventually(lambda: desk.shown(record)["invoice_id"] == answer.json()["invoice"]["id"])
    assert len(desk.invoices(record)) == 1


def test_a_record_deleted_after_the_submit_leaves_the_invoice_standing(desk):
    record = desk.new_company()
    desk.box.faults.add(
        "attio",
        "status",
        method="PUT",
        path="/v2/objects/*/records/*",
        status=404,
        times=None,
        body={
            "status_code": 404,
            "type": "invalid_request_error",
            "code": "not_found",
            "message": f'Record with ID "{record}" not found.',
        },
    )
    answer = desk.create(record)
    assert answer.status_code == 201
    written = answer.json()["writeback"]
    assert (written["state"], written["problems"][0]["code"]) == ("parked", "record_not_found")
    assert len(desk.invoices(record)) == 1


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "status", "status": 503, "body": "Service Unavailable"}, 503, "attio_down"),
        ({"kind": "malformed"}, 503, "attio_down"),
        ({"kind": "drop_before_commit"}, 503, "attio_down"),
        ({"kind": "status", "status": 429, "retry_after": 120}, 429, "rate_limited"),
    ],
)
def test_attio_down_before_the_submit_makes_nothing(desk, fault, status, code):
    record = desk.new_company()
    desk.box.faults.add("attio", method="GET", path="/v2/objects/*/records/*", times=None, **fault)
    desk.box.clear_calls()
    answer = desk.create(record)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert desk.box.calls("quickbooks") == []
    if status == 429:
        assert int(answer.headers["retry-after"]) >= 100


def test_a_throttled_company_says_when_to_come_back(desk):
    record = desk.new_company()
    desk.box.faults.add(
        "quickbooks", "status", method="*", path="/v3/company/*/query", status=429, retry_after=90, times=None
    )
    answer = desk.create(record)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited"), answer.text
    assert int(answer.headers["retry-after"]) >= 80
    assert desk.invoices(record) == []


def test_an_invoice_that_cannot_be_mailed_stands_with_a_warning(desk):
    record = desk.new_company(invoice_email=f"{uuid4().hex[:8]}@test.example")
    desk.box.faults.add(
        "quickbooks", "status", method="POST", path="/v3/company/*/invoice/*/send", status=500, times=None
    )
    answer = desk.create(record)
    assert answer.status_code == 201
    assert "customer_email" in [w["field"] for w in answer.json()["warnings"]]
    (invoice,) = desk.invoices(record)
    assert invoice["EmailStatus"] != "EmailSent"


def test_a_customer_that_became_inactive_is_noticed_and_not_doubled(desk):
    record = desk.new_company()
    assert desk.create(record).status_code == 201
    customer = desk.invoices(record)[0]["CustomerRef"]["value"]
    place = (desk.company["environment"], desk.company["realm"])
    desk.box.change(*place, "Customer", customer, Active=False)
    answer = desk.create(record, confirm_recent=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_draft"), answer.text
    desk.box.change(*place, "Customer", customer, Active=True)
    assert desk.create(record, confirm_recent=True).status_code == 201
    assert len([c for c in desk.realm["customers"] if c["DisplayName"].startswith(desk.names[record])]) == 1


def test_a_slow_company_gets_a_job_and_the_job_ends(desk, monkeypatch):
    record = desk.new_company()
    plant(desk, "slow", seconds=22)
    started = time.monotonic()
    answer = desk.create(record)
    assert answer.status_code == 202, answer.text
    assert time.monotonic() - started < 25, "Attio's server functions are cut at 30 s"
    job_id = answer.json()["job_id"]
    desk.eventually(lambda: desk.app.call("GET", f"jobs/{job_id}").json()["state"] == "succeeded")
    assert len(desk.invoices(record)) == 1
