"""Hosts that lose their tokens by being started anew, and an app that can be asked for some."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attibooks_sandbox.testing import Sandbox
from tests.desk import Desk
from tests.host_process import HostProcess


class Houses:
    """Hosts one after the other on one database."""

    def __init__(self, folder: Path, environment: dict[str, str], box: Sandbox) -> None:
        self._folder, self._box = folder, box
        self.environment = environment
        self._open: list[HostProcess | Desk] = []

    def start(self, **more: str) -> HostProcess:
        """Another host."""
        self._open.append(HostProcess(self._folder, {**self.environment, **more}, forked=True).start())
        return self._open[-1]

    def desk(self, host: HostProcess) -> Desk:
        """A desk whose app calls that host."""
        self._open.append(Desk.open(self._box, host.url))
        return self._open[-1]

    def end(self) -> None:
        """Everybody out."""
        for each in self._open:
            each.close() if isinstance(each, Desk) else each.kill()
        self._box.faults.clear()


@pytest.fixture
def houses(
    tmp_path: Path,
    box: Sandbox,
    host_environment: dict[str, str],
    empty_database: Callable[[str, Path], dict[str, str]],
    database_kind: str,
) -> Iterator[Houses]:
    """On each database; executor leases are short."""
    box.limits(quickbooks=True, attio=True)
    database = empty_database(database_kind, tmp_path)
    made = Houses(tmp_path, {**host_environment, **database, "ATTIBOOKS_EXECUTOR_LEASE_SECONDS": "2"}, box)
    yield made
    made.end()
