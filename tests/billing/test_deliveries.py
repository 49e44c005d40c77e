"""Deliveries over HTTP: signed or refused, once or often, late, backwards or never; and what comes back from paying."""

import hashlib
import hmac
import itertools
import json
import time

import httpx
import pytest

from tests.billing.shop import APP, Shop, usage
from tests.desk import Desk


def deliver(
    shop: Shop, body: bytes, *, secret: str | None = None, at: float | None = None, **headers: str
) -> httpx.Response:
    (known,) = json.loads(shop.environment["ATTIBOOKS_STRIPE__WEBHOOK_SECRETS"])
    stamp = int(time.time() if at is None else at)
    mac = hmac.new((secret or known).encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    signature = {"Stripe-Signature": f"t={stamp},v1={mac}", **headers}
    return httpx.post(f"{shop.host.url}/webhooks/stripe", content=body, headers=signature, follow_redirects=False)


def event(number: int = 1, size: int = 0) -> bytes:
    thing = {"object": "customer", "id": "cus_Nobody", "description": "x" * size}
    return json.dumps({"id": f"evt_{number}", "object": "event", "livemode": False, "data": {"object": thing}}).encode()


def test_a_delivery_is_taken_or_refused(shop: Shop):
    """Row 151."""
    assert deliver(shop, event()).status_code == 200
    assert deliver(shop, event()).status_code == 200, "a repeat"
    for refused in (
        deliver(shop, event(), secret="whsec_wrong"),
        deliver(shop, event(), at=time.time() - 301),
        deliver(shop, event(), at=time.time() + 310),
        httpx.post(f"{shop.host.url}/webhooks/stripe", content=event()),
    ):
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_signature")
        assert refused.headers["content-type"] == "application/problem+json"
    assert deliver(shop, b"[]").json()["code"] == "malformed"
    assert deliver(shop, event(2, size=4_900_000)).status_code == 200, "up to 5 MiB"
    too_large = deliver(shop, event(3, size=5_300_000))
    assert (too_large.status_code, too_large.json()["code"]) == (413, "too_large")
    assert httpx.get(f"{shop.host.url}/webhooks/stripe").status_code == 405


def test_pro_comes_by_delivery_when_nobody_comes_back(shop: Shop, desk: Desk):
    """Rows 150 and 151: in effect within seconds, also when the browser was closed."""
    url = desk.app.checkout(APP).json()["url"]
    assert httpx.post(url, data={"number": "4242 4242 4242 4242"}).status_code == 303
    desk.eventually(lambda: usage(desk)["plan"] == "pro", 5)


@pytest.mark.parametrize("reverse", [False, True])
def test_late_and_backwards_is_as_good(shop: Shop, desk: Desk, reverse: bool):
    """Row 151: order-independent."""
    shop.box.control("POST", "stripe/webhooks", {"hold": True})
    url = desk.app.checkout(APP).json()["url"]
    httpx.post(url, data={"number": "4242 4242 4242 4242"})
    with shop.api as api:
        api.delete(f"/v1/subscriptions/{shop.subscription['id']}")
    shop.box.control("POST", "stripe/webhooks/release", {"reverse": reverse})
    time.sleep(2)
    assert usage(desk)["plan"] == "free"


def test_what_was_lost_is_found_when_the_host_starts_the_next_time(shop: Shop, desk: Desk):
    """Rows 151 and 153: reconciliation."""
    desk.eventually(lambda: "billing_reconciled" in shop.host.text(), 10)
    shop.box.control("POST", "stripe/webhooks", {"hold": True})
    url = desk.app.checkout(APP).json()["url"]
    httpx.post(url, data={"number": "4242 4242 4242 4242"})
    shop.box.control("POST", "stripe/webhooks/release", {"drop": True})
    assert usage(desk)["plan"] == "free"
    shop.again(ATTIBOOKS_CLOCK_OFFSET_SECONDS="3700")
    desk.app.clock_offset = 3700
    desk.eventually(lambda: usage(desk)["plan"] == "pro", 10)


FORGED = [
    {},
    {"workspace": "ws", "pass": "v1.dev.AAAA"},
    {"workspace": "<script>alert(1)</script>", "pass": '"><script>alert(1)</script>'},
    {"workspace": "ws", "pass": "https://evil.example", "return_to": "https://evil.example"},
    {"session_id": "cs_test_<b>", "pass": "é", "workspace": "../.."},
]


def test_the_pages_reflect_nothing_and_load_nothing(shop: Shop):
    pages = (("success", 200), ("cancelled", 200), ("upgrade", 404))
    for (path, status), query in itertools.product(pages, FORGED):
        page = httpx.get(f"{shop.host.url}/billing/{path}", params=query)
        assert page.status_code == status
        assert "width=device-width" in page.text
        assert not [
            bad for bad in ("evil", "alert(1)", "<script", "cs_test", "src=", "url(", "@import") if bad in page.text
        ]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert httpx.post(f"{shop.host.url}/billing/upgrade", params=query).status_code == 404


def test_nobody_comes_back_with_somebody_elses_purchase(shop: Shop, desk: Desk):
    """The address of the success page, moved to another workspace or purchase, shows and grants nothing."""
    page = shop.buy(desk)
    moved = httpx.get(str(page.url).replace(f"workspace={desk.app.workspace}", "workspace=another"))
    assert "You have Pro" not in moved.text
    assert APP not in moved.text
    other = httpx.get(str(page.url).partition("&session_id")[0], params=None)
    assert "You have Pro" not in other.text


UNSAFE = [
    "http://app.example", "javascript:alert(1)", "//evil.example", "https://", "https://a@evil.example", "https://x y",
    "https://ok.example\\@evil.example", "data:text/html,x", "https://ex\nample", "", "https://[", "https://x:99999",
    "https://evil.example/" + "x" * 3000,
]  # fmt: skip


def test_one_is_sent_back_only_to_a_safe_address(shop: Shop, desk: Desk):
    for return_to in UNSAFE:
        for answer in (desk.app.checkout(return_to), desk.app.portal(return_to)):
            assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), return_to


def test_the_same_click_gets_the_same_answer(shop: Shop, desk: Desk):
    answers = [desk.app.checkout(APP, key="one-click") for _ in range(3)]
    assert len({a.content for a in answers}) == 1
    assert desk.app.checkout("https://other.example", key="one-click").json()["code"] == "idempotency_key_reused"
    assert desk.app.call("POST", "billing/checkout", {"return_to": APP}).json()["code"] == "idempotency_key_missing"
    assert desk.app.checkout("http://127.0.0.1:9/page").status_code == 200, "loopback, in development"
