"""Rows 8 and 22 of what a QuickBooks emulator must get right, and the lists that invoices refer to."""

import pytest


def create(books, **fields):
    return books.post("customer", fields)


def test_a_customer_gets_the_documented_defaults(books):
    made = create(books, DisplayName="Pine Ltd", PrimaryEmailAddr={"Address": "pay@pine.example"})
    expected = {
        "Taxable": True, "Job": False, "BillWithParent": False, "Balance": 0, "BalanceWithJobs": 0,
        "PreferredDeliveryMethod": "Print", "IsProject": False, "domain": "QBO", "sparse": False, "SyncToken": "0",
        "FullyQualifiedName": "Pine Ltd", "DisplayName": "Pine Ltd", "PrintOnCheckName": "Pine Ltd", "Active": True,
        "DefaultTaxCodeRef": {"value": "2"},
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    assert "V4IDPseudonym" not in made
    read = books.get(f"customer/{made['Id']}")["Customer"]
    assert read["V4IDPseudonym"].startswith("00209")
    assert len(read["V4IDPseudonym"]) == 38


@pytest.mark.parametrize(
    ("fields", "display", "check"),
    [
        ({"GivenName": "Ada", "FamilyName": "King"}, "Ada King", "Ada King"),
        ({"Title": "Dr", "GivenName": "Ada", "Suffix": "Jr"}, "Dr Ada Jr", "Dr Ada Jr"),
        ({"DisplayName": "X", "GivenName": "Ada", "FamilyName": "King"}, "X", "Ada King"),
        ({"DisplayName": "X", "GivenName": "Ada", "CompanyName": "Co"}, "X", "Co"),
        ({"DisplayName": "X", "PrintOnCheckName": "Y"}, "X", "Y"),
    ],
)
def test_names_of_a_customer(books, fields, display, check):
    made = create(books, **fields)
    assert (made["DisplayName"], made["PrintOnCheckName"]) == (display, check)


@pytest.mark.parametrize(
    "body", [{}, {"CompanyName": "Only"}, {"DisplayName": ""}, {"DisplayName": "  "}, {"DisplayName": None}]
)
def test_a_customer_without_any_name_is_6080(books, body):
    assert books.refused("customer", body)["code"] == "6080"


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("Amy's Bird Sanctuary", "The name supplied already exists. : null"),
        ("AMY'S BIRD SANCTUARY", "The name supplied already exists. : null"),
        ("Cascade Office Supplies", "Another customer, vendor or employee is already using this name."),
        ("Priya Raman", "Another $$customer$$ is already using this name."),
    ],
)
def test_row_22_names_are_unique_over_customers_vendors_and_employees(books, name, detail):
    error = books.refused("customer", {"DisplayName": name})
    assert (error["code"], error["Message"]) == ("6240", "Duplicate Name Exists Error")
    assert detail in error["Detail"]


def test_row_22_vendors_and_employees_share_ids_and_names_with_customers(books):
    vendor = books.post("vendor", {"DisplayName": "Boraski Family Store"})
    employee = books.post("employee", {"GivenName": "Noor", "FamilyName": "Haddad"})
    customer = create(books, DisplayName="Pine Ltd")
    assert [int(each["Id"]) for each in (vendor, employee, customer)] == list(
        range(int(vendor["Id"]), int(vendor["Id"]) + 3)
    )
    assert books.refused("vendor", {"DisplayName": "Pine Ltd"})["code"] == "6240"
    assert books.refused("employee", {"DisplayName": "boraski family store"})["code"] == "6240"
    assert books.get(f"vendor/{vendor['Id']}")["Vendor"]["Vendor1099"] is False


