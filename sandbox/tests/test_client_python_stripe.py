"""Stripe's own library for Python, as a plugin would use it: async, with retries, over its own connection."""

import asyncio

import httpx
import pytest
import stripe

PRO = "attibooks_pro_monthly_eur"


class OneClient(stripe.HTTPClient):
    """The library over an injected httpx client (reference: Stripe billing, §1.3)."""

    name = "httpx"

    def __init__(self, client):
        super().__init__()
        self.client = client

    async def request_async(self, method, url, headers, post_data=None):
        try:
            answer = await self.client.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as error:
            raise stripe.APIConnectionError(str(error), should_retry=True) from error
        return answer.content, answer.status_code, answer.headers

    async def sleep_async(self, _):
        await asyncio.sleep(0)

    async def close_async(self):
        await self.client.aclose()


@pytest.fixture
async def client(box):
    stripe.enable_telemetry = False
    async with httpx.AsyncClient() as connection:
        yield stripe.StripeClient(
            box.world["stripe"]["api_key"],
            base_addresses={"api": box.stripe_url, "files": box.stripe_url},
            stripe_version="2026-10-28.endive",
            max_network_retries=2,
            http_client=OneClient(connection),
        )


async def set_up(client):
    """What an app makes once, finding first what is there."""
    found = await client.v1.prices.list_async({"lookup_keys": [PRO], "active": True})
    if found.data:
        return found.data[0]
    product = await client.v1.products.create_async({"name": "AttiBooks Pro", "tax_code": "txcd_10103001"})
    return await client.v1.prices.create_async(
        {
            "product": product.id,
            "currency": "eur",
            "unit_amount": 3900,
            "recurring": {"interval": "month"},
            "lookup_key": PRO,
            "tax_behavior": "exclusive",
        }
    )


async def test_the_library_sets_an_account_up_twice_and_finds_it_the_second_time(client):
    first, second = await set_up(client), await set_up(client)
    assert first.id == second.id
    assert len((await client.v1.products.list_async()).data) == 1


async def test_the_library_sells_a_subscription_from_end_to_end(box, client):
    price = await set_up(client)
    customer = await client.v1.customers.create_async(
        {"metadata": {"attio_workspace_id": "w1"}}, {"idempotency_key": "attibooks:cust:w1:v1"}
    )
    session = await client.v1.checkout.sessions.create_async(
        {
            "mode": "subscription",
            "customer": customer.id,
            "client_reference_id": "w1",
            "metadata": {"attio_workspace_id": "w1"},
            "subscription_data": {"metadata": {"attio_workspace_id": "w1"}, "billing_mode": {"type": "flexible"}},
            "line_items": [{"price": price.id, "quantity": 1}],
            "success_url": "http://127.0.0.1:9/billing/return?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:9/billing",
            "automatic_tax": {"enabled": True},
            "tax_id_collection": {"enabled": True},
            "customer_update": {"address": "auto", "name": "auto"},
            "billing_address_collection": "required",
            "allow_promotion_codes": True,
            "locale": "auto",
            "integration_identifier": "attibooks_abcdefgh",
        },
        {"idempotency_key": "attibooks:co:w1:1"},
    )
    async with httpx.AsyncClient() as browser:
        answer = await browser.post(session.url, data={"number": "4242424242424242", "name": "Acme", "country": "DE"})
    assert answer.headers["location"].endswith(session.id)
    rows = await client.v1.subscriptions.list_async({"customer": customer.id, "status": "all", "limit": 100})
    assert [(row.status, row.items.data[0].price.lookup_key) for row in rows.data] == [("active", PRO)]
    events = [event async for event in (await client.v1.events.list_async({"limit": 2})).auto_paging_iter()]
    assert "checkout.session.completed" in {event.type for event in events}


async def test_twenty_upgrades_at_once_with_one_key_make_one_customer(client):
    made = await asyncio.gather(
        *(client.v1.customers.create_async({"name": "Acme"}, {"idempotency_key": "one"}) for _ in range(20))
    )
    assert len({customer.id for customer in made}) == 1
    assert len((await client.v1.customers.list_async()).data) == 1


@pytest.mark.parametrize("kind", ["drop_before_commit", "drop_after_commit"])
async def test_the_librarys_retries_survive_lost_calls(box, client, kind):
    box.faults.add("stripe", kind, method="POST", path="/v1/customers", times=1)
    await client.v1.customers.create_async({"name": "Acme"}, {"idempotency_key": "one"})
    assert len((await client.v1.customers.list_async()).data) == 1


async def test_the_librarys_retries_survive_a_busy_server(box, client):
    box.faults.add("stripe", "status", path="/v1/customers", status=500, times=2)
    assert (await client.v1.customers.list_async()).data == []
    assert box.counts()["stripe"] == {"read": 3}


async def test_the_librarys_helper_that_sends_an_undeclared_parameter_is_refused(box, client, receiver):
    """`fetch_related_object_async` of 16.1.0 puts `usage[0]` on the wire (reference §1.11)."""
    secret = box.world["stripe"]["webhook_secret"]
    box.control("POST", "stripe/webhooks", {"url": receiver.url, "payload": "thin"})
    await client.v1.customers.create_async({"name": "Acme"})
    _, headers, raw = (await asyncio.to_thread(receiver.wait, 1))[0]
    told = client.parse_event_notification(raw, headers["Stripe-Signature"], secret)
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
        await told.fetch_related_object_async()
