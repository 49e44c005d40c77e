"""Select options and statuses: named by title or id, never made by writing them."""

from __future__ import annotations

from attibooks_sandbox.attio.errors import value_not_found
from attibooks_sandbox.attio.model import Attribute, Choice
from attibooks_sandbox.attio.values.base import ValueType, text_in
from attibooks_sandbox.attio.workspace import Workspace


def choice_ids(attribute: Attribute, workspace: Workspace, choice: Choice, key: str) -> dict[str, str]:
    """Return the compound id of an option or status."""
    return {
        "workspace_id": workspace.id,
        "object_id": attribute.object_id,
        "attribute_id": attribute.id,
        key: choice.id,
    }


def option_body(attribute: Attribute, workspace: Workspace, choice: Choice) -> dict[str, object]:
    """Return a select option as Attio shows it."""
    ids = choice_ids(attribute, workspace, choice, "option_id")
    return {"id": ids, "title": choice.title, "is_archived": choice.archived}


def status_body(attribute: Attribute, workspace: Workspace, choice: Choice) -> dict[str, object]:
    """Return a status as Attio shows it."""
    return {
        "id": choice_ids(attribute, workspace, choice, "status_id"),
        "title": choice.title,
        "is_archived": choice.archived,
        "celebration_enabled": choice.celebration,
        "target_time_in_status": choice.target_time,
    }


def unknown_choice(kind: str, title: str) -> Exception:
    """Return the refusal of a title or id that the attribute does not have."""
    what = "select option" if kind == "select" else "status option"
    return value_not_found(f'Cannot find {kind} attribute with {what} title "{title}".')


class _Choice(ValueType):
    """An option or status, kept by its id."""

    key: str

    def parse(self, raw: object, attribute: Attribute, workspace: Workspace) -> object:
        """Return the id of the option or status that a title or id names exactly."""
        name = text_in(raw, self.key)
        choice = workspace.choice_named(attribute, name)
        if choice is None:
            raise unknown_choice(self.name, name)
        return choice.id

    def plain(self, data: object, attribute: Attribute, workspace: Workspace) -> object:
        """Return the title."""
        return workspace.choices[attribute.id][str(data)].title

    def part(self, data: object, field: str, attribute: Attribute, workspace: Workspace) -> object:  # noqa: ARG002 - one field only
        """Return the title, by which lists are sorted."""
        return self.plain(data, attribute, workspace)

    def comparable(self, raw: object, field: str, attribute: Attribute, workspace: Workspace) -> object:  # noqa: ARG002 - one field only
        """Return the title that an operand names by title or id."""
        choice = workspace.choice_named(attribute, str(raw), archived=True)
        return raw if choice is None else choice.title


class Select(_Choice):
    """One or more options."""

    name = "select"
    key = "option"
    fields = ("option",)
    field = "option"
    can_be_multi = True

    def members(self, data: object, attribute: Attribute, workspace: Workspace) -> dict[str, object]:
        """Return the whole option."""
        return {"option": option_body(attribute, workspace, workspace.choices[attribute.id][str(data)])}


class Status(_Choice):
    """One status."""

    name = "status"
    key = "status"
    fields = ("status",)
    field = "status"

    def members(self, data: object, attribute: Attribute, workspace: Workspace) -> dict[str, object]:
        """Return the whole status."""
        return {"status": status_body(attribute, workspace, workspace.choices[attribute.id][str(data)])}
