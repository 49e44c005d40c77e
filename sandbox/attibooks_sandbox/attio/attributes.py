"""Endpoints of attributes (reference: Attio API, objects and attributes)."""

from __future__ import annotations

import msgspec

from attibooks_sandbox.attio import errors
from attibooks_sandbox.attio.call import Call
from attibooks_sandbox.attio.currencies import CURRENCY_CODES, DISPLAY_TYPES
from attibooks_sandbox.attio.model import Attribute, Default, ObjectType
from attibooks_sandbox.attio.objects import SLUG
from attibooks_sandbox.attio.parsing import parse_value_list
from attibooks_sandbox.attio.render import attribute_body
from attibooks_sandbox.attio.shapes import (
    FLAG,
    TEXT,
    Many,
    Members,
    Nullable,
    Shape,
    Text,
    data_of,
    is_duration,
    query_flag,
    query_whole,
)
from attibooks_sandbox.attio.values import VALUE_TYPES
from attibooks_sandbox.attio.workspace import Workspace

WRITABLE_TYPES = tuple(name for name in VALUE_TYPES if name not in {"interaction", "personal-name"})
_ANYTHING = Members()
_CONFIG = Members(
    optional={
        "currency": Members(
            required={"default_currency_code": Text(one_of=CURRENCY_CODES), "display_type": Text(one_of=DISPLAY_TYPES)}
        ),
        "record_reference": Members(required={"allowed_objects": Many(TEXT, least=1)}),
    }
)
_RELATIONSHIP = Members(
    required={"object": TEXT, "title": Text(least=1), "api_slug": SLUG, "is_multiselect": FLAG}, closed=True
)
_REQUIRED: dict[str, Shape] = {
    "title": Text(least=1),
    "description": Nullable(TEXT),
    "api_slug": SLUG,
    "type": Text(one_of=WRITABLE_TYPES),
    "is_required": FLAG,
    "is_unique": FLAG,
    "is_multiselect": FLAG,
    "config": _CONFIG,
}
_CREATE = Members(
    required=_REQUIRED,
    optional={"default_value": Nullable(_ANYTHING), "relationship": Nullable(_RELATIONSHIP)},
    closed=True,
)
_UPDATE = Members(
    optional={
        **{name: _REQUIRED[name] for name in _REQUIRED if name not in {"type", "is_multiselect"}},
        "default_value": Nullable(_ANYTHING),
        "is_archived": FLAG,
    },
    closed=True,
)


def attribute_in_path(workspace: Workspace, kind: ObjectType, name: str) -> Attribute:
    """Return the attribute of a path, archived or not, or refuse with 404."""
    attribute = workspace.find_attribute(kind.id, name)
    if attribute is None:
        raise errors.not_found("Attribute", name)
    return attribute


def list_attributes(call: Call, identifier: str) -> object:
    """Answer GET .../attributes: in the order of the user interface, archived ones only on demand."""
    kind = call.workspace.object_named(identifier)
    show_archived = query_flag(call.request.query, "show_archived")
    limit = query_whole(call.request.query, "limit", least=1)
    offset = query_whole(call.request.query, "offset", 0) or 0
    found = [each for each in call.workspace.attributes[kind.id].values() if show_archived or not each.archived]
    page = found[offset : None if limit is None else offset + limit]
    return {"data": [attribute_body(each, call.workspace) for each in page]}


def get_attribute(call: Call, identifier: str, attribute: str) -> object:
    """Answer GET .../attributes/{attribute}; an archived one is found too."""
    kind = call.workspace.object_named(identifier)
    return {"data": attribute_body(attribute_in_path(call.workspace, kind, attribute), call.workspace)}


