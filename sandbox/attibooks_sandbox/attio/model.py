"""What a workspace holds. Everything here is immutable: a change makes a new version and keeps the old one whole."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

TokenKind = Literal["app", "oauth", "workspace"]


class Actor(msgspec.Struct, frozen=True):
    """Who wrote a value; the system has no id."""

    type: str
    id: str | None


SYSTEM = Actor("system", None)


class Member(msgspec.Struct, frozen=True):
    """A person who may log in to the workspace."""

    id: str
    first_name: str
    last_name: str
    email: str
    access_level: str
    created_at: datetime

    @property
    def actor(self) -> Actor:
        """Return the member as the writer of a value."""
        return Actor("workspace-member", self.id)


class Token(msgspec.Struct, frozen=True):
    """An access token: acts in one workspace, with a set of scopes."""

    value: str
    workspace_id: str
    kind: TokenKind
    client_id: str
    scopes: frozenset[str]
    issued_at: datetime
    member_id: str | None = None
    level: str = "workspace"
    active: bool = True
    expires_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """Return the writer that values written with this token name (apps and OAuth tokens write as `app`)."""
        return Actor("api-token" if self.kind == "workspace" else "app", self.client_id)


class ObjectType(msgspec.Struct, frozen=True):
    """An object: standard (Attio's own) or custom; `web_path` is how Attio's pages address its records."""

    id: str
    slug: str
    singular: str
    plural: str
    created_at: datetime
    standard: bool
    web_path: str


class Default(msgspec.Struct, frozen=True):
    """The default of an attribute: fixed values, `current-user`, or an offset from now."""

    kind: Literal["static", "dynamic"]
    values: tuple[object, ...] = ()
    template: str = ""


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute of an object. `relation` names the entangled attribute on the other side of a relationship."""

    id: str
    object_id: str
    slug: str
    title: str
    type: str
    created_at: datetime
    description: str | None = None
    system: bool = False
    writable: bool = True
    required: bool = False
    unique: bool = False
    multi: bool = False
    archived: bool = False
    default: Default | None = None
    currency_code: str | None = None
    display_type: str | None = None
    allowed_object_ids: tuple[str, ...] | None = None
    relation: tuple[str, str] | None = None


class Choice(msgspec.Struct, frozen=True):
    """An option of a select attribute or a status of a status attribute."""

    id: str
    title: str
    archived: bool = False
    celebration: bool = False
    target_time: str | None = None


class Version(msgspec.Struct, frozen=True):
    """One value of an attribute and the time during which it held."""

    data: object
    since: datetime
    actor: Actor
    until: datetime | None = None


Versions = tuple[Version, ...]


class Event(msgspec.Struct, frozen=True):
    """Something that happened: what kind, to what (compound id), by whom."""

    kind: str
    ids: dict[str, str]
    actor: Actor


class Condition(msgspec.Struct, frozen=True):
    """One comparison in a webhook's filter; the field is a dotted path into the event."""

    field: str
    operator: str
    value: str


class Filter(msgspec.Struct, frozen=True):
    """A webhook's filter: `$and` or `$or` over conditions."""

    logic: str
    conditions: tuple[Condition, ...]


class Subscription(msgspec.Struct, frozen=True):
    """An event type that a webhook gets, all of it or what passes a filter."""

    event_type: str
    filter: Filter | None


class Webhook(msgspec.Struct, frozen=True):
    """An address that is told of events; degraded since the moment when a message to it was given up."""

    id: str
    target_url: str
    subscriptions: tuple[Subscription, ...]
    secret: str
    created_at: datetime
    degraded_since: datetime | None = None


class Record(msgspec.Struct, frozen=True):
    """A record: its present values and its past ones, by attribute id."""

    id: str
    object_id: str
    created_at: datetime
    values: dict[str, Versions]
    past: dict[str, Versions]

    def data(self, attribute_id: str) -> tuple[object, ...]:
        """Return the present values of an attribute without their history."""
        return tuple(version.data for version in self.values.get(attribute_id, ()))
