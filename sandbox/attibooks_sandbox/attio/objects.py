"""Endpoints of objects (reference: Attio API, objects)."""

from __future__ import annotations

import re

import msgspec

from attibooks_sandbox.attio import errors
from attibooks_sandbox.attio.call import Call
from attibooks_sandbox.attio.model import Attribute, Default, ObjectType
from attibooks_sandbox.attio.render import object_body
from attibooks_sandbox.attio.shapes import Members, Text, data_of
from attibooks_sandbox.attio.workspace import PLAN_LIMITS, Workspace
from attibooks_sandbox.kernel.ids import Ids

SLUG = Text(least=1, pattern=re.compile(r"[a-z0-9_]+"))
_NOUN = Text(least=1)
_MEMBERS = {"api_slug": SLUG, "singular_noun": _NOUN, "plural_noun": _NOUN}


def list_objects(call: Call) -> object:
    """Answer GET /v2/objects; standard objects that are not enabled do not exist."""
    return {"data": [object_body(each, call.workspace) for each in call.workspace.objects.values()]}


def get_object(call: Call, name: str) -> object:
    """Answer GET /v2/objects/{object}."""
    return {"data": object_body(call.workspace.object_named(name), call.workspace)}


def create_object(call: Call) -> object:
    """Answer POST /v2/objects; the plan limits how many there may be, People and Companies included."""
    data = data_of(call.body(), Members(required=_MEMBERS))
    slug, singular, plural = (str(data[name]) for name in _MEMBERS)
    workspace = call.workspace
    if _taken(workspace, slug, singular, plural, but=None):
        raise errors.slug_conflict("Failed to create object. Please ensure your api_slug and names are unique.")
    limit = PLAN_LIMITS[workspace.profile.plan]
    if limit is not None and len(workspace.objects) >= limit:
        message = "You have met your plan's object limit. Please upgrade your plan to create more objects."
        raise errors.AttioError(400, "quota_exceeded", message)
    kind = ObjectType(
        id=call.ids.uuid(),
        slug=slug,
        singular=singular,
        plural=plural,
        created_at=call.now,
        standard=False,
        web_path=f"custom/{slug}/record",
    )
    workspace.add_object(kind)
    for attribute in system_attributes(kind, call.ids):
        workspace.add_attribute(attribute)
    return {"data": object_body(kind, workspace)}


def _taken(workspace: Workspace, slug: str, singular: str, plural: str, *, but: str | None) -> bool:
    return any(
        each.id != but and (each.slug == slug or each.singular == singular or each.plural == plural)
        for each in workspace.objects.values()
    )


def update_object(call: Call, name: str) -> object:
    """Answer PATCH /v2/objects/{object}; an empty payload is refused."""
    data = data_of(call.body(), Members(optional=_MEMBERS))
    kind = call.workspace.object_named(name)
    given = {key: str(data[key]) for key in _MEMBERS if key in data}
    if not given:
        raise errors.validation(
            "You passed an empty payload. Please ensure you are updating at least one property in your request."
        )
    changed = msgspec.structs.replace(
        kind,
        slug=given.get("api_slug", kind.slug),
        singular=given.get("singular_noun", kind.singular),
        plural=given.get("plural_noun", kind.plural),
    )
    if _taken(call.workspace, changed.slug, changed.singular, changed.plural, but=kind.id):
        raise errors.slug_conflict("Failed to update object. Please ensure api_slug is unique.")
    call.workspace.add_object(changed)
    return {"data": object_body(changed, call.workspace)}


def delete_object(call: Call, name: str) -> object:
    """Answer DELETE /v2/objects/{object}: a custom object goes with all its records and the references to them."""
    kind = call.workspace.object_named(name)
    if kind.standard:
        raise errors.system_edit("Only deleting custom objects is allowed.")
    call.desk.delete_object(kind)
    return {}


def system_attributes(kind: ObjectType, ids: Ids) -> list[Attribute]:
    """Return the three attributes that every object has from the start."""
    facts: list[tuple[str, str, str, bool, Default | None]] = [
        ("record_id", "Record ID", "text", True, None),
        ("created_at", "Created at", "timestamp", False, Default("dynamic", template="PT0S")),
        ("created_by", "Created by", "actor-reference", False, Default("dynamic", template="current-user")),
    ]
    return [
        Attribute(
            id=ids.uuid(),
            object_id=kind.id,
            slug=slug,
            title=title,
            type=value_type,
            created_at=kind.created_at,
            system=True,
            writable=False,
            unique=unique,
            default=default,
        )
        for slug, title, value_type, unique, default in facts
    ]
