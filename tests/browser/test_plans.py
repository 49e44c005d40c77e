"""Free, Pro and the way between them, on the pages of the sandbox's Stripe, in a real browser."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from attibooks_sandbox.demo.stage import Stage
from tests.browser.visitor import AT_LAST, CREATE, Visitor

pytestmark = pytest.mark.browser
CARD = "4242 4242 4242 4242"
MONTH = 31 * 86_400
PHONE = {"width": 375, "height": 812}


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A host that sells, with a workspace on Free; what is bought, and the clocks, are of one test."""
    with Stage(fixed_ports=False, sells=True) as running:
        running.sandbox.limits(quickbooks=False, attio=False, stripe=False)
        yield running


class Customer:
    """Somebody whose invoices count: the connected books are real ones."""

    def __init__(self, visitor: Visitor) -> None:
        visitor.stage.connect("production")
        self.visitor, self.page, self.stage = visitor, visitor.page, visitor.stage
        self.plan = self.page.get_by_role("region", name="Plan & Usage")
        self.meter = self.plan.get_by_role("meter", name="Invoices this month")

    def opens_settings(self) -> None:
        self.visitor.opens()
        self.visitor.crm.get_by_role("link", name="AttiBooks").click()
        expect(self.plan).to_be_visible(timeout=AT_LAST)

    def uses_up(self, count: int) -> None:
        """Make that many invoices, behind their back."""
        for _ in range(count):
            name = self.visitor.new_company()
            self.stage.press(f"/ui/api/crm/{self.stage.workspace}/companies/{self.id_of(name)}/invoice")

    def id_of(self, name: str) -> str:
        records = self.stage.ask("GET", f"/ui/api/crm/{self.stage.workspace}/companies")["records"]
        return next(each["id"] for each in records if each["name"] == name)

    def loses_pro(self) -> None:
        """The seller ends the subscription at once."""
        box = self.stage.sandbox
        headers = {"Authorization": f"Bearer {box.world['stripe']['api_key']}"}
        with httpx.Client(base_url=box.stripe_url, headers=headers) as api:
            (found,) = api.get("/v1/subscriptions").json()["data"]
            assert api.delete(f"/v1/subscriptions/{found['id']}").status_code == 200

    def follows(self, button: Locator, address: str) -> Page:
        """Press a button that opens a page beside, and wait for it."""
        with self.page.context.expect_page() as opened:
            button.click()
        opened.value.wait_for_url(address)
        return opened.value

    def comes_back(self, tab: Page) -> None:
        """Close the tab and look at this page again; a browser without a window tells no page that it lost the focus."""
        tab.close()
        self.page.evaluate("window.dispatchEvent(new Event('focus'))")


@pytest.fixture
def customer(visitor: Visitor) -> Customer:
    return Customer(visitor)


def pays(tab: Page) -> None:
    """Fill the page of Checkout in, and subscribe."""
    tab.get_by_label("E-mail").fill("amy@example.com")
    tab.get_by_label("Name").fill("Amy Lauterbach")
    tab.get_by_label("Card number").fill(CARD)
    tab.get_by_role("button", name="Subscribe").click()
    expect(tab.get_by_role("heading", name="You have Pro")).to_be_visible(timeout=AT_LAST)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_the_limit_is_hit_pro_is_bought_used_cancelled_and_over(customer):
    """Rows 143, 144, 146, 148, 150, 151, 152, 155: the life of a plan as a user sees it."""
    sees_ten_of_ten(customer)
    name, refusal = is_refused(customer)
    upgrades_from(refusal, customer)
    customer.visitor.acts(CREATE)
    customer.visitor.sees_toast("created")
    assert len(customer.visitor.invoices_of(name, "production")) == 1, "the eleventh"
    cancels(customer)
    customer.visitor.expects_console("Failed to load resource")  # while the host starts again
    customer.stage.move_clocks(MONTH)
    customer.page.reload()
    expect(customer.plan.get_by_text("Free", exact=True)).to_be_visible(timeout=AT_LAST)
    expect(customer.plan).to_contain_text("0 of 10 invoices this month, resets 1 ")
    expect(customer.plan.get_by_role("button", name="Upgrade to Pro")).to_be_visible()


def sees_ten_of_ten(customer: Customer) -> None:
    customer.opens_settings()
    expect(customer.meter).to_have_attribute("value", "0")
    customer.uses_up(10)
    expect(customer.plan).to_contain_text("10 of 10 invoices this month, resets 1 ", timeout=AT_LAST)
    expect(customer.meter).to_have_attribute("aria-valuetext", re.compile("^10 of 10 invoices this month"))
    customer.meter.scroll_into_view_if_needed()
    customer.visitor.takes_pictures("plan-used-up")


def is_refused(customer: Customer) -> tuple[str, Locator]:
    """The eleventh: the record's name, and the toast that refuses it."""
    visitor = customer.visitor
    name = visitor.new_company()
    visitor.opens_record(name).acts(CREATE)
    refusal = visitor.sees_toast("Invoice not created")
    expect(refusal).to_contain_text("10 of 10 invoices this month, resets 1 ")
    expect(refusal.get_by_role("link")).to_have_attribute("href", re.compile(r"/billing/upgrade\?"))
    expect(visitor.field("Sync error")).to_contain_text("limit_reached", timeout=AT_LAST)
    assert visitor.invoices_of(name, "production") == []
    visitor.takes_pictures("plan-refusal")
    return name, refusal


