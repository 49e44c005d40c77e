"""Secret keys: who calls, and what a restricted key may do (reference: Stripe billing, §1.10 and §6)."""

from __future__ import annotations

from base64 import b64decode

from attibooks_sandbox.kernel.messages import Request
from attibooks_sandbox.stripe.errors import StripeError
from attibooks_sandbox.stripe.model import Key
from attibooks_sandbox.stripe.state import StripeState


def presented_key(request: Request) -> str:
    """Return the key of a call: a bearer token, or the user of Basic authentication."""
    scheme, _, given = request.header("authorization").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(given, validate=True).decode("utf-8").partition(":")[0]
    except ValueError:
        return ""


def key_of(state: StripeState, request: Request, now: int) -> Key:
    """Return the key of a call, if it is a living one of this account."""
    given = presented_key(request)
    if not given:
        message = (
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/."
        )
        raise StripeError(401, message)
    if given.startswith("pk_"):
        message = (
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list "
            "of your API keys at https://dashboard.stripe.com/account/apikeys."
        )
        raise StripeError(401, message, code="secret_key_required")
    key = state.keys.get(given)
    if key is None:
        message = f"Invalid API Key provided: {masked(given)}"
        raise StripeError(401, message)
    if not key.active or (key.expires_at is not None and key.expires_at <= now):
        message = f"Expired API Key provided: {masked(given)}"
        raise StripeError(401, message, code="api_key_expired")
    return key


def check_permission(key: Key, resource: str, *, write: bool) -> None:
    """Refuse what a restricted key may not do; writing includes reading."""
    if key.scopes is None:
        return
    wanted = {f"{resource}:write"} if write else {f"{resource}:read", f"{resource}:write"}
    if not wanted & key.scopes:
        message = (
            f"The provided key '{masked(key.value)}' does not have the required permissions for this endpoint. Having "
            f"the '{resource}:{'write' if write else 'read'}' permission would allow this request to continue."
        )
        raise StripeError(403, message)


def masked(key: str) -> str:
    """Return a key of which only the kind and the end can be read."""
    head, end = key[:8], key[-4:]
    return f"{head}{'*' * max(len(key) - 12, 0)}{end}" if len(key) > 12 else "*" * len(key)
