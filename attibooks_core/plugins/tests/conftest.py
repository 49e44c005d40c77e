"""Distributions as they may be installed, made by hand: two files of metadata and a module."""

import sys
import textwrap
from pathlib import Path

import pytest


class Installer:
    """Installs crooked distributions into a folder of this test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.modules: list[str] = []

    def install(self, entry: str, body: str | None, *, target: str | None = None, distribution: str = "") -> None:
        """A distribution with one entry point; `body` None installs no module."""
        distribution = distribution or f"dist-{entry}"
        module = f"crooked_{distribution.replace('-', '_')}"
        self.modules.append(module)
        if body is not None:
            (self._folder / f"{module}.py").write_text(textwrap.dedent(body))
        info = self._folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[attibooks]\n{entry} = {target or module}\n".replace("MODULE", module))


@pytest.fixture
def installer(tmp_path, monkeypatch):
    """An empty folder on the path."""
    monkeypatch.syspath_prepend(tmp_path)
    made = Installer(tmp_path)
    yield made
    for module in made.modules:
        sys.modules.pop(module, None)


BACKEND_MODULE = """
from attibooks_core.hookspecs import hookimpl
from attibooks_core.model import Books, Capability
attibooks_api = (1, 0)

class Backend:
    key = "made_up"
    display_name = "Made up"
    capabilities = Capability.NONE
    mappable = ()
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


@pytest.fixture
def backend_module():
    """A backend with the right shape, as the text of a plugin's module; its key is `made_up`."""
    return BACKEND_MODULE
