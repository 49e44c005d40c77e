"""Cancellation at a later time: asked for by the API, in the portal, and taken back (reference: §2.8)."""

from __future__ import annotations

from attibooks_sandbox.stripe.billing import UPDATED
from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.model import Cancellation, Subscription


def cancel_later(desk: Desk, subscription: Subscription, at: int, why: Cancellation, *, flag: bool) -> Subscription:
    """Plan the end; `flag` tells whether `cancel_at_period_end` is set too, as the portal does in classic mode only."""
    return desk.change(
        subscription,
        UPDATED,
        cancel_at=at,
        cancel_at_period_end=flag,
        canceled_at=desk.now,
        cancellation=why,
    )


def stay(desk: Desk, subscription: Subscription) -> Subscription:
    """Take a planned end back."""
    return desk.change(
        subscription,
        UPDATED,
        cancel_at=None,
        cancel_at_period_end=False,
        canceled_at=None,
        cancellation=Cancellation(),
    )
