"""What no client should send: each is refused as the vendor refuses it, and the books stay as they were."""

import json

import pytest

NAMES = ("invoice", "customer", "vendor", "item", "payment", "account", "term", "estimate", "salesreceipt", "batch")
WRITES = (*NAMES, "taxservice/taxcode")


@pytest.fixture
def untouched(box, books):
    """The books, which must be the same afterwards."""

    def content():
        company = box.app.world.quickbooks.companies["sandbox", books.realm]
        tables = [*company.lists.values(), company.invoices, company.payments, *company.forms.values(), company.buried]
        return [list(table) for table in tables], dict(company.balances), company.last_number, company.mails

    before = box.run(content)
    yield books
    assert box.run(content) == before


def code_of(answer):
    (error,) = answer.json()["Fault"]["Error"]
    return error["code"]


BROKEN = [
    b"", b" ", b"{", b'{"CustomerRef":', b"[1,", b"nul", b"{'a': 1}", b'{"a": 1,}', b'{"a": 01}', b'{"a": NaN}',
    b'{"a": Infinity}', b'{"a": 1} {"b": 2}', b"\xff\xfe{\x00}\x00", b'{"a": "\xff"}', b'{"a": "\xed\xa0\x80"}',
    b'{"a": "\\ud800"}', b'{"a": "\\udc00\\ud800"}', b'{"a": "line\nbreak"}', b"\x00", b"[" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: repr(content[:20]))
@pytest.mark.parametrize("path", WRITES)
def test_broken_json_and_lone_surrogates_are_2010(untouched, path, content):
    answer = untouched.call("POST", path, status=400, content=content, headers={"Content-Type": "application/json"})
    assert code_of(answer) == "2010"


@pytest.mark.parametrize("declared", ["", "text/plain", "application/xml", "application/x-www-form-urlencoded", "x"])
@pytest.mark.parametrize("path", WRITES)
def test_bodies_not_declared_as_json_are_1050(untouched, path, declared):
    content = json.dumps({"DisplayName": "X"})
    answer = untouched.call("POST", path, status=400, content=content, headers={"Content-Type": declared})
    assert code_of(answer) == "1050"


@pytest.mark.parametrize("path", ["invoice", "batch", "query"])
def test_thirty_megabytes_are_413_and_the_next_call_is_answered(untouched, path):
    content = b'{"PrivateNote": "' + b"x" * 30_000_000 + b'"}'
    untouched.call("POST", path, status=413, content=content, headers={"Content-Type": "application/json"})
    assert untouched.get("customer/1")["Customer"]["Id"] == "1"


def test_a_query_too_long_for_an_address_is_414_and_fine_when_posted(untouched):
    ids = ", ".join(f"'{number}'" for number in range(1, 2000))
    statement = f"select * from Invoice where Id in ({ids})"
    answer = untouched.call("GET", "query", status=414, params={"query": statement})
    assert answer.headers["content-type"].startswith("text/html")
    posted = untouched.call("POST", "query", content=statement, headers={"Content-Type": "application/text"})
    assert len(posted.json()["QueryResponse"]["Invoice"]) == 3


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("name", ["custmoer", "invoices", "Invoice", "INVOICE", "company_info", "%00", "bill"])
def test_unknown_entities_are_500(untouched, method, name):
    path = f"{name}/1" if method == "GET" else name
    assert code_of(untouched.call(method, path, {} if method in {"POST", "PUT"} else None, status=400)) == "500"


def test_unknown_entities_elsewhere(untouched):
    assert untouched.query_refused("select * from Custmoer")["code"] == "4001"
    answer = untouched.call("GET", "cdc", status=400, params={"entities": "Custmoer", "changedSince": "2026-11-23"})
    assert code_of(answer) == "4001"
    assert untouched.refused("batch", {"BatchItemRequest": [{"bId": "1", "Custmoer": {}}]})["code"] == "2010"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from Customer where DisplayName = 'x' or 1=1",
        "select * from Customer where DisplayName = 'x' OR DisplayName = 'y'",
        "select * from Customer where DisplayName = 'O'Neil'",
        "select * from Customer where DisplayName = 'O''Neil'",
        "select * from Customer where DisplayName = 'x\\'",
        "select * from Customer where 1 = 1",
        "select * from Customer; drop table Customer",
        "select * from Customer where DisplayName = 'x'; delete from Customer; --",
        "select * from Customer -- all of them",
        "select * from Customer /* all */",
        "select * from Customer where Id in (select Id from Vendor)",
        "select * from Customer union select * from Vendor",
        "select * from Customer c join Invoice i",
        "select * from Customer, Invoice",
        "select CustomerRef from Invoice group by CustomerRef",
        "select sum(TotalAmt) from Invoice",
        "select * from Customer where not Active = true",
        "select * from Customer where Id != '1'",
        "select * from Customer where Id <> '1'",
        "select * from Customer where DisplayName is null",
        "select * from Customer where exists (select 1)",
        'select * from Customer where DisplayName = "Kim"',
        "select * from Customer where DisplayName = \u2018Kim\u2019",
        "select * from Customer limit 5",
        "select * from Customer startposition -1",
        "select * from Customer maxresults 1001",
        "select * from Customer maxresults 99999999999999999999",
        "select * from information_schema.tables",
        "insert into Customer values ('x')",
        "update Customer set DisplayName = 'x'",
        "delete from Customer where Id = '1'",
        "drop table Customer",
        "select * from Customer where DisplayName = 'x\x00",
        "\x00",
        "",
        "'",
    ],
)  # fmt: skip
def test_row_26_tricks_of_other_languages_are_4000_or_4001(untouched, statement):
    assert untouched.query_refused(statement)["code"] in {"4000", "4001"}
    answer = untouched.call(
        "POST", "query", status=400, content=statement.encode(), headers={"Content-Type": "text/plain"}
    )
    assert code_of(answer) in {"4000", "4001"}