def upgrades_from(refusal: Locator, customer: Customer) -> None:
    tab = customer.follows(refusal.get_by_role("button", name="Upgrade to Pro"), "**/c/pay/**")
    expect(refusal).to_be_hidden()
    pays(tab)
    assert tab.get_by_role("link", name="Go back").get_attribute("href") == customer.page.url, "to where they were"
    customer.comes_back(tab)


def cancels(customer: Customer) -> None:
    """In the portal; it is still Pro, with the day on which it ends."""
    plan = customer.plan
    customer.visitor.crm.get_by_role("link", name="AttiBooks").click()
    expect(plan).to_contain_text("11 invoices this month, no limit.")
    expect(plan.get_by_role("button", name="Upgrade to Pro")).to_have_count(0)
    tab = customer.follows(plan.get_by_role("button", name="Manage plan"), "**/p/session/**")
    tab.get_by_role("link", name="Cancel subscription").click()
    tab.get_by_role("button", name="Cancel subscription").click()
    expect(tab.get_by_text("Your subscription will be canceled on")).to_be_visible()
    customer.comes_back(tab)
    expect(plan.get_by_text(re.compile(r"Pro is cancelled and ends on \d{4}-\d\d-\d\d"))).to_be_visible(timeout=AT_LAST)
    expect(plan).to_contain_text("11 invoices this month, no limit.")
    customer.visitor.takes_pictures("plan-ending")


def test_pages_are_paid_on_beside_and_the_meter_is_right_when_somebody_comes_back(customer):
    customer.opens_settings()
    customer.uses_up(3)
    expect(customer.meter).to_have_attribute("value", "3", timeout=AT_LAST)
    tab = customer.follows(customer.plan.get_by_role("button", name="Upgrade to Pro"), "**/c/pay/**")
    pays(tab)
    customer.comes_back(tab)
    expect(customer.plan).to_contain_text("3 invoices this month, no limit.")
    expect(customer.meter).to_have_count(0)
    customer.uses_up(1)
    expect(customer.plan).to_contain_text("4 invoices this month, no limit.", timeout=AT_LAST)


def test_after_a_lapse_what_was_made_beyond_the_limit_is_shown_as_it_is(customer):
    """Row 148: no surprise; more than ten are made, and Pro is over."""
    customer.opens_settings()
    pays(customer.follows(customer.plan.get_by_role("button", name="Upgrade to Pro"), "**/c/pay/**"))
    customer.uses_up(12)
    expect(customer.plan).to_contain_text("12 invoices this month, no limit.", timeout=AT_LAST)
    tab = customer.follows(customer.plan.get_by_role("button", name="Manage plan"), "**/p/session/**")
    customer.loses_pro()
    customer.comes_back(tab)
    expect(customer.plan).to_contain_text("12 of 10 invoices this month, resets 1 ", timeout=AT_LAST)
    expect(customer.meter).to_have_attribute("value", "10")
    expect(customer.plan.get_by_role("button", name="Upgrade to Pro")).to_be_visible()


def test_a_selection_beyond_the_limit_says_what_was_refused_and_leads_to_upgrading(customer):
    customer.uses_up(9)
    names = [customer.visitor.new_company(), customer.visitor.new_company()]
    customer.visitor.opens()
    for name in names:
        customer.visitor.crm.get_by_role("checkbox", name=f"Select {name}").check()
    customer.visitor.crm.get_by_role("button", name="Create invoices").click()
    sheet = customer.page.get_by_role("dialog")
    sheet.get_by_role("button", name="Create 2 invoices").click()
    expect(sheet).to_contain_text("1 created, 1 refused", timeout=AT_LAST)
    expect(sheet.get_by_role("link", name=re.compile("billing.upgrade"))).to_be_visible()
    customer.visitor.takes_pictures("plan-batch")
    customer.follows(sheet.get_by_role("button", name="Upgrade to Pro"), "**/c/pay/**").close()


def test_when_stripe_is_down_the_click_says_so_and_leaves_no_empty_tab(customer):
    customer.opens_settings()
    customer.stage.sandbox.faults.add("stripe", "status", status=500, times=100)
    customer.plan.get_by_role("button", name="Upgrade to Pro").click()
    customer.visitor.sees_toast("The page to upgrade on cannot be opened")
    assert customer.page.context.pages == [customer.page]


def test_the_plan_fits_a_phone_and_is_reached_by_keyboard(customer):
    customer.page.set_viewport_size(PHONE)
    customer.opens_settings()
    button = customer.plan.get_by_role("button", name="Upgrade to Pro")
    customer.visitor.tabs_to(button)
    expect(button).to_be_in_viewport()
    customer.visitor.takes_pictures("plan-phone")
    assert fits(customer.page)
    with customer.page.context.expect_page() as opened:
        customer.visitor.presses("Enter")
    opened.value.wait_for_url("**/c/pay/**")
