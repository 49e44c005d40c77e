"""The host vault on both databases: refreshed ahead, by one, stored before use; every way a grant can end."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from attibooks_core.errors import Down, ReconnectNeeded, Unavailable
from attibooks_core.invoicing.granting import LOCK, Granting
from attibooks_core.lifecycle import GrantedTokens
from attibooks_core.model import Books, Credential
from attibooks_core.storage.grants import Grants, GrantState
from attibooks_core.storage.tables import grants
from attibooks_core.storage.vault import Vault
from attibooks_core.testing import SettableClock

KEY = "k1:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
BOOKS = Books("books", "production", "1")


class Server:
    """An authorization server that changes the refresh token with every use, and kills the old one at once."""

    key = "books"

    def __init__(self, clock):
        self.clock = clock
        self.number = 0
        self.refresh_token = "refresh-0"
        self.refreshes = 0
        self.revoked = []
        self.down = False
        self.hold = None
        self.configured = True

    def can_be_granted(self, environment):
        return self.configured

    def authorize_url(self, environment, **more):
        raise NotImplementedError

    async def exchange(self, environment, **more):
        raise NotImplementedError

    def issue(self):
        self.number += 1
        self.refresh_token = f"refresh-{self.number}"
        return GrantedTokens(
            SecretStr(f"access-{self.number}"),
            SecretStr(self.refresh_token),
            self.clock.now() + timedelta(seconds=3600),
            self.clock.now() + timedelta(days=100),
        )

    async def refresh(self, environment, refresh_token):
        self.refreshes += 1
        if self.down:
            raise Down("Down.")
        if refresh_token.get_secret_value() != self.refresh_token:
            raise ReconnectNeeded("Token invalid.")
        tokens = self.issue()
        if self.hold is not None:
            await self.hold.wait()
        return tokens

    async def revoke(self, environment, refresh_token):
        if self.down:
            raise Down("Down.")
        self.revoked.append(refresh_token.get_secret_value())


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture
def server(clock):
    return Server(clock)


@pytest.fixture
def store(database):
    return Grants(database, Vault([KEY]))


@pytest.fixture
def process(clock, server, store):
    """What one process has, on the same database."""
    return lambda: Granting(clock, SimpleNamespace(backends={"books": server}), store)


@pytest.fixture
async def granting(process, server):
    made = process()
    await made.begin("ws", BOOKS, server.issue())
    return made


async def token_of(granting, **more):
    credential = await granting.credential("ws", BOOKS, **more)
    return credential and credential.token.get_secret_value()


async def test_a_token_that_lasts_is_used_as_it_is(granting, server):
    assert await token_of(granting) == "access-1"
    assert server.refreshes == 0


async def test_it_is_refreshed_five_minutes_ahead(granting, server, clock):
    clock.move(3600 - 301)
    assert await token_of(granting) == "access-1"
    clock.move(2)
    assert await token_of(granting) == "access-2"
    assert await token_of(granting) == "access-2"
    assert server.refreshes == 1


async def test_a_refused_token_is_refreshed_once(granting, server):
    refused = await granting.credential("ws", BOOKS)
    assert await token_of(granting, refused=refused) == "access-2"
    assert await token_of(granting, refused=refused) == "access-2", "another one is there by now"
    assert server.refreshes == 1


async def test_both_tokens_are_sealed_for_this_workspace_and_these_books(granting, database, store):
    row = await database.read(lambda c: c.execute(sa.select(grants)).one())
    assert "access-1" not in str(row)
    assert "refresh-1" not in str(row)
    moved = sa.update(grants).values(company_id="2")
    await database.write(lambda c: c.execute(moved))
    elsewhere = await store.load("ws", Books("books", "production", "2"))
    assert elsewhere.tokens.access.get_secret_value() == "", "it does not open anywhere else"


async def test_a_workspace_without_a_grant_has_none_and_no_other_one_sees_it(granting):
    assert await granting.credential("other", BOOKS) is None
    assert await granting.credential("ws", Books("books", "sandbox", "1")) is None
    assert await granting.credential("ws", Books("elsewhere", "production", "1")) is None


async def test_a_host_that_has_no_client_id_any_more_uses_no_grant(granting, server):
    server.configured = False
    assert await token_of(granting) is None


async def test_many_callers_of_many_processes_refresh_once(granting, process, server, clock):
    """Row X3: in one process here; `tests/access/test_refresh_race.py` has real ones."""
    clock.move(3600)
    each = [process() for _ in range(5)]
    assert set(await asyncio.gather(*(token_of(g) for g in each * 4))) == {"access-2"}
    assert server.refreshes == 1


async def test_who_gives_up_waiting_does_not_cut_the_refresh_off_from_its_commit(granting, process, server, clock):
    clock.move(3600)
    server.hold = asyncio.Event()
    waiting = asyncio.ensure_future(token_of(granting))
    while not server.refreshes:
        await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    server.hold.set()
    server.hold = None
    assert await token_of(granting) == "access-2"
    assert await token_of(process()) == "access-2", "it is stored"
    assert server.refreshes == 1


async def test_another_process_goes_on_with_a_token_that_still_lasts_while_one_refreshes(
    granting, process, server, clock
):
    clock.move(3400)
    server.hold = asyncio.Event()
    refreshing = asyncio.ensure_future(token_of(granting))
    while not server.refreshes:
        await asyncio.sleep(0.01)
    assert await token_of(process()) == "access-1"
    server.hold.set()
    assert await refreshing == "access-2"


async def test_a_server_that_is_down_is_no_reason_to_give_a_grant_up(granting, server, clock):
    clock.move(3400)
    server.down = True
    assert await token_of(granting) == "access-1", "it lasts some minutes"
    clock.move(300)
    with pytest.raises(Unavailable):
        await token_of(granting)
    server.down = False
    assert await token_of(granting) == "access-2"


async def test_a_grant_that_has_ended_needs_a_new_connection(granting, process, server, clock):
    server.refresh_token = "ended"
    clock.move(3600)
    assert await token_of(granting) is None
    assert await granting.state("ws", BOOKS) is GrantState.NEEDS_RECONNECT
    assert await token_of(process()) is None
    assert server.refreshes == 1, "what has ended is not tried again"
    server.refresh_token = "refresh-9"
    await granting.begin("ws", BOOKS, server.issue())
    assert await token_of(granting) == "access-2"


async def test_a_refusal_counts_for_nothing_when_the_store_has_a_newer_pair(granting, store, server, clock):
    """A restored copy, or a process that stood still with an old pair in its hands."""
    clock.move(3600)
    old = await store.load("ws", BOOKS)
    ordinary = server.refresh

    async def refresh(environment, refresh_token):
        server.refresh = ordinary
        await store.rotate(old, server.issue(), clock.now())  # another process stores while this one is refused
        raise ReconnectNeeded("Token invalid.")

    server.refresh = refresh
    assert await token_of(granting) == "access-2"
    assert await granting.state("ws", BOOKS) is GrantState.ACTIVE


async def test_an_answer_that_comes_late_saves_a_grant_that_was_taken_for_dead(granting, process, server, clock):
    """A process stands still with the new pair in its hands, for longer than its lock lasts."""
    clock.move(3600)
    server.hold = asyncio.Event()
    standing = asyncio.ensure_future(token_of(granting))
    while not server.refreshes:
        await asyncio.sleep(0.01)
    clock.move(LOCK.total_seconds() + 1)
    assert await token_of(process()) is None
    assert await granting.state("ws", BOOKS) is GrantState.NEEDS_RECONNECT
    server.hold.set()
    assert await standing == "access-2"
    assert await granting.state("ws", BOOKS) is GrantState.ACTIVE


async def test_an_older_pair_never_replaces_a_newer_one(granting, store, server, clock):
    old = await store.load("ws", BOOKS)
    newer = await store.rotate(old, server.issue(), clock.now())
    assert await store.rotate(old, server.issue(), clock.now()) is None
    assert (await store.load("ws", BOOKS)).version == newer.version == old.version + 1


# -- the end ---------------------------------------------------------------------------------------------------------


async def test_disconnecting_ends_it_here_and_there(granting, server, store):
    await granting.disconnect("ws")
    assert await token_of(granting) is None
    assert server.revoked == ["refresh-1"]
    assert await store.load("ws", BOOKS) is None


async def test_a_server_that_is_down_is_told_later(granting, server, store, clock):
    server.down = True
    await granting.disconnect("ws")
    assert await token_of(granting) is None
    server.down = False
    await granting.revoke_pending()
    assert server.revoked == [], "not at once again"
    clock.move(301)
    await granting.revoke_pending()
    assert server.revoked == ["refresh-1"]
    assert await store.load("ws", BOOKS) is None


async def test_a_disconnect_during_a_refresh_revokes_the_new_pair(granting, server, clock):
    clock.move(3600)
    server.hold = asyncio.Event()
    refreshing = asyncio.ensure_future(token_of(granting))
    while not server.refreshes:
        await asyncio.sleep(0.01)
    await granting.disconnect("ws")
    assert server.revoked == [], "the pair that can be revoked is on its way"
    server.hold.set()
    assert await refreshing is None
    await granting.revoke_pending()
    assert server.revoked == ["refresh-2"]


async def test_a_new_grant_ends_the_workspaces_grants_of_other_books(granting, server):
    other = Books("books", "sandbox", "7")
    await granting.begin("ws", other, server.issue())
    assert await token_of(granting) is None
    assert (await granting.credential("ws", other)).token.get_secret_value() == "access-2"
    await granting.revoke_pending()
    assert server.revoked == ["refresh-1"]


async def test_a_grant_that_was_not_wanted_is_revoked_and_an_earlier_one_for_the_same_books_stands(granting, server):
    await granting.refuse("ws", Books("books", "production", "9"), server.issue())
    assert server.revoked == ["refresh-2"]
    assert await token_of(granting) == "access-1"


# -- idling ----------------------------------------------------------------------------------------------------------


async def test_a_grant_that_nobody_uses_never_idles_to_its_end(granting, server, clock):
    """Nights of a year: QuickBooks ends a refresh token 100 days after its last use."""
    for _ in range(365):
        clock.move(86_400)
        await granting.keep_alive()
    assert 365 / 10 <= server.refreshes <= 365 / 6
    assert await granting.state("ws", BOOKS) is GrantState.ACTIVE


async def test_a_server_that_is_down_at_night_is_asked_the_next_night(granting, server, clock):
    clock.move(8 * 86_400)
    server.down = True
    assert await granting.keep_alive() == 0
    server.down = False
    assert await granting.keep_alive() == 1
    assert await granting.keep_alive() == 0


async def test_a_state_is_used_once(granting, process):
    assert await granting.use_once("ws", "nonce")
    assert not await process().use_once("ws", "nonce")
    assert await granting.use_once("ws2", "nonce")


def test_a_grant_does_not_show_its_tokens(server):
    assert "access-1" not in repr(server.issue())
    assert "books-token" not in repr(Credential(SecretStr("books-token")))