@pytest.mark.parametrize("name", ["A:B", "A\tB", "A\nB"])
def test_row_22_forbidden_characters(books, name):
    assert books.refused("customer", {"DisplayName": name})["code"] == "2040"
    assert (
        books.refused("item", {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": "1"}})["code"] == "2040"
    )


@pytest.mark.parametrize(
    ("field", "limit"),
    [
        ("DisplayName", 500),
        ("GivenName", 100),
        ("FamilyName", 100),
        ("CompanyName", 100),
        ("Title", 16),
        ("Suffix", 16),
    ],
)
def test_row_7_lengths_of_names(books, field, limit):
    base = {} if field == "DisplayName" else {"DisplayName": f"for {field}"}
    create(books, **base, **{field: "x" * limit})
    error = books.refused("customer", {"DisplayName": "y", field: "x" * (limit + 1)})
    assert (error["code"], error["element"]) == ("2050", field)


@pytest.mark.parametrize("address", ["nobody", "a@b", "a b@c.de", "@c.de"])
def test_bad_addresses_are_2210(books, address):
    assert books.refused("customer", {"DisplayName": "Z", "PrimaryEmailAddr": {"Address": address}})["code"] == "2210"


def test_row_22_deactivation_frees_the_name_and_marks_it(books):
    made = create(books, DisplayName="Pine Ltd", CompanyName="Pine")
    off = create(books, Id=made["Id"], SyncToken="0", sparse=True, Active=False)
    assert (off["DisplayName"], off["FullyQualifiedName"], off["PrintOnCheckName"]) == (
        "Pine Ltd (deleted)",
        "Pine Ltd (deleted)",
        "Pine",
    )
    assert (off["Active"], off["SyncToken"]) == (False, "1")
    again = create(books, DisplayName="Pine Ltd")
    assert again["Id"] != made["Id"]
    error = books.refused("customer", {"Id": made["Id"], "SyncToken": "1", "sparse": True, "Active": True})
    assert error["code"] == "6240"
    create(books, Id=again["Id"], SyncToken="0", sparse=True, DisplayName="Pine Two")
    assert create(books, Id=made["Id"], SyncToken="1", sparse=True, Active=True)["DisplayName"] == "Pine Ltd"


def test_row_14_sparse_keeps_and_full_clears(books):
    made = create(books, DisplayName="Pine", GivenName="Ada", PrimaryPhone={"FreeFormNumber": "555"}, Notes="n")
    sparse = create(books, Id=made["Id"], SyncToken="0", sparse=True, DisplayName="Pine Two")
    assert (sparse["GivenName"], sparse["Notes"], sparse["DisplayName"]) == ("Ada", "n", "Pine Two")
    full = create(books, Id=made["Id"], SyncToken="1", DisplayName="Pine Three")
    assert {"GivenName", "Notes", "PrimaryPhone"} & set(full) == set()
    assert full["SyncToken"] == "2"


def test_row_14_an_empty_string_clears_in_a_sparse_update_and_null_does_not(books):
    made = create(books, DisplayName="Pine", GivenName="Ada", Notes="n")
    changed = create(books, Id=made["Id"], SyncToken="0", sparse=True, GivenName="", Notes=None)
    assert "GivenName" not in changed
    assert changed["Notes"] == "n"


def test_row_14_a_change_of_nothing_keeps_token_and_time(box, books):
    made = create(books, DisplayName="Pine", BillAddr={"Line1": "1 Road"})
    box.clock.advance(60)
    same = create(books, Id=made["Id"], SyncToken="0", sparse=True, DisplayName="Pine", BillAddr={"Line1": "1 Road"})
    assert (same["SyncToken"], same["MetaData"], same["BillAddr"]) == ("0", made["MetaData"], made["BillAddr"])


def test_row_15_stale_tokens_name_the_user(books):
    error = books.refused("customer", {"Id": "1", "SyncToken": "7", "sparse": True, "Notes": "x"})
    assert error == {
        "Message": "Stale Object Error",
        "Detail": "Stale Object Error : You and Rita Moss were working on this at the same time. "
        "Rita Moss finished before you did, so your work was not saved.",
        "code": "5010",
        "element": "",
    }
    assert books.refused("customer", {"Id": "1", "sparse": True, "Notes": "x"})["code"] == "2020"
    assert books.refused("customer", {"Id": "999", "SyncToken": "0", "Notes": "x"})["code"] == "610"


def test_row_5_ids_and_tokens_may_be_numbers(books):
    assert create(books, Id=1, SyncToken=0, sparse=True, Notes="x")["SyncToken"] == "1"


def test_sub_customers_have_a_level_and_a_full_name(books):
    child = create(books, DisplayName="Barnett Design", Job=True, ParentRef={"value": "5"})
    assert (child["Level"], child["Job"], child["ParentRef"]) == (2, True, {"value": "5"})
    assert child["FullyQualifiedName"] == "Redwood Ranger Supply:Redwood Ranger Supply West:Barnett Design"
    for _ in range(2):
        child = create(books, DisplayName=f"{child['DisplayName']}+", Job=True, ParentRef={"value": child["Id"]})
    assert books.refused("customer", {"DisplayName": "Too deep", "ParentRef": {"value": child["Id"]}})["code"] == "700"
    assert (
        books.refused("customer", {"Id": "4", "SyncToken": "0", "sparse": True, "ParentRef": {"value": child["Id"]}})[
            "code"
        ]
        == "900"
    )


def test_a_sub_customers_debt_shows_at_its_parent(books):
    books.invoice("80", CustomerRef={"value": "5"})
    parent = books.get("customer/4")["Customer"]
    assert (parent["Balance"], parent["BalanceWithJobs"]) == (0, 80)


def test_row_22_currency_is_fixed_at_creation(books, euro_books):
    assert books.refused("customer", {"DisplayName": "E", "CurrencyRef": {"value": "EUR"}})["code"] == "6000"
    made = create(euro_books, DisplayName="E", CurrencyRef={"value": "EUR"})
    assert made["CurrencyRef"] == {"value": "EUR", "name": "Euro"}
    changed = create(euro_books, Id=made["Id"], SyncToken="0", sparse=True, CurrencyRef={"value": "USD"}, Notes="x")
    assert changed["CurrencyRef"]["value"] == "EUR"
    assert euro_books.refused("customer", {"DisplayName": "P", "CurrencyRef": {"value": "PLN"}})["code"] == "2500"


def test_row_6_unknown_properties_are_2010_unless_switched_off(box, books):
    error = books.refused("customer", {"DisplayName": "P", "BadJson": True})
    assert error["Detail"].startswith(
        'Property Name:Unrecognized field "BadJson" (class com.intuit.schema.finance.v3.Customer), not marked as ignorable ('
    )
    assert error["Detail"].endswith("specified is unsupported or invalid")
    assert "element" not in error
    box.switch(unknown_property="ignore")
    create(books, DisplayName="P", BadJson=True)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'"x"', b"\xff"])
