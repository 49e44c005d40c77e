"""Invoices that exist, on the page: records of the invoice object, and the accountant's hand in the books."""

from urllib.parse import quote

import pytest

ATTRIBUTES = {
    "invoice_key": ("text", "Invoice key"), "number": ("text", "Number"), "status": ("select", "Status"),
    "total": ("number", "Total"), "balance": ("number", "Balance"), "currency": ("text", "Currency"),
    "customer_name": ("text", "Customer name"), "due_date": ("date", "Due date"),
    "qbo_invoice_id": ("text", "Invoice ID"), "qbo_url": ("text", "Link"),
    "source_record": ("record-reference", "Source record"), "sync_error": ("text", "Sync error"),
}  # fmt: skip
INVOICE = {
    "invoice_key": "sandbox:1:6", "number": "1004", "status": "Open", "total": 1250, "balance": 50, "currency": "EUR",
    "customer_name": "Northwind Traders", "due_date": "2026-12-24", "qbo_invoice_id": "6",
}  # fmt: skip


class Shelf:
    """A workspace with an invoice object, seen through the page."""

    def __init__(self, box, http, attio):
        self.box, self.http, self.attio = box, http, attio
        self.workspace = box.workspace["id"]
        attio.post("/objects", {"api_slug": "invoices", "singular_noun": "Invoice", "plural_noun": "Invoices"})
        for slug, (kind, title) in ATTRIBUTES.items():
            config = {"record_reference": {"allowed_objects": ["companies"]}} if kind == "record-reference" else {}
            attio.attribute("invoices", slug, kind, title=title, is_unique=slug == "invoice_key", config=config)
        for title in ("Open", "Paid", "Voided", "Deleted"):
            attio.post("/objects/invoices/attributes/status/options", {"title": title})
        self.turn(on=True)

    def turn(self, *, on, **more):
        """Throw the toggle, as the app keeps it."""
        settings = self.box.app.page.player.seat(self.workspace).settings
        settings.update(store_invoices_as_records=on, **more)

    def add(self, **values):
        source = self.attio.record_id("companies", "Northwind Traders")
        linked = {"source_record": [{"target_object": "companies", "target_record_id": source}]}
        given = {slug: value for slug, value in {**INVOICE, **linked, **values}.items() if value is not None}
        created = self.attio.create("invoices", **given)
        return created["id"]["record_id"]

    def get(self, path=""):
        answer = self.http.get(f"{self.box.url}/ui/api/crm/{self.workspace}/invoices{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def record(self, record_id):
        return self.get(f"/{record_id}")


@pytest.fixture
def shelf(box, http, attio):
    return Shelf(box, http, attio)


# records of invoices


def test_the_list_of_invoices_has_their_amounts_and_leads_to_their_records(shelf):
    shelf.add()
    shown = shelf.get()
    assert shown["invoices"] is True
    (row,) = shown["records"]
    assert (row["name"], row["number"], row["customer_name"], row["status"]) == (
        "Invoice 1004",
        "1004",
        "Northwind Traders",
        "Open",
    )
    assert (row["total"], row["balance"], row["currency"], row["due_date"]) == ("1250", "50", "EUR", "2026-12-24")
    assert (row["source"]["text"], row["source"]["object"]) == ("Northwind Traders", "companies")


@pytest.mark.parametrize(("find", "found"), [("1004", 1), ("NORTHWIND", 1), ("2000", 0)])
def test_invoices_are_found_by_number_and_customer(shelf, find, found):
    shelf.add()
    assert len(shelf.get(f"?find={quote(find)}")["records"]) == found


def test_the_record_of_an_invoice_says_what_it_is_and_where_it_came_from(shelf):
    shown = shelf.record(shelf.add())
    assert shown["name"] == "Invoice 1004"
    groups = {group["key"]: {field["slug"]: field for field in group["fields"]} for group in shown["groups"]}
    assert list(groups["invoice"])[:4] == ["number", "status", "total", "balance"]
    assert groups["invoice"]["total"]["items"] == [{"text": "1250", "currency": "EUR"}]
    assert groups["invoice"]["status"]["role"] == "writeback_invoice_status"
    assert groups["links"]["source_record"]["items"][0]["text"] == "Northwind Traders"
    assert "invoice_key" in groups["details"]


def test_an_invoice_without_a_number_is_named_by_its_id(shelf):
    assert shelf.record(shelf.add(number=None))["name"] == "Invoice 6"


def test_edit_and_void_are_offered_on_records_of_invoices_while_the_toggle_is_on(shelf):
    """Rows 96, 112 and 139: by object slug and toggle, not on a deleted invoice, not on a record without one."""
    invoice = shelf.add()
    deleted = shelf.add(invoice_key="sandbox:1:7", status="Deleted")
    foreign = shelf.add(invoice_key=None)
    assert [shelf.record(each)["invoice"]["actions"] for each in (invoice, deleted, foreign)] == [True, False, False]
    shelf.turn(on=False)
    assert shelf.record(invoice)["invoice"]["actions"] is False
    shelf.turn(on=True, invoice_object_slug="bills")
    assert shelf.record(invoice)["invoice"] is None
    assert shelf.get()["invoices"] is False


def test_other_objects_offer_no_action_of_invoices(shelf):
    """Row 112: only on the invoice object."""
    source = shelf.attio.record_id("companies", "Northwind Traders")
    shown = shelf.http.get(f"{shelf.box.url}/ui/api/crm/{shelf.workspace}/companies/{source}").json()
    assert shown["invoice"] is None


# the accountant's hand


class Ledger:
    """A company's books, seen and edited through the page."""

    def __init__(self, books):
        self.books, self.box, self.http = books, books.box, books.http
        self.page = f"{books.box.url}/ui/api/books/{books.environment}/{books.realm}"

    def shown(self, invoice):
        return self.http.get(f"{self.page}/invoices/{invoice['Id']}").json()

    def edit(self, invoice, status=200, **form):
        answer = self.http.post(f"{self.page}/invoices/{invoice['Id']}/edit", json=form)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def ledger(books):
    return Ledger(books)


def test_an_accountant_changes_due_date_and_memo_and_the_lines_stay(ledger):
    made = ledger.books.invoice("75")
    before = ledger.http.get(f"{ledger.box.url}/ui/api/pulse").json()["revision"]
    ledger.edit(made, due_date="2027-01-31", memo="Thank you")
    shown = ledger.shown(made)
    assert (shown["due"], shown["memo"], shown["total"], len(shown["lines"])) == ("2027-01-31", "Thank you", "75.00", 1)
    assert ledger.http.get(f"{ledger.box.url}/ui/api/pulse").json()["revision"] > before


def test_an_accountant_changes_adds_and_removes_lines(ledger):
    made = ledger.books.invoice("75", Line=[_sold("75", "Design"), _sold("25", "Hosting")])
    first, second = ledger.shown(made)["lines"]
    kept = {"id": second["id"], "description": "Hosting, a year", "quantity": "12", "rate": "2.5"}
    ledger.edit(made, lines=[kept, {"description": "Setup", "quantity": "1", "rate": "40"}])
    shown = ledger.shown(made)
    assert [(each["description"], each["amount"]) for each in shown["lines"]] == [
        ("Hosting, a year", "30.00"),
        ("Setup", "40.00"),
    ]
    assert shown["lines"][0]["id"] == second["id"]
    assert first["id"] not in [each["id"] for each in shown["lines"]]
    assert shown["total"] == "70.00"


def _sold(amount, description):
    detail = {"ItemRef": {"value": "3"}, "TaxCodeRef": {"value": "NON"}}
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": float(amount),
        "Description": description,
        "SalesItemLineDetail": detail,
    }


