"""Row 149: forty clicks at the same instant at a limit of ten make exactly ten invoices, also when the host dies."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import usage as usage_table
from attibooks_sandbox.testing import Sandbox
from tests.desk import PASSING, Desk
from tests.host_process import HostProcess

CLICKS, LIMIT = 40, 10
NOBODY = {
    "ATTIBOOKS_BILLING": "stripe",
    "ATTIBOOKS_STRIPE__API_KEY": "sk_test_nobody",
    "ATTIBOOKS_STRIPE__API_URL": "http://127.0.0.1:9",
}
"""A Stripe that never answers: Free needs none."""


@pytest.fixture
def free_environment(
    tmp_path: Path, host_environment: dict[str, str], database_kind: str, empty_database: Callable[..., dict[str, str]]
) -> dict[str, str]:
    return {
        **host_environment,
        **NOBODY,
        "ATTIBOOKS_EXECUTOR_LEASE_SECONDS": "2",
        **empty_database(database_kind, tmp_path),
    }


@pytest.fixture
def start(box: Sandbox, tmp_path: Path, free_environment: dict[str, str]) -> Iterator[Callable[[], HostProcess]]:
    """Starts hosts on one database."""
    hosts: list[HostProcess] = []
    box.limits(quickbooks=False, attio=False)

    def made() -> HostProcess:
        hosts.append(HostProcess(tmp_path, free_environment, forked=True).start())
        return hosts[-1]

    yield made
    for host in hosts:
        host.kill()
    box.limits(quickbooks=True, attio=True)


def click_until_known(desks: list[Desk], record: str, deadline: float) -> httpx.Response:
    """Click with one key at whichever host answers, until the answer is final."""
    key = uuid4().hex
    while True:
        for desk in desks:
            with contextlib.suppress(httpx.HTTPError):
                answer = desk.create(record, key=key)
                if answer.status_code not in {*PASSING, 202}:
                    return answer
        assert time.monotonic() < deadline, "no answer"
        time.sleep(0.2)


def storm(desks: list[Desk], meanwhile: Callable[[], object] = lambda: None) -> list[httpx.Response]:
    """Forty clicks at once, on forty records."""
    records = [desks[0].new_company() for _ in range(CLICKS)]
    for desk in desks:
        desk.names |= desks[0].names
    deadline = time.monotonic() + 100
    with ThreadPoolExecutor(CLICKS) as pool:
        clicks = [pool.submit(click_until_known, desks, record, deadline) for record in records]
        meanwhile()
        return [click.result() for click in clicks]


def assert_exactly_ten(desk: Desk, answers: list[httpx.Response], before: int) -> None:
    codes = sorted(a.json().get("code", "created") for a in answers)
    assert codes == ["created"] * LIMIT + ["limit_reached"] * (CLICKS - LIMIT)
    shown: dict[str, Any] = desk.app.read("usage").json()
    assert (shown["used"], shown["held"]) == (LIMIT, 0)
    assert len(desk.realm["invoices"]) - before == LIMIT
    refused = next(a.json() for a in answers if a.status_code == 402)
    assert (refused["used"] + refused["held"], refused["limit"]) == (LIMIT, LIMIT)


def another_month(database_url: str) -> None:
    """Forget what was counted."""
    database = Database(database_url)
    database.write_now(lambda c: c.execute(sa.delete(usage_table)))
    database.close()


def test_forty_clicks_at_once_make_ten(box: Sandbox, start: Callable[[], HostProcess]):
    """Rows 149 and 150: exactly ten, and the count is what the books hold."""
    host = start()
    desk = Desk.open(box, host.url)
    for _ in range(2):
        one_storm(desk, [desk], host)
    desk.close()


@pytest.mark.kill
@pytest.mark.timeout(3600)
def test_forty_clicks_at_once_make_ten_though_hosts_die(
    box: Sandbox, start: Callable[[], HostProcess], request: pytest.FixtureRequest
):
    """Row 149: kill -9 in the middle; the same clicks go to another host. `make faults`: 200 rounds on each database."""
    survivor = start()
    desk = Desk.open(box, survivor.url)
    rounds = request.config.getoption("--kill-rounds")
    for number in range(rounds if rounds == 1 else 20 * rounds):
        storm_with_a_death(desk, survivor, start(), seconds=0.2 + 0.05 * (number % 12))
    desk.close()


def one_storm(desk: Desk, desks: list[Desk], host: HostProcess, meanwhile: Callable[[], object] = lambda: None) -> None:
    another_month(host.database_url)
    before = len(desk.realm["invoices"])
    assert_exactly_ten(desk, storm(desks, meanwhile), before)


def storm_with_a_death(desk: Desk, survivor: HostProcess, dying: HostProcess, seconds: float) -> None:
    there = Desk.open(desk.box, dying.url)
    killer = threading.Timer(seconds, dying.kill)
    one_storm(desk, [there, desk], survivor, killer.start)
    killer.join()
    there.close()


def test_the_sandbox_has_a_ceiling_of_its_own(box: Sandbox, start: Callable[[], HostProcess]):
    """X13: sandbox invoices are free and not counted, and 1,000 a month are enough; upgrading would not help."""
    host = start()
    desk = Desk.open(box, host.url, environment="sandbox")
    month = json.loads(desk.app.read("usage").content)["resets_at"]
    assert desk.click(desk.new_company()).status_code == 201
    assert desk.app.read("usage").json()["used"] == 0
    database = Database(host.database_url)
    database.write_now(lambda c: c.execute(sa.update(usage_table).values(used=1000)))
    database.close()
    box.clear_calls()
    body = desk.create(desk.new_company()).json()
    assert (body["code"], body["used"], body["limit"], body["upgrade_url"]) == ("limit_reached", 1000, 1000, None)
    assert body["resets_at"] == month
    assert box.counts().get("quickbooks") is None
    desk.close()
