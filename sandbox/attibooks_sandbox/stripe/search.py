"""The search language: `metadata['key']:'value' AND email:'x'` (reference: Stripe billing, §2.2).

The index learns of a change a minute later: search is not for reading what was just written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from attibooks_sandbox.stripe.errors import StripeError, invalid
from attibooks_sandbox.stripe.paging import limit_of
from attibooks_sandbox.stripe.parameters import Params

LAG = 60
_CLAUSE = re.compile(
    r"""\s*(?P<minus>-?)(?P<field>[a-z_]+)(?:\[(?P<q>["'])(?P<key>.*?)(?P=q)\])?\s*(?P<op>:|~|>=|<=|>|<)\s*"""
    r"""(?:(?P<q2>["'])(?P<text>(?:\\.|(?!(?P=q2)).)*)(?P=q2)|(?P<bare>[\w-]+))\s*""",
)
_JOINT = re.compile(r"(AND|OR)\s")


class Clause(msgspec.Struct, frozen=True):
    """One comparison."""

    field: str
    key: str | None
    operator: str
    value: str | None
    negated: bool

    def holds(self, row: dict[str, Any]) -> bool:
        """Tell whether an object as it is shown fits."""
        held = row.get(self.field)
        if self.key is not None:
            held = (held or {}).get(self.key)
        return self._compared(held) != self.negated

    def _compared(self, held: Any) -> bool:  # noqa: ANN401 - any JSON value
        if self.value is None:
            return held is None
        if held is None:
            return False
        if self.operator == ":":
            return str(held).lower() == self.value.lower()
        if self.operator == "~":
            return self.value.lower() in str(held).lower()
        return _ORDERS[self.operator](int(held), int(self.value)) if self.value.isdigit() else False


_ORDERS: dict[str, Callable[[int, int], bool]] = {
    ">": lambda held, value: held > value,
    "<": lambda held, value: held < value,
    ">=": lambda held, value: held >= value,
    "<=": lambda held, value: held <= value,
}


def read_query(text: str, fields: frozenset[str]) -> Callable[[dict[str, Any]], bool]:
    """Return a test of objects for a query; `AND` and `OR` cannot be mixed."""
    clauses, joints, at = [], set(), 0
    while True:
        matched = _CLAUSE.match(text, at)
        if (
            matched is None
            or matched["field"] not in fields
            or (matched["key"] is None) == (matched["field"] == "metadata")
        ):
            raise _unreadable(text, fields)
        clauses.append(_clause(matched))
        at = matched.end()
        joint = _JOINT.match(text, at)
        if joint is None:
            break
        joints.add(joint[1])
        at = joint.end()
    if text[at:].strip() or len(joints) > 1:
        raise _unreadable(text, fields)
    together = any if joints == {"OR"} else all
    return lambda row: together(clause.holds(row) for clause in clauses)


def _clause(matched: re.Match[str]) -> Clause:
    text = matched["bare"] if matched["text"] is None else re.sub(r"\\(.)", r"\1", matched["text"])
    value = None if matched["bare"] == "null" else text
    return Clause(matched["field"], matched["key"], matched["op"], value, bool(matched["minus"]))


def _unreadable(text: str, fields: frozenset[str]) -> StripeError:
    message = (
        f"We were unable to parse your search query: {text}. Fields that can be searched: {', '.join(sorted(fields))}."
    )
    return invalid(message, "query")


def found_page(params: Params, url: str, rows: list[dict[str, Any]]) -> dict[str, object]:
    """Return a page of found objects; `page` counts from the page before."""
    limit, start = limit_of(params), _start(params)
    following = start + limit
    more = len(rows) > following
    return {
        "object": "search_result",
        "data": rows[start:following],
        "has_more": more,
        "next_page": str(following) if more else None,
        "url": url,
    }


def _start(params: Params) -> int:
    page = params.text("page")
    if page is None:
        return 0
    if not (page.isascii() and page.isdigit()):
        raise invalid(f"Invalid page: {page}", "page")
    return int(page)
