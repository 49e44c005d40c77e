"""Lists: the newest first, by cursors that are ids (reference: Stripe billing, §1.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attibooks_sandbox.stripe.errors import invalid, not_found
from attibooks_sandbox.stripe.parameters import Params
from attibooks_sandbox.stripe.render_common import Shown, listed

DEFAULT, LARGEST = 10, 100


def page_of(params: Params, url: str, kind: str, rows: Iterable[Any], show: Callable[[Any], object]) -> Shown:
    """Return a page of rows that stand in the order of their creation."""
    chosen, more = _cut(params, list(rows)[::-1], kind)
    return listed(url, map(show, chosen), has_more=more)


def limit_of(params: Params) -> int:
    """Return how many are wanted."""
    limit = params.whole("limit")
    if limit is None:
        return DEFAULT
    if limit > LARGEST:
        raise invalid(f"This value must be less than or equal to {LARGEST}.", "limit", "parameter_invalid_integer")
    if limit < 1:
        raise invalid("This value must be greater than or equal to 1.", "limit", "parameter_invalid_integer")
    return limit


def _cut(params: Params, rows: list[Any], kind: str) -> tuple[list[Any], bool]:
    limit = limit_of(params)
    after, before = params.text("starting_after"), params.text("ending_before")
    if after and before:
        raise invalid("You may only specify one of these parameters: starting_after, ending_before.")
    if after:
        rows = rows[_place(rows, kind, after, "starting_after") + 1 :]
    if before:
        rows = rows[: _place(rows, kind, before, "ending_before")]
        return rows[-limit:], len(rows) > limit
    return rows[:limit], len(rows) > limit


def _place(rows: list[Any], kind: str, identifier: str, param: str) -> int:
    found = next((n for n, row in enumerate(rows) if row.id == identifier), None)
    if found is None:
        raise not_found(kind, identifier, param)
    return found


def within(value: int | None, bounds: Any) -> bool:  # noqa: ANN401 - a number or bounds, checked by its description
    """Tell whether an instant is the one asked for, or lies within bounds."""
    if bounds is None:
        return True
    if value is None:
        return False
    if isinstance(bounds, int):
        return value == bounds
    checks = {
        "gt": lambda bound: value > bound,
        "gte": lambda bound: value >= bound,
        "lt": lambda bound: value < bound,
        "lte": lambda bound: value <= bound,
    }
    return all(checks[name](int(bound)) for name, bound in bounds.items())
