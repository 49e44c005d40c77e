"""B6, footprint and start: an idle host against a bare Litestar with SQLAlchemy and the launched engine."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from attibooks_sandbox.testing import Sandbox
from benchmarks.report import median, memory_mib, table, threads, verdict
from benchmarks.stage import host_environment
from tests.host_process import HostProcess, free_port

ROUNDS = 5
SETTLE_SECONDS = 3
EXTRA_MIB = 12
START_RATIO = 1.25


def run() -> None:
    """Start both in turn, several times; compare the medians."""
    with Sandbox() as box:
        folder = Path(tempfile.mkdtemp(prefix="attibooks-bench-"))
        _host(box, folder)  # makes the database and the bytecode; not counted
        _bare(folder)
        pairs = [(_bare(folder), _host(box, folder)) for _ in range(ROUNDS)]
    bare, ours = (_medians([pair[i] for pair in pairs]) for i in range(2))
    ratio, extra = ours[0] / bare[0], ours[1] - bare[1]
    table(
        "B6 footprint and start (medians; memory as proportional set size)",
        ["what", "start s", "memory MiB", "threads", "goal", "verdict"],
        [
            ["bare Litestar + SQLAlchemy + engine", f"{bare[0]:.2f}", f"{bare[1]:.1f}", f"{bare[2]:.0f}", "", ""],
            ["AttiBooks, all plugins, idle", f"{ours[0]:.2f}", f"{ours[1]:.1f}", f"{ours[2]:.0f}", "", ""],
            ["start: ratio", f"{ratio:.2f}", "", "", f"<= {START_RATIO}", verdict(ratio, START_RATIO)],
            ["memory: difference", "", f"{extra:+.1f}", "", f"<= +{EXTRA_MIB}", verdict(extra, EXTRA_MIB)],
        ],
    )


def _medians(samples):
    return [median([s[i] for s in samples]) for i in range(3)]


def _host(box, folder):
    started = time.perf_counter()
    with HostProcess(folder, host_environment(box)) as host:
        return _figures(host.process.pid, time.perf_counter() - started)


def _bare(folder):
    port = free_port()
    started = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.bare_host", str(port), str(folder / "bare.db")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=1).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        return _figures(process.pid, time.perf_counter() - started)
    finally:
        process.kill()
        process.wait()


def _figures(pid, seconds):
    time.sleep(SETTLE_SECONDS)
    return seconds, memory_mib(pid), threads(pid)
