"""Values as clients write them, turned into data, each checked against its attribute (reference: Attio API, values)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attibooks_sandbox.attio import errors
from attibooks_sandbox.attio.model import Attribute, ObjectType
from attibooks_sandbox.attio.values import VALUE_TYPES, ValueRefusedError
from attibooks_sandbox.attio.workspace import Workspace

Data = tuple[object, ...]


def parse_values(raw: Mapping[str, object], kind: ObjectType, workspace: Workspace) -> dict[str, Data]:
    """Return the data of `data.values` by attribute id, or refuse the first wrong one."""
    parsed: dict[str, Data] = {}
    for name, value in raw.items():
        attribute = writable_attribute(name, kind, workspace)
        if attribute.id in parsed:
            raise bad_value(attribute, [errors.issue("invalid", [name], "Attribute given twice")])
        parsed[attribute.id] = parse_value_list(value, attribute, workspace)
    return parsed


def writable_attribute(name: str, kind: ObjectType, workspace: Workspace) -> Attribute:
    """Return the attribute that a slug or id names, if it may be written."""
    attribute = workspace.find_attribute(kind.id, name)
    if attribute is None or attribute.archived:
        raise errors.unknown_attribute(name)
    if not attribute.writable:
        raise errors.system_edit(f'Attribute with slug "{attribute.slug}" cannot be edited.')
    return attribute


def parse_value_list(value: object, attribute: Attribute, workspace: Workspace) -> Data:
    """Return the data of one attribute's value, bare or in an array."""
    values = value if isinstance(value, list) else [value]
    try:
        data = tuple(VALUE_TYPES[attribute.type].parse(each, attribute, workspace) for each in values)
    except ValueRefusedError as error:
        raise bad_value(attribute, error.issues) from error
    if len(data) > 1 and not attribute.multi:
        message = f'Attribute with slug "{attribute.slug}" takes a single value.'
        raise errors.AttioError(400, "multiple_values_for_single_value_attribute", message)
    if len(set(data)) != len(data):
        raise errors.AttioError(400, "duplicate_values", f'Attribute with slug "{attribute.slug}" got a value twice.')
    return data


def bad_value(attribute: Attribute, issues: Sequence[errors.Issue]) -> errors.AttioError:
    """Return the refusal of a value that its attribute does not take."""
    return errors.validation(f'An invalid value was passed to attribute with slug "{attribute.slug}".', issues)
