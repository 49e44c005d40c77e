"""A sandbox and hosts for one module alone: what they go on doing in the background meets no other test.

A module that wants it imports all of them.
"""

from collections.abc import Iterator

import pytest

from attibooks_sandbox.testing import Sandbox
from tests.conftest import DATABASES, checked_sandbox, environment_of, served_on_each_database


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A world of the module's own."""
    yield from checked_sandbox()


@pytest.fixture(scope="module")
def host_environment(box: Sandbox) -> dict[str, str]:
    """What a host needs to know of it."""
    return environment_of(box)


host = pytest.fixture(scope="module", params=DATABASES, name="host")(served_on_each_database)
