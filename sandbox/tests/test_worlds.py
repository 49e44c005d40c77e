"""The seeded data: what tests of other packages may count on."""

import re

import pytest

COMPANIES = {
    ("US", "sandbox", False), ("US", "sandbox", True), ("US", "production", False), ("US", "production", True),
    ("GB", "sandbox", False), ("GB", "production", False), ("DE", "sandbox", False), ("DE", "production", False),
    ("CA", "sandbox", False), ("AU", "sandbox", False),
}  # fmt: skip


def test_companies_of_every_kind(box):
    companies = box.world["quickbooks"]["companies"]
    assert {(each["country"], each["environment"], each["multicurrency"]) for each in companies} == COMPANIES
    assert all(re.fullmatch(r"\d{16,19}", each["realm"]) for each in companies)
    assert len({each["realm"] for each in companies}) == len(companies)


@pytest.mark.parametrize("which", sorted(COMPANIES))
def test_every_company_is_furnished(open_books, which):
    country, environment, multicurrency = which
    books = open_books(country=country, environment=environment, multicurrency=multicurrency)
    names = {
        each["DisplayName"] for each in books.query("select * from Customer where Active in (true, false)")["Customer"]
    }
    assert {"Amy's Bird Sanctuary", "Harbor & O'Neil Design", "Old Mill Cafe (deleted)", "Müller & Söhne GmbH"} <= names
    assert ("Lumière Éditions" in names) == multicurrency
    assert books.refused("customer", {"DisplayName": "Cascade Office Supplies"})["code"] == "6240"
    assert len(books.query("select * from Item where Type = 'Service'")["Item"]) == 6
    assert books.query("select * from Account where AccountType = 'Income'")["Account"]
    assert [each["Name"] for each in books.query("select * from Term orderby Id")["Term"]] == [
        "Due on receipt",
        "Net 15",
        "Net 30",
        "Net 60",
    ]
    invoices = books.query("select * from Invoice orderby Id")["Invoice"]
    assert [each["DocNumber"] for each in invoices] == ["1001", "1002", "1003"]
    assert invoices[0]["Balance"] == 0
    assert 0 < invoices[1]["Balance"] < invoices[1]["TotalAmt"]
    assert invoices[2]["Balance"] == invoices[2]["TotalAmt"]
    owed = sum(each["Balance"] for each in invoices)
    assert sum(each["Balance"] for each in books.query("select * from Customer")["Customer"]) == owed


CODES = {
    "US": ["Rhode Island"],
    "GB": ["20.0% S", "5.0% R", "0.0% Z", "Exempt"],
    "DE": ["19% USt", "7% USt", "0% USt"],
    "CA": ["GST", "HST ON", "GST/PST BC", "Zero-rated", "Exempt"],
    "AU": ["GST", "GST free"],
}


@pytest.mark.parametrize("which", sorted(COMPANIES))
def test_every_company_has_the_tax_codes_of_its_country(open_books, which):
    country, environment, multicurrency = which
    books = open_books(country=country, environment=environment, multicurrency=multicurrency)
    codes = {each["Id"]: each["Name"] for each in books.query("select * from TaxCode orderby Id")["TaxCode"]}
    own = [name for number, name in codes.items() if number.isdigit()]
    assert own == CODES[country]
    assert ({"TAX", "NON"} <= set(codes)) == (country == "US")


def test_the_workspace_is_furnished(box, attio):
    assert [workspace["name"] for workspace in box.world["attio"]["workspaces"]] == [
        "Northwind Demo",
        "Southgate Trial",
    ]
    sizes = {kind: len(facts["records"]) for kind, facts in attio.objects.items()}
    assert sizes == {"people": 12, "companies": 12, "deals": 10, "projects": 6}
    types = {each for facts in attio.objects.values() for each in facts["attributes"].values()}
    assert len(types) == 17
    for kind in ("companies", "people", "deals", "projects"):
        wanted = {
            "invoice_email", "service_description", "rate", "quantity", "billing_currency", "payment_terms_days", "invoice_id",
            "invoice_number", "invoice_status", "invoice_url", "last_synced_at", "sync_error",
        }  # fmt: skip
        assert wanted <= set(attio.objects[kind]["attributes"])
    assert attio.objects["projects"]["attributes"]["invoice_status"] == "status"
    assert attio.objects["deals"]["attributes"]["invoice_status"] == "select"
    titles = [each["title"] for each in attio.get("/objects/deals/attributes/invoice_status/options")]
    assert titles == ["Open", "Paid", "Voided"]


def test_every_type_is_filled_somewhere(box, attio):
    filled = set()
    for kind in attio.objects:
        for record in attio.query(kind)["data"]:
            filled |= {value["attribute_type"] for values in record["values"].values() for value in values}
    assert len(filled) == 17


def test_people_and_companies_know_each_other(attio):
    person = attio.get(f"/objects/people/records/{attio.record_id('people', 'Chloé Dubois')}")
    company = attio.get(f"/objects/companies/records/{attio.record_id('companies', 'Café Noir')}")
    assert person["values"]["company"][0]["target_record_id"] == company["id"]["record_id"]
    assert company["values"]["team"][0]["target_record_id"] == person["id"]["record_id"]
