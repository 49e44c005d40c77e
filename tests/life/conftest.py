"""Hosts of their own for what a shared one cannot do: nights, clocks, several machines."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from attibooks_sandbox.testing import Sandbox
from tests.desk import Desk
from tests.host_process import HostProcess

CRON_SECRET = "a secret of the scheduler"


class Machines:
    """Hosts on one database, each with settings of its own."""

    def __init__(self, folder: Path, environment: dict[str, str], box: Sandbox, *, shared: bool) -> None:
        self._folder = folder
        self.shared = shared
        """Whether several processes may use the database."""
        self._environment = environment
        self._running: list[Any] = []
        self.box = box

    def start(self, command: str = "serve", **settings: object) -> HostProcess:
        """Another one."""
        given = {f"ATTIBOOKS_{name.upper()}": str(value) for name, value in settings.items()}
        host = HostProcess(self._folder, {**self._environment, **given}, command=command)
        self._running.append(host.stop)
        return host.start()

    def desk(self, host: HostProcess, **more: Any) -> Desk:
        """A desk whose app calls a host."""
        desk = Desk.open(self.box, host.url, **more)
        self._running.insert(0, desk.close)
        return desk

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
