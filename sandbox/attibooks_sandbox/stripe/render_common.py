"""What the renderers share."""

from __future__ import annotations

from collections.abc import Iterable

from attibooks_sandbox.stripe.model import Price
from attibooks_sandbox.stripe.state import StripeState

Shown = dict[str, object]


def listed(url: str, data: Iterable[object], *, has_more: bool = False) -> Shown:
    """Return a list object."""
    return {"object": "list", "data": list(data), "has_more": has_more, "url": url}


def price(_: StripeState, row: Price) -> Shown:
    """Return a price."""
    return {
        "id": row.id,
        "object": "price",
        "active": row.active,
        "billing_scheme": "per_unit",
        "created": row.created,
        "currency": row.currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": row.lookup_key,
        "metadata": dict(row.metadata),
        "nickname": row.nickname,
        "product": row.product,
        "recurring": None if row.interval is None else _recurring(row),
        "tax_behavior": row.tax_behavior,
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time" if row.interval is None else "recurring",
        "unit_amount": row.unit_amount,
        "unit_amount_decimal": str(row.unit_amount),
    }


def _recurring(row: Price) -> Shown:
    return {
        "interval": row.interval,
        "interval_count": row.interval_count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def plan(row: Price) -> Shown:
    """Return a price in the shape of before there were prices, which items still carry."""
    return {
        "id": row.id,
        "object": "plan",
        "active": row.active,
        "amount": row.unit_amount,
        "amount_decimal": str(row.unit_amount),
        "billing_scheme": "per_unit",
        "created": row.created,
        "currency": row.currency,
        "interval": row.interval,
        "interval_count": row.interval_count,
        "livemode": False,
        "metadata": dict(row.metadata),
        "meter": None,
        "nickname": row.nickname,
        "product": row.product,
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
