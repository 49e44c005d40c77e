"""Idempotency keys: the same answer for the same call, for a day (reference: Stripe billing, §1.5)."""

from __future__ import annotations

import hashlib

from attibooks_sandbox.kernel.messages import Request
from attibooks_sandbox.stripe.errors import StripeError, invalid
from attibooks_sandbox.stripe.model import Promise
from attibooks_sandbox.stripe.state import DAY, StripeState

LONGEST_KEY = 255
HEADER = "idempotency-key"


class Promises:
    """The answers that were promised to keys, and the keys of calls under way."""

    def __init__(self, state: StripeState) -> None:
        """Keep the promises of a state."""
        self._state = state
        self._under_way: set[str] = set()

    def enter(self, request: Request) -> StripeError | None:
        """Note a call under way, or return the refusal of one whose key another call is using."""
        key = _key(request)
        if not key:
            return None
        if key in self._under_way:
            message = (
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                f"submitted twice, and the other request is still going through): {key}. Please try again later."
            )
            return StripeError(409, message, code="idempotency_key_in_use", kind="idempotency_error")
        self._under_way.add(key)
        return None

    def leave(self, request: Request) -> None:
        """Forget a call that was under way."""
        self._under_way.discard(_key(request))

    def kept(self, request: Request, now: int) -> Promise | None:
        """Return the answer of an earlier call with the key; refuse another call with it."""
        key = _key(request)
        if len(key) > LONGEST_KEY:
            message = f"Idempotency keys can be at most {LONGEST_KEY} characters long."
            raise invalid(message)
        self._forget(now)
        promise = self._state.promises.get(key)
        if promise is None:
            return None
        if promise.path != request.path:
            message = (
                "Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{promise.path}' vs '{request.path}'). Try using a key other than '{key}' if you meant to execute a "
                "different request."
            )
            raise StripeError(400, message, kind="idempotency_error")
        if promise.digest != _digest(request):
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
                f"using a key other than '{key}' if you meant to execute a different request."
            )
            raise StripeError(400, message, kind="idempotency_error")
        return promise

    def keep(self, request: Request, status: int, body: bytes, identifier: str, now: int) -> None:
        """Promise an answer to the key of a call."""
        key = _key(request)
        if key:
            self._state.promises[key] = Promise(now, request.path, _digest(request), status, body, identifier)

    def _forget(self, now: int) -> None:
        promises = self._state.promises
        while promises and next(iter(promises.values())).at <= now - DAY:
            del promises[next(iter(promises))]


def _key(request: Request) -> str:
    return request.header(HEADER) if request.method == "POST" else ""


def _digest(request: Request) -> str:
    return hashlib.sha256(b"%b?%b" % (request.body, request.query_string.encode())).hexdigest()