def test_row_26_a_trick_inside_quotes_is_only_a_name(untouched):
    name = "Robert\\'); DROP TABLE Customer; --"
    assert untouched.query(f"select * from Customer where DisplayName = '{name}'") == {}
    assert untouched.query("select * from Customer where DisplayName = '\ud7ff\ufffd'") == {}


@pytest.mark.parametrize(
    ("detail", "amount", "code"),
    [
        ({}, "0.30000000000000004", "2080"),
        ({}, "100.001", "2080"),
        ({}, "1e400", "2080"),
        ({}, "1e20", "2080"),
        ({}, '"1,000.00"', "2080"),
        ({}, '"12 apples"', "2080"),
        ({}, "true", "2080"),
        ({"Qty": "3", "UnitPrice": "0.1"}, "0.30000000000000004", "2080"),
        ({"Qty": "3", "UnitPrice": "0.1"}, "0.3000000001", "6070"),
        ({"Qty": "128.35", "UnitPrice": "14.5"}, "1861.0749999999998", "2080"),
        ({"Qty": "128.35", "UnitPrice": "14.5"}, "1861.07", "6070"),
        ({"Qty": "1e-30", "UnitPrice": "14.5"}, "0", "2080"),
    ],
)
def test_row_9_float_noise_in_amounts_is_refused(untouched, detail, amount, code):
    inner = "".join(f', "{name}": {value}' for name, value in detail.items())
    line = (
        f'{{"Amount": {amount}, "DetailType": "SalesItemLineDetail", '
        f'"SalesItemLineDetail": {{"ItemRef": {{"value": "1"}}{inner}}}}}'
    )
    content = f'{{"CustomerRef": {{"value": "1"}}, "Line": [{line}]}}'
    answer = untouched.call(
        "POST", "invoice", status=400, content=content, headers={"Content-Type": "application/json"}
    )
    assert code_of(answer) == code


@pytest.mark.parametrize("amount", ["1e2", "100.0", "100.000", '"100"', "1.0E+2"])
def test_other_spellings_of_a_number_are_the_number(books, amount):
    line = f'{{"Amount": {amount}, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {{"ItemRef": {{"value": "1"}}}}}}'
    content = f'{{"CustomerRef": {{"value": "1"}}, "Line": [{line}]}}'
    answer = books.call("POST", "invoice", content=content, headers={"Content-Type": "application/json"})
    assert '"TotalAmt":100.00' in answer.text


@pytest.mark.parametrize("version", ["0", "-1", "74", "76", "99999999999999999999", "75.5", "abc", "", "75' or 1=1"])
def test_row_4_unknown_minor_versions_are_ignored(books, version):
    recorded = list(books.invoice())
    made = books.post("invoice", books.invoice_body(), params={"minorversion": version})
    assert list(made) == recorded
    assert "ItemAccountRef" in made["Line"][0]["SalesItemLineDetail"]
    assert books.get(f"invoice/{made['Id']}", params={"minorversion": version})["Invoice"] == made


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        *(("POST", path, {}) for path in WRITES),
        ("POST", "invoice/1/send", None),
        ("POST", "invoice?operation=void", {"Id": "1", "SyncToken": "1"}),
        ("POST", "invoice?operation=delete", {"Id": "3", "SyncToken": "0"}),
        ("GET", "invoice/1", None),
        ("GET", "invoice/1/pdf", None),
        ("GET", "query?query=select%20*%20from%20Customer", None),
        ("GET", "cdc?entities=Customer&changedSince=2026-01-01", None),
        ("GET", "preferences", None),
        ("GET", "nothing/at/all", None),
    ],
)
def test_row_2_tokens_of_another_realm_reach_nothing(untouched, euro_books, method, path, body):
    headers = {"Authorization": f"Bearer {euro_books.token}"}
    answer = untouched.call(method, path, body, status=403, headers=headers)
    assert answer.json()["fault"]["error"][0]["code"] == "3100"
