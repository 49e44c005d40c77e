"""Row 152: what a subscription grants, status by status and second by second; pure."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attibooks_stripe_billing.plan import (
    KNOWN,
    Offer,
    Plan,
    Subscription,
    notice_of,
    plan_of,
    unknown_statuses,
)

OFFER = Offer(frozenset({"prod_pro"}), "attibooks_pro_monthly", livemode=False)
GRACE = timedelta(days=14)
START = 1_795_420_800
DAY = 86_400
END = START + 30 * DAY


def subscription(status="active", **more):
    given = {
        "id": "sub_1",
        "customer": "cus_1",
        "status": status,
        "created": START,
        "livemode": False,
        "products": frozenset({"prod_pro"}),
        "lookup_keys": frozenset(),
        "period_start": START,
        "period_end": END,
    }
    return Subscription(**{**given, **more})


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def granted(*subscriptions, now=START + DAY, grace=GRACE):
    return plan_of(subscriptions, at(now), offer=OFFER, grace=grace)


@pytest.mark.parametrize("status", ["active", "trialing"])
def test_a_paid_or_tried_subscription_is_pro(status):
    plan = granted(subscription(status))
    assert plan.is_pro
    assert notice_of(plan, at(START + DAY)) is None


@pytest.mark.parametrize(
    "status", [*sorted(KNOWN - {"active", "trialing", "past_due"}), "not_invented_yet", "", "Active"]
)
def test_every_other_status_is_free(status):
    assert not granted(subscription(status)).is_pro


def test_a_status_that_nobody_knows_is_told():
    assert unknown_statuses([subscription("on_fire"), subscription()]) == ["on_fire"]


@pytest.mark.parametrize(("second", "is_pro"), [(-1, True), (0, False), (1, False)])
def test_a_failed_payment_is_forgiven_for_fourteen_days_to_the_second(second, is_pro):
    late = subscription("past_due", period_start=END, period_end=END + 30 * DAY)
    end = END + 14 * DAY
    plan = granted(late, now=END + 60)
    assert (plan.is_pro, plan.grace_until) == (True, end)
    assert plan.grants(at(end + second)) is is_pro
    assert granted(late, now=end + second).is_pro is is_pro


def test_the_oldest_open_invoice_tells_since_when_and_a_new_period_forgives_nothing():
    late = subscription("past_due", period_start=END, period_end=END + 30 * DAY, unpaid_since=START)
    assert not granted(late, now=END + 60).is_pro


def test_a_period_that_has_not_moved_on_counts_from_its_end():
    assert granted(subscription("past_due"), now=END + 60).grace_until == END + 14 * DAY


@pytest.mark.parametrize(
    "how",
    [
        {"cancel_at": END, "cancel_at_period_end": False},
        {"cancel_at": END, "cancel_at_period_end": True},
        {"cancel_at": None, "cancel_at_period_end": True},
    ],
)
def test_however_it_was_cancelled_pro_stays_until_the_end(how):
    plan = granted(subscription(**how))
    assert (plan.is_pro, plan.pro_until) == (True, END)
    notice = notice_of(plan, at(START + DAY))
    assert ("2026-12-23" in notice.message, notice.severity) == (True, "warning")
    assert plan.grants(at(END - 1))


def test_the_end_of_a_cancelled_subscription_is_stripes_to_say_for_a_day():
    plan = replace(granted(subscription(cancel_at=END)), asked_at=START + DAY)
    assert plan.grants(at(END + DAY - 1))
    assert not plan.grants(at(END + DAY)), "nobody could be asked for a day after the end"
    assert replace(plan, asked_at=END + 5).grants(at(END + 9 * DAY)), "asked after the end: it goes on"
    assert plan.is_due(at(END))
    assert not plan.is_due(at(END - 1))


@pytest.mark.parametrize(
    "other",
    [
        {"products": frozenset({"prod_other"})},
        {"livemode": True},
        {"products": frozenset()},
    ],
)
def test_another_product_or_mode_grants_nothing(other):
    assert granted(subscription(**other)) == Plan()


def test_an_old_price_of_the_same_product_and_any_currency_is_pro():
    body = {
        "id": "sub_1",
        "customer": {"id": "cus_1"},
        "status": "active",
        "created": START,
        "livemode": False,
        "items": {"data": [{"price": {"id": "price_old", "product": "prod_pro", "currency": "usd", "unit_amount": 1}}]},
    }
    assert granted(Subscription.read(body)).is_pro


def test_the_price_by_its_name_is_pro_before_the_product_is_known():
    known_by_name = subscription(products=frozenset({"prod_new"}), lookup_keys=frozenset({"attibooks_pro_monthly"}))
    assert granted(known_by_name).is_pro


def test_a_body_without_anything_is_read_and_grants_nothing():
    assert granted(Subscription.read({"id": "sub_1"})) == Plan()


def test_of_two_subscriptions_the_better_one_counts_and_paying_twice_is_told():
    plan = granted(subscription("canceled", id="sub_2", created=START + 9), subscription())
    assert (plan.subscription, plan.is_double) == ("sub_1", False)
    assert granted(subscription(), subscription(id="sub_2", created=START + 9)).is_double


@settings(deadline=None)  # a busy machine is slow now and then
@given(st.lists(st.sampled_from(sorted(KNOWN)), min_size=1, max_size=4))
def test_their_order_does_not_matter(statuses):
    all_of_them = [subscription(s, id=f"sub_{n}", created=START + n) for n, s in enumerate(statuses)]
    assert len({granted(*order) for order in itertools.permutations(all_of_them)}) == 1


@settings(deadline=None)
@given(st.integers(0, 40 * DAY), st.sampled_from(sorted(KNOWN)))
def test_a_plan_survives_its_document(later, status):
    plan = granted(subscription(status, cancel_at=END), now=START + later)
    assert Plan.read({**plan.plain(), "of_another_release": 1}) == plan


def test_money_given_back_ends_pro_and_says_so():
    plan = granted(subscription()).without_money("refunded")
    assert not plan.grants(at(START + DAY))
    assert "given back" in notice_of(plan, at(START + DAY)).message
