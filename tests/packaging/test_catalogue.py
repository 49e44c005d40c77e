"""The catalogue of hooks is what it says: each documented, used and tested; the root module is a window on it."""

import ast
import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from attibooks_core import hookspecs

ROOT = Path(__file__).parent.parent.parent
HOOKS = [name for name in hookspecs.__all__ if name.startswith(("register_", "build_", "on_"))]


def test_the_root_module_is_a_window_on_the_catalogue():
    spec = importlib.util.spec_from_file_location("root_hookspecs", ROOT / "hookspecs.py")
    window = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(window)
    assert window.__all__ == hookspecs.__all__
    assert all(getattr(window, name) is getattr(hookspecs, name) for name in window.__all__)


def test_the_families_are_three():
    for name in HOOKS:
        assert inspect.iscoroutinefunction(getattr(hookspecs, name)) == name.startswith("on_"), name


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_says_when_it_is_called_with_what_and_since_when(name):
    hook = getattr(hookspecs, name)
    text = inspect.getdoc(hook)
    assert ".. versionadded:: hook API 1." in text
    for parameter in inspect.signature(hook).parameters:
        assert f":param {parameter}:" in text, parameter
    annotation = inspect.signature(hook).return_annotation
    assert annotation is not inspect.Signature.empty
    assert annotation in {None, "None"} or ":return:" in text


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_has_a_user_among_our_own_plugins(name):
    owners = [
        *ROOT.glob("attibooks_core/**/*.py"),
        *ROOT.glob("plugins/*/attibooks_*/**/*.py"),
        *ROOT.glob("sandbox/attibooks_sandbox/**/*.py"),
        *ROOT.glob("examples/*/attibooks_*/**/*.py"),
    ]
    users = [p for p in owners if p.name != "hookspecs.py" and "tests" not in p.parts and implements(p, name)]
    assert users, f"{name} has no user; a hook comes with its first one"


def implements(path, name):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == name)
    return any("hookimpl" in ast.unparse(d) for f in functions for d in f.decorator_list)


def test_importing_the_host_loads_no_plugin():
    code = (
        "import sys, attibooks_core.web, attibooks_core.host, attibooks_core.cli;"
        "sys.exit([m for m in sys.modules if m.startswith(('attibooks_attio', 'attibooks_quickbooks', 'attibooks_invoice_object', 'attibooks_stripe_billing', 'attibooks_sandbox'))] != [])"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_core_imports_modules_by_name_only_where_it_loads_plugins():
    users = [p for p in ROOT.glob("attibooks_core/**/*.py") if "import_module" in p.read_text(encoding="utf-8")]
    assert users == []


def test_no_file_names_a_registry_host():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    hosts = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org")
    for name in tracked:
        content = (ROOT / name).read_bytes().decode("utf-8", "replace")
        assert not [h for h in hosts if h in content], name
