"""The baseline of B9: Jinja2's immutable sandbox. Reads a JSON list of templates, prints how each of them ended.

Every template runs in a child of its own, with a cap on its memory and on its CPU time.
"""

import json
import os
import resource
import sys
import time
from datetime import date
from decimal import Decimal

from jinja2.sandbox import ImmutableSandboxedEnvironment

MEMORY_BYTES = 768 * 1024 * 1024
CPU_SECONDS = 2
RECORD = {"name": "Harbor & O'Neil Design", "long": "x" * 1000, "hours": Decimal("12.50")}
NAMES = {"record": RECORD, "date": date(2026, 11, 3), "period": "November 2026"}


def outcome(text):
    """What became of a template, milliseconds, and how far the child's memory grew in bytes."""
    reader, writer = os.pipe()
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        _in_child(text, writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status, usage = os.wait4(child, 0)
    took = (time.perf_counter() - started) * 1000
    return ("killed by the guard" if status else said), took, usage.ru_maxrss * 1024


def _in_child(text, writer):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        said = f"ran, {len(ImmutableSandboxedEnvironment().from_string(text).render(**NAMES))} characters"
    except MemoryError:
        said = "stopped by the guard"
    except Exception as error:  # noqa: BLE001 - the table says how each one ended
        said = f"refused, {type(error).__name__}"
    os.write(writer, said.encode())
    os._exit(0)


if __name__ == "__main__":
    _, idle_ms, idle_bytes = outcome("x")
    for template in json.load(sys.stdin):
        said, took, grown = outcome(template)
        print(json.dumps([said, max(0, took - idle_ms), max(0, grown - idle_bytes)]), flush=True)
