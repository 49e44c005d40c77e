"""Runs that nobody waits for: tokens come by the reverse call, or the workspace is told to connect again (X3)."""

import httpx
import sqlalchemy as sa

from attibooks_core.storage.tables import syncs
from tests.app_hook import AppHook
from tests.life.conftest import CRON_SECRET
from tests.webhooks.conftest import Intuit, event


def night(host):
    answer = httpx.post(f"{host.url}/api/cron/sync-invoices", headers={"Authorization": f"Bearer {CRON_SECRET}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def paid_while_nobody_looked(machines):
    """A host that has just started, so that it has no tokens, and a record whose invoice was paid meanwhile."""
    host = machines.start()
    desk = machines.desk(host)
    record = desk.new_company()
    invoice = desk.click(record).json()["invoice"]["id"]
    hook = AppHook(desk.app)
    hook.__enter__()
    hook.install()
    host.stop()
    desk.box.pay("production", desk.company["realm"], invoice)
    other = machines.start()
    hook.move(other.url)
    return desk, record, hook, other


def test_the_night_asks_the_app_for_access_and_shows_what_changed(machines):
    """Rows 132, 133, X3: no user is there; the app brings a lease, and the record shows Paid."""
    desk, record, hook, host = paid_while_nobody_looked(machines)
    try:
        night(host)
        desk.eventually(lambda: desk.shown(record)["invoice_status"] == "Paid", 40)
        assert [asked["kind"] for asked in hook.asked] == ["sync-invoices"]
        assert [answer.status_code for answer in hook.answers] == [204]
    finally:
        hook.__exit__()


def test_a_workspace_whose_connection_is_gone_needs_to_reconnect(machines):
    """X3: neither a lease nor a grant: `needs_reconnect`, not a success."""
    desk, record, hook, host = paid_while_nobody_looked(machines)
    hook.connected = False
    try:
        night(host)
        desk.eventually(lambda: machines.read(sa.select(syncs.c.outcome)) == ["needs_reconnect"], 30)
        assert desk.shown(record)["invoice_status"] == "Open"
    finally:
        hook.__exit__()


def test_a_webhook_while_nobody_is_there_asks_for_access_too(machines):
    """Rows 142, X3: the event waits for the lease, and is not lost."""
    desk, record, hook, host = paid_while_nobody_looked(machines)
    invoice = desk.shown(record)["invoice_id"]
    told = event(invoice, time="2099-01-01T00:00:00Z", intuitaccountid=desk.company["realm"])
    try:
        answer = Intuit(host.url, desk.box.world["quickbooks"]["webhook_verifier_token"]).send([told])
        assert answer.status_code == 200, answer.text
        desk.eventually(lambda: desk.shown(record)["invoice_status"] == "Paid", 40)
    finally:
        hook.__exit__()