def test_a_discount_stays_when_lines_are_edited(ledger):
    percent = {"PercentBased": True, "DiscountPercent": 10}
    discount = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": percent}
    made = ledger.books.invoice("100", Line=[_sold("100", "Design"), discount])
    (line,) = ledger.shown(made)["lines"]
    ledger.edit(made, lines=[{"id": line["id"], "description": "Design", "quantity": "2", "rate": "100"}])
    assert ledger.shown(made)["total"] == "180.00"


def test_what_the_books_refuse_is_told_and_nothing_changes(ledger):
    made = ledger.books.invoice("75")
    answer = ledger.edit(made, status=404, due_date="someday")
    assert answer["error"].startswith("QuickBooks refuses:")
    assert ledger.shown(made)["due"] == made["DueDate"]


def test_an_edit_by_hand_is_told_as_a_webhook(ledger, receiver, eventually):
    ledger.box.control("POST", "quickbooks/webhooks", {"url": receiver.url, "environment": "sandbox"})
    made = ledger.books.invoice("75")
    receiver.wait(1)
    ledger.edit(made, memo="Changed by hand")
    eventually(lambda: len(receiver.got) >= 2)
    assert made["Id"].encode() in receiver.got[-1][2]


@pytest.mark.parametrize("form", [{"lines": [{"quantity": "1"}]}, {"due": "2027-01-01"}, {"memo": 7}])
def test_a_form_that_is_none_is_refused(ledger, form):
    made = ledger.books.invoice("75")
    assert set(ledger.edit(made, status=400, **form)) == {"error"}
