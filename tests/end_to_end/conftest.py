"""The suite runs twice on each database: in calm weather, and with five of a hundred calls going wrong at random."""

from collections.abc import Iterator

import pytest

from attibooks_sandbox.testing import Sandbox

STORM = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "after_commit": True},
    {"kind": "status", "status": 429, "retry_after": 1},
    {"kind": "drop_before_commit"},
    {"kind": "drop_after_commit"},
]
SHARE = 0.05


@pytest.fixture(params=["calm", "storm"], autouse=True)
def weather(request: pytest.FixtureRequest, box: Sandbox) -> Iterator[str]:
    """Plants the faults: each kind with its share, so that five in a hundred calls are struck."""
    if request.param == "storm":
        for fault in STORM:
            for service in ("attio", "quickbooks"):
                box.faults.add(service, times=None, probability=SHARE / len(STORM), **fault)
    yield request.param
    box.faults.clear()
