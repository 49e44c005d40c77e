"""Tokens and scopes (reference: Attio API, authentication)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime

from attibooks_sandbox.attio import errors
from attibooks_sandbox.attio.model import Token
from attibooks_sandbox.attio.workspace import Workspace

AREAS = (
    "user_management", "record_permission", "object_configuration", "list_entry", "list_configuration",
    "public_collection", "private_collection", "comment", "task", "note", "meeting", "call_recording", "webhook",
    "file",
)  # fmt: skip
FULL_SCOPES = frozenset(f"{area}:read-write" for area in AREAS)
RECORDS_READ = ("record_permission:read", "object_configuration:read")
RECORDS_WRITE = ("record_permission:read-write", "object_configuration:read")
SCHEMA_READ = ("object_configuration:read",)
SCHEMA_WRITE = ("object_configuration:read-write",)
OBJECT_DELETE = ("object_configuration:read-write", "record_permission:read-write")
MEMBERS_READ = ("user_management:read",)
WEBHOOKS_READ = ("webhook:read",)
WEBHOOKS_WRITE = ("webhook:read-write",)


def presented_token(headers: Mapping[str, str]) -> str:
    """Return the token of an Authorization header, bearer or the user name of basic, or the empty string."""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        return _basic_user(rest.strip())
    return ""


def _basic_user(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def usable(token: Token | None, now: datetime) -> bool:
    """Tell whether a token is known, active and not past its end."""
    return token is not None and token.active and (token.expires_at is None or now < token.expires_at)


def require_scopes(token: Token, wanted: tuple[str, ...]) -> None:
    """Refuse a token that lacks a scope; read-write includes read."""
    missing = [scope for scope in wanted if not {scope, f"{scope.partition(':')[0]}:read-write"} & token.scopes]
    if missing:
        raise errors.missing_scopes(missing)


def require_workspace_level(token: Token) -> None:
    """Refuse a token that acts for one member: webhooks belong to the workspace."""
    if token.level != "workspace":
        raise errors.wrong_level()


def self_body(token: Token, workspace: Workspace) -> dict[str, object]:
    """Return what an active token is told about itself; members that do not apply are left out."""
    body: dict[str, object] = {
        "active": True,
        "scope": " ".join(sorted(token.scopes)),
        "client_id": token.client_id,
        "token_type": "Bearer",
        "exp": None if token.expires_at is None else int(token.expires_at.timestamp()),
        "iat": int(token.issued_at.timestamp()),
        "sub": workspace.id,
        "aud": token.client_id,
        "iss": "attio.com",
        "token_level": token.level,
    }
    if token.member_id is not None:
        body["authorized_by_workspace_member_id"] = token.member_id
    profile = workspace.profile
    return body | {
        "workspace_id": profile.id,
        "workspace_name": profile.name,
        "workspace_slug": profile.slug,
        "workspace_logo_url": None,
    }
