"""The same key again, while the first call is about to end."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from attibooks_core.errors import Refused
from attibooks_core.invoicing.answering import error_answer
from attibooks_core.invoicing.freezing import ANSWER, intent_id_of
from attibooks_core.invoicing.serving import IntentServer
from attibooks_core.model import Books, RecordRef
from attibooks_core.storage.intents import Ending, Intent, Intents, IntentState
from attibooks_core.storage.trail import TrailEntry
from attibooks_core.storage.vault import Vault

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEY = "k1:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
ENTRY = TrailEntry(at=NOW, kind="intent", summary="said", record=RecordRef("deals", "r1"))
INTENT = Intent(
    intent_id=intent_id_of("ws", "invoices", "k1"),
    workspace_id="ws",
    gateway="attio",
    books=Books("quickbooks", "production", "1"),
    source=RecordRef("deals", "r1"),
    actor="user",
    route="invoices",
    key="k1",
    payload="sealed",
    payload_hash="hash",
    settings_digest="digest",
    usage_month="2026-11",
    created_at=NOW,
    updated_at=NOW,
)


class EndingIntents(Intents):
    """Intents of which one ends just before it is loaded: after the call has looked for its answer."""

    ending: Ending

    async def load(self, workspace_id, intent_id):
        await self.end(INTENT, self.ending)
        return await super().load(workspace_id, intent_id)


class Server(IntentServer):
    """A server that may neither prepare a second intent nor read the invoice anew."""

    async def _prepare(self, ws, request, intent_id):
        raise AssertionError("prepared")

    async def _read_anew(self, ws, intent):
        raise AssertionError("read anew")


@pytest.fixture
async def intents(database):
    made = EndingIntents(database)
    await made.open(INTENT, "hash of the body", ENTRY, limit=None, confirm_recent=True)
    return made


@pytest.fixture
def server(intents):
    return Server(SimpleNamespace(intents=intents, vault=Vault([KEY])), None, "invoices")


CLICK = SimpleNamespace(
    caller=SimpleNamespace(workspace_id="ws", idempotency_key="k1", user_id="user"), body_hash="hash of the body"
)


async def test_an_answer_that_was_kept_in_between_is_repeated(intents, server):
    answer = server._bench.vault.seal("ws", ANSWER, b'{"first":true}')
    intents.ending = Ending(IntentState.DONE, ENTRY, outcome="ok", answer=answer)
    assert await server.serve(CLICK) == b'{"first":true}'


async def test_a_refusal_that_was_kept_in_between_is_repeated(intents, server):
    answer = server._bench.vault.seal("ws", ANSWER, error_answer(Refused("The period is closed.", code="closed")))
    intents.ending = Ending(IntentState.REFUSED, ENTRY, outcome="error", answer=answer)
    with pytest.raises(Refused, match="The period is closed"):
        await server.serve(CLICK)
