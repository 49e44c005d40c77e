from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attibooks_quickbooks import query


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("O'Neil", "O\\'Neil"),
        ("ends with a backslash\\", "ends with a backslash\\\\"),
        ("\\'", "\\\\\\'"),
        ("100 %", "100 %"),
        ("🦜 & Söhne", "🦜 & Söhne"),
    ],
)
def test_text_is_escaped_with_backslashes(text, escaped):
    assert query.escape(text) == escaped


@given(st.text())
def test_no_text_can_leave_its_quotes(text):
    inside = query.quoted(text)[1:-1]
    position = 0
    while position < len(inside):
        assert inside[position] != "'"
        position += 2 if inside[position] == "\\" else 1
    assert position == len(inside)


def test_a_name_is_asked_for_with_its_inactive_twin():
    assert (
        query.customers_named(["Amy's", "Amy's (deleted)"])
        == "SELECT * FROM Customer WHERE DisplayName IN ('Amy\\'s', 'Amy\\'s (deleted)') AND Active IN (true, false)"
    )


def test_invoices_are_asked_for_newest_first_page_by_page():
    instant = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert query.invoices_since(instant, "58", 201, 200) == (
        "SELECT * FROM Invoice WHERE MetaData.CreateTime >= '2026-11-23T08:00:00+00:00' AND CustomerRef = '58'"
        " ORDERBY MetaData.CreateTime DESC STARTPOSITION 201 MAXRESULTS 200"
    )
    assert "CustomerRef" not in query.invoices_since(instant, None, 1, 200)


async def test_a_query_is_posted_as_its_text(backend, company, workspace, draft):
    await backend.resolve(workspace(), draft(customer_name="O'Neil \\ 🦜 100 %"))
    call = next(c for c in company.calls("POST", "query") if b"Customer" in c.body)
    assert call.headers["content-type"] == "application/text"
    assert call.query == {"minorversion": "75"}
    assert "DisplayName IN ('O\\'Neil \\\\ 🦜 100 %', " in call.body.decode()
