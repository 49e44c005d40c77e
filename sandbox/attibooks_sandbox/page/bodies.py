"""The bodies that calls of the page take. Members outside these are refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from attibooks_sandbox.inattio.app import Reviewed
from attibooks_sandbox.inattio.handler import Mode


class Connect(msgspec.Struct, forbid_unknown_fields=True):
    """Connect a company's books."""

    environment: str
    realm: str


class SaveSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Store a snapshot of the app's settings."""

    settings: dict[str, Any]


class CreateInvoice(msgspec.Struct, forbid_unknown_fields=True):
    """A click on *Create QuickBooks invoice*; with the key of an earlier click it repeats that one.

    `reviewed` comes from the review dialog.
    """

    key: str | None = None
    confirm_recent: bool = False
    reviewed: Reviewed | None = None


class Preview(msgspec.Struct, forbid_unknown_fields=True):
    """A look at what a create would send, perhaps with edits."""

    edits: dict[str, Any] | None = None


class CreateBatch(msgspec.Struct, forbid_unknown_fields=True):
    """A click on *Create invoices* for a selection."""

    record_ids: list[str]
    confirm_recent: bool = False


class LeaveFor(msgspec.Struct, forbid_unknown_fields=True):
    """Go to one of the seller's pages, and come back to an address of this page."""

    return_to: str


class Switch(msgspec.Struct, forbid_unknown_fields=True):
    """Plant a fault preset, or remove it."""

    on: bool


class EditInvoice(msgspec.Struct, forbid_unknown_fields=True):
    """What the edit dialog sends: the parts that were changed, based on a version of the invoice."""

    version: str
    changes: dict[str, Any]
    key: str | None = None


class VoidInvoice(msgspec.Struct, forbid_unknown_fields=True):
    """A step of *Void in QuickBooks*: the first asks, the second brings the token of its answer."""

    confirm_token: str | None = None
    key: str | None = None


class SetHandler(msgspec.Struct, forbid_unknown_fields=True):
    """How the app's webhook handler behaves from now on."""

    mode: Mode


class BookedLine(msgspec.Struct, forbid_unknown_fields=True):
    """A line as an accountant types it; without an id it is new."""

    description: str
    quantity: Decimal
    rate: Decimal
    id: str | None = None


class EditBooks(msgspec.Struct, forbid_unknown_fields=True):
    """What an accountant changes in an invoice; absent is as it was, `lines` is the whole list."""

    due_date: str | None = None
    memo: str | None = None
    lines: list[BookedLine] | None = None
