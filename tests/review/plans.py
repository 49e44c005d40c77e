"""A billing provider that plays Free and Pro: the plan of every workspace stands in a file."""

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
