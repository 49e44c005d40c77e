import asyncio

import pytest

from attibooks_attio.cache import TimedCache
from attibooks_core.testing import SettableClock


class Loads:
    """Counts loads; each waits for `gate` and gives the number of the load, or raises."""

    def __init__(self) -> None:
        self.count = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.count += 1
        number, error = self.count, self.error
        await self.gate.wait()
        if error:
            raise error
        return number


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture
def cache(clock):
    return TimedCache(clock, seconds=300, limit=2)


async def test_a_value_is_kept_until_it_is_too_old(cache, clock):
    load = Loads()
    assert [await cache.get("a", load), await cache.get("a", load)] == [1, 1]
    clock.move(299)
    assert await cache.get("a", load) == 1
    clock.move(1)
    assert await cache.get("a", load) == 2


async def test_who_wants_a_younger_value_gets_one(cache, clock):
    load = Loads()
    await cache.get("a", load)
    clock.move(10)
    assert await cache.get("a", load, max_age=11) == 1
    assert await cache.get("a", load, max_age=10) == 2
    assert await cache.get("a", load, max_age=0) == 3
    assert await cache.get("a", load) == 3


async def test_age_counts_from_the_start_of_a_load(cache, clock):
    load = Loads()
    load.gate.clear()
    waiting = asyncio.create_task(cache.get("a", load))
    await asyncio.sleep(0.01)
    clock.move(200)
    load.gate.set()
    await waiting
    clock.move(100)
    assert await cache.get("a", load) == 2


async def test_the_least_recently_used_goes_first(cache):
    load = Loads()
    for key in "ab":
        await cache.get(key, load)
    await cache.get("a", load)
    await cache.get("c", load)
    assert await cache.get("a", load) == 1
    assert await cache.get("b", load) == 4


async def test_callers_at_one_time_share_a_load(cache):
    load = Loads()
    assert await asyncio.gather(*(cache.get("a", load) for _ in range(20))) == [1] * 20


async def test_callers_with_other_tokens_do_not_share_a_load(cache):
    load = Loads()
    assert sorted(await asyncio.gather(*(cache.get("a", load, asker=who) for who in "xy"))) == [1, 2]


async def test_a_failure_reaches_all_who_waited_and_is_not_kept(cache):
    load = Loads()
    load.error = ValueError("no")
    results = await asyncio.gather(*(cache.get("a", load) for _ in range(3)), return_exceptions=True)
    assert [type(r) for r in results] == [ValueError] * 3
    load.error = None
    assert await cache.get("a", load) == 2


async def test_a_caller_who_gives_up_does_not_take_the_load_away(cache):
    load = Loads()
    load.gate.clear()
    first, second = (asyncio.create_task(cache.get("a", load)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0.01)
    load.gate.set()
    assert await second == 1
    assert first.cancelled()


async def test_a_load_that_nobody_waits_for_is_stopped(cache):
    load = Loads()
    load.gate.clear()
    callers = [asyncio.create_task(cache.get("a", load)) for _ in range(2)]
    await asyncio.sleep(0.01)
    for caller in callers:
        caller.cancel()
    await asyncio.wait(callers)
    assert cache._loading == {}
    load.gate.set()
    assert await cache.get("a", load) == 2


async def test_a_load_that_fails_while_everybody_gives_up_is_silent(cache):
    load = Loads()
    load.error = ValueError("no")
    load.gate.clear()
    only = asyncio.create_task(cache.get("a", load))
    await asyncio.sleep(0.01)
    load.gate.set()
    await asyncio.sleep(0)
    only.cancel()
    await asyncio.wait([only])
    load.error = None
    assert await cache.get("a", load) == 2


async def test_what_is_forgotten_is_loaded_anew(cache):
    load = Loads()
    await cache.get("a", load)
    await cache.get("b", load)
    cache.forget(lambda key, value: key == "a" and value == 1)
    assert await cache.get("b", load) == 2
    assert await cache.get("a", load) == 3


async def test_what_was_loading_while_it_was_forgotten_is_not_kept(cache):
    load = Loads()
    load.gate.clear()
    waiting = asyncio.create_task(cache.get("a", load))
    await asyncio.sleep(0.01)
    cache.forget(lambda *_: True)
    load.gate.set()
    assert await waiting == 1
    assert await cache.get("a", load) == 2
