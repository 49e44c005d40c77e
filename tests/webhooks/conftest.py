"""Deliveries as Intuit sends them, and a look into the inbox."""

import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import books_events, deliveries
from tests.host_process import HostProcess

REALM = "9130009999999999"


@dataclass
class Intuit:
    """Sends signed deliveries to a host."""

    url: str
    token: str

    def send(self, body: Any, *, token: str | None = None, **headers: str) -> httpx.Response:
        """Deliver bytes as they are, anything else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        digest = hmac.digest((token or self.token).encode(), content, hashlib.sha256)
        signed = {"intuit-signature": b64encode(digest).decode(), "content-type": "application/json", **headers}
        return httpx.post(f"{self.url}/webhooks/quickbooks", content=content, headers=signed, timeout=30)


def event(invoice: str = "145", **changed: Any) -> dict[str, Any]:
    """A CloudEvent of a company that nobody has connected."""
    plain = {
        "specversion": "1.0",
        "id": uuid4().hex,
        "source": "intuit.test=",
        "type": "qbo.invoice.updated.v1",
        "time": "2026-11-23T08:15:30.123456789Z",
        "intuitentityid": invoice,
        "intuitaccountid": REALM,
        "data": {},
    }
    return {**plain, **changed}


@pytest.fixture
def intuit(host: HostProcess, box: Any) -> Intuit:
    """Intuit, with the token of the real books."""
    return Intuit(host.url, box.world["quickbooks"]["webhook_verifier_token"])


@pytest.fixture
def stored(host: HostProcess) -> Iterator[Callable[..., list[Any]]]:
    """The rows of these events, once every delivery was taken apart."""
    database = Database(host.database_url)

    def look(*events: dict[str, Any]) -> list[Any]:
        ids = [f"{each['source']}|{each['id']}" for each in events]
        wanted = sa.select(books_events).where(books_events.c.event_id.in_(ids))
        waiting = sa.select(deliveries.c.id).where(deliveries.c.taken == sa.false())
        deadline = time.monotonic() + 30
        while database.write_now(lambda c: list(c.scalars(waiting))):
            assert time.monotonic() < deadline, "deliveries are not taken apart"
            time.sleep(0.05)
        return database.write_now(lambda c: list(c.execute(wanted)))

    yield look
    database.close()
