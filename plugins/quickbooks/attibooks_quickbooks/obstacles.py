"""Gathering what is in the way of an invoice, so that a user hears of all of it at once."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from attibooks_core.errors import AttiBooksError, InvalidDraft
from attibooks_core.model import Candidate, Problem


def refusal(
    problems: Sequence[Problem], *, cause: AttiBooksError | None = None, candidates: Sequence[Candidate] = ()
) -> InvalidDraft:
    """The error that says all problems, the first one in its message.

    :param cause: what QuickBooks said, whose reference and code are kept.
    :param candidates: the customers that could be meant.
    """
    first, more = problems[0], len(problems) - 1
    rest = f" ({more} more {'problem' if more == 1 else 'problems'})" if more else ""
    reference, details = (cause.reference, cause.details) if cause else (None, {})
    return InvalidDraft(
        f"{first.message} {first.fix}{rest}",
        problems=problems,
        reference=reference,
        details=details,
        candidates=candidates,
    )


async def all_or_every_obstacle(found: Sequence[Problem], *calls: Awaitable[Any]) -> list[Any]:
    """The results of all calls, which go at once.

    :param found: obstacles that are known already.
    :raises InvalidDraft: what the calls refuse, gathered behind `found`.
    :raises AttiBooksError: any other error of a call, at once.
    """
    ends = await asyncio.gather(*calls, return_exceptions=True)
    problems = list(found)
    candidates: list[Candidate] = []
    for end in ends:
        if isinstance(end, InvalidDraft):
            problems.extend(end.problems)
            candidates.extend(end.candidates)
        elif isinstance(end, BaseException):
            raise end
    if problems:
        raise refusal(problems, candidates=candidates)
    return list(ends)
