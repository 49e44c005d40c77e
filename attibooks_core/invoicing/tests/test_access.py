"""Asking for tokens, on both databases: one request a workspace, back-off, every way it can end."""

import asyncio
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from attibooks_core.errors import Down, NotFound, ReconnectNeeded
from attibooks_core.invoicing.access import Access
from attibooks_core.invoicing.asking import Asking
from attibooks_core.invoicing.granting import Granting
from attibooks_core.invoicing.leases import Leases
from attibooks_core.model import Books, Caller, Credential
from attibooks_core.storage.lease_requests import LeaseRequests
from attibooks_core.storage.tables import intents
from attibooks_core.storage.vault import Vault
from attibooks_core.storage.workspaces import Workspaces
from attibooks_core.testing import SettableClock

KEY = "k1:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
FACTS = {"callback_url": "https://hooks.example/x", "handler_id": "h", "connection_id": "c", "connection_key": "k"}
BOOKS = Books("quickbooks", "production", "1")


class App:
    """The app's side of a gateway: keeps what it was asked, answers as told."""

    def __init__(self):
        self.asked = []
        self.answer = None

    async def call_back(self, workspace_id, callback_url, body):
        self.asked.append((workspace_id, callback_url, json.loads(body)))
        await asyncio.sleep(0)
        if self.answer is not None:
            raise self.answer


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture
def app():
    return App()


@pytest.fixture
def leases(clock):
    return Leases(clock)


@pytest.fixture
def process(database, clock, app):
    """Makes what one process has, on the same database."""

    def make(leases):
        workspaces = Workspaces(database, Vault([KEY]))
        requests = LeaseRequests(database)
        granting = Granting(clock, SimpleNamespace(backends={}), None)
        asking = Asking(clock, SimpleNamespace(gateways={"attio": app}), requests, workspaces)
        return Access(leases, requests, asking, granting)

    return make


@pytest.fixture
async def access(process, leases, database, clock):
    await Workspaces(database, Vault([KEY])).install("ws", "attio", FACTS, clock.now())
    made = process(leases)
    yield made
    await made.close()


def a_call(clock, workspace="ws", accounting="books-token"):
    token = Credential(SecretStr(accounting)) if accounting else None
    return Caller("attio", workspace, None, clock.now(), None, Credential(SecretStr("crm-token")), token)


async def rounds(access, clock, seconds, step=5):
    """Let the caretaker go round for a while."""
    for _ in range(0, seconds, step):
        clock.move(step)
        await access.round()
        await asyncio.gather(*access._asking._under_way)


async def a_waiting_intent(database, clock, intent_id="i1", workspace="ws", **more):
    values = {c.name: "" for c in intents.columns if not c.nullable}
    values |= {"intent_id": intent_id, "workspace_id": workspace, "route": "invoices", "state": "waiting_for_lease"}
    values |= {"generation": 1, "run": 1, "first_run": 1, "attempts": 0}
    values |= {"created_at": clock.now(), "updated_at": clock.now(), **more}
    await database.write(lambda c: c.execute(sa.insert(intents).values(**values)))


async def test_the_app_is_told_the_job_its_kind_and_the_time(access, app, clock):
    """Row X3: tokens for the background are asked of the app."""
    assert await access.ask("ws", "job1", "sync") == "asked"
    body = {"job_id": "job1", "kind": "sync", "issued_at": clock.now().isoformat().replace("+00:00", "Z")}
    assert app.asked == [("ws", "https://hooks.example/x", body)]
    assert (await access.request_of("ws")).state == "asked"


async def test_one_request_a_workspace_is_under_way_whoever_asks(access, process, app, clock):
    other = process(Leases(clock))
    outcomes = await asyncio.gather(*(a.ask("ws", f"job{n}", "sync") for n, a in enumerate([access, other] * 5)))
    assert set(outcomes) == {"asked"}
    assert len(app.asked) == 1


async def test_a_lease_closes_the_request_and_the_next_one_begins_anew(access, app, leases, clock):
    heard = []

    async def listener(workspace_id):
        heard.append(workspace_id)

    access.on_lease(listener)
    await access.ask("ws", "job1", "sync")
    leases.offer(a_call(clock))
    await access.granted("ws")
    assert heard == ["ws"]
    assert (await access.request_of("ws")).state == "granted"
    assert (await access.of("ws", BOOKS)).accounting.token.get_secret_value() == "books-token"
    assert await access.ask("ws", "job2", "sync") == "asked"
    assert [body["job_id"] for _, _, body in app.asked] == ["job1", "job2"]


async def test_any_call_of_the_workspace_closes_the_request(access, leases, clock):
    heard = []

    async def listener(workspace_id):
        heard.append(workspace_id)

    access.on_lease(listener)
    await access.ask("ws", "job1", "sync")
    leases.offer(a_call(clock, accounting=None))
    await access.round()
    assert (await access.request_of("ws")).state == "asked", "that call brought nothing for the books"
    leases.offer(a_call(clock))
    await access.round()
    assert (await access.request_of("ws")).state == "granted"
    assert heard == ["ws", "ws"]


