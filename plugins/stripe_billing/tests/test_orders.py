"""Rows 151 and 152: the events of the reference in every order, and with any of them lost, lead to the right plan.

Stripe shows how things stand; what is delivered, in which order, how often, and what is not, must not matter.
"""

import itertools

import pytest

# what happened, in its order; what the customer has at the end; and the plan then, with a word of its notice
SCENARIOS = {
    "bought with a card": (("04", "18", "01", "05"), "pro", None),
    "bought by debit, not paid yet": (("02", "04", "05", "30"), "pro", None),
    "told by thin events alone": (("32", "30", "33"), "pro", None),
    "left at checkout": (("04", "15", "03"), "free", None),
    "cancelled in the portal": (("05", "06"), "pro", "2026-12-23"),
    "cancelled the old way": (("05", "07"), "pro", "2026-12-23"),
    "cancelled and withdrawn": (("05", "06", "07", "08"), "pro", None),
    "cancelled, and the period is over": (("05", "06", "13"), "free", None),
    "renewed": (("05", "09", "16"), "pro", None),
    "a renewal failed": (("05", "17", "10", "31"), "pro", "2027-01-06"),
    "a renewal failed and was paid after all": (("17", "10", "16", "09"), "pro", None),
    "a renewal failed for good": (("17", "10", "12"), "free", None),
    "a renewal failed and is left unpaid": (("17", "10", "11"), "free", "pay"),
    "paused": (("05", "14"), "free", "resume"),
    "the customer was deleted": (("05", "13", "20"), "free", None),
    "another product of the account": (("19",), "free", None),
}


def when(event):
    return event["created"] if isinstance(event["created"], int) else 1795420805


def states(till, numbers):
    """What Stripe shows after each event: the subscription as the newest one had it."""
    shown, subscription = [], None
    for number in numbers:
        event = till.events[number]
        if "data" in event and event["data"]["object"]["object"] == "subscription":
            subscription = till.thing(number)
        elif number in {"30", "02"}:
            subscription = till.thing("05")
        elif number == "31":
            subscription = till.thing("10")
        shown.append(subscription)
    return shown


async def play(till, numbers, delivered):
    """Stripe goes its way while the deliveries come as they come."""
    till.forget()
    if numbers != ("19",):
        await till.known()
    shown = states(till, numbers)
    till.stripe.invoices = [till.thing("17")] if "17" in numbers else []
    till.stripe.events = [till.events[n] for n in numbers if "data" in till.events[n]]
    for step, number in enumerate(delivered):
        now = shown[min(step, len(shown) - 1)] if len(delivered) == len(numbers) else shown[-1]
        till.stripe.subscriptions = [now] if now else []
        if step == len(delivered) - 1:
            show_end(till, shown, numbers)
        await till.deliver(till.events[number])
        await till.provider.work()
    show_end(till, shown, numbers)


def show_end(till, shown, numbers):
    till.stripe.subscriptions = [shown[-1]] if shown[-1] else []
    till.at(max(when(till.events[n]) for n in numbers) + 60)


async def assert_right(till, plan, word, order):
    entitlements = await till.provider.entitlements(till.workspace)
    assert entitlements.plan == plan, order
    said = f"{entitlements.notice.message} {entitlements.notice.fix}" if entitlements.notice else ""
    assert (said == "") if word is None else (word in said), (order, entitlements)
    left = [key for key in till.documents if key.startswith("new/")]
    assert left == [], order


async def test_every_event_of_the_reference_is_in_a_scenario(till):
    assert {n for numbers, _, _ in SCENARIOS.values() for n in numbers} == set(till.events)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_every_order_ends_the_same(till, name):
    numbers, plan, word = SCENARIOS[name]
    for order in itertools.permutations(numbers):
        await play(till, numbers, order)
        await assert_right(till, plan, word, order)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_whatever_is_lost_reconciliation_finds(till, name):
    numbers, plan, word = SCENARIOS[name]
    for size in range(len(numbers)):
        for delivered in itertools.combinations(numbers, size):
            await play(till, numbers, delivered)
            await till.provider.walk()
            await assert_right(till, plan, word, delivered)


@pytest.mark.parametrize("name", [n for n, (numbers, _, _) in SCENARIOS.items() if not {"30", "32"} & set(numbers)])
async def test_lost_deliveries_are_asked_for_within_the_hour(till, name):
    numbers, plan, word = SCENARIOS[name]
    await till.known()
    await till.provider.catch_up()
    await play(till, numbers, ())
    await till.host.documents("stripe").put("watermark", {"at": "2026-11-23T07:00:00+00:00"}, version=0)
    await till.provider.catch_up()
    await assert_right(till, plan, word, ())


@pytest.mark.parametrize("name", ["bought with a card", "a renewal failed and was paid after all"])
async def test_every_event_twice_in_any_order_is_as_good(till, name):
    numbers, plan, word = SCENARIOS[name]
    for order in itertools.islice(itertools.permutations(numbers * 2), 0, None, 997):
        await play(till, numbers, order)
        await assert_right(till, plan, word, order)


async def test_an_old_end_after_a_new_begin_changes_nothing(till):
    """Re-subscribed: the first subscription's end is delivered after the second one began."""
    await till.known()
    ended, begun = till.thing("12"), {**till.thing("05"), "id": "sub_1AttiTest0002", "created": 1799300000}
    till.stripe.subscriptions = [begun, ended]
    till.at(1799300060)
    await till.deliver({**till.events["05"], "id": "evt_new", "data": {"object": begun}})
    await till.deliver(till.events["12"])
    await till.provider.work()
    assert await till.plan() == "pro"
