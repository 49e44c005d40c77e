"""The life of subscriptions: renewal, failure, cancellation, pause, trial, by both kinds of clock (reference: §2.7 to §3.9)."""

from datetime import UTC, datetime

import pytest

from attibooks_sandbox.stripe.calendar import period_end
from attibooks_sandbox.stripe.model import Price

HOUR, DAY = 3_600, 86_400
START = "2026-11-24T09:00:00Z"
FAILS, ASKS = "pm_card_chargeCustomerFail", "pm_card_threeDSecure2Required"


def unix(text):
    return int(datetime.fromisoformat(text).timestamp())


@pytest.fixture
def clock(account):
    """The sandbox's clock, standing at the start."""
    account.box.clock.freeze(START)
    return account.box.clock


@pytest.fixture
def to(clock):
    """Move the sandbox's clock to an instant."""
    return lambda instant: clock.freeze(datetime.fromtimestamp(instant, UTC).isoformat())


def end_of(row):
    return row.items.data[0].current_period_end


def swap_card(account, customer, name):
    """Give a customer another card, which also the subscription uses from then on."""
    method = account.v1.payment_methods.attach(name, {"customer": customer})
    account.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
    return method.id


# beginning


def test_a_subscription_over_the_api_is_active_when_the_card_is_good(account, clock):
    row = account.subscription(metadata={"attio_workspace_id": "w1"})
    assert (row.status, row.metadata.to_dict()) == ("active", {"attio_workspace_id": "w1"})
    assert end_of(row) == unix("2026-12-24T09:00:00Z")
    assert not hasattr(row, "current_period_end")
    invoice = account.v1.invoices.retrieve(row.latest_invoice)
    assert (invoice.status, invoice.amount_paid, invoice.billing_reason) == ("paid", 3900, "subscription_create")
    assert (invoice.attempt_count, invoice.number.endswith("-0001")) == (1, True)
    line = account.v1.invoices.line_items.list(invoice.id).data[0]
    assert (line.amount, line.pricing.price_details.price) == (3900, row.items.data[0].price.id)
    assert (line.period.start, line.period.end) == (unix(START), end_of(row))


@pytest.mark.parametrize("card", [FAILS, ASKS])
def test_a_card_that_fails_leaves_it_incomplete_and_it_lapses(account, clock, card):
    row = account.subscription(card)
    assert row.status == "incomplete"
    invoice = account.v1.invoices.retrieve(row.latest_invoice)
    assert (invoice.status, invoice.next_payment_attempt) == ("open", None)
    clock.advance(23 * HOUR - 1)
    assert account.again(row).status == "incomplete"
    clock.advance(1)
    lapsed = account.again(row)
    assert (lapsed.status, lapsed.canceled_at, lapsed.ended_at) == ("incomplete_expired", None, unix(START) + 23 * HOUR)
    assert account.v1.invoices.retrieve(invoice.id).status == "void"
    assert account.event("customer.subscription.updated")["data"]["previous_attributes"]["status"] == "incomplete"


def test_payment_behaviours(account, clock):
    customer, price = account.customer(FAILS), account.price()
    facts = {"customer": customer.id, "items": [{"price": price.id}]}
    with pytest.raises(account.library.CardError):
        account.v1.subscriptions.create(facts | {"payment_behavior": "error_if_incomplete"})
    assert account.v1.subscriptions.list({"status": "all"}).data == []
    row = account.v1.subscriptions.create(facts | {"payment_behavior": "default_incomplete"})
    assert (row.status, account.v1.invoices.retrieve(row.latest_invoice).attempt_count) == ("incomplete", 0)
    paid = account.v1.invoices.pay(row.latest_invoice, {"payment_method": "pm_card_visa"})
    assert (paid.status, account.again(row).status) == ("paid", "active")


