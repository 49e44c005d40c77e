"""The bodies that control calls take. Members outside these are refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec


class Reset(msgspec.Struct, forbid_unknown_fields=True):
    """Put everything back, to another world if a seed or a size is given."""

    seed: int | None = None
    size: Literal["small", "large"] | None = None


class NewToken(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Issue a token, or change one that is given (`access_token`)."""

    service: Literal["attio", "quickbooks", "stripe"]
    workspace: str | None = None
    realm: str | None = None
    environment: str | None = None
    scopes: list[str] | None = None
    expires_in: float | None = None
    active: bool = True
    access_token: str | None = None
    kind: Literal["app", "oauth", "workspace"] = "app"
    client_id: str | None = None
    member: str | None = None
    level: Literal["workspace", "user"] = "workspace"


class SetClock(msgspec.Struct, forbid_unknown_fields=True):
    """Stand still at an instant, run at an offset, or move on by a step; nothing given: the machine's time."""

    now: str | None = None
    offset_seconds: float | None = None
    advance_seconds: float | None = None


class SetLatency(msgspec.Struct, forbid_unknown_fields=True):
    """Delay every answer of a service, or of all."""

    seconds: float
    service: Literal["attio", "quickbooks", "stripe"] | None = None


class SetLimits(msgspec.Struct, forbid_unknown_fields=True):
    """Switch the vendors' throttles."""

    quickbooks: bool | None = None
    attio: bool | None = None
    stripe: bool | None = None


class SetRedirects(msgspec.Struct, forbid_unknown_fields=True):
    """Register the addresses that users may be sent back to after consent."""

    redirect_uris: list[str]


class SetWebhooks(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Tell the changes of an environment, or of both, at an address; no address: tell nothing.

    They are signed with a verifier token of this address, or with that of the world.
    """

    url: str | None
    environment: Literal["production", "sandbox"] | None = None
    entities: list[str] | None = None
    envelope: Literal["cloudevents", "legacy"] = "cloudevents"
    hold: bool = False
    verifier_token: str | None = None


class Release(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Send the changes that are held; `reverse` puts the newest first."""

    environment: Literal["production", "sandbox"] | None = None
    reverse: bool = False


class Repeat(msgspec.Struct, forbid_unknown_fields=True):
    """Send notifications again, byte by byte, in the order given."""

    deliveries: list[int]


class SetPlan(msgspec.Struct, forbid_unknown_fields=True):
    """Put a workspace on a plan, which limits its objects."""

    workspace: str
    plan: Literal["free", "plus", "pro", "enterprise"]


class OfRealm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A change in the books of one company."""

    environment: str
    realm: str


class Pay(OfRealm, forbid_unknown_fields=True, kw_only=True):
    """Record a payment of an invoice, in full unless an amount is given."""

    invoice_id: str
    amount: Decimal | None = None


class OfInvoice(OfRealm, forbid_unknown_fields=True, kw_only=True):
    """Void or delete an invoice."""

    invoice_id: str


class Change(OfRealm, forbid_unknown_fields=True, kw_only=True):
    """Change fields of an entity; `Preferences` takes the company's settings."""

    entity: str
    id: str = "1"
    fields: dict[str, object]


class Rename(OfRealm, forbid_unknown_fields=True, kw_only=True):
    """Give a list entity another name."""

    entity: str
    id: str
    name: str


class OfWorkspace(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A change that a member of a workspace makes by hand."""

    workspace: str
    object: str
    member: str | None = None


class Edit(OfWorkspace, forbid_unknown_fields=True, kw_only=True):
    """Overwrite values of a record."""

    record_id: str
    values: dict[str, object]


class Archive(OfWorkspace, forbid_unknown_fields=True, kw_only=True):
    """Archive an attribute, an option or a status, or bring it back."""

    attribute: str
    choice: str | None = None
    archived: bool = True


class DeleteRecord(OfWorkspace, forbid_unknown_fields=True, kw_only=True):
    """Delete a record."""

    record_id: str
