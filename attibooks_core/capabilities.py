"""What plugins may offer beyond `protocols`: the life of an invoice after it was made, and a plan that is sold.

An accounting backend implements as many of these as its `capabilities` claim; the host looks for them with
`isinstance`. As in `protocols`, objects are stateless towards workspaces.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from pydantic import SecretStr

from attibooks_core.lifecycle import (
    AttributeSpec,
    BookedInvoice,
    BooksEvent,
    ChangePage,
    GrantedTokens,
    InvoiceEdit,
    InvoiceEntry,
    LiveInvoice,
    SetupReport,
    StoredAttribute,
    StoreValue,
)
from attibooks_core.model import Books, CrmRecord, Entitlements, RecordRef, WireRequest
from attibooks_core.protocols import Run, WorkspaceContext
from attibooks_core.settings import Settings

# -- accounting backends -----------------------------------------------------------------------------------------


@runtime_checkable
class ChangingBackend(Protocol):
    """Edits and voids invoices (`Capability.EDIT_TERMS`, `EDIT_LINES`, `VOID`). There is no way to delete one.

    The order is `read_live`, `plan_edit` or `plan_void`, then, with the request frozen and an intent stored,
    `send_change`. The parts of the requests are called `edit` and `void`.
    """

    async def read_live(self, ws: WorkspaceContext, invoice_id: str) -> LiveInvoice:
        """Read one invoice as it stands now, with what can be edited: one call.

        :raises NotFound: code `invoice_not_found`; the books have none, or a deleted one.
        """
        ...

    async def plan_edit(self, ws: WorkspaceContext, live: LiveInvoice, edit: InvoiceEdit) -> WireRequest:
        """The very bytes that edit this version; details of lines that the edit does not name are kept.

        :raises InvalidDraft: the edit cannot be made so (an unknown item, a line that is not there): every obstacle.
        """
        ...

    def plan_void(self, live: LiveInvoice) -> WireRequest:
        """The very bytes that void this version (pure)."""
        ...

    async def send_change(self, ws: WorkspaceContext, request: WireRequest, run: Run) -> BookedInvoice:
        """Carry out an edit or a void; twice with the same run ids changes the books once.

        :return: the invoice as the books answer it, without another read.
        :raises Conflict: the invoice has changed since the version, and this call changed nothing; when an answer was
            lost, it may be this very change that an earlier call made: the invoice tells.
        :raises NotFound: code `invoice_not_found`; it was deleted.
        :raises Refused, ConnectionProblem, Unavailable: nothing was done.
        :raises OutcomeUnknown: the answer is lost; the same call again tells.
        """
        ...


@runtime_checkable
class WatchedBackend(Protocol):
    """Tells what has changed in the books (`Capability.CHANGES`)."""

    def changes(self, ws: WorkspaceContext, since: datetime | None) -> AsyncIterator[ChangePage]:
        """Every invoice that has changed, in few calls; the order of versions within a run is free.

        :param since: the last run's cursor; None for a first run, which reads as far back as the books tell.
        :raises ConnectionProblem, Unavailable, Refused: at any page; the pages before it stand.
        """
        ...

    async def fetch_invoices(self, ws: WorkspaceContext, invoice_ids: Sequence[str]) -> Mapping[str, BookedInvoice]:
        """Read several invoices in as few calls as possible, by id; deleted and unknown ones are left out."""
        ...

    async def existing_invoices(self, ws: WorkspaceContext, invoice_ids: Sequence[str]) -> frozenset[str]:
        """Which of these the books still have: ids only, up to 1,000 a call."""
        ...

    async def count_invoices(self, ws: WorkspaceContext) -> int:
        """How many invoices the books have: one call."""
        ...


@runtime_checkable
class NotifyingBackend(Protocol):
    """Sends webhooks (`Capability.WEBHOOKS`); mounted at `/webhooks/{key}`."""

    key: str

    def check_delivery(self, headers: Mapping[bytes, bytes], body: bytes) -> str:
        """Check who sent a delivery, and no more: it is stored as it is and answered; pure and fast.

        :param headers: lower-case names.
        :return: the environment; empty when the signature is good in several.
        :raises Unauthorized: code `bad_signature`.
        """
        ...

    def read_delivery(self, environment: str, body: bytes, received_at: datetime) -> Sequence[BooksEvent]:
        """Take a delivery apart that was checked before; pure. Events that no invoice can depend on are left out.

        :param environment: what `check_delivery` said; it is the environment of the events' books, empty or not.
        :raises AttiBooksError: code `malformed`.
        """
        ...


@runtime_checkable
class GrantingBackend(Protocol):
    """Can be connected by the host's own authorization flow (`/oauth/{key}/start`), for those who host themselves."""

    key: str

    def can_be_granted(self, environment: str) -> bool:
        """Whether this host has a client id and secret for the environment."""
        ...

    def authorize_url(self, environment: str, *, state: str, challenge: str, redirect_uri: str) -> str:
        """Where the user is sent to.

        :param challenge: S256 challenge of PKCE, used where the server offers it.
        """
        ...

    async def exchange(
        self, environment: str, *, code: str, verifier: str, redirect_uri: str, company_id: str
    ) -> GrantedTokens:
        """Turn a code into tokens.

        :raises ReconnectNeeded: the code is not good (any more).
        :raises Unavailable: the server does not answer.
        """
        ...

    async def refresh(self, environment: str, refresh_token: SecretStr) -> GrantedTokens:
        """Get new tokens; the old refresh token may be dead from then on.

        :raises ReconnectNeeded: the grant has ended.
        :raises Unavailable: the server does not answer: not a reason to give the grant up.
        """
        ...

    async def revoke(self, environment: str, refresh_token: SecretStr) -> None:
        """End the grant there; one that has ended already is fine.

        :raises Unavailable: the server does not answer.
        """
        ...


