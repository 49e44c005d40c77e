"""A billing provider that plays Free and Pro: the plan of every workspace stands in a file.

A suite that wants it imports `plan`, `paper_settings` and, in place of the common one, `desk`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attibooks_sandbox.testing import Sandbox
from tests.desk import Desk
from tests.host_process import HostProcess, install_plugin

PLUGIN = """
import os, pathlib
from attibooks_core.hookspecs import hookimpl
from attibooks_core.model import Entitlements

attibooks_api = (1, 0)
PLAN = pathlib.Path(os.environ["TEST_PLAN"])
PLANS = {
    "free": Entitlements("free", 10, frozenset(), "https://pay.example/upgrade"),
    "pro": Entitlements("pro", None, frozenset({"custom_mode", "invoice_object", "two_way_sync"})),
}

class Paper:
    key = "paper"

    async def entitlements(self, workspace_id):
        return PLANS[PLAN.read_text().strip()]

@hookimpl
def register_billing_providers(host):
    return [Paper()]
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The file that says which plan the workspaces have; at first it is Free."""
    path = tmp_path / "plan"
    path.write_text("free")
    return path


@pytest.fixture
def paper_settings(
    empty_database: Callable[[str, Path], dict[str, str]], database_kind: str, tmp_path: Path, plan: Path
) -> dict[str, str]:
    """The database and the plans of a host."""
    return {"ATTIBOOKS_BILLING": "paper", "TEST_PLAN": str(plan), **empty_database(database_kind, tmp_path)}


@pytest.fixture
def desk(
    box: Sandbox, host_environment: dict[str, str], paper_settings: dict[str, str], tmp_path: Path
) -> Iterator[Desk]:
    """A desk at a host with plans."""
    plugin = install_plugin(tmp_path, "paper", PLUGIN)
    box.limits(quickbooks=True, attio=True)
    with HostProcess(tmp_path, {**host_environment, **paper_settings}, python_path=plugin, forked=True) as host:
        made = Desk.open(box, host.url)
        yield made
        made.close()
        box.faults.clear()
