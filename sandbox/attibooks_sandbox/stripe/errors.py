"""Refusals as Stripe words them (reference: Stripe billing, §1.4 and §1.5)."""

from __future__ import annotations

import msgspec

_DOCS = "https://stripe.com/docs/error-codes/"


class StripeError(Exception):
    """A refusal; `stored` tells whether it is kept for an idempotency key, as what was carried out is."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        decline_code: str | None = None,
        stored: bool = False,
    ) -> None:
        """Hold what the answer says."""
        super().__init__(message)
        self.status, self.code, self.param, self.kind = status, code, param, kind
        self.decline_code, self.stored = decline_code, stored

    def body(self, request_id: str) -> dict[str, object]:
        """Return the answer's body; members that say nothing are left out, as Stripe does."""
        about: dict[str, str | None] = {
            "code": self.code,
            "decline_code": self.decline_code,
            "doc_url": None if self.code is None else f"{_DOCS}{self.code.replace('_', '-')}",
            "message": str(self),
            "param": self.param,
            "request_log_url": f"https://dashboard.stripe.com/test/logs/{request_id}",
            "type": self.kind,
        }
        return {"error": {name: value for name, value in about.items() if value is not None}}


class Refused(msgspec.Struct, frozen=True):
    """Why a card was refused, as the page tells the customer and the API its caller."""

    message: str
    code: str
    decline_code: str | None = None

    def error(self) -> StripeError:
        """Return the refusal as the API gives it."""
        return StripeError(
            402, self.message, code=self.code, kind="card_error", decline_code=self.decline_code, stored=True
        )


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """Return the refusal of a request."""
    return StripeError(400, message, code=code, param=param)


def missing(param: str) -> StripeError:
    """Return the refusal for a parameter that must be there."""
    return invalid(f"Missing required param: {param}.", param, "parameter_missing")


def not_found(kind: str, identifier: str, param: str = "id") -> StripeError:
    """Return the refusal for an object that there is not: 404 where the path names it, 400 where a parameter does."""
    status = 404 if param == "id" else 400
    return StripeError(status, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def not_emulated(param: str) -> StripeError:
    """Return the sandbox's own refusal of what Stripe would take."""
    return invalid(f"The sandbox does not emulate the parameter {param}.", param)