def test_a_customer_without_a_card_cannot_be_charged(account, clock):
    with pytest.raises(account.library.InvalidRequestError, match="no attached payment source"):
        account.subscription(card=None)


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"items[0][price]": "price_x"}, "items[0][price]"),
        ({"items[0][price]": ""}, "items[0][price]"),
        ({"items[0][quantity]": "0"}, "items[0][quantity]"),
        ({"trial_period_days": "0"}, "trial_period_days"),
        ({"trial_end": "1"}, "trial_end"),
        ({"cancel_at": "1"}, "cancel_at"),
        ({"default_payment_method": "pm_x"}, "default_payment_method"),
        ({"collection_method": "send_invoice"}, "collection_method"),
        ({"discounts[0][coupon]": "c"}, "discounts"),
    ],
)
def test_a_wrong_subscription_is_refused(account, clock, form, param):
    good = {"customer": account.customer("pm_card_visa").id, "items[0][price]": account.price().id}
    assert account.refused("POST", "/v1/subscriptions", good | form)["param"] == param
    assert [row.status for row in account.v1.subscriptions.list({"status": "all"}).data if row.status == "active"] == []


# renewal


def test_a_renewal_moves_the_period_at_once_and_takes_the_money_an_hour_later(account, clock, to):
    row = account.subscription()
    first_end = end_of(row)
    to(first_end - 1)
    assert end_of(account.again(row)) == first_end
    to(first_end)
    renewed = account.again(row)
    assert (renewed.status, end_of(renewed)) == ("active", unix("2027-01-24T09:00:00Z"))
    draft = account.v1.invoices.retrieve(renewed.latest_invoice)
    assert (draft.status, draft.billing_reason) == ("draft", "subscription_cycle")
    assert draft.automatically_finalizes_at == first_end + HOUR
    to(first_end + HOUR)
    paid = account.v1.invoices.retrieve(draft.id)
    assert (paid.status, paid.amount_paid, paid.status_transitions.finalized_at) == ("paid", 3900, first_end + HOUR)
    event = account.event("customer.subscription.updated")
    assert set(event["data"]["previous_attributes"]) == {"items", "latest_invoice"}
    assert event["created"] == first_end


def test_a_year_in_one_step_makes_every_invoice_at_its_own_time(account, clock):
    row = account.subscription()
    clock.advance(366 * DAY)
    invoices = account.v1.invoices.list({"subscription": row.id, "limit": 100}).data
    assert (len(invoices), {invoice.status for invoice in invoices}) == (13, {"paid"})
    assert [invoice.created for invoice in invoices] == sorted((each.created for each in invoices), reverse=True)
    assert invoices[0].created == unix("2027-11-24T09:00:00Z")


