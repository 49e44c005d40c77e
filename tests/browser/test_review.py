"""The preview of an invoice and the review dialog of custom mode, in a real browser."""

import random
import re
from decimal import ROUND_HALF_UP, Decimal

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.test_page import CONTRASTS, PHONE
from tests.browser.visitor import AT_LAST, CREATE

pytestmark = pytest.mark.browser
REVIEW, PREVIEW = "Review and create...", "Preview invoice"


def set_mode(visitor, mode):
    app = f"{visitor.box.url}/ui/api/app/{visitor.stage.workspace}"
    settings = {**httpx.get(app).json()["settings"], "invoice_mode": mode}
    assert httpx.put(f"{app}/settings", json={"settings": settings}).json()["ok"]


@pytest.fixture
def custom(visitor):
    """Somebody in a workspace that reviews every invoice."""
    set_mode(visitor, "custom")
    yield visitor
    set_mode(visitor, "quick")


def opens_review(visitor, name, action=CREATE):
    """Open the record and the dialog, and wait for the draft."""
    visitor.opens_record(name).acts(action)
    dialog = visitor.page.get_by_role("dialog", name=CREATE)
    expect(dialog.get_by_role("button", name="Create invoice")).to_be_enabled(timeout=AT_LAST)
    return dialog


def box_named(dialog, name):
    return dialog.get_by_role("textbox", name=name)


def press(dialog, name):
    dialog.get_by_role("button", name=name).click()


def up_to_date(dialog):
    """Wait for a preview that was asked for."""
    expect(dialog.get_by_role("button", name="Update preview")).to_be_enabled(timeout=AT_LAST)


# sent as it was edited


def test_a_line_changed_in_the_dialog_is_the_total_in_the_books(custom):
    name = custom.new_company()
    dialog = opens_review(custom, name)
    sums = dialog.get_by_label("Sums")
    expect(sums).to_contain_text("$240.00")
    expect(sums).to_contain_text("Only QuickBooks will know the tax")
    custom.takes_pictures("review")
    expect(box_named(dialog, "Rate of line 1")).to_have_value("120")
    box_named(dialog, "Rate of line 1").fill("33.335")
    box_named(dialog, "Quantity of line 1").fill("3")
    expect(dialog.get_by_label("Amount of line 1")).to_have_text("$100.01")
    expect(sums).to_contain_text("$100.01")
    press(dialog, "Create invoice")
    custom.sees_toast("created")
    expect(dialog).to_be_hidden()
    expect(custom.crm.get_by_role("button", name="Actions")).to_be_focused()
    (invoice,) = custom.invoices_of(name)
    assert Decimal(str(invoice["TotalAmt"])) == Decimal("100.01")
    custom.field("Invoice URL").get_by_role("link").click(timeout=AT_LAST)
    expect(custom.books.get_by_role("heading", name=f"Invoice {invoice['DocNumber']}")).to_be_visible()
    expect(custom.books.get_by_text("$100.01").first).to_be_visible()


def test_every_field_and_line_can_be_edited_and_the_books_hold_them(custom):
    name = custom.new_company()
    dialog = opens_review(custom, name)
    box_named(dialog, "E-mail").fill("pay@visited.example")
    box_named(dialog, "Memo").fill("Thank you, ünïcode ✓")
    dialog.get_by_label("Invoice date").fill("2026-12-01")
    dialog.get_by_label("Due date").fill("2027-01-31")
    press(dialog, "Add line")
    expect(box_named(dialog, "Description of line 2")).to_be_focused()
    custom.page.keyboard.type("Printing")
    box_named(dialog, "Rate of line 2").fill("10")
    press(dialog, "Move up line 2")
    expect(box_named(dialog, "Description of line 1")).to_have_value("Printing")
    expect(dialog.get_by_role("status").filter(has_text="Line 2 is now line 1 of 2.")).to_be_attached()
    press(dialog, "Add line")
    press(dialog, "Remove line 3")
    expect(dialog.get_by_role("button", name="Remove line 2")).to_be_focused()
    press(dialog, "Update preview")
    up_to_date(dialog)
    expect(dialog.locator(".origin", has_text="Changed by you").first).to_be_visible()
    custom.takes_pictures("review-edited")
    press(dialog, "Create invoice")
    custom.sees_toast("created")
    (invoice,) = custom.invoices_of(name)
    assert (invoice["TxnDate"], invoice["DueDate"]) == ("2026-12-01", "2027-01-31")
    assert invoice["BillEmail"]["Address"] == "pay@visited.example"
    assert invoice["CustomerMemo"]["value"] == "Thank you, ünïcode ✓"
    sold = [each["Description"] for each in invoice["Line"] if each["DetailType"] == "SalesItemLineDetail"]
    assert sold == ["Printing", "Consulting"]


