"""An invoice after it was made: paid, edited and voided, with nobody watching and nothing reloaded by hand."""

import re
from decimal import Decimal

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.test_page import CONTRASTS, PHONE
from tests.browser.visitor import AT_LAST, CREATE

pytestmark = pytest.mark.browser
EDIT, VOID, SYNC = "Edit Invoice in QuickBooks", "Void in QuickBooks", "Sync Invoices from QuickBooks"


def app(visitor):
    return f"{visitor.box.url}/ui/api/app/{visitor.stage.workspace}"


@pytest.fixture
def pro(visitor):
    """Somebody whose workspace stores invoices as records, with the object set up."""
    settings = {**httpx.get(app(visitor)).json()["settings"], "store_invoices_as_records": True}
    assert httpx.put(f"{app(visitor)}/settings", json={"settings": settings}, timeout=60).json()["ok"]
    outcome = httpx.post(f"{app(visitor)}/setup", json={}, timeout=60).json()
    assert outcome["ok"], outcome
    return visitor


@pytest.fixture
def deaf(visitor):
    """Somebody whose books tell nobody of their changes."""
    visitor.box.control("DELETE", "quickbooks/webhooks")
    return visitor


def invoices(visitor, **values):
    """Create an invoice with a click; returns the name of its record and the invoice of the books."""
    name = visitor.new_company(**values)
    visitor.opens_record(name).acts(CREATE)
    expect(visitor.field("Invoice status")).to_have_text("Open", timeout=AT_LAST)
    (invoice,) = visitor.invoices_of(name)
    visitor.page.evaluate("window.neverReloaded = true")
    return name, invoice


def opens_invoice(visitor, number):
    """Go to the record of an invoice by the links of the page."""
    visitor.crm.get_by_role("link", name=re.compile("^Invoices")).click()
    visitor.crm.get_by_role("link", name=f"Invoice {number}", exact=True).click(timeout=AT_LAST)
    expect(visitor.crm.get_by_role("heading", name=f"Invoice {number}")).to_be_visible()


def value(visitor, slug):
    """The value of an attribute on the open record of an invoice."""
    return visitor.crm.locator(f'[data-field="{slug}"]').get_by_role("definition")


def place(visitor):
    company = visitor.box.company("US", "sandbox")
    return company["environment"], company["realm"]


def in_books(visitor, name):
    (invoice,) = visitor.invoices_of(name)
    return invoice


def opens_edit(visitor):
    visitor.acts(EDIT)
    dialog = visitor.page.get_by_role("dialog", name=EDIT)
    expect(dialog.get_by_role("textbox", name="Memo")).to_be_visible(timeout=AT_LAST)
    return dialog


def never_reloaded(visitor):
    return visitor.page.evaluate("window.neverReloaded") is True


# paid in the books


def test_an_invoice_paid_in_the_books_is_paid_on_the_record_without_a_reload(visitor):
    """Row 142 and the headline of the life of an invoice: the books' webhook brings the payment."""
    _, invoice = invoices(visitor)
    visitor.field("Invoice URL").get_by_role("link").click()
    expect(visitor.books.get_by_role("heading", name=f"Invoice {invoice['DocNumber']}")).to_be_visible()
    visitor.books.get_by_role("button", name="Mark as paid").click()
    expect(visitor.field("Invoice status")).to_have_text("Paid", timeout=AT_LAST)
    assert never_reloaded(visitor)
    visitor.takes_pictures("life-paid")


def test_sync_now_brings_a_payment_that_nobody_told_of(deaf):
    """Row 134: Section 6, Sync Now; the toast counts."""
    name, invoice = invoices(deaf)
    deaf.box.pay(*place(deaf), invoice["Id"])
    deaf.crm.get_by_role("link", name="AttiBooks").click()
    deaf.crm.get_by_role("button", name="Sync Now").click()
    toast = deaf.sees_toast("Invoices synced")
    expect(toast).to_contain_text(re.compile(r"\d+ updated, \d+ unchanged, 0 errors\."))
    deaf.takes_pictures("life-sync-now")
    deaf.crm.get_by_role("link", name=re.compile("^Companies")).click()
    deaf.crm.get_by_role("link", name=name, exact=True).click()
    expect(deaf.field("Invoice status")).to_have_text("Paid", timeout=AT_LAST)
    assert never_reloaded(deaf)


