"""Row 26 of what a QuickBooks emulator must get right: the query language."""

import pytest


def ids(books, statement):
    (rows,) = [value for value in books.query(statement).values() if isinstance(value, list)] or [[]]
    return [row["Id"] for row in rows]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("DisplayName = 'Amy\\'s Bird Sanctuary'", ["1"]),
        ("DisplayName = 'AMY\\'S BIRD SANCTUARY'", ["1"]),
        ("displayname = 'Harbor & O\\'Neil Design'", ["2"]),
        ("DisplayName = 'Müller & Söhne GmbH'", ["7"]),
        ("DisplayName LIKE 'Pine%'", ["8", "9"]),
        ("DisplayName like '%grove dental'", ["8"]),
        ("DisplayName LIKE '%'", None),
        ("DisplayName IN ('Pine Grove Dental', 'Kim, Daniel')", ["10", "8"]),
        ("PrimaryEmailAddr = 'office@pinegrove.example'", ["8", "9"]),
        ("GivenName = 'Daniel' AND FamilyName = 'Kim'", ["11", "10"]),
        ("Active = false", ["6"]),
        ("Active IN (true, false) AND DisplayName LIKE 'Old Mill%'", ["6"]),
        ("DisplayName = 'Old Mill Cafe (deleted)'", []),
        ("FullyQualifiedName = 'Redwood Ranger Supply:Redwood Ranger Supply West'", ["5"]),
        ("ParentRef = '4'", ["5"]),
        ("Job = true", ["5"]),
        ("Balance > '0'", ["2", "3"]),
        ("Balance > 1000", ["3"]),
        ("Id = '3'", ["3"]),
        ("Id IN ('3', '1', '3', '999')", ["1", "3"]),
        ("Id = '6'", []),
        ("PrimaryEmailAddr = ' '", ["12"]),
        ("MetaData.LastUpdatedTime > '2026-10-01'", ["1", "3", "2"]),
    ],
)
def test_row_26_conditions_on_customers(books, where, expected):
    found = ids(books, f"select * from Customer where {where}")
    if expected is None:
        assert len(found) == 11
    else:
        assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM Term ORDERBY Id STARTPOSITION 2 MAXRESULTS 2",
        "select * from term order by id startposition 2 maxresults 2",
        "Select * From Term Orderby Id Maxresults 2 Startposition 2",
        "SELECT *\nFROM Term\tORDER BY Id ASC MAXRESULTS 2 STARTPOSITION 2 ",
    ],
)
def test_row_26_keywords_in_any_case_and_pages_in_either_order(books, statement):
    answer = books.query(statement)
    assert [row["Id"] for row in answer["Term"]] == ["2", "3"]
    assert (answer["startPosition"], answer["maxResults"]) == (2, 2)


def test_row_26_lists_are_ordered_by_name_and_without_the_inactive(books):
    names = [row["FullyQualifiedName"] for row in books.query("select * from Customer")["Customer"]]
    assert names == sorted(names, key=str.casefold)
    assert len(names) == 11
    accounts = [row["Name"] for row in books.query("select * from Account")["Account"]]
    assert accounts == sorted(accounts, key=str.casefold)


def test_row_26_transactions_come_newest_change_first(box, books):
    for number in range(3):
        box.clock.advance(60)
        books.invoice(DocNumber=f"N{number}")
    box.clock.advance(60)
    books.post("invoice", {"Id": "6", "SyncToken": "0", "sparse": True, "PrivateNote": "touched"})
    assert ids(books, "select * from Invoice maxresults 3") == ["6", "8", "7"]
    assert ids(books, "select * from Invoice orderby MetaData.CreateTime desc maxresults 3") == ["8", "7", "6"]
    assert ids(books, "select * from Invoice orderby Id maxresults 2") == ["1", "2"]
    assert ids(books, "select * from Invoice orderby MetaData.LastUpdatedTime asc")[-1] == "6"


