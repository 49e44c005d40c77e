"""Fixtures for plugin tests: `pytest_plugins = ["attibooks_core.testing.plugin"]` in the root conftest."""

from collections.abc import AsyncIterator, Iterator

import pytest

from attibooks_core.testing.context import StubHost
from attibooks_core.testing.server import ScriptedServer


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the host does."""
    return "asyncio"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A loopback server; the test fails when a request came that no script expected."""
    with ScriptedServer() as running:
        yield running
    assert not running.unexpected, running.unexpected


@pytest.fixture
async def host() -> AsyncIterator[StubHost]:
    """What a plugin gets from its host."""
    services = StubHost()
    yield services
    await services.http.close()