def test_bodies_that_are_no_object_are_2010(books, content):
    answer = books.call("POST", "customer", status=400, content=content, headers={"Content-Type": "application/json"})
    assert answer.json()["Fault"]["Error"][0]["code"] == "2010"


def test_bodies_that_are_not_declared_json_are_1050(books):
    answer = books.call("POST", "customer", status=400, content=b"{}", headers={"Content-Type": "text/xml"})
    assert answer.json()["Fault"]["Error"][0]["code"] == "1050"


@pytest.mark.parametrize(
    "value",
    [{"DisplayName": {"a": 1}}, {"DisplayName": []}, {"Active": "perhaps"}, {"BillAddr": "street"}, {"ParentRef": "5"}],
)
def test_values_of_the_wrong_form_are_2010(books, value):
    assert books.refused("customer", {"DisplayName": "P"} | value)["code"] == "2010"


def test_items_of_type_service(books):
    made = books.post("item", {"Name": "AttiBooks Services", "Type": "Service", "IncomeAccountRef": {"value": "79"}})
    assert list(made) == [
        "Name", "Active", "FullyQualifiedName", "Taxable", "UnitPrice", "Type", "IncomeAccountRef", "PurchaseCost",
        "TrackQtyOnHand", "DeferredRevenue", "domain", "sparse", "Id", "SyncToken", "MetaData",
    ]  # fmt: skip
    assert made["IncomeAccountRef"] == {"value": "79", "name": "Sales of Product Income"}
    assert books.get(f"item/{made['Id']}")["Item"] == made
    assert (
        books.refused("item", {"Name": "attibooks services", "Type": "Service", "IncomeAccountRef": {"value": "79"}})[
            "code"
        ]
        == "6240"
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "S", "Type": "Service"}, "2020"),
        ({"Name": "S", "IncomeAccountRef": {"value": "1"}}, "2020"),
        ({"Type": "Service", "IncomeAccountRef": {"value": "1"}}, "2020"),
        ({"Name": "S", "Type": "Magic", "IncomeAccountRef": {"value": "1"}}, "2170"),
        ({"Name": "S", "Type": "Service", "IncomeAccountRef": {"value": "555"}}, "2500"),
        ({"Name": "S" * 101, "Type": "Service", "IncomeAccountRef": {"value": "1"}}, "2050"),
        ({"Name": "S", "Type": "Inventory", "IncomeAccountRef": {"value": "1"}}, "5030"),
    ],
)
def test_items_refused(books, body, code):
    assert books.refused("item", body)["code"] == code


