"""Writing a record: everything is checked before anything is changed (reference: Attio API, records).

Two manners of meeting the values that are there: `add` puts new ones in front (PATCH), `replace` sets exactly the list
(PUT). An upsert replaces everywhere but in the matching attribute, to which it adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from attibooks_sandbox.attio import errors
from attibooks_sandbox.attio.model import Actor, Attribute, ObjectType, Record, Version, Versions
from attibooks_sandbox.attio.parsing import Data, bad_value
from attibooks_sandbox.attio.workspace import Workspace

Manner = Literal["add", "replace"]


class RecordDesk(msgspec.Struct, frozen=True):
    """Writes the records of a workspace for somebody, at one moment."""

    workspace: Workspace
    actor: Actor
    now: datetime

    def create(self, kind: ObjectType, values: Mapping[str, Data], record_id: str) -> Record:
        """Create a record with values and defaults."""
        wanted = {**self._defaults(kind), **values}
        self._require(self.workspace.live_attributes(kind.id), wanted)
        self._check_unique(wanted, kind, holder=None)
        blank = Record(id=record_id, object_id=kind.id, created_at=self.now, values={}, past={})
        return self._apply(blank, {**wanted, **self._system_values(kind, record_id)})

    def update(
        self, record: Record, values: Mapping[str, Data], manner: Manner, *, matching: str | None = None
    ) -> Record:
        """Change a record; `matching` is the attribute of an upsert, whose values are added to whatever the manner."""
        kind = self.workspace.objects[record.object_id]
        attributes = self.workspace.attributes[kind.id]
        if manner == "add":
            _refuse_empty_single(values, attributes)
        wanted = {
            key: _merged(data, record.data(key), add=attributes[key].multi and (manner == "add" or key == matching))
            for key, data in values.items()
        }
        self._require((attributes[key] for key in values), wanted)
        self._check_unique(wanted, kind, holder=record.id)
        return self._apply(record, wanted)

    def delete(self, record: Record) -> None:
        """Remove a record for good, and every reference to it."""
        self.workspace.remove_record(record)
        self.workspace.tell("record.deleted", self.actor, object_id=record.object_id, record_id=record.id)
        link = (record.object_id, record.id)
        for object_id, held in self.workspace.attributes.items():
            for attribute in held.values():
                if attribute.type == "record-reference":
                    for other in list(self.workspace.records[object_id].values()):
                        self._drop_link(other, attribute.id, link)

    def delete_object(self, kind: ObjectType) -> None:
        """Remove an object for good, with its records and every reference to them, past ones included."""
        self.workspace.remove_object(kind.id)
        for held in self.workspace.attributes.values():
            for attribute in list(held.values()):
                if attribute.type == "record-reference":
                    self._forget_object(attribute, kind.id)

    def _forget_object(self, attribute: Attribute, object_id: str) -> None:
        if attribute.relation is not None and attribute.relation[0] == object_id:
            self.workspace.add_attribute(msgspec.structs.replace(attribute, relation=None))
        for record in list(self.workspace.records[attribute.object_id].values()):
            values, past = (
                {key: _without(object_id, held) if key == attribute.id else held for key, held in kept.items()}
                for kept in (record.values, record.past)
            )
            if (values, past) != (record.values, record.past):
                self.workspace.put_record(msgspec.structs.replace(record, values=values, past=past))

    # checks

    def _require(self, attributes: Iterable[Attribute], wanted: Mapping[str, Data]) -> None:
        for attribute in attributes:
            if attribute.required and attribute.writable and not wanted.get(attribute.id):
                message = f'Required value for attribute with ID "{attribute.id}" was not provided.'
                raise errors.AttioError(400, "missing_value", message)

    def _check_unique(self, wanted: Mapping[str, Data], kind: ObjectType, holder: str | None) -> None:
        for key, values in wanted.items():
            attribute = self.workspace.attributes[kind.id][key]
            if attribute.unique:
                others = [found for data in values for found in self.workspace.holders(key, data) if found != holder]
                if others:
                    raise errors.uniqueness_conflict(attribute.slug, others)

    # values that nobody wrote

    def _defaults(self, kind: ObjectType) -> dict[str, Data]:
        return {
            attribute.id: self._default_data(attribute)
            for attribute in self.workspace.live_attributes(kind.id)
            if attribute.default is not None and attribute.writable
        }

    def _default_data(self, attribute: Attribute) -> Data:
        default = attribute.default
        assert default is not None
        if default.kind == "static":
            return default.values
        if default.template == "current-user":
            return (self.actor,)
        instant = self.now + duration(default.template)
        return (instant,) if attribute.type == "timestamp" else (instant.date().isoformat(),)

    def _system_values(self, kind: ObjectType, record_id: str) -> dict[str, Data]:
        system: dict[str, object] = {"record_id": record_id, "created_at": self.now, "created_by": self.actor}
        return {
            attribute.id: (system[attribute.slug],)
            for attribute in self.workspace.live_attributes(kind.id)
            if attribute.system and attribute.slug in system
        }

    # changes

    def _apply(self, record: Record, wanted: Mapping[str, Data]) -> Record:
        """Store new values and carry relationships over to the records on their other side."""
        changed = {key: data for key, data in wanted.items() if data != record.data(key)}
        before = {key: record.data(key) for key in changed}
        self._put(record, changed)
        for key, data in changed.items():
            relation = self.workspace.attributes[record.object_id][key].relation
            if relation is not None:
                self._entangle(record, relation, before[key], data)
        return self.workspace.record_named(record.object_id, record.id)

    def _put(self, record: Record, changed: Mapping[str, Data]) -> None:
        """Store new values, and tell of a new record once, of a changed one once for each attribute."""
        new = self.workspace.find_record(record.object_id, record.id) is None
        values, past = dict(record.values), dict(record.past)
        for key, data in changed.items():
            old = values.get(key, ())
            values[key] = self._versions(data, old)
            ended = tuple(msgspec.structs.replace(each, until=self.now) for each in old if each.data not in data)
            if ended:
                past[key] = (*past.get(key, ()), *ended)
        self.workspace.put_record(
            Record(id=record.id, object_id=record.object_id, created_at=record.created_at, values=values, past=past)
        )
        place = {"object_id": record.object_id, "record_id": record.id}
        if new:
            self.workspace.tell("record.created", self.actor, **place)
            return
        for key in changed:
            self.workspace.tell("record.updated", self.actor, **place, attribute_id=key)

    def _versions(self, data: Data, old: Versions) -> Versions:
        """Return versions of values; an equal value that was there keeps its version."""
        kept = {version.data: version for version in old}
        return tuple(kept.get(each) or Version(each, self.now, self.actor) for each in data)

    # relationships

    def _entangle(self, record: Record, relation: tuple[str, str], before: Data, after: Data) -> None:
        """Make the other side of a relationship say the same; a single-valued other side drops what it held."""
        object_id, attribute_id = relation
        link = (record.object_id, record.id)
        for target_id in _targets(before, but=after):
            target = self.workspace.find_record(object_id, target_id)
            if target is not None:
                self._drop_link(target, attribute_id, link)
        for target_id in _targets(after, but=before):
            target = self.workspace.find_record(object_id, target_id)
            if target is not None:
                self._add_link(target, attribute_id, link)

    def _drop_link(self, target: Record, attribute_id: str, link: tuple[str, str]) -> None:
        links = target.data(attribute_id)
        if link in links:
            self._put(target, {attribute_id: tuple(each for each in links if each != link)})

    def _add_link(self, target: Record, attribute_id: str, link: tuple[str, str]) -> None:
        attribute = self.workspace.attributes[target.object_id][attribute_id]
        links = target.data(attribute_id)
        if not attribute.multi:
            self._unlink_others(attribute, links, (target.object_id, target.id), link)
        self._put(target, {attribute_id: _merged((link,), links if attribute.multi else (), add=True)})

    def _unlink_others(
        self, attribute: Attribute, links: Data, target: tuple[str, str], newcomer: tuple[str, str]
    ) -> None:
        """Take the link away from the records that a one-to-one target held before."""
        assert attribute.relation is not None
        object_id, attribute_id = attribute.relation
        for other_id in _targets(links, but=(newcomer,)):
            other = self.workspace.find_record(object_id, other_id)
            if other is not None:
                self._drop_link(other, attribute_id, target)


def _refuse_empty_single(values: Mapping[str, Data], attributes: Mapping[str, Attribute]) -> None:
    """Refuse `[]` for a single value in PATCH: what Attio does then is not known."""
    for key, data in values.items():
        if not data and not attributes[key].multi:
            found = errors.issue("invalid", [attributes[key].slug], "Expected a value")
            raise bad_value(attributes[key], [found])


def _merged(new: Data, old: Data, *, add: bool) -> Data:
    return (*(each for each in new if each not in old), *old) if add else new


def _without(object_id: str, versions: Versions) -> Versions:
    """Return the versions that do not refer to a record of an object."""
    return tuple(each for each in versions if not (isinstance(each.data, tuple) and each.data[0] == object_id))


def _targets(some: Data, *, but: Data) -> list[str]:
    return [str(each[1]) for each in some if each not in but and isinstance(each, tuple)]


_DURATION_PARTS = re.compile(r"(\d+(?:[.,]\d+)?)([YMWDHS])|(T)")
_DATE_DAYS = {"Y": 365.0, "M": 30.0, "W": 7.0, "D": 1.0}
_TIME_DAYS = {"H": 1 / 24, "M": 1 / 1440, "S": 1 / 86400}
_LONGEST_DAYS = 365_000.0


def duration(text: str) -> timedelta:
    """Return the length of an ISO 8601 duration; a month counts as 30 days, a year as 365."""
    days, units = 0.0, _DATE_DAYS
    for number, unit, switch in _DURATION_PARTS.findall(text):
        if switch:
            units = _TIME_DAYS
        else:
            days += float(number.replace(",", ".")) * units.get(unit, 0.0)
    return timedelta(days=min(days, _LONGEST_DAYS))
