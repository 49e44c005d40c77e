"""Answering a query: candidates by index, tests, order, page (reference: QuickBooks Online API, order and paging)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import nlargest
from operator import itemgetter

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company, folded
from attibooks_sandbox.quickbooks.invoice_dates import today
from attibooks_sandbox.quickbooks.query.conditions import Test, Tests, asked_field
from attibooks_sandbox.quickbooks.query.entities import (
    KNOWN_EMPTY,
    QUERYABLE,
    SINGLE,
    Asked,
    Queryable,
    id_number,
    updated_of,
)
from attibooks_sandbox.quickbooks.query.parser import Condition, Query, parse
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.quickbooks.wire import Wire

_CHANGED = "metadata.lastupdatedtime"
_DATE = "txndate"


def answer_query(company: Company, statement: str, switches: Switches, now: datetime) -> Wire:
    """Return the `QueryResponse` of a statement."""
    query = parse(statement)
    name = query.entity.lower()
    if name in SINGLE:
        return _single(company, query)
    entity = QUERYABLE.get(name)
    if entity is None:
        if name not in KNOWN_EMPTY:
            raise faults.query_invalid(f"invalid context declaration: {query.entity}")
        return {"totalCount": 0} if query.counted else {}
    if name == "companycurrency" and not company.profile.multicurrency:
        raise faults.not_permitted("Multicurrency is not turned on in this company.")
    return _Run(company, entity, query, Tests(company, entity, today(company, now), switches.id_ranges)).answer()


def _single(company: Company, query: Query) -> Wire:
    """Answer for the two entities of which there is one; the preferences come without a start position."""
    name, render = SINGLE[query.entity.lower()]
    if query.counted:
        return {"totalCount": 1}
    position = {} if name == "Preferences" else {"startPosition": 1}
    return {name: [render(company)], **position, "maxResults": 1}


class _Run(msgspec.Struct, frozen=True):
    """One query of one entity."""

    company: Company
    entity: Queryable
    query: Query
    tests: Tests

    def answer(self) -> Wire:
        """Return the response's content."""
        for name, _ in self.query.order:
            asked_field(self.entity, name)
        extra = self._extra_rows()
        total, rows = self._found()
        if self.query.counted:
            return {"totalCount": total + len(extra)}
        page = [*extra, *(self._wire(row) for row in rows)]
        if not page:
            return {}
        counted = {"totalCount": total + len(extra)} if self.entity.totals else {}
        return {
            self.entity.name: page,
            "startPosition": self.query.start,
            "maxResults": len(page),
            **counted,
        }

    def _found(self) -> tuple[int, Sequence[object]]:
        """Return how many rows there are and those of the page; the plainest query does not go through all."""
        first, most = self.query.start - 1, self.query.most
        if self.entity.order is None and not self.query.conditions and not self.query.order:
            table = self.entity.rows(self.company)
            return len(table), table.newest(first, most)
        rows = self._rows()
        return len(rows), self._ordered(rows)[first : first + most]

    def _extra_rows(self) -> list[Wire]:
        """Return the rows that stand in no table: they come on top of a page, unless there are conditions."""
        if self.entity.extra_rows is None or self.query.conditions or self.query.start > 1:
            return []
        return self.entity.extra_rows(self.company)

    def _rows(self) -> list[object]:
        candidates, known = self._candidates()
        tests: list[Test] = [self.tests.test(condition) for condition in self.query.conditions]
        tests = [test for test, condition in zip(tests, self.query.conditions, strict=True) if condition is not known]
        if self.entity.has_active and not any(each.field.lower() == "active" for each in self.query.conditions):
            tests.append(_is_active)
        return [row for row in candidates if all(test(row) for test in tests)]

    def _candidates(self) -> tuple[Iterable[object], Condition | None]:
        """Return the rows that may pass, and the condition that all of them are known to fulfil, if there is one."""
        table = self.entity.rows(self.company)
        for condition in self.query.conditions:
            ids = self._indexed_ids(condition)
            if ids is not None:
                return [row for row in (table.get(row_id) for row_id in ids) if row is not None], condition
        if self.entity.order is not None:
            return table, None
        ids = self._dated_ids()
        if ids is None:
            ids = self._changed_ids(self.query.conditions)
        return [table.get(row_id) for row_id in ids], None

    def _indexed_ids(self, condition: Condition) -> list[str] | None:
        """Return the Ids that an equality can hold for, where an index knows them."""
        if condition.operator not in {"=", "IN"}:
            return None
        asked = asked_field(self.entity, condition.field)
        values = dict.fromkeys(value.text for value in condition.values)
        if asked.kind == "id" and condition.field.lower() == "id":
            return list(values)
        table = self.entity.rows(self.company)
        if asked.index is None or not table.indexed(asked.index) or not all(value.strip() for value in values):
            return None
        read = [self.tests.operand(asked, condition.field, value) for value in condition.values]
        keys = dict.fromkeys(values if asked.kind == "id" else map(str, read))
        return [row_id for key in keys for row_id in table.find(asked.index, key)]

    def _dated_ids(self) -> list[str] | None:
        """Return the transactions whose date is in the time that conditions on it leave, None without such ones."""
        low = high = None
        asked = asked_field(self.entity, _DATE)
        for condition in self.query.conditions:
            if condition.field.lower() == _DATE and condition.operator in {"<", "<=", ">", ">="}:
                day = self.tests.operand(asked, condition.field, condition.values[0])
                if not isinstance(day, str):
                    continue
                if condition.operator in {">", ">="}:
                    low = day if low is None else max(low, day)
                else:
                    high = day if high is None else min(high, day)
        if low is None and high is None:
            return None
        return self.entity.rows(self.company).find_between("TxnDate", low, high)

    def _changed_ids(self, conditions: list[Condition]) -> list[str]:
        """Return transactions by the time of their last change, only those that conditions on it leave possible."""
        asked = asked_field(self.entity, _CHANGED)
        start = end = None
        for condition in conditions:
            if condition.field.lower() == _CHANGED and condition.operator in {"<", "<=", ">", ">="}:
                instant = self.tests.operand(asked, condition.field, condition.values[0])
                if isinstance(instant, datetime) and condition.operator in {">", ">="}:
                    start = instant if start is None else max(start, instant)
                elif isinstance(instant, datetime):
                    end = instant if end is None else min(end, instant)
        return self.entity.rows(self.company).changed_between(start, end)

    def _ordered(self, rows: list[object]) -> list[object]:
        """Sort as asked, else transactions by last change downwards and lists by name upwards."""
        own = self.entity.order
        if self.query.order:
            for name, descending in reversed(self.query.order):
                rows = self._sorted(rows, name, descending=descending)
            return rows
        if own is not None:
            return sorted(rows, key=lambda row: folded(own(self.company, row)))
        return nlargest(self.query.start - 1 + self.query.most, rows, key=_change_key)

    def _sorted(self, rows: list[object], name: str, *, descending: bool) -> list[object]:
        asked = asked_field(self.entity, name)
        valued = [(asked.get(self.company, row), row) for row in rows]
        absent = [row for value, row in valued if value is None]
        pairs = [(_sort_key(asked, value, row), row) for value, row in valued if value is not None]
        pairs.sort(key=itemgetter(0), reverse=descending)
        present = [row for _, row in pairs]
        return present + absent if descending else absent + present

    def _wire(self, row: object) -> Wire:
        body = self.entity.render(self.company, row)
        if self.query.everything or not self.query.fields:
            named = {name.lower() for name in self.query.fields}
            return {
                name: value for name, value in body.items() if name not in self.entity.unasked or name.lower() in named
            }
        return _projected(body, self.query.fields)


def _projected(body: Wire, fields: list[str]) -> Wire:
    """Return a reduced object with the fields that were named."""
    tops = {name.lower().partition(".")[0] for name in fields}
    return {"domain": "QBO", "sparse": True} | {
        name: value for name, value in body.items() if name.lower() in tops or name == "Id"
    }


def _is_active(row: object) -> bool:
    return getattr(row, "active", True) is True


def _change_key(row: object) -> tuple[datetime, int]:
    return updated_of(row), id_number(row)


def _sort_key(asked: Asked, value: object, row: object) -> tuple[object, int]:
    """Return what a row is sorted by; of equal ones the older Id comes first."""
    if asked.kind == "id":
        text = str(value)
        return (int(text) if text.isdigit() else 0), id_number(row)
    return (folded(value) if isinstance(value, str) else value), id_number(row)
