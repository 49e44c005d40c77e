"""A backend with the right shape, as the text of a plugin's module."""

BACKEND_MODULE = """
from attibooks_core.hookspecs import hookimpl
from attibooks_core.model import Books, Capability
attibooks_api = (1, 0)

class Backend:
    key = "made_up"
    display_name = "Made up"
    capabilities = Capability.NONE
    def books(self, settings): return Books("made_up", "sandbox", "1")
    async def check_connection(self, ws): ...
    async def company(self, ws): ...
    async def resolve(self, ws, draft): ...
    def plan(self, settings, draft, facts, resolution, marker): ...
    async def submit(self, ws, plan, source, run): ...
    async def fetch_invoice(self, ws, invoice_id): ...

@hookimpl
def register_accounting_backends(host): return [Backend()]
"""
