"""Checkout: the session over the API, the page, and what comes of paying (reference: Stripe billing, §2.3, §3.8, §4.4)."""

import time
from urllib.parse import unquote

import pytest

VISA, DECLINED, ASKS_ONCE, ASKS_ALWAYS = "4242424242424242", "4000000000000002", "4000002500003155", "4000002760003184"
GOOD_IBAN, BAD_IBAN = "DE89370400440532013000", "DE62370400440532013001"


@pytest.fixture
def form(account):
    """The form of a session as it goes over the wire."""
    return {
        "mode": "subscription",
        "customer": account.customer().id,
        "line_items[0][price]": account.price().id,
        "line_items[0][quantity]": "1",
        "success_url": "https://app.example/return?session_id={CHECKOUT_SESSION_ID}",
    }


def test_a_session_is_open_for_a_day_and_has_an_address(account):
    session = account.session(client_reference_id="w1", metadata={"attio_workspace_id": "w1"})
    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status, session.mode) == ("open", "unpaid", "subscription")
    assert session.url == f"{account.box.stripe_url}/c/pay/{session.id}"
    assert session.expires_at == session.created + 86_400
    assert (session.client_reference_id, session.metadata.to_dict()) == ("w1", {"attio_workspace_id": "w1"})
    assert (session.amount_total, session.currency, session.subscription) == (3900, "eur", None)
    line = account.v1.checkout.sessions.line_items.list(session.id).data[0]
    assert (line.amount_total, line.description) == (3900, "AttiBooks Pro")
    shown = account.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    assert shown.line_items.data[0].id == line.id


def test_paying_begins_a_subscription_with_the_data_that_was_asked(account):
    session = account.session(
        client_reference_id="w1",
        metadata={"kept": "on the session"},
        subscription_data={"metadata": {"attio_workspace_id": "w1"}, "description": "Pro"},
    )
    answer = account.pay(session)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"http://127.0.0.1:9/return?session_id={session.id}"
    done = account.v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    row = account.v1.subscriptions.retrieve(done.subscription, {"expand": ["latest_invoice"]})
    assert (row.status, row.customer, row.description) == ("active", session.customer, "Pro")
    assert row.metadata.to_dict() == {"attio_workspace_id": "w1"}
    assert row.latest_invoice.parent.subscription_details.metadata.to_dict() == {"attio_workspace_id": "w1"}
    assert (row.latest_invoice.id, row.latest_invoice.amount_paid) == (done.invoice, 3900)
    assert row.default_payment_method.startswith("pm_")
    assert row.billing_mode.type == "flexible"


def test_what_is_told_of_a_paid_session(account):
    session = account.session()
    account.pay(session)
    told = account.told()
    assert told.count("checkout.session.completed") == 1
    assert told.index("customer.subscription.created") < told.index("customer.subscription.updated")
    assert {"invoice.created", "invoice.finalized", "invoice.paid", "payment_method.attached"} <= set(told)
    event = account.event("checkout.session.completed")
    assert event["data"]["object"]["payment_status"] == "paid"
    assert event["request"] == {"id": None, "idempotency_key": None}


def test_a_declined_card_leaves_the_session_open_and_no_subscription(account):
    session = account.session()
    answer = account.pay(session, DECLINED)
    assert answer.status_code == 200
    assert "Your card was declined." in answer.text
    assert account.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert account.v1.subscriptions.list({"customer": session.customer, "status": "all"}).data == []
    assert account.pay(session).status_code == 303


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("4000 0000 0000 9995", "insufficient funds"),
        ("4000 0000 0000 0069", "has expired"),
        ("4000 0000 0000 0341", "was declined"),
        ("1234", "number is incorrect"),
        ("", "number is incorrect"),
        ("4111 1111 1111 1111", "non test (live) card"),
    ],
)
def test_the_page_says_what_is_wrong_with_a_card(account, number, message):
    assert message in account.pay(account.session(), number).text


def test_a_card_that_asks_makes_an_incomplete_subscription_until_it_is_answered(account):
    session = account.session()
    answer = account.pay(session, ASKS_ONCE)
    challenge = answer.headers["location"]
    assert "Complete authentication" in account.http.get(challenge).text
    row = account.v1.subscriptions.list({"customer": session.customer}).data[0]
    assert (row.status, row.default_payment_method) == ("incomplete", None)
    assert "invoice.payment_action_required" in account.told()
    assert account.v1.checkout.sessions.retrieve(session.id).subscription is None
    done = account.http.post(challenge, data={"decision": "pass"})
    assert done.headers["location"].endswith(session.id)
    assert account.again(row).status == "active"
    assert account.v1.checkout.sessions.retrieve(session.id).subscription == row.id


