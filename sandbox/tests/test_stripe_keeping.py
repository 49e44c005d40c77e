"""Stripe over a restart, and kept to this machine."""

import httpx
import pytest
import stripe

from attibooks_sandbox.kernel.messages import Request
from attibooks_sandbox.testing import Sandbox


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


def client_of(box):
    stripe.enable_telemetry = False
    return stripe.StripeClient(box.world["stripe"]["api_key"], base_addresses={"api": box.stripe_url}).v1


def sell(v1):
    product = v1.products.create({"name": "Pro"})
    price = v1.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 3900, "recurring": {"interval": "month"}}
    )
    customer = v1.customers.create(
        {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    )
    return v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}]}, {"idempotency_key": "one"}
    )


def test_what_was_sold_is_there_after_a_restart_and_goes_on(folder):
    with Sandbox(limits=False, data=folder) as box:
        row = sell(client_of(box))
        events = [event.id for event in client_of(box).events.list({"limit": 100}).data]
    with Sandbox(limits=False, data=folder) as box:
        v1 = client_of(box)
        assert v1.subscriptions.retrieve(row.id).status == "active"
        assert [event.id for event in v1.events.list({"limit": 100}).data] == events
        again = v1.subscriptions.create(
            {"customer": row.customer, "items": [{"price": row.items.data[0].price.id}]}, {"idempotency_key": "one"}
        )
        assert again.id == row.id
        box.clock.advance(32 * 86_400)
        assert (
            v1.subscriptions.retrieve(row.id).items.data[0].current_period_start == row.items.data[0].current_period_end
        )
    with Sandbox(limits=False, data=folder) as box:
        v1 = client_of(box)
        assert len(v1.invoices.list().data) == 2
        assert v1.customers.create({}).id != row.customer


def test_endpoints_settings_and_pages_outlast_a_restart(folder):
    with Sandbox(limits=False, data=folder) as box:
        box.control("POST", "stripe/webhooks", {"url": "http://127.0.0.1:9/", "hold": True})
        box.control("POST", "stripe/settings", {"after_retries": "unpaid"})
        v1 = client_of(box)
        row = sell(v1)
        v1.billing_portal.configurations.create({"features": {"subscription_cancel": {"enabled": True}}})
        path = v1.billing_portal.sessions.create({"customer": row.customer}).url.removeprefix(box.stripe_url)
    with Sandbox(limits=False, data=folder) as box:
        assert [each["url"] for each in box.control("GET", "stripe/webhooks")["endpoints"]] == ["http://127.0.0.1:9/"]
        assert box.app.world.stripe.after_retries == "unpaid"
        assert "Cancel subscription" in httpx.get(f"{box.stripe_url}{path}").text


def test_what_fell_due_while_nothing_ran_is_done_at_the_start(folder):
    with Sandbox(limits=False, data=folder) as box:
        box.clock.freeze("2026-11-24T09:00:00Z")
        row = sell(client_of(box))
        box.app.clock._frozen = box.app.clock._frozen.replace(year=2027)  # as if time had passed outside
        box.app.keep()
    with Sandbox(limits=False, data=folder) as box:
        assert len(box.app.world.stripe.invoices) == 13
        assert client_of(box).subscriptions.retrieve(row.id).status == "active"


def test_time_that_runs_wakes_the_account_by_itself(box, account, eventually):
    session = account.session()
    box.clock.advance(86_400 - 1.3)
    assert account.box.app.world.stripe.sessions[session.id].status == "open"
    eventually(lambda: account.box.app.world.stripe.sessions[session.id].status == "expired")


def test_only_this_machine_is_served(box):
    request = Request("GET", "/stripe/v1/customers", "", {}, b"", client="192.0.2.7")
    assert box.run(lambda: box.app.begin(request, None)).status == 403


def test_the_code_of_stripe_is_loaded_only_when_somebody_asks():
    with Sandbox(limits=False) as box:
        box.reset()
        assert "stripe" not in vars(box.app)
        assert client_of(box).customers.list().data == []
        assert "stripe" in vars(box.app)
        box.reset()
        assert "stripe" not in vars(box.app)
