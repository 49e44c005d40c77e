"""Installations, settings and memory, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from attibooks_core.model import Books
from attibooks_core.storage.memory import BoundMemory
from attibooks_core.storage.tables import installations
from attibooks_core.storage.workspaces import WorkspaceRow, Workspaces
from attibooks_core.testing import SettableClock

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FACTS = {
    "callback_url": "https://hooks.example/secret-path",
    "handler_id": "h1",
    "connection_id": "c1",
    "connection_key": "quickbooks",
}


@pytest.fixture
def workspaces(database, vault):
    return Workspaces(database, vault)


async def test_a_workspace_that_never_called_is_not_installed(workspaces):
    assert await workspaces.load("ws") == WorkspaceRow(installed=False, settings={})


async def test_installing_again_keeps_the_id(workspaces):
    first = await workspaces.install("ws", "attio", FACTS, NOW)
    assert await workspaces.install("ws", "attio", {**FACTS, "handler_id": "h2"}, NOW) == first
    assert (await workspaces.load("ws")).installed
    assert not (await workspaces.load("other")).installed


async def test_the_callback_address_is_sealed(workspaces, database):
    await workspaces.install("ws", "attio", FACTS, NOW)
    stored = await database.read(lambda c: c.execute(installations.select()).one())
    assert "secret-path" not in str(stored)


async def test_an_older_snapshot_does_not_overwrite_a_newer_one(workspaces):
    assert await workspaces.store_settings("ws", {"template_rate": "2"}, NOW)
    assert not await workspaces.store_settings("ws", {"template_rate": "1"}, NOW - timedelta(seconds=1))
    assert (await workspaces.load("ws")).settings == {"template_rate": "2"}
    assert await workspaces.store_settings("ws", {"template_rate": "3"}, NOW - timedelta(days=1), always=True)
    assert (await workspaces.load("ws")).settings == {"template_rate": "3"}


async def test_uninstalling_forgets_the_workspace_and_no_other(workspaces):
    for workspace in ("ws", "other"):
        await workspaces.install(workspace, "attio", FACTS, NOW)
        await workspaces.store_settings(workspace, {"template_rate": "2"}, NOW)
    await workspaces.uninstall("ws")
    assert await workspaces.load("ws") == WorkspaceRow(installed=False, settings={})
    assert await workspaces.load("other") == WorkspaceRow(
        installed=True, settings={"template_rate": "2"}, gateway="attio"
    )


async def test_memory_is_bound_to_workspace_environment_and_company(database):
    clock = SettableClock()
    here = BoundMemory(database, clock, "ws", Books("quickbooks", "production", "1"))
    elsewhere = [
        BoundMemory(database, clock, "ws2", Books("quickbooks", "production", "1")),
        BoundMemory(database, clock, "ws", Books("quickbooks", "sandbox", "1")),
        BoundMemory(database, clock, "ws", Books("quickbooks", "production", "2")),
        BoundMemory(database, clock, "ws", Books("xero", "production", "1")),
    ]
    await here.remember("customer:deals:r1", "58")
    await here.remember("customer:deals:r1", "59")
    assert await here.recall("customer:deals:r1") == "59"
    assert [await m.recall("customer:deals:r1") for m in elsewhere] == [None] * 4
    await here.forget("customer:deals:r1")
    assert await here.recall("customer:deals:r1") is None


async def test_memory_keeps_small_things_only(database):
    memory = BoundMemory(database, SettableClock(), "ws", Books("quickbooks", "production", "1"))
    with pytest.raises(ValueError, match="500 characters"):
        await memory.remember("k", "v" * 501)
