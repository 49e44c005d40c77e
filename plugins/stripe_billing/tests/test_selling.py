"""Rows 151 and 154: Checkout and portal are Stripe's pages; one customer a workspace, one purchase however one clicks."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from attibooks_core.errors import Conflict, NotFound, Unavailable
from attibooks_core.testing import Answer
from attibooks_stripe_billing.library import API_VERSION

PAGES = {"success_url": "https://host.example/billing/success?pass=p", "cancel_url": "https://host.example/billing/no"}


def customers(till):
    return till.stripe.server.calls("POST", "/v1/customers")


def sessions(till):
    return till.stripe.server.calls("POST", "/v1/checkout/sessions")


async def checkout(till, **pages):
    return await till.provider.checkout_url(till.workspace, **{**PAGES, **pages})


async def test_the_form_of_a_checkout_says_what_it_must_and_nothing_that_was_removed(till):
    """Row 154: price from configuration, VAT ids are Stripe's business."""
    url = await checkout(till)
    assert url.startswith("https://pay.example/")
    (request,) = sessions(till)
    form = till.form(request)
    expires = form.pop("expires_at")
    assert 1800 < int(expires) - till.host.clock.now().timestamp() <= 86_400
    assert form == {
        "mode": "subscription",
        "customer": "cus_Made0000",
        "client_reference_id": till.workspace,
        "metadata[attio_workspace_id]": till.workspace,
        "subscription_data[metadata][attio_workspace_id]": till.workspace,
        "line_items[0][price]": "price_1AttiProMonthlyEur",
        "line_items[0][quantity]": "1",
        "success_url": "https://host.example/billing/success?pass=p&session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://host.example/billing/no",
        "automatic_tax[enabled]": "true",
        "tax_id_collection[enabled]": "true",
        "customer_update[address]": "auto",
        "customer_update[name]": "auto",
        "billing_address_collection": "required",
        "allow_promotion_codes": "false",
    }
    assert request.headers["stripe-version"] == API_VERSION
    assert "x-stripe-client-telemetry" not in request.headers
    assert "telemetry_id" not in request.headers["x-stripe-client-user-agent"]


async def test_promotion_codes_and_tax_are_by_setting(till):
    till.host.overrides["stripe"] |= {"promotion_codes": True, "automatic_tax": False}
    till.forget()
    await checkout(till)
    form = till.form(sessions(till)[0])
    assert (form["allow_promotion_codes"], form["automatic_tax[enabled]"]) == ("true", "false")


async def test_twenty_clicks_at_once_make_one_customer_and_one_page(till):
    urls = await asyncio.gather(*(checkout(till) for _ in range(20)))
    assert len(set(urls)) == 1
    assert len({r.headers["idempotency-key"] for r in customers(till)}) == 1
    assert len({r.headers["idempotency-key"] for r in sessions(till)}) == 1
    assert till.documents[f"customer/{till.workspace}"]["customers"] == ["cus_Made0000"]


async def test_a_click_after_a_crash_gets_the_same_customer(till):
    await checkout(till)
    till.forget()
    await checkout(till)
    assert till.documents[f"customer/{till.workspace}"]["customers"] == ["cus_Made0000"]


async def test_the_customer_holds_the_workspaces_id_and_no_person(till):
    await checkout(till)
    assert till.form(customers(till)[0]) == {"metadata[attio_workspace_id]": till.workspace}


async def test_an_open_page_is_used_again_and_a_closed_one_is_not(till):
    first = await checkout(till)
    assert await checkout(till, cancel_url="https://elsewhere.example") == first
    (session,) = [s for s in till.stripe.sessions.values() if s["url"] == first]
    session |= {"status": "expired", "url": None}
    assert await checkout(till) != first


async def test_a_page_with_an_outdated_price_is_closed_first(till):
    first = await checkout(till)
    till.stripe.prices = [{**till.stripe.prices[0], "id": "price_new"}]
    till.host.clock.move(601)
    second = await checkout(till)
    assert second != first
    assert [s["status"] for s in till.stripe.sessions.values() if s["id"].startswith("cs_test_made")] == [
        "expired",
        "open",
    ]


async def test_a_page_that_was_left_alone_is_made_anew_the_next_day(till):
    first = await checkout(till)
    till.host.clock.move(86_400)
    assert await checkout(till) != first


async def test_a_customer_that_was_deleted_makes_room_for_another(till):
    await till.known()
    till.stripe.show_customer(till.customer, deleted=True)
    await checkout(till)
    assert till.documents[f"customer/{till.workspace}"]["customers"] == ["cus_Made0000"]
    assert till.documents["owner/cus_Made0000"] == {"workspace": till.workspace}


