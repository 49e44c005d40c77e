import ast
from pathlib import Path

import pytest

import attibooks_quickbooks

FILES = sorted(Path(attibooks_quickbooks.__file__).parent.glob("*.py"))
PUBLIC = {"capabilities", "errors", "events", "hookspecs", "lifecycle", "model", "protocols", "retries", "settings"}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_only_the_public_surface_of_the_core_is_imported(file):
    imported = [n.module or "" for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.ImportFrom)]
    from_core = [m for m in imported if m.startswith("attibooks_core")]
    assert {m.removeprefix("attibooks_core.") for m in from_core} <= PUBLIC
    assert not [m for m in imported if m.startswith(("attibooks_attio", "attibooks_sandbox", "httpx"))]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_nothing_in_here_can_delete(file):
    """Row 124: no text in the plugin is a verb, or an operation, that deletes; the only operation is to void."""
    strings = [n.value for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Constant)]
    texts = [s for s in strings if isinstance(s, str)]
    assert not [s for s in texts if s in {"DELETE", "PUT", "PATCH", "delete"} or "operation=delete" in s]
    assert {s for s in texts if "operation=" in s} <= {"invoice?operation=void"}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_no_amount_goes_through_a_float(file):
    calls = [n.func for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Call)]
    assert not [f for f in calls if isinstance(f, ast.Name) and f.id == "float"]
