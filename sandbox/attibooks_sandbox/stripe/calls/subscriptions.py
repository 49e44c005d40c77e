"""Subscriptions over the API (reference: Stripe billing, §2.6 to §2.9)."""

from __future__ import annotations

from typing import Any

import msgspec

from attibooks_sandbox.stripe.billing import UPDATED, Biller
from attibooks_sandbox.stripe.call import Call
from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.errors import invalid, not_emulated, not_found
from attibooks_sandbox.stripe.model import Cancellation, Collection, Subscription
from attibooks_sandbox.stripe.paging import page_of, within
from attibooks_sandbox.stripe.parameters import Params
from attibooks_sandbox.stripe.render_common import Shown
from attibooks_sandbox.stripe.search import LAG, found_page, read_query
from attibooks_sandbox.stripe.starting import Wanted, check_status, start, wanted_items
from attibooks_sandbox.stripe.state import DAY
from attibooks_sandbox.stripe.versions import CLOVER

CREATED = (
    "automatic_tax billing_mode cancel_at cancel_at_period_end collection_method currency customer "
    "default_payment_method description expand items metadata off_session payment_behavior trial_end trial_period_days "
    "trial_settings"
)
CHANGED = (
    "automatic_tax cancel_at cancel_at_period_end cancellation_details collection_method default_payment_method "
    "description expand metadata off_session pause_collection payment_behavior proration_behavior trial_end "
    "trial_settings"
)
LISTED = (
    "collection_method created current_period_end current_period_start customer ending_before expand limit price "
    "starting_after status test_clock"
)
_FIELDS = frozenset({"status", "metadata", "created", "canceled_at"})
_BEHAVIORS = frozenset({"allow_incomplete", "default_incomplete", "error_if_incomplete"})


def create(call: Call) -> Shown:
    """Begin a subscription and take the money of its first invoice."""
    params = call.params
    customer = call.customer(params.needed("customer"), "customer")
    desk = call.desk.by_clock_of(customer.test_clock)
    _check_collection(params)
    _check_end(params.plain("cancel_at"), desk.now)
    behavior = params.text("payment_behavior") or "allow_incomplete"
    if behavior not in _BEHAVIORS:
        raise not_emulated("payment_behavior")
    wanted = Wanted(
        items=wanted_items(call.state, params.parts("items"), "items"),
        flexible=_flexible(call),
        automatic_tax=params.part("automatic_tax").flag("enabled"),
        default_payment_method=_method(call, params, customer.id),
        description=params.text("description"),
        metadata=params.metadata(),
        trial_end=_trial_end(params, desk.now),
        trial_without_card=_without_card(params) or "create_invoice",
    )
    row = start(desk, customer, wanted, behavior)
    plan = _planned_end(call, row)
    return call.show(desk.change(row, UPDATED, **plan) if plan else row)


def _check_collection(params: Params) -> None:
    if params.text("collection_method") == "send_invoice":
        raise not_emulated("collection_method")


def _flexible(call: Call) -> bool:
    """Return whether the billing mode is the flexible one, the default since clover."""
    mode = call.params.part("billing_mode").text("type")
    return mode == "flexible" if mode is not None else call.version >= CLOVER


def _method(call: Call, params: Params, customer_id: str) -> str | None:
    wanted = params.text("default_payment_method")
    if wanted is None:
        return None
    if call.payment_method(wanted, "default_payment_method").customer != customer_id:
        message = (
            f"The customer does not have a payment method with the ID {wanted}. The payment method must be attached to "
            "the customer."
        )
        raise invalid(message, "default_payment_method", "resource_missing")
    return wanted


def _trial_end(params: Params, now: int) -> int | None:
    days, end = params.whole("trial_period_days"), params.plain("trial_end")
    if days is not None and end is not None:
        raise invalid("You may only specify one of these parameters: trial_end, trial_period_days.", "trial_end")
    if days is not None:
        if days < 1:
            raise invalid("Invalid trial_period_days: must be at least 1", "trial_period_days")
        return now + days * DAY
    if end == "now" or end is None:
        return None
    if int(end) <= now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "trial_end")
    return int(end)


def _without_card(params: Params) -> str | None:
    return params.part("trial_settings").part("end_behavior").text("missing_payment_method")


# reading


def retrieve(call: Call, identifier: str) -> Shown:
    """Return a subscription, also one that has ended."""
    return call.show(call.subscription(identifier))


def list_all(call: Call) -> Shown:
    """List subscriptions: without a status all that have not ended."""
    params = call.params
    customer = params.text("customer")
    held = call.state.subscriptions.values() if customer is None else call.state.subscriptions_of(customer)
    rows = [row for row in held if _listed(params, row)]
    return page_of(params, "/v1/subscriptions", "subscription", rows, call.show)


def _listed(params: Params, row: Subscription) -> bool:
    status, price = params.text("status"), params.text("price")
    fits = {None: row.status != "canceled", "all": True, "ended": row.over}.get(status, row.status == status)
    return (
        fits
        and _by_clock(params, row)
        and params.text("collection_method") in {None, "charge_automatically"}
        and (price is None or any(item.price == price for item in row.items))
        and within(row.created, params.plain("created"))
        and within(row.start, params.plain("current_period_start"))
        and within(row.end, params.plain("current_period_end"))
    )


def _by_clock(params: Params, row: Subscription) -> bool:
    """Tell whether a row is of the clock asked for; without one only a customer's list shows those with clocks."""
    clock = params.text("test_clock")
    return row.test_clock == clock or (clock is None and params.text("customer") is not None)


