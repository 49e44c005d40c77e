"""`expand[]`: objects in the place of their ids (reference: Stripe billing, §2)."""

from __future__ import annotations

from typing import Any

from attibooks_sandbox.stripe.errors import StripeError, invalid
from attibooks_sandbox.stripe.render import listed, render
from attibooks_sandbox.stripe.render_checkout import session_lines
from attibooks_sandbox.stripe.state import StripeState

DEEPEST = 4
_REFERENCES = {
    "configuration": "configurations",
    "customer": "customers",
    "default_payment_method": "payment_methods",
    "default_price": "prices",
    "invoice": "invoices",
    "latest_invoice": "invoices",
    "payment_method": "payment_methods",
    "price": "prices",
    "product": "products",
    "subscription": "subscriptions",
    "test_clock": "clocks",
}
_ALWAYS_NULL = frozenset(
    {"pending_setup_intent", "schedule", "payment_intent", "setup_intent", "default_source", "on_behalf_of"}
)
Shown = dict[str, Any]


def expand(state: StripeState, shown: Shown, paths: tuple[str, ...]) -> Shown:
    """Return an answer with objects put in where they were asked for."""
    for path in paths:
        steps = path.split(".")
        if len(steps) - (steps[0] == "data") > DEEPEST:
            message = f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}"
            raise invalid(message)
        shown = _expanded(state, shown, steps, path)
    return shown


def _expanded(state: StripeState, place: Any, steps: list[str], path: str) -> Any:  # noqa: ANN401 - any JSON value
    if not steps or place is None:
        return place
    if isinstance(place, list):
        return [_expanded(state, each, steps, path) for each in place]
    if not isinstance(place, dict):
        raise _refused(path)
    name, rest = steps[0], steps[1:]
    if place.get("deleted"):
        return place
    if name not in place:
        return {**place, name: _expanded(state, _added(state, place, name, path), rest, path)}
    value = place[name]
    if isinstance(value, str):
        value = _object(state, name, value, path)
    elif (value is None or not rest) and not _expandable(name, value):
        raise _refused(path)
    return {**place, name: _expanded(state, value, rest, path)}


def _expandable(name: str, value: object) -> bool:
    if value is None:
        return name in _REFERENCES or name in _ALWAYS_NULL
    return isinstance(value, dict) and "id" in value


def _object(state: StripeState, name: str, identifier: str, path: str) -> Shown:
    table = _REFERENCES.get(name)
    row = None if table is None else getattr(state, table).get(identifier)
    if row is None:
        raise _refused(path)
    return render(state, row)


def _added(state: StripeState, place: Shown, name: str, path: str) -> Shown:
    """Return a list that is shown only when it is asked for."""
    kind, owner = place.get("object"), str(place.get("id"))
    if (kind, name) == ("checkout.session", "line_items"):
        return listed(f"/v1/checkout/sessions/{owner}/line_items", session_lines(state, state.sessions[owner]))
    if (kind, name) == ("customer", "subscriptions"):
        rows = [each for each in state.subscriptions_of(owner) if not each.over]
        return listed(f"/v1/customers/{owner}/subscriptions", (render(state, row) for row in reversed(rows)))
    if (kind, name) == ("customer", "tax_ids"):
        numbers = [each for each in state.tax_ids.values() if each.customer == owner]
        return listed(f"/v1/customers/{owner}/tax_ids", (render(state, row) for row in reversed(numbers)))
    raise _refused(path)


def _refused(path: str) -> StripeError:
    return invalid(f"This property cannot be expanded ({path}).")