# -- the CRM -----------------------------------------------------------------------------------------------------


@runtime_checkable
class AppCaller(Protocol):
    """Calls the app inside the CRM back; offered by an `AppGateway`."""

    async def call_back(self, workspace_id: str, callback_url: str, body: bytes) -> None:
        """Send a signed message to the app's own address.

        :raises ReconnectNeeded: the app answers that its connection is gone.
        :raises NotFound: nobody answers at that address any more.
        :raises Unavailable: try again later.
        """
        ...


@runtime_checkable
class RecordStore(Protocol):
    """Objects, attributes and records of one CRM, for plugins that keep records there (`register_record_stores`).

    Every method may raise `ReconnectNeeded`, `PermissionMissing` and `Unavailable` as `RecordReader.read_record` does.
    """

    key: str

    async def has_object(self, ws: WorkspaceContext, slug: str) -> bool:
        """Whether the workspace has such an object."""
        ...

    async def create_object(self, ws: WorkspaceContext, slug: str, singular: str, plural: str) -> None:
        """Make an object.

        :raises Refused: code `quota_exceeded`, the workspace's plan of the CRM allows no more objects; code
            `name_taken`, another object has one of the names.
        """
        ...

    async def attributes(self, ws: WorkspaceContext, object_slug: str) -> Sequence[StoredAttribute]:
        """Every attribute, archived ones included, past every cache.

        :raises NotFound: code `object_not_found`.
        """
        ...

    async def create_attribute(self, ws: WorkspaceContext, object_slug: str, spec: AttributeSpec) -> None:
        """Make an attribute, its options included.

        :raises Refused: the CRM says no.
        """
        ...

    async def restore_attribute(self, ws: WorkspaceContext, object_slug: str, slug: str) -> None:
        """Un-archive an attribute."""
        ...

    async def add_option(self, ws: WorkspaceContext, object_slug: str, slug: str, title: str) -> None:
        """Add an option to a select, or un-archive the one of that title."""
        ...

    async def upsert(
        self, ws: WorkspaceContext, object_slug: str, key_slug: str, values: Mapping[str, StoreValue]
    ) -> RecordRef:
        """Write the record whose unique attribute has the value that `values` gives it, or make one.

        One call. Attributes that are not named stay; None clears.

        :raises NotFound: code `object_not_found` or `attribute_not_found` (with `details["slug"]`).
        :raises Refused: the CRM says no to a value; `details["slug"]` names its attribute when that can be told.
        """
        ...

    async def find(
        self, ws: WorkspaceContext, object_slug: str, slug: str, values: Sequence[str]
    ) -> Sequence[CrmRecord]:
        """The records whose text attribute has one of these values, in few calls.

        :raises NotFound: code `object_not_found` or `attribute_not_found`.
        """
        ...


