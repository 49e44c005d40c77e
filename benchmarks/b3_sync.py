"""B3, the sync: N changed of 20,000 invoices, 2 % of them deleted and 1 % voided; nothing may be missed.

The peers' change data capture runs over the same changes: they say nothing of what they leave out. Floor of the calls:
ceil(N / 1,000); floor of the time: N records at 25 writes a second. Runs over 100 changes write four times as fast and
their limit is a quarter, for the table to be done in minutes. Where a run says that deletions may be missing,
the comparison of ids that follows by itself is a run of its own; its calls stand in a column of their own.
"""

import json
import math
import random
from datetime import UTC, datetime, timedelta

import httpx

from attibooks_core.invoicing.pacing import WRITES_A_SECOND
from attibooks_sandbox.testing import Sandbox
from benchmarks.b3_cpu import cpu_rows
from benchmarks.b8_night import sync_host
from benchmarks.peers import has_node, python_client, told_to_node, told_to_python
from benchmarks.report import table
from benchmarks.stage import host_environment
from tests.ledger import make_invoices

INVOICES = 20_000
CHANGED = (0, 100, 999, 1_000, 1_001, 1_500, 5_000)
MODES = ("oldest", "newest")
RATE = 25.0
PACE = WRITES_A_SECOND
FAST = 4
FULL = 1_000
"""Objects in a full answer of change data capture."""
SLOWEST_REAL = 100
"""Changes up to which the real rate is waited for."""
SHARE = 1.05
APART = 900.0
"""Seconds between two rounds by the books' clock: further than the overlap of two runs."""
IDLE_MS = 120
HEAD = [
    "a full answer has",
    "changed",
    "missed",
    "calls",
    "goal",
    "then",
    "Attio writes",
    "wall s",
    "of floor",
    "CPU ms each",
    "python-quickbooks misses",
    "node-quickbooks misses",
    "verdict",
]


def run():
    """Measure every size in both modes."""
    with Sandbox(limits=False) as box:
        stage = _Stage(box)
        environment = {k: v for k, v in host_environment(box).items() if k != "ATTIBOOKS_BILLING"}
        with sync_host(environment) as host:
            rows = [stage.begin(host)]
            for mode in MODES:
                box.switch(full_changes=mode)
                rows += [stage.measure(host, mode, changed) for changed in CHANGED]
            rows.append(stage.idle(host))
    table(f"B3 sync of {INVOICES} invoices, records at {RATE:.0f} writes a second", HEAD, rows)
    table("B3 parse and compare, per invoice", ["what", "us", "of json", "goal", "verdict"], cpu_rows(stage.answer))


