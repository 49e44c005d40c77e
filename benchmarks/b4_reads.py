"""B4, metered reads of a workspace-month: 30 creates for 10 customers, 10 edits, 3 voids, 60 events, 30 nightly polls.

Only successful reads of production companies are metered (QuickBooks reference, App Partner Program). The baselines are
arithmetic: what a poll an hour, or one every 15 minutes, costs with nothing happening at all.
"""

import json
import tempfile
import time
from pathlib import Path

import httpx
import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.syncs import SyncState
from attibooks_core.storage.tables import deliveries, syncs
from attibooks_sandbox.testing import Sandbox
from benchmarks.report import table, verdict
from benchmarks.stage import running_host
from tests.desk import Desk

DAYS = 30
EDITS, VOIDS, EVENTS = 10, 3, 60
CUSTOMERS = 10
"""Each is looked for once."""
ACTIVE_LIMIT, QUIET_LIMIT = 110, 35
ALLOWANCE = 500_000
SECRET = "the scheduler's"
TOKEN_SECONDS = 10_000_000.0
DAY_SECONDS = 3600.0
"""By the books' clock, a day of the replayed month: further apart than the overlap of two runs."""
GRACE_SECONDS = 0.5
"""Until what has just happened has been told to the host."""
UNHANDED = sa.select(sa.func.count()).select_from(deliveries).where(deliveries.c.taken == sa.false())
UNDER_WAY = sa.select(sa.func.count()).select_from(syncs).where(syncs.c.state != SyncState.IDLE)
HEAD = ["what", "creates", "edits and voids", "events", "polls", "all", "goal", "workspaces in 500,000", "verdict"]


def run():
    """Replay an active and a quiet month."""
    rows = []
    for name, active, limit in (("active", True, ACTIVE_LIMIT), ("quiet", False, QUIET_LIMIT)):
        with Sandbox(limits=False) as box:
            rows.append(_measured(box, name, limit, active=active))
    rows += [_polling("polling every hour", 24), _polling("polling every 15 minutes", 96)]
    table("B4 metered reads of a workspace-month", HEAD, rows)


def _measured(box, name, limit, *, active):
    folder = Path(tempfile.mkdtemp(prefix="attibooks-bench-"))
    verifier = {"production": [box.world["quickbooks"]["webhook_verifier_token"]]}
    more = {
        "ATTIBOOKS_CRON_SECRET": SECRET,
        "ATTIBOOKS_CRON_SPREAD_SECONDS": "0",
        "ATTIBOOKS_QUICKBOOKS__WEBHOOK_VERIFIER_TOKENS": json.dumps(verifier),
    }
    with running_host(box, folder, f"sqlite:///{folder / 'b4.db'}", more) as host:
        month = _Month(box, host)
        for day in range(DAYS):
            if active:
                month.day(day)
            month.night()
        month.close()
    total = sum(month.reads.values())
    shown = [month.reads[kind] for kind in ("creates", "changes", "events", "polls")]
    return [f"{name} month", *shown, total, f"<= {limit}", ALLOWANCE // total, verdict(total, limit)]


def _polling(name, polls):
    total = polls * DAYS
    return [name, "", "", "", total, total, "", ALLOWANCE // total, "by arithmetic"]


class _Month:
    """One workspace with the invoice object and webhooks on, day after day."""

    def __init__(self, box, host):
        self.box, self.host = box, host
        self.desk = Desk.open(box, host.url, store_invoices_as_records=True)
        place = {"environment": self.desk.company["environment"], "realm": self.desk.company["realm"]}
        self.desk.app.accounting = box.token("quickbooks", **place, expires_in=TOKEN_SECONDS)
        body = {"settings": self.desk.app.settings}
        assert self.desk.app.call("POST", "invoice-object/setup", body, key="setup").status_code == 200
        box.control(
            "POST", "quickbooks/webhooks", {"url": f"{host.url}/webhooks/quickbooks", "environment": "production"}
        )
        self.reads = dict.fromkeys(("creates", "changes", "events", "polls"), 0)
        self.invoices, self.customers = [], []
        self.mark = box.metered()

    def close(self):
        """Hang up."""
        self.desk.close()

    def day(self, day):
        """One create, for one of ten customers; an edit or a void now and then; two events about older invoices."""
        if day < CUSTOMERS:
            self.customers.append(self.desk.new_company())
        record = self.customers[day % CUSTOMERS]
        answer = self.desk.click(record, confirm_recent=True)
        assert answer.status_code == 201, answer.text
        self.invoices.append((record, answer.json()["invoice"]["id"]))
        self._rest()
        self._count("creates")
        record, _ = self.invoices[-1]
        if day % 3 == 0 and day // 3 < EDITS:
            assert self.desk.edit(record, memo=f"Day {day}").status_code == 200
        if day % 10 == 1 and day // 10 < VOIDS:
            assert self.desk.void(self.invoices[-2][0]).status_code == 200
        self._rest()
        self._count("changes")
        for number in range(EVENTS // DAYS):
            self._happens(day, number)
        self._rest()
        self._count("events")

    def _happens(self, day, number):
        """The accountant changes something; the books tell the host."""
        _, invoice = self.invoices[(day * 7 + number) % len(self.invoices)]
        self.desk.by_hand("change", invoice, PrivateNote=f"Noted on day {day}, {number}")

    def night(self):
        """The nightly poll."""
        self.box.clock.advance(DAY_SECONDS)
        assert self.desk.app.read("usage").status_code == 200  # tokens, as the app's own would be
        answer = httpx.get(self.host.url + "/api/cron/sync-invoices", headers={"Authorization": f"Bearer {SECRET}"})
        assert answer.status_code == 200, answer.text
        self._rest()
        self._count("polls")

    def _rest(self):
        """Wait until everything that was told has been handed on, and all runs have ended."""
        time.sleep(GRACE_SECONDS)
        database = Database(self.host.database_url)
        self.desk.eventually(lambda: not any(self._counted(database, s) for s in (UNHANDED, UNDER_WAY)), 60)
        database.close()

    @staticmethod
    def _counted(database, statement):
        return database.write_now(lambda c: c.execute(statement).scalar_one())

    def _count(self, kind):
        now = self.box.metered()
        self.reads[kind] += now - self.mark
        self.mark = now
