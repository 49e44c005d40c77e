"""A click on a selection: each record ends as one invoice or with the reason why not, and none hurts another."""

from uuid import uuid4

import pytest


def outcomes(result):
    return {r["record_id"]: r["outcome"] for r in result["records"]}


def error_of(result, record):
    return next(r["error"] for r in result["records"] if r["record_id"] == record)


def assert_made_once(desk, result, record):
    (invoice,) = desk.invoices(record)
    told = next(r for r in result["records"] if r["record_id"] == record)
    assert told["outcome"] == "created"
    assert told["invoice"]["id"] == invoice["Id"]
    assert desk.shown(record)["invoice_id"] == invoice["Id"]


def test_every_record_of_a_selection_becomes_one_invoice_that_the_record_shows(desk):
    records = [desk.new_company() for _ in range(5)]
    result = desk.batch(records)
    assert (result["created"], result["refused"], result["failed"]) == (5, 0, 0)
    assert [r["record_id"] for r in result["records"]] == records
    for record in records:
        assert_made_once(desk, result, record)


def test_a_bad_record_a_double_and_one_that_is_gone_hurt_no_other(desk):
    good, other, bad, gone = desk.new_company(), desk.new_company(), desk.new_company(rate=None), str(uuid4())
    result = desk.batch([good, bad, gone, good, "no-uuid", other])
    assert outcomes(result) == {
        good: "created",
        bad: "refused",
        gone: "refused",
        "no-uuid": "refused",
        other: "created",
    }
    assert [r["record_id"] for r in result["records"]] == [good, bad, gone, "no-uuid", other]
    for record in (good, other):
        assert_made_once(desk, result, record)
    assert error_of(result, bad)["code"] == "invalid_draft"
    assert [p["field"] for p in error_of(result, bad)["problems"]] == ["rate"]
    assert error_of(result, gone)["code"] == "record_not_found"
    assert desk.shown(bad)["sync_error"]
    assert desk.invoices(bad) == []


def test_the_same_click_again_is_the_same_job_and_makes_nothing_new(desk):
    records, key = [desk.new_company() for _ in range(3)], uuid4().hex
    first = desk.app.batch("companies", records, key=key)
    again = desk.app.batch("companies", records, key=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    desk.ended(first.json()["job_id"])
    assert desk.app.batch("companies", records, key=key).json() == first.json()
    assert all(len(desk.invoices(record)) == 1 for record in records)
    other = desk.app.batch("companies", records[:1], key=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


def test_an_invoice_made_just_now_is_asked_about_for_its_record_alone(desk):
    recent, fresh = desk.new_company(), desk.new_company()
    assert desk.click(recent).status_code == 201
    result = desk.batch([recent, fresh])
    assert outcomes(result) == {recent: "refused", fresh: "created"}
    assert error_of(result, recent)["code"] == "recent_invoice"
    confirmed = desk.batch([recent], confirm_recent=True)
    assert outcomes(confirmed) == {recent: "created"}
    assert len(desk.invoices(recent)) == 2


def test_a_job_of_another_workspace_is_not_there(desk, box):
    job = desk.app.batch("companies", [desk.new_company()]).json()["job_id"]
    desk.ended(job)
    stranger = box.world["attio"]["workspaces"][1]
    desk.app.workspace, desk.app.token = stranger["id"], stranger["token"]
    desk.app.key_id, desk.app.secret = next(iter(stranger["app_secrets"].items()))
    assert desk.app.install().status_code == 201
    answer = desk.app.job(job)
    desk.app.call("DELETE", "installations", key=uuid4().hex)  # other tests want it as it was
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


def test_in_custom_mode_a_selection_is_refused_since_nobody_reviewed_it(desk):
    record = desk.new_company()
    desk.app.settings = {**desk.app.settings, "invoice_mode": "custom"}
    answer = desk.app.batch("companies", [record])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_draft")
    assert [p["field"] for p in answer.json()["problems"]] == ["draft_token"]
    assert desk.invoices(record) == []


@pytest.mark.parametrize(("ids", "status"), [([], 400), ([str(n) for n in range(251)], 400)])
def test_a_selection_of_none_or_too_many_is_no_selection(desk, ids, status):
    assert desk.app.batch("companies", ids).status_code == status


def test_a_selection_needs_a_key_and_a_connection(desk):
    record = desk.new_company()
    body = {"object": "companies", "record_ids": [record], "settings": desk.app.settings}
    assert desk.app.call("POST", "invoices/batch", body).json()["code"] == "idempotency_key_missing"
    desk.app.accounting = None
    assert desk.app.batch("companies", [record]).json()["code"] == "not_connected"


def test_the_trail_of_each_record_tells_its_invoice(desk):
    good, bad = desk.new_company(), desk.new_company(rate=None)
    desk.batch([good, bad])
    assert [e["kind"] for e in desk.trail(good)] == ["intent", "accepted", "writeback"]
    assert [e["kind"] for e in desk.trail(bad)] == ["refused"]
