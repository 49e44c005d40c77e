"""The bodies that calls of the page take. Members outside these are refused."""

from __future__ import annotations

from typing import Any

import msgspec

from attibooks_sandbox.inattio.app import Reviewed


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


class Switch(msgspec.Struct, forbid_unknown_fields=True):
    """Plant a fault preset, or remove it."""

    on: bool
