"""B5, webhook intake: durable deliveries a second against a bare route with the same signature check and no storage.

Callers run in a process of their own; every event has its own id, every tenth signature is wrong. Between the rounds
the host takes apart what came in: "all in all" is the CPU until that is done. With a worker of its own that is done by
another process, which is not counted. The host is killed in the middle of a further round: each delivery that was
answered with 200 has to be in the database, and the next process has to hand each of its events on.
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
from attibooks_core.storage.tables import books_events, deliveries
from attibooks_sandbox.testing import Sandbox
from benchmarks.report import cpu_seconds, median, percentile, table
from benchmarks.stage import new_postgres_database, postgres, running_host
from tests.host_process import free_port

TOKEN = "bench-verifier-token"
SECONDS = 3.0
ROUNDS = 3
GOAL = 0.7
LATENCY_GOAL = 2.0
LEGACY = 0
"""One event in the old form."""
SHAPES = [(1, 16), (1, 64), (50, 16), (50, 64), (LEGACY, 64)]
REALMS = 5
WRONG_EVERY = 10
MEASURED = ["deliveries/s", "p99 ms", "CPU us each", "all in all", "of bare", "p99 of bare", "verdict"]
HEAD = ["what", "events", "connections", *MEASURED]


def run() -> None:
    """Measure hosts on both databases, alone and with a worker, and the bare route in turn, then kill each host."""
    folder = Path(tempfile.mkdtemp(prefix="attibooks-bench-"))
    rows = []
    with Sandbox(limits=False) as box, postgres() as socket_folder:
        for own_worker in (False, True):
            name = " + worker" if own_worker else ""
            sqlite = f"sqlite:///{folder / f'b5{own_worker}.db'}"
            rows += _measure(box, folder, f"sqlite{name}", sqlite, own_worker=own_worker)
            server = new_postgres_database(socket_folder)
            rows += _measure(box, folder, f"postgresql{name}", server, own_worker=own_worker)
    table(f"B5 webhook intake, {SECONDS:.0f} s a round, medians of {ROUNDS}", HEAD, rows)


def _measure(box, folder, kind, url, *, own_worker):
    port = free_port()
    bare = subprocess.Popen([sys.executable, "-m", "benchmarks.bare_webhooks", str(port), TOKEN])
    tokens = {"ATTIBOOKS_QUICKBOOKS__WEBHOOK_VERIFIER_TOKENS": json.dumps({"sandbox": [TOKEN]})}
    database = Database(url)
    try:
        with running_host(box, folder, url, tokens, own_worker=own_worker) as host:
            wait_for_port(port)
            targets = {"bare": (port, bare.pid), kind: (host.port, host.process.pid)}
            for target in targets.values():
                _round(target, 1, 16, 1.0, database)  # warms up; not counted
            for events, connections in SHAPES:
                samples = {name: [] for name in targets}
                for _ in range(ROUNDS):
                    for name, target in targets.items():
                        samples[name].append(_round(target, events, connections, SECONDS, database))
                yield from _rows(samples, kind, events, connections)
            answered = _killed(host)
        with running_host(box, folder, url, tokens, own_worker=own_worker):
            yield _lost(answered, database, kind)
    finally:
        database.close()
        bare.kill()
        bare.wait()


def _rows(samples, kind, events, connections):
    rate, late, cpu, total = ({n: median([s[i] for s in some]) for n, some in samples.items()} for i in range(4))
    share, slower = rate[kind] / rate["bare"], late[kind] / late["bare"]
    verdict = "ok" if share >= GOAL and slower <= LATENCY_GOAL else "MISSED"
    name = "1, old form" if events == LEGACY else events
    plain = [f"{rate['bare']:.0f}", f"{late['bare']:.1f}", f"{cpu['bare']:.0f}", ""]
    yield ["bare Litestar, nothing stored", name, connections, *plain, "", "", ""]
    ours = [f"{rate[kind]:.0f}", f"{late[kind]:.1f}", f"{cpu[kind]:.0f}", f"{total[kind]:.0f}"]
    yield [f"AttiBooks, {kind}", name, connections, *ours, f"{share:.0%}", f"{slower:.2f}", verdict]


def _round(target, events, connections, seconds, database):
    """Deliveries a second, p99 in ms, CPU of the server in us a delivery: meanwhile, and until all is taken apart."""
    port, pid = target
    before = cpu_seconds(pid)
    with get_context("spawn").Pool(1) as pool:
        answered, times, elapsed = pool.apply(call, (port, events, connections, seconds))
    used = cpu_seconds(pid) - before
    _taken_apart(database)
    all_used = cpu_seconds(pid) - before
    assert all(status in {200, 401} for status, _ in answered), {status for status, _ in answered}
    each = 1e6 / max(len(times), 1)
    return len(times) / elapsed, percentile(times, 0.99) * 1000, used * each, all_used * each


def _taken_apart(database):
    """Wait until no delivery waits."""
    waiting = sa.select(deliveries.c.id).where(deliveries.c.taken == sa.false()).limit(1)
    while database.write_now(lambda c: c.scalar(waiting)):
        time.sleep(0.2)


def _killed(host):
    """The events that were answered with 200 before the host was killed."""
    with get_context("spawn").Pool(1) as pool:
        calling = pool.apply_async(call, (host.port, 5, 64, 60.0))
        time.sleep(4)
        host.kill()
        answered, _, _ = calling.get(30)
    return {event_id for status, ids in answered if status == 200 for event_id in ids}


def _lost(answered, database, kind):
    """Look for every event once the next process has taken apart what the killed one left."""
    _taken_apart(database)
    handed = database.write_now(lambda c: set(c.scalars(sa.select(books_events.c.event_id))))
    lost = len(answered - handed)
    told = [f"{len(answered)} events", "", "", f"{lost} lost", "", ""]
    return [f"AttiBooks, {kind}, SIGKILL", 5, 64, *told, "MISSED" if lost else "ok"]


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
    if events == LEGACY:
        ids, body = [], _legacy(batch)
    else:
        ids, body = [f"src|{batch}-{n}" for n in range(events)], _modern(batch, events)
    signature = b64encode(hmac.digest(b"wrong" if wrong else TOKEN.encode(), body, hashlib.sha256))
    head = (
        b"POST /webhooks/quickbooks HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/cloudevents-batch+json\r\n"
        b"intuit-signature: %s\r\ncontent-length: %d\r\n\r\n" % (signature, len(body))
    )
    return ids, head + body


def _modern(batch, events):
    one = (
        b'{"specversion":"1.0","id":"%s-%d","source":"src","type":"qbo.invoice.updated.v1","time":'
        b'"2026-11-23T08:15:30.123456789Z","intuitentityid":"%d","intuitaccountid":"91300012345678%02d","data":{}}'
    )
    return b"[" + b",".join(one % (batch.encode(), n, n, n % REALMS) for n in range(events)) + b"]"


def _legacy(batch):
    return (
        b'{"eventNotifications":[{"realmId":"9130001234567800","dataChangeEvent":{"entities":[{"name":"Invoice",'
        b'"id":"%s","operation":"Update","lastUpdated":"2026-11-23T08:15:30.000Z"}]}}]}' % batch.encode()
    )


def wait_for_port(port):
    """Wait until somebody listens."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise AssertionError("the bare route does not answer")
