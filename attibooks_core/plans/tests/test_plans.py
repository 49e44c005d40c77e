"""What a plan allows and how a refusal is worded; links that open one page and nothing else; the loop around a provider."""

from datetime import UTC, datetime, timedelta

import pytest

from attibooks_core.errors import Down
from attibooks_core.model import Entitlements
from attibooks_core.plans.quota import Unmetered, limit_in, limit_reached, month_of, resets_at
from attibooks_core.plans.selling import Plans, Return
from attibooks_core.plans.tending import Tender
from attibooks_core.storage.vault import Vault
from attibooks_core.testing import DocumentsInMemory, SettableClock

KEY = "k1:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
FREE = Entitlements("free", 10, frozenset(), "https://pay.example/upgrade")
NOW = datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_a_refusal_names_count_limit_reset_and_where_to_upgrade():
    """Rows 146 and 155."""
    refusal = limit_reached(FREE, "production", 9, 1, NOW)
    assert refusal.message == (
        "The 10 invoices of this month are used up (9 made, 1 under way). Upgrade at https://pay.example/upgrade, "
        "or wait until 2027-01-01, 00:00 UTC."
    )
    assert refusal.details == {
        "used": 9,
        "held": 1,
        "limit": 10,
        "resets_at": "2027-01-01T00:00:00Z",
        "upgrade_url": "https://pay.example/upgrade",
    }


def test_in_the_sandbox_upgrading_is_no_way_out():
    """X13."""
    refusal = limit_reached(FREE, "sandbox", 1000, 0, NOW)
    assert "1000 invoices in the sandbox" in refusal.message
    assert "Wait until 2027-01-01" in refusal.message
    assert refusal.details["upgrade_url"] is None


@pytest.mark.parametrize(("instant", "month", "reset"), [
    (datetime(2026, 11, 30, 23, 59, 59, 999999, tzinfo=UTC), "2026-11", datetime(2026, 12, 1, tzinfo=UTC)),
    (datetime(2026, 12, 1, tzinfo=UTC), "2026-12", datetime(2027, 1, 1, tzinfo=UTC)),
    (datetime(2028, 2, 29, 12, tzinfo=UTC), "2028-02", datetime(2028, 3, 1, tzinfo=UTC)),
])  # fmt: skip
def test_months_are_utc(instant, month, reset):
    """Row 145."""
    assert (month_of(instant), resets_at(instant)) == (month, reset)


async def test_limits_are_those_of_the_books_that_are_written_to():
    """Row 143 and X13."""
    assert (limit_in(FREE, "production"), limit_in(FREE, "sandbox")) == (10, 1000)
    unmetered = await Unmetered().entitlements("ws")
    assert (limit_in(unmetered, "production"), limit_in(unmetered, "sandbox")) == (None, None)


NO_LINK = Entitlements("free", 10, frozenset())


class Seller:
    """A provider that sells, is told and finds out; what it did is in `done`."""

    key = "seller"

    def __init__(self, plan=NO_LINK):
        self.plan, self.done, self.fails = plan, [], False

    async def entitlements(self, workspace_id):
        return self.plan

    async def checkout_url(self, workspace_id, *, success_url, cancel_url):
        return success_url

    async def portal_url(self, workspace_id, return_to):
        return return_to

    async def returned(self, workspace_id, query):
        return self.plan

    async def receive(self, headers, body):
        self.done.append("receive")

    async def work(self):
        self.done.append("work")

    async def catch_up(self):
        self.done.append("catch_up")
        if self.fails:
            raise Down("down")

    async def walk(self):
        self.done.append("walk")
        return 0


def plans(provider):
    return Plans(provider, Vault([KEY]), "https://host.example/")


def query_of(url):
    from urllib.parse import parse_qs, urlsplit

    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def test_free_gets_a_link_to_the_hosts_own_page_and_pro_none():
    url = (await plans(Seller()).entitlements("ws")).upgrade_url
    assert url.startswith("https://host.example/billing/upgrade?workspace=ws&pass=")
    assert len(url) < 200, "it has to fit into an error text"
    assert (await plans(Seller(Entitlements("pro", None, frozenset()))).entitlements("ws")).upgrade_url is None
    assert (await plans(Seller(FREE)).entitlements("ws")).upgrade_url == FREE.upgrade_url
    assert (await plans(Unmetered()).entitlements("ws")).upgrade_url is None


def test_a_link_opens_for_its_workspace_and_page_only():
    ours = plans(Seller())
    coming = Return("ws", "https://app.example/?a=1&b=2")
    back = query_of(ours.success_url(coming))
    assert ours.returner(back["workspace"], back["pass"]) == coming
    assert ours.returner("another", back["pass"]) is None
    assert ours.upgrader("ws", back["pass"]) is None
    assert ours.upgrader("ws", query_of(ours.upgrade_url("ws"))["pass"]) == Return("ws", None)
    for forged in ("", "v1", "v1..", "v1.k1.!!!", "v1.k1.AAAA", back["pass"][:-4] + "AAAA", "\u00fc", "v1.other.AAAA"):
        assert ours.returner("ws", forged) is None


@pytest.fixture
def clock():
    return SettableClock()


async def test_hours_and_days_are_begun_once_by_all_processes_together(clock):
    documents, provider = DocumentsInMemory(clock), Seller()
    tenders = [Tender(provider, documents, clock) for _ in range(3)]
    for _ in range(4):
        for tender in tenders:
            await tender.round()
        clock.move(1)
    assert (provider.done.count("catch_up"), provider.done.count("walk"), provider.done.count("work")) == (1, 1, 12)
    clock.move(3600)
    for tender in tenders:
        await tender.round()
    assert (provider.done.count("catch_up"), provider.done.count("walk")) == (2, 1)
    clock.move(timedelta(days=1).total_seconds())
    await tenders[0].round()
    assert (provider.done.count("catch_up"), provider.done.count("walk")) == (3, 2)


async def test_what_failed_is_tried_again_in_an_hour_and_stops_nothing_else(clock):
    documents, provider = DocumentsInMemory(clock), Seller()
    tender = Tender(provider, documents, clock)
    provider.fails = True
    await tender.round()
    assert provider.done == ["work", "catch_up", "walk"]
    clock.move(60)
    await tender.round()
    assert provider.done.count("catch_up") == 1
    clock.move(3600)
    await tender.round()
    assert provider.done.count("catch_up") == 2
