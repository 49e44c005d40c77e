"""A small Attio on loopback, and the plugin's parts against it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from attibooks_attio.client import AttioClient
from attibooks_attio.reader import AttioReader
from attibooks_attio.schema import Schema
from attibooks_attio.writeback import AttioWriteback
from attibooks_core.model import RecordRef
from attibooks_core.protocols import WorkspaceContext
from attibooks_core.settings import CORE_FIELDS
from attibooks_core.testing import Answer, ScriptedServer, SeenRequest, StubHost, workspace_context

EXECUTION = "7f0c2b1e-3d4a-4c5b-9e6f-0a1b2c3d4e5f"


@dataclass
class FakeAttio:
    """One object, `deals`, with attributes that can be archived, and one record, `rec-1`, that can be written.

    Writes are all or nothing and checked in the order that they name the attributes, as Attio's are.
    """

    server: ScriptedServer
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    stored: dict[str, list[Any]] = field(default_factory=dict)
    before_put: Callable[[dict[str, Any]], Answer | None] = lambda _: None

    base = "/v2/objects/deals"
    record_path = "/v2/objects/deals/records/rec-1"

    def open(self) -> "FakeAttio":
        self.server.on("GET", f"{self.base}/attributes", self._list)
        self.server.on("PUT", self.record_path, self._put)
        return self

    def attribute(self, slug: str, kind: str, *titles: str, **more: Any) -> None:
        self.attributes[slug] = self.describe(slug, kind, **more)
        self.options[slug] = list(titles)

    @staticmethod
    def describe(slug: str, kind: str, **more: Any) -> dict[str, Any]:
        return {
            "id": {"workspace_id": "ws-1", "object_id": "obj-1", "attribute_id": f"id-of-{slug}"},
            "title": slug.replace("_", " ").title(),
            "description": None,
            "api_slug": slug,
            "type": kind,
            "is_system_attribute": False,
            "is_writable": True,
            "is_required": False,
            "is_unique": False,
            "is_multiselect": False,
            "is_archived": False,
            "config": {"currency": {"default_currency_code": None}, "record_reference": {"allowed_object_ids": None}},
            **more,
        }

    @staticmethod
    def fault(status: int, code: str, message: str = "No.", **more: Any) -> Answer:
        types = {401: "auth_error", 403: "auth_error", 429: "rate_limit_error"}
        body = {"status_code": status, "type": types.get(status, "invalid_request_error"), "code": code}
        headers = {"x-attio-execution-id": EXECUTION, **more.pop("headers", {})}
        return Answer({**body, "message": message, **more}, status, headers)

    @property
    def puts(self) -> list[dict[str, Any]]:
        """The values of every write that came in."""
        return [r.json()["data"]["values"] for r in self.server.calls("PUT", self.record_path)]

    @property
    def lists(self) -> int:
        return len(self.server.calls("GET", f"{self.base}/attributes"))

    def _list(self, request: SeenRequest) -> Answer:
        every = request.query.get("show_archived") == "true"
        return Answer({"data": [a for a in self.attributes.values() if every or not a["is_archived"]]})

    def _put(self, request: SeenRequest) -> Answer:
        values = request.json()["data"]["values"]
        answer = self.before_put(values)
        if answer is None:
            answer = next((no for no in (self._check(*item) for item in values.items()) if no), None)
        if answer is not None:
            return answer
        self.stored.update(values)
        return Answer({"data": {"id": {"record_id": "rec-1"}, "values": {}}})

    def _check(self, slug: str, written: list[Any]) -> Answer | None:
        known = self.attributes.get(slug)
        if known is None or known["is_archived"]:
            return self.fault(400, "value_not_found", f'Cannot find attribute with slug/ID "{slug}".')
        noun = {"select": "select option", "status": "status option"}.get(known["type"])
        missing = [title for title in written if noun and title not in self.options[slug]]
        if missing:
            message = f'Cannot find {known["type"]} attribute with {noun} title "{missing[0]}".'
            return self.fault(400, "value_not_found", message)
        return None


@pytest.fixture
def attio(server: ScriptedServer) -> FakeAttio:
    """Deals with an attribute for everything that is written back."""
    fake = FakeAttio(server)
    fake.attribute("qbo_id", "text")
    fake.attribute("number", "text")
    fake.attribute("invoice_status", "status", "Open", "Paid", "Voided")
    fake.attribute("link", "text")
    fake.attribute("synced", "timestamp")
    fake.attribute("trouble", "text")
    return fake.open()


@pytest.fixture
def client(server: ScriptedServer, host: StubHost) -> AttioClient:
    return AttioClient(host.http, host.clock, server.url)


@pytest.fixture
def schema(client: AttioClient, host: StubHost) -> Schema:
    return Schema(client, host.clock)


@pytest.fixture
def reader(client: AttioClient, schema: Schema) -> AttioReader:
    return AttioReader(client, schema)


@pytest.fixture
def writeback(client: AttioClient, schema: Schema) -> AttioWriteback:
    return AttioWriteback(client, schema)


@pytest.fixture
def deal() -> RecordRef:
    return RecordRef("deals", "rec-1")


@pytest.fixture
def workspace() -> Callable[..., WorkspaceContext]:
    """A workspace with settings and whatever else `workspace_context` takes."""

    def make(settings: dict[str, object] | None = None, **more: Any) -> WorkspaceContext:
        return workspace_context(list(CORE_FIELDS), settings, **more)

    return make
