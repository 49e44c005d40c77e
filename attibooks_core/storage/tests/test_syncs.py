"""Runs of the sync: asked for, joined, and left alone by those who ask for the same again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from attibooks_core.model import Books
from attibooks_core.storage.syncs import Scope, Syncs, SyncState, Wish

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WISH = Wish("ws", "attio", Books("quickbooks", "production", "9130001"), Scope.EVENTS, "retry", NOW)


@pytest.fixture
def syncs(database):
    return Syncs(database)


async def test_asking_again_for_the_same_changes_nothing(syncs):
    first = await syncs.ask(WISH, NOW)
    later = NOW + timedelta(seconds=30)
    again = await syncs.ask(replace(WISH, due_at=later), later)
    assert again == first
    assert again.state is SyncState.QUEUED


async def test_one_that_waits_for_tokens_has_waited_since_it_began_to(syncs):
    """X3: who waits and is asked for each second is given up all the same."""
    (claimed,) = await syncs.claim("claim", await syncs.ask(WISH, NOW), NOW)
    began = NOW + timedelta(seconds=1)
    assert await syncs.wait(claimed, began)
    row = await syncs.ask(replace(WISH, due_at=NOW + timedelta(seconds=9)), NOW + timedelta(seconds=9))
    assert (row.state, row.updated_at) == (SyncState.WAITING, began)


async def test_a_wider_wish_widens_what_is_queued(syncs):
    await syncs.ask(WISH, NOW)
    row = await syncs.ask(replace(WISH, scope=Scope.ALL), NOW + timedelta(seconds=5))
    assert (row.scope, row.run, row.updated_at) == (Scope.ALL, 1, NOW + timedelta(seconds=5))
