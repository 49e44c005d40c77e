"""A sandbox and hosts for one module alone: what they go on doing in the background meets no other test.

A module that wants it imports all of them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attibooks_sandbox.testing import Sandbox
from tests.conftest import checked_sandbox, environment_of, served
from tests.host_process import HostProcess


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A world of the module's own."""
    yield from checked_sandbox()


@pytest.fixture(scope="module")
def host_environment(box: Sandbox) -> dict[str, str]:
    """What a host needs to know of it."""
    return environment_of(box)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def host(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    host_environment: dict[str, str],
    empty_database: Callable[[str, Path], dict[str, str]],
) -> Iterator[HostProcess]:
    """A host on each database."""
    folder = tmp_path_factory.mktemp(f"host-{request.param}")
    yield from served({**host_environment, **empty_database(request.param, folder)}, folder)
