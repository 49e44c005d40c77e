"""What no delivery told is found out: hourly by events, daily by a walk (rows 151 and 153)."""

import pytest

from attibooks_core.errors import Unavailable
from attibooks_core.testing import Answer


async def test_the_first_time_everything_is_looked_at(till):
    await till.known()
    till.stripe.subscriptions = [till.thing("05")]
    await till.provider.catch_up()
    assert await till.plan() == "pro"
    assert till.documents["watermark"]["at"].startswith("2026-11-23T09:00")


async def test_a_month_without_the_host_is_walked_and_a_day_is_asked_by_events(till):
    await till.known()
    await till.provider.catch_up()
    till.host.clock.move(30 * 86_400)
    till.stripe.subscriptions = [till.thing("09")]
    await till.provider.catch_up()
    assert till.stripe.server.calls("GET", "/v1/events") == []
    assert await till.plan() == "pro"
    till.host.clock.move(86_400)
    await till.provider.catch_up()
    (asked,) = till.stripe.server.calls("GET", "/v1/events")
    assert len([name for name in asked.query if name.startswith("types")]) == 20
    assert int(asked.query["created[gte]"]) == int(till.host.clock.now().timestamp()) - 86_400 - 7200


async def test_the_mark_moves_only_after_a_whole_run(till):
    await till.known()
    await till.provider.catch_up()
    mark = till.documents["watermark"]
    till.host.clock.move(3600)
    till.stripe.down()
    with pytest.raises(Unavailable):
        await till.provider.catch_up()
    assert till.documents["watermark"] == mark


async def test_an_event_that_was_delivered_is_not_worked_on_again(till):
    await till.known()
    await till.provider.catch_up()
    till.stripe.subscriptions = [till.thing("05")]
    await till.deliver(till.events["05"])
    await till.provider.work()
    till.stripe.events = [{**till.events["05"], "created": int(till.host.clock.now().timestamp())}]
    asked = len(till.stripe.server.calls("GET", "/v1/subscriptions"))
    till.host.clock.move(3600)
    await till.provider.catch_up()
    assert len(till.stripe.server.calls("GET", "/v1/subscriptions")) == asked


async def test_a_plan_whose_time_is_up_is_asked_for_within_the_hour(till):
    """Cancelled for the period's end, and the delivery of the end was lost."""
    await till.known()
    till.stripe.subscriptions = [till.thing("06")]
    await till.provider.catch_up()
    assert await till.plan() == "pro"
    till.stripe.subscriptions = [till.thing("13")]
    till.at(1798012800 + 60)
    await till.host.documents("stripe").put("watermark", {"at": till.host.clock.now().isoformat()}, version=1)
    await till.provider.catch_up()
    assert await till.plan() == "free"


async def test_a_walk_counts_what_was_not_right_and_the_next_one_finds_nothing(till):
    for n in range(5):
        await till.known(f"ws-{n}", f"cus_{n}")
    till.stripe.subscriptions = [{**till.thing("05"), "id": f"sub_{n}", "customer": f"cus_{n}"} for n in range(4)]
    assert await till.provider.walk() == 4
    assert [await till.plan(f"ws-{n}") for n in range(5)] == ["pro"] * 4 + ["free"]
    asked = len(till.stripe.server.seen)
    assert await till.provider.walk() == 0
    assert len(till.stripe.server.seen) - asked == 1, "one call for up to a hundred subscriptions"


async def test_a_walk_reads_every_page(till):
    pages = {
        None: [{**till.thing("05"), "id": f"sub_{n}", "customer": f"cus_{n}", "metadata": {}} for n in range(100)],
        "sub_99": [{**till.thing("05"), "id": "sub_100", "customer": "cus_100"}],
    }

    def page(request):
        if "customer" in request.query:
            found = [s for p in pages.values() for s in p if s["customer"] == request.query["customer"]]
            return Answer({"object": "list", "data": found, "has_more": False, "url": "/v1/subscriptions"})
        after = request.query.get("starting_after")
        return Answer({"object": "list", "data": pages[after], "has_more": after is None, "url": "/v1/subscriptions"})

    till.stripe.server.on("GET", "/v1/subscriptions", page)
    assert await till.provider.walk() == 1
    assert await till.plan() == "pro", "the one of the last page names its workspace"


async def test_a_database_from_a_backup_learns_of_its_customers(till):
    till.stripe.subscriptions = [till.thing("05")]
    assert await till.provider.walk() == 1
    assert await till.plan() == "pro"
    assert till.documents[f"owner/{till.customer}"] == {"workspace": till.workspace}


async def test_when_stripe_is_busy_a_walk_waits(till):
    await till.known()
    till.stripe.subscriptions = [till.thing("05")]
    busy = Answer({"error": {"type": "invalid_request_error", "message": "slow down"}}, 429)
    charges = Answer({"object": "list", "data": [], "has_more": False, "url": "/v1/charges"})
    till.stripe.server.on("GET", "/v1/charges", charges)
    listed = iter([None, busy, busy, None])
    till.stripe.server.on("GET", "/v1/subscriptions", lambda r: next(listed) or till.stripe._subscriptions(r))
    assert await till.provider.walk() == 1
    assert till.host.clock.slept == [1, 2]


async def test_with_stripe_down_from_the_start_a_known_plan_holds_for_a_day_after_its_end(till):
    """Row 153."""
    await till.known()
    till.stripe.subscriptions = [till.thing("06")]
    await till.provider.catch_up()
    till.stripe.down()
    till.at(1798012800 + 86_399)
    assert await till.plan() == "pro"
    till.at(1798012800 + 86_400)
    assert await till.plan() == "free"