def test_failed_authentication_leaves_the_session_open_for_another_card(account):
    session = account.session()
    challenge = account.pay(session, ASKS_ALWAYS).headers["location"]
    answer = account.http.post(challenge, data={"decision": "fail"})
    assert "unable to authenticate" in answer.text
    assert account.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert account.event("invoice.payment_failed")["data"]["object"]["status"] == "open"
    assert account.pay(session).status_code == 303
    rows = account.v1.subscriptions.list({"customer": session.customer, "status": "all"}).data
    assert [row.status for row in rows] == ["active"]


def test_a_card_may_be_declined_after_it_was_authenticated(account):
    challenge = account.pay(account.session(), "4000 0084 0000 1629").headers["location"]
    assert "Your card was declined." in account.http.post(challenge, data={"decision": "pass"}).text


def test_an_abandoned_authentication_lapses_after_23_hours(account):
    session = account.session(expires_at=int(time.time()) + 3_600)
    account.pay(session, ASKS_ONCE)
    row = account.v1.subscriptions.list({"customer": session.customer}).data[0]
    account.box.clock.advance(22 * 3600)
    assert account.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert account.again(row).status == "incomplete"
    account.box.clock.advance(3600)
    lapsed = account.again(row)
    assert (lapsed.status, lapsed.ended_at) == ("incomplete_expired", row.created + 23 * 3600)
    assert account.v1.invoices.retrieve(row.latest_invoice).status == "void"


def test_a_bank_debit_completes_unpaid_and_is_settled_later(account):
    session = account.session()
    account.pay(session, method="sepa_debit", iban=GOOD_IBAN)
    done = account.v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status) == ("complete", "unpaid")
    assert account.v1.subscriptions.retrieve(done.subscription).status == "active"
    account.box.clock.advance(180)
    assert account.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert "checkout.session.async_payment_succeeded" in account.told()
    assert account.v1.invoices.retrieve(done.invoice).status == "paid"


def test_a_bank_debit_may_fail_later(account):
    session = account.session()
    account.pay(session, method="sepa_debit", iban=BAD_IBAN)
    account.box.clock.advance(180)
    done = account.v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status) == ("complete", "unpaid")
    assert "checkout.session.async_payment_failed" in account.told()
    assert account.v1.subscriptions.retrieve(done.subscription).status == "past_due"
    assert "IBAN you provided is invalid" in account.pay(account.session(), method="sepa_debit", iban="DE1").text


def test_a_debit_is_offered_for_euros_only(account):
    assert "IBAN" in account.http.get(account.session().url).text
    dollars = account.session(account.price(currency="usd"))
    assert "IBAN" not in account.http.get(dollars.url).text


def test_a_session_without_a_customer_makes_one(account):
    session = account.session(customer_email="new@acme.example")
    assert session.customer is None
    page = account.http.get(session.url).text
    assert "new@acme.example" in page
    assert 'name="email"' not in page
    account.pay(session)
    done = account.v1.checkout.sessions.retrieve(session.id)
    assert account.v1.customers.retrieve(done.customer).email == "new@acme.example"


def test_name_address_and_vat_number_are_asked_and_saved(account):
    customer = account.customer()
    session = account.session(
        customer=customer.id,
        billing_address_collection="required",
        tax_id_collection={"enabled": True},
        customer_update={"name": "auto", "address": "auto"},
        automatic_tax={"enabled": True},
    )
    assert (session.automatic_tax.enabled, session.tax_id_collection.enabled) == (True, True)
    typed = {"name": "Acme GmbH", "line1": "Teststr. 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}
    assert "Invalid value" in account.pay(session, **typed, tax_id="12").text
    account.pay(session, **typed, tax_id="de 123 456 789")
    saved = account.v1.customers.retrieve(customer.id, {"expand": ["tax_ids"]})
    assert (saved.name, saved.address.city) == ("Acme GmbH", "Berlin")
    assert [row.value for row in saved.tax_ids.data] == ["DE123456789"]
    details = account.v1.checkout.sessions.retrieve(session.id).customer_details
    assert [(each.type, each.value) for each in details.tax_ids] == [("eu_vat", "DE123456789")]


def test_without_leave_to_update_the_customer_stays_as_it_was(account):
    session = account.session(billing_address_collection="required")
    account.pay(session, name="Acme GmbH", city="Berlin")
    assert account.v1.customers.retrieve(session.customer).name is None


def test_a_trial_costs_nothing_today(account):
    session = account.session(subscription_data={"trial_period_days": 14})
    assert session.amount_total == 0
    assert "Start trial" in account.http.get(session.url).text
    account.pay(session)
    done = account.v1.checkout.sessions.retrieve(session.id)
    assert done.payment_status == "no_payment_required"
    row = account.v1.subscriptions.retrieve(done.subscription)
    assert (row.status, row.trial_end - row.trial_start) == ("trialing", 14 * 86_400)


# closing


def test_a_session_expires_by_itself_and_on_request(account):
    first, second = account.session(), account.session()
    assert account.v1.checkout.sessions.expire(second.id).status == "expired"
    account.box.clock.advance(86_400)
    assert account.v1.checkout.sessions.retrieve(first.id).status == "expired"
    assert account.told("checkout.session.expired") == ["checkout.session.expired"] * 2
    with pytest.raises(account.library.InvalidRequestError, match="can be expired"):
        account.v1.checkout.sessions.expire(second.id)
    assert account.http.get(first.url).status_code == 410
    assert account.pay(first).status_code == 410


def test_a_paid_session_cannot_be_paid_again(account):
    session = account.session()
    account.pay(session)
    assert "paid already" in account.pay(session).text
    assert len(account.v1.subscriptions.list({"customer": session.customer}).data) == 1


def test_sessions_are_listed_by_customer_and_status(account):
    session, other = account.session(), account.session()
    account.pay(other)
    found = account.v1.checkout.sessions.list({"customer": session.customer, "status": "open"})
    assert [row.id for row in found.data] == [session.id]
    assert [row.id for row in account.v1.checkout.sessions.list({"status": "complete"}).data] == [other.id]


def test_the_page_leads_back_and_needs_no_script(account):
    answer = account.http.get(account.session().url)
    assert 'href="http://127.0.0.1:9/billing"' in answer.text
    assert "<script" not in answer.text
    assert "//" not in answer.text.replace("http://127.0.0.1:", "").replace("</", "").replace("/*", "")
    assert "form-action 'self' http://127.0.0.1:9" in answer.headers["content-security-policy"]
    assert account.http.get(f"{account.box.stripe_url}/c/pay/cs_test_x").status_code == 404
    assert account.http.get(f"{account.box.stripe_url}/nothing").status_code == 404


def test_what_a_product_is_called_cannot_break_the_page(account):
    product = account.v1.products.create({"name": "<script>alert(1)</script>"})
    price = account.v1.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 100, "recurring": {"interval": "month"}}
    )
    assert "<script" not in account.http.get(account.session(price).url).text


