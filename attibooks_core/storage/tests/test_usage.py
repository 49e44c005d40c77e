"""Counters of the month, on both databases (rows 143 to 150)."""

import asyncio

import pytest

from attibooks_core.storage import usage
from attibooks_core.storage.usage import Counter, Usage


@pytest.fixture
def count(database):
    return lambda month="2026-11", environment="production": Usage(database).count("ws", environment, month)


@pytest.fixture
def reserve(database):
    return lambda month="2026-11", limit=10: database.write(
        lambda c: usage.reserve(c, "ws", "production", month, limit)
    )


@pytest.fixture
def commit(database):
    return lambda reserved, accepted: database.write(lambda c: usage.commit(c, "ws", "production", reserved, accepted))


async def test_of_forty_at_once_ten_get_a_place(reserve, count):
    """Row 149."""
    for month in ("2026-01", "2026-03", "2026-05"):
        places = await asyncio.gather(*(reserve(month) for _ in range(40)))
        assert sum(places) == 10
        assert await count(month) == Counter(0, 10)


async def test_places_that_come_back_are_given_once_more(reserve, count, database):
    """Row 143: released when the books refuse."""
    for _ in range(10):
        assert await reserve()
    for _ in range(3):
        await database.write(lambda c: usage.release(c, "ws", "production", "2026-11"))
    assert sum(await asyncio.gather(*(reserve() for _ in range(20)))) == 3
    assert await count() == Counter(0, 10)


async def test_an_invoice_counts_in_the_month_in_which_it_was_accepted(reserve, commit, count):
    """Row 145: a create at 23:59:59.9 counts by the time that the books accepted it."""
    await reserve("2026-11")
    await commit("2026-11", "2026-12")
    assert (await count("2026-11"), await count("2026-12")) == (Counter(0, 0), Counter(1, 0))


async def test_what_is_under_way_at_midnight_keeps_its_place_in_the_new_month(reserve, commit, count):
    """Rows 145 and 149: ten are ten also when four of them were asked for on the last evening."""
    for _ in range(4):
        await reserve("2026-11")
    assert await count("2026-12") == Counter(0, 4)
    assert sum(await asyncio.gather(*(reserve("2026-12") for _ in range(10)))) == 6
    for _ in range(4):
        await commit("2026-11", "2026-12")
    assert await count("2026-12") == Counter(4, 6)
    assert not await reserve("2026-12")


async def test_what_is_stuck_for_longer_takes_no_place(reserve, count):
    await reserve("2025-11")
    await reserve("2025-12")
    assert await count("2026-01") == Counter(0, 1)
    assert await count("2026-02") == Counter(0, 0)


async def test_used_ones_of_an_earlier_month_are_no_burden(reserve, commit, count):
    for _ in range(10):
        await reserve("2026-11")
        await commit("2026-11", "2026-11")
    assert not await reserve("2026-11")
    assert await reserve("2026-12")
    assert await count("2026-12") == Counter(0, 1)


async def test_without_a_limit_it_is_counted_all_the_same(reserve, count):
    """Row 144: no hidden cap."""
    for _ in range(15):
        assert await reserve(limit=None)
    assert await count() == Counter(0, 15)
    assert not await reserve(limit=10), "after a lapse: no negative surprises (row 148)"


async def test_a_limit_of_nothing_lets_nothing_through(reserve, count):
    assert not await reserve(limit=0)
    assert await count() == Counter(0, 0)


async def test_environments_and_workspaces_have_counters_of_their_own(reserve, count, database):
    for _ in range(10):
        await reserve()
    assert await count(environment="sandbox") == Counter(0, 0)
    assert await database.write(lambda c: usage.reserve(c, "other", "production", "2026-11", 10))
