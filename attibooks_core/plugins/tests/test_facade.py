"""Asking plugins: scope, order, isolation."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal

import click
import pytest

from attibooks_core.errors import InvalidDraft, InvalidSettings, PluginError, PluginUnavailable
from attibooks_core.events import InvoiceSubmitted, StageFinished
from attibooks_core.hookspecs import hookimpl
from attibooks_core.model import Books, CompanyFacts, CrmRecord, DraftLine, InvoiceDraft, RecordRef
from attibooks_core.plugins import Plugins, explicit
from attibooks_core.plugins import facade as facade_module
from attibooks_core.settings import Flag, Settings, SettingsField
from attibooks_core.testing import StubHost

RECORD = CrmRecord(RecordRef("deals", "r1"), "Acme", {})
FACTS = CompanyFacts(Books("b", "sandbox", "1"), "", "", "", False, frozenset(), False)
TODAY = date(2026, 11, 23)


def draft(name):
    line = DraftLine("d", Decimal(1), Decimal(1), Decimal("1.00"))
    return InvoiceDraft(RECORD.ref, name, None, None, TODAY, None, (line,))


class Builder:
    attibooks_api = (1, 0)

    def __init__(self, answer):
        self.answer = answer

    @hookimpl
    def build_invoice(self, record):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class LastBuilder(Builder):
    @hookimpl(trylast=True)
    def build_invoice(self, record, settings, facts, today):
        return draft("last")


def plugins_of(**named):
    return Plugins([explicit(name, plugin) for name, plugin in named.items()], StubHost())


def build(plugins, settings=None):
    settings = settings or Settings()
    return plugins.build_invoice(plugins.scope(settings), RECORD, settings, FACTS, TODAY)


def test_the_first_builder_that_answers_wins_and_the_default_comes_last():
    assert build(plugins_of(core=LastBuilder(None), mine=Builder(draft("mine")))).customer_name == "mine"
    assert build(plugins_of(core=LastBuilder(None), mine=Builder(None))).customer_name == "last"


def test_a_builders_refusal_is_the_refusal():
    with pytest.raises(InvalidDraft, match="no rate"):
        build(plugins_of(core=LastBuilder(None), mine=Builder(InvalidDraft("no rate"))))


def test_a_builder_that_fails_is_named():
    with pytest.raises(PluginError, match="The plugin mine failed in build_invoice") as failed:
        build(plugins_of(core=LastBuilder(None), mine=Builder(ZeroDivisionError("secret"))))
    assert "secret" not in failed.value.message


def test_a_builder_that_answers_something_else_is_named():
    with pytest.raises(PluginError, match="mine"):
        build(plugins_of(core=LastBuilder(None), mine=Builder("a draft, honestly")))


class Switched(Builder):
    attibooks_switch = "use_mine"

    @hookimpl
    def register_settings_fields(self):
        return [SettingsField("use_mine", 7, Flag(), "Use mine")]


def test_a_plugin_with_a_switch_is_seen_only_where_it_is_on():
    plugins = plugins_of(core=LastBuilder(None), mine=Switched(draft("mine")))
    assert build(plugins).customer_name == "last"
    on, problems = plugins.catalog.read({"use_mine": True})
    assert not problems
    assert build(plugins, on).customer_name == "mine"
    off, _ = plugins.catalog.read({"use_mine": False})
    assert build(plugins, off).customer_name == "last"


class Listener:
    attibooks_api = (1, 0)

    def __init__(self, heard, *, error=None, sleep=0.0):
        self.heard, self.error, self.sleep = heard, error, sleep

    @hookimpl
    async def on_invoice_event(self, event):
        await asyncio.sleep(self.sleep)
        if self.error:
            raise self.error
        self.heard.append(event)


EVENT = InvoiceSubmitted("e", datetime.now(UTC), "ws", "i", RECORD.ref, "quickbooks", "145")


async def test_a_failing_or_hanging_listener_stops_nobody(monkeypatch):
    monkeypatch.setattr(facade_module, "LISTENER_SECONDS", 0.05)
    heard = []
    plugins = plugins_of(a=Listener(heard), b=Listener(heard, error=RuntimeError("x")), c=Listener(heard, sleep=9))
    await plugins.tell(plugins.scope(Settings()), EVENT)
    assert heard == [EVENT]


class Watcher:
    attibooks_api = (1, 0)

    def __init__(self):
        self.seen = []

    def observe(self, event):
        self.seen.append(event)
        raise RuntimeError("an observer must not raise")

    @hookimpl
    def register_observers(self, host):
        return [self]


def test_an_observer_that_raises_stops_nobody():
    watcher = Watcher()
    plugins_of(w=watcher).observe(StageFinished("read", "ws", "i", "ok", 0.1))
    assert [e.stage for e in watcher.seen] == ["read"]


@pytest.fixture
def backend(backend_module):
    """Makes plugins that offer a backend with a key."""

    def make(key):
        space = {}
        exec(backend_module.replace("made_up", key), space)

        class Plugin:
            attibooks_api = (1, 0)

            @hookimpl
            def register_accounting_backends(self):
                return [space["Backend"]()]

        return Plugin()

    return make


def test_the_only_backend_serves_a_workspace_that_names_none(backend):
    assert plugins_of(a=backend("one")).backend(Settings()).key == "one"


def test_a_workspace_that_names_none_of_several_has_to_choose(backend):
    plugins = plugins_of(a=backend("one"), b=backend("two"))
    with pytest.raises(InvalidSettings, match="one, two") as refused:
        plugins.backend(Settings())
    assert refused.value.problems[0].field == "accounting_backend"
    assert plugins.backend(Settings({"accounting_backend": "two"})).key == "two"


def test_another_backend_never_stands_in_for_the_one_that_is_named(backend):
    plugins = plugins_of(a=backend("one"))
    with pytest.raises(PluginUnavailable, match="xero"):
        plugins.backend(Settings({"accounting_backend": "xero"}))


def test_a_blocked_backend_is_told_from_a_missing_one(backend):
    plugins = Plugins([explicit("a", backend("one"))], StubHost(), blocked=["a"])
    assert plugins.backend_blocked
    with pytest.raises(PluginUnavailable):
        plugins.backend(Settings())


class Commands:
    attibooks_api = (1, 0)

    def __init__(self, *names, error=None):
        self.names, self.error = names, error

    @hookimpl
    def register_commands(self, cli):
        for name in self.names:
            cli.add_command(click.Command(name))
        if self.error:
            raise self.error


def test_a_command_name_that_is_taken_stays_with_its_owner():
    plugins = Plugins(
        [
            explicit("a", Commands("sandbox")),
            explicit("b", Commands("sandbox", "other")),
            explicit("c", Commands("third", error=ValueError("x"))),
        ],
        None,
    )
    commands, complaints = plugins.commands()
    assert set(commands) == {"sandbox", "other", "third"}
    assert len(complaints) == 2


def test_two_hosts_in_one_process_do_not_share_plugins(backend):
    assert plugins_of(a=backend("one")).backends.keys() == {"one"}
    assert plugins_of(b=backend("two")).backends.keys() == {"two"}