def test_the_record_action_syncs_the_whole_workspace(deaf):
    """Row 135: on any record, the same effect."""
    _, invoice = invoices(deaf)
    deaf.box.pay(*place(deaf), invoice["Id"])
    deaf.acts(SYNC)
    deaf.sees_toast("Invoices synced")
    expect(deaf.field("Invoice status")).to_have_text("Paid", timeout=AT_LAST)


# the invoice object


def test_run_setup_makes_the_object_and_says_so_and_then_that_it_is_there(visitor):
    """Rows 91 and 92: the toggle and Run Setup in Section 7."""
    visitor.opens()
    visitor.crm.get_by_role("link", name="AttiBooks").click()
    visitor.crm.get_by_role("checkbox", name=re.compile("Store invoices as Attio records")).check(timeout=AT_LAST)
    run = visitor.crm.get_by_role("button", name="Run Setup")
    run.click()
    visitor.sees_toast("Settings saved")
    visitor.sees_toast(re.compile("Invoice object set up|Already set up"))
    expect(visitor.crm.get_by_role("link", name=re.compile("^Invoices"))).to_be_visible()
    visitor.takes_pictures("life-setup")
    visitor.toasts.get_by_role("button", name="Dismiss").first.click()
    run.click()
    visitor.sees_toast("Already set up")


def test_a_created_invoice_is_a_record_of_its_own_that_leads_to_its_source(pro):
    """Rows 90 and 99: every invoice as its own record, with its links."""
    name, invoice = invoices(pro)
    opens_invoice(pro, invoice["DocNumber"])
    expect(value(pro, "status")).to_have_text("Open")
    expect(value(pro, "total")).to_have_text("$240.00")
    pro.takes_pictures("life-invoice-record")
    value(pro, "source_record").get_by_role("link", name=name).click()
    expect(pro.crm.get_by_role("heading", name=name)).to_be_visible()
    pro.crm.get_by_role("button", name="Actions").click()
    expect(pro.page.get_by_role("menuitem", name=EDIT)).to_have_count(0)


def test_the_record_of_an_invoice_turns_paid_and_deleted_by_itself(pro):
    """Rows 136 and 139: paid, then deleted in the books; the record says so and offers no action on it any more."""
    _, invoice = invoices(pro)
    opens_invoice(pro, invoice["DocNumber"])
    pro.box.change(*place(pro), "Invoice", invoice["Id"], DueDate="2027-03-01")
    expect(value(pro, "due_date")).to_have_text("Mar 1, 2027", timeout=AT_LAST)
    pro.box.delete(*place(pro), invoice["Id"])
    expect(pro.crm.get_by_text("Deleted in QuickBooks")).to_be_visible(timeout=AT_LAST)
    pro.crm.get_by_role("button", name="Actions").click()
    expect(pro.page.get_by_role("menuitem", name=VOID)).to_have_count(0)
    assert never_reloaded(pro)
    pro.takes_pictures("life-deleted")


# edit


def test_an_edit_is_in_the_books_and_on_the_record(pro):
    """Rows 112, 114, 116 and 119."""
    name, invoice = invoices(pro)
    opens_invoice(pro, invoice["DocNumber"])
    dialog = opens_edit(pro)
    dialog.get_by_label("Due date").fill("2027-02-14")
    dialog.get_by_role("textbox", name="Memo").fill("Changed in Attio")
    dialog.get_by_role("textbox", name="Quantity of line 1").fill("3")
    pro.takes_pictures("life-edit")
    dialog.get_by_role("button", name="Save to QuickBooks").click()
    pro.sees_toast(f"Invoice {invoice['DocNumber']} changed")
    changed = in_books(pro, name)
    assert (changed["DueDate"], changed["CustomerMemo"]["value"]) == ("2027-02-14", "Changed in Attio")
    assert Decimal(str(changed["TotalAmt"])) == 360
    expect(value(pro, "total")).to_have_text("$360.00", timeout=AT_LAST)
    expect(value(pro, "due_date")).to_have_text("Feb 14, 2027")


def test_lines_of_a_partly_paid_invoice_are_locked_with_the_reason(pro):
    """Row 116: lines only while unpaid."""
    name, invoice = invoices(pro)
    pro.box.pay(*place(pro), invoice["Id"], "40")
    opens_invoice(pro, invoice["DocNumber"])
    dialog = opens_edit(pro)
    expect(dialog.get_by_role("note", name="Locked")).to_contain_text("Lines:")
    expect(dialog.get_by_role("textbox", name="Rate of line 1")).to_have_count(0)
    pro.takes_pictures("life-edit-locked")
    dialog.get_by_role("textbox", name="Memo").fill("Still possible")
    dialog.get_by_role("button", name="Save to QuickBooks").click()
    pro.sees_toast(f"Invoice {invoice['DocNumber']} changed")
    assert in_books(pro, name)["CustomerMemo"]["value"] == "Still possible"


