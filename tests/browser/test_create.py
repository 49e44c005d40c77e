"""A record becomes an invoice, by hand, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import AT_LAST, CREATE

pytestmark = pytest.mark.browser


def test_a_click_makes_an_invoice_and_the_record_shows_number_status_and_link(visitor):
    """Rows 102, 104: the action by its name; number, status and link show without a reload."""
    name = visitor.new_company()
    visitor.opens_record(name).acts(CREATE)
    toast = visitor.sees_toast("created")
    expect(visitor.field("Invoice status")).to_have_text("Open", timeout=AT_LAST)
    (invoice,) = visitor.invoices_of(name)
    expect(toast).to_contain_text(f"Invoice {invoice['DocNumber']} created")
    expect(toast).to_contain_text(f"240.00 USD for {name}.")
    expect(visitor.field("Invoice number")).to_have_text(invoice["DocNumber"])
    link = visitor.field("Invoice URL").get_by_role("link")
    expect(link).to_have_text(re.compile(rf"qbo\.intuit\.com/app/invoice\?txnId={invoice['Id']}$"))
    expect(visitor.field("Sync error")).to_have_text("—")
    visitor.takes_pictures("record-with-invoice")


def test_the_link_leads_to_the_books_where_the_invoice_is_marked_as_paid(visitor):
    name = visitor.new_company()
    visitor.opens_record(name).acts(CREATE)
    link = visitor.field("Invoice URL").get_by_role("link")
    link.click(timeout=AT_LAST)
    number = visitor.invoices_of(name)[0]["DocNumber"]
    expect(visitor.books.get_by_role("heading", name=f"Invoice {number}")).to_be_visible()
    pay = visitor.books.get_by_role("button", name="Mark as paid")
    pay.click()
    visitor.sees_toast(f"Invoice {number} is paid")
    expect(visitor.books.get_by_text("Paid", exact=True)).to_be_visible()
    expect(pay).to_be_disabled()
    visitor.takes_pictures("invoice-paid")
    assert [each["Balance"] for each in visitor.invoices_of(name)] == [0]


def test_a_refusal_is_a_toast_that_stays_and_an_error_on_the_record(visitor):
    name = visitor.new_company(rate=None)
    visitor.opens_record(name).acts(CREATE)
    toast = visitor.sees_toast("Invoice not created")
    expect(toast).to_have_attribute("role", "alert")
    expect(toast).to_contain_text("rate")
    expect(visitor.field("Sync error")).to_contain_text("rate", timeout=AT_LAST)
    expect(visitor.field("Invoice number")).to_have_text("—")
    assert visitor.invoices_of(name) == []
    visitor.takes_pictures("refusal")
    toast.get_by_role("button", name="Dismiss").click()
    expect(toast).to_be_hidden()


def test_the_keyboard_alone_makes_an_invoice(visitor):
    name = visitor.new_company()
    visitor.opens()
    record = visitor.crm.get_by_role("link", name=name, exact=True)
    visitor.tabs_to(visitor.crm.get_by_role("searchbox"))
    visitor.page.keyboard.type(name)
    expect(visitor.crm.get_by_role("row")).to_have_count(2)  # the heads, and what was looked for
    visitor.tabs_to(record)
    visitor.presses("Enter")
    expect(visitor.crm.get_by_role("heading", name=name)).to_be_focused()
    visitor.tabs_to(visitor.crm.get_by_role("button", name="Actions"))
    visitor.takes_pictures("record-with-focus")
    visitor.presses("Enter")
    expect(visitor.page.get_by_role("menuitem", name=CREATE)).to_be_focused()
    visitor.presses("Enter")
    visitor.sees_toast("created")
    expect(visitor.field("Invoice status")).to_have_text("Open", timeout=AT_LAST)
    assert len(visitor.invoices_of(name)) == 1
