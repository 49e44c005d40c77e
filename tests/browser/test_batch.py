"""Invoices for a selection of records, in a real browser; the host's part is scripted where it says so."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_page import PHONE
from tests.browser.visitor import AT_LAST

pytestmark = pytest.mark.browser


def selects(visitor, *names):
    """Open the list and check the records by name."""
    visitor.opens()
    for name in names:
        visitor.crm.get_by_role("checkbox", name=f"Select {name}").check()
    return visitor.crm.get_by_role("group", name="Selection")


def scripted(visitor, accepted, *jobs):
    """Script the two calls of a batch; returns the bodies of the first."""
    asked, states = [], list(jobs)

    def accept(route):
        asked.append(route.request.post_data_json)
        route.fulfill(json=accepted)

    def tell(route):
        route.fulfill(json=states[0] if len(states) == 1 else states.pop(0))

    visitor.page.route("**/batch", accept)
    visitor.page.route("**/jobs/*", tell)
    return asked


def job(state, done, **more):
    body = {"id": "j1", "kind": "batch", "state": state, "progress": {"done": done, "total": 3}, **more}
    return {"ok": True, "status": 200, "toast": None, "body": body}


ACCEPTED = {"ok": True, "status": 202, "toast": None, "body": {"job_id": "j1"}}


def ids_of(visitor, *names):
    links = [visitor.crm.get_by_role("link", name=name, exact=True).get_attribute("href") for name in names]
    return [link.partition("companies/")[2].partition("&")[0] for link in links]


def test_a_scripted_batch_is_followed_to_its_end_and_told_record_by_record(visitor):
    names = [visitor.new_company() for _ in range(3)]
    bar = selects(visitor, *names)
    ids = ids_of(visitor, *names)
    invoice = {"id": "9", "number": "1099", "total": "240.00", "currency": "USD", "environment": "sandbox"}
    recent = {"code": "recent_invoice", "detail": "Invoice 1098 was created a minute ago."}
    records = [
        {"record_id": ids[0], "outcome": "created", "invoice": invoice},
        {"record_id": ids[1], "outcome": "refused", "error": recent},
        {"record_id": ids[2], "outcome": "failed", "error": {"code": "backend_down", "detail": "QuickBooks is down."}},
    ]
    result = {"created": 1, "refused": 1, "failed": 1, "records": records}
    asked = scripted(visitor, ACCEPTED, job("queued", 0), job("running", 1), job("succeeded", 3, result=result))
    bar.get_by_role("button", name="Create invoices for 3 records").click()
    dialog = visitor.page.get_by_role("dialog", name="Create invoices for 3 records")
    expect(dialog.get_by_role("listitem")).to_have_text(names)
    visitor.takes_pictures("batch-question")
    assert asked == []
    dialog.get_by_role("button", name="Create 3 invoices").click()
    expect(dialog.get_by_role("progressbar", name="Records done")).to_have_attribute("max", "3")
    expect(dialog).to_contain_text("Creating invoices: 1 of 3 done")
    visitor.takes_pictures("batch-progress")
    expect(dialog).to_contain_text("1 created, 1 refused, 1 failed")
    outcomes = dialog.get_by_role("list", name="Outcomes").get_by_role("listitem")
    expect(outcomes.nth(0)).to_contain_text("Invoice 1099, $240.00")
    expect(outcomes.nth(1)).to_contain_text("Invoice 1098 was created a minute ago.")
    expect(outcomes.nth(2)).to_contain_text("QuickBooks is down.")
    visitor.takes_pictures("batch-outcomes")
    dialog.get_by_role("button", name="Create 1 invoice again").click()
    expect(dialog).to_contain_text("1 created, 1 refused, 1 failed", timeout=AT_LAST)
    assert asked == [{"record_ids": ids}, {"record_ids": [ids[1]], "confirm_recent": True}]
    outcomes.nth(2).get_by_role("link", name=names[2]).click()
    expect(dialog).to_be_hidden()
    expect(visitor.crm.get_by_role("heading", name=names[2])).to_be_visible()


def test_a_scripted_batch_that_is_refused_says_why_and_keeps_the_selection(visitor):
    name = visitor.new_company()
    bar = selects(visitor, name)
    toast = {"kind": "error", "title": "Invoices not created", "text": "Batches need Pro."}
    url = "http://127.0.0.1/upgrade"
    scripted(visitor, {"ok": False, "status": 402, "toast": toast, "body": {"upgrade_url": url}}, job("failed", 0))
    bar.get_by_role("button", name="Create invoices for 1 record").click()
    dialog = visitor.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Create 1 invoice").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Batches need Pro.")
    expect(dialog.get_by_role("link", name="Upgrade to Pro")).to_have_attribute("href", url)
    visitor.presses("Escape")
    expect(bar).to_contain_text("1 record selected")


def test_a_scripted_batch_goes_on_when_its_dialog_is_closed_and_a_toast_tells_the_end(visitor):
    bar = selects(visitor, visitor.new_company())
    result = {"created": 1, "refused": 0, "failed": 0, "records": []}
    scripted(visitor, ACCEPTED, job("waiting_for_lease", 0), job("running", 0), job("succeeded", 1, result=result))
    bar.get_by_role("button", name="Create invoices for 1 record").click()
    dialog = visitor.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Create 1 invoice").click()
    expect(dialog).to_contain_text("Waiting for")
    dialog.get_by_role("button", name="Close").last.click()
    visitor.sees_toast("1 created.")
    expect(bar).to_be_hidden()


def test_the_keyboard_selects_and_the_selection_outlasts_the_filter(visitor):
    one, other = visitor.new_company(), visitor.new_company()
    visitor.opens()
    search = visitor.crm.get_by_role("searchbox")
    for name in (one, other):
        search.fill(name)
        expect(visitor.crm.get_by_role("row")).to_have_count(2)
        check = visitor.crm.get_by_role("checkbox", name=f"Select {name}")
        visitor.tabs_to(check)
        visitor.presses("Space")
        expect(check).to_be_checked()
        expect(check).to_be_focused()
    bar = visitor.crm.get_by_role("group", name="Selection")
    expect(bar).to_contain_text("2 records selected")
    everything = visitor.crm.get_by_role("checkbox", name="Select all shown")
    expect(everything).to_be_checked()
    everything.uncheck()
    expect(bar).to_contain_text("1 record selected")
    visitor.takes_pictures("selection")
    bar.get_by_role("button", name="Clear selection").click()
    expect(bar).to_be_hidden()


def test_more_than_250_records_are_too_many(visitor):
    visitor.opens()
    shown = {"object": {"slug": "companies", "singular": "Company", "plural": "Companies"}, "total": 251}
    blank = dict.fromkeys(("detail", "rate", "quantity", "currency", "number", "status", "error"))
    records = [{"id": f"r{n}", "name": f"Record {n}", **blank} for n in range(251)]
    visitor.page.route("**/ui/api/crm/*/companies?*", lambda route: route.fulfill(json={**shown, "records": records}))
    visitor.page.reload()
    visitor.crm.get_by_role("checkbox", name="Select all shown").check()
    bar = visitor.crm.get_by_role("group", name="Selection")
    create = bar.get_by_role("button", name="Create invoices for 251 records")
    expect(create).to_be_disabled()
    expect(bar).to_contain_text("At most 250 at once.")
    visitor.crm.get_by_role("checkbox", name="Select Record 7", exact=True).uncheck()
    expect(bar.get_by_role("button", name="Create invoices for 250 records")).to_be_enabled()


def test_a_selection_fits_a_phone(visitor):
    visitor.page.set_viewport_size(PHONE)
    selects(visitor, "Northwind Traders")
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    visitor.takes_pictures("phone-selection")


def test_a_selection_of_three_makes_two_invoices_and_tells_the_refusal(visitor):
    good, other, bad = visitor.new_company(), visitor.new_company(rate=10), visitor.new_company(rate=None)
    bar = selects(visitor, good, other, bad)
    bar.get_by_role("button", name="Create invoices for 3 records").click()
    dialog = visitor.page.get_by_role("dialog", name="Create invoices for 3 records")
    dialog.get_by_role("button", name="Create 3 invoices").click()
    expect(dialog).to_contain_text("2 created, 1 refused", timeout=AT_LAST)
    outcomes = dialog.get_by_role("list", name="Outcomes").get_by_role("listitem")
    expect(outcomes).to_have_count(3)
    expect(outcomes.filter(has_text=bad)).to_contain_text("There is no rate.")
    visitor.takes_pictures("batch-real")
    (invoice,) = visitor.invoices_of(good)
    outcomes.filter(has_text=good).get_by_role("link", name=f"Invoice {invoice['DocNumber']}").click()
    expect(dialog).to_be_hidden()
    expect(visitor.books.get_by_role("heading", name=f"Invoice {invoice['DocNumber']}")).to_be_visible()
    assert (len(visitor.invoices_of(other)), visitor.invoices_of(bad)) == (1, [])


def test_records_with_a_recent_invoice_are_asked_about_before_they_get_another(visitor):
    name = visitor.new_company()
    for made in (1, 2):
        bar = selects(visitor, name)
        bar.get_by_role("button", name="Create invoices for 1 record").click()
        dialog = visitor.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Create 1 invoice").click()
        expect(dialog).to_contain_text("1 created" if made == 1 else "1 refused", timeout=AT_LAST)
        if made == 2:
            dialog.get_by_role("button", name="Create 1 invoice again").click()
            expect(dialog).to_contain_text("1 created", timeout=AT_LAST)
        dialog.get_by_role("button", name="Close").last.click()
        assert len(visitor.invoices_of(name)) == made