def test_row_26_time_windows(box, books):
    box.clock.freeze("2026-11-23T10:00:00Z")
    first = books.invoice()["Id"]
    box.clock.freeze("2026-11-23T11:00:00Z")
    second = books.invoice()["Id"]
    find = lambda where: ids(books, f"select * from Invoice where {where} orderby MetaData.LastUpdatedTime")  # noqa: E731
    assert find(
        "MetaData.LastUpdatedTime >= '2026-11-23T10:00:00Z' and MetaData.LastUpdatedTime < '2026-11-23T11:00:00Z'"
    ) == [first]
    assert find("MetaData.LastUpdatedTime > '2026-11-23T10:00:00Z'") == [second]
    assert find("MetaData.LastUpdatedTime >= '2026-11-23T02:00:00-08:00'") == [first, second]
    assert find("MetaData.LastUpdatedTime >= '2026-11-23T03:00:00'") == [second]
    assert find("MetaData.LastUpdatedTime <= '2026-11-23T10:00:00Z' AND MetaData.LastUpdatedTime >= '2026-11-23'") == [
        first
    ]
    assert find("MetaData.CreateTime = '2026-11-23T11:00:00Z'") == [second]


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("DocNumber = '1001'", 1),
        ("DocNumber IN ('1001', '1003', 'x')", 2),
        ("CustomerRef = '2'", 1),
        ("CustomerRef IN ('1', '2')", 2),
        ("Balance = '0'", 1),
        ("Balance > '0' AND TotalAmt >= 1200", 2),
        ("TxnDate < '2026-10-15'", 2),
        ("TxnDate <= CURRENT_DATE", 3),
        ("TxnDate = '2026-10-14'", 1),
        ("TxnDate = CURRENT_DATE", 0),
        ("TxnDate IN ('2026-10-05', '2026-10-25', '2026-10-26')", 2),
        ("TxnDate > '2026-10-05' AND TxnDate <= '2026-10-25'", 2),
        ("TxnDate >= '2026-10-05' AND TxnDate < '2026-10-14' AND TxnDate > '2026-01-01'", 1),
        ("TxnDate > '2026-10-14' AND TxnDate < '2026-10-06'", 0),
        ("DueDate > '2026-11-10'", 2),
        ("SalesTermRef = '3'", 3),
        ("SalesTermRef = '1'", 0),
    ],
)
def test_row_26_conditions_on_invoices_and_count(books, where, count):
    assert books.query(f"select count(*) from Invoice where {where}") == {"totalCount": count}
    found = books.query(f"select * from Invoice where {where}")
    assert found.get("totalCount", 0) == count == len(found.get("Invoice", []))


def test_row_26_total_counts_come_with_invoices_but_not_with_lists_and_payments(books):
    assert books.query("select * from Invoice maxresults 2") | {"Invoice": []} == {
        "Invoice": [],
        "startPosition": 1,
        "maxResults": 2,
        "totalCount": 3,
    }
    for entity in ("Customer", "Item", "Account", "Payment", "Vendor"):
        assert "totalCount" not in books.query(f"select * from {entity}")


def test_row_26_nothing_found_is_an_empty_response(books):
    assert books.query("select * from Invoice where DocNumber = 'none'") == {}
    assert books.query("select * from Invoice startposition 100") == {}
    assert books.query("select * from Transfer") == {}
    assert books.query("select count(*) from Estimate") == {"totalCount": 0}


def test_row_26_projections_are_reduced_and_sparse(books):
    (row,) = books.query("select Id, SyncToken, Active from Customer where Id = '1'")["Customer"]
    assert row == {"domain": "QBO", "sparse": True, "Id": "1", "SyncToken": "0", "Active": True}
    (row,) = books.query("select DocNumber, MetaData.LastUpdatedTime from Invoice where Id = '1'")["Invoice"]
    assert set(row) == {"domain", "sparse", "Id", "DocNumber", "MetaData"}


def test_row_26_sku_comes_only_when_it_is_asked_for(books):
    books.post("item", {"Id": "3", "SyncToken": "0", "sparse": True, "Sku": "CON-1"})
    assert "Sku" not in books.query("select * from Item where Id = '3'")["Item"][0]
    assert books.query("SELECT *, Sku FROM Item where Id = '3'")["Item"][0]["Sku"] == "CON-1"
    assert "DeferredRevenue" not in books.query("select * from Item where Id = '3'")["Item"][0]


def test_row_26_posted_statements(books):
    text = {"Content-Type": "application/text"}
    posted = books.exact(books.call("POST", "query", content=b"select count(*) from Invoice ", headers=text))
    assert posted["QueryResponse"] == {"totalCount": 3}
    bare = books.exact(books.call("POST", "query", params={"query": "select count(*) from Invoice"}))
    assert bare["QueryResponse"] == {"totalCount": 3}


def test_row_26_the_pseudo_codes_of_us_companies_come_on_top(books, open_books):
    assert ids(books, "select * from TaxCode") == ["TAX", "NON", "2"]
    assert ids(books, "select * from TaxCode maxresults 1") == ["TAX", "NON", "2"]
    assert books.query("select * from TaxCode")["totalCount"] == 3
    assert ids(books, "select * from TaxCode where Name = 'Rhode Island'") == ["2"]
    britain = open_books(country="GB")
    assert ids(britain, "select * from TaxCode orderby Id") == ["2", "3", "4", "5"]
    assert [row["RateValue"] for row in britain.query("select * from TaxRate orderby Id")["TaxRate"]] == [20, 5, 0, 0]


def test_row_26_company_facts_by_query(books):
    info = books.query("select * from CompanyInfo")
    assert (info["CompanyInfo"][0]["CompanyName"], info["startPosition"], info["maxResults"]) == (
        "Bluebird Studio",
        1,
        1,
    )
    preferences = books.query("select * from Preferences")
    assert set(preferences) == {"Preferences", "maxResults"}


