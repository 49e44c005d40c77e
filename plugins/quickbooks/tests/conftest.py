"""A company of QuickBooks on loopback that answers in recorded shapes, and what is needed to act in it."""

import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from socketserver import StreamRequestHandler
from typing import Any

import pytest

from attibooks_core.model import DraftLine, InvoiceDraft, RecordRef
from attibooks_core.testing import Answer, FakeRun, ScriptedServer, SeenRequest, StubHost, workspace_context
from attibooks_quickbooks.backend import QuickBooksBackend
from attibooks_quickbooks.settings import FIELDS, QuickBooksHostSettings

SAMPLES = Path(__file__).parent / "samples"
REALM = "9130001234567890"
TID = "1-6741b2c0-0123456789abcdef01234567"


def fault(code: int | str, message: str = "Something", detail: str = "", status: int = 400) -> Answer:
    body = {
        "Fault": {
            "Error": [{"Message": message, "Detail": detail, "code": str(code), "element": ""}],
            "type": "ValidationFault",
        },
        "time": "2026-11-23T01:11:00.1-08:00",
    }
    return Answer(body, status, {"intuit_tid": TID})


class Company:
    """One company: its two facts, rows by a part of the statement that asks for them, and its writes."""

    def __init__(self, server: ScriptedServer, place: str, environment: str = "sandbox", realm: str = REALM) -> None:
        self.server, self.realm = server, realm
        self.base = f"{place}/{environment}/v3/company/{realm}"
        self.info: dict[str, Any] = {
            "CompanyName": "Bluebird Studio",
            "Country": "US",
            "DefaultTimeZone": "America/New_York",
        }
        self.preferences: dict[str, Any] = {
            "TaxPrefs": {"UsingSalesTax": False},
            "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}},
        }
        self.rows: dict[str, Any] = {"FROM Item": [{"Id": "19", "Name": "Services", "Active": True, "Type": "Service"}]}
        self.next_id = 145
        self.on("GET", f"companyinfo/{realm}", lambda _: Answer({"CompanyInfo": self.info, "time": "x"}))
        self.on("GET", "preferences", lambda _: Answer({"Preferences": self.preferences, "time": "x"}))
        self.on("POST", "query", self._query)
        self.on("POST", "customer", self._customer)
        self.on("POST", "invoice", self._invoice)
        self.on("POST", "invoice/145/send", self._send)

    def on(self, method: str, name: str, script: Any) -> None:
        self.server.on(method, f"{self.base}/{name}", script)

    def calls(self, method: str, name: str) -> list[SeenRequest]:
        return self.server.calls(method, f"{self.base}/{name}")

    @property
    def statements(self) -> list[str]:
        return [call.body.decode() for call in self.calls("POST", "query")]

    @property
    def traffic(self) -> list[str]:
        """Every call in short, in order."""
        return [f"{r.method} {r.path.removeprefix(self.base + '/')}" for r in self.server.seen]

    def multicurrency(self, *codes: str, home: str = "USD") -> None:
        self.preferences["CurrencyPrefs"] = {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": home}}
        self.rows["FROM CompanyCurrency"] = [{"Id": str(n), "Code": c, "Active": True} for n, c in enumerate(codes)]

    def taxed(self, country: str, *codes: tuple[str, str]) -> None:
        self.info["Country"] = country
        self.preferences["TaxPrefs"] = {"UsingSalesTax": True}
        self.rows["FROM TaxCode"] = [{"Id": i, "Name": name, "Active": True} for i, name in codes]

    def customer(self, name: str, **more: Any) -> dict[str, Any]:
        return {"Id": "58", "DisplayName": name, "Active": True, "CurrencyRef": {"value": "USD"}, **more}

    def invoice(self, sent: dict[str, Any], **more: Any) -> dict[str, Any]:
        """An invoice as QuickBooks gives it back (shape of May 2026)."""
        total = sum((Decimal(str(line["Amount"])) for line in sent["Line"]), Decimal(0))
        body = json.loads((SAMPLES / "invoice-create.2026.json").read_text())["body"]["Invoice"]
        times = {"CreateTime": "2026-11-23T01:00:00-08:00", "LastUpdatedTime": "2026-11-23T01:00:00-08:00"}
        return {
            **body,
            "Id": "145",
            "DocNumber": "1038",
            "MetaData": times,
            "TotalAmt": float(total),
            "Balance": float(total),
            "CustomerRef": {"value": sent["CustomerRef"]["value"], "name": "Acme"},
            **{k: v for k, v in sent.items() if k not in {"Line", "CustomerRef"}},
            **more,
        }

    def _query(self, request: SeenRequest) -> Answer:
        statement = request.body.decode()
        rows = next((rows for part, rows in self.rows.items() if part in statement), [])
        rows = rows(statement) if callable(rows) else rows
        if isinstance(rows, Answer):
            return rows
        entity = statement.split(" FROM ")[1].split()[0]
        found = {entity: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {}
        return Answer({"QueryResponse": found, "time": "2026-11-23T01:00:00-08:00"})

    def _customer(self, request: SeenRequest) -> Answer:
        sent = request.json()
        return Answer({"Customer": {**self.customer(sent["DisplayName"]), **sent}, "time": "x"})

    def _invoice(self, request: SeenRequest) -> Answer:
        return Answer({"Invoice": self.invoice(request.json()), "time": "x"})

    def _send(self, request: SeenRequest) -> Answer:
        sent = self.calls("POST", "invoice")[-1].json()
        times = {"CreateTime": "2026-11-23T01:00:00-08:00", "LastUpdatedTime": "2026-11-23T01:00:02-08:00"}
        return Answer({"Invoice": self.invoice(sent, EmailStatus="EmailSent", MetaData=times), "time": "x"})


@pytest.fixture(scope="session", autouse=True)
def _prompt_answers() -> Iterator[None]:
    """The loopback server writes head and body apart: without this each answer waits 40 ms for an ACK."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StreamRequestHandler, "disable_nagle_algorithm", True)
        yield


@pytest.fixture(scope="session")
def _pool() -> Any:
    """One pool for all tests, emptied after each: building its TLS context takes 40 ms."""
    return StubHost().http


@pytest.fixture
async def host(_pool: Any) -> AsyncIterator[StubHost]:
    """What a plugin gets from its host."""
    services = StubHost(http=_pool)
    yield services
    await services.http.close()


@pytest.fixture(scope="session")
def _loopback() -> Iterator[ScriptedServer]:
    """One server for all tests, which live at different paths: stopping it takes 10 ms."""
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def server(_loopback: ScriptedServer) -> Iterator[ScriptedServer]:
    """The server as new; the test fails when a request came that no script expected."""
    _loopback.seen.clear()
    _loopback.unexpected.clear()
    yield _loopback
    assert not _loopback.unexpected, _loopback.unexpected


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    """Where QuickBooks is for this test alone."""
    return f"/{abs(hash(request.node.nodeid))}"


@pytest.fixture(scope="session")
def sample() -> Callable[[str], Any]:
    """A recorded answer's body by the name of its file."""
    return lambda name: json.loads((SAMPLES / f"{name}.json").read_text(), parse_float=Decimal)


@pytest.fixture
def refused() -> Callable[..., Answer]:
    """A fault as QuickBooks writes it."""
    return fault


@pytest.fixture
def tid() -> str:
    """The trace id of every fault."""
    return TID


@pytest.fixture
def company(server: ScriptedServer, place: str) -> Company:
    """A company in the US that keeps its books in dollars."""
    return Company(server, place)


@pytest.fixture
def elsewhere(server: ScriptedServer, place: str) -> Callable[..., Company]:
    """Another company, or the same in the other environment."""
    return lambda **where: Company(server, place, **where)


@pytest.fixture
def host_settings(server: ScriptedServer, place: str) -> QuickBooksHostSettings:
    """Both environments on loopback, told apart by their path."""
    return QuickBooksHostSettings.model_validate(
        {"sandbox_api_url": f"{server.url}{place}/sandbox", "production_api_url": f"{server.url}{place}/production"}
    )


@pytest.fixture
def backend(host: StubHost, host_settings: QuickBooksHostSettings) -> QuickBooksBackend:
    """The backend under test."""
    return QuickBooksBackend(host.http, host.clock, host_settings)


@pytest.fixture
def workspace() -> Callable[..., Any]:
    """A workspace by its settings; the keyword arguments of `workspace_context` go in `about`."""

    def make(about: dict[str, Any] | None = None, **settings: Any) -> Any:
        chosen = {"qbo_company_id": REALM, "send_invoice_email": False, **settings}
        return workspace_context(list(FIELDS), chosen, **{"accounting": "books-token-1", **(about or {})})

    return make


@pytest.fixture
def draft() -> Callable[..., InvoiceDraft]:
    """A draft, changed at will; `lines` may be pairs of quantity and rate."""
    plain = InvoiceDraft(
        source=RecordRef("companies", "rec-71"),
        customer_name="Acme",
        customer_email=None,
        currency=None,
        invoice_date=date(2026, 11, 23),
        due_date=None,
        lines=(),
    )

    def make(*lines: tuple[str, str], **changed: Any) -> InvoiceDraft:
        numbers = [(Decimal(q), Decimal(r)) for q, r in lines or (("2", "150.00"),)]
        made = tuple(DraftLine("Consulting", q, r, round(q * r, 2)) for q, r in numbers)
        return replace(plain, **{"lines": made, **changed})

    return make


@pytest.fixture
def create(backend: QuickBooksBackend) -> Callable[..., Any]:
    """The whole way of one invoice, as the host goes it."""

    async def go(ws: Any, draft: InvoiceDraft, run: FakeRun | None = None, marker: str = "intent0001") -> Any:
        facts = await backend.company(ws)
        plan = backend.plan(ws.settings, draft, facts, await backend.resolve(ws, draft), marker)
        return await backend.submit(ws, plan, draft.source, run or FakeRun())

    return go


@pytest.fixture
def dead_end() -> Iterator[str]:
    """An address on this machine where nobody listens."""
    with socket.socket() as taken:  # bound and not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
