"""BUILD, invoice building: CPU of a preview of ten lines in the builder; and a batch of 100 warm records at 80 ms."""

import tempfile
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from attibooks_core.invoicing.builder import build, sketch
from attibooks_core.invoicing.edits import Edits, LineEdit, edited
from attibooks_core.model import AttributeValue, CrmRecord, RecordRef
from attibooks_core.settings import CORE_FIELDS, SettingsCatalog
from attibooks_sandbox.testing import Sandbox
from benchmarks.report import median, table, verdict
from benchmarks.stage import running_host
from tests.desk import Desk

LATENCY = 0.08
ROUNDS = 500
RECORDS = 100
TODAY = date(2026, 11, 26)
RAW = {
    "lines_from": "items",
    "line_description": "{{ line.name }} - {{ period }}",
    "line_rate": "rate",
    "line_quantity": "hours",
    "source_customer_email": "email",
    "template_due_days": "30",
}


def run() -> None:
    """Measure the pure builder, and a batch through a host on SQLite."""
    preview, draft = _builder()
    batch, alone, calls = _batch()
    table(
        "BUILD invoice building",
        ["what", "figure", "also", "goal", "verdict"],
        [
            ["preview of 10 lines, edits included", f"{preview:.2f} ms CPU", "", "<= 2", verdict(preview, 2)],
            ["drafts of one line", f"{1000 / draft:.0f} /s a core", "", ">= 1000", verdict(draft, 1)],
            ["batch of 100 warm records", f"{batch:.1f} s", f"{calls} QuickBooks calls", "<= 6", verdict(batch, 6)],
            ["the same records one by one", f"{alone:.1f} s", "bare baseline", "", ""],
        ],
    )


def _record(name: str, **values: object) -> CrmRecord:
    attributes = {slug: AttributeValue(slug, (value,)) for slug, value in values.items()}
    return CrmRecord(RecordRef("items", name), name, attributes, "name")


def _builder() -> tuple[float, float]:
    """Milliseconds of CPU: a preview of ten lines with edits, and a draft of one line."""
    catalog = SettingsCatalog(list(CORE_FIELDS))
    many, one = catalog.read(RAW)[0], catalog.read({"source_rate": "rate", "template_service_description": "Work"})[0]
    related = tuple(_record(f"Item {n}", rate=Decimal("12.5"), hours=Decimal(n + 1)) for n in range(10))
    record = CrmRecord(
        RecordRef("deals", "1"), "Deal", {"email": AttributeValue("email", ("a@b.example",))}, "name", related=related
    )
    simple = _record("Simple", rate=Decimal(100))
    changes = Edits(lines=[LineEdit(description=f"Line {n}", quantity="2", rate="9.99") for n in range(10)])
    preview = _cpu_ms(lambda: edited(sketch(record, many, TODAY), changes))
    return preview, _cpu_ms(lambda: build(simple, one, TODAY))


def _cpu_ms(work) -> float:
    samples = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        samples.append((time.process_time() - started) * 1000)
    return median(samples)


def _batch() -> tuple[float, float, int]:
    """Seconds of a batch of warm records, seconds of as many creates, and QuickBooks calls of the batch."""
    folder = Path(tempfile.mkdtemp(prefix="attibooks-bench-"))
    with Sandbox(limits=False) as box, running_host(box, folder, f"sqlite:///{folder / 'build.db'}") as host:
        desk = Desk.open(box, host.url, "US", "production")
        desk.app.settings = {**desk.app.settings, "send_invoice_email": False}
        records = [desk.new_company() for _ in range(RECORDS)]
        for record in records:
            desk.create(record)
        box.latency(LATENCY)
        box.clear_calls()
        batch = _seconds(lambda: _finish(desk, records))
        calls = sum(box.counts()["quickbooks"].values())
        alone = _seconds(lambda: [desk.create(record, confirm_recent=True) for record in records])
        desk.close()
    return batch, alone, calls


def _finish(desk: Desk, records: list[str]) -> None:
    body = {"object": "companies", "record_ids": records, "confirm_recent": True, "settings": desk.app.settings}
    job = desk.app.call("POST", "invoices/batch", body, key=uuid4().hex).json()["job_id"]
    while (seen := desk.app.call("GET", f"jobs/{job}").json())["state"] not in {"succeeded", "failed"}:
        time.sleep(0.1)
    if seen["result"]["created"] != len(records):
        raise RuntimeError(str(seen)[:500])


def _seconds(work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
