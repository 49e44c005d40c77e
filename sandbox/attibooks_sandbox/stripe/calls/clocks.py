"""Test clocks: time of their own for the customers who are made with one."""

from __future__ import annotations

from attibooks_sandbox.stripe.call import Call
from attibooks_sandbox.stripe.errors import invalid, not_found
from attibooks_sandbox.stripe.model import TestClock
from attibooks_sandbox.stripe.paging import page_of
from attibooks_sandbox.stripe.render_common import Shown
from attibooks_sandbox.stripe.timekeeper import Timekeeper

CREATED = "expand frozen_time name"
KIND = "test clock"


def _clock(call: Call, identifier: str) -> TestClock:
    found = call.state.clocks.get(identifier)
    if found is None:
        raise not_found(KIND, identifier)
    return found


def create(call: Call) -> Shown:
    """Add a clock that stands at an instant."""
    params, desk = call.params, call.desk
    frozen = params.whole("frozen_time")
    assert frozen is not None
    row = TestClock(id=desk.new_id("clock"), created=desk.now, frozen_time=frozen, name=params.text("name"))
    return call.show(desk.put(row, "test_helpers.test_clock.created"))


def retrieve(call: Call, identifier: str) -> Shown:
    """Return a clock."""
    return call.show(_clock(call, identifier))


def list_all(call: Call) -> Shown:
    """List clocks."""
    return page_of(call.params, "/v1/test_helpers/test_clocks", KIND, call.state.clocks.values(), call.show)


def advance(call: Call, identifier: str) -> Shown:
    """Move a clock on; all that falls due until then is done before the answer, which still says `advancing`."""
    row, target = _clock(call, identifier), call.params.whole("frozen_time")
    assert target is not None
    if target <= row.frozen_time:
        message = "The new frozen time must be in the future of the clock's present one."
        raise invalid(message, "frozen_time")
    moved = call.desk.change(row, frozen_time=target)
    advancing = call.show(row) | {
        "status": "advancing",
        "status_details": {"advancing": {"target_frozen_time": target}},
    }
    call.desk.tell("test_helpers.test_clock.advancing", advancing)
    Timekeeper(call.state).catch_up(target, row.id)
    call.desk.announce(moved, "test_helpers.test_clock.ready")
    return advancing


def delete(call: Call, identifier: str) -> Shown:
    """Delete a clock with its customers and their subscriptions; nothing is told of these."""
    row, state = _clock(call, identifier), call.state
    for customer in [each for each in state.customers.values() if each.test_clock == row.id]:
        call.desk.change(customer, deleted=True)
    for table in (state.subscriptions, state.invoices):
        for held in [each for each in table.values() if each.test_clock == row.id]:
            del table[held.id]
    state.rebuild()
    call.desk.announce(row, "test_helpers.test_clock.deleted")
    del state.clocks[row.id]
    return {"id": row.id, "object": "test_helpers.test_clock", "deleted": True}
