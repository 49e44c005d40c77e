"""B5, webhook intake: durable deliveries a second against a bare route with the same signature check and no storage.

Callers run in a process of their own; every event has its own id, every tenth signature is wrong. The host is killed
in the middle of a further round: each event that was answered with 200 has to be in the database.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import books_events
from attibooks_sandbox.testing import Sandbox
from benchmarks.report import cpu_seconds, median, percentile, table
from benchmarks.stage import new_postgres_database, postgres, running_host
from tests.host_process import free_port

TOKEN = "bench-verifier-token"
SECONDS = 3.0
ROUNDS = 3
GOAL = 0.7
LATENCY_GOAL = 2.0
SHAPES = [(1, 16), (1, 64), (50, 16), (50, 64)]
REALMS = 5
WRONG_EVERY = 10
HEAD = ["what", "events", "connections", "deliveries/s", "p99 ms", "CPU us each", "of bare", "p99 of bare", "verdict"]


def run() -> None:
    """Measure hosts on both databases and the bare route in turn, then kill each host."""
    folder = Path(tempfile.mkdtemp(prefix="attibooks-bench-"))
    with Sandbox(limits=False) as box, postgres() as socket_folder:
        urls = {"sqlite": f"sqlite:///{folder / 'b5.db'}", "postgresql": new_postgres_database(socket_folder)}
        rows = [row for kind, url in urls.items() for row in _measure(box, folder, kind, url)]
    table(f"B5 webhook intake, {SECONDS:.0f} s a round, medians of {ROUNDS}", HEAD, rows)


def _measure(box, folder, kind, url):
    port = free_port()
    bare = subprocess.Popen([sys.executable, "-m", "benchmarks.bare_webhooks", str(port), TOKEN])
    try:
        with _host(box, folder, url) as host:
            wait_for_port(port)
            targets = {"bare": (port, bare.pid), kind: (host.port, host.process.pid)}
            for target in targets.values():
                _round(target, 1, 16, 1.0)  # warms up; not counted
            for events, connections in SHAPES:
                samples = {name: [] for name in targets}
                for _ in range(ROUNDS):
                    for name, target in targets.items():
                        samples[name].append(_round(target, events, connections, SECONDS))
                yield from _rows(samples, kind, events, connections)
            yield _killed(host, url, kind)
    finally:
        bare.kill()
        bare.wait()


def _host(box, folder, url):
    return running_host(
        box, folder, url, {"ATTIBOOKS_QUICKBOOKS__WEBHOOK_VERIFIER_TOKENS": json.dumps({"sandbox": [TOKEN]})}
    )


def _rows(samples, kind, events, connections):
    rate, late, cpu = ({n: median([s[i] for s in some]) for n, some in samples.items()} for i in range(3))
    share, slower = rate[kind] / rate["bare"], late[kind] / late["bare"]
    verdict = "ok" if share >= GOAL and slower <= LATENCY_GOAL else "MISSED"
    plain = [f"{rate['bare']:.0f}", f"{late['bare']:.1f}", f"{cpu['bare']:.0f}"]
    yield ["bare Litestar, nothing stored", events, connections, *plain, "", "", ""]
    ours = [f"{rate[kind]:.0f}", f"{late[kind]:.1f}", f"{cpu[kind]:.0f}"]
    yield [f"AttiBooks, {kind}", events, connections, *ours, f"{share:.0%}", f"{slower:.2f}", verdict]


def _round(target, events, connections, seconds):
    """Deliveries a second, p99 in ms, CPU of the server in microseconds a delivery."""
    port, pid = target
    before = cpu_seconds(pid)
    with get_context("spawn").Pool(1) as pool:
        answered, times, elapsed = pool.apply(call, (port, events, connections, seconds))
    cpu = (cpu_seconds(pid) - before) * 1e6 / max(len(times), 1)
    assert all(status in {200, 401} for status, _ in answered), {status for status, _ in answered}
    return len(times) / elapsed, percentile(times, 0.99) * 1000, cpu


def _killed(host, url, kind):
    """Kill the host while it is called; look for every event that was answered with 200."""
    with get_context("spawn").Pool(1) as pool:
        calling = pool.apply_async(call, (host.port, 5, 64, 60.0))
        time.sleep(4)
        host.kill()
        answered, _, _ = calling.get(30)
    wanted = {event_id for status, ids in answered if status == 200 for event_id in ids}
    database = Database(url)
    stored = set(database.write_now(lambda c: c.scalars(sa.select(books_events.c.event_id))))
    database.close()
    lost = len(wanted - stored)
    return [
        f"AttiBooks, {kind}, SIGKILL",
        5,
        64,
        f"{len(wanted)} events",
        "",
        "",
        f"{lost} lost",
        "",
        "ok" if not lost else "MISSED",
    ]


# -- the callers, in a process of their own -------------------------------------------------------------------------


def call(port, events, connections, seconds):
    """Call from several connections; what was answered (status and ids), times, and how long it took."""
    return asyncio.run(_call(port, events, connections, seconds))


async def _call(port, events, connections, seconds):
    answered, times = [], []
    started = time.perf_counter()
    end = started + seconds
    await asyncio.gather(*(_caller(port, events, end, answered, times) for _ in range(connections)))
    return answered, times, time.perf_counter() - started


async def _caller(port, events, end, answered, times):
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        number = 0
        while time.perf_counter() < end:
            number += 1
            ids, request = _delivery(events, wrong=number % WRONG_EVERY == 0)
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            await reader.readexactly(length)
            times.append(time.perf_counter() - started)
            answered.append((int(head[9:12]), ids))
        writer.close()
    except (OSError, asyncio.IncompleteReadError):
        return  # killed


def _delivery(events, *, wrong):
    batch = uuid4().hex
    ids = [f"src|{batch}-{n}" for n in range(events)]
    body = (
        b"["
        + b",".join(
            b'{"specversion":"1.0","id":"%s-%d","source":"src","type":"qbo.invoice.updated.v1","time":'
            b'"2026-11-23T08:15:30.123456789Z","intuitentityid":"%d","intuitaccountid":"91300012345678%02d","data":{}}'
            % (batch.encode(), n, n, n % REALMS)
            for n in range(events)
        )
        + b"]"
    )
    signature = b64encode(hmac.digest(b"wrong" if wrong else TOKEN.encode(), body, hashlib.sha256))
    head = (
        b"POST /webhooks/quickbooks HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/cloudevents-batch+json\r\n"
        b"intuit-signature: %s\r\ncontent-length: %d\r\n\r\n" % (signature, len(body))
    )
    return ids, head + body


def wait_for_port(port):
    """Wait until somebody listens."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise AssertionError("the bare route does not answer")
