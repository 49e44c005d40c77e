"""BILLING: what asking for the plan adds to a create, and how a stored webhook compares with a bare route.

Creates go to two hosts in turns of either order, one without billing and one on Free with room left, upstreams at
once. Deliveries are made by callers in a process of their own, each event with its own id and the size of a real one;
the goal is against a bare route that stores as durably, one transaction a delivery, and the one that stores nothing is
shown beside it.
"""

import asyncio
import hashlib
import hmac
import json
import random
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

from attibooks_sandbox.testing import Sandbox
from benchmarks.b5_webhooks import wait_for_port
from benchmarks.report import median, percentile, table, verdict
from benchmarks.stage import new_postgres_database, postgres, running_host
from tests.desk import Desk
from tests.host_process import free_port

CREATES = 300
MOST_ADDED_MS = 1.0
SECRET = "whsec_of_the_benchmark"
SECONDS, ROUNDS = 2.0, 5
CONNECTIONS = (1, 16)
MOST_TIMES = 2.0
STORING = "bare Litestar, each stored"
FREE = {
    "ATTIBOOKS_BILLING": "stripe",
    "ATTIBOOKS_FREE_INVOICES_PER_MONTH": "1000000",
    "ATTIBOOKS_STRIPE__API_KEY": "sk_test_nobody",
    "ATTIBOOKS_STRIPE__API_URL": "http://127.0.0.1:9",
    "ATTIBOOKS_STRIPE__WEBHOOK_SECRETS": json.dumps([SECRET]),
}


def run() -> None:
    """Measure on both databases."""
    creates, deliveries = [], []
    with Sandbox(limits=False) as box, postgres() as socket_folder:
        for kind in ("sqlite", "postgresql"):
            folder = Path(tempfile.mkdtemp(prefix="attibooks-bench-"))
            urls = [
                f"sqlite:///{folder / f'{n}.db'}" if kind == "sqlite" else new_postgres_database(socket_folder)
                for n in range(3)
            ]
            with running_host(box, folder, urls[0]) as none, running_host(box, folder, urls[1], FREE) as free:
                creates += _creates(box, kind, none, free)
                deliveries += _deliveries(kind, free, urls[2])
    head = ["what", "p50 ms without", "p50 ms with", "added ms", f"goal < {MOST_ADDED_MS}"]
    table(f"BILLING the plan in a create, {CREATES} each in turn", head, creates)
    head = ["what", "connections", "deliveries/s", "p99 ms", "of the storing one", f"goal <= {MOST_TIMES}"]
    table(f"BILLING verify and store a webhook, {SECONDS:.0f} s a round, medians of {ROUNDS}", head, deliveries)


def _creates(box, kind, none, free):
    desks = [Desk.open(box, host.url, "US", "production") for host in (none, free)]
    records = [desk.new_company() for desk in desks]
    times = [[], []]
    for number in range(CREATES + 20):
        for i in random.sample(range(2), 2):  # whoever comes second meets what the first one leaves to be done
            desk, record, some = desks[i], records[i], times[i]
            started = time.perf_counter()
            answer = desk.create(record, confirm_recent=True)
            if number >= 20:
                some.append((time.perf_counter() - started) * 1000)
            assert answer.status_code == 201, answer.text
    for desk in desks:
        desk.close()
    without, with_plan = (median(some) for some in times)
    added = with_plan - without
    yield [f"AttiBooks, {kind}", f"{without:.2f}", f"{with_plan:.2f}", f"{added:+.2f}", verdict(added, MOST_ADDED_MS)]


def _deliveries(kind, host, url):
    ports = {"bare Litestar, nothing stored": free_port(), STORING: free_port()}
    command = [sys.executable, "-m", "benchmarks.bare_stripe"]
    bare = [
        subprocess.Popen([*command, str(port), SECRET, *more])
        for port, more in zip(ports.values(), ([], [url]), strict=True)
    ]
    try:
        for port in ports.values():
            wait_for_port(port)
        ports[f"AttiBooks, {kind}"] = host.port
        for connections in CONNECTIONS:
            samples = {name: [] for name in ports}
            for number in range(ROUNDS + 1):
                for name, port in ports.items():
                    figures = _round(port, connections)
                    if number:  # the first one warms up
                        samples[name].append(figures)
            yield from _rows(connections, samples)
    finally:
        for process in bare:
            process.kill()
            process.wait()


def _rows(connections, samples):
    rates, late = ({name: median([s[i] for s in some]) for name, some in samples.items()} for i in range(2))
    for name in samples:
        times = late[name] / late[STORING]
        goal = verdict(times, MOST_TIMES) if name.startswith("AttiBooks") else ""
        yield [name, connections, f"{rates[name]:.0f}", f"{late[name]:.2f}", f"{times:.2f}", goal]


def _round(port, connections):
    """Deliveries a second, p99 in ms."""
    with get_context("spawn").Pool(1) as pool:
        times, elapsed = pool.apply(call, (port, connections, SECONDS))
    return len(times) / elapsed, percentile(times, 0.99) * 1000


def call(port, connections, seconds):
    """Deliver from several connections; times, and how long it took. Runs in a process of its own."""
    return asyncio.run(_call(port, connections, seconds))


async def _call(port, connections, seconds):
    times, started = [], time.perf_counter()
    await asyncio.gather(*(_caller(port, started + seconds, times) for _ in range(connections)))
    return times, time.perf_counter() - started


async def _caller(port, end, times):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < end:
        request = _delivery()
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head[9:12] == b"200", head
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0))
        times.append(time.perf_counter() - started)
    writer.close()


def _delivery():
    thing = {"object": "subscription", "id": "sub_1", "customer": "cus_of_nobody", "description": "x" * 3500}
    event = {"id": f"evt_{uuid4().hex}", "object": "event", "livemode": False, "data": {"object": thing}}
    body, stamp = json.dumps(event).encode(), str(int(time.time())).encode()
    mac = hmac.new(SECRET.encode(), stamp + b"." + body, hashlib.sha256).hexdigest().encode()
    head = b"POST /webhooks/stripe HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    return head + b"stripe-signature: t=%s,v1=%s\r\ncontent-length: %d\r\n\r\n" % (stamp, mac, len(body)) + body
