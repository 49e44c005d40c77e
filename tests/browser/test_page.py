"""The page around the main job: menu, dialogs, settings, books, wire, faults, a phone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import AT_LAST, CREATE

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
SMALL_PHONE = {"width": 320, "height": 568}
HOSTILE = '<img src=x onerror="document.title=1"><b>Bold</b>'


# the menu and the dialogs


def test_escape_closes_the_menu_and_the_focus_is_on_its_button_again(visitor):
    visitor.opens_record("Northwind Traders")
    actions = visitor.crm.get_by_role("button", name="Actions")
    actions.press("ArrowUp")
    expect(visitor.page.get_by_role("menuitem").last).to_be_focused()
    visitor.takes_pictures("menu")
    expect(actions).to_have_attribute("aria-expanded", "true")
    visitor.presses("Home")
    expect(visitor.page.get_by_role("menuitem", name=CREATE)).to_be_focused()
    visitor.presses("ArrowDown", "c")
    expect(visitor.page.get_by_role("menuitem", name=CREATE)).to_be_focused()
    visitor.presses("Escape")
    expect(visitor.page.get_by_role("menu")).to_be_hidden()
    expect(actions).to_be_focused()
    expect(actions).to_have_attribute("aria-expanded", "false")


def test_every_entry_of_the_menu_does_something(visitor):
    visitor.opens_record("Northwind Traders")
    visitor.crm.get_by_role("button", name="Actions").click()
    entries = visitor.page.get_by_role("menuitem")
    wanted = ["Review and create...", "Preview invoice", "Sync Invoices from QuickBooks", "Copy record ID"]
    assert entries.all_inner_texts() == [CREATE, *wanted]
    expect(entries.first).not_to_have_attribute("aria-disabled", "true")
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    entries.last.click()
    visitor.sees_toast("Record ID copied")
    copied = visitor.page.evaluate("navigator.clipboard.readText()")
    assert copied in visitor.page.url


def test_a_second_invoice_is_asked_for_first(visitor):
    name = visitor.new_company()
    visitor.opens_record(name).acts(CREATE)
    visitor.sees_toast("created")
    visitor.acts(CREATE)
    dialog = visitor.page.get_by_role("dialog", name="Create another invoice?")
    expect(dialog).to_contain_text(f"Invoice {visitor.invoices_of(name)[0]['DocNumber']} was created for this record")
    visitor.takes_pictures("question")
    visitor.presses("Escape")
    expect(dialog).to_be_hidden()
    assert len(visitor.invoices_of(name)) == 1
    visitor.acts(CREATE)
    dialog.get_by_role("button", name="Create another").click()
    expect(visitor.toasts.get_by_text("created")).to_have_count(2, timeout=AT_LAST)
    assert len(visitor.invoices_of(name)) == 2


def test_without_a_connection_the_click_leads_to_connecting(visitor):
    name = visitor.new_company()
    visitor.opens()
    visitor.crm.get_by_role("link", name="AttiBooks").click()
    visitor.crm.get_by_role("button", name="Disconnect").click()
    visitor.page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    visitor.sees_toast("Disconnected")
    visitor.opens_record(name).acts(CREATE)
    visitor.sees_toast("Connect QuickBooks first.")
    dialog = visitor.page.get_by_role("dialog", name="Connect QuickBooks")
    dialog.get_by_role("radio", name="Larkspur Trading").check()
    visitor.takes_pictures("connect")
    dialog.get_by_role("button", name="Connect").click()
    visitor.sees_toast("Connected to Larkspur Trading")
    expect(visitor.books.get_by_role("combobox", name="Company")).to_contain_text("Larkspur Trading")


# the settings


def test_check_status_says_the_company_id(visitor):
    visitor.opens()
    visitor.crm.get_by_role("link", name="AttiBooks").click()
    expect(visitor.crm.get_by_text("Connected, sandbox")).to_be_visible()
    visitor.crm.get_by_role("button", name="Check Status").click()
    toast = visitor.sees_toast("Connected to Bluebird Studio")
    expect(toast).to_contain_text(f"QuickBooks Company ID {visitor.box.company('US', 'sandbox')['realm']} (sandbox).")
    expect(toast).to_have_attribute("data-kind", "success")


def test_settings_are_shown_by_section_and_saved(visitor):
    visitor.opens()
    visitor.crm.get_by_role("link", name="AttiBooks").click()
    headings = visitor.crm.get_by_role("heading", level=2)
    expect(headings.first).to_have_text("QuickBooks Connection")
    said = headings.all_inner_texts()
    known = ["QuickBooks Connection", "Invoice Mode", "Template Defaults", "Writeback Fields"]
    assert said[:4] == known
    assert "Advanced" in said
    save = visitor.crm.get_by_role("button", name="Save settings")
    expect(save).to_be_disabled()
    visitor.takes_pictures("settings")
    due = visitor.crm.locator("[data-setting=template_due_days]").get_by_role("textbox")
    due.fill("14")
    save.click()
    visitor.sees_toast("Settings saved")
    visitor.page.reload()
    expect(due).to_have_value("14")


def test_a_setting_that_is_refused_is_marked_and_focused(visitor):
    visitor.opens()
    visitor.crm.get_by_role("link", name="AttiBooks").click()
    due = visitor.crm.locator("[data-setting=template_due_days]").get_by_role("textbox")
    due.fill("soon")
    visitor.crm.get_by_role("button", name="Save settings").click()
    visitor.sees_toast("Settings not saved")
    expect(due).to_have_attribute("aria-invalid", "true")
    expect(due).to_be_focused()
    expect(due).to_have_accessible_description(re.compile("days"))
    expect(due).to_be_in_viewport(ratio=1)
    visitor.takes_pictures("settings-refused")


# the books


def test_the_books_show_invoices_customers_and_payments_by_arrow_keys(visitor):
    visitor.opens()
    tab = visitor.books.get_by_role("tab", name="Invoices")
    expect(visitor.books.get_by_role("link", name=re.compile("^Invoice 1001"))).to_be_visible()
    visitor.takes_pictures("records-and-invoices")
    tab.press("ArrowRight")
    expect(visitor.books.get_by_role("tab", name="Customers")).to_be_focused()
    expect(visitor.books.get_by_text("pay@harbor.example")).to_be_visible()
    visitor.takes_pictures("customers")
    visitor.presses("ArrowRight")
    expect(visitor.books.get_by_role("tab", name="Payments")).to_have_attribute("aria-selected", "true")
    expect(visitor.books.get_by_role("tabpanel", name="Payments")).to_be_visible()
    visitor.takes_pictures("payments")
    visitor.books.get_by_role("link", name="1002").click()
    expect(visitor.books.get_by_role("heading", name="Invoice 1002")).to_be_focused()


# the wire and the faults


def test_the_wire_shows_each_call_of_a_click_with_its_bodies(visitor):
    name = visitor.new_company()
    visitor.opens_record(name)
    visitor.wire.get_by_role("button", name="Clear list").click()
    visitor.acts(CREATE)
    visitor.sees_toast("created")
    invoice = visitor.wire.get_by_role("button", name=re.compile(r"QuickBooks POST .*invoice\?"))
    expect(invoice).to_be_visible()
    expect(visitor.wire.get_by_role("button", name="AttiBooks POST /api/attio/invoices change 201")).to_be_visible()
    invoice.click()
    call = visitor.wire.get_by_role("region", name="Call")
    expect(call).to_contain_text('"Description": "Consulting"')
    expect(call).to_contain_text("Answer 200")
    expect(call).to_contain_text(f'"DocNumber": "{visitor.invoices_of(name)[0]["DocNumber"]}"')
    visitor.takes_pictures("wire-call")
    expect(call).not_to_contain_text(visitor.box.company("US", "sandbox")["access_token"])
    visitor.presses("Escape")
    expect(call).to_be_hidden()
    expect(invoice).to_be_focused()


def test_an_answer_lost_after_the_commit_still_makes_exactly_one_invoice(visitor):
    name = visitor.new_company()
    visitor.opens_record(name)
    visitor.switches("Connection cut after commit")
    expect(visitor.wire.get_by_text("1 fault on")).to_be_visible()
    visitor.takes_pictures("fault")
    visitor.acts(CREATE)
    visitor.sees_toast("created")
    expect(visitor.wire.get_by_text("fault", exact=True)).to_be_visible()
    expect(visitor.wire.get_by_role("switch", name="Connection cut after commit")).not_to_be_checked()
    assert len(visitor.invoices_of(name)) == 1


def test_the_wire_can_be_closed_and_made_taller(visitor):
    visitor.opens()
    before = visitor.wire.bounding_box()["height"]
    visitor.wire.get_by_role("button", name="Taller").click()
    assert visitor.wire.bounding_box()["height"] > before
    visitor.takes_pictures("wire-taller")
    title = visitor.wire.get_by_role("button", name="Wire", exact=True)
    title.click()
    assert visitor.wire.bounding_box()["height"] < before
    expect(title).to_have_attribute("aria-expanded", "false")
    expect(visitor.wire.get_by_role("switch")).to_have_count(0)


# trouble


def test_a_hostile_name_is_shown_as_text(visitor):
    visitor.new_company(name=HOSTILE)
    visitor.opens_record(HOSTILE).acts(CREATE)
    visitor.sees_toast(HOSTILE)
    expect(visitor.books.get_by_text(HOSTILE)).to_be_visible(timeout=AT_LAST)
    assert visitor.page.title() == "AttiBooks sandbox"
    assert visitor.page.locator("img[src=x], main b").count() == 0


def test_a_record_that_is_not_there_is_said_so_with_a_way_to_try_again(visitor):
    visitor.opens()
    visitor.expects_console("404")
    visitor.page.goto(f"{visitor.stage.sandbox.url}/#crm=companies/nobody")
    alert = visitor.crm.get_by_role("alert")
    expect(alert).to_contain_text("This cannot be shown")
    expect(alert.get_by_role("button", name="Try again")).to_be_visible()
    visitor.takes_pictures("not-there")


# by keyboard, by phone


CONTRASTS = """() => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const layers = (node) => {
        const found = [];
        for (let at = node; at; at = at.parentElement) found.unshift(getComputedStyle(at).backgroundColor);
        return found;
    };
    const painted = (colours) => {
        canvas.fillStyle = "#fff";
        canvas.fillRect(0, 0, 1, 1);
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const poor = new Map();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        const text = walker.currentNode.data.trim();
        if (!text || !node.checkVisibility() || node.closest(":disabled, noscript, .skip, option")) continue;
        const behind = layers(node);
        const [one, other] = [light(painted(behind)), light(painted([...behind, getComputedStyle(node).color]))];
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (ratio < 4.5) poor.set(`${node.className || node.tagName}: ${text}`, ratio.toFixed(2));
    }
    return [...poor].map((each) => each.join(" "));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(visitor, scheme):
    visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    name = visitor.new_company(rate=None)
    visitor.opens_record(name).acts(CREATE)
    visitor.sees_toast("Invoice not created")
    expect(visitor.field("Sync error")).to_contain_text("rate", timeout=AT_LAST)
    visitor.wire.get_by_role("button", name="/api/attio/invoices change 422").first.click()
    expect(visitor.wire.get_by_role("region", name="Call")).to_contain_text("Answer 422")
    assert visitor.page.evaluate(CONTRASTS) == []
    visitor.crm.get_by_role("link", name="AttiBooks").click()
    expect(visitor.crm.get_by_role("heading", name="Advanced")).to_be_visible()
    assert visitor.page.evaluate(CONTRASTS) == []