def test_row_26_currencies_only_where_there_are_several(books, euro_books):
    assert [row["Code"] for row in euro_books.query("select * from CompanyCurrency")["CompanyCurrency"]] == [
        "GBP",
        "CAD",
        "EUR",
        "JPY",
    ]
    assert ids(euro_books, "select * from CompanyCurrency where Code = 'eur'") == ["2"]
    assert books.query_refused("select * from CompanyCurrency")["code"] == "5020"


@pytest.mark.parametrize(
    ("statement", "code", "detail"),
    [
        ("SELECT * FROM Custmoer", "4001", "QueryValidationError: invalid context declaration: Custmoer"),
        (
            "select * from Invoice where PrivateNote = 'x'",
            "4001",
            "QueryValidationError: property 'PrivateNote' is not queryable",
        ),
        ("select * from Invoice where EmailStatus = 'x'", "4001", "not queryable"),
        ("select * from Invoice where Nothing = 'x'", "4001", "Property Nothing not found for Entity Invoice"),
        ("select * from Invoice orderby Nothing", "4001", "Nothing"),
        (
            "select * from Invoice maxresults 0",
            "4001",
            "QueryValidationError: value 0 is too small. Min allowed value is 1",
        ),
        ("select * from Invoice maxresults 1001", "4001", "too large"),
        ("select * from Invoice startposition 0", "4001", "too small"),
        ("select * from Invoice where Id > '3'", "4001", "Id"),
        ("select * from Invoice where Id LIKE '3%'", "4001", "LIKE"),
        ("select * from Customer where Active > true", "4001", "Active"),
        ("select * from Invoice where TxnDate > 'yesterday'", "4001", "yesterday"),
        ("select * from Invoice where TotalAmt > 'much'", "4001", "much"),
        ("select * from Invoice where MetaData.CreateTime > 'x'", "4001", "x"),
        (
            "select * from Customer where DisplayName = 'Amy's Bird Sanctuary'",
            "4000",
            'QueryParserError: Encountered " <IDENTIFIER> "s ""',
        ),
        ("select * from Customer where DisplayName = 'Amy''s'", "4000", "Encountered"),
        ("select * from Customer where DisplayName = 'x\\'", "4000", "Lexical error"),
        ("select * from Customer where Id = '1' or Id = '2'", "4000", "Encountered"),
        ("select * from Customer where not Id = '1'", "4000", "Encountered"),
        ("select * from Customer where Id != '1'", "4000", "Lexical error"),
        ("select * from Customer where Id <> '1'", "4000", "Encountered"),
        ("select * from Customer group by Id", "4000", "Encountered"),
        ("select max(Id) from Customer", "4000", "Encountered"),
        ("select count(*), Id from Customer", "4000", "count"),
        ("delete from Customer", "4000", "Encountered"),
        ("select * Customer", "4000", "Encountered"),
        ("", "4000", "Encountered"),
        ("select * from Customer where DisplayName =", "4000", "<EOF>"),
        ("select * from Customer where DisplayName in ()", "4000", "Encountered"),
        ("select * from Customer; drop table x", "4000", "Lexical error"),
    ],
)
def test_row_26_refused_statements(books, statement, code, detail):
    error = books.query_refused(statement)
    assert error["code"] == code
    assert error["Message"] == {"4000": "Error parsing query", "4001": "Invalid query"}[code]
    assert detail in error["Detail"]


def test_row_26_id_ranges_by_switch(box, books):
    box.switch(id_ranges=True)
    assert ids(books, "select * from Invoice where Id > '1' orderby Id") == ["2", "3"]


def test_row_26_backslashes_and_percent_signs_in_values(books):
    made = books.post("customer", {"DisplayName": "100% \\ back'slash"})
    assert ids(books, "select * from Customer where DisplayName = '100% \\\\ back\\'slash'") == [made["Id"]]


def test_row_26_indexed_queries_find_one_of_many_invoices(box, books):
    from decimal import Decimal

    from attibooks_sandbox.quickbooks.invoices import InvoiceDesk
    from attibooks_sandbox.quickbooks.switches import Switches

    def fill():
        company = box.app.world.quickbooks.companies["sandbox", books.realm]
        desk = InvoiceDesk(company, Switches(), box.app.clock.now())
        detail = {"ItemRef": "3", "Qty": Decimal(1), "UnitPrice": Decimal(100)}
        for number in range(3000):
            desk.create(
                {
                    "CustomerRef": str(1 + number % 4),
                    "Line": [
                        {"DetailType": "SalesItemLineDetail", "Amount": Decimal(100), "SalesItemLineDetail": detail}
                    ],
                }
            )

    box.run(fill)
    assert ids(books, "select * from Invoice where DocNumber = '2500'") != []
