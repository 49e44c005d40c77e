"""Hosts that kill themselves: a plugin that is installed only here sends SIGKILL at the end of a chosen stage."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import intents
from attibooks_sandbox.testing import Sandbox
from tests.app_client import NO_TLS
from tests.desk import Desk
from tests.host_process import HostProcess, install_plugin

PLUGIN = """
import os, pathlib, signal
from attibooks_core.invoicing.pacing import Paces
from attibooks_core.hookspecs import hookimpl

attibooks_api = (1, 0)
ORDER = pathlib.Path(os.environ["KILL_ORDER"])
Paces.__init__.__defaults__ = (1000.0,)  # the sandbox's Attio has its throttle off where many records are written

class Killer:
    def observe(self, event):
        if not ORDER.exists():
            return
        stage, _, left = ORDER.read_text().partition(" ")
        if stage != event.stage:
            return
        ORDER.write_text(f"{stage} {int(left) - 1}")
        if int(left) == 1:
            ORDER.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

@hookimpl
def register_observers(host):
    return [Killer()]
"""


class Theatre:
    """One database, hosts that come and go, and an order that kills the one that reads it."""

    def __init__(self, folder: Path, environment: dict[str, str], box: Sandbox) -> None:
        self._folder = folder
        self._order = folder / "kill-order"
        self._environment = {**environment, "KILL_ORDER": str(self._order)}
        self.database_url = environment["ATTIBOOKS_DATABASE_URL"]
        self._plugin = install_plugin(folder, "killer", PLUGIN)
        self._hosts: list[HostProcess] = []
        self._desks: list[Desk] = []
        self.box = box

    def start(self, command: str = "serve") -> HostProcess:
        """Another process on the database."""
        host = HostProcess(self._folder, self._environment, command=command, python_path=self._plugin, forked=True)
        self._hosts.append(host)
        return host.start()

    def desk(self, host: HostProcess) -> Desk:
        """A desk whose app calls this host."""
        self._desks.append(Desk.open(self.box, host.url))
        return self._desks[-1]

    def desk_without_calls(self, host: HostProcess, like: Desk) -> Desk:
        """A desk at another host that has not called yet, so that no token came there."""
        app = replace(like.app, url=host.url)
        self._desks.append(replace(like, app=app, attio=httpx.Client(base_url=self.box.attio_url, verify=NO_TLS)))
        return self._desks[-1]

    def wait_until_waiting(self, seconds: float) -> None:
        """Wait until the newest intent waits for tokens."""
        database = Database(self._environment["ATTIBOOKS_DATABASE_URL"])
        newest = sa.select(intents.c.state).order_by(intents.c.created_at.desc()).limit(1)
        deadline = time.monotonic() + seconds
        try:
            while database.write_now(lambda c: c.execute(newest).scalar_one()) != "waiting_for_lease":
                assert time.monotonic() < deadline, "the intent does not wait for tokens"
                time.sleep(0.2)
        finally:
            database.close()

    def order(self, stage: str, times: int = 1) -> None:
        """The process that ends this stage for the so many-th time dies."""
        self._order.write_text(f"{stage} {times}")

    def end(self) -> None:
        """Everybody out."""
        for desk in self._desks:
            desk.close()
        for host in self._hosts:
            host.kill()
        self.box.faults.clear()


@pytest.fixture
def tally(database_kind: str, record_property: Callable[[str, object], None]) -> Callable[[str, float], None]:
    """Takes note of a kill after which everything was done exactly once, and how long that took."""
    return lambda boundary, seconds: record_property("kill", (database_kind, boundary, seconds))


@pytest.fixture
def theatre(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    box: Sandbox,
    host_environment: dict[str, str],
    empty_database: Callable[[str, Path], dict[str, str]],
    database_kind: str,
) -> Iterator[Any]:
    """A theatre on each database; leases are short unless `--real-leases` is given."""
    lease = {} if request.config.getoption("--real-leases") else {"ATTIBOOKS_EXECUTOR_LEASE_SECONDS": "2"}
    made = Theatre(tmp_path, {**host_environment, **lease, **empty_database(database_kind, tmp_path)}, box)
    yield made
    made.end()
