"""How objects, attributes and records read (reference: Attio API, JSON per endpoint)."""

from __future__ import annotations

from datetime import UTC, datetime

from attibooks_sandbox.attio.model import Attribute, Default, ObjectType, Record, Version
from attibooks_sandbox.attio.values import VALUE_TYPES
from attibooks_sandbox.attio.workspace import Workspace


def moment(instant: datetime) -> str:
    """Return an instant as Attio stamps its data: milliseconds, padded to nine digits."""
    utc = instant.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}000000Z"


def whole_millisecond(instant: datetime) -> datetime:
    """Return an instant as precisely as Attio stamps its data."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def object_body(kind: ObjectType, workspace: Workspace) -> dict[str, object]:
    """Return an object."""
    return {
        "id": {"workspace_id": workspace.id, "object_id": kind.id},
        "api_slug": kind.slug,
        "singular_noun": kind.singular,
        "plural_noun": kind.plural,
        "created_at": moment(kind.created_at),
    }


def attribute_body(attribute: Attribute, workspace: Workspace) -> dict[str, object]:
    """Return an attribute; every member is always there."""
    return {
        "id": attribute_ids(attribute, workspace),
        "title": attribute.title,
        "description": attribute.description,
        "api_slug": attribute.slug,
        "type": attribute.type,
        "is_system_attribute": attribute.system,
        "is_writable": attribute.writable,
        "is_required": attribute.required,
        "is_unique": attribute.unique,
        "is_multiselect": attribute.multi,
        "is_default_value_enabled": attribute.default is not None,
        "is_archived": attribute.archived,
        "default_value": _default_body(attribute.default, attribute, workspace),
        "relationship": _relationship_body(attribute, workspace),
        "created_at": moment(attribute.created_at),
        "config": _config_body(attribute),
    }


def attribute_ids(attribute: Attribute, workspace: Workspace) -> dict[str, str]:
    """Return the compound id of an attribute."""
    return {"workspace_id": workspace.id, "object_id": attribute.object_id, "attribute_id": attribute.id}


def _default_body(default: Default | None, attribute: Attribute, workspace: Workspace) -> dict[str, object] | None:
    if default is None:
        return None
    if default.kind == "dynamic":
        return {"type": "dynamic", "template": default.template}
    return {"type": "static", "template": [_content(data, attribute, workspace) for data in default.values]}


def _relationship_body(attribute: Attribute, workspace: Workspace) -> dict[str, object] | None:
    if attribute.relation is None:
        return None
    object_id, attribute_id = attribute.relation
    other = workspace.attributes[object_id][attribute_id]
    return {
        "id": attribute_ids(other, workspace),
        "object_slug": workspace.objects[object_id].slug,
        "title": other.title,
        "api_slug": other.slug,
        "is_multiselect": other.multi,
    }


def _config_body(attribute: Attribute) -> dict[str, object]:
    allowed = attribute.allowed_object_ids
    return {
        "currency": {"default_currency_code": attribute.currency_code, "display_type": attribute.display_type},
        "record_reference": {"allowed_object_ids": None if allowed is None else list(allowed)},
    }


def _content(data: object, attribute: Attribute, workspace: Workspace) -> dict[str, object]:
    members = VALUE_TYPES[attribute.type].members(data, attribute, workspace)
    members["attribute_type"] = attribute.type
    return members


def value_body(version: Version, attribute: Attribute, workspace: Workspace) -> dict[str, object]:
    """Return a value in its wrapper; `attribute_type` comes last, as on the wire."""
    return {
        "active_from": moment(version.since),
        "active_until": None if version.until is None else moment(version.until),
        "created_by_actor": {"type": version.actor.type, "id": version.actor.id},
        **_content(version.data, attribute, workspace),
    }


def record_body(record: Record, workspace: Workspace) -> dict[str, object]:
    """Return a record with all attributes of its object, the empty ones as empty arrays, the archived ones not."""
    kind = workspace.objects[record.object_id]
    return {
        "id": {"workspace_id": workspace.id, "object_id": kind.id, "record_id": record.id},
        "created_at": moment(record.created_at),
        "web_url": f"https://app.attio.com/{workspace.profile.slug}/{kind.web_path}/{record.id}",
        "values": {
            attribute.slug: [
                value_body(version, attribute, workspace) for version in record.values.get(attribute.id, ())
            ]
            for attribute in workspace.live_attributes(kind.id)
        },
    }


def plain_record(record: Record, workspace: Workspace) -> dict[str, object]:
    """Return a record's present values as a person would note them: bare, or a list where there may be several."""
    live = workspace.live_attributes(record.object_id)
    return {attribute.slug: plain_value(record, attribute, workspace) for attribute in live}


def plain_value(record: Record, attribute: Attribute, workspace: Workspace) -> object:
    """Return the present value of one attribute as a person would note it."""
    kind = VALUE_TYPES[attribute.type]
    values = [kind.plain(data, attribute, workspace) for data in record.data(attribute.id)]
    return values if attribute.multi else (values[0] if values else None)
