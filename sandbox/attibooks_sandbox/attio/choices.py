"""Endpoints of select options and statuses (reference: Attio API, objects and attributes).

They are added and archived, never deleted or moved; a title stays taken when its option is archived.
"""

from __future__ import annotations

import msgspec

from attibooks_sandbox.attio import errors
from attibooks_sandbox.attio.attributes import attribute_in_path
from attibooks_sandbox.attio.call import Call
from attibooks_sandbox.attio.model import Attribute, Choice
from attibooks_sandbox.attio.shapes import FLAG, TEXT, Members, Nullable, Shape, Text, data_of, is_duration, query_flag
from attibooks_sandbox.attio.values.choices import option_body, status_body, unknown_choice

_TITLE = Text(least=1)
_OPTION: dict[str, Shape] = {"is_archived": FLAG}
_STATUS: dict[str, Shape] = {"celebration_enabled": FLAG, "target_time_in_status": Nullable(TEXT)}


def _attribute(call: Call, identifier: str, name: str, kind: str) -> Attribute:
    attribute = attribute_in_path(call.workspace, call.workspace.object_named(identifier), name)
    if attribute.type != kind:
        raise errors.validation(f"This attribute is not a {kind} attribute.")
    return attribute


def _body(call: Call, attribute: Attribute, choice: Choice) -> dict[str, object]:
    render = option_body if attribute.type == "select" else status_body
    return render(attribute, call.workspace, choice)


def list_choices(call: Call, identifier: str, attribute: str, kind: str) -> object:
    """Answer GET .../options and .../statuses, in the order of their creation."""
    show_archived = query_flag(call.request.query, "show_archived")
    held = _attribute(call, identifier, attribute, kind)
    choices = call.workspace.choices[held.id].values()
    return {"data": [_body(call, held, each) for each in choices if show_archived or not each.archived]}


def create_choice(call: Call, identifier: str, attribute: str, kind: str) -> object:
    """Answer POST .../options and .../statuses."""
    optional = {} if kind == "select" else _STATUS
    data = data_of(call.body(), Members(required={"title": _TITLE}, optional=optional))
    held = _attribute(call, identifier, attribute, kind)
    choice = _changed(Choice(id=call.ids.uuid(), title=""), data, kind)
    _check_title(call, held, choice)
    call.workspace.add_choice(held.id, choice)
    return {"data": _body(call, held, choice)}


def update_choice(call: Call, identifier: str, attribute: str, choice: str, kind: str) -> object:
    """Answer PATCH .../options/{option} and .../statuses/{status}; the last part is an id or a title."""
    optional = {"title": _TITLE, **_OPTION, **({} if kind == "select" else _STATUS)}
    data = data_of(call.body(), Members(optional=optional))
    held = _attribute(call, identifier, attribute, kind)
    found = call.workspace.choice_named(held, choice, archived=True)
    if found is None:
        raise unknown_choice(kind, choice)
    changed = _changed(found, data, kind)
    _check_title(call, held, changed)
    call.workspace.add_choice(held.id, changed)
    return {"data": _body(call, held, changed)}


def _changed(choice: Choice, data: dict[str, object], kind: str) -> Choice:
    target = data.get("target_time_in_status", choice.target_time) if kind == "status" else None
    if target is not None and not is_duration(str(target)):
        found = errors.issue("invalid_string", ("data", "target_time_in_status"), "Invalid", string_validation="regex")
        raise errors.validation("Body payload validation error.", [found])
    return msgspec.structs.replace(
        choice,
        title=str(data.get("title", choice.title)),
        archived=data.get("is_archived", choice.archived) is True,
        celebration=kind == "status" and data.get("celebration_enabled", choice.celebration) is True,
        target_time=None if target is None else str(target),
    )


def _check_title(call: Call, attribute: Attribute, choice: Choice) -> None:
    held = call.workspace.choices[attribute.id].values()
    if any(each.title == choice.title and each.id != choice.id for each in held):
        what = "select option" if attribute.type == "select" else "status"
        raise errors.slug_conflict(f'There is already another {what} with the title "{choice.title}".')
