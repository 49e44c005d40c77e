"""SANDBOX: how fast and how small the emulator is, its server in a process of its own on one core.

Creates are counted by the server's own CPU time, so that the load generator, which runs beside it, is not in the
figure; the baseline is the same HTTP server answering a constant to the same requests. While more wants to run than
there are cores, times by the clock say little: then what they miss is judged by CPU time, and the verdict says so.
"""

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from attibooks_sandbox.app import create_app
from benchmarks.report import cpu_seconds, median, memory_mib, percentile, table

CREATES = 4_000
AT_CREATE, AT_QUERY = 20_000, 100_000
CONNECTIONS = 4
QUERIES = 200
STARTS = 9
RESETS = 100
START_MS, RESET_MS, MADE_S, QUERY_MS, CREATES_S = 300, 5, 10, 5, 400
MEMORY_MIB, MEMORY_KIB_EACH = 60, 3
HEAD = ["what", "figure", "also", "goal", "verdict"]
IN_TEST = """
import time
begun = time.perf_counter()
from attibooks_sandbox.testing import Sandbox
with Sandbox():
    print((time.perf_counter() - begun) * 1000)
"""


def run() -> None:
    """Measure everything and print one table."""
    rows = [*_starts(), *_resets(), *_creates(), *_queries()]
    table(f"SANDBOX (server on one core; {os.cpu_count()} cores here)", HEAD, rows)


def _row(what, value, unit, also, limit, *, least=False, cpu=None):
    shown = f"{value:.0f}" if value >= 100 else f"{value:.2f}"
    good = "ok" if (value >= limit if least else value <= limit) else "MISSED"
    if good == "MISSED" and cpu is not None and cpu <= limit and os.getloadavg()[0] > len(os.sched_getaffinity(0)):
        good = "ok by CPU time"
    return [what, f"{shown} {unit}", also, f"{'>=' if least else '<='} {limit:g}", good]


# start and reset


def _starts():
    return [
        _start_row("start of the command, until it listens", _command_ms),
        _start_row("start in a test, imports included", _testing_ms),
    ]


def _start_row(what, started):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    times = [started() for _ in range(STARTS)]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / STARTS
    return _row(what, median(times), "ms", f"slowest {max(times):.0f}, CPU {cpu:.0f} ms", START_MS, cpu=cpu)