def test_a_conflict_shows_both_versions_and_the_person_decides(pro):
    """Row 118: nothing is overwritten unseen."""
    name, invoice = invoices(pro)
    opens_invoice(pro, invoice["DocNumber"])
    dialog = opens_edit(pro)
    dialog.get_by_role("textbox", name="Memo").fill("Mine")
    pro.box.change(*place(pro), "Invoice", invoice["Id"], CustomerMemo={"value": "Theirs"})
    dialog.get_by_role("button", name="Save to QuickBooks").click()
    both = dialog.get_by_role("table", name="Both versions")
    expect(both).to_contain_text("Mine", timeout=AT_LAST)
    expect(both).to_contain_text("Theirs")
    pro.takes_pictures("life-conflict")
    assert in_books(pro, name)["CustomerMemo"]["value"] == "Theirs"
    dialog.get_by_role("button", name="Keep my version").click()
    dialog.get_by_role("button", name="Save to QuickBooks").click()
    pro.sees_toast(f"Invoice {invoice['DocNumber']} changed")
    assert in_books(pro, name)["CustomerMemo"]["value"] == "Mine"


# void


def test_a_void_is_confirmed_then_shown_and_harmless_the_second_time(pro):
    """Rows 121, 123 and 125."""
    name, invoice = invoices(pro)
    number = invoice["DocNumber"]
    opens_invoice(pro, number)
    pro.acts(VOID)
    dialog = pro.page.get_by_role("dialog", name=f"Void invoice {number}?")
    expect(dialog).to_contain_text(name, timeout=AT_LAST)
    expect(dialog).to_contain_text("$240.00")
    pro.takes_pictures("life-void")
    assert Decimal(str(in_books(pro, name)["TotalAmt"])) == 240
    dialog.get_by_role("button", name="Void invoice").click()
    pro.sees_toast(f"Invoice {number} voided")
    expect(value(pro, "status")).to_have_text("Voided", timeout=AT_LAST)
    expect(value(pro, "total")).to_have_text("$0.00")
    assert Decimal(str(in_books(pro, name)["TotalAmt"])) == 0
    pro.acts(VOID)
    pro.sees_toast(f"Invoice {number} is already voided")
    value(pro, "source_record").get_by_role("link", name=name).click()
    expect(pro.field("Invoice status")).to_have_text("Voided")


def test_a_void_that_is_cancelled_leaves_the_invoice(pro):
    """Row 121: the first step changes nothing."""
    name, invoice = invoices(pro)
    opens_invoice(pro, invoice["DocNumber"])
    pro.acts(VOID)
    dialog = pro.page.get_by_role("dialog", name=re.compile("^Void invoice"))
    dialog.get_by_role("button", name="Cancel").click(timeout=AT_LAST)
    expect(dialog).to_have_count(0)
    assert Decimal(str(in_books(pro, name)["TotalAmt"])) == 240


# by phone, in any light


def test_the_dialogs_fit_a_phone(pro):
    _, invoice = invoices(pro)
    pro.page.set_viewport_size(PHONE)
    opens_invoice(pro, invoice["DocNumber"])
    pro.takes_pictures("phone-life-record")
    dialog = opens_edit(pro)
    expect(dialog.get_by_role("button", name="Save to QuickBooks")).to_be_in_viewport(ratio=1)
    pro.takes_pictures("phone-life-edit")
    assert pro.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert dialog.locator(".sheet-body").evaluate("node => node.scrollWidth <= node.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_text_of_the_edit_dialog_stands_out(pro, scheme):
    _, invoice = invoices(pro)
    pro.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    opens_invoice(pro, invoice["DocNumber"])
    dialog = opens_edit(pro)
    dialog.get_by_role("textbox", name="Memo").fill("Mine")
    pro.box.change(*place(pro), "Invoice", invoice["Id"], CustomerMemo={"value": "Theirs"})
    dialog.get_by_role("button", name="Save to QuickBooks").click()
    expect(dialog.get_by_role("table", name="Both versions")).to_be_visible(timeout=AT_LAST)
    assert pro.page.evaluate(CONTRASTS) == []
