"""What the operations of this package work with, put together once by the host."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from attibooks_core.capabilities import InvoiceStore, RecordStore
from attibooks_core.durable import DurableRuntime
from attibooks_core.errors import AttiBooksError, NotConnected, PluginUnavailable, ReconnectNeeded
from attibooks_core.events import StageFinished
from attibooks_core.invoicing.access import Access
from attibooks_core.invoicing.leases import Lease, Leases
from attibooks_core.invoicing.pacing import Paces
from attibooks_core.model import Books, Caller
from attibooks_core.plugins import Plugins, WorkspaceScope
from attibooks_core.protocols import (
    AccountingBackend,
    BillingProvider,
    Clock,
    RecordReader,
    WorkspaceContext,
    WritebackTarget,
)
from attibooks_core.settings import Settings
from attibooks_core.storage.awaited import Awaiting
from attibooks_core.storage.batches import Batches
from attibooks_core.storage.engine import Database
from attibooks_core.storage.inbox import Inbox
from attibooks_core.storage.intents import Intents
from attibooks_core.storage.invoices import Invoices
from attibooks_core.storage.memory import BoundMemory
from attibooks_core.storage.snapshots import Snapshots
from attibooks_core.storage.syncs import Syncs
from attibooks_core.storage.tasks import Tasks
from attibooks_core.storage.trail import Trail
from attibooks_core.storage.usage import Usage
from attibooks_core.storage.vault import Vault
from attibooks_core.storage.workspaces import Workspaces

T = TypeVar("T")

LOOK_SECONDS = 0.05
"""How often a call looks whether what it waits for has ended."""

Answer: TypeAlias = bytes
"""JSON of a `CreatedShape`."""


class Outcomes:
    """Where the call that waits and the operation that ends meet, inside one process."""

    def __init__(self) -> None:
        self._expected: dict[str, asyncio.Future[Answer]] = {}

    def expect(self, intent_id: str) -> asyncio.Future[Answer]:
        """A future for the answer of an intent; one for all who wait."""
        future = self._expected.get(intent_id)
        if future is None or future.done():
            future = self._expected[intent_id] = asyncio.get_running_loop().create_future()
            future.add_done_callback(lambda f: self._forget(intent_id, f))
        return future

    def expected(self, intent_id: str) -> asyncio.Future[Answer] | None:
        """The future that somebody already waits on, if an operation of this process will resolve it."""
        return self._expected.get(intent_id)

    def resolve(self, intent_id: str, outcome: Answer | AttiBooksError) -> None:
        """Hand the outcome to whoever waits."""
        future = self._expected.get(intent_id)
        if future is None or future.done():
            return
        if isinstance(outcome, AttiBooksError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    def _forget(self, intent_id: str, future: asyncio.Future[Answer]) -> None:
        if not future.cancelled():
            future.exception()  # nobody may be waiting any more; that is no error
        if self._expected.get(intent_id) is future:
            del self._expected[intent_id]


@dataclass(frozen=True, slots=True)
class Workspace:
    """One workspace as one operation sees it: context and the plugins that serve it.

    :param records: the objects of the CRM, when a plugin gives access to them.
    :param store: keeps invoices as records; None when the workspace has that switched off.
    """

    context: WorkspaceContext
    scope: WorkspaceScope
    backend: AccountingBackend
    books: Books
    reader: RecordReader
    target: WritebackTarget
    records: RecordStore | None = None
    store: InvoiceStore | None = None

    def require_accounting(self) -> None:
        """Refuse before anything is read when the call brought no token for the books.

        :raises NotConnected: there is none.
        """
        if self.context.accounting is None:
            name = self.backend.display_name
            raise NotConnected(f"{name} is not connected. Connect it in the app's settings, section 1, and try again.")


@dataclass(frozen=True, slots=True)
class Workbench:
    """The tools. `wait_seconds`: how long a call waits for its operation."""

    clock: Clock
    plugins: Plugins
    database: Database
    vault: Vault
    intents: Intents
    batches: Batches
    invoices: Invoices
    trail: Trail
    usage: Usage
    workspaces: Workspaces
    syncs: Syncs
    awaiting: Awaiting
    inbox: Inbox
    tasks: Tasks
    snapshots: Snapshots
    leases: Leases
    access: Access
    paces: Paces
    runtime: DurableRuntime
    billing: BillingProvider
    wait_seconds: float
    outcomes: Outcomes = field(default_factory=Outcomes)

    def open(self, gateway: str, workspace_id: str, settings: Settings, lease: Lease) -> Workspace:
        """Put a workspace together.

        :raises InvalidSettings: the settings do not name the books.
        :raises PluginUnavailable: a plugin that they need is not active.
        """
        backend = self.plugins.backend(settings)
        books = backend.books(settings)
        memory = BoundMemory(self.database, self.clock, workspace_id, books)
        context = WorkspaceContext(workspace_id, settings, lease.crm, lease.accounting, memory)
        return Workspace(
            context=context,
            scope=self.plugins.scope(settings),
            backend=backend,
            books=books,
            reader=_served(self.plugins.readers, gateway, "record reader"),
            target=_served(self.plugins.targets, gateway, "writeback target"),
            records=self.plugins.record_stores.get(gateway),
            store=self.plugins.invoice_store(settings),
        )

    async def open_for(self, caller: Caller, settings: Settings) -> Workspace:
        """Put the workspace of a call together, with the tokens that it may use. Raises as `open` does.

        :raises Unavailable: the books' token cannot be had just now.
        """
        books = self.plugins.backend(settings).books(settings)
        lease = await self.access.of_call(caller, books)
        return self.open(caller.gateway, caller.workspace_id, settings, lease)

    async def renewing(self, ws: Workspace, call: Callable[[Workspace], Awaitable[T]]) -> T:
        """Make a call of the backend, and once more with another token when the books refuse this one.

        Only for calls that such a refusal leaves without effect. Raises as the call does.
        """
        try:
            return await call(ws)
        except ReconnectNeeded:
            refused = ws.context.accounting
            fresh = refused and await self.access.renew(ws.context.workspace_id, ws.books, refused)
            if not fresh:
                raise
        return await call(replace(ws, context=replace(ws.context, accounting=fresh)))

    @contextmanager
    def stage(self, name: str, workspace_id: str, operation_key: str) -> Iterator[None]:
        """Time a stage and show its end to the observers."""
        started, outcome = time.perf_counter(), "ok"
        try:
            yield
        except AttiBooksError as error:
            outcome = error.code
            raise
        except BaseException:
            outcome = "internal_error"
            raise
        finally:
            seconds = time.perf_counter() - started
            self.plugins.observe(StageFinished(name, workspace_id, operation_key, outcome, seconds))


def _served(offered: Mapping[str, T], gateway: str, what: str) -> T:
    found = offered.get(gateway)
    if found is None:
        raise PluginUnavailable(f"No {what} serves {gateway} on this host. Ask its operator to install the plugin.")
    return found
