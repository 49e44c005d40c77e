"""The signature of calls between the in-Attio app and the host, in both directions. Pure."""

import hashlib
import hmac

VERSION = "v1"

WORKSPACE = "x-attibooks-workspace"
KEY_ID = "x-attibooks-key-id"
TIMESTAMP = "x-attibooks-timestamp"
SIGNATURE = "x-attibooks-signature"
USER = "x-attio-user-id"
IDEMPOTENCY_KEY = "idempotency-key"
ACCOUNTING_TOKEN = "x-accounting-access-token"  # noqa: S105 - a header's name


def sign(
    secret: str | bytes,
    *,
    timestamp: int | str,
    method: str,
    target: str,
    workspace: str = "",
    user: str = "",
    idempotency_key: str = "",
    accounting_token: str = "",
    body: bytes = b"",
) -> str:
    """The signature of one call as lower-case hex: HMAC-SHA256 over nine lines.

    A part that the call does not have is an empty line; of the accounting token and the body only hashes are signed.

    :param secret: the app's secret, or for a call from the host to the app what `callback_key` gives.
    :param timestamp: unix seconds, written as the header has them.
    :param target: path with the query, as the caller sends it.
    """
    lines = (
        VERSION,
        str(timestamp),
        method,
        target,
        workspace,
        user,
        idempotency_key,
        _hash(accounting_token.encode("utf-8", "surrogatepass")) if accounting_token else "",
        _hash(body),
    )
    message = "\n".join(lines).encode("utf-8", "surrogatepass")
    return hmac.new(_bytes(secret), message, hashlib.sha256).hexdigest()


def callback_key(app_secret: str, workspace_id: str) -> bytes:
    """The key that signs calls from the host to the app of one workspace; both sides can derive it."""
    return hmac.digest(_bytes(app_secret), f"callback:{workspace_id}".encode(), "sha256")


def _bytes(secret: str | bytes) -> bytes:
    return secret if isinstance(secret, bytes) else secret.encode()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