# refusals


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"mode": "payment"}, "mode"),
        ({"mode": "subscriptoin"}, "mode"),
        ({"mode": ""}, "mode"),
        ({"line_items[0][price]": "price_x"}, "line_items[0][price]"),
        ({"line_items[0][quantity]": "0"}, "line_items[0][quantity]"),
        ({"line_items[0][colour]": "red"}, "line_items[0][colour]"),
        ({"success_url": "app.example"}, "success_url"),
        ({"success_url": ""}, "success_url"),
        ({"cancel_url": "javascript:alert(1)"}, "cancel_url"),
        ({"customer": "cus_x"}, "customer"),
        ({"customer_email": "a@b.example"}, "customer"),
        ({"client_reference_id": "r" * 201}, "client_reference_id"),
        ({"payment_method_types[0]": "card"}, "payment_method_types"),
        ({"expires_at": "1"}, "expires_at"),
        ({"expires_at": "9999999999"}, "expires_at"),
        ({"discounts[0][coupon]": "x"}, "discounts"),
        ({"ui_mode": "embedded_page"}, "ui_mode"),
        ({"ui_mode": "hosted"}, "ui_mode"),
        ({"subscription_data[trial_period_days]": "0"}, "subscription_data[trial_period_days]"),
    ],
)
def test_a_wrong_session_is_refused(account, form, change, param):
    assert account.refused("POST", "/v1/checkout/sessions", form | change)["param"] == param
    assert account.v1.checkout.sessions.list().data == []


def test_what_an_existing_customer_lacks_for_tax_is_refused(account, form):
    error = account.refused("POST", "/v1/checkout/sessions", form | {"tax_id_collection[enabled]": "true"})
    assert "customer_update[name]" in error["message"]
    error = account.refused("POST", "/v1/checkout/sessions", form | {"automatic_tax[enabled]": "true"})
    assert error["code"] == "customer_tax_location_invalid"


def test_a_price_that_is_paid_once_or_switched_off_cannot_be_subscribed_to(account, form):
    once = account.v1.prices.create({"currency": "eur", "unit_amount": 1, "product_data": {"name": "Once"}})
    off = account.price(active=False)
    for price in (once, off):
        error = account.refused("POST", "/v1/checkout/sessions", form | {"line_items[0][price]": price.id})
        assert error["param"] == "line_items[0][price]"


def test_the_template_of_the_return_address_comes_encoded_and_is_filled_in(account, form):
    raw = "&".join(f"{name}={value}" for name, value in form.items() if name != "success_url")
    raw += "&success_url=https%3A%2F%2Fapp.example%2Fr%3Fs%3D%7BCHECKOUT_SESSION_ID%7D"
    headers = {"Authorization": f"Bearer {account.key}", "Content-Type": "application/x-www-form-urlencoded"}
    made = account.http.post(f"{account.box.stripe_url}/v1/checkout/sessions", content=raw, headers=headers).json()
    assert made["success_url"] == "https://app.example/r?s={CHECKOUT_SESSION_ID}"
    location = account.http.post(made["url"], data={"number": VISA}).headers["location"]
    assert unquote(location) == f"https://app.example/r?s={made['id']}"