def test_british_and_canadian_items_want_an_expense_account(open_books):
    for country in ("GB", "CA"):
        there = open_books(country=country)
        body = {"Name": "S", "Type": "Service", "IncomeAccountRef": {"value": "1"}}
        assert there.refused("item", body)["element"] == "ExpenseAccountRef"
        there.post("item", body | {"ExpenseAccountRef": {"value": "80"}})


def test_a_renamed_item_shows_on_old_invoices(books):
    invoice = books.invoice()
    books.post("item", {"Id": "3", "SyncToken": "0", "sparse": True, "Name": "Advice"})
    line = books.get(f"invoice/{invoice['Id']}")["Invoice"]["Line"][0]
    assert line["SalesItemLineDetail"]["ItemRef"] == {"value": "3", "name": "Advice"}


@pytest.mark.parametrize("path", ["customer/1.5", "customer/abc", "invoice/x", "item/1e3"])
def test_row_7_ids_that_are_no_number_are_2030(books, path):
    body = books.call("GET", path, status=400).json()
    assert "time" not in body
    supplied = path.partition("/")[2]
    assert body["Fault"]["Error"] == [
        {
            "Message": "Invalid ID",
            "Detail": f"Id should be a valid number. Supplied value:{supplied}",
            "code": "2030",
            "element": "Id",
        }
    ]


@pytest.mark.parametrize(
    "path", ["customer/999", "invoice/999", "payment/999", "account/999", "term/9", "taxcode/99", "taxrate/99"]
)
def test_row_8_what_is_not_there_is_610(books, path):
    error = books.call("GET", path, status=400).json()["Fault"]["Error"][0]
    assert (error["code"], error["Message"]) == ("610", "Object Not Found")


def test_lists_that_are_only_read(books, euro_books):
    assert books.get("account/1")["Account"]["AccountSubType"] == "ServiceFeeIncome"
    assert books.get("term/3")["Term"]["DueDays"] == 30
    assert books.get("taxcode/2")["TaxCode"]["SalesTaxRateList"]["TaxRateDetail"][0]["TaxRateRef"] == {
        "value": "3",
        "name": "Rhode Island",
    }
    assert books.get("taxrate/3")["TaxRate"]["RateValue"] == 8
    assert euro_books.get("companycurrency/2")["CompanyCurrency"]["Code"] == "EUR"
    for entity in ("taxcode", "taxrate", "companycurrency"):
        assert books.refused(entity, {"Name": "x"})["code"] == "500"


def test_company_and_preferences(books, euro_books, open_books):
    company = books.get(f"companyinfo/{books.realm}")["CompanyInfo"]
    assert (company["CompanyName"], company["Country"], company["Id"]) == ("Bluebird Studio", "US", "1")
    assert company["DefaultTimeZone"] == "America/New_York"
    assert books.get("companyinfo/1")["CompanyInfo"] == company
    books.call("GET", "companyinfo/77", status=400)
    assert euro_books.get("preferences")["Preferences"]["CurrencyPrefs"] == {
        "MultiCurrencyEnabled": True,
        "HomeCurrency": {"value": "USD"},
    }
    british = open_books(country="GB").get("preferences")["Preferences"]
    assert british["TaxPrefs"] == {"UsingSalesTax": True}
    assert british["CurrencyPrefs"]["HomeCurrency"] == {"value": "GBP"}
    fields = books.get("preferences")["Preferences"]["SalesFormsPrefs"]["CustomField"]
    assert fields[1]["CustomField"][0] == {
        "Name": "SalesFormsPrefs.SalesCustomName1",
        "Type": "StringType",
        "StringValue": "Crew #",
    }
