"""The state of one workspace, with the indexes that uniqueness and matching need."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import ClassVar

import msgspec

from attibooks_sandbox.attio import errors
from attibooks_sandbox.attio.model import Actor, Attribute, Choice, Event, Member, ObjectType, Record, Token, Webhook
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.state import State

PLAN_LIMITS: dict[str, int | None] = {"free": 3, "plus": 5, "pro": 12, "enterprise": None}


class Profile(msgspec.Struct, frozen=True):
    """What is known of a workspace from outside: its identity and its plan."""

    id: str
    name: str
    slug: str
    plan: str


class Workspace(State):
    """Objects, attributes, choices and records of one workspace."""

    derived: ClassVar[frozenset[str]] = frozenset({"_holders", "listener"})

    def __init__(self, profile: Profile) -> None:
        """Begin empty."""
        self.profile = profile
        self.members: dict[str, Member] = {}
        self.objects: dict[str, ObjectType] = {}
        self.attributes: dict[str, dict[str, Attribute]] = {}
        self.choices: dict[str, dict[str, Choice]] = {}
        self.records: dict[str, dict[str, Record]] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.listener: Callable[[Workspace, Event], None] | None = None
        self._holders: dict[str, dict[Hashable, tuple[str, ...]]] = {}

    def copy(self) -> Workspace:
        """Return a workspace with the same content, whose changes do not show here."""
        twin = Workspace(self.profile)
        twin.members = dict(self.members)
        twin.objects = dict(self.objects)
        twin.attributes = {key: dict(held) for key, held in self.attributes.items()}
        twin.choices = {key: dict(held) for key, held in self.choices.items()}
        twin.records = {key: dict(held) for key, held in self.records.items()}
        twin.webhooks = dict(self.webhooks)
        twin._holders = {key: dict(held) for key, held in self._holders.items()}
        return twin

    def rebuild(self) -> None:
        """Index what is unique anew."""
        self._holders = {}
        for held in self.attributes.values():
            for attribute in held.values():
                if attribute.unique:
                    self._index_anew(attribute)

    @property
    def id(self) -> str:
        """Return the workspace's id."""
        return self.profile.id

    def tell(self, kind: str, actor: Actor, **ids: str) -> None:
        """Tell the webhooks of an event; `ids` name what it happened to, inside the workspace."""
        if self.webhooks and self.listener is not None:
            self.listener(self, Event(kind, {"workspace_id": self.id, **ids}, actor))

    # objects and attributes

    def find_object(self, name: str) -> ObjectType | None:
        """Return the object with a slug or id, or None."""
        if name in self.objects:
            return self.objects[name]
        return next((each for each in self.objects.values() if each.slug == name), None)

    def object_named(self, name: str) -> ObjectType:
        """Return the object with a slug or id, or refuse with 404."""
        found = self.find_object(name)
        if found is None:
            raise errors.not_found("Object", name)
        return found

    def add_object(self, kind: ObjectType) -> None:
        """Add or replace an object."""
        self.objects[kind.id] = kind
        self.attributes.setdefault(kind.id, {})
        self.records.setdefault(kind.id, {})

    def remove_object(self, object_id: str) -> None:
        """Remove an object with all its records and attributes."""
        for record in list(self.records[object_id].values()):
            self.remove_record(record)
        for attribute_id in self.attributes.pop(object_id):
            self._holders.pop(attribute_id, None)
            self.choices.pop(attribute_id, None)
        del self.records[object_id], self.objects[object_id]

    def find_attribute(self, object_id: str, name: str) -> Attribute | None:
        """Return the attribute with a slug or id, archived or not, or None."""
        held = self.attributes[object_id]
        if name in held:
            return held[name]
        return next((each for each in held.values() if each.slug == name), None)

    def live_attributes(self, object_id: str) -> Iterator[Attribute]:
        """Return an object's attributes in the order of the user interface, without the archived ones."""
        return (each for each in self.attributes[object_id].values() if not each.archived)

    def add_attribute(self, attribute: Attribute) -> None:
        """Add or replace an attribute; a replaced one keeps its place in the order."""
        self.attributes[attribute.object_id][attribute.id] = attribute
        if attribute.type in {"select", "status"}:
            self.choices.setdefault(attribute.id, {})
        if attribute.unique and attribute.id not in self._holders:
            self._index_anew(attribute)

    def _index_anew(self, attribute: Attribute) -> None:
        self._holders[attribute.id] = {}
        for record in self.records[attribute.object_id].values():
            self._hold(attribute.id, record.id, record.data(attribute.id))

    def choice_named(self, attribute: Attribute, name: str, *, archived: bool = False) -> Choice | None:
        """Return the option or status with an id or exact title, or None."""
        held = self.choices[attribute.id]
        found = held.get(name) or next((each for each in held.values() if each.title == name), None)
        return found if found is not None and (archived or not found.archived) else None

    def add_choice(self, attribute_id: str, choice: Choice) -> None:
        """Add or replace an option or status."""
        self.choices[attribute_id][choice.id] = choice

    def find_member(self, name: str) -> Member | None:
        """Return the member with an id or e-mail address, or None."""
        return self.members.get(name) or next((m for m in self.members.values() if m.email == name.lower()), None)

    # records

    def find_record(self, object_id: str, record_id: str) -> Record | None:
        """Return a record, or None."""
        return self.records[object_id].get(record_id)

    def record_named(self, object_id: str, record_id: str) -> Record:
        """Return a record, or refuse with 404."""
        found = self.find_record(object_id, record_id)
        if found is None:
            raise errors.record_not_found(record_id)
        return found

    def put_record(self, record: Record) -> None:
        """Add or replace a record and keep the indexes true."""
        old = self.records[record.object_id].get(record.id)
        for attribute_id in self._holders.keys() & self.attributes[record.object_id].keys():
            before = old.data(attribute_id) if old is not None else ()
            after = record.data(attribute_id)
            if before != after:
                self._release(attribute_id, record.id, before)
                self._hold(attribute_id, record.id, after)
        self.records[record.object_id][record.id] = record

    def remove_record(self, record: Record) -> None:
        """Remove a record."""
        del self.records[record.object_id][record.id]
        for attribute_id in self._holders.keys() & self.attributes[record.object_id].keys():
            self._release(attribute_id, record.id, record.data(attribute_id))

    def holders(self, attribute_id: str, data: object) -> tuple[str, ...]:
        """Return the records whose unique attribute has a value."""
        return self._holders.get(attribute_id, {}).get(unique_key(data), ())

    def _hold(self, attribute_id: str, record_id: str, values: Iterable[object]) -> None:
        held = self._holders[attribute_id]
        for data in values:
            held[unique_key(data)] = (*held.get(unique_key(data), ()), record_id)

    def _release(self, attribute_id: str, record_id: str, values: Iterable[object]) -> None:
        held = self._holders[attribute_id]
        for data in values:
            rest = tuple(each for each in held.get(unique_key(data), ()) if each != record_id)
            if rest:
                held[unique_key(data)] = rest
            else:
                held.pop(unique_key(data), None)


def unique_key(data: object) -> Hashable:
    """Return what uniqueness compares: the value itself, as it is stored."""
    assert isinstance(data, Hashable)
    return data


class AttioState(State):
    """Everything of Attio that a reset puts back: the workspaces, their tokens, and the source of new ids."""

    def __init__(self, ids: Ids) -> None:
        """Begin without workspaces."""
        self.ids = ids
        self.workspaces: dict[str, Workspace] = {}
        self.tokens: dict[str, Token] = {}

    def copy(self, ids: Ids) -> AttioState:
        """Return the same state with another source of ids."""
        twin = AttioState(ids)
        twin.workspaces = {key: each.copy() for key, each in self.workspaces.items()}
        twin.tokens = dict(self.tokens)
        return twin
