"""Two independent clients written for Node drive the data layer: node-quickbooks and quickbooks-node-promise."""

import pytest


@pytest.fixture
def driven(box, books, run_node):
    """`driven("client")` runs the client's script against the books and gives what it saw."""

    def drive(script):
        where = {"api": box.quickbooks_url(), "realm": books.realm, "token": books.token}
        return run_node(script, **where, since=box.clock.now())

    return drive


READ = {
    "company": "Bluebird Studio",
    "currency": "USD",
    "customer": "O'Neil & Söhne",
    "vendor": "Paper Mill",
    "employee": "Noor Haddad",
    "item": "Good advice",
    "account": "SalesOfProductIncome",
    "term": 8,
    "code": "Seven",
    "rate": 7,
}


def check_common(seen):
    """Assert what both clients must see alike."""
    assert seen["read"] == READ
    assert (seen["renamed"]["SyncToken"], seen["renamed"]["Notes"]) == ("1", "changed")
    assert set(seen["updated"]) == {"1"}
    invoice, number = seen["invoice"], seen["invoice"]["DocNumber"]
    assert (invoice["TotalAmt"], number) == (1861.08, "1004")
    assert (seen["changed"]["SyncToken"], seen["changed"]["DueDate"]) == ("1", "2027-02-01")
    assert seen["pdf"].startswith("%PDF-1.4")
    assert f"(Invoice {number}) Tj" in seen["pdf"]
    assert "(Estimate " in seen["paper"]
    assert seen["gone"]["Invoice"]["status"] == "Deleted"
    assert seen["balances"] == [1861.08, 1800, 1000, 1861.08, 1861.08]
    assert seen["refused"] == "6000"
    assert (seen["emptied"]["TotalAmt"], seen["emptied"]["PrivateNote"]) == (0, "Voided")
    assert (seen["voided"]["TotalAmt"], seen["voided"]["PrivateNote"]) == (0, "Voided")
    check_changes(seen)
    check_batch(seen)


def check_changes(seen):
    groups = seen["changes"]["CDCResponse"][0]["QueryResponse"]
    found = {name: rows for group in groups for name, rows in group.items() if isinstance(rows, list)}
    assert list(found) == ["Estimate", "Invoice", "Item", "Payment", "Term"]
    assert [each.get("status") for each in found["Estimate"]] == ["Deleted"]
    assert (found["Invoice"][0]["Id"], "status" in found["Invoice"][0]) == (seen["invoice"]["Id"], False)
    assert found["Invoice"][-1]["status"] == found["Payment"][-1]["status"] == "Deleted"


def check_batch(seen):
    items = {item["bId"]: item for item in seen["batch"]["BatchItemResponse"]}
    assert items["1"]["Customer"]["DisplayName"] == "Pine Ltd"
    assert items["2"]["Fault"]["Error"][0]["code"] == "5010"
    assert items["3"]["SalesReceipt"]["status"] == "Deleted"
    assert items["4"]["QueryResponse"]["totalCount"] == 13


def test_node_quickbooks_drives_every_entity_and_verb(driven):
    seen = driven("node-quickbooks")
    check_common(seen)
    assert seen["found"] == [seen["customer"]["Id"]]
    assert seen["again"] == seen["invoice"]
    assert seen["sent"]["BillEmail"]["Address"] == "pay@oneil.example"
    assert seen["duplicate"] == "6140"
    assert seen["queries"] == {
        "all": 12,
        "like": ["Advice"],
        "page": 2,
        "counted": 4,
        "accounts": 5,
        "terms": 1,
        "codes": ["TAX", "NON", "2", "3"],
        "rates": 2,
        "payments": 1,
        "receipts": 1,
        "vendors": 2,
        "employees": 2,
        "company": "Bluebird Studio",
        "preferences": 1,
        "unknown": 0,
    }
    assert seen["refusals"] == {"name": "6240", "amount": "6070", "stale": "5010", "missing": "610", "bill": "10000"}


def test_quickbooks_node_promise_drives_every_entity_and_verb(driven):
    seen = driven("quickbooks-node-promise")
    check_common(seen)
    assert seen["unchanged"]["TotalAmt"] == 861.08
    assert seen["sent"]["BillEmail"]["Address"] == "pay+now@oneil.example"
    assert seen["queries"] == {
        "found": [seen["customer"]["Id"]],
        "like": ["Advice"],
        "counted": 4,
        "accounts": 5,
        "terms": 1,
        "codes": ["TAX", "NON", "2", "3"],
        "payments": 1,
        "receipts": 1,
    }
    assert seen["refusals"] == {"name": "6240", "amount": "6070", "stale": "5010", "missing": "610"}
