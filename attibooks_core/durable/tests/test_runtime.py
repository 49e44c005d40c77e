"""The contract of the port, over the double and over the engine on both databases."""

import asyncio
import sys
from collections.abc import Callable

import pytest

from attibooks_core.durable import DurableRuntime
from attibooks_core.durable.dbos_runtime import DbosRuntime
from attibooks_core.durable.inline import InlineRuntime


class Work:
    """An operation that takes note of its runs and ends when it is told to."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, bool]] = []
        self.ended = 0
        self.go = asyncio.Event()

    async def __call__(self, run, reference):
        await run.fence()
        self.runs.append((run.run_id, run.recovered))
        await self.go.wait()
        await run.fence()
        self.ended += 1
        return {"outcome": "done", **reference}


@pytest.fixture(params=["double", "sqlite", "postgresql"])
def make_runtime(request, new_database) -> Callable[[], DurableRuntime]:
    """Makes runtimes on one store; only one may be open at a time."""
    if request.param == "double":
        return InlineRuntime
    url = new_database(request.param)
    return lambda: DbosRuntime(url, lease_seconds=1)


@pytest.fixture
async def runtime(make_runtime):
    made = make_runtime()
    made.work = Work()
    made.register("note.v1", made.work)
    await made.open()
    yield made
    made.work.go.set()
    await made.close()


async def until(condition, seconds=10.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_an_operation_runs_once_in_this_process(runtime):
    runtime.work.go.set()
    await runtime.start("note.v1", "a.1", {"intent": "a"})
    await until(lambda: runtime.work.ended == 1)
    assert runtime.work.runs == [("a.1", False)]


async def test_a_run_id_that_was_used_starts_nothing(runtime):
    runtime.work.go.set()
    await runtime.start("note.v1", "a.1", {})
    await until(lambda: runtime.work.ended == 1)
    await runtime.start("note.v1", "a.1", {})
    await asyncio.sleep(0.2)
    assert runtime.work.ended == 1


async def test_a_run_is_alive_until_it_ends(runtime):
    assert not await runtime.alive("a.1")
    await runtime.start("note.v1", "a.1", {})
    assert await runtime.alive("a.1")
    runtime.work.go.set()
    await until(lambda: runtime.work.ended == 1)
    async with asyncio.timeout(5):
        while await runtime.alive("a.1"):
            await asyncio.sleep(0.02)


async def test_an_operation_that_raises_ends_its_run_and_no_other(runtime):
    async def fails(run, reference):
        raise RuntimeError("Bearer secret-token")

    runtime.register("fails.v1", fails)
    await runtime.start("fails.v1", "bad.1", {})
    runtime.work.go.set()
    await runtime.start("note.v1", "good.1", {})
    await until(lambda: runtime.work.ended == 1)


async def test_forty_runs_at_once_all_end(runtime):
    runtime.work.go.set()
    await asyncio.gather(*(runtime.start("note.v1", f"n{n}.1", {}) for n in range(40)))
    await until(lambda: runtime.work.ended == 40)


async def test_a_start_that_is_cancelled_runs_all_the_same(runtime):
    runtime.work.go.set()
    for n in range(10):
        start = asyncio.ensure_future(runtime.start("note.v1", f"c{n}.1", {}))
        await asyncio.sleep(n * 0.0005)
        start.cancel()
    await asyncio.sleep(0.05)
    await until(lambda: runtime.work.ended + len(cancelled_before_start(runtime)) >= 10)


def cancelled_before_start(runtime):
    """A start that was cancelled before its first step never happened, which is fine."""
    return {f"c{n}.1" for n in range(10)} - {run for run, _ in runtime.work.runs}


async def test_tidying_leaves_young_runs_alone(runtime):
    await runtime.start("note.v1", "a.1", {})
    await runtime.tidy()
    assert await runtime.alive("a.1")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_url(request, new_database):
    return new_database(request.param)


VICTIM = """
import asyncio, sys
from attibooks_core.durable.dbos_runtime import DbosRuntime

async def main():
    runtime = DbosRuntime(sys.argv[1], lease_seconds=1)
    async def hang(run, reference):
        print("running", flush=True)
        await asyncio.sleep(600)
    runtime.register("left.v1", hang)
    await runtime.open()
    await runtime.start("left.v1", "x.1", {"intent": "x"})
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_what_a_killed_process_left_is_taken_over_and_known_to_be_recovered(engine_url):
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, engine_url, stdout=asyncio.subprocess.PIPE
    )
    assert await victim.stdout.readline() == b"running\n"
    victim.kill()
    await victim.wait()

    survivor = DbosRuntime(engine_url, lease_seconds=1)
    work = Work()
    work.go.set()
    survivor.register("left.v1", work)
    await survivor.open()
    try:
        await until(lambda: work.ended == 1, 20)
        assert work.runs == [("x.1", True)]
    finally:
        await survivor.close()


async def test_one_process_holds_one_runtime(new_database):
    first, second = (DbosRuntime(new_database("sqlite"), lease_seconds=1) for _ in range(2))
    await first.open()
    try:
        with pytest.raises(RuntimeError, match="one durable runtime"):
            await second.open()
    finally:
        await first.close()


def test_the_private_names_that_the_adapter_needs_are_there():
    from dbos import DBOS
    from dbos._sys_db import SystemDatabase
    from dbos._utils import INTERNAL_QUEUE_NAME

    from attibooks_core.durable.dbos_runtime import INTERNAL_QUEUE

    assert callable(DBOS._recover_pending_workflows)
    assert callable(SystemDatabase.reenqueue_for_recovery)
    assert INTERNAL_QUEUE_NAME == INTERNAL_QUEUE
