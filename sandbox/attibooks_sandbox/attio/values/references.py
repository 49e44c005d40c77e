"""References to records and to people of the team."""

from __future__ import annotations

from attibooks_sandbox.attio.errors import value_not_found
from attibooks_sandbox.attio.model import Actor, Attribute, ObjectType
from attibooks_sandbox.attio.shapes import is_uuid
from attibooks_sandbox.attio.values.base import Members, ValueType, refused
from attibooks_sandbox.attio.workspace import Workspace


class RecordReference(ValueType):
    """A record, named by object and id or by the value of a unique attribute; kept as both ids."""

    name = "record-reference"
    fields = ("target_object", "target_record_id")
    field = None
    can_be_multi = True

    def parse(self, raw: object, attribute: Attribute, workspace: Workspace) -> object:
        """Return the ids of the object and the record."""
        if not isinstance(raw, dict) or len(raw) != 2 or not isinstance(raw.get("target_object"), str):
            raise refused("Expected target_object and target_record_id", "target_object")
        target = self._target(str(raw["target_object"]), attribute, workspace)
        key, value = next((name, held) for name, held in raw.items() if name != "target_object")
        if key == "target_record_id":
            return (target.id, _existing(target, value, workspace))
        return (target.id, _matching(target, key, value, workspace))

    def _target(self, name: str, attribute: Attribute, workspace: Workspace) -> ObjectType:
        target = workspace.find_object(name)
        if target is None:
            raise value_not_found(f'Object with slug/ID "{name}" not found.')
        if attribute.allowed_object_ids is not None and target.id not in attribute.allowed_object_ids:
            raise refused(f'Records of object "{name}" are not allowed here', "target_object")
        return target

    def members(self, data: object, attribute: Attribute, workspace: Workspace) -> Members:  # noqa: ARG002 - the base's signature
        """Return the object's slug and the record's id."""
        assert isinstance(data, tuple)
        return {"target_object": workspace.objects[data[0]].slug, "target_record_id": data[1]}

    def plain(self, data: object, attribute: Attribute, workspace: Workspace) -> object:
        """Return both names."""
        return self.members(data, attribute, workspace)

    def comparable(self, raw: object, field: str, attribute: Attribute, workspace: Workspace) -> object:  # noqa: ARG002 - for overriding
        """Return an object named by id as its slug."""
        target = workspace.find_object(str(raw)) if field == "target_object" else None
        return raw if target is None else target.slug


def _existing(target: ObjectType, record_id: object, workspace: Workspace) -> str:
    if not isinstance(record_id, str) or not is_uuid(record_id):
        raise refused("Invalid uuid", "target_record_id")
    if workspace.find_record(target.id, record_id.lower()) is None:
        raise value_not_found(f'Cannot find record with ID "{record_id}" in object "{target.slug}".')
    return record_id.lower()


def _matching(target: ObjectType, key: str, value: object, workspace: Workspace) -> str:
    from attibooks_sandbox.attio.values import VALUE_TYPES  # noqa: PLC0415 - the table holds this module's class

    attribute = workspace.find_attribute(target.id, key)
    if attribute is None or attribute.archived:
        raise value_not_found(f'Cannot find attribute with slug/ID "{key}".')
    if not attribute.unique or not VALUE_TYPES[attribute.type].can_be_unique:
        raise refused(f'Attribute "{key}" is not unique', key)
    if not isinstance(value, list) or len(value) != 1:
        raise refused("Expected an array of exactly one value", key)
    found = workspace.holders(attribute.id, VALUE_TYPES[attribute.type].parse(value[0], attribute, workspace))
    if len(found) != 1:
        raise value_not_found(f'Cannot find record of object "{target.slug}" with the given "{key}".')
    return found[0]


class ActorReference(ValueType):
    """A member of the workspace, named by id or e-mail address."""

    name = "actor-reference"
    fields = ("referenced_actor_type", "referenced_actor_id")
    field = None
    can_be_multi = True

    def parse(self, raw: object, attribute: Attribute, workspace: Workspace) -> object:  # noqa: ARG002 - the base's signature
        """Return the member as an actor."""
        name = self._member_name(raw)
        member = workspace.find_member(name)
        if member is None:
            raise value_not_found(f'Cannot find workspace member "{name}".')
        return member.actor

    @staticmethod
    def _member_name(raw: object) -> str:
        if isinstance(raw, dict):
            if set(raw) == {"referenced_actor_type", "referenced_actor_id"}:
                if raw["referenced_actor_type"] != "workspace-member":
                    raise refused("Only workspace members can be referenced", "referenced_actor_type")
                raw = raw["referenced_actor_id"]
            elif set(raw) == {"workspace_member_email_address"}:
                raw = raw["workspace_member_email_address"]
        if not isinstance(raw, str) or not raw:
            raise refused("Expected a workspace member", "referenced_actor_id")
        return raw

    def show(self, data: object) -> Members:
        """Return the actor's type and id."""
        assert isinstance(data, Actor)
        return {"referenced_actor_type": data.type, "referenced_actor_id": data.id}

    def note(self, data: object) -> object:
        """Return the actor's id."""
        assert isinstance(data, Actor)
        return data.id
