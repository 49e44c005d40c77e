"""A sandbox for one test alone: no invoices but the test's own, no throttles. A suite that wants it imports both."""

from collections.abc import Iterator

import pytest

from attibooks_sandbox.testing import Sandbox
from tests.conftest import environment_of

SWIFT = """
from attibooks_core.invoicing.pacing import Paces

attibooks_api = (1, 0)
Paces.__init__.__defaults__ = (1000.0,)
"""
"""A plugin for hosts in such a world: there Attio takes as many writes a second as come."""


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A fresh world."""
    with Sandbox(limits=False) as running:
        yield running


@pytest.fixture
def host_environment(box: Sandbox) -> dict[str, str]:
    """What a host needs to know of it."""
    return environment_of(box)
