"""A host, put together: settings, clock, HTTP, database, plugins, durable runtime and the services on top.

There is no global: two hosts in one process share nothing (but the engine of `DbosRuntime`, of which a process has
one).
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic_settings import BaseSettings

from attibooks_core import __version__
from attibooks_core.clock import SystemClock
from attibooks_core.durable import DurableRuntime
from attibooks_core.errors import ConfigurationError
from attibooks_core.host_settings import PREFIX, HostSettings, read_settings
from attibooks_core.http import HttpPool
from attibooks_core.invoicing.access import Access
from attibooks_core.invoicing.asking import Asking
from attibooks_core.invoicing.batch.carrying import BatchCarrier
from attibooks_core.invoicing.batch.creating import BatchCreator
from attibooks_core.invoicing.builder import DefaultBuilder
from attibooks_core.invoicing.caretaking import Caretaker
from attibooks_core.invoicing.carrying import InvoiceCarrier
from attibooks_core.invoicing.changing.carrying import ChangeCarrier
from attibooks_core.invoicing.changing.serving import EditServer, VoidServer
from attibooks_core.invoicing.creating import InvoiceCreator
from attibooks_core.invoicing.granting import Granting
from attibooks_core.invoicing.journal import EventJournal
from attibooks_core.invoicing.leases import Leases
from attibooks_core.invoicing.mirroring import Mirror
from attibooks_core.invoicing.pacing import Paces
from attibooks_core.invoicing.replaying import Replayer
from attibooks_core.invoicing.tasking import TaskKeeper
from attibooks_core.invoicing.workbench import Workbench
from attibooks_core.plans.quota import UnmeteredBilling
from attibooks_core.plugins import Candidate, Plugins, explicit, installed_candidates
from attibooks_core.protocols import BillingProvider, Clock
from attibooks_core.storage import schema
from attibooks_core.storage.awaited import Awaiting
from attibooks_core.storage.batches import Batches
from attibooks_core.storage.engine import Database, database_file
from attibooks_core.storage.grants import Grants
from attibooks_core.storage.inbox import Inbox
from attibooks_core.storage.intents import Intents
from attibooks_core.storage.invoices import Invoices
from attibooks_core.storage.lease_requests import LeaseRequests
from attibooks_core.storage.snapshots import Snapshots
from attibooks_core.storage.syncs import Syncs
from attibooks_core.storage.tasks import Tasks
from attibooks_core.storage.trail import Trail
from attibooks_core.storage.usage import Usage
from attibooks_core.storage.vault import Vault, development_key
from attibooks_core.storage.workspaces import Workspaces
from attibooks_core.syncing.dispatching import Dispatcher
from attibooks_core.syncing.inbox import InboxHands
from attibooks_core.syncing.nightly import Nightly
from attibooks_core.syncing.reconciling.serving import Reconciler
from attibooks_core.syncing.runs import SyncRuns

SettingsModel = TypeVar("SettingsModel", bound=BaseSettings)


@dataclass(frozen=True)
class Services:
    """What plugins get. Implements `protocols.HostServices`."""

    clock: Clock
    http: HttpPool
    public_url: str
    production: bool
    overrides: Mapping[str, Mapping[str, Any]]

    def plugin_settings(self, name: str, model: type[SettingsModel]) -> SettingsModel:
        """A plugin's own settings: `ATTIBOOKS_<NAME>__*`."""
        return read_settings(model, f"{PREFIX}{name.upper()}__", dict(self.overrides.get(name, {})))


