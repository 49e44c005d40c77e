"""The customer portal: configurations, sessions, and what a customer does there (reference: Stripe billing, §2.5, §2.8)."""

import pytest

HOUR, DAY = 3_600, 86_400


@pytest.fixture
def row(account):
    """A subscription that is paid up."""
    return account.subscription()


@pytest.fixture
def at(account, row):
    """A customer in the portal: `at("card")` is the address of a page there."""
    session = account.portal(row.customer)
    return lambda *path: "/".join((session.url, *path))


def end_of(row):
    return row.items.data[0].current_period_end


# configurations


def test_a_configuration_keeps_what_was_switched_and_nothing_else_is_on(account):
    made = account.v1.billing_portal.configurations.create(
        {
            "business_profile": {"headline": "AttiBooks", "privacy_policy_url": "https://app.example/privacy"},
            "features": {
                "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
                "subscription_update": {"enabled": False},
                "subscription_pause": {"enabled": False},
            },
            "metadata": {"attibooks": "1"},
            "login_page": {"enabled": True},
        }
    )
    shown = account.v1.billing_portal.configurations.retrieve(made.id)
    assert (shown.is_default, shown.active, shown.metadata.to_dict()) == (True, True, {"attibooks": "1"})
    assert shown.features.subscription_cancel.enabled is True
    assert shown.features.subscription_pause.enabled is False
    assert shown.features.invoice_history.enabled is False
    assert (shown.business_profile.headline, shown.business_profile.terms_of_service_url) == ("AttiBooks", None)
    assert shown.login_page.url.startswith(account.box.stripe_url)


def test_a_configuration_is_changed_in_part_and_switched_off(account):
    first = account.v1.billing_portal.configurations.create({"features": {"invoice_history": {"enabled": True}}})
    second = account.v1.billing_portal.configurations.create({"features": {"invoice_history": {"enabled": True}}})
    changed = account.v1.billing_portal.configurations.update(
        second.id, {"features": {"subscription_cancel": {"enabled": True}}, "active": False}
    )
    assert changed.features.invoice_history.enabled is True
    assert changed.features.subscription_cancel.enabled is True
    listed = account.v1.billing_portal.configurations.list({"active": True})
    assert [each.id for each in listed.data] == [first.id]
    with pytest.raises(account.library.InvalidRequestError, match="default"):
        account.v1.billing_portal.configurations.update(first.id, {"active": False})


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"metadata[a]": "1"}, "features"),
        ({"features[subscription_update][enabled]": "true"}, "features[subscription_update][enabled]"),
        ({"features[subscription_cancel][mode]": "now", "features[subscription_cancel][enabled]": "true"}, "features[subscription_cancel][mode]"),
        ({"features[customer_update][enabled]": "true"}, "features[customer_update][allowed_updates]"),
        ({"features[teleport][enabled]": "true"}, "features[teleport]"),
        ({"features[subscription_cancel][colour]": "red"}, "features[subscription_cancel][colour]"),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_refused(account, form, param):
    assert account.refused("POST", "/v1/billing_portal/configurations", form)["param"] == param


# sessions


def test_without_any_configuration_there_is_no_portal(account):
    error = account.refused("POST", "/v1/billing_portal/sessions", {"customer": account.customer().id})
    assert error["message"].startswith("No configuration provided")


def test_a_session_falls_back_on_the_default_configuration(account):
    account.v1.billing_portal.configurations.create(
        {"features": {"invoice_history": {"enabled": True}}, "default_return_url": "https://app.example/back"}
    )
    session = account.v1.billing_portal.sessions.create({"customer": account.customer().id})
    assert session.url.startswith(f"{account.box.stripe_url}/p/session/test_")
    assert session.return_url == "https://app.example/back"
    assert "https://app.example/back" in account.http.get(session.url).text


def test_a_link_lapses_after_five_minutes_unused_and_an_hour_used(account, row):
    unused, used = account.portal(row.customer), account.portal(row.customer)
    account.box.clock.advance(299)
    assert account.http.get(used.url).status_code == 200
    account.box.clock.advance(2)
    assert account.http.get(unused.url).status_code == 410
    assert account.http.get(used.url).status_code == 200
    account.box.clock.advance(HOUR)
    assert account.http.get(used.url).status_code == 410
    assert account.http.get(f"{account.box.stripe_url}/p/session/test_x").status_code == 404


def test_a_lapsed_link_may_lead_to_a_new_one_by_email(account, row):
    session = account.portal(row.customer, after_expiration={"type": "customer_login"})
    account.box.clock.advance(301)
    assert "Verify by e-mail" in account.http.get(session.url).text
    again = account.http.post(session.url, data={"verify": "email"}).headers["location"]
    assert "Manage your billing" in account.http.get(again).text