def test_the_first_tab_leads_past_the_rail_to_the_open_record(visitor):
    visitor.opens_record("Northwind Traders")
    visitor.page.reload()
    expect(visitor.crm.get_by_role("button", name="Actions")).to_be_visible()
    visitor.presses("Tab")
    expect(visitor.page.get_by_role("link", name="Skip to the record")).to_be_focused()
    visitor.presses("Enter", "Tab", "Tab")
    expect(visitor.crm.get_by_role("button", name="Actions")).to_be_focused()


def test_whatever_has_the_focus_is_seen_to_have_it(visitor):
    visitor.opens()
    seen = set()
    for _ in range(120):
        visitor.presses("Tab")
        what, outline = visitor.page.evaluate(
            """() => {
                const node = document.activeElement;
                const shown = [getComputedStyle(node), getComputedStyle(node, "::after")];
                const drawn = shown.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
                return [node.textContent.trim() || node.getAttribute("aria-label"), drawn || node === document.body];
            }"""
        )
        assert outline, f"nothing shows that {what!r} has the focus"
        seen.add(what)
    assert {"Skip to the record", "Northwind Traders", "Clear list"} <= seen


def test_on_a_phone_one_side_is_shown_at_a_time_and_nothing_is_cut_off(visitor):
    visitor.page.set_viewport_size(PHONE)
    name = visitor.new_company()
    visitor.opens_record(name).acts(CREATE)
    visitor.sees_toast("created")
    visitor.takes_pictures("phone-record")
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert visitor.page.evaluate(fits)
    expect(visitor.books).to_be_hidden()
    visitor.field("Invoice URL").get_by_role("link").click(timeout=AT_LAST)
    expect(visitor.books.get_by_role("button", name="Mark as paid")).to_be_visible()
    expect(visitor.crm).to_be_hidden()
    visitor.takes_pictures("phone-invoice")
    assert visitor.page.evaluate(fits)
    sides = visitor.page.get_by_role("navigation", name="Sides")
    sides.get_by_role("button", name="Wire").click()
    expect(visitor.wire.get_by_role("switch")).to_have_count(6)
    visitor.takes_pictures("phone-wire")
    assert visitor.page.evaluate(fits)
    visitor.page.set_viewport_size(SMALL_PHONE)
    assert visitor.page.evaluate(fits), "whatever the number of calls"
    visitor.page.set_viewport_size(PHONE)
    sides.get_by_role("button", name="Attio").click()
    visitor.crm.get_by_role("link", name="AttiBooks").click()
    expect(visitor.crm.get_by_role("heading", name="AttiBooks settings")).to_be_visible()
    assert visitor.page.evaluate(fits)
    visitor.takes_pictures("phone-settings")


# the plan


def test_a_host_without_billing_counts_and_sells_nothing(visitor):
    visitor.opens()
    visitor.crm.get_by_role("link", name="AttiBooks").click()
    plan = visitor.page.get_by_role("region", name="Plan & Usage")
    expect(plan).to_contain_text(re.compile(r"\d+ invoices this month, no limit\."))
    expect(plan.get_by_text("Pro", exact=True)).to_be_visible()
    expect(plan.get_by_role("button")).to_have_count(0)