def test_the_bytes_in_the_fold_are_those_that_the_books_receive(custom):
    name = custom.new_company()
    dialog = opens_review(custom, name)
    press(dialog, "Create invoice")
    custom.sees_toast("created")
    dialog = opens_review(custom, name)  # the promise is for a customer that exists
    dialog.get_by_text("What is sent to QuickBooks").click()
    shown = dialog.get_by_label(re.compile(r"^Body of POST .*/invoice")).text_content()
    custom.takes_pictures("review-bytes")
    press(dialog, "Create invoice")
    question = dialog.get_by_role("alert").filter(has_text="Create another invoice?")
    expect(question.get_by_role("button", name="Create another")).to_be_focused()
    custom.takes_pictures("review-question")
    custom.box.clear_calls()
    custom.presses("Enter")
    expect(dialog).to_be_hidden(timeout=AT_LAST)
    sent = [call["request_body"] for call in custom.box.calls("quickbooks", "core") if "/invoice" in call["path"]]
    assert sent == [shown]


def test_a_candidate_that_is_picked_gets_the_invoice(visitor):
    realm = visitor.box.company("US", "sandbox")["realm"]
    state = visitor.box.state(service="quickbooks", environment="sandbox", realm=realm)
    customers = [c for c in state["quickbooks"]["sandbox"][realm]["customers"] if c.get("PrimaryEmailAddr")]
    mails = [each["PrimaryEmailAddr"]["Address"] for each in customers]
    shared = next(each for each in mails if mails.count(each) > 1)
    name = visitor.new_company(invoice_email=shared)
    dialog = opens_review(visitor, name, REVIEW)
    customer = dialog.get_by_role("group", name="Customer")
    expect(customer.locator(".problem")).to_be_visible()
    expect(box_named(dialog, "Customer by name")).to_have_attribute("aria-invalid", "true")
    visitor.takes_pictures("review-candidates")
    picked = next(each["DisplayName"] for each in customers if each["PrimaryEmailAddr"]["Address"] == shared)
    customer.get_by_role("radio", name=picked).check()
    press(dialog, "Update preview")
    up_to_date(dialog)
    expect(customer.locator(".problem")).to_have_count(0)
    expect(customer).to_contain_text("Chosen by you")
    press(dialog, "Create invoice")
    toast = visitor.sees_toast("created")
    expect(toast).to_contain_text(picked)
    assert visitor.invoices_of(name) == []


# what is in the way


def test_the_preview_shows_every_obstacle_with_its_next_step_and_where_values_came_from(visitor):
    name = visitor.new_company(rate=None, payment_terms_days=1.5)
    visitor.opens_record(name).acts(PREVIEW)
    dialog = visitor.page.get_by_role("dialog", name="Preview of the invoice")
    obstacles = dialog.get_by_role("region", name="2 things are in the way of this invoice")
    expect(obstacles.locator(".problem")).to_have_count(2, timeout=AT_LAST)
    expect(obstacles).to_contain_text("rate")
    expect(dialog.get_by_text("From quantity")).to_be_visible()
    expect(dialog.get_by_text("Not known while something is in the way")).to_be_visible()
    dialog.get_by_text("What is sent to QuickBooks").click()
    expect(dialog.get_by_text("Nothing would be sent: something is in the way.")).to_be_visible()
    visitor.takes_pictures("preview-obstacles")
    dialog.get_by_role("button", name="Close").last.click()
    expect(visitor.crm.get_by_role("button", name="Actions")).to_be_focused()
    expect(visitor.field("Sync error")).to_have_text("—")