class _Stage:
    """One company with very many invoices, one workspace that keeps a record of each."""

    def __init__(self, box):
        self.box = box
        self.company = box.company("US", "sandbox")
        self.place = (self.company["environment"], self.company["realm"])
        self.token = box.token("quickbooks", environment=self.place[0], realm=self.place[1], expires_in=10_000_000.0)
        self.random = random.Random(3)
        self.peer = python_client(box, self.company, self.token)
        self.has_node = has_node()
        self.ids = []
        self.answer = b""

    def begin(self, host):
        """Fill the books, set the object up, and have every invoice known; the row of that first run."""
        more = INVOICES - len(self._realm()["invoices"])
        step = timedelta(days=2) / more
        self.ids = make_invoices(self.box, self.place, more, datetime.now(UTC) - timedelta(days=3), step)
        workspace = self.box.workspace
        settings = {
            "environment": self.place[0],
            "qbo_company_id": self.place[1],
            "store_invoices_as_records": True,
        }
        tokens = {"crm": workspace["token"], "accounting": self.token}
        host.ask(install=[{"workspace": workspace["id"], **tokens, "settings": settings}])
        host.ask(setup=workspace["id"])
        host.ask(pace=100_000)
        self.box.clear_calls()
        done = host.ask(night=True)
        calls, first = self._calls(), _only(done)
        host.ask(rest=True)
        missed = len(set(self.ids) - self._records().keys())
        each = f"{done['cpu'] * 1000 / len(self.ids):.2f}"
        limit = math.ceil(len(self.ids) / 1000) + 2
        good = "ok" if missed == 0 and calls <= limit else "MISSED"
        wall = f"{done['seconds']:.1f}"
        writes = str(first["updated"])
        return ["first run", len(self.ids), missed, calls, f"<= {limit}", "", writes, wall, "", each, "", "", good]

    def measure(self, host, mode, changed):
        """Change so many, sync, and look for every one of them."""
        self._pass(host)
        factor = 1 if changed <= SLOWEST_REAL else FAST
        host.ask(pace=PACE * factor)
        since = datetime.fromisoformat(self.box.clock.now()) + timedelta(seconds=APART / 2)
        self.box.clock.advance(APART)
        chosen = self.random.sample(self.ids, changed)
        deleted, voided = chosen[: changed * 2 // 100], chosen[changed * 2 // 100 : changed * 3 // 100]
        self._change(chosen, set(deleted), set(voided), stamp := f"{mode} {changed}")
        self.ids = [i for i in self.ids if i not in set(deleted)]
        self.box.clear_calls()
        done = host.ask(night=True)
        calls, writes = self._calls(), self._writes()
        host.ask(rest=True)
        then = self._calls() - calls
        missed = self._missed(chosen, set(deleted), set(voided), stamp)
        floor = changed / (RATE * factor)
        limit = math.ceil(changed / 1000) + 2
        good = missed == 0 and calls <= limit and (not changed or done["seconds"] <= SHARE * floor + IDLE_MS / 1000)
        return [
            mode,
            changed,
            missed,
            calls,
            f"<= {limit}",
            f"+ {then}" if then else "",
            writes,
            f"{done['seconds']:.2f}",
            f"{done['seconds'] / floor:.2f}" if floor else "",
            f"{done['cpu'] * 1000 / changed:.2f}" if changed else "",
            *self._peers(set(chosen), since),
            "ok" if good else "MISSED",
        ]

    def idle(self, host):
        """A run with nothing to do."""
        self._pass(host)
        self.box.clock.advance(APART)
        self.box.clear_calls()
        done = host.ask(night=True)
        calls, writes = self._calls(), self._writes()
        ms = done["seconds"] * 1000
        good = "ok" if calls == 1 and not writes and ms <= IDLE_MS else "MISSED"
        return ["idle run", 0, 0, calls, f"1 and {IDLE_MS} ms", "", writes, f"{ms / 1000:.3f}", "", "", "", "", good]

    def _pass(self, host):
        """Let time pass, and have the cursor move on, so that nothing of the round before is told again."""
        self.box.clock.advance(APART)
        host.ask(night=True)
        host.ask(rest=True)

    def _change(self, chosen, deleted, voided, stamp):
        environment, realm = self.place
        for invoice_id in chosen:
            if invoice_id in deleted:
                self.box.delete(environment, realm, invoice_id)
            elif invoice_id in voided:
                self.box.void(environment, realm, invoice_id)
            else:
                self.box.change(environment, realm, "Invoice", invoice_id, CustomerMemo={"value": stamp})

    def _missed(self, chosen, deleted, voided, stamp):
        records = self._records()

        def is_shown(invoice_id):
            record = records[invoice_id]
            if invoice_id in deleted:
                return record["status"] == "Deleted"
            return record["status"] == "Voided" if invoice_id in voided else record["memo"] == stamp

        return sum(not is_shown(invoice_id) for invoice_id in chosen)

    def _peers(self, chosen, since):
        if not chosen:
            return ["", ""]
        missed = len(chosen - told_to_python(self.peer, since))
        if len(chosen) == max(c for c in CHANGED if c < FULL):
            self.answer = self._captured(since)
        if not self.has_node:
            return [missed, "no Node here"]
        return [missed, len(chosen - told_to_node(self.box, self.company, self.token, since))]

    def _captured(self, since):
        """An answer of change data capture as it stands."""
        url = f"{self.box.quickbooks_url(self.place[0])}/v3/company/{self.place[1]}/cdc"
        asked = {"entities": "Invoice", "changedSince": since.isoformat()}
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        return httpx.get(url, params=asked, headers=headers, timeout=60).content

    def _calls(self):
        return sum(self.box.counts().get("quickbooks", {}).values())

    def _writes(self):
        return self.box.counts().get("attio", {}).get("write", 0)

    def _realm(self):
        state = self.box.state(service="quickbooks", environment=self.place[0], realm=self.place[1])
        return state["quickbooks"][self.place[0]][self.place[1]]

    def _records(self):
        workspace = self.box.workspace["id"]
        state = self.box.state(service="attio", workspace=workspace)["attio"]["workspaces"][workspace]
        return {r["qbo_invoice_id"]: r for r in state["objects"]["invoices"].values()}


def _only(done):
    (workspace,) = done["workspaces"].values()
    assert workspace["outcome"] == "done", json.dumps(workspace)[:2000]
    assert not workspace["errors"], workspace["errors"]
    return workspace