def create_attribute(call: Call, identifier: str) -> object:
    """Answer POST .../attributes; with a relationship the reverse attribute is made in the same call."""
    data = data_of(call.body(), _CREATE)
    kind = call.workspace.object_named(identifier)
    maker = _Maker(call, kind)
    attribute = maker.attribute(data)
    if isinstance(data.get("relationship"), dict):
        attribute = maker.entangled(attribute, data["relationship"])
    else:
        call.workspace.add_attribute(attribute)
    call.tell_of(attribute, "created")
    if attribute.relation is not None:
        object_id, reverse_id = attribute.relation
        call.tell_of(call.workspace.attributes[object_id][reverse_id], "created")
    return {"data": attribute_body(attribute, call.workspace)}


def update_attribute(call: Call, identifier: str, attribute: str) -> object:
    """Answer PATCH .../attributes/{attribute}: the type stays; archiving takes the place of deleting."""
    data = data_of(call.body(), _UPDATE)
    kind = call.workspace.object_named(identifier)
    held = attribute_in_path(call.workspace, kind, attribute)
    if held.system:
        raise errors.system_edit("Cannot update a System attribute.")
    changed = _Maker(call, kind).changed(held, data)
    call.workspace.add_attribute(changed)
    call.tell_of(changed, "updated")
    return {"data": attribute_body(changed, call.workspace)}


def _refuse(path: str, message: str) -> errors.AttioError:
    found = errors.issue("custom", ("data", *path.split(".")), message)
    return errors.validation("Body payload validation error.", [found])