def search(call: Call) -> Shown:
    """Find subscriptions by a query; those of the last minute are not in the index yet."""
    fits = read_query(call.params.needed("query"), _FIELDS)
    indexed = [row for row in call.state.subscriptions.values() if row.created <= call.desk.now - LAG]
    shown = [call.show(row) for row in reversed(indexed)]
    return found_page(call.params, "/v1/subscriptions/search", [row for row in shown if fits(row)])


# changing


def update(call: Call, identifier: str) -> Shown:
    """Change a subscription: its end, its collection, its payment method, its trial, what it says."""
    row, params = call.subscription(identifier), call.params
    if row.over and set(params) - {"metadata", "cancellation_details", "expand"}:
        message = "A canceled subscription can only update its cancellation_details and metadata."
        raise invalid(message)
    _check_collection(params)
    desk = call.desk.by_clock_of(row.test_clock)
    changes: dict[str, Any] = {**_plain_changes(call, row), **_planned_end(call, row)}
    changed = desk.change(row, UPDATED, **changes)
    if params.plain("trial_end") is not None:
        changed = _move_trial(desk, changed, params)
    return call.show(changed)


def _plain_changes(call: Call, row: Subscription) -> dict[str, Any]:
    params = call.params
    changes: dict[str, Any] = {}
    if "metadata" in params:
        changes["metadata"] = params.metadata(row.metadata)
    if "description" in params:
        changes["description"] = params.text("description")
    if "default_payment_method" in params:
        changes["default_payment_method"] = _method(call, params, row.customer)
    if "automatic_tax" in params:
        changes["automatic_tax"] = params.part("automatic_tax").flag("enabled")
    if "pause_collection" in params:
        changes["collection"] = _collection(params)
    if "cancellation_details" in params:
        changes["cancellation"] = details(params, row.cancellation)
    if _without_card(params) is not None:
        changes["trial_without_card"] = _without_card(params)
    return changes


def _collection(params: Params) -> Collection | None:
    part = params.part("pause_collection")
    if params.plain("pause_collection") is None:
        return None
    return Collection(part.needed("behavior"), part.whole("resumes_at"))


def details(params: Params, held: Cancellation) -> Cancellation:
    """Return why a subscription ends, with what a call says about it."""
    part = params.part("cancellation_details")
    part.only("comment feedback")
    changes = {name: part.text(name) for name in ("comment", "feedback") if name in part}
    return msgspec.structs.replace(held, **changes)


def _planned_end(call: Call, row: Subscription) -> dict[str, Any]:
    """Return the changes that plan an end or take it back; at the period's end the API sets flag and date."""
    params = call.params
    if "cancel_at" in params and params.flag("cancel_at_period_end"):
        raise invalid("You may only specify one of these parameters: cancel_at, cancel_at_period_end.", "cancel_at")
    at = _end_asked(params, row)
    if at is None:
        planned = "cancel_at" in params or (row.cancel_at_period_end and "cancel_at_period_end" in params)
        return _TAKEN_BACK if planned else {}
    now = call.desk.by_clock_of(row.test_clock).now
    _check_end(at, now)
    why = details(params, Cancellation("cancellation_requested"))
    return {
        "cancel_at": at,
        "cancel_at_period_end": params.flag("cancel_at_period_end"),
        "canceled_at": now,
        "cancellation": why,
    }


def _check_end(at: object, now: int) -> None:
    if isinstance(at, int) and at <= now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "cancel_at")


_TAKEN_BACK: dict[str, Any] = {
    "cancel_at": None,
    "cancel_at_period_end": False,
    "canceled_at": None,
    "cancellation": Cancellation(),
}


def _end_asked(params: Params, row: Subscription) -> int | None:
    if params.flag("cancel_at_period_end"):
        return row.end
    at = params.plain("cancel_at")
    if at in {"min_period_end", "max_period_end"}:
        return row.end
    if at == "max_billed_until":
        raise not_emulated("cancel_at")
    return None if at is None else int(at)


def _move_trial(desk: Desk, row: Subscription, params: Params) -> Subscription:
    """End a trial now, or at another time."""
    if row.status != "trialing":
        raise not_emulated("trial_end")
    end = _trial_end(params, desk.now) or desk.now
    items = tuple(msgspec.structs.replace(item, end=end) for item in row.items)
    moved = desk.change(row, UPDATED, trial_end=end, anchor=end, items=items)
    if end == desk.now:
        Biller(desk).end_trial(moved)
    return desk.state.subscriptions[row.id]


# ending and pausing


def cancel(call: Call, identifier: str) -> Shown:
    """End a subscription at once; a second time there is nothing to end."""
    row = call.subscription(identifier)
    if row.over:
        raise not_found("subscription", identifier)
    why = details(call.params, Cancellation("cancellation_requested"))
    return call.show(Biller(call.desk.by_clock_of(row.test_clock)).end(row, why))


def pause(call: Call, identifier: str) -> Shown:
    """Pause a subscription, which the flexible billing mode alone can."""
    row = call.subscription(identifier)
    if not row.flexible:
        message = "Subscriptions can be paused only with `billing_mode[type]=flexible`."
        raise invalid(message)
    check_status(row, {"active", "trialing", "past_due"}, "paused")
    return call.show(Biller(call.desk.by_clock_of(row.test_clock)).pause(row))


def resume(call: Call, identifier: str) -> Shown:
    """Go on with a paused subscription."""
    row = call.subscription(identifier)
    check_status(row, {"paused"}, "resumed")
    return call.show(Biller(call.desk.by_clock_of(row.test_clock)).resume(row))
