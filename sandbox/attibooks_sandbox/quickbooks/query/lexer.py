"""Tokens of a query (reference: QuickBooks Online API, query): names, numbers, quoted strings, signs."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from attibooks_sandbox.quickbooks import faults

Kind = Literal["name", "number", "string", "sign", "end", "unreadable"]
_PATTERN = re.compile(
    r"""(?P<space>\s+)
      | (?P<name>[A-Za-z_][A-Za-z0-9_.]*)
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<sign><=|>=|<|>|=|\(|\)|,|\*)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
LONGEST_STATEMENT = 100_000


class Token(msgspec.Struct, frozen=True):
    """A token and the column where it begins, counted from one."""

    kind: Kind
    text: str
    column: int

    def is_word(self, *words: str) -> bool:
        """Tell whether the token is one of some keywords, in any case."""
        return self.kind == "name" and self.text.upper() in words


def unexpected(token: Token, expected: str) -> faults.RefusedError:
    """Return the refusal of a token that does not belong where it stands."""
    if token.kind == "unreadable":
        return faults.query_syntax(f"Lexical error at line 1, column {token.column}. Encountered: {token.text!r}")
    name = {"name": "<IDENTIFIER>", "number": "<NUMBER>", "string": "<STRING>", "end": "<EOF>"}.get(
        token.kind, token.text
    )
    shown = f'" {name} "{token.text} ""' if token.kind != "end" else '"<EOF>"'
    return faults.query_syntax(
        f"Encountered {shown} at line 1, column {token.column}.\nWas expecting one of:\n    {expected} ..."
    )


def tokens_of(statement: str) -> list[Token]:
    """Return the tokens of a statement up to its end, or up to the first character that begins none."""
    if len(statement) > LONGEST_STATEMENT:
        raise faults.query_syntax("Statement is too long")
    tokens: list[Token] = []
    position = 0
    while position < len(statement):
        match = _PATTERN.match(statement, position)
        if match is None:
            return [*tokens, Token("unreadable", statement[position], position + 1)]
        token = _token(match, position + 1)
        if token is not None:
            tokens.append(token)
        position = match.end()
    return [*tokens, Token("end", "", len(statement) + 1)]


def _token(match: re.Match[str], column: int) -> Token | None:
    text = match.group()
    if match.lastgroup == "name":
        return Token("name", text, column)
    if match.lastgroup == "number":
        return Token("number", text, column)
    if match.lastgroup == "string":
        return Token("string", _ESCAPE.sub(r"\1", text[1:-1]), column)
    return Token("sign", text, column) if match.lastgroup == "sign" else None
