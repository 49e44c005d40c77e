"""What plugin authors test with: a loopback server that plays a script, a clock to set, a workspace to act in.

Imported by tests only. Load the fixtures in the root `conftest.py` with
`pytest_plugins = ["attibooks_core.testing.plugin"]`.
"""

from attibooks_core.testing.context import (
    DocumentsInMemory,
    FakeRun,
    MemoryInMemory,
    SettableClock,
    StubHost,
    workspace_context,
)
from attibooks_core.testing.server import Answer, ScriptedServer, SeenRequest

__all__ = [
    "Answer",
    "DocumentsInMemory",
    "FakeRun",
    "MemoryInMemory",
    "ScriptedServer",
    "SeenRequest",
    "SettableClock",
    "StubHost",
    "workspace_context",
]
