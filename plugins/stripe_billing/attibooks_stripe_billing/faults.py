"""What Stripe's errors are to us."""

import logging
from typing import TYPE_CHECKING

from attibooks_core.errors import AttiBooksError, Down, NotFound, RateLimited, Unavailable

if TYPE_CHECKING:
    import stripe

NOT_SET_UP = "Ask the operator of this host to look after its Stripe account."
MISSING = "stripe_object_missing"

log = logging.getLogger(__name__)


def error_of(error: "stripe.StripeError") -> AttiBooksError:
    """Our error for one of theirs; what only an operator can mend is logged, and a user is told that it is theirs."""
    import stripe  # noqa: PLC0415 - loaded already: it raised

    reference = getattr(error, "request_id", None)
    if isinstance(error, stripe.RateLimitError):
        return RateLimited("Stripe is busy. Try again in a minute.", reference=reference)
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        log.error("Stripe refuses the key of this host (%s): %s", reference, error.code or type(error).__name__)
        return Unavailable(f"Stripe refuses this host's key. {NOT_SET_UP}", reference=reference)
    if isinstance(error, stripe.InvalidRequestError) and error.code == "resource_missing":
        return NotFound("Stripe has no such thing.", code=MISSING, reference=reference)
    if isinstance(error, stripe.InvalidRequestError | stripe.IdempotencyError):
        log.error("Stripe refuses a call (%s): %s %s", reference, error.code, getattr(error, "param", None))
        return Unavailable(f"Stripe did not accept that. {NOT_SET_UP}", reference=reference)
    return Down("Stripe does not answer. Try again in a minute.", reference=reference)
