"""Row 151: deliveries are checked on their raw bytes, durable before the answer, and worked on once."""

import asyncio
import json

import pytest

from attibooks_core.errors import AttiBooksError, NotFound, Unauthorized
from attibooks_core.testing import Answer
from attibooks_stripe_billing.signature import is_signed

BODY = b'{"id":"evt_1","object":"event"}'


def events_of(till):
    return sorted(key for key in till.documents if key.startswith(("new/", "seen/")))


async def receive(till, body, headers):
    await till.provider.receive(headers, body)


@pytest.mark.parametrize("age", [-299, 0, 299])
async def test_a_signature_of_just_now_is_good_by_the_library_as_well(till, age):
    import stripe

    now = till.host.clock.now().timestamp()
    header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), till.secrets[0], timestamp=int(now) + age)
    assert is_signed(header, BODY, till.secrets, now)
    assert header == till.signed(BODY, now + age)["stripe-signature"]
    assert stripe.WebhookSignature.verify_header(BODY, header, till.secrets[0], tolerance=None)


@pytest.mark.parametrize("age", [-301, 301, 86_400])
async def test_one_of_too_long_ago_or_of_the_future_is_refused(till, age):
    now = till.host.clock.now().timestamp()
    with pytest.raises(Unauthorized) as refusal:
        await receive(till, BODY, till.signed(BODY, now + age))
    assert refusal.value.code == "bad_signature"
    assert events_of(till) == []


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=,v1=",
        "v1=aa",
        "t={t}",
        "t={t},v0={mac}",
        "t={t},v1=",
        "t={t},v1={mac}x",
        "t={t},t={t},v1={mac}",
        "t=-{t},v1={mac}",
        "t={t}0000,v1={mac}",
        "t=１７９５４２４４００,v1={mac}",
        "t={t},v1=ümläut",
        "nonsense",
        "," * 5000,
    ],
)
async def test_what_is_not_a_good_signature_is_refused(till, header):
    now = int(till.host.clock.now().timestamp())
    mac = till.signed(BODY, now)["stripe-signature"].split("v1=")[1]
    headers = {} if header is None else {"stripe-signature": header.format(t=now, mac=mac)}
    with pytest.raises(Unauthorized):
        await receive(till, BODY, headers)


async def test_a_foreign_secret_and_a_changed_body_are_refused(till):
    now = till.host.clock.now().timestamp()
    for headers, body in [
        (till.signed(BODY, now, "whsec_of_somebody"), BODY),
        (till.signed(BODY, now), BODY + b" "),
        (till.signed(BODY, now, ""), BODY),
    ]:
        with pytest.raises(Unauthorized):
            await receive(till, body, headers)


async def test_while_a_secret_is_being_rolled_either_one_is_good_in_any_place(till):
    body = json.dumps(till.events["05"]).encode()
    now = till.host.clock.now().timestamp()
    await receive(till, body, till.signed(body, now, till.secrets[1]))
    old = till.signed(body, now, "whsec_gone")["stripe-signature"].split(",")[1]
    new = till.signed(body, now, till.secrets[0])["stripe-signature"].split(",")[1]
    await receive(till, body, {"stripe-signature": f"t={int(now)},{old},{new}"})
    assert events_of(till) == ["new/evt_1AttiBooks0005"]


async def test_without_a_secret_there_is_no_such_route(till):
    till.host.overrides["stripe"]["webhook_secrets"] = []
    till.forget()
    with pytest.raises(NotFound):
        await receive(till, BODY, till.signed(BODY, till.host.clock.now().timestamp(), ""))


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"id": 5, "object": "event"}', b'{"object": "event"}', b'{"id": "evt_1"}',
     b'{"id":"../../x","object":"event","data":{"object":{}}}', b'{"id":"evt_1","object":"event","data":[]}',
     b'{"id":"evt_1","object":"event","data":{"object":"x"}}'],
)  # fmt: skip
async def test_what_is_signed_and_is_no_event_is_malformed(till, body):
    with pytest.raises(AttiBooksError) as refusal:
        await receive(till, body, till.signed(body, till.host.clock.now().timestamp()))
    assert refusal.value.code == "malformed"
    assert events_of(till) == []


async def test_an_event_that_no_plan_depends_on_is_taken_and_forgotten(till):
    for thing in ({"object": "payout", "id": "po_1"}, {"object": "subscription"}, {}):
        await till.deliver({"id": "evt_other", "object": "event", "livemode": False, "data": {"object": thing}})
    await till.deliver({"id": "evt_thin", "object": "v2.core.event", "livemode": False})
    await till.deliver({**till.events["05"], "livemode": True})
    assert events_of(till) == []


async def test_one_event_delivered_thirty_two_times_at_once_is_worked_on_once(till):
    await till.known()
    till.stripe.subscriptions = [till.thing("05")]
    await asyncio.gather(*(till.deliver(till.events["05"]) for _ in range(32)))
    await till.provider.work()
    assert len(till.stripe.server.calls("GET", "/v1/subscriptions")) == 1
    await till.deliver(till.events["05"])
    await till.provider.work()
    assert len(till.stripe.server.calls("GET", "/v1/subscriptions")) == 1, "a repeat changes nothing"
    assert events_of(till) == ["seen/evt_1AttiBooks0005"]


async def test_nothing_of_a_customer_is_kept_but_ids(till):
    await till.known()
    for event in till.events.values():
        await till.deliver(event)
    kept = json.dumps(till.documents)
    assert not [word for word in ("Acme", "acme.example", "Teststr", "DE123456789") if word in kept]


