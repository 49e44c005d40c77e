"""The index of what a QuickBooks emulator must get right: each row of the reference's list has tests that name it."""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROWS = {
    1: "bad tokens are 401 in lower case, in XML where JSON is not asked for",
    2: "tokens of another realm or environment are 403 / 3100",
    3: "the trace id on every answer, under both names",
    4: "minor versions are accepted and ignored",
    5: "tolerant input: numbers for Ids, empties, read-only fields, times of change data capture, format=json",
    6: "unknown properties are 2010",
    7: "2020, 2030, 2170, 2050",
    8: "2500 for what never was, 610 for the inactive",
    9: "amounts that are not quantity times price are 6070",
    10: "subtotal, discount, totals, two decimals",
    11: "no quantity and price in, none out",
    12: "due dates, today in the company's zone",
    13: "document numbers",
    14: "full and sparse updates, lines, changes of nothing",
    15: "stale tokens are 5010 with the user's name",
    16: "void, and void of the paid",
    17: "void twice",
    18: "delete leaves a stub, then 610",
    19: "the odd voids of bills and journal entries",
    20: "send",
    21: "payments",
    22: "names of customers, vendors and employees",
    23: "an invoice in another currency than its customer's",
    24: "closed books",
    25: "lines without a tax code outside the US",
    26: "the query language",
    27: "change data capture",
    28: "change data capture of the voided and the paid",
    29: "batches",
    30: "request ids",
    31: "throttles",
    32: "metered reads",
    33: "webhooks",
    34: "faults",
    35: "the envelope's time",
    36: "the order of keys",
    37: "French",
    38: "unknown paths",
    39: "identity tokens",
    40: "a code exchanged twice",
}
_ROW = re.compile(r"row_(\d+)(?=_)")
_ROWS = re.compile(r"rows_(\d+)_to_(\d+)_")


def rows_of(name):
    """Return the rows that a test's name tells; rows of Attio's list have its name in theirs."""
    if "attio" in name:
        return set()
    found = {int(number) for number in _ROW.findall(name)}
    return found.union(*(range(int(first), int(last) + 1) for first, last in _ROWS.findall(name)))


def named_by_row():
    found = {row: [] for row in ROWS}
    for path in [*HERE.glob("test_quickbooks*.py"), HERE / "test_faults.py"]:
        for each in ast.walk(ast.parse(path.read_text())):
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_"):
                for row in rows_of(each.name):
                    found[row].append(f"{path.name}::{each.name}")
    return found


TESTS = named_by_row()


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_test_that_names_it(row):
    assert TESTS[row], f"row {row}: {ROWS[row]}"


def test_no_test_names_a_row_that_is_not_there():
    assert set(TESTS) == set(range(1, 41))
    assert rows_of("test_row_27_and_row_5_times") == {27, 5}
    assert rows_of("test_rows_6_to_8_refused") == {6, 7, 8}
