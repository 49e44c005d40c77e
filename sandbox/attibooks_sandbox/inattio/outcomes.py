"""What comes of a click, whatever was clicked."""

from __future__ import annotations

from typing import Any

import msgspec

from attibooks_sandbox.inattio import words
from attibooks_sandbox.inattio.transport import Answer
from attibooks_sandbox.inattio.words import Toast


class Outcome(msgspec.Struct, kw_only=True):
    """What came of a click.

    `question` asks the user before the same is done with a confirmation, `connect` asks for a connection first.
    """

    ok: bool
    toast: Toast | None = None
    status: int | None = None
    code: str | None = None
    key: str | None = None
    question: str | None = None
    connect: bool = False
    body: dict[str, Any] = msgspec.field(default_factory=dict)


def done(answer: Answer, toast: Toast | None = None) -> Outcome:
    """Return the outcome of a click that the host did."""
    return Outcome(ok=True, toast=toast, status=answer.status, body=answer.facts)


def refusal(title: str, answer: Answer) -> Outcome:
    """Return the outcome of a click that the host refused, in its own words."""
    facts = answer.facts
    code = facts.get("code")
    return Outcome(
        ok=False,
        toast=words.refused(title, answer),
        status=answer.status,
        code=str(code) if code else None,
        body=facts,
    )


def unconnected() -> Outcome:
    """Return the outcome of a click that needs a connection."""
    return Outcome(ok=False, toast=words.not_connected(), code="not_connected", connect=True)
