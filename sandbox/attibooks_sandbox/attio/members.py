"""Endpoints of workspace members (reference: Attio API, lists and members)."""

from __future__ import annotations

from attibooks_sandbox.attio import errors
from attibooks_sandbox.attio.call import Call
from attibooks_sandbox.attio.model import Member
from attibooks_sandbox.attio.render import moment
from attibooks_sandbox.attio.shapes import path_uuid


def _body(call: Call, member: Member) -> dict[str, object]:
    return {
        "id": {"workspace_id": call.workspace.id, "workspace_member_id": member.id},
        "first_name": member.first_name,
        "last_name": member.last_name,
        "avatar_url": None,
        "email_address": member.email,
        "created_at": moment(member.created_at),
        "access_level": member.access_level,
    }


def list_members(call: Call) -> object:
    """Answer GET /v2/workspace_members."""
    return {"data": [_body(call, member) for member in call.workspace.members.values()]}


def get_member(call: Call, member_id: str) -> object:
    """Answer GET /v2/workspace_members/{workspace_member_id}."""
    member = call.workspace.members.get(path_uuid("workspace_member_id", member_id))
    if member is None:
        raise errors.AttioError(404, "not_found", f'Workspace member with ID "{member_id}" not found.')
    return {"data": _body(call, member)}
