"""Tokens in the background: a host that lost them asks the app, and goes on."""

import threading
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest

from tests.app_hook import AppHook

pytestmark = pytest.mark.timeout(180)


def lose_the_answer(desk, record, key, host):
    """The books commit and stay silent; the host is killed, and with it every token."""
    desk.box.faults.add("quickbooks", "timeout", method="POST", path="/v3/company/*/invoice", after_commit=True)

    def click():
        with suppress(httpx.HTTPError):
            desk.create(record, key=key)

    clicking = threading.Thread(target=click)
    clicking.start()
    desk.eventually(lambda: len(desk.invoices(record)) == 1)
    host.kill()
    clicking.join()


def test_a_host_without_tokens_asks_the_app_and_ends_what_it_began(houses):
    """Rows X3, 133: the app leases its tokens to the waiting job; nobody clicks."""
    first = houses.start()
    desk = houses.desk(first)
    record, key = desk.new_company(), uuid4().hex
    with AppHook(desk.app) as hook:
        hook.install()
        lose_the_answer(desk, record, key, first)
        second = houses.start()
        hook.move(second.url)
        desk.eventually(lambda: desk.shown(record)["invoice_id"], 120)
        desk.eventually(lambda: hook.answers)
    assert [answer.status_code for answer in hook.answers] == [204]
    assert hook.asked[0]["kind"] == "create_invoice"
    assert hook.asked[0].keys() == {"job_id", "kind", "issued_at"}
    (invoice,) = desk.invoices(record)
    assert desk.shown(record)["invoice_id"] == invoice["Id"]
    assert desk.company["access_token"] not in second.text()


# -- the route -------------------------------------------------------------------------------------------------------


def lease(app, job_id, **more):
    return app.call("POST", f"jobs/{job_id}/lease", {}, key=uuid4().hex, **more)


def made_job(desk):
    """A job of the workspace, and what it left in the books."""
    record = desk.new_company()
    return desk.batch([record]) and desk.app.batch("companies", [record], key=uuid4().hex, confirm_recent=True)


def test_a_lease_for_a_job_is_taken_without_a_body_and_stores_the_settings(desk):
    job_id = made_job(desk).json()["job_id"]
    answer = lease(desk.app, job_id)
    assert (answer.status_code, answer.content) == (204, b"")
    settings = {**desk.app.settings, "template_due_days": 7}
    body = {"settings": settings}
    assert desk.app.call("POST", f"jobs/{job_id}/lease", body, key=uuid4().hex).status_code == 204
    stored = desk.app.call("GET", "settings").json()["settings"]
    assert stored["template_due_days"] == 7


def test_a_lease_for_an_unknown_job_is_refused(desk):
    for job_id in ("nothing", "x" * 65, "%2e%2e"):
        answer = lease(desk.app, job_id)
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found"), job_id


def test_a_lease_without_a_key_is_refused(desk):
    answer = desk.app.call("POST", f"jobs/{made_job(desk).json()['job_id']}/lease", {})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


def test_a_lease_with_a_bad_snapshot_says_so_and_stores_nothing(desk):
    body = {"settings": {"environment": "moon"}}
    answer = desk.app.call("POST", f"jobs/{made_job(desk).json()['job_id']}/lease", body, key=uuid4().hex)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")


def test_a_forged_lease_gives_nothing(desk):
    forger = replace(desk.app, secret="guessed")
    answer = lease(forger, made_job(desk).json()["job_id"])
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    forger.http.close()


def test_another_workspace_cannot_lease_to_a_job_of_this_one(desk, box):
    """Nothing of one workspace ever meets another: not even whether the job exists."""
    other = box.world["attio"]["workspaces"][1]
    job_id = made_job(desk).json()["job_id"]
    key_id, secret = next(iter(other["app_secrets"].items()))
    stranger = replace(desk.app, workspace=other["id"], token=other["token"], key_id=key_id, secret=secret)
    assert stranger.install().status_code == 201
    answer = lease(stranger, job_id)
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")
    stranger.http.close()


# -- the app's end ---------------------------------------------------------------------------------------------------


def test_a_forged_reverse_call_is_refused_by_the_app(desk):
    """What our own hook, written from the contract, would let through counts for the tests above."""
    with AppHook(desk.app) as hook:
        headers = {"x-attibooks-timestamp": "1763870000", "x-attibooks-signature": "0" * 64}
        answer = httpx.post(hook.url, content=b"{}", headers=headers)
    assert answer.status_code == 401
    assert hook.asked == []
