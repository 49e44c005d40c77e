"""The grammar of a query: SELECT ... FROM ... [WHERE ... AND ...] [ORDERBY ...] [STARTPOSITION n] [MAXRESULTS n]."""

from __future__ import annotations

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.query.lexer import Token, tokens_of, unexpected

LARGEST_PAGE = 1000
DEFAULT_PAGE = 100
_OPERATORS = ("=", "<", ">", "<=", ">=")


class Literal(msgspec.Struct, frozen=True):
    """A value in a condition, and how it was written."""

    kind: str
    text: str


class Condition(msgspec.Struct, frozen=True):
    """One comparison; all of them must hold."""

    field: str
    operator: str
    values: tuple[Literal, ...]


class Query(msgspec.Struct):
    """A parsed statement. `fields` is empty for everything; `start` counts from one."""

    entity: str
    counted: bool = False
    everything: bool = False
    fields: list[str] = msgspec.field(default_factory=list)
    conditions: list[Condition] = msgspec.field(default_factory=list)
    order: list[tuple[str, bool]] = msgspec.field(default_factory=list)
    start: int = 1
    most: int = DEFAULT_PAGE


class _Parser:
    """Reads tokens from left to right."""

    def __init__(self, statement: str) -> None:
        self._tokens = tokens_of(statement)
        self._at = 0

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._now
        self._at += 1
        return token

    def _took_word(self, *words: str) -> bool:
        if self._now.is_word(*words):
            self._at += 1
            return True
        return False

    def _took_sign(self, sign: str) -> bool:
        if self._now.kind == "sign" and self._now.text == sign:
            self._at += 1
            return True
        return False

    def _want_word(self, word: str) -> None:
        if not self._took_word(word):
            raise unexpected(self._now, f'"{word}"')

    def _want_sign(self, sign: str) -> None:
        if not self._took_sign(sign):
            raise unexpected(self._now, f'"{sign}"')

    def _name(self) -> str:
        if self._now.kind != "name":
            raise unexpected(self._now, "<IDENTIFIER>")
        return self._take().text

    def query(self) -> Query:
        """Return the query that the statement stands for."""
        self._want_word("SELECT")
        query = Query(entity="")
        self._columns(query)
        self._want_word("FROM")
        query.entity = self._name()
        if self._took_word("WHERE"):
            query.conditions.append(self._condition())
            while self._took_word("AND"):
                query.conditions.append(self._condition())
        self._order(query)
        self._window(query)
        if self._now.kind != "end":
            raise unexpected(self._now, '"AND", "ORDERBY", "STARTPOSITION", "MAXRESULTS", <EOF>')
        return query

    def _columns(self, query: Query) -> None:
        while True:
            if self._took_sign("*"):
                query.everything = True
            elif self._now.is_word("COUNT") and self._tokens[self._at + 1].text == "(":
                self._at += 2
                self._want_sign("*")
                self._want_sign(")")
                query.counted = True
            else:
                query.fields.append(self._name())
            if not self._took_sign(","):
                return

    def _condition(self) -> Condition:
        name = self._name()
        if self._took_word("IN"):
            return Condition(name, "IN", self._list())
        if self._took_word("LIKE"):
            return Condition(name, "LIKE", (self._literal(),))
        if self._now.kind == "sign" and self._now.text in _OPERATORS:
            operator = self._take().text
            return Condition(name, operator, (self._literal(),))
        raise unexpected(self._now, '"=", "<", ">", "<=", ">=", "IN", "LIKE"')

    def _list(self) -> tuple[Literal, ...]:
        self._want_sign("(")
        values = [self._literal()]
        while self._took_sign(","):
            values.append(self._literal())
        self._want_sign(")")
        return tuple(values)

    def _literal(self) -> Literal:
        token = self._now
        if token.kind in {"string", "number"}:
            return Literal(self._take().kind, token.text)
        if token.is_word("TRUE", "FALSE"):
            return Literal("boolean", self._take().text.lower())
        if token.is_word("CURRENT_DATE"):
            self._take()
            return Literal("today", "")
        raise unexpected(token, "<STRING>, <NUMBER>, <BOOLEAN>")

    def _order(self, query: Query) -> None:
        if self._took_word("ORDER"):
            self._want_word("BY")
        elif not self._took_word("ORDERBY"):
            return
        while True:
            name = self._name()
            descending = self._took_word("DESC")
            if not descending:
                self._took_word("ASC")
            query.order.append((name, descending))
            if not self._took_sign(","):
                return

    def _window(self, query: Query) -> None:
        """Read both clauses in either order."""
        while self._now.is_word("STARTPOSITION", "MAXRESULTS"):
            if self._take().text.upper() == "STARTPOSITION":
                query.start = self._number(1, None)
            else:
                query.most = self._number(1, LARGEST_PAGE)

    def _number(self, least: int, most: int | None) -> int:
        token = self._take()
        if token.kind != "number" or not token.text.lstrip("-").isdigit() or len(token.text) > 15:
            raise unexpected(token, "<NUMBER>")
        number = int(token.text)
        if number < least:
            raise faults.query_invalid(f"value {number} is too small. Min allowed value is {least}")
        if most is not None and number > most:
            raise faults.query_invalid(f"value {number} is too large. Max allowed value is {most}")
        return number


def parse(statement: str) -> Query:
    """Return the query that a statement stands for, or refuse it with 4000 or 4001."""
    query = _Parser(statement).query()
    if query.counted and (query.everything or query.fields):
        raise faults.query_syntax("count(*) stands alone")
    return query