@pytest.mark.parametrize("number", ["05", "06", "10", "11", "14"])
async def test_with_a_subscription_there_is_nothing_to_buy(till, number):
    """A second Checkout would make a second subscription."""
    await till.known()
    till.stripe.show_customer(till.customer)
    till.stripe.subscriptions = [till.thing(number)]
    with pytest.raises(Conflict) as refusal:
        await checkout(till)
    assert refusal.value.code == "already_subscribed"
    assert sessions(till) == []


async def test_a_first_payment_under_way_goes_on_where_it_was(till):
    first = await checkout(till)
    till.stripe.subscriptions = [{**till.thing("04"), "customer": "cus_Made0000"}]
    assert await checkout(till) == first
    for session in till.stripe.sessions.values():
        session["status"] = "complete"
    with pytest.raises(Conflict):
        await checkout(till)


@pytest.mark.parametrize("number", ["12", "13", "15"])
async def test_after_the_end_one_may_buy_again(till, number):
    await till.known()
    till.stripe.show_customer(till.customer)
    till.stripe.subscriptions = [till.thing(number)]
    assert await checkout(till)


async def test_without_a_price_the_operator_is_asked_for(till):
    till.stripe.prices = []
    with pytest.raises(Unavailable, match="attibooks stripe setup"):
        await checkout(till)


async def test_the_portal_is_for_those_who_bought(till):
    with pytest.raises(NotFound) as refusal:
        await till.provider.portal_url(till.workspace, "https://app.example")
    assert refusal.value.code == "no_customer"
    await till.known()
    assert (
        await till.provider.portal_url(till.workspace, "https://app.example") == "https://billing.example/p/session/x"
    )
    (request,) = till.stripe.server.calls("POST", "/v1/billing_portal/sessions")
    assert till.form(request) == {"customer": till.customer, "return_url": "https://app.example"}


async def test_the_portal_has_our_configuration(till):
    await till.known()
    theirs = {"id": "bpc_other", "metadata": {}}
    ours = {"id": "bpc_ours", "metadata": {"attibooks": "portal"}}
    path = "/v1/billing_portal/configurations"
    till.stripe.server.on(
        "GET", path, Answer({"object": "list", "data": [theirs, ours], "has_more": False, "url": path})
    )
    for _ in range(3):
        await till.provider.portal_url(till.workspace, "https://app.example")
    assert till.form(till.stripe.server.calls("POST", "/v1/billing_portal/sessions")[-1])["configuration"] == "bpc_ours"
    assert len(till.stripe.server.calls("GET", path)) == 1


async def test_coming_back_switches_pro_on_before_any_delivery(till):
    await till.known()
    till.stripe.subscriptions = [till.thing("05")]
    plan = await till.provider.returned(till.workspace, {"session_id": till.thing("01")["id"]})
    assert plan.plan == "pro"
    assert await till.plan() == "pro"


async def test_coming_back_before_the_money_is_pending(till):
    await till.known()
    till.stripe.subscriptions = [till.thing("04")]
    assert (await till.provider.returned(till.workspace, {"session_id": till.thing("01")["id"]})).plan == "free"


@pytest.mark.parametrize("session", [None, "", "cs_test_nobody", "../customers", "cs_test_a1AttiBooksCheckout0001"])
async def test_nobody_comes_back_with_somebody_elses_purchase(till, session):
    till.stripe.server.on("GET", "/v1/checkout/sessions/cs_test_nobody", Answer(
        {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such session"}}, 404
    ))  # fmt: skip
    query = {} if session is None else {"session_id": session}
    with pytest.raises(NotFound):
        await till.provider.returned("another-workspace", query)
    assert not [key for key in till.documents if key.startswith("plan/")]


async def test_a_lost_answer_is_repeated_under_the_same_key(till):
    await checkout(till)
    made = dict(till.stripe.by_key)
    script = till.stripe._make_customer
    answers = iter([Answer(cut=True), Answer({"error": {"message": "busy"}}, 500), None])
    till.stripe.server.on("POST", "/v1/customers", lambda r: next(answers) or script(r))
    await till.provider.checkout_url("another-workspace", **PAGES)
    keys = [r.headers["idempotency-key"] for r in customers(till)]
    assert keys[1:] == [keys[1]] * 3
    assert len(till.stripe.by_key) == len(made) + 2
    assert till.host.clock.slept, "it waited between the attempts"


async def test_no_key_is_in_an_error_or_a_log(till, caplog):
    till.stripe.down(401)
    with pytest.raises(Unavailable) as refusal:
        await checkout(till)
    told = caplog.text + refusal.value.message + str(parse_qs(urlsplit(till.stripe.server.url).query))
    assert "sk_test" not in told
    assert "whsec" not in told
