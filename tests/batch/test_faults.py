"""Whatever goes wrong with the books' batch: one invoice a record, and only the bad one is refused."""

import json
from uuid import uuid4

import httpx
import pytest

BATCH = "/v3/company/*/batch"


@pytest.fixture
def records(desk):
    """Six records whose customers are new."""
    desk.batch([desk.new_company()])  # what is kept of the company is warm
    return [desk.new_company() for _ in range(6)]


def assert_one_each(desk, records, result):
    assert (result["created"], result["refused"], result["failed"]) == (len(records), 0, 0), result
    for record in records:
        (invoice,) = desk.invoices(record)
        assert desk.shown(record)["invoice_id"] == invoice["Id"]


FAULTS = {
    "a failure after the books have done it": {"kind": "status", "status": 500, "after_commit": True},
    "a failure before they did": {"kind": "status", "status": 500},
    "a cut connection after they have done it": {"kind": "drop_after_commit"},
    "a cut connection before they did": {"kind": "drop_before_commit"},
    "an answer of nonsense": {"kind": "malformed"},
    "too many calls": {"kind": "status", "status": 429, "retry_after": 1},
}


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_batch_whose_answer_is_lost_makes_one_invoice_for_each_record(desk, records, fault, times):
    desk.box.faults.add("quickbooks", method="POST", path=BATCH, times=times, **fault)
    assert_one_each(desk, records, desk.batch(records))


@pytest.mark.parametrize("after_commit", [True, False], ids=["made", "not made"])
@pytest.mark.timeout(240)
def test_books_that_stay_silent_for_long_are_asked_later_and_make_one_each(desk, records, after_commit):
    """Every repeat of the first run fails too: the invoices are looked up, or made by a later run."""
    desk.batch(records)  # known customers: the batch of the invoices is the only one
    desk.box.faults.add(
        "quickbooks", "status", status=503, after_commit=after_commit, method="POST", path=BATCH, times=4
    )
    result = desk.batch(records, confirm_recent=True)
    assert result["created"] == len(records), result
    assert all(len(desk.invoices(record)) == 2 for record in records)


def test_what_cannot_even_be_looked_up_is_sent_again_as_it_was(desk, records):
    desk.box.faults.add("quickbooks", "drop_after_commit", method="POST", path=BATCH, times=1)
    desk.batch(records)
    desk.box.clear_calls()
    desk.box.faults.add("quickbooks", "status", status=503, after_commit=True, method="POST", path=BATCH, times=4)
    desk.box.faults.add("quickbooks", "status", status=503, method="POST", path="/v3/company/*/query", times=3)
    result = desk.batch(records, confirm_recent=True)
    assert result["created"] == len(records), result
    assert all(len(desk.invoices(record)) == 2 for record in records)
    bodies, keys = (
        set(desk.sent("*/batch")),
        {c["query"] for c in desk.box.calls("quickbooks") if "/batch" in c["path"]},
    )
    assert len(bodies) == len(keys) == 1, "the same bytes under the same request id"


def test_a_record_that_the_books_refuse_hurts_no_other(desk, records):
    """A customer that became inactive since is planned anew, and then refused for what it is."""
    desk.batch(records)
    victim = desk.invoices(records[2])[0]["CustomerRef"]["value"]
    desk.box.change(desk.company["environment"], desk.company["realm"], "customer", victim, Active=False)
    result = desk.batch(records, confirm_recent=True)
    assert (result["created"], result["refused"]) == (5, 1), str(
        [(r["outcome"], r.get("error", {}).get("detail")) for r in result["records"]]
    )
    assert result["records"][2]["outcome"] == "refused"
    assert result["records"][2]["error"]["code"] == "invalid_draft"
    assert "inactive" in result["records"][2]["error"]["detail"]
    assert "inactive" in desk.shown(records[2])["sync_error"]
    assert [len(desk.invoices(record)) for record in records[3:]] == [2, 2, 2]


def test_a_name_that_a_vendor_has_is_refused_for_its_record_alone(desk, records):
    name = f"Vendor {uuid4().hex[:8]}"
    place = f"/{desk.company['environment']}/v3/company/{desk.company['realm']}/vendor"
    made = httpx.post(
        f"{desk.box.url}/quickbooks{place}",
        json={"DisplayName": name},
        headers={"Authorization": f"Bearer {desk.company['access_token']}", "Accept": "application/json"},
    )
    assert made.status_code == 200, made.text
    clash = desk.new_company(name)
    result = desk.batch([*records, clash])
    assert (result["created"], result["refused"]) == (6, 1), str(
        [(r["outcome"], r.get("error", {}).get("detail")) for r in result["records"]]
    )
    assert result["records"][-1]["error"]["code"] == "invalid_draft"
    assert_one_each(desk, records, {**result, "refused": 0})


def test_without_a_right_connection_every_record_hears_of_it(desk, records):
    desk.app.accounting = "revoked-token"
    result = desk.batch(records)
    assert {r["outcome"] for r in result["records"]} == {"refused"}
    assert {r["error"]["code"] for r in result["records"]} == {"reconnect_needed"}
    assert all(desk.invoices(record) == [] for record in records)


def test_records_that_cannot_be_written_now_are_written_later(desk, records):
    desk.box.faults.add("attio", "status", status=503, method="PUT", times=12)
    result = desk.batch(records)
    assert result["created"] == len(records)
    desk.eventually(lambda: all(desk.shown(record)["invoice_id"] for record in records), 60)
    assert_one_each(desk, records, result)


def test_the_crm_that_asks_to_slow_down_loses_no_record(desk, records):
    desk.box.faults.add("attio", "status", status=429, retry_after="date", method="PUT", times=6)
    assert_one_each(desk, records, desk.batch(records))


def test_a_refusal_is_shown_when_the_crm_has_room_for_it_again(desk):
    """The first answer to "slow down" is patience within the call; the second is another round of the job."""
    records = [desk.new_company(rate=None) for _ in range(3)]
    desk.box.faults.add("attio", "status", status=429, retry_after=0.1, method="PUT", times=10)
    result = desk.batch(records)
    assert (result["created"], result["refused"]) == (0, 3)
    assert all("invalid_draft" in desk.shown(record)["sync_error"] for record in records)


def test_a_crm_that_is_down_for_a_moment_delays_the_batch(desk, records):
    desk.box.faults.add("attio", "status", status=503, method="POST", path="/v2/objects/*", times=4)
    assert_one_each(desk, records, desk.batch(records))


def test_the_batch_carries_short_keys_and_exact_bodies(desk, records):
    desk.box.clear_calls()
    desk.batch(records)
    customers, invoices = (json.loads(body)["BatchItemRequest"] for body in desk.sent("*/batch"))
    assert [item["bId"] for item in invoices] == [str(n) for n in range(6)]
    assert all(len(item["bId"]) <= 10 for item in (*customers, *invoices))
    keys = [
        c["query"].partition("requestid=")[2].partition("&")[0]
        for c in desk.box.calls("quickbooks")
        if "/batch" in c["path"]
    ]
    assert len(set(keys)) == 2
    assert all(0 < len(key) <= 36 for key in keys)
