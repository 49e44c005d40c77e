"""B3, the sync: N changed of 20,000 invoices, 2 % of them deleted and 1 % voided; nothing may be missed.

The peers' change data capture runs over the same changes: they say nothing of what they leave out. Floor of the calls:
ceil(N / 1,000); floor of the time: N records at 25 writes a second. Runs over 1,000 changes write ten times as fast and
their limit is ten times as low, for the table to be done in minutes.
"""

import math
import random
import shutil
import subprocess
import time
from pathlib import Path

from attibooks_sandbox.testing import Sandbox
from benchmarks.b8_night import sync_host
from benchmarks.report import table, verdict
from benchmarks.stage import host_environment

INVOICES = 20_000
CHANGED = (0, 100, 999, 1_000, 1_001, 1_500, 5_000)
MODES = ("oldest", "newest")
RATE = 25.0
PACE = 24.5
FAST = 10
SLOWEST_REAL = 100
"""Changes up to which the real rate is waited for."""
CPU_LIMIT_US = 60
HEAD = ["saturated", "changed", "missed", "calls", "goal", "Attio writes", "wall s", "of floor", "peers' CDC miss", "verdict"]
NODE = Path(__file__).parent / "node"


def run():
    """Measure every size in both modes."""
    rows = []
    with Sandbox(limits=False) as box:
        stage = _Stage(box)
        environment = {k: v for k, v in host_environment(box).items() if k != "ATTIBOOKS_BILLING"}
        with sync_host(environment) as host:
            stage.begin(host)
            for mode in MODES:
                box.switch(cdc_saturation=mode)
                rows += [stage.measure(host, mode, changed) for changed in CHANGED]
            rows.append(stage.idle(host))
    table(f"B3 sync of {INVOICES} invoices, records at {RATE:.0f} writes a second", HEAD, rows)
    table("B3 parse and compare, per invoice", ["what", "us", "goal", "verdict"], _cpu())


class _Stage:
    """One company with very many invoices, one workspace that keeps a record of each."""

    def __init__(self, box):
        self.box = box
        self.company = box.company("US", "production")
        self.place = (self.company["environment"], self.company["realm"])
        self.random = random.Random(3)
        self.ids = []

    def begin(self, host):
        """Fill the books, set the object up, and have every invoice known."""
        books = self._books()
        self.box.run(lambda: fill(books, INVOICES, first=datetime.now(UTC) - timedelta(days=3), days=2))
        self.ids = sorted(self.box.run(lambda: [i.id for i in books.invoices.values()]), key=int)
        workspace = self.box.workspace
        settings = {
            "environment": self.place[0],
            "qbo_company_id": self.place[1],
            "store_invoices_as_records": True,
        }
        tokens = {"crm": workspace["token"], "accounting": self.company["access_token"]}
        host.ask(install=[{"workspace": workspace["id"], **tokens, "settings": settings}])
        host.ask(setup=workspace["id"])
        host.ask(pace=100_000)
        done = host.ask(night=True)
        assert _only(done)["updated"] >= INVOICES, done

    def _books(self):
        return self.box.run(lambda: self.box.app.world.quickbooks.companies[self.place])

    def measure(self, host, mode, changed):
        """Change so many, sync, and look for every one of them."""
        factor = 1 if changed <= SLOWEST_REAL else FAST
        host.ask(pace=PACE * factor)
        living = self.random.sample(self.ids, changed)
        deleted, voided = living[: changed * 2 // 100], living[changed * 2 // 100 : changed * 3 // 100]
        self._change(living, deleted, voided)
        self.ids = [i for i in self.ids if i not in set(deleted)]
        self.box.clear_calls()
        done = host.ask(night=True)
        calls = sum(self.box.counts().get("quickbooks", {}).values())
        writes = len([c for c in self.box.calls("attio") if c["method"] in {"PUT", "PATCH"}])
        first = _only(done)
        seconds = done["seconds"]
        if not first["complete"]:  # the run says so, and the comparison of ids follows by itself
            host.ask(rest=True)
        missed = self._missed(living, deleted, voided)
        floor = changed / (RATE * factor)
        limit = math.ceil(changed / 1000) + 2
        share = f"{seconds / floor:.2f}" if floor >= 1 else "-"
        good = missed == 0 and calls <= limit and (floor < 1 or seconds <= 1.05 * floor)
        goal = f"<= {limit}"
        peers = " / ".join(str(changed - n) for n in (self._python_peer(), self._node_peer()))
        return [mode, changed, missed, calls, goal, writes, f"{seconds:.1f}", share, peers, "ok" if good else "MISSED"]