class _Maker(msgspec.Struct, frozen=True):
    """Makes and changes the attributes of one object, after checking what the shape of the body cannot tell."""

    call: Call
    kind: ObjectType

    def attribute(self, data: dict[str, object]) -> Attribute:
        """Return the attribute that a create body describes."""
        self._check_slug(self.kind, str(data["api_slug"]))
        self._check_type(str(data["type"]), multi=data["is_multiselect"] is True, unique=data["is_unique"] is True)
        code, display = self._currency(data["config"], str(data["type"]))
        made = Attribute(
            id=self.call.ids.uuid(),
            object_id=self.kind.id,
            slug=str(data["api_slug"]),
            title=str(data["title"]),
            description=None if data["description"] is None else str(data["description"]),
            type=str(data["type"]),
            created_at=self.call.now,
            required=data["is_required"] is True,
            unique=data["is_unique"] is True,
            multi=data["is_multiselect"] is True,
            currency_code=code,
            display_type=display,
            allowed_object_ids=self._allowed(data),
        )
        return self._with_default(made, data.get("default_value"))

    def _check_slug(self, kind: ObjectType, slug: str) -> None:
        if self.call.workspace.find_attribute(kind.id, slug) is not None:
            raise errors.slug_conflict(
                "An attribute with the same API slug already exists on this object. Please choose a different API slug."
            )

    def _check_type(self, name: str, *, multi: bool, unique: bool) -> None:
        value_type = VALUE_TYPES[name]
        if multi and not value_type.can_be_multi:
            raise _refuse("is_multiselect", f"Attributes of type {name} hold a single value.")
        if unique and not value_type.can_be_unique:
            raise _refuse("is_unique", f"Attributes of type {name} cannot be unique.")
        if name == "status" and self.kind.slug in {"people", "companies"}:
            raise _refuse("type", "Status attributes are not supported on this object.")

    @staticmethod
    def _currency(config: object, name: str) -> tuple[str | None, str | None]:
        settings = config.get("currency") if isinstance(config, dict) else None
        if (name == "currency") != isinstance(settings, dict):
            raise _refuse("config.currency", "Belongs to attributes of type currency, which require it.")
        if not isinstance(settings, dict):
            return None, None
        return str(settings["default_currency_code"]), str(settings["display_type"])

    def _allowed(self, data: dict[str, object]) -> tuple[str, ...] | None:
        config, relationship = data["config"], data.get("relationship")
        settings = config.get("record_reference") if isinstance(config, dict) else None
        if data["type"] != "record-reference":
            if settings is not None or relationship is not None:
                raise _refuse("config.record_reference", "Belongs to attributes of type record-reference.")
            return None
        names = settings["allowed_objects"] if isinstance(settings, dict) else []
        allowed = tuple(self._object(name).id for name in names)
        if isinstance(relationship, dict):
            return self._only_relationship(allowed, self._object(relationship["object"]))
        if not allowed:
            raise _refuse("config.record_reference", "Required")
        return allowed

    @staticmethod
    def _only_relationship(allowed: tuple[str, ...], other: ObjectType) -> tuple[str, ...]:
        if allowed not in {(), (other.id,)}:
            raise _refuse("config.record_reference", "Must contain only the relationship object.")
        return (other.id,)

    def _object(self, name: str) -> ObjectType:
        found = self.call.workspace.find_object(name)
        if found is None:
            raise errors.validation(f'Could not find an object with slug "{name}".')
        return found

    def entangled(self, attribute: Attribute, relationship: object) -> Attribute:
        """Add an attribute and its reverse on the other object, and return the former."""
        assert isinstance(relationship, dict)
        other = self._object(relationship["object"])
        slug = relationship["api_slug"]
        self._check_slug(other, slug)
        if other.id == self.kind.id and slug == attribute.slug:
            raise errors.slug_conflict("Both sides of a relationship need their own API slug.")
        reverse = Attribute(
            id=self.call.ids.uuid(),
            object_id=other.id,
            slug=slug,
            title=relationship["title"],
            type="record-reference",
            created_at=self.call.now,
            multi=relationship["is_multiselect"],
            allowed_object_ids=(self.kind.id,),
            relation=(self.kind.id, attribute.id),
        )
        entangled = msgspec.structs.replace(attribute, relation=(other.id, reverse.id))
        self.call.workspace.add_attribute(entangled)
        self.call.workspace.add_attribute(reverse)
        return entangled

    def changed(self, held: Attribute, data: dict[str, object]) -> Attribute:
        """Return an attribute with the changes of an update body."""
        slug = str(data.get("api_slug", held.slug))
        if slug != held.slug:
            self._check_slug(self.kind, slug)
        description = data.get("description", held.description)
        unique = data.get("is_unique", held.unique) is True
        self._check_type(held.type, multi=held.multi, unique=unique)
        changed = msgspec.structs.replace(
            held,
            slug=slug,
            title=str(data.get("title", held.title)),
            description=None if description is None else str(description),
            required=data.get("is_required", held.required) is True,
            unique=unique,
            archived=data.get("is_archived", held.archived) is True,
        )
        if data.get("config"):
            changed = self._reconfigured(changed, data["config"])
        if "default_value" in data:
            changed = msgspec.structs.replace(changed, default=None)
        return self._with_default(changed, data.get("default_value"))

    def _reconfigured(self, held: Attribute, config: object) -> Attribute:
        if held.relation is not None:
            raise _refuse("config", "The objects of a relationship cannot change.")
        code, display = self._currency(config, held.type)
        allowed = self._allowed({"type": held.type, "config": config})
        return msgspec.structs.replace(held, currency_code=code, display_type=display, allowed_object_ids=allowed)

    def _with_default(self, attribute: Attribute, default_value: object) -> Attribute:
        if isinstance(default_value, dict):
            if self.kind.slug in {"people", "companies"}:
                raise _refuse("default_value", "Default values are not supported on people and companies.")
            attribute = msgspec.structs.replace(attribute, default=self._default(attribute, default_value))
        if attribute.required and attribute.default is None:
            raise _refuse("is_required", "A required attribute needs a default value.")
        return attribute

    def _default(self, attribute: Attribute, raw: dict[str, object]) -> Default:
        template = raw.get("template")
        if raw.get("type") == "static" and isinstance(template, list) and template:
            self.call.workspace.choices.setdefault(attribute.id, {})
            return Default("static", values=parse_value_list(template, attribute, self.call.workspace))
        if raw.get("type") == "dynamic" and isinstance(template, str):
            offset = attribute.type in {"date", "timestamp"} and is_duration(template)
            if offset or (attribute.type == "actor-reference" and template == "current-user"):
                return Default("dynamic", template=template)
        raise _refuse("default_value", "Not a default value of this type.")