@pytest.mark.parametrize(
    ("interval", "count", "anchor", "after", "end"),
    [
        ("month", 1, "2027-01-31T10:00:00Z", "2027-01-31T10:00:00Z", "2027-02-28T10:00:00Z"),
        ("month", 1, "2027-01-31T10:00:00Z", "2027-02-28T10:00:00Z", "2027-03-31T10:00:00Z"),
        ("month", 3, "2026-11-30T00:00:00Z", "2026-11-30T00:00:00Z", "2027-02-28T00:00:00Z"),
        ("year", 1, "2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z", "2029-02-28T00:00:00Z"),
        ("year", 1, "2028-02-29T00:00:00Z", "2031-02-28T00:00:00Z", "2032-02-29T00:00:00Z"),
        ("week", 2, "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z", "2026-12-08T00:00:00Z"),
        ("day", 1, "2026-11-24T00:00:00Z", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"),
    ],
)
def test_periods_are_counted_from_their_anchor(interval, count, anchor, after, end):
    price = Price(
        id="p", created=0, product="x", currency="eur", unit_amount=1, interval=interval, interval_count=count
    )
    assert period_end(price, unix(anchor), unix(after)) == unix(end)


# failure


def test_a_failed_renewal_is_past_due_and_retried_until_it_ends(account, clock, to):
    row = account.subscription()
    swap_card(account, row.customer, FAILS)
    due = end_of(row) + HOUR
    to(due)
    failed = account.again(row)
    assert failed.status == "past_due"
    assert end_of(failed) > end_of(row)
    invoice = account.v1.invoices.retrieve(failed.latest_invoice)
    assert (invoice.status, invoice.attempt_count, invoice.next_payment_attempt) == ("open", 1, due + 3 * DAY)
    assert invoice.hosted_invoice_url.startswith(account.box.stripe_url)
    assert account.v1.customers.retrieve(row.customer).delinquent is True
    to(due + 7 * DAY)
    again = account.v1.invoices.retrieve(invoice.id)
    assert (again.attempt_count, again.next_payment_attempt) == (3, due + 14 * DAY)
    to(due + 14 * DAY)
    ended = account.again(row)
    assert (ended.status, ended.ended_at, ended.cancellation_details.reason) == (
        "canceled",
        due + 14 * DAY,
        "payment_failed",
    )
    last = account.v1.invoices.retrieve(invoice.id)
    assert (last.status, last.attempt_count, last.next_payment_attempt) == ("open", 4, None)
    assert account.told("invoice.payment_failed") == ["invoice.payment_failed"] * 4
    assert account.told()[-1] == "customer.subscription.deleted"


def test_a_better_card_heals_it_at_the_next_attempt(account, clock, to):
    row = account.subscription()
    swap_card(account, row.customer, FAILS)
    due = end_of(row) + HOUR
    to(due)
    swap_card(account, row.customer, "pm_card_visa")
    assert account.again(row).status == "past_due"
    to(due + 3 * DAY)
    assert account.again(row).status == "active"
    assert account.v1.customers.retrieve(row.customer).delinquent is False


@pytest.mark.parametrize(
    ("setting", "status"), [("unpaid", "unpaid"), ("past_due", "past_due"), ("cancel", "canceled")]
)
def test_the_account_says_what_follows_the_last_attempt(account, clock, to, setting, status):
    account.box.control("POST", "stripe/settings", {"after_retries": setting})
    row = account.subscription()
    swap_card(account, row.customer, FAILS)
    to(end_of(row) + HOUR + 14 * DAY)
    assert account.again(row).status == status


def test_an_unpaid_subscription_drafts_invoices_and_is_good_again_when_the_latest_is_paid(account, clock, to):
    account.box.control("POST", "stripe/settings", {"after_retries": "unpaid"})
    row = account.subscription()
    swap_card(account, row.customer, FAILS)
    to(end_of(row) + HOUR + 14 * DAY)
    unpaid = account.again(row)
    to(end_of(unpaid) + 2 * HOUR)
    latest = account.v1.invoices.retrieve(account.again(row).latest_invoice)
    assert (latest.status, latest.auto_advance) == ("draft", False)
    account.v1.invoices.pay(latest.id, {"payment_method": "pm_card_visa"})
    assert account.again(row).status == "active"


def test_a_renewal_that_asks_to_authenticate_is_paid_on_the_invoices_page(account, clock, to):
    row = account.subscription()
    swap_card(account, row.customer, ASKS)
    to(end_of(row) + HOUR)
    assert account.again(row).status == "past_due"
    assert {"invoice.payment_action_required", "invoice.payment_failed"} <= set(account.told())
    invoice = account.v1.invoices.retrieve(account.again(row).latest_invoice)
    assert "Pay with Visa ending in 3184" in account.http.get(invoice.hosted_invoice_url).text
    challenge = account.http.post(invoice.hosted_invoice_url, data={"use": "held"}).headers["location"]
    assert "unable to authenticate" in account.http.post(challenge, data={"decision": "fail"}).text
    account.http.post(challenge, data={"decision": "pass"})
    assert account.again(row).status == "active"
    assert "paid on" in account.http.get(invoice.hosted_invoice_url).text


def test_the_invoices_page_takes_another_card(account, clock, to):
    row = account.subscription()
    swap_card(account, row.customer, FAILS)
    to(end_of(row) + HOUR)
    url = account.v1.invoices.retrieve(account.again(row).latest_invoice).hosted_invoice_url
    assert "was declined" in account.http.post(url, data={"number": "4000 0000 0000 0002"}).text
    assert account.http.post(url, data={"number": "4242 4242 4242 4242"}).status_code == 303
    assert account.again(row).status == "active"
    assert account.http.get(f"{account.box.stripe_url}/i/test_x").status_code == 404


def test_invoices_are_paid_voided_and_refused_over_the_api(account, clock):
    row = account.subscription(FAILS)
    with pytest.raises(account.library.CardError):
        account.v1.invoices.pay(row.latest_invoice)
    elsewhere = account.v1.invoices.pay(row.latest_invoice, {"paid_out_of_band": True})
    assert (elsewhere.status, elsewhere.amount_paid_off_stripe) == ("paid", 3900)
    with pytest.raises(account.library.InvalidRequestError, match="already paid"):
        account.v1.invoices.pay(row.latest_invoice)
    with pytest.raises(account.library.InvalidRequestError, match="isn't open"):
        account.v1.invoices.void_invoice(row.latest_invoice)
    other = account.subscription(FAILS)
    assert account.v1.invoices.void_invoice(other.latest_invoice).status == "void"
    assert [each.id for each in account.v1.invoices.list({"status": "void"}).data] == [other.latest_invoice]


# cancellation


def test_cancelling_at_the_periods_end_sets_flag_and_date_and_ends_then(account, clock, to):
    row = account.subscription()
    clock.advance(DAY)
    planned = account.v1.subscriptions.update(row.id, {"cancel_at_period_end": True})
    assert (planned.cancel_at_period_end, planned.cancel_at, planned.canceled_at) == (
        True,
        end_of(row),
        unix(START) + DAY,
    )
    assert (planned.status, planned.cancellation_details.reason) == ("active", "cancellation_requested")
    to(end_of(row) - 1)
    assert account.again(row).status == "active"
    to(end_of(row))
    ended = account.again(row)
    assert (ended.status, ended.ended_at, ended.canceled_at) == ("canceled", end_of(row), unix(START) + DAY)
    assert len(account.v1.invoices.list({"subscription": row.id}).data) == 1


def test_a_planned_end_can_be_taken_back(account, clock, to):
    row = account.subscription()
    account.v1.subscriptions.update(row.id, {"cancel_at_period_end": True})
    kept = account.v1.subscriptions.update(row.id, {"cancel_at_period_end": False})
    assert (kept.cancel_at_period_end, kept.cancel_at, kept.canceled_at) == (False, None, None)
    to(end_of(row))
    assert account.again(row).status == "active"


@pytest.mark.parametrize("sent", ["min_period_end", "date"])
def test_an_explicit_end_leaves_the_flag_alone(account, clock, to, sent):
    row = account.subscription()
    at = unix(START) + 5 * DAY if sent == "date" else end_of(row)
    planned = account.v1.subscriptions.update(row.id, {"cancel_at": at if sent == "date" else sent})
    assert (planned.cancel_at, planned.cancel_at_period_end) == (at, False)
    assert account.v1.subscriptions.update(row.id, {"cancel_at": ""}).cancel_at is None
    account.v1.subscriptions.update(row.id, {"cancel_at": at})
    to(at)
    assert account.again(row).status == "canceled"


def test_cancelling_at_once_and_twice(account, clock):
    row = account.subscription()
    ended = account.v1.subscriptions.cancel(row.id, {"cancellation_details": {"feedback": "unused", "comment": "bye"}})
    assert (ended.status, ended.ended_at) == ("canceled", unix(START))
    assert (ended.cancellation_details.feedback, ended.cancellation_details.comment) == ("unused", "bye")
    assert account.refused("DELETE", f"/v1/subscriptions/{row.id}", status=404)["code"] == "resource_missing"
    with pytest.raises(account.library.InvalidRequestError, match="canceled subscription can only"):
        account.v1.subscriptions.update(row.id, {"cancel_at_period_end": True})
    assert account.v1.subscriptions.update(row.id, {"metadata": {"a": "1"}}).metadata.to_dict() == {"a": "1"}


def test_lists_hide_what_has_ended_unless_all_is_asked_for(account, clock):
    customer = account.customer("pm_card_visa")
    old, new = account.subscription(customer=customer), account.subscription(customer=customer)
    account.v1.subscriptions.cancel(old.id)

    def listed(**more):
        return [row.id for row in account.v1.subscriptions.list({"customer": customer.id} | more).data]

    assert listed() == [new.id]
    assert listed(status="all") == [new.id, old.id]
    assert listed(status="canceled") == listed(status="ended") == [old.id]
    assert listed(status="past_due") == []
    assert listed(price=new.items.data[0].price.id) == [new.id]
    assert listed(current_period_end={"gt": end_of(new)}) == []


def test_subscriptions_are_found_by_metadata_a_minute_later(account, clock):
    row = account.subscription(metadata={"attio_workspace_id": "w1"})
    query = {"query": "status:'active' AND metadata['attio_workspace_id']:'w1'"}
    assert account.v1.subscriptions.search(query).data == []
    clock.advance(60)
    assert [each.id for each in account.v1.subscriptions.search(query).data] == [row.id]


# pauses and trials


def test_a_pause_stops_periods_and_invoices_until_it_is_resumed(account, clock, to):
    row = account.subscription()
    paused = account.v1.subscriptions.pause(row.id, {"type": "subscription"})
    assert (paused.status, paused.status_details.paused.subscription.type) == ("paused", "pause_requested")
    assert account.told()[-1] == "customer.subscription.paused"
    to(end_of(row) + 10 * DAY)
    assert end_of(account.again(row)) == end_of(row)
    resumed = account.v1.subscriptions.resume(row.id)
    assert (resumed.status, resumed.status_details) == ("active", None)
    assert resumed.items.data[0].current_period_start == end_of(row) + 10 * DAY
    assert len(account.v1.invoices.list({"subscription": row.id}).data) == 2
    with pytest.raises(account.library.InvalidRequestError, match="cannot be resumed"):
        account.v1.subscriptions.resume(row.id)


def test_a_pause_inside_the_paid_period_costs_nothing_to_end(account, clock):
    row = account.subscription()
    account.v1.subscriptions.pause(row.id)
    clock.advance(DAY)
    assert end_of(account.v1.subscriptions.resume(row.id)) == end_of(row)
    assert len(account.v1.invoices.list({"subscription": row.id}).data) == 1


def test_a_classic_subscription_cannot_be_paused(account, clock):
    row = account.subscription(billing_mode={"type": "classic"})
    with pytest.raises(account.library.InvalidRequestError, match="billing_mode"):
        account.v1.subscriptions.pause(row.id)


@pytest.mark.parametrize(
    ("behavior", "status"), [("void", "void"), ("mark_uncollectible", "uncollectible"), ("keep_as_draft", "draft")]
)
def test_paused_collection_keeps_it_active_and_sets_invoices_aside(account, clock, to, behavior, status):
    row = account.subscription()
    facts = {"pause_collection": {"behavior": behavior, "resumes_at": end_of(row) + 2 * DAY}}
    assert account.v1.subscriptions.update(row.id, facts).pause_collection.behavior == behavior
    to(end_of(row) + DAY)
    assert account.again(row).status == "active"
    assert account.v1.invoices.retrieve(account.again(row).latest_invoice).status == status
    to(end_of(row) + 2 * DAY)
    assert account.again(row).pause_collection is None


def test_a_trial_ends_in_a_paid_period(account, clock, to):
    row = account.subscription(trial_period_days=14)
    assert (row.status, end_of(row), row.trial_end) == ("trialing", unix(START) + 14 * DAY, unix(START) + 14 * DAY)
    assert account.v1.invoices.retrieve(row.latest_invoice).total == 0
    to(row.trial_end - 3 * DAY)
    assert "customer.subscription.trial_will_end" in account.told()
    to(row.trial_end + HOUR)
    billed = account.again(row)
    assert (billed.status, billed.billing_cycle_anchor) == ("active", row.trial_end)
    assert account.v1.invoices.retrieve(billed.latest_invoice).amount_paid == 3900
    assert account.told("customer.subscription.trial_will_end") == ["customer.subscription.trial_will_end"]


@pytest.mark.parametrize(
    ("behavior", "status"), [("pause", "paused"), ("cancel", "canceled"), ("create_invoice", "past_due")]
)
def test_a_trial_without_a_card_ends_as_was_asked(account, clock, to, behavior, status):
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    row = account.subscription(card=None, trial_period_days=7, trial_settings=settings)
    to(row.trial_end + HOUR)
    assert account.again(row).status == status


def test_a_trial_can_be_ended_now(account, clock):
    row = account.subscription(trial_period_days=14)
    account.v1.subscriptions.update(row.id, {"trial_end": "now"})
    clock.advance(HOUR)
    assert account.again(row).status == "active"
    assert account.v1.invoices.list({"subscription": row.id}).data[0].amount_paid == 3900


# test clocks


def test_a_test_clock_moves_its_own_customers_only(account, clock):
    frozen = unix("2027-01-31T12:00:00Z")
    mine = account.v1.test_helpers.test_clocks.create({"frozen_time": frozen, "name": "mine"})
    row = account.subscription(customer=account.customer("pm_card_visa", test_clock=mine.id))
    other = account.subscription()
    assert (row.created, row.test_clock, end_of(row)) == (frozen, mine.id, unix("2027-02-28T12:00:00Z"))
    answer = account.v1.test_helpers.test_clocks.advance(mine.id, {"frozen_time": frozen + 29 * DAY})
    assert answer.status == "advancing"
    assert account.v1.test_helpers.test_clocks.retrieve(mine.id).status == "ready"
    assert end_of(account.again(row)) == unix("2027-03-31T12:00:00Z")
    assert end_of(account.again(other)) == end_of(other)
    assert account.told("test_helpers.test_clock.ready") == ["test_helpers.test_clock.ready"]
    clock.advance(400 * DAY)
    assert end_of(account.again(row)) == unix("2027-03-31T12:00:00Z")


def test_customers_of_a_test_clock_are_listed_only_with_it(account, clock):
    mine = account.v1.test_helpers.test_clocks.create({"frozen_time": unix(START)})
    customer = account.customer("pm_card_visa", test_clock=mine.id)
    row = account.subscription(customer=customer)
    assert account.v1.customers.list().data == []
    assert account.v1.subscriptions.list().data == []
    assert [each.id for each in account.v1.customers.list({"test_clock": mine.id}).data] == [customer.id]
    assert [each.id for each in account.v1.subscriptions.list({"test_clock": mine.id}).data] == [row.id]
    assert [each.id for each in account.v1.subscriptions.list({"customer": customer.id}).data] == [row.id]


def test_a_test_clock_does_not_go_back_and_takes_its_customers_with_it(account, clock):
    mine = account.v1.test_helpers.test_clocks.create({"frozen_time": unix(START)})
    row = account.subscription(customer=account.customer("pm_card_visa", test_clock=mine.id))
    with pytest.raises(account.library.InvalidRequestError, match="future"):
        account.v1.test_helpers.test_clocks.advance(mine.id, {"frozen_time": unix(START)})
    assert account.v1.test_helpers.test_clocks.delete(mine.id).deleted is True
    assert account.v1.test_helpers.test_clocks.list().data == []
    assert account.refused("GET", f"/v1/subscriptions/{row.id}", status=404)["code"] == "resource_missing"
    with pytest.raises(account.library.InvalidRequestError, match="No such test clock"):
        account.customer(test_clock=mine.id)