def _command_ms():
    begun = time.perf_counter()
    command = [sys.executable, "-m", "attibooks_sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        ms = (time.perf_counter() - begun) * 1000
        process.kill()
    return ms


def _testing_ms():
    done = subprocess.run([sys.executable, "-c", IN_TEST], check=True, capture_output=True, text=True)
    return float(done.stdout)


def _resets():
    small = _reset_times(create_app())
    begun, cpu = time.perf_counter(), time.process_time()
    app = create_app(2, size="large")
    made, cpu = time.perf_counter() - begun, time.process_time() - cpu
    also = f"CPU {cpu:.1f} s, reset {median(_reset_times(app)):.1f} ms"
    return [
        _row("reset, small world", median(small), "ms", f"p99 {percentile(small, 0.99):.2f}", RESET_MS),
        _row("the large world made", made, "s", also, MADE_S, cpu=cpu),
    ]


def _reset_times(app):
    return [_reset_ms(app) for _ in range(RESETS)]


def _reset_ms(app):
    begun = time.perf_counter()
    app.reset()
    return (time.perf_counter() - begun) * 1000


# creates


def _creates():
    body = json.dumps(_invoice_body()).encode()
    with _server(0) as bare:
        baseline = _load(bare, body, "/x")
    rows = [["bare server, constant answer", f"{baseline['cpu']:.0f} /s", f"wall {baseline['wall']:.0f} /s", "", ""]]
    with tempfile.TemporaryDirectory(prefix="attibooks-bench-") as folder:
        for name, data in (("in memory", "-"), ("with --data", folder)):
            with _server(AT_CREATE, data) as served:
                idle = memory_mib(served["pid"])
                rate = _load(served, body, _path(served, "invoice"))
                full = memory_mib(served["pid"])
            also = f"wall {rate['wall']:.0f} /s, p50 {rate['p50']:.2f} ms, p99 {rate['p99']:.2f} ms"
            rows.append(
                _row(f"creates at {AT_CREATE:,} invoices, {name}", rate["cpu"], "/s", also, CREATES_S, least=True)
            )
            if data == "-":
                rows += [_memory(idle, AT_CREATE, ""), _memory(full, AT_CREATE + CREATES, " after the creates")]
    return rows


def _memory(mib, invoices, when):
    limit = MEMORY_MIB + MEMORY_KIB_EACH * invoices / 1024
    return _row(f"memory at {invoices:,} invoices{when}", mib, "MiB", "proportional set size", round(limit))


def _invoice_body():
    line = {
        "DetailType": "SalesItemLineDetail",
        "Amount": 200.0,
        "Description": "Consulting",
        "SalesItemLineDetail": {"ItemRef": {"value": "3"}, "Qty": 2, "UnitPrice": 100},
    }
    return {"CustomerRef": {"value": "1"}, "Line": [line]}


def _load(served, body, path):
    """Post on several connections at once, each with a request id of its own; rates per second, latencies in ms."""
    lines = [_Line(served) for _ in range(CONNECTIONS)]
    times, begun, cpu = [], time.perf_counter(), cpu_seconds(served["pid"])
    for number in range(CREATES // CONNECTIONS):
        sent = time.perf_counter()
        for place, line in enumerate(lines):
            line.send("POST", f"{path}?minorversion=75&requestid=bench-{number}-{place}", body)
        for line in lines:
            line.receive()
        times.append((time.perf_counter() - sent) * 1000 / CONNECTIONS)
    wall, cpu = time.perf_counter() - begun, cpu_seconds(served["pid"]) - cpu
    return {"wall": CREATES / wall, "cpu": CREATES / cpu, "p50": median(times), "p99": percentile(times, 0.99)}


# queries


def _queries():
    with _server(AT_QUERY) as served:
        memory = _memory(memory_mib(served["pid"]), AT_QUERY, "")
        line = _Line(served)
        return [*(_query_row(served, line, name, statement) for name, statement in STATEMENTS), memory]


STATEMENTS = (
    ("DocNumber", "select * from Invoice where DocNumber = '51234'"),
    ("Id", "select * from Invoice where Id = '51234'"),
    ("CustomerRef", "select * from Invoice where CustomerRef = '2500'"),
    ("TxnDate", "select * from Invoice where TxnDate = '2024-05-06'"),
    ("TxnDate, a range", "select * from Invoice where TxnDate >= '2024-05-06' and TxnDate < '2024-05-08'"),
    ("MetaData.LastUpdatedTime", "select * from Invoice where MetaData.LastUpdatedTime > '2026-02-10T00:00:00Z'"),
    ("customer DisplayName", "select * from Customer where DisplayName = 'Customer 2500'"),
    ("customer PrimaryEmailAddr", "select * from Customer where PrimaryEmailAddr = 'c2500@bench.example'"),
)


def _query_row(served, line, name, statement):
    path = f"{_path(served, 'query')}?minorversion=75&query={quote(statement)}"
    times, answer, cpu = [], b"", cpu_seconds(served["pid"])
    for _ in range(QUERIES):
        begun = time.perf_counter()
        line.send("GET", path)
        answer = line.receive()
        times.append((time.perf_counter() - begun) * 1000)
    found = json.loads(answer)["QueryResponse"]["maxResults"]
    cpu = (cpu_seconds(served["pid"]) - cpu) * 1000 / QUERIES
    also = f"p99 {percentile(times, 0.99):.2f} ms, CPU {cpu:.2f} ms, {found} found"
    return _row(f"query by {name} at {AT_QUERY:,}", median(times), "ms", also, QUERY_MS, cpu=cpu)


def _path(served, name):
    return f"/quickbooks/{served['environment']}/v3/company/{served['realm']}/{name}"


# the server and a line to it


@contextmanager
def _server(invoices: int, data: str = "-") -> Iterator[dict]:
    command = [sys.executable, "-m", "benchmarks.books_server", str(invoices), data]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            served = json.loads(process.stdout.readline())
            with _own_core(process.pid):
                yield {**served, "pid": process.pid}
        finally:
            process.kill()


@contextmanager
def _own_core(pid: int) -> Iterator[None]:
    """Give the server one core, and the load generator the others where there are any."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(pid, cores[-1:])
    os.sched_setaffinity(0, cores[:-1] or cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


class _Line:
    """A kept connection, as cheap as Python can have it."""

    def __init__(self, served):
        self._socket = socket.create_connection(("127.0.0.1", served["port"]))
        self._head = (
            f"HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.get('token')}\r\nAccept: application/json\r\n"
        )

    def send(self, method, path, body=b""):
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        self._socket.sendall(f"{method} {path} {self._head}{kind}\r\n".encode() + body)

    def receive(self):
        raw = self._socket.recv(65_536)
        while b"\r\n\r\n" not in raw:
            raw += self._socket.recv(65_536)
        head, _, body = raw.partition(b"\r\n\r\n")
        if b" 200 " not in head[:16]:
            raise RuntimeError(raw[:2_000])
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += self._socket.recv(65_536)
        return body
