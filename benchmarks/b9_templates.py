"""B9, templates: a good one filled in, and hostile ones refused, next to Jinja2's own sandbox."""

import json
import subprocess
import sys
import time
import tracemalloc

from jinja2.sandbox import ImmutableSandboxedEnvironment

from attibooks_core.invoicing import templates
from attibooks_core.invoicing.template_values import NAMES
from attibooks_core.invoicing.templates import BadTemplate, check, render
from attibooks_core.invoicing.tests.hostile_templates import HEAVY, HEAVY_VALUES, HOSTILE, RECORD, VALUES
from benchmarks.report import median, table, verdict

ROUNDS = 5
RENDERS = 2000
LIMIT_MS = 50
LIMIT_MIB = 1
GOOD = "{{ record.name }} - {{ period }}: {{ record.hours | round(1) }} h"
MIB = 1024 * 1024


def run() -> None:
    """Fill in a good template, then try every hostile one here and in the sandbox."""
    _good()
    _hostile()


def _good():
    names = {name: value(VALUES) for name, value in NAMES.items()}
    sandbox = ImmutableSandboxedEnvironment()
    theirs = sandbox.from_string(GOOD)
    table(
        "B9 a good template (medians)",
        ["what", "first use ms", "again us"],
        [
            [
                "AttiBooks",
                _milliseconds(lambda n: render(f"{GOOD}{{#{n}#}}", VALUES)),
                _microseconds(lambda: render(GOOD, VALUES)),
            ],
            [
                "Jinja2's sandbox",
                _milliseconds(lambda n: sandbox.from_string(f"{GOOD}{{#{n}#}}").render(record=RECORD, **names)),
                _microseconds(lambda: theirs.render(record=RECORD, **names)),
            ],
        ],
    )


def _hostile():
    names = [*HOSTILE, *(f"allowed, heavy: {name}" for name in HEAVY)]
    texts = [*HOSTILE.values(), *HEAVY.values()]
    ours = [_ours(text, VALUES) for text in HOSTILE.values()] + [_ours(text, HEAVY_VALUES) for text in HEAVY.values()]
    rows = []
    for name, (said, ms, mib), (theirs, their_ms, their_mib) in zip(names, ours, _theirs(texts), strict=True):
        expected = "filled in" if name.startswith("allowed") else "refused"
        kept = verdict(max(ms / LIMIT_MS, mib / LIMIT_MIB), 1) if said == expected else "MISSED"
        rows.append([name, said, f"{ms:.2f}", f"{mib:.3f}", kept, theirs, f"{their_ms:.0f}", f"{their_mib:.1f}"])
    head = ["template", "ours", "ms", "MiB", "verdict", "Jinja2's sandbox", "ms", "MiB"]
    table(f"B9 hostile templates (goal: refused in <= {LIMIT_MS} ms and <= {LIMIT_MIB} MiB each)", head, rows)
    _summary(ours, rows)


def _summary(ours, rows):
    slowest, largest = max(o[1] for o in ours), max(o[2] for o in ours)
    refused = sum(o[0] == "refused" for o in ours)
    ran = sum(row[5].startswith("ran") for row in rows[: len(HOSTILE)])
    stopped = sum("guard" in row[5] for row in rows[: len(HOSTILE)])
    table(
        f"B9 summary of {len(HOSTILE)} hostile and {len(HEAVY)} heavy templates",
        ["what", "figure", "goal", "verdict"],
        [
            ["hostile, refused", refused, len(HOSTILE), verdict(len(HOSTILE), refused)],
            ["slowest, ms", f"{slowest:.2f}", f"<= {LIMIT_MS}", verdict(slowest, LIMIT_MS)],
            ["largest, MiB", f"{largest:.3f}", f"<= {LIMIT_MIB}", verdict(largest, LIMIT_MIB)],
            ["Jinja2's sandbox: hostile ones that ran", ran, "", ""],
            ["Jinja2's sandbox: stopped only by the guard", stopped, "", ""],
        ],
    )


def _ours(text, values):
    times = []
    for _ in range(ROUNDS):
        templates._compiled.cache_clear()  # noqa: SLF001 - each round is a first use
        started = time.perf_counter()
        said = _said(text, values)
        times.append((time.perf_counter() - started) * 1000)
    templates._compiled.cache_clear()  # noqa: SLF001
    tracemalloc.start()
    _said(text, values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return said, median(times), peak / MIB


def _said(text, values):
    try:
        check(text)
        render(text, values)
    except BadTemplate:
        return "refused"
    return "filled in"


def _theirs(texts):
    command = [sys.executable, "-m", "benchmarks.bare_jinja"]
    lines = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True).stdout
    return [(said, ms, grown / MIB) for said, ms, grown in map(json.loads, lines.splitlines())]


def _milliseconds(first_use):
    times = []
    for n in range(20):
        started = time.perf_counter()
        first_use(n)
        times.append((time.perf_counter() - started) * 1000)
    return f"{median(times):.2f}"


def _microseconds(again):
    started = time.perf_counter()
    for _ in range(RENDERS):
        again()
    return f"{(time.perf_counter() - started) / RENDERS * 1e6:.1f}"
