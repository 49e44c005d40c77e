"""The one typed door to everything that plugins offer."""

import asyncio
import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import click
import pluggy

from attibooks_core.capabilities import InvoiceStore, NotifyingBackend, RecordStore
from attibooks_core.errors import AttiBooksError, ConfigurationError, InvalidSettings, PluginError, PluginUnavailable
from attibooks_core.events import InvoiceEvent, StageFinished
from attibooks_core.logs import EventLog
from attibooks_core.model import CompanyFacts, CrmRecord, InvoiceDraft, Problem
from attibooks_core.plugins.loading import Candidate, load
from attibooks_core.plugins.report import PluginReport
from attibooks_core.plugins.structure import object_problems
from attibooks_core.protocols import (
    AccountingBackend,
    AppGateway,
    BillingProvider,
    DraftAdjuster,
    HostServices,
    Observer,
    RecordReader,
    WritebackTarget,
)
from attibooks_core.settings import CORE_FIELDS, Settings, SettingsCatalog, SettingsField

T = TypeVar("T")

LISTENER_SECONDS = 5.0
"""How long one listener of an event may take."""

log = EventLog(__name__)


@dataclass(frozen=True, slots=True)
class WorkspaceScope:
    """The plugins that one workspace sees; made anew when its settings change."""

    enabled: frozenset[str]


