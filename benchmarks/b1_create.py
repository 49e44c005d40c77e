"""B1, create: calls and latency with every upstream at 80 ms.

Floor of a warm create: three round trips one after another (read the record, create the invoice, write the record).
"""

import asyncio
import subprocess
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import httpx

from attibooks_sandbox.testing import Sandbox
from benchmarks.peers import NODE, has_node, python_client
from benchmarks.report import cpu_seconds, median, percentile, table, verdict
from benchmarks.stage import new_postgres_database, postgres, running_host
from tests.desk import Desk

LATENCY = 0.08
FLOOR_MS = 240
CREATES = 200
RECORDS = 10
MARGINS = {"sqlite": 15, "postgresql": 30}
CPU_LIMIT_MS = 25
PEER_CREATES = 15
HEAD = ["what", "QuickBooks calls", "of them metered", "Attio calls", "p50 ms", "p99 ms", "CPU ms", "goal", "verdict"]


def run() -> None:
    """Measure hosts on both databases and the naive recipes of two client libraries."""
    with Sandbox(limits=False) as box, postgres() as socket_folder:
        rows = []
        for kind in MARGINS:
            folder = Path(tempfile.mkdtemp(prefix="attibooks-bench-"))
            url = f"sqlite:///{folder / 'b1.db'}" if kind == "sqlite" else new_postgres_database(socket_folder)
            with running_host(box, folder, url) as host:
                rows += _measure_host(box, host, kind)
        table(
            f"B1 create, upstreams at {LATENCY * 1000:.0f} ms (floor of a warm create {FLOOR_MS} ms)",
            HEAD,
            [_bare(box), *rows, *_measure_peers(box)],
        )


def _measure_host(box, host, kind):
    desk = Desk.open(box, host.url, "US", "production")
    box.latency(LATENCY)
    try:
        return [_cold(box, desk, kind), _warm(box, desk, host, kind), _warm_mailed(box, desk, kind)]
    finally:
        box.latency(0)
        desk.close()


def _cold(box, desk, kind):
    box.latency(0)
    record = desk.new_company()
    desk.app.read("connection/status", {"settings": desk.app.settings})
    box.latency(LATENCY)
    ms, calls = _timed(box, lambda: desk.create(record))
    return [f"{kind}: cold, after Check Status", *calls, f"{ms:.0f}", "", "", "<= 4 calls", verdict(calls[0], 4)]


def _warm(box, desk, host, kind):
    box.latency(0)
    records = [desk.new_company() for _ in range(RECORDS)]
    for record in records:
        desk.create(record)
    box.latency(LATENCY)
    before = cpu_seconds(host.process.pid)
    samples = [_timed(box, lambda r=records[n % RECORDS]: desk.create(r, confirm_recent=True)) for n in range(CREATES)]
    cpu = (cpu_seconds(host.process.pid) - before) * 1000 / CREATES
    times = [ms for ms, _ in samples]
    calls = max(calls for _, calls in samples)
    limit = FLOOR_MS + MARGINS[kind]
    good = median(times) <= limit and cpu <= CPU_LIMIT_MS and calls[0] == 1 and calls[2] <= 2
    goal = f"1 call, p50 <= {limit}, CPU <= {CPU_LIMIT_MS}"
    figures = [f"{median(times):.0f}", f"{percentile(times, 0.99):.0f}", f"{cpu:.1f}"]
    return [f"{kind}: warm, {CREATES} creates", *calls, *figures, goal, "ok" if good else "MISSED"]


def _warm_mailed(box, desk, kind):
    box.latency(0)
    record = desk.new_company(invoice_email=f"{uuid4().hex[:8]}@bench.example")
    desk.create(record)
    box.latency(LATENCY)
    ms, calls = _timed(box, lambda: desk.create(record, confirm_recent=True))
    return [f"{kind}: warm and e-mailed", *calls, f"{ms:.0f}", "", "", "2 calls", verdict(calls[0], 2)]


def _timed(box, create):
    box.clear_calls()
    started = time.perf_counter()
    answer = create()
    ms = (time.perf_counter() - started) * 1000
    if answer.status_code != 201:
        raise RuntimeError(answer.text)
    counts = box.counts()
    books, crm = counts.get("quickbooks", {}), counts.get("attio", {})
    return ms, (sum(books.values()), books.get("coreplus", 0), sum(crm.values()))


def _bare(box):
    """Three round trips one after another over one connection and nothing else: what is left of the floor here."""
    headers = {"Authorization": f"Bearer {box.workspace['token']}"}

    async def measure():
        async with httpx.AsyncClient(headers=headers) as client:
            times = []
            for _ in range(PEER_CREATES):
                started = time.perf_counter()
                for _ in range(3):
                    await client.get(f"{box.attio_url}/v2/self")
                times.append((time.perf_counter() - started) * 1000)
            return times

    box.latency(LATENCY)
    times = asyncio.run(measure())
    box.latency(0)
    return ["bare httpx: three round trips", 0, 0, 3, f"{median(times):.0f}", f"{max(times):.0f}", "", "baseline", ""]


# -- peers: find the customer, make it, find the item, make the invoice ------------------------------------------


def _measure_peers(box):
    box.latency(LATENCY, "quickbooks")
    try:
        return [_python_quickbooks(box), _node_quickbooks(box)]
    finally:
        box.latency(0)


def _python_quickbooks(box):
    company = box.company("US", "sandbox")
    client = python_client(box, company, company["access_token"])
    return _peer_row("python-quickbooks, naive recipe", [_recipe(box, client) for _ in range(PEER_CREATES)])


def _recipe(box, client):
    from quickbooks.objects import Customer, Invoice, Item
    from quickbooks.objects.detailline import SalesItemLine, SalesItemLineDetail

    name = f"Peer {uuid4().hex[:8]}"
    box.clear_calls()
    started = time.perf_counter()
    assert Customer.filter(DisplayName=name, qb=client) == []
    customer = Customer()
    customer.DisplayName = name
    customer.save(qb=client)
    item = Item.filter(Type="Service", qb=client)[0]
    line = SalesItemLine()
    line.Amount = 100
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = item.to_ref()
    line.SalesItemLineDetail.Qty, line.SalesItemLineDetail.UnitPrice = 1, 100
    invoice = Invoice()
    invoice.CustomerRef, invoice.Line = customer.to_ref(), [line]
    invoice.save(qb=client)
    counts = box.counts()["quickbooks"]
    return (time.perf_counter() - started) * 1000, (sum(counts.values()), counts.get("coreplus", 0))


def _node_quickbooks(box):
    if not has_node():
        return ["node-quickbooks: skipped, there is no Node here", *[""] * 8]
    company = box.company("US", "sandbox")
    samples = []
    base = f"{box.quickbooks_url('sandbox')}/v3/company/"
    for _ in range(PEER_CREATES):
        box.clear_calls()
        done = subprocess.run(
            ["node", "recipe.js", base, company["realm"], company["access_token"], f"Peer {uuid4().hex[:8]}"],
            cwd=NODE,
            check=True,
            capture_output=True,
            text=True,
        )
        counts = box.counts()["quickbooks"]
        samples.append((float(done.stdout), (sum(counts.values()), counts.get("coreplus", 0))))
    return _peer_row("node-quickbooks, naive recipe", samples)


def _peer_row(name, samples):
    times = [ms for ms, _ in samples]
    calls = max(calls for _, calls in samples)
    return [name, *calls, "-", f"{median(times):.0f}", f"{max(times):.0f}", "", "books only", ""]
