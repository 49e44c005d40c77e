"""The nightly run: the route, the host's own clock, and who is left out (rows 132, 133)."""

import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import usage
from tests.life.conftest import CRON_SECRET

GOOD = {"Authorization": f"Bearer {CRON_SECRET}"}


def called(host, method="POST", headers=None):
    return httpx.request(method, f"{host.url}/api/cron/sync-invoices", headers=GOOD if headers is None else headers)


def summary_of(desk, host):
    answer = called(host)
    assert answer.status_code == 200, answer.text
    return next(w for w in answer.json()["workspaces"] if w["workspace"] == desk.app.workspace)


def test_the_route_begins_the_run_and_says_how_it_stands(machines):
    """Row 132: bearer, GET and POST, a summary; the work is done by the host itself."""
    host = machines.start()
    desk = machines.desk(host)
    record = desk.new_company()
    invoice = desk.click(record).json()["invoice"]["id"]
    desk.box.pay("production", desk.company["realm"], invoice)
    answer = called(host, "GET")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["run_id"].startswith("nightly-")
    assert [w["workspace"] for w in body["workspaces"]] == [desk.app.workspace]
    assert body["workspaces"][0]["state"] in {"queued", "running", "done"}
    desk.eventually(lambda: desk.shown(record)["invoice_status"] == "Paid")


def test_the_count_of_the_plan_is_what_the_books_accepted_again(machines):
    """Row 150: reconciled nightly, whatever happened to it."""
    host = machines.start()
    desk = machines.desk(host)
    desk.click(desk.new_company())
    database = Database(host.database_url)
    database.write_now(lambda c: c.execute(sa.update(usage).values(used=7, held=3)))
    database.close()
    assert called(host).status_code == 200
    shown = desk.app.read("usage").json()
    assert (shown["used"], shown["held"]) == (1, 0)


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": CRON_SECRET}, {"Authorization": "Basic x"}]
)
def test_the_route_refuses_who_does_not_have_the_secret(machines, headers):
    """Row 132: forged or missing bearer: 401, and nothing begins."""
    host = machines.start()
    assert called(host, headers=headers).status_code == 401


def test_without_a_secret_the_route_is_off(machines):
    """Contract §2: the cron route answers 503 until a secret is set."""
    host = machines.start(cron_secret="")
    answer = called(host)
    assert answer.status_code == 503
    assert answer.json()["code"] == "cron_off"


def test_a_second_call_joins_the_run_that_is_under_way(machines):
    """Row 132: safe when it is called twice."""
    host = machines.start()
    desk = machines.desk(host)
    desk.click(desk.new_company())
    desk.box.latency(1.0, "quickbooks")
    try:
        first, second = called(host).json(), called(host).json()
    finally:
        desk.box.latency(0, "quickbooks")
    assert first["run_id"] == second["run_id"]


def test_a_workspace_that_names_no_company_is_skipped_with_a_reason(machines):
    """Row 132: what is wrong with one workspace stands in the summary, and stops no other."""
    host = machines.start()
    desk = machines.desk(host)
    settings = {k: v for k, v in desk.app.settings.items() if k != "qbo_company_id"}
    assert desk.app.put_settings(settings).status_code == 200
    entry = summary_of(desk, host)
    assert entry["state"] == "skipped"
    assert "Company ID" in entry["reason"]


def test_a_machine_without_tokens_leaves_the_run_to_the_one_that_has_them(machines):
    """Row 132, X3: whichever machine the call reaches; the app's tokens came to another one."""
    host = machines.start()
    other = machines.start() if machines.shared else host
    desk = machines.desk(host)
    record = desk.new_company()
    invoice = desk.click(record).json()["invoice"]["id"]
    desk.box.pay("production", desk.company["realm"], invoice)
    time.sleep(5)  # longer than a round of the caretaker, which tells of tokens that have just come
    assert called(other).status_code == 200
    desk.eventually(lambda: desk.shown(record)["invoice_status"] == "Paid")


def test_the_host_strikes_midnight_by_itself_and_once_over_all_machines(machines):
    """Row 133: zero configuration: at 00:00 UTC of the host's clock every workspace is synced, by one machine."""
    now = datetime.now(UTC)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    offset = (midnight - now).total_seconds() - 25
    if not machines.shared:
        hosts = [machines.start(clock_offset_seconds=offset)]
    else:
        hosts = [machines.start(clock_offset_seconds=offset) for _ in range(2)]
    desk = machines.desk(hosts[0], clock_offset=offset)
    record = desk.new_company()
    invoice = desk.click(record).json()["invoice"]["id"]
    desk.box.pay("production", desk.company["realm"], invoice)
    mark = desk.mark()
    desk.eventually(lambda: desk.shown(record)["invoice_status"] == "Paid", 60)
    cdc = [c for c in desk.box.calls("quickbooks", since=mark) if "/cdc" in c["path"] or "/query" in c["path"]]
    assert len(cdc) == 1, "one run, whichever machine's clock struck first"