async def test_tokens_of_another_workspace_open_and_close_nothing(access, leases, clock):
    await access.ask("ws", "job1", "sync")
    leases.offer(a_call(clock, workspace="ws2"))
    await access.round()
    assert (await access.request_of("ws")).state == "asked"
    assert await access.of("ws", BOOKS) is None
    assert not await access.is_job("ws2", "job1")
    assert await access.is_job("ws", "job1")


async def test_a_lease_that_never_comes_is_asked_for_with_back_off_and_given_up_after_ten_minutes(access, app, clock):
    """Row X3: never a success, and never silent."""
    await access.ask("ws", "job1", "sync")
    await rounds(access, clock, 595)
    assert (await access.request_of("ws")).state == "asked"
    assert 4 <= len(app.asked) <= 8
    await rounds(access, clock, 200)
    request = await access.request_of("ws")
    assert (request.state, request.error_code) == ("dead", "lease_never_came")
    calls = len(app.asked)
    await rounds(access, clock, 600)
    assert len(app.asked) == calls, "nobody is asked any more"
    assert await access.ask("ws", "job1", "sync") == "asked", "the next night begins anew"


async def test_an_app_without_a_connection_needs_an_admin(access, app):
    app.answer = ReconnectNeeded("Connect again.")
    assert await access.ask("ws", "job1", "sync") == "refused"
    request = await access.request_of("ws")
    assert (request.state, request.error_code) == ("refused", "reconnect_needed")


async def test_a_dead_callback_address_is_given_up_at_once(access, app):
    app.answer = NotFound("Gone.", code="callback_gone")
    assert await access.ask("ws", "job1", "sync") == "dead"
    assert (await access.request_of("ws")).error_code == "callback_gone"


async def test_a_callback_that_does_not_answer_is_tried_again_and_then_given_up(access, app, clock):
    app.answer = Down("No answer.")
    assert await access.ask("ws", "job1", "sync") == "later"
    await rounds(access, clock, 60)
    assert len(app.asked) == 3
    await rounds(access, clock, 780)
    request = await access.request_of("ws")
    assert (request.state, request.error_code) == ("dead", "backend_down")


async def test_a_workspace_that_is_not_installed_cannot_be_asked(access, app):
    assert await access.ask("other", "job1", "sync") == "dead"
    assert app.asked == []


async def test_a_process_that_dies_leaves_the_next_call_to_another_one(access, process, app, clock, database):
    requests = LeaseRequests(database)
    assert await requests.begin("ws", "job1", "sync", clock.now(), timedelta(seconds=30))  # and dies before the call
    other = process(Leases(clock))
    await rounds(other, clock, 40)
    assert len(app.asked) == 1


async def test_a_callback_that_hangs_holds_up_no_other_workspace(access, app, clock, database):
    """Row 132: one poisoned tenant stops no other."""
    hanging = asyncio.Event()
    ordinary = app.call_back

    async def call_back(workspace_id, callback_url, body):
        if workspace_id == "ws":
            await hanging.wait()
        await ordinary(workspace_id, callback_url, body)

    app.call_back = call_back
    await Workspaces(database, Vault([KEY])).install("ws2", "attio", FACTS, clock.now())
    await a_waiting_intent(database, clock, "i1", "ws")
    await a_waiting_intent(database, clock, "i2", "ws2")
    clock.move(4)
    await access.round()
    async with asyncio.timeout(20):
        while not app.asked:
            await asyncio.sleep(0.01)
    assert [workspace for workspace, _, _ in app.asked] == ["ws2"]
    hanging.set()
    await asyncio.gather(*access._asking._under_way)


async def test_an_intent_that_waits_asks_by_itself_and_again_the_next_night(access, app, clock, database):
    """Row 133: nobody has to set or press anything."""
    await a_waiting_intent(database, clock)
    await rounds(access, clock, 5)
    assert [(body["job_id"], body["kind"]) for _, _, body in app.asked] == [("i1", "create_invoice")]
    await rounds(access, clock, 900)
    assert (await access.request_of("ws")).state == "dead"
    calls = len(app.asked)
    await rounds(access, clock, 3600, 60)
    assert len(app.asked) == calls
    clock.move(15 * 3600)  # past midnight
    await rounds(access, clock, 10)
    assert len(app.asked) == calls + 1


@pytest.mark.parametrize("state", ["unknown", "parked"])
async def test_work_that_is_due_and_has_no_process_with_tokens_asks_too(access, app, clock, database, state):
    await a_waiting_intent(database, clock, state=state, next_attempt_at=clock.now() + timedelta(seconds=60))
    await rounds(access, clock, 60)
    assert app.asked == []
    await rounds(access, clock, 10)
    assert len(app.asked) == 1


async def test_a_token_that_the_books_refused_is_not_used_again(access, leases, clock):
    leases.offer(a_call(clock, accounting="old"))
    refused = (await access.of("ws", BOOKS)).accounting
    assert await access.renew("ws", BOOKS, refused) is None
    assert await access.accounting("ws", BOOKS) is None
    leases.offer(a_call(clock, accounting="new"))
    await access.renew("ws", BOOKS, refused)
    assert (await access.accounting("ws", BOOKS)).token.get_secret_value() == "new"


async def test_uninstalling_ends_the_request(access, database):
    await access.ask("ws", "job1", "sync")
    await Workspaces(database, Vault([KEY])).uninstall("ws")
    assert await access.request_of("ws") is None
