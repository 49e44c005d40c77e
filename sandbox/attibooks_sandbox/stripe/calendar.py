"""Periods of subscriptions: counted from an anchor, so that the 31st comes back after February."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime

from attibooks_sandbox.stripe.model import Price
from attibooks_sandbox.stripe.state import DAY

_FIXED = {"day": DAY, "week": 7 * DAY}
_MONTHS = {"month": 1, "year": 12}


def period_end(price: Price, anchor: int, after: int) -> int:
    """Return the first end of a period later than an instant."""
    assert price.interval is not None
    if price.interval in _FIXED:
        step = _FIXED[price.interval] * price.interval_count
        return anchor + ((after - anchor) // step + 1) * step
    step = _MONTHS[price.interval] * price.interval_count
    start, moment = datetime.fromtimestamp(anchor, UTC), datetime.fromtimestamp(after, UTC)
    passed = (moment.year - start.year) * 12 + moment.month - start.month
    count = max(passed // step, 0)
    while (end := _months_later(start, count * step)) <= after:
        count += 1
    return end


def _months_later(start: datetime, months: int) -> int:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())