async def test_a_thousand_old_events_cost_next_to_nothing(till):
    await till.known()
    till.stripe.subscriptions = [till.thing("13")]
    for n in range(1000):
        await till.deliver({**till.events["05"], "id": f"evt_old{n}", "created": 1795000000 + n})
    await till.provider.work()
    assert await till.plan() == "free"
    assert len(till.stripe.server.seen) < 20
    assert len(events_of(till)) == 1000
    till.host.clock.move(36 * 86_400)
    till.stripe.events = []
    await till.provider.catch_up()
    assert events_of(till) == [], "forgotten when Stripe cannot send them again"


async def test_a_foreign_customers_events_ask_once_and_change_nothing(till):
    till.stripe.subscriptions = [till.thing("19")]
    for n in range(50):
        await till.deliver({**till.events["19"], "id": f"evt_foreign{n}"})
        await till.provider.work()
    assert len(till.stripe.server.calls("GET", "/v1/subscriptions")) == 1
    assert not [key for key in till.documents if key.startswith(("plan/", "customer/"))]


async def test_a_customer_that_was_made_elsewhere_is_known_by_its_subscription(till):
    """Row 151; a database from a backup, or a customer made by hand: metadata names the workspace."""
    till.stripe.subscriptions = [till.thing("05")]
    await till.deliver(till.events["16"])
    await till.provider.work()
    assert await till.plan() == "pro"


async def test_without_metadata_our_own_customer_is_known_all_the_same(till):
    await till.known()
    bare = {**till.thing("05"), "metadata": {}}
    till.stripe.subscriptions = [bare]
    await till.deliver({**till.events["05"], "data": {"object": bare}})
    await till.provider.work()
    assert await till.plan() == "pro"


async def test_metadata_missing_on_a_strangers_subscription_is_nobodys_plan(till):
    bare = {**till.thing("05"), "metadata": {}, "customer": "cus_Stranger"}
    till.stripe.subscriptions = [bare]
    await till.deliver({**till.events["05"], "data": {"object": bare}})
    await till.provider.work()
    assert await till.plan() == "free"


async def test_two_subscriptions_are_pro_and_told(till, caplog):
    await till.known()
    till.stripe.subscriptions = [till.thing("05"), {**till.thing("05"), "id": "sub_2"}]
    await till.deliver(till.events["05"])
    await till.provider.work()
    assert await till.plan() == "pro"
    assert "pays twice" in caplog.text


@pytest.mark.parametrize("event", ["charge.refunded", "charge.dispute.created"])
async def test_a_refund_or_a_dispute_ends_pro_and_a_won_dispute_gives_it_back(till, event):
    """Row 152: refund or dispute -> Free."""
    await till.known()
    till.stripe.subscriptions = [till.thing("05")]
    charge = {"id": "ch_1", "object": "charge", "customer": till.customer, "status": "succeeded", "created": 1795420801}
    is_refund = event == "charge.refunded"
    till.stripe.charges = [{**charge, "refunded": is_refund, "disputed": not is_refund}]
    till.stripe.disputes = [{"id": "dp_1", "object": "dispute", "charge": "ch_1", "status": "needs_response"}]
    till.stripe.server.on("GET", "/v1/disputes/dp_1", Answer(till.stripe.disputes[0]))
    till.stripe.server.on("GET", "/v1/charges/ch_1", lambda _: Answer(till.stripe.charges[0]))
    thing = till.stripe.charges[0] if is_refund else till.stripe.disputes[0]
    await till.deliver(
        {"id": "evt_back", "object": "event", "type": event, "livemode": False, "data": {"object": thing}}
    )
    await till.provider.work()
    assert await till.plan() == "free"
    assert "given back" in (await till.provider.entitlements(till.workspace)).notice.message
    till.stripe.disputes[0]["status"] = "won"
    till.stripe.charges[0]["refunded"] = False
    await till.provider.walk()
    assert await till.plan() == "pro"


async def test_a_payment_of_an_earlier_subscription_that_was_given_back_does_not_count(till):
    await till.known()
    till.stripe.subscriptions = [till.thing("05")]
    till.stripe.charges = [
        {"id": "ch_0", "object": "charge", "status": "succeeded", "created": 1790000000, "refunded": True}
    ]
    await till.deliver(till.events["05"])
    await till.provider.work()
    assert await till.plan() == "pro"


async def test_a_poisoned_event_holds_up_no_other_and_is_given_up_at_last(till, caplog):
    await till.known()
    till.stripe.subscriptions = [till.thing("05")]
    till.stripe.server.on("GET", "/v1/subscriptions/sub_poison", Answer("[]"))
    poison = {**till.events["30"], "id": "evt_a", "related_object": {"type": "subscription", "id": "sub_poison"}}
    await till.deliver(poison)
    await till.deliver(till.events["05"])
    await till.provider.work()
    assert await till.plan() == "pro"
    for _ in range(12):
        till.host.clock.move(3700)
        await till.provider.work()
    assert "could not be worked on" in caplog.text
    assert [k for k in events_of(till) if k.startswith("new/")] == []


async def test_while_stripe_is_down_the_plan_stays_and_events_wait(till):
    """Row 153: the last known plan is used, never a lock-out of a paying customer."""
    await till.known()
    till.stripe.subscriptions = [till.thing("05")]
    await till.deliver(till.events["05"])
    await till.provider.work()
    for status in (500, 401, 429):
        till.stripe.down(status)
        await till.deliver({**till.events["12"], "id": f"evt_down{status}"})
        await till.provider.work()
        assert await till.plan() == "pro"
    asked = len(till.stripe.server.seen)
    await till.provider.work()
    assert len(till.stripe.server.seen) == asked, "nothing is asked for a while"
    till.stripe.open()
    till.stripe.subscriptions = [till.thing("12")]
    till.host.clock.move(301)
    await till.provider.work()
    assert await till.plan() == "free"
    assert not [k for k in events_of(till) if k.startswith("new/")]