def test_the_preview_shows_the_bytes_and_writes_nothing(visitor):
    name = visitor.new_company()
    visitor.opens_record(name)
    visitor.box.clear_calls()
    visitor.acts(PREVIEW)
    dialog = visitor.page.get_by_role("dialog", name="Preview of the invoice")
    expect(dialog.get_by_text("New customer")).to_be_visible(timeout=AT_LAST)
    dialog.get_by_text("What is sent to QuickBooks").click()
    body = dialog.get_by_label(re.compile(r"^Body of POST .*/invoice"))
    expect(body).to_contain_text('"CustomerRef":{"value":"<new>"}')
    visitor.takes_pictures("preview")
    kinds = {kind for each in visitor.box.counts().values() for kind in each}
    assert kinds <= {"read", "coreplus"}
    press(dialog, "Review and create...")
    expect(visitor.page.get_by_role("dialog", name=CREATE)).to_be_visible()
    assert visitor.invoices_of(name) == []


def test_obstacles_stand_at_their_fields_and_an_edit_mends_them(visitor):
    name = visitor.new_company(rate=None)
    dialog = opens_review(visitor, name, REVIEW)
    rate = box_named(dialog, "Rate of line 1")
    expect(rate).to_have_attribute("aria-invalid", "true")
    expect(rate).to_have_accessible_description(re.compile("rate"))
    rate.fill("a lot")
    press(dialog, "Create invoice")
    expect(dialog.get_by_role("alert")).to_contain_text("Mend what is marked", timeout=AT_LAST)
    expect(rate).to_be_focused()
    expect(rate).to_have_value("a lot")
    expect(rate).to_have_accessible_description(re.compile("which is no plain number"))
    visitor.takes_pictures("review-refused")
    rate.fill("5")
    press(dialog, "Update preview")
    up_to_date(dialog)
    expect(rate).not_to_have_attribute("aria-invalid", "true")
    press(dialog, "Create invoice")
    visitor.sees_toast("10.00 USD")
    assert len(visitor.invoices_of(name)) == 1


def test_a_draft_that_cannot_be_sent_any_more_is_previewed_again_with_what_was_entered(custom):
    name = custom.new_company()
    dialog = opens_review(custom, name)
    box_named(dialog, "Memo").fill("Kept")
    app = f"{custom.box.url}/ui/api/app/{custom.stage.workspace}"
    settings = {**httpx.get(app).json()["settings"], "template_due_days": 7}
    assert httpx.put(f"{app}/settings", json={"settings": settings}).json()["ok"]
    press(dialog, "Create invoice")
    notice = dialog.get_by_role("alert").filter(has_text="This draft cannot be sent any more")
    expect(notice).to_contain_text("The settings have changed")
    custom.takes_pictures("review-outdated")
    notice.get_by_role("button", name="Preview again").click()
    up_to_date(dialog)
    expect(notice).to_be_hidden()
    expect(box_named(dialog, "Memo")).to_have_value("Kept")
    press(dialog, "Create invoice")
    custom.sees_toast("created")
    (invoice,) = custom.invoices_of(name)
    assert invoice["CustomerMemo"]["value"] == "Kept"


