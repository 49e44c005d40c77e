import asyncio

import pytest

from attibooks_core.testing import SettableClock
from attibooks_quickbooks.cache import ExpiringCache, SingleFlight


def test_the_least_recently_used_goes_first():
    kept = ExpiringCache(SettableClock(), size=2, seconds=60)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)


def test_entries_grow_old():
    clock = SettableClock()
    kept = ExpiringCache(clock, size=2, seconds=60)
    kept.put("a", 1)
    clock.move(59)
    assert (kept.get("a"), kept.age("a")) == (1, 59)
    clock.move(1)
    assert (kept.get("a"), kept.age("a")) == (None, None)


def test_entries_can_be_dropped():
    kept = ExpiringCache(SettableClock(), size=9, seconds=60)
    for key in ("a1", "a2", "b1"):
        kept.put(key, key)
    kept.drop("unknown")
    kept.drop_where(lambda key: key.startswith("a"))
    assert [kept.get(k) for k in ("a1", "a2", "b1")] == [None, None, "b1"]


async def test_a_failed_flight_fails_everybody_on_it_and_nobody_after():
    flights, calls = SingleFlight(), []

    async def load():
        calls.append(1)
        await asyncio.sleep(0)
        if len(calls) == 1:
            raise ValueError
        return "good"

    ends = await asyncio.gather(*(flights.run("k", load) for _ in range(3)), return_exceptions=True)
    assert [type(e) for e in ends] == [ValueError] * 3
    assert await flights.run("k", load) == "good"


async def test_a_flight_that_everybody_left_ends_quietly():
    flights = SingleFlight()

    async def load():
        await asyncio.sleep(0.01)
        raise ValueError

    caller = asyncio.create_task(flights.run("k", load))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await asyncio.sleep(0.02)
    assert flights._flights == {}
