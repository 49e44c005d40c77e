import tomllib
from importlib import import_module
from pathlib import Path

import pluggy

from attibooks_core import hookspecs
from attibooks_core.capabilities import InvoiceStore, RecordStore
from attibooks_core.settings import CORE_FIELDS, SettingsCatalog
from attibooks_invoice_object import plugin

FOLDER = Path(__file__).parent.parent


def settings(**given):
    read, problems = SettingsCatalog(CORE_FIELDS).read(given)
    assert not problems
    return read


def test_the_distribution_names_a_plugin_for_this_hook_api():
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert import_module(project["entry-points"][hookspecs.ENTRY_POINT_GROUP]["invoice_object"]) is plugin
    assert plugin.attibooks_api == (1, 0)


async def test_it_offers_one_store(host):
    manager = pluggy.PluginManager("attibooks")
    manager.add_hookspecs(hookspecs)
    manager.register(plugin, name="invoice_object")
    manager.check_pending()
    [[store]] = manager.hook.register_invoice_stores(host=host)
    assert isinstance(store, InvoiceStore)
    assert store.key == "invoice_object"


def test_the_store_of_these_tests_keeps_to_the_protocol(records):
    assert isinstance(records, RecordStore)


def test_it_is_off_unless_the_workspace_says_so(store):
    """Row 91: the toggle is off by default."""
    assert store.object_slug(settings()) is None
    assert store.object_slug(settings(store_invoices_as_records=False, invoice_object_slug="bills")) is None
    assert store.object_slug(settings(store_invoices_as_records=True)) == "invoices"


def test_the_object_may_have_another_slug(store):
    """Row 94: `invoice_object_slug`, unset it is `invoices`."""
    assert store.object_slug(settings(store_invoices_as_records=True, invoice_object_slug=" bills ")) == "bills"
    assert store.object_slug(settings(store_invoices_as_records=True, invoice_object_slug=" ")) == "invoices"