@pytest.mark.parametrize("way", ["Escape", "Cancel", "Close"])
def test_closing_the_dialog_leaves_nothing_anywhere(custom, way):
    name = custom.new_company()
    usage = f"{custom.box.url}/ui/api/app/{custom.stage.workspace}/usage"
    used = httpx.get(usage).json()["body"]
    dialog = opens_review(custom, name)
    custom.box.clear_calls()
    box_named(dialog, "Memo").fill("Never sent")
    custom.presses("Escape") if way == "Escape" else press(dialog, way)
    expect(dialog).to_be_hidden()
    expect(custom.crm.get_by_role("button", name="Actions")).to_be_focused()
    assert custom.box.counts() == {}
    assert httpx.get(usage).json()["body"] == used
    assert custom.invoices_of(name) == []
    expect(custom.field("Sync error")).to_have_text("—")


# answers that the host of the demo does not give


def answers(visitor, path, *bodies):
    """Script what the sandbox's page service answers; the last one is repeated. Returns the bodies that were sent."""
    asked, script = [], list(bodies)

    def give(route):
        asked.append(route.request.post_data_json)
        route.fulfill(json=script[0] if len(script) == 1 else script.pop(0))

    visitor.page.route(path, give)
    return asked


def refused(status, code, detail, **body):
    toast = {"kind": "error", "title": "Invoice not created", "text": detail}
    return {"ok": False, "status": status, "code": code, "key": "k1", "question": None, "toast": toast, "body": body}


def test_on_free_the_dialog_says_so_with_a_link_to_upgrade(custom):
    url = "http://127.0.0.1/upgrade"
    asked = answers(custom, "**/preview", refused(402, "plan_required", "Custom mode needs Pro.", upgrade_url=url))
    custom.opens_record(custom.new_company()).acts(CREATE)
    dialog = custom.page.get_by_role("dialog", name=CREATE)
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text("Custom mode needs Pro.")
    expect(alert.get_by_role("link", name="Upgrade to Pro")).to_have_attribute("href", url)
    custom.takes_pictures("review-free")
    assert asked == [{"edits": {}}], "empty edits ask for custom mode before anybody types"


def test_an_address_that_is_none_is_no_link(custom):
    answers(custom, "**/preview", refused(402, "plan_required", "Pro.", upgrade_url="javascript:alert(1)"))
    custom.opens_record(custom.new_company()).acts(CREATE)
    alert = custom.page.get_by_role("dialog", name=CREATE).get_by_role("alert")
    expect(alert).to_contain_text("Pro.")
    expect(alert.get_by_role("link")).to_have_count(0)


def test_a_create_whose_answer_was_lost_is_repeated_with_the_same_key_and_only_as_it_was(custom):
    dialog = opens_review(custom, custom.new_company())
    lost = {**refused(None, "answer_lost", "No answer came."), "key": "k1"}
    asked = answers(custom, "**/invoice", lost)
    for _ in range(2):
        press(dialog, "Create invoice")
        expect(dialog.get_by_role("alert")).to_contain_text("No answer came.")
    box_named(dialog, "Memo").fill("Other")
    press(dialog, "Create invoice")
    expect(dialog.get_by_role("button", name="Create invoice")).to_be_enabled()
    assert [each["key"] for each in asked] == [None, "k1", None]
    assert asked[0]["reviewed"] == asked[1]["reviewed"]
    assert asked[2]["reviewed"]["edits"] == {"memo": "Other"}


# by keyboard, by phone, in any light


