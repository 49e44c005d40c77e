"""Nineteen crooked distributions and what becomes of them: each is reported, none takes the host down."""

import pytest

from attibooks_core.errors import ConfigurationError
from attibooks_core.plugins import Plugins, installed_candidates
from attibooks_core.testing import StubHost

HEAD = "from attibooks_core.hookspecs import hookimpl\nattibooks_api = (1, 0)\n"
HARMLESS = HEAD + "@hookimpl\ndef register_settings_fields(): return None\n"

CROOKED = {
    "raises_at_import": ("raise ValueError('boom')", None, "failed", "ValueError: boom"),
    "missing_module": (None, None, "failed", "ModuleNotFoundError"),
    "syntax_error": ("def (:", None, "failed", "SyntaxError"),
    "exits": ("import sys; sys.exit(3)", None, "failed", "SystemExit: 3"),
    "missing_attribute": ("", "MODULE:nothing_here", "failed", "AttributeError"),
    "unknown_argument": (
        HEAD + "@hookimpl\ndef register_record_readers(host, workspace): return []\n",
        None,
        "invalid",
        "'workspace'",
    ),
    "misspelt_hook": (
        HEAD + "@hookimpl\ndef register_recrod_readers(host): return []\n",
        None,
        "invalid",
        "no hook|not a hook",
    ),
    "optional_unknown_hook": (
        HARMLESS + "@hookimpl(optionalhook=True)\ndef a_hook_of_tomorrow(x): return []\n",
        None,
        "active",
        "",
    ),
    "is_a_class": (HEAD + "class P:\n  attibooks_api = (1, 0)\n", "MODULE:P", "invalid", "module or an instance"),
    "is_none": (HEAD + "p = None\n", "MODULE:p", "invalid", "module or an instance"),
    "implements_nothing": (HEAD, None, "invalid", "implements no hook"),
    "raising_property": (
        HEAD
        + "class P:\n  attibooks_api = (1, 0)\n  @property\n  def trap(self): raise RuntimeError('touched')\n"
        + "  @hookimpl\n  def register_settings_fields(self): return None\np = P()\n",
        "MODULE:p",
        "active",
        "",
    ),
    "api_of_the_future": (
        HARMLESS + "attibooks_api = (2, 0)\n",
        None,
        "incompatible",
        "hook API 2.0, this host offers 1.0",
    ),
    "api_minor_of_the_future": (HARMLESS + "attibooks_api = (1, 9)\n", None, "incompatible", "hook API 1.9"),
    "api_not_declared": (HARMLESS + "del attibooks_api\n", None, "incompatible", "declares no attibooks_api"),
    "register_raises": (
        HEAD + "@hookimpl\ndef register_settings_fields(): raise RuntimeError('no licence')\n",
        None,
        "degraded",
        "register_settings_fields raised RuntimeError: no licence",
    ),
    "async_register": (
        HEAD + "@hookimpl\nasync def register_settings_fields(): return []\n",
        None,
        "invalid",
        "must not be async",
    ),
    "sync_listener": (HEAD + "@hookimpl\ndef on_invoice_event(event): pass\n", None, "invalid", "must be async"),
    "wrapper": (
        HEAD + "@hookimpl(wrapper=True)\ndef build_invoice(record):\n  return (yield)\n",
        None,
        "invalid",
        "is a wrapper",
    ),
}


def load(**options):
    return Plugins(installed_candidates(), StubHost(), **options)


def report_of(plugins, name):
    return next(r for r in plugins.reports if r.name == name)


@pytest.mark.parametrize("name", CROOKED)
def test_a_crooked_plugin_is_reported_alone(installer, name):
    body, target, state, reason = CROOKED[name]
    installer.install(name, body, target=target)
    installer.install("harmless", HARMLESS)
    plugins = load()
    report = report_of(plugins, name)
    assert report.state == state
    assert any(part in report.reason for part in reason.split("|"))
    assert report_of(plugins, "harmless").state == "active"


def test_all_crooked_plugins_at_once_leave_the_good_one_standing(installer):
    for name, (body, target, _, _) in CROOKED.items():
        installer.install(name, body, target=target)
    installer.install("harmless", HARMLESS)
    plugins = load()
    assert {r.name: r.state for r in plugins.reports if r.name in CROOKED} == {n: c[2] for n, c in CROOKED.items()}
    assert report_of(plugins, "harmless").state == "active"


def test_a_name_that_two_distributions_claim_is_used_by_neither(installer):
    installer.install("quick", HARMLESS, distribution="first-dist")
    installer.install("quick", HARMLESS, distribution="stranger")
    report = report_of(load(), "quick")
    assert (report.state, report.distribution) == ("conflict", "first-dist, stranger")


def test_a_backend_key_that_two_plugins_claim_is_used_by_neither(installer, backend_module):
    installer.install("one", backend_module)
    installer.install("two", backend_module)
    plugins = load(allowed=["one", "two"])
    assert plugins.backends == {}
    assert "the key 'made_up' is also claimed by two; neither is used" in report_of(plugins, "one").reason
    assert report_of(plugins, "two").state == "degraded"


def test_a_setting_that_two_plugins_declare_is_known_to_neither(installer):
    field = "from attibooks_core.settings import SettingsField, Text\n"
    body = (
        HEAD + field + "@hookimpl\ndef register_settings_fields(): return [SettingsField('mine', 7, Text(), 'Mine')]\n"
    )
    installer.install("one", body)
    installer.install("two", body)
    plugins = load(allowed=["one", "two"])
    assert "mine" not in plugins.catalog.fields
    assert report_of(plugins, "one").state == "degraded"


def test_a_plugin_cannot_take_a_setting_of_the_core(installer):
    field = "from attibooks_core.settings import SettingsField, Text\n"
    body = (
        HEAD
        + field
        + "@hookimpl\ndef register_settings_fields(): return [SettingsField('template_rate', 3, Text(), 'X')]\n"
    )
    installer.install("greedy", body)
    plugins = load()
    assert plugins.catalog.fields["template_rate"].title == "Rate"
    assert "also claimed by core" in report_of(plugins, "greedy").reason


def test_a_blocked_plugin_is_not_even_imported(installer):
    installer.install("exits", "import sys; sys.exit(3)")
    assert report_of(load(blocked=["exits"]), "exits").state == "blocked"


def test_only_allowed_plugins_are_loaded(installer):
    installer.install("harmless", HARMLESS)
    plugins = load(allowed=["something_else"])
    assert report_of(plugins, "harmless").state == "blocked"
    assert "not named in ATTIBOOKS_PLUGINS" in report_of(plugins, "harmless").reason


def test_a_required_plugin_that_is_not_active_keeps_the_host_from_starting(installer):
    installer.install("raises", "raise ValueError('boom')")
    plugins = load()
    with pytest.raises(ConfigurationError, match="raises is required and it is failed: ValueError: boom"):
        plugins.require(["raises"])
    with pytest.raises(ConfigurationError, match="it is not installed"):
        plugins.require(["never_heard_of"])


def test_an_object_without_the_protocols_shape_is_refused(installer, backend_module):
    body = backend_module.replace("async def submit(", "def submit(").replace(
        "def books(self, settings)", "def books(self)"
    )
    installer.install("odd", body)
    plugins = load(allowed=["odd"])
    assert plugins.backends == {}
    assert "submit must be async" in report_of(plugins, "odd").reason
    assert "books does not take settings" in report_of(plugins, "odd").reason
