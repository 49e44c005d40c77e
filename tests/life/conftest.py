"""Hosts of their own for what a shared one cannot do; an invoice that was made, and what became of it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_sandbox.testing import Sandbox
from tests.desk import Desk
from tests.host_process import HostProcess, install_plugin
from tests.own_world import SWIFT

T = TypeVar("T")

CRON_SECRET = "a secret of the scheduler"


class Machines:
    """Hosts on one database, each with settings of its own."""

    def __init__(self, folder: Path, environment: dict[str, str], box: Sandbox, *, shared: bool) -> None:
        self._folder = folder
        self.shared = shared
        """Whether several processes may use the database."""
        self.database_url = environment["ATTIBOOKS_DATABASE_URL"]
        self._environment = environment
        self._running: list[Any] = []
        self.box = box

    def start(self, command: str = "serve", *, swift: bool = False, **settings: object) -> HostProcess:
        """Another one; a swift one writes records as fast as it can, for sandboxes without throttles."""
        given = {f"ATTIBOOKS_{name.upper()}": str(value) for name, value in settings.items()}
        path = self._swift() if swift else None
        host = HostProcess(self._folder, {**self._environment, **given}, command=command, python_path=path, forked=True)
        self._running.append(host.kill)
        return host.start()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of an operator on the database."""
        process = self.begin(*arguments)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin a command of an operator on the database."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder), **self._environment}
        program = [sys.executable, "-m", "attibooks_core", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(program, env=environment, cwd=self._folder, stdout=pipe, stderr=pipe, text=True)

    def look(self, work: Callable[[sa.Connection], T]) -> T:
        """Do something in the hosts' database."""
        database = Database(self._environment["ATTIBOOKS_DATABASE_URL"])
        try:
            return database.write_now(work)
        finally:
            database.close()

    def _swift(self) -> Path:
        made = self._folder / "swift-plugin"
        return made if made.exists() else install_plugin(self._folder, "swift", SWIFT)

    def desk(self, host: HostProcess, **more: Any) -> Desk:
        """A desk whose app calls a host."""
        desk = Desk.open(self.box, host.url, **more)
        self._running.insert(0, desk.close)
        return desk

    def read(self, wanted: sa.Select[Any]) -> list[Any]:
        """The first column of what the database holds."""
        database = Database(self._environment["ATTIBOOKS_DATABASE_URL"])
        try:
            return database.write_now(lambda c: list(c.execute(wanted).scalars()))
        finally:
            database.close()

    def end(self) -> None:
        """End all of them."""
        for close in self._running:
            close()


@pytest.fixture(params=["sqlite", "postgresql"])
def machines(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    box: Sandbox,
    host_environment: dict[str, str],
    empty_database: Callable[[str, Path], dict[str, str]],
) -> Iterator[Machines]:
    """Hosts on an empty database."""
    box.limits(quickbooks=True, attio=True)
    environment = {
        **host_environment,
        **empty_database(request.param, tmp_path),
        "ATTIBOOKS_CRON_SECRET": CRON_SECRET,
        "ATTIBOOKS_CRON_SPREAD_SECONDS": "0",
    }
    made = Machines(tmp_path, environment, box, shared=request.param == "postgresql")
    yield made
    made.end()
    box.faults.clear()


@pytest.fixture
def record(desk: Desk) -> str:
    """A company record whose invoice (2 x 120.00) was made and not e-mailed."""
    made = desk.new_company()
    answer = desk.create(made)
    assert answer.status_code == 201, answer.text
    desk.eventually(lambda: desk.trail(made)[-1]["kind"] == "writeback")  # it is kept that the record shows it
    desk.box.clear_calls()
    return made


@pytest.fixture
def writes(desk: Desk) -> Callable[[], list[str]]:
    """Bodies of the writes about invoices that reached the books since the record was made."""
    return lambda: desk.sent("*/invoice")


@pytest.fixture
def unchanged(desk: Desk, record: str, writes: Callable[[], list[str]]) -> Callable[..., None]:
    """Asserts that nothing was sent, and that the books have the invoice as it was."""
    before = desk.invoice(record)

    def check(now: dict[str, Any] | None = None) -> None:
        assert writes() == []
        assert desk.invoice(record) == (now or before)

    return check


@pytest.fixture
def refused(desk: Desk, record: str) -> Callable[..., dict[str, Any]]:
    """Asserts a refusal: said to the user, in the trail, and on the record when `shown`."""

    def check(answer: Any, status: int, code: str, *, says: str = "", shown: bool = True) -> dict[str, Any]:
        body: dict[str, Any] = answer.json()
        assert (answer.status_code, body["code"]) == (status, code), answer.text
        assert says in body["detail"]
        on_record = desk.shown(record)["sync_error"]
        assert (code in on_record and says in on_record) if shown else on_record is None
        assert desk.trail(record)[-1]["details"]["code"] == code
        return body

    return check


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """Makes calls at the same moment; their answers in order."""

    def go(*calls: Callable[[], Any]) -> list[Any]:
        with ThreadPoolExecutor(len(calls)) as pool:
            return [future.result() for future in [pool.submit(call) for call in calls]]

    return go


@pytest.fixture
def in_between(desk: Desk) -> Callable[..., Any]:
    """Does something in the books after a call has read the invoice, and before it writes; the call's answer."""

    def go(call: Callable[[], Any], act: Callable[[], Any]) -> Any:
        desk.box.faults.add("quickbooks", "slow", method="GET", path="/v3/company/*/invoice/*", seconds=2.0)
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(call)
            desk.eventually(lambda: "slow" not in str(desk.box.faults.listed()))
            act()
            return answer.result()

    return go