def test_the_keyboard_alone_reviews_and_creates(custom):
    name = custom.new_company()
    custom.opens_record(name)
    custom.tabs_to(custom.crm.get_by_role("button", name="Actions"))
    custom.presses("Enter", "Enter")
    dialog = custom.page.get_by_role("dialog", name=CREATE)
    expect(dialog.get_by_role("heading", name=CREATE)).to_be_focused()
    expect(box_named(dialog, "Rate of line 1")).to_be_visible(timeout=AT_LAST)
    custom.tabs_to(dialog.get_by_role("button", name="Add line"))
    custom.presses("Enter")
    custom.page.keyboard.type("Travel")
    custom.tabs_to(box_named(dialog, "Rate of line 2"))
    custom.page.keyboard.type("60")
    custom.presses("Alt+ArrowUp")
    expect(box_named(dialog, "Rate of line 1")).to_be_focused()
    expect(box_named(dialog, "Rate of line 1")).to_have_value("60")
    custom.presses("Enter")  # in a field it previews and never creates
    expect(dialog.get_by_role("status").filter(has_text="up to date")).to_be_attached(timeout=AT_LAST)
    expect(box_named(dialog, "Rate of line 1")).to_be_focused()
    assert custom.invoices_of(name) == []
    custom.tabs_to(dialog.get_by_role("button", name="Create invoice"))
    custom.presses("Enter")
    custom.sees_toast("300.00 USD")
    assert len(custom.invoices_of(name)) == 1


def test_the_focus_stays_in_the_dialog(custom):
    dialog = opens_review(custom, custom.new_company())
    for _ in range(40):
        custom.presses("Tab")
        assert dialog.evaluate(
            "node => node.contains(document.activeElement) || document.activeElement === document.body"
        )


def test_the_dialog_fits_a_phone(custom):
    custom.page.set_viewport_size(PHONE)
    dialog = opens_review(custom, custom.new_company())
    custom.takes_pictures("phone-review")
    assert dialog.evaluate("node => node.scrollWidth <= innerWidth && node.offsetWidth === innerWidth")
    body = dialog.locator(".sheet-body")
    assert body.evaluate("node => node.scrollWidth <= node.clientWidth")
    expect(dialog.get_by_role("button", name="Create invoice")).to_be_in_viewport(ratio=1)
    dialog.get_by_text("What is sent to QuickBooks").scroll_into_view_if_needed()
    custom.takes_pictures("phone-review-lines")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_text_of_the_dialogs_stands_out(custom, scheme):
    custom.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    dialog = opens_review(custom, custom.new_company(rate=None))
    box_named(dialog, "Memo").fill("Changed")
    dialog.get_by_text("What is sent to QuickBooks").click()
    press(dialog, "Create invoice")
    expect(dialog.get_by_role("alert")).to_contain_text("Mend what is marked", timeout=AT_LAST)
    assert custom.page.evaluate(CONTRASTS) == []


# amounts


def test_amounts_are_computed_as_exactly_as_the_host_does(visitor):
    visitor.opens()
    chance = random.Random(5)
    pairs = [(_decimal(chance, 10, 6), _decimal(chance, 10, 6)) for _ in range(2000)]
    pairs += [
        ("3", "33.335"),
        ("0.5", "0.01"),
        ("1", "0.005"),
        ("99999999999.99", "1"),
        ("1.005", "1"),
        ("-1", "0.005"),
    ]
    script = "async (pairs) => { const d = await import('/ui/decimal.js'); return pairs.map((p) => d.amount(...p)); }"
    exact = [Decimal(one) * Decimal(other) for one, other in pairs]
    said = visitor.page.evaluate(script, pairs)
    assert said == [f"{each.quantize(Decimal('0.01'), ROUND_HALF_UP):f}" for each in exact]
    script = "async (all) => (await import('/ui/decimal.js')).sum(all)"
    assert visitor.page.evaluate(script, said) == f"{sum(map(Decimal, said)):f}"


def _decimal(chance, whole, places):
    return f"{chance.randrange(10 ** chance.randint(1, whole))}.{chance.randrange(10**places):0{places}d}"


@pytest.mark.parametrize("text", ["", " ", "1,5", "1e3", ".5", "5.", "NaN", "Infinity", "--1", "0x10", "１"])
def test_what_the_host_takes_for_no_number_has_no_amount(visitor, text):
    visitor.opens()
    script = "async (text) => (await import('/ui/decimal.js')).amount(text, '1')"
    assert visitor.page.evaluate(script, text) is None
