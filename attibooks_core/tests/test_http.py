"""HTTP clients: what was sent, what was lost, and who shares what."""

import asyncio

import pytest

from attibooks_core.errors import AnswerLost, NothingSent
from attibooks_core.http import HttpPool
from attibooks_core.testing import Answer


@pytest.fixture
async def pool():
    made = HttpPool(user_agent="AttiBooks/test", max_accounts=2)
    yield made
    await made.close()


async def test_an_answer_is_read_whole(pool, server):
    server.on("POST", "/x", Answer({"a": 1}, 201, {"Intuit-Tid": "t1"}))
    reply = await pool.client("a").request("POST", f"{server.url}/x", headers={"x-a": "1"}, content=b"body")
    assert (reply.status, reply.body, reply.headers["intuit-tid"]) == (201, b'{"a": 1}', "t1")
    (seen,) = server.seen
    assert (seen.body, seen.headers["x-a"], seen.headers["user-agent"]) == (b"body", "1", "AttiBooks/test")


async def test_a_refused_connection_sent_nothing(pool):
    with pytest.raises(NothingSent):
        await pool.client("a").request("POST", "http://127.0.0.1:9/x", headers={})


async def test_a_cut_connection_may_have_done_the_work(pool, server):
    server.on("POST", "/x", Answer(cut=True))
    with pytest.raises(AnswerLost):
        await pool.client("a").request("POST", f"{server.url}/x", headers={}, content=b"{}")
    assert len(server.seen) == 1, "a write is never repeated behind the caller's back"


async def test_a_slow_answer_is_given_up_and_may_have_done_the_work(pool, server):
    done = asyncio.Event()

    def slow(_):
        import time

        time.sleep(0.5)
        return Answer({})

    server.on("GET", "/x", slow)
    with pytest.raises(AnswerLost):
        await pool.client("a").request("GET", f"{server.url}/x", headers={}, timeout=0.1)
    done.set()


async def test_redirects_are_not_followed(pool, server):
    server.on("GET", "/x", Answer(b"", 302, {"Location": f"{server.url}/y"}))
    assert (await pool.client("a").request("GET", f"{server.url}/x", headers={})).status == 302


@pytest.mark.parametrize("address", ["nonsense", "ftp://127.0.0.1/x", "http://"])
async def test_an_address_that_is_none_is_an_error_of_the_transport(pool, address):
    with pytest.raises((NothingSent, AnswerLost)):
        await pool.client("a").request("GET", address, headers={})


async def test_clients_are_kept_by_account_and_bounded(pool):
    first = pool.client("a")
    assert pool.client("a") is first
    pool.client("b")
    pool.client("c")
    assert pool.client("a") is not first, "the least recently used one was closed"


async def test_at_most_eight_calls_of_an_account_are_on_the_wire(pool, server):
    most, now = 0, 0

    def count(_):
        nonlocal most, now
        import time

        now += 1
        most = max(most, now)
        time.sleep(0.03)
        now -= 1
        return Answer({})

    server.on("GET", "/x", count)
    client = pool.client("a")
    await asyncio.gather(*(client.request("GET", f"{server.url}/x", headers={}) for _ in range(40)))
    assert most <= 8
