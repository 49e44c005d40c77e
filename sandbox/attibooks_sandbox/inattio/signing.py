"""How the app signs its calls, and checks those that come back from the host (contract of the host, section 3)."""

from __future__ import annotations

import hashlib
import hmac

import msgspec


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls, with what Attio and the app's developer gave to the app.

    `workspace` and `accounting_token` are empty while the app has no connection.
    """

    key_id: str
    secret: str
    attio_token: str
    workspace: str = ""
    user: str = ""
    accounting_token: str = ""


def signature(
    secret: bytes,
    timestamp: str,
    method: str,
    target: str,
    body: bytes,
    *,
    workspace: str = "",
    user: str = "",
    key: str = "",
    accounting_token: str = "",
) -> str:
    """Return the signature of a call; what is absent is an empty line of the message."""
    token_line = _digest(accounting_token.encode()) if accounting_token else ""
    lines = ["v1", timestamp, method, target, workspace, user, key, token_line, _digest(body)]
    return hmac.new(secret, "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def signed_headers(who: Identity, method: str, target: str, body: bytes, *, key: str, at: int) -> dict[str, str]:
    """Return every header of a call of the app; `key` is empty for a read."""
    signed = signature(
        who.secret.encode(),
        str(at),
        method,
        target,
        body,
        workspace=who.workspace,
        user=who.user,
        key=key,
        accounting_token=who.accounting_token,
    )
    headers = {
        "authorization": f"Bearer {who.attio_token}",
        "x-attibooks-workspace": who.workspace,
        "x-attibooks-key-id": who.key_id,
        "x-attibooks-timestamp": str(at),
        "x-attibooks-signature": signed,
        "x-attio-user-id": who.user,
        "x-accounting-access-token": who.accounting_token,
        "idempotency-key": key,
        "content-type": "application/json" if body else "",
    }
    return {name: value for name, value in headers.items() if value}


def callback_key(secret: str, workspace: str) -> bytes:
    """Return the key with which the host signs its calls to the app of a workspace."""
    return hmac.new(secret.encode(), f"callback:{workspace}".encode(), hashlib.sha256).digest()
