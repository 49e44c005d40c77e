"""Row 124: no code path can delete in the accounting system."""

import ast
import inspect
from pathlib import Path

import pytest

import attibooks_core
import attibooks_quickbooks
from attibooks_core import capabilities, protocols

FORBIDDEN = ("delete", "remove", "purge", "destroy", "erase")
SOURCES = sorted(
    f
    for m in (attibooks_core, attibooks_quickbooks)
    for f in Path(m.__file__).parent.rglob("*.py")
    if "tests" not in f.parts
)
BACKENDS = [
    protocols.AccountingBackend,
    protocols.BatchingBackend,
    capabilities.ChangingBackend,
    capabilities.WatchedBackend,
    capabilities.NotifyingBackend,
]


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda b: b.__name__)
def test_the_port_to_the_books_has_no_such_verb(backend):
    """Row 124: the accounting port has no delete verb."""
    verbs = [name for name, _ in inspect.getmembers(backend) if not name.startswith("_")]
    assert verbs
    assert not [verb for verb in verbs if any(word in verb for word in FORBIDDEN)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda f: f.stem)
def test_no_source_names_the_operation(source):
    """Row 124: `operation=delete` is nowhere."""
    text = source.read_text(encoding="utf-8")
    assert "operation=delete" not in text.replace(" ", "").replace('"', "").replace("'", "")


@pytest.mark.parametrize(
    "source", sorted(Path(attibooks_quickbooks.__file__).parent.glob("*.py")), ids=lambda f: f.stem
)
def test_the_plugin_sends_no_such_method(source):
    """Row 124: QuickBooks deletes by an operation of POST; the verb of HTTP is not used either."""
    texts = [n.value for n in ast.walk(ast.parse(source.read_text())) if isinstance(n, ast.Constant)]
    assert "DELETE" not in texts


def test_a_life_of_an_invoice_deletes_nothing(desk):
    """Row 124: created, edited, voided: what crossed the wire."""
    record = desk.new_company()
    desk.box.clear_calls()
    assert desk.create(record).status_code == 201
    assert desk.edit(record, memo="Hello").status_code == 200
    assert desk.void(record).status_code == 200
    calls = desk.box.calls("quickbooks")
    assert len([c for c in calls if c["method"] == "POST"]) >= 3
    assert {c["method"] for c in calls} <= {"GET", "POST"}
    writes = [c for c in calls if not c["path"].partition("?")[0].endswith("/query")]
    assert not [c for c in writes if "delete" in f"{c['path']}{c.get('query')}{c['request_body']}".casefold()]
    assert desk.invoice(record)["DocNumber"]