def test_a_deleted_customer_has_no_portal(account, row):
    session = account.portal(row.customer)
    account.v1.customers.delete(row.customer)
    assert account.http.get(session.url).status_code == 404
    with pytest.raises(account.library.InvalidRequestError, match="No such customer"):
        account.portal(row.customer)


def test_the_login_page_asks_for_the_address(account, row):
    made = account.v1.billing_portal.configurations.create(
        {"features": {"invoice_history": {"enabled": True}}, "login_page": {"enabled": True}}
    )
    assert "No customer" in account.http.post(made.login_page.url, data={"email": "x@y.example"}).text
    answer = account.http.post(made.login_page.url, data={"email": "billing@acme.example"})
    assert "Invoice history" in account.http.get(answer.headers["location"]).text


# cancelling


def test_cancelling_in_flexible_mode_sets_the_date_and_not_the_flag(account, row, at):
    assert "I no longer need it" in account.http.get(at("subscriptions", row.id, "cancel")).text
    account.http.post(at("subscriptions", row.id, "cancel"), data={"feedback": "unused", "comment": "bye"})
    planned = account.again(row)
    assert (planned.cancel_at, planned.cancel_at_period_end, planned.status) == (end_of(row), False, "active")
    details = planned.cancellation_details
    assert (details.reason, details.feedback, details.comment) == ("cancellation_requested", "unused", "bye")
    previous = account.event("customer.subscription.updated")["data"]["previous_attributes"]
    assert set(previous) == {"cancel_at", "canceled_at", "cancellation_details"}
    assert "will be canceled on" in account.http.get(at()).text


def test_cancelling_in_classic_mode_sets_both(account):
    row = account.subscription(billing_mode={"type": "classic"})
    account.http.post(f"{account.portal(row.customer).url}/subscriptions/{row.id}/cancel")
    planned = account.again(row)
    assert (planned.cancel_at, planned.cancel_at_period_end) == (end_of(row), True)


def test_who_cancelled_stays_until_the_period_ends(account, row, at):
    account.http.post(at("subscriptions", row.id, "cancel"))
    left = end_of(row) - account.v1.events.list({"limit": 1}).data[0].created
    account.box.clock.advance(left - 60)
    assert account.again(row).status == "active"
    account.box.clock.advance(120)
    assert account.again(row).status == "canceled"
    assert account.told()[-1] == "customer.subscription.deleted"


def test_who_cancelled_can_change_their_mind(account, row, at):
    account.http.post(at("subscriptions", row.id, "cancel"))
    assert "Don&#x27;t cancel subscription" in account.http.get(at()).text
    account.http.post(at("subscriptions", row.id, "stay"))
    kept = account.again(row)
    assert (kept.cancel_at, kept.canceled_at, kept.cancellation_details.reason) == (None, None, None)
    assert "renews on" in account.http.get(at()).text


def test_looking_at_a_page_changes_nothing(account, row, at):
    before = account.told()
    for path in (
        (),
        ("card",),
        ("details",),
        *(("subscriptions", row.id, act) for act in ("cancel", "stay", "pause", "resume")),
    ):
        account.http.get(at(*path))
    assert account.told()[: len(before)] == before
    assert account.again(row).cancel_at is None


def test_cancelling_at_once_where_the_configuration_says_so(account, row):
    session = account.portal(row.customer, {"subscription_cancel": {"enabled": True, "mode": "immediately"}})
    account.http.post(f"{session.url}/subscriptions/{row.id}/cancel")
    assert account.again(row).status == "canceled"


def test_what_is_switched_off_cannot_be_done(account, row):
    off = {
        name: {"enabled": False}
        for name in ("subscription_cancel", "payment_method_update", "customer_update", "invoice_history")
    }
    session = account.portal(row.customer, off)
    page = account.http.get(session.url).text
    for words in ("Cancel subscription", "Payment methods", "Billing information", "Invoice history", "Pause"):
        assert words not in page
    account.http.post(f"{session.url}/subscriptions/{row.id}/cancel")
    account.http.post(f"{session.url}/subscriptions/{row.id}/pause")
    assert (
        account.http.post(f"{session.url}/card", data={"number": "4242424242424242"}).headers["location"] == session.url
    )
    account.http.post(f"{session.url}/details", data={"email": "evil@x.example"})
    again = account.again(row)
    assert (again.cancel_at, again.status) == (None, "active")
    assert account.v1.customers.retrieve(row.customer).email == "billing@acme.example"


def test_nobody_reaches_the_subscription_of_another_customer(account, row):
    other = account.portal(account.customer().id)
    account.http.post(f"{other.url}/subscriptions/{row.id}/cancel")
    assert account.again(row).cancel_at is None


# flows