@runtime_checkable
class InvoiceStore(Protocol):
    """Keeps every invoice as a record of its own (`register_invoice_stores`)."""

    key: str

    def object_slug(self, settings: Settings) -> str | None:
        """Slug of the object that holds them; None when the workspace has this switched off (pure)."""
        ...

    async def set_up(self, ws: WorkspaceContext, records: RecordStore) -> SetupReport:
        """Make what is missing, change nothing that is there.

        :raises Conflict: code `setup_conflict`, with every problem; nothing was made.
        :raises Refused: code `quota_exceeded`.
        """
        ...

    async def store(self, ws: WorkspaceContext, records: RecordStore, entry: InvoiceEntry) -> RecordRef:
        """Write the record of an invoice: one call; attributes that users added stay.

        :raises NotFound: code `setup_needed`; the object or one of its attributes is not there.
        """
        ...

    async def read_back(self, ws: WorkspaceContext, records: RecordStore, keys: Sequence[str]) -> Sequence[CrmRecord]:
        """The records of these invoices (`InvoiceEntry.key`); those without one are left out.

        :raises NotFound: code `setup_needed`.
        """
        ...


# -- billing -----------------------------------------------------------------------------------------------------


@runtime_checkable
class ChosenProvider(Protocol):
    """A billing provider that has something to check when it is the one of a host."""

    def chosen(self) -> None:
        """Called once, before anything is served; without I/O.

        :raises ConfigurationError: this host cannot bill so; the message says what to set.
        """
        ...


@runtime_checkable
class SellingProvider(Protocol):
    """Sells a plan on pages of its own, and lets customers manage what they bought."""

    async def checkout_url(self, workspace_id: str, *, success_url: str, cancel_url: str) -> str:
        """Where one pays for a workspace. Twice in a row leads to one and the same purchase.

        :param success_url: where one is sent after paying; what the provider adds to its query comes back in
            `returned`.
        :raises Conflict: code `already_subscribed`; there is something to manage instead.
        :raises Unavailable: the seller does not answer, or its account is not set up.
        """
        ...

    async def portal_url(self, workspace_id: str, return_to: str) -> str:
        """Where a customer manages plan and payment: opens without a password, so it is given to the app only.

        :raises NotFound: code `no_customer`; nothing was ever bought for this workspace.
        :raises Unavailable: as `checkout_url`.
        """
        ...

    async def returned(self, workspace_id: str, query: Mapping[str, str]) -> Entitlements:
        """Somebody comes back from paying: the plan, asked for anew.

        :param query: of the success page's address.
        :raises NotFound: code `not_found`; this purchase is not one of the workspace.
        :raises Unavailable: it cannot be asked; the plan will be right soon all the same.
        """
        ...


@runtime_checkable
class WebhookProvider(Protocol):
    """Is told of changes by webhooks; mounted at `/webhooks/{key}`."""

    key: str

    async def receive(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check a delivery and keep it: durable when this returns; a repeat is fine. The work comes later.

        :param headers: lower-case names.
        :raises Unauthorized: code `bad_signature`.
        :raises NotFound: code `not_found`; this host takes no deliveries.
        :raises AttiBooksError: code `malformed`; it is signed and cannot be read.
        """
        ...

    async def work(self) -> None:
        """Do what deliveries ask for, as far as it can be done now; one that fails waits and holds up no other.

        Called after a delivery and every second, in every process that does background work.
        """
        ...


@runtime_checkable
class ReconcilingProvider(Protocol):
    """Finds out by itself what no delivery told. One process of a host does it at a time."""

    async def catch_up(self) -> None:
        """Ask for what happened lately: every hour.

        :raises Unavailable: it cannot be asked; the next hour asks for more.
        """
        ...

    async def walk(self) -> int:
        """Compare every customer's plan: every day. How many were not right.

        :raises Unavailable: it cannot be asked; it is tried again in an hour.
        """
        ...


__all__ = [
    "AppCaller",
    "Books",
    "ChangingBackend",
    "ChosenProvider",
    "GrantingBackend",
    "InvoiceStore",
    "NotifyingBackend",
    "ReconcilingProvider",
    "RecordStore",
    "SellingProvider",
    "WatchedBackend",
    "WebhookProvider",
]