class Host:
    """Everything that one process serves.

    :param candidates: plugins; None is every installed one.
    :param runtime: None is the durable engine on the host's database.
    :param background: also look after operations that nobody waits for.
    :param plugin_settings: by plugin, fields that beat the environment: for tests and embedding.
    :raises ConfigurationError: a setting or a required plugin keeps the host from starting.
    """

    def __init__(
        self,
        settings: HostSettings,
        *,
        candidates: Sequence[Candidate] | None = None,
        runtime: DurableRuntime | None = None,
        clock: Clock | None = None,
        plugin_settings: Mapping[str, Mapping[str, Any]] | None = None,
        background: bool = True,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock(settings.clock_offset_seconds)
        self.http = HttpPool(user_agent=f"AttiBooks/{__version__}")
        self.plugins = load_plugins(settings, self.clock, self.http, candidates, plugin_settings)
        self.plugins.require(settings.required_plugins)
        self.plugins.require_settings()
        self.vault = Vault(_keys(settings))
        self.database = Database(settings.database_url)
        self.workspaces = Workspaces(self.database, self.vault)
        self.bench = self._workbench(runtime or _durable(settings))
        self.mirror = Mirror(self.bench)
        carrier = InvoiceCarrier(self.bench, self.mirror)
        batch_carrier = BatchCarrier(self.bench, carrier)
        changes = ChangeCarrier(self.bench, self.mirror)
        self.creator = InvoiceCreator(self.bench, carrier)
        self.editor = EditServer(self.bench, changes, self.mirror)
        self.voider = VoidServer(self.bench, changes, self.mirror)
        self.batch_creator = BatchCreator(self.bench, batch_carrier)
        self.caretaker = Caretaker(self.bench, carrier, changes, batch_carrier)
        self.syncs = SyncRuns(self.bench, self.mirror)
        self.nightly = Nightly(self.bench, self.syncs, settings.cron_spread_seconds)
        self.inbox_hands = InboxHands(self.bench, self.syncs)
        self.reconciler = Reconciler(self.bench, self.mirror)
        self.replayer = Replayer(self.bench)
        keeper = TaskKeeper(self.bench, self.reconciler, self.replayer)
        self.dispatcher = Dispatcher(self.bench, self.syncs, self.nightly, keeper)
        self._background = background
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Check the schema, launch the runtime, begin the background work.

        :raises ConfigurationError: the database's schema is not this release's.
        """
        await asyncio.to_thread(self._check_schema)
        await self.bench.runtime.open()
        if self._background:
            self._tasks = [
                asyncio.create_task(self.caretaker.run(), name="caretaker"),
                asyncio.create_task(self.dispatcher.run(), name="dispatcher"),
                asyncio.create_task(self.inbox_hands.run(), name="inbox-hands"),
            ]

    async def close(self) -> None:
        """End the background work, drain, close connections."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.bench.access.close()
        await self.bench.runtime.close()
        await self.http.close()
        self.database.close()

    def _check_schema(self) -> None:
        if self.settings.sqlite:
            schema.upgrade(self.database)
        elif schema.revision(self.database) != schema.HEAD:
            raise ConfigurationError(
                "The database's schema is not the one of this release. Run `attibooks db upgrade` and start again."
            )

    def _workbench(self, runtime: DurableRuntime) -> Workbench:
        leases = Leases(self.clock)
        return Workbench(
            clock=self.clock,
            plugins=self.plugins,
            database=self.database,
            vault=self.vault,
            intents=Intents(self.database),
            batches=Batches(self.database),
            invoices=Invoices(self.database),
            trail=Trail(self.database),
            usage=Usage(self.database),
            workspaces=self.workspaces,
            syncs=Syncs(self.database),
            awaiting=Awaiting(self.database),
            inbox=Inbox(self.database),
            leases=leases,
            access=self._access(leases),
            tasks=Tasks(self.database),
            snapshots=Snapshots(self.database),
            paces=Paces(self.clock),
            runtime=runtime,
            billing=self._billing(),
            wait_seconds=self.settings.wait_seconds,
        )

    def _access(self, leases: Leases) -> Access:
        requests = LeaseRequests(self.database)
        asking = Asking(self.clock, self.plugins, requests, self.workspaces)
        granting = Granting(self.clock, self.plugins, Grants(self.database, self.vault))
        return Access(leases, requests, asking, granting)

    def _billing(self) -> BillingProvider:
        """The one active provider; never free by accident."""
        wanted = self.settings.billing
        if wanted in self.plugins.billing:
            return self.plugins.billing[wanted]
        raise ConfigurationError(
            f"The billing provider {wanted!r} is not available. Install and configure its plugin, or set "
            f"{PREFIX}BILLING=none to run without billing: everybody has Pro then."
        )


def load_plugins(
    settings: HostSettings,
    clock: Clock,
    http: HttpPool,
    candidates: Sequence[Candidate] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> Plugins:
    """Load the plugins of a host: core's own, and the given or installed ones."""
    services = Services(clock, http, settings.public_url, settings.production, overrides or {})
    own = [
        explicit("core.builder", DefaultBuilder()),
        explicit("core.log", EventJournal()),
        explicit("core.unmetered", UnmeteredBilling()),
    ]
    found = installed_candidates() if candidates is None else list(candidates)
    return Plugins([*own, *found], services, allowed=settings.plugins, blocked=settings.blocked_plugins)


def _keys(settings: HostSettings) -> list[str]:
    if settings.encryption_keys is not None:
        return [key.get_secret_value() for key in settings.encryption_keys]
    return [development_key(database_file(settings.database_url) or Path("attibooks"))]


def _durable(settings: HostSettings) -> DurableRuntime:
    # Imported here: the engine takes half a second, and tools and tests with a double do not need it.
    from attibooks_core.durable.dbos_runtime import DbosRuntime  # noqa: PLC0415

    return DbosRuntime.beside(settings.database_url, lease_seconds=settings.executor_lease_seconds)
