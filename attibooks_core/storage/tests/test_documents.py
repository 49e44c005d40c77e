"""The documents of plugins, on both databases; and their double for plugin tests, which has to behave alike."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from attibooks_core.storage.documents import PluginDocuments
from attibooks_core.testing import DocumentsInMemory, SettableClock

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock():
    return SettableClock(NOW)


@pytest.fixture(params=["stored", "double"])
def documents(request, database, clock):
    return DocumentsInMemory(clock) if request.param == "double" else PluginDocuments(database, clock, "stripe")


async def test_a_document_is_inserted_once(documents):
    first = await documents.put("event/1", {"a": 1}, version=0)
    assert (first.version, first.value, first.updated_at) == (1, {"a": 1}, NOW)
    assert await documents.put("event/1", {"a": 2}, version=0) is None
    assert await documents.get("event/1") == first


async def test_of_many_inserts_at_once_one_goes_through(documents):
    puts = await asyncio.gather(*(documents.put("event/1", {"n": n}, version=0) for n in range(32)))
    assert len([p for p in puts if p]) == 1


async def test_a_document_is_replaced_only_by_who_has_read_it(documents, clock):
    first = await documents.put("plan/ws", {"plan": "free"}, version=0)
    clock.move(5)
    second = await documents.put("plan/ws", {"plan": "pro"}, version=first.version)
    assert (second.version, second.updated_at) == (2, NOW + timedelta(seconds=5))
    assert await documents.put("plan/ws", {"plan": "other"}, version=first.version) is None
    assert (await documents.get("plan/ws")).value == {"plan": "pro"}
    assert await documents.put("plan/nobody", {}, version=3) is None


async def test_documents_are_listed_by_prefix_in_the_order_of_their_bytes(documents):
    for key in ("new/b", "new/B", "new/ä", "new/a", "newer", "old/a"):
        await documents.put(key, {}, version=0)
    assert [d.key for d in await documents.list("new/")] == ["new/B", "new/a", "new/b", "new/ä"]
    assert [d.key for d in await documents.list("new/", after="new/a", limit=1)] == ["new/b"]
    assert len(await documents.list("")) == 6


async def test_old_documents_can_be_found(documents, clock):
    await documents.put("seen/1", {}, version=0)
    clock.move(10)
    await documents.put("seen/2", {}, version=0)
    assert [d.key for d in await documents.list("seen/", before=NOW + timedelta(seconds=5))] == ["seen/1"]


async def test_a_document_is_dropped_once_and_only_in_the_version_that_was_meant(documents):
    await documents.put("new/1", {}, version=0)
    assert not await documents.delete("new/1", version=2)
    assert await documents.delete("new/1", version=1)
    assert not await documents.delete("new/1")
    assert await documents.get("new/1") is None


async def test_any_text_comes_back_as_it_was(documents):
    value = {"text": 'ünï "quoted" \\ \0 \U0001f600', "n": 1.5, "none": None, "list": [1, {"a": []}]}
    await documents.put("käy/'\"\\", value, version=0)
    assert (await documents.get("käy/'\"\\")).value == value


async def test_plugins_do_not_see_each_other(database, clock):
    mine, other = PluginDocuments(database, clock, "stripe"), PluginDocuments(database, clock, "other")
    await mine.put("a", {"mine": True}, version=0)
    assert await other.get("a") is None
    assert await other.list("") == []
    assert await other.put("a", {}, version=0)
    assert (await mine.get("a")).value == {"mine": True}


@pytest.mark.parametrize(("key", "value"), [("", {}), ("k" * 301, {}), ("k\0", {}), ("k", {"a": "x" * 70_000})])
async def test_what_is_too_large_is_refused(database, clock, key, value):
    with pytest.raises(ValueError, match="documents keep"):
        await PluginDocuments(database, clock, "stripe").put(key, value, version=0)


async def test_what_comes_while_others_are_written_shares_one_transaction(database, clock, monkeypatch):
    documents, writes = PluginDocuments(database, clock, "stripe"), []
    write = database.write
    monkeypatch.setattr(database, "write", lambda work: writes.append(1) or write(work))
    puts = await asyncio.gather(*(documents.put(f"new/{n % 20}", {"n": n}, version=0) for n in range(40)))
    assert len([p for p in puts if p]) == 20
    assert len(writes) <= 2


async def test_when_the_database_fails_everybody_is_told_and_the_next_one_goes_through(database, clock, monkeypatch):
    documents = PluginDocuments(database, clock, "stripe")

    async def fail(work):
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(database, "write", fail)
        ends = await asyncio.gather(*(documents.put(f"k{n}", {}, version=0) for n in range(3)), return_exceptions=True)
    assert [type(e) for e in ends] == [OSError] * 3
    assert await documents.put("k1", {}, version=0)
