"""B3, CPU: from the bytes of an answer to what is to be written, per invoice, against parsing the JSON alone."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from weakref import WeakValueDictionary

import msgspec
from pydantic import SecretStr

from attibooks_core.invoicing.mirroring import Glass
from attibooks_core.model import Books, Credential, InvoiceStatus, RecordRef
from attibooks_core.storage.invoices import InvoiceRow
from attibooks_quickbooks.changes import Changes
from attibooks_quickbooks.wire import ChangesAnswer
from benchmarks.report import median, verdict

ROUNDS = 15
LIMIT_US = 60
BOOKS = Books("quickbooks", "sandbox", "1")
CLOCK = SimpleNamespace(now=lambda: datetime.now(UTC))


class _Canned:
    """Answers every question with the same bytes."""

    def __init__(self, body):
        self._body = body

    async def changes(self, *_):
        """The answer, parsed."""
        return msgspec.json.decode(self._body, type=ChangesAnswer)


def cpu_rows(body):
    """Rows of the table for one answer."""
    count = body.count(b'"MetaData"')
    loads = _us(lambda: json.loads(body), count)
    rows = [
        ["json.loads", loads, None],
        ["msgspec, no types", _us(lambda: msgspec.json.decode(body), count), None],
        ["python-quickbooks, from_json", _us(lambda: _python(body), count), None],
        ["AttiBooks, nothing has changed", _us(_ours(body, changed=False), count), LIMIT_US],
        ["AttiBooks, all have changed", _us(_ours(body, changed=True), count), LIMIT_US],
    ]
    return [
        [name, f"{us:.1f}", f"{us / loads:.2f}", f"<= {limit}" if limit else "", verdict(us, limit) if limit else ""]
        for name, us, limit in rows
    ]


def _us(work, count):
    work()
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append((time.process_time() - started) * 1e6 / count)
    return median(times)


def _python(body):
    from quickbooks.objects import Invoice

    for group in json.loads(body)["CDCResponse"][0]["QueryResponse"]:
        for each in group.get("Invoice", []):
            Invoice.from_json(each)


def _ours(body, *, changed):
    settings = _Settings({"environment": "sandbox", "qbo_company_id": "1"})
    ws = SimpleNamespace(settings=settings, accounting=Credential(SecretStr("token")), memory=None)
    changes = Changes(_Canned(body), SimpleNamespace(), CLOCK)
    bench = SimpleNamespace(clock=CLOCK)
    shown = SimpleNamespace(store=object(), records=object(), books=BOOKS)
    glass = Glass(bench, shown, WeakValueDictionary(), may_store_new=True)
    since = _time_of(body) - timedelta(minutes=10)

    async def states():
        return [s async for page in changes.since(ws, since) for s in (*page.invoices, *page.deleted)]

    def rows(found):
        return {s.id: _row(s, changed) for s in found}

    known = rows(asyncio.run(states()))

    def work():
        tasks = [glass.consider(known[s.id], s) for s in asyncio.run(states())]
        assert sum(task is not None for task in tasks) == (len(tasks) if changed else 0)

    return work


def _row(state, changed):
    moment = state.updated_at - timedelta(days=1) if changed else state.updated_at
    return InvoiceRow(
        books=BOOKS,
        invoice_id=state.id,
        status=InvoiceStatus.OPEN if changed else getattr(state, "status", InvoiceStatus.DELETED),
        version="0" if changed else getattr(state, "version", "0"),
        updated_at=moment,
        created_at=moment,
        stored=RecordRef("invoices", state.id),
        stored_digest="x",
    )


class _Settings(dict):
    def text(self, key):
        """A setting."""
        return self.get(key)


def _time_of(body):
    return datetime.fromisoformat(json.loads(body)["time"])
