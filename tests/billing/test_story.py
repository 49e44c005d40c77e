"""From Free to Pro and back, on the pages of the sandbox's Stripe, as a user sees it."""

import httpx

from tests.billing.shop import APP, Shop, standing, usage
from tests.desk import Desk

MONTH = 31 * 86_400


def fill_up(desk: Desk, count: int = 10) -> None:
    result = desk.batch([desk.new_company() for _ in range(count)])
    assert result["created"] == count, result


def test_free_means_ten_then_pro_is_bought_used_cancelled_and_over(shop: Shop, desk: Desk):
    """Rows 143, 144, 146, 148, 150, 151, 152, 155: the whole life of a plan."""
    assert usage(desk) | {"resets_at": ""} == {
        "plan": "free", "used": 0, "held": 0, "limit": 10, "resets_at": "", "upgrade_available": True,
    }  # fmt: skip
    assert standing(desk) is None, "nothing was bought"
    fill_up(desk)
    assert usage(desk)["used"] == 10, "the count is shown after each create"

    record = desk.new_company()
    desk.box.clear_calls()
    refusal = desk.create(record)
    body = refusal.json()
    assert (refusal.status_code, body["code"]) == (402, "limit_reached")
    assert (body["used"], body["held"], body["limit"]) == (10, 0, 10)
    assert body["resets_at"] == usage(desk)["resets_at"]
    assert body["resets_at"].endswith("-01T00:00:00Z")
    assert body["upgrade_url"] in body["detail"], "the one next step"
    assert desk.box.counts().get("quickbooks") is None, "0 calls to the books"
    desk.eventually(lambda: "limit_reached" in (desk.shown(record)["sync_error"] or ""))

    page = shop.buy(desk)
    assert (page.status_code, "You have Pro" in page.text, APP in page.text) == (200, True, True)
    assert usage(desk) | {"resets_at": ""} == {
        "plan": "pro", "used": 10, "held": 0, "limit": None, "resets_at": "", "upgrade_available": False,
    }  # fmt: skip
    assert standing(desk) == {"name": "billing", "ok": True, "detail": "This workspace has Pro.", "fix": None}
    assert desk.click(record).status_code == 201, "the eleventh"
    assert usage(desk)["used"] == 11, "Pro is counted too"

    shop.in_portal(desk, "cancel", feedback="unused")
    desk.eventually(lambda: "Pro is cancelled" in (standing(desk) or {})["detail"], 10)
    assert (standing(desk) or {})["fix"] == "Open Manage plan to keep it."
    assert usage(desk)["plan"] == "pro", "until the period ends"

    shop.box.clock.offset(MONTH)
    shop.again(ATTIBOOKS_CLOCK_OFFSET_SECONDS=str(MONTH))
    desk.app.clock_offset = MONTH
    desk.eventually(lambda: usage(desk)["plan"] == "free", 20)
    assert usage(desk)["used"] == 0, "another month"


def test_after_a_lapse_nothing_is_locked_but_what_is_new(shop: Shop, desk: Desk):
    """Rows 147 and 148: more than ten made this month, and Pro is over."""
    shop.buy(desk)
    fill_up(desk, 12)
    with shop.api as api:
        assert api.delete(f"/v1/subscriptions/{shop.subscription['id']}").status_code == 200
    desk.eventually(lambda: usage(desk)["plan"] == "free", 10)
    shown = usage(desk)
    assert (shown["used"], shown["limit"], shown["upgrade_available"]) == (12, 10, True)
    assert standing(desk), "the invoices of Pro can still be looked at"
    record = desk.new_company()
    assert desk.create(record).json()["code"] == "limit_reached"
    assert desk.app.preview("companies", record, edits={"memo": "x"}).json()["code"] == "plan_required"
    assert desk.until_final(desk.app.sync).status_code == 200, "what there is is kept true"
    assert shop.buy(desk).status_code == 200, "and one may come back"
    assert desk.click(record).status_code == 201