@pytest.mark.parametrize("after", ["redirect", "hosted_confirmation", "portal_homepage"])
def test_a_flow_leads_straight_to_cancelling_and_ends_as_was_asked(account, row, after):
    how = {
        "redirect": {"type": "redirect", "redirect": {"return_url": "http://127.0.0.1:9/gone"}},
        "hosted_confirmation": {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Sorry!"}},
        "portal_homepage": {"type": "portal_homepage"},
    }[after]
    flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": row.id}, "after_completion": how}
    session = account.portal(row.customer, flow_data=flow)
    assert "Cancel your subscription" in account.http.get(session.url).text
    done = account.http.post(f"{session.url}/subscriptions/{row.id}/cancel")
    ends = {"redirect": "http://127.0.0.1:9/gone", "portal_homepage": session.url}
    assert done.headers.get("location") == ends.get(after)
    assert ("Sorry!" in done.text) == (after == "hosted_confirmation")
    assert "will be canceled on" in account.http.get(session.url).text


@pytest.mark.parametrize(
    ("flow", "param"),
    [
        ({"type": "subscription_update", "subscription_update": {"subscription": "x"}}, "flow_data[type]"),
        ({"type": "subscription_cancel"}, "flow_data[subscription_cancel][subscription]"),
        ({"type": "subscription_cancel", "subscription_cancel": {"subscription": "sub_x"}}, "flow_data[subscription_cancel][subscription]"),
        ({"type": "subscription_pause", "subscription_pause": {"subscription": "x"}}, "flow_data[type]"),
    ],
)  # fmt: skip
def test_a_flow_that_cannot_be_is_refused(account, row, flow, param):
    with pytest.raises(account.library.InvalidRequestError) as raised:
        account.portal(row.customer, flow_data=flow)
    assert raised.value.param == param


# pausing, cards, details


def test_pausing_and_resuming_where_it_is_switched_on(account, row):
    session = account.portal(row.customer, {"subscription_pause": {"enabled": True}})
    assert "you pay nothing" in account.http.get(f"{session.url}/subscriptions/{row.id}/pause").text
    account.http.post(f"{session.url}/subscriptions/{row.id}/pause")
    assert account.again(row).status == "paused"
    assert "Resume subscription" in account.http.get(session.url).text
    account.http.post(f"{session.url}/subscriptions/{row.id}/resume")
    assert account.again(row).status == "active"


def test_another_card_is_used_from_then_on_and_pays_no_open_invoice(account, row, at):
    session = account.session(customer=row.customer)
    account.pay(session)
    mine = account.v1.subscriptions.retrieve(account.v1.checkout.sessions.retrieve(session.id).subscription)
    account.http.post(at("card"), data={"number": "4000 0000 0000 0341"})
    changed = account.again(mine)
    assert changed.default_payment_method != mine.default_payment_method
    assert account.v1.payment_methods.retrieve(changed.default_payment_method).card.last4 == "0341"
    account.box.clock.advance(32 * DAY)
    assert account.again(mine).status == "past_due"
    url = account.portal(row.customer).url
    assert account.http.post(f"{url}/card", data={"number": "4242 4242 4242 4242"}).status_code == 303
    assert account.again(mine).status == "past_due"
    account.box.clock.advance(3 * DAY)
    assert account.again(mine).status == "active"


@pytest.mark.parametrize("number", ["4000 0000 0000 0002", "1"])
def test_a_card_that_is_refused_is_not_saved(account, row, at, number):
    assert 'role="alert"' in account.http.post(at("card"), data={"number": number}).text
    assert len(account.v1.payment_methods.list({"customer": row.customer}).data) == 1


def test_a_card_that_asks_is_saved_after_it_was_answered(account, row, at):
    challenge = account.http.post(at("card"), data={"number": "4000002500003155"}).headers["location"]
    assert "unable to authenticate" in account.http.post(challenge, data={"decision": "fail"}).text
    account.http.post(challenge, data={"decision": "pass"})
    assert account.v1.customers.retrieve(
        row.customer, {"expand": ["invoice_settings.default_payment_method"]}
    ).invoice_settings.default_payment_method.card.last4 == "3155"  # fmt: skip
    account.box.clock.advance(32 * DAY)
    assert account.again(row).status == "active"


def test_own_details_are_changed_as_far_as_is_allowed(account, row, at):
    assert "billing@acme.example" in account.http.get(at("details")).text
    account.http.post(at("details"), data={"email": "new@acme.example", "name": "Acme", "phone": "1", "city": "Bonn"})
    customer = account.v1.customers.retrieve(row.customer)
    assert (customer.email, customer.name, customer.phone, customer.address.city) == (
        "new@acme.example",
        "Acme",
        None,
        "Bonn",
    )


def test_the_history_leads_to_the_invoices(account, row, at):
    invoice = account.v1.invoices.retrieve(row.latest_invoice)
    assert invoice.hosted_invoice_url in account.http.get(at()).text
    assert "EUR 39.00" in account.http.get(invoice.hosted_invoice_url).text