class Plugins:
    """What the plugins of this host offer, and what became of each.

    :param host: what plugins get from the host; None for tools that only list plugins and their commands.
    :param allowed: names that may be loaded; None is all.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        host: HostServices | None,
        *,
        allowed: Collection[str] | None = None,
        blocked: Collection[str] = (),
    ) -> None:
        self._manager, self._reports = load(candidates, allowed, blocked)
        self.misconfigured: dict[str, str] = {}
        if host is None:
            return
        self.readers: Mapping[str, RecordReader] = self._objects("register_record_readers", RecordReader, host)
        self.targets: Mapping[str, WritebackTarget] = self._objects("register_writeback_targets", WritebackTarget, host)
        self.record_stores: Mapping[str, RecordStore] = self._objects("register_record_stores", RecordStore, host)
        self.invoice_stores: Mapping[str, InvoiceStore] = self._objects("register_invoice_stores", InvoiceStore, host)
        self.backends: Mapping[str, AccountingBackend] = self._objects(
            "register_accounting_backends", AccountingBackend, host
        )
        self.notifying: Mapping[str, NotifyingBackend] = {
            key: each for key, each in self.backends.items() if isinstance(each, NotifyingBackend)
        }
        self.billing: Mapping[str, BillingProvider] = self._objects("register_billing_providers", BillingProvider, host)
        self.gateways: Mapping[str, AppGateway] = self._objects("register_app_gateways", AppGateway, host)
        adjusters = self._owned("register_draft_adjusters", DraftAdjuster, host).values()
        self._adjusters = sorted(adjusters, key=lambda pair: (pair[1].phase, pair[0], pair[1].key))
        self._observers = self._unkeyed("register_observers", Observer, host)
        self.catalog = SettingsCatalog([*CORE_FIELDS, *self._settings_fields()])

    @property
    def reports(self) -> list[PluginReport]:
        """One report a plugin, by name."""
        return sorted(self._reports.values(), key=lambda r: r.name)

    def require(self, names: Collection[str]) -> None:
        """Refuse to go on without certain plugins.

        :raises ConfigurationError: one of them is not active; the message says why.
        """
        for name in names:
            report = self._reports.get(name)
            if report is None or not report.state.usable:
                why = f"it is {report.state}: {report.reason}" if report else "it is not installed"
                raise ConfigurationError(f"The plugin {name} is required and {why}. See `attibooks plugins`.")

    def require_settings(self) -> None:
        """Refuse to go on while a plugin's own settings are wrong.

        :raises ConfigurationError: saying what is wrong; a plugin that is not wanted can be blocked.
        """
        for name, message in self.misconfigured.items():
            raise ConfigurationError(f"The plugin {name}: {message} Or leave it out: ATTIBOOKS_BLOCKED_PLUGINS.")

    # -- scope ---------------------------------------------------------------------------------------------------

    def scope(self, settings: Settings) -> WorkspaceScope:
        """The plugins that a workspace with these settings sees.

        A plugin is always on, unless it names a true-or-false setting in `attibooks_switch`.
        """
        plugins = ((name, plugin) for name, plugin in self._manager.list_name_plugin() if plugin is not None)
        on = (name for name, plugin in plugins if self._switched_on(plugin, settings))
        return WorkspaceScope(frozenset(on))

    @staticmethod
    def _switched_on(plugin: object, settings: Settings) -> bool:
        switch = getattr(plugin, "attibooks_switch", None)
        return switch is None or settings.flag(switch)

    # -- the stages ----------------------------------------------------------------------------------------------

    def backend(self, settings: Settings) -> AccountingBackend:
        """The accounting backend of a workspace; never another than the one its settings mean.

        :raises PluginUnavailable: the one they name is not active, or none is installed.
        :raises InvalidSettings: several are installed and none is named.
        """
        wanted = settings.text("accounting_backend")
        if wanted is not None and wanted in self.backends:
            return self.backends[wanted]
        if wanted is not None or not self.backends:
            raise PluginUnavailable(
                f"The accounting system {wanted or 'of this workspace'} is not available on this host"
                f"{self._why_unavailable(wanted)}. Ask the operator of this host to install or unblock it."
            )
        if len(self.backends) > 1:
            known = ", ".join(sorted(self.backends))
            fix = f"Set it to one of: {known}, in settings section 1."
            problem = Problem("accounting_backend", "wrong_value", "Several accounting systems are installed.", fix)
            raise InvalidSettings(f"{problem.message} {fix}", problems=[problem])
        return next(iter(self.backends.values()))

    def invoice_store(self, settings: Settings) -> InvoiceStore | None:
        """The store that keeps the invoices of a workspace with these settings as records; None when it wants none."""
        stores = (self.invoice_stores[key] for key in sorted(self.invoice_stores))
        return next((store for store in stores if store.object_slug(settings) is not None), None)

    @property
    def backend_blocked(self) -> bool:
        """Whether a plugin that may be a backend was left out by a setting of this host."""
        return any(r.state == "blocked" for r in self._reports.values())

    def _why_unavailable(self, wanted: str | None) -> str:
        report = self._reports.get(wanted or "")
        return f" ({report.state}: {report.reason})" if report else ""

    def build_invoice(
        self, scope: WorkspaceScope, record: CrmRecord, settings: Settings, facts: CompanyFacts, today: date
    ) -> InvoiceDraft:
        """The first draft that a builder of the scope makes.

        :raises InvalidDraft: with every obstacle at once.
        :raises PluginError: a builder failed.
        """
        arguments = {"record": record, "settings": settings, "facts": facts, "today": today}
        for impl in self._implementations("build_invoice", scope):
            try:
                draft = _call(impl, arguments)
            except AttiBooksError:
                raise
            except Exception as error:
                raise PluginError(impl.plugin_name, "build_invoice") from error
            if isinstance(draft, InvoiceDraft):
                return draft
            if draft is not None:
                raise PluginError(impl.plugin_name, "build_invoice")
        raise PluginError("core", "build_invoice")

    def adjusters(self, scope: WorkspaceScope) -> list[tuple[str, DraftAdjuster]]:
        """The adjusters of a scope with the names of their plugins: by phase, then by plugin."""
        return [(plugin, adjuster) for plugin, adjuster in self._adjusters if plugin in scope.enabled]

    async def tell(self, scope: WorkspaceScope, event: InvoiceEvent) -> None:
        """Tell every enabled listener, one after another; a failing or slow one is only logged."""
        for impl in self._implementations("on_invoice_event", scope):
            try:
                async with asyncio.timeout(LISTENER_SECONDS):
                    await _call(impl, {"event": event})
            except Exception as error:  # noqa: BLE001 - a listener may raise anything
                log.warning(
                    "listener_failed", plugin=impl.plugin_name, hook="on_invoice_event", error=type(error).__name__
                )

    def observe(self, event: StageFinished) -> None:
        """Show the end of a stage to every observer."""
        for observer in self._observers:
            with suppress(Exception):
                observer.observe(event)

    def commands(self) -> tuple[dict[str, click.Command], list[str]]:
        """Commands that plugins add, by name, and sentences about those that could not be taken."""
        commands: dict[str, click.Command] = {}
        complaints = []
        for impl in self._implementations("register_commands"):
            group = click.Group()
            try:
                _call(impl, {"cli": group})
            except Exception as error:  # noqa: BLE001
                complaints.append(f"{impl.plugin_name}: register_commands raised {type(error).__name__}: {error}")
            for name, command in group.commands.items():
                if commands.setdefault(name, command) is not command:
                    complaints.append(f"{impl.plugin_name}: the command {name} is taken")
        return commands, complaints

    # -- collecting ----------------------------------------------------------------------------------------------

    def _implementations(self, hook: str, scope: WorkspaceScope | None = None) -> Iterator[pluggy.HookImpl]:
        for impl in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            if scope is None or impl.plugin_name in scope.enabled:
                yield impl

    def _collect(self, hook: str, **arguments: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
        for impl in sorted(self._implementations(hook), key=lambda i: i.plugin_name):
            try:
                offered = list(_call(impl, arguments) or ())
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                self._degrade(impl.plugin_name, f"{hook} raised {type(error).__name__}: {error}")
                if isinstance(error, ConfigurationError):
                    self.misconfigured.setdefault(impl.plugin_name, error.message)
                continue
            yield from ((impl.plugin_name, item) for item in offered)

    def _checked(self, hook: str, protocol: type[T], host: HostServices) -> Iterator[tuple[str, T]]:
        for plugin, item in self._collect(hook, host=host):
            problems = object_problems(item, protocol)
            if problems:
                self._degrade(plugin, f"{hook}: {type(item).__name__} {', '.join(problems)}")
            else:
                yield plugin, item

    def _unkeyed(self, hook: str, protocol: type[T], host: HostServices) -> list[T]:
        return [item for _, item in self._checked(hook, protocol, host)]

    def _objects(self, hook: str, protocol: type[T], host: HostServices) -> dict[str, T]:
        return {key: item for key, (_, item) in self._owned(hook, protocol, host).items()}

    def _owned(self, hook: str, protocol: type[T], host: HostServices) -> dict[str, tuple[str, T]]:
        """The objects of a hook by their keys, each with the name of its plugin."""
        offers: dict[str, list[tuple[str, T]]] = {}
        for plugin, item in self._checked(hook, protocol, host):
            offers.setdefault(item.key, []).append((plugin, item))  # type: ignore[attr-defined]
        return {key: offer[0] for key, offer in offers.items() if self._sole(hook, key, [p for p, _ in offer])}

    def _settings_fields(self) -> list[SettingsField]:
        core = {f.key for f in CORE_FIELDS}
        offers: dict[str, list[tuple[str, SettingsField]]] = {}
        for plugin, field in self._collect("register_settings_fields"):
            if not isinstance(field, SettingsField):
                self._degrade(plugin, f"register_settings_fields: {type(field).__name__} is no SettingsField")
                continue
            offers.setdefault(field.key, []).append((plugin, field))
        return [
            offer[0][1]
            for key, offer in offers.items()
            if self._sole("setting", key, [*(["core"] if key in core else []), *(p for p, _ in offer)])
        ]

    def _sole(self, what: str, key: str, claimants: list[str]) -> bool:
        if len(claimants) == 1:
            return True
        for plugin in claimants:
            others = ", ".join(p for p in claimants if p != plugin) or "itself, twice"
            self._degrade(plugin, f"{what}: the key {key!r} is also claimed by {others}; neither is used")
        return False

    def _degrade(self, plugin: str, reason: str) -> None:
        report = self._reports.get(plugin)
        if report is not None:
            self._reports[plugin] = report.degraded(" ".join(reason.split())[:300])


def _call(impl: pluggy.HookImpl, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - hooks differ
    """Call one implementation with as many of the arguments as it asks for."""
    wanted = {name: arguments[name] for name in (*impl.argnames, *impl.kwargnames) if name in arguments}
    return impl.function(**wanted)


def explicit(name: str, plugin: object) -> Candidate:
    """A candidate that is already there: for core's own defaults, tests and embedding."""
    return Candidate(name, "", "", functools.partial(lambda p: p, plugin))