def test_a_void_gives_nothing_back(shop: Shop, desk: Desk):
    """X13: voided invoices stay counted."""
    shop.buy(desk)
    record = desk.new_company()
    desk.click(record)
    assert desk.void(record).status_code == 200
    assert usage(desk)["used"] == 1


def test_the_link_of_a_refusal_leads_to_paying_and_nowhere_else(shop: Shop, desk: Desk):
    """Rows 146 and 155: a link on a record, opened by whoever reads it."""
    desk.app.settings = {**desk.app.settings, "invoice_mode": "custom"}
    url = desk.create(desk.new_company()).json()["upgrade_url"]
    desk.eventually(lambda: shop.looks_back == 2, 20)
    shop.box.clear_calls()
    page = httpx.get(url)
    assert (page.status_code, "Upgrade to Pro" in page.text) == (200, True)
    assert shop.box.counts().get("stripe") is None, "looking at it makes nothing"
    on = httpx.post(url)
    assert on.status_code == 303
    assert on.headers["location"].startswith(shop.box.stripe_url)
    back = httpx.post(on.headers["location"], data={"number": "4242 4242 4242 4242"})
    assert "You have Pro" in httpx.get(back.headers["location"]).text
    assert "has Pro" in httpx.get(url).text
    assert "billing_portal" not in httpx.post(url).text, "the portal is for the app only"


def test_a_declined_card_and_an_abandoned_page_change_nothing(shop: Shop, desk: Desk):
    url = desk.app.checkout(APP).json()["url"]
    declined = httpx.post(url, data={"number": "4000 0000 0000 0002"})
    assert declined.status_code == 200
    assert usage(desk)["plan"] == "free"
    assert desk.app.checkout(APP).json()["url"] == url, "the same page, for another try"
    with shop.api as api:
        sessions = api.get("/v1/checkout/sessions").json()["data"]
        assert len(sessions) == 1
        cancelled = httpx.get(sessions[0]["cancel_url"])
        assert api.post(f"/v1/checkout/sessions/{sessions[0]['id']}/expire").status_code == 200
    assert "Nothing was paid" in cancelled.text
    assert APP in cancelled.text
    assert usage(desk)["plan"] == "free"
    assert desk.app.checkout(APP).json()["url"] != url


def test_upgrade_with_pro_leads_to_the_portal_and_never_to_a_second_subscription(shop: Shop, desk: Desk):
    """Row 151."""
    assert desk.app.portal(APP).json()["code"] == "no_customer"
    shop.buy(desk)
    assert (
        "billing_portal" in desk.app.checkout(APP).json()["url"]
        or "/p/session/" in desk.app.checkout(APP).json()["url"]
    )
    assert shop.subscription["status"] == "active"


def test_with_stripe_down_a_paying_customer_goes_on_and_nobody_else_is_locked_out(shop: Shop, desk: Desk):
    """Row 153."""
    shop.buy(desk)
    shop.box.faults.add("stripe", "status", status=500, times=1000)
    assert usage(desk)["plan"] == "pro"
    assert desk.click(desk.new_company()).status_code == 201
    shop.again()
    assert usage(desk)["plan"] == "pro"
    refused = desk.app.portal(APP)
    assert (refused.status_code, refused.json()["code"]) == (502, "backend_down")


def test_setting_up_twice_changes_nothing_and_a_new_price_keeps_the_old_subscriber(shop: Shop, desk: Desk):
    """Row 154: the price is named by configuration."""
    assert {s["state"] for s in shop.set_up()} == {"unchanged"}
    shop.buy(desk)
    steps = shop.set_up("--amount", "4900")
    assert [s["state"] for s in steps] == ["unchanged", "changed", "unchanged", "unchanged"]
    assert "whsec" not in json_of(steps)
    shop.again()
    with shop.api as api:  # any change, so that the subscription is read anew
        api.post(f"/v1/subscriptions/{shop.subscription['id']}", data={"metadata[x]": "1"})
    assert usage(desk)["plan"] == "pro"


def json_of(steps):
    return str([s["secret"] for s in steps])
