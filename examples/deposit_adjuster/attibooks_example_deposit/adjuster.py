"""A draft's lines as a percentage deposit. Pure: the same draft and settings give the same lines."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal

from attibooks_core.errors import InvalidDraft
from attibooks_core.model import CrmRecord, DraftLine, InvoiceDraft, Problem
from attibooks_core.protocols import Phase, WorkspaceContext
from attibooks_example_deposit.settings import KEY

CENT = Decimal("0.01")
MAX_DESCRIPTION = 4000
"""Longest description of a line in characters; the host refuses longer ones and cuts none."""

_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)
"""The default context keeps 28 digits, which would round a long product twice."""


class DepositAdjuster:
    """Asks for a share of every line; implements `protocols.DraftAdjuster`."""

    key = "deposit"
    phase = Phase.LINES

    async def adjust(self, ws: WorkspaceContext, draft: InvoiceDraft, record: CrmRecord) -> InvoiceDraft:  # noqa: ARG002 - the protocol's
        """The draft with every line as a deposit; without `deposit_percent` it stays as it is.

        :raises InvalidDraft: a rate rounds to nothing, or a description gets too long; every such line at once.
        """
        percent = ws.settings[KEY]
        if percent is None:
            return draft
        lines = tuple(deposit_of(line, percent) for line in draft.lines)
        problems = [p for n, line in enumerate(lines) for p in _problems(n, draft.lines[n], line)]
        if problems:
            raise _refusal(problems)
        return replace(draft, lines=lines)


def deposit_of(line: DraftLine, percent: Decimal) -> DraftLine:
    """A line that asks for a share: its rate is rounded HALF_UP to cents, and its amount follows from that.

    :param percent: over 0, at most 100.
    """
    rate = _cents(_EXACT.multiply(line.rate, percent).scaleb(-2, _EXACT))
    return replace(
        line,
        description=f"{line.description} ({_plain(percent)} % deposit)",
        rate=rate,
        amount=_cents(_EXACT.multiply(rate, line.quantity)),
    )


def _problems(n: int, before: DraftLine, after: DraftLine) -> Iterator[Problem]:
    """What keeps a line from being a deposit; `n` counts from 0, as in the paths of a draft."""
    if before.rate and not after.rate:
        message = f"The deposit of line {n + 1} rounds to nothing."
        fix = "Raise the line's rate, or Deposit percent in settings section 7."
        yield Problem(f"lines.{n}.rate", "too_small", message, fix)
    if len(after.description) > MAX_DESCRIPTION:
        message = f"The description of line {n + 1} has no room for the words about the deposit."
        yield Problem(f"lines.{n}.description", "too_long", message, "Shorten it on the record.")


def _refusal(problems: list[Problem]) -> InvalidDraft:
    """Every problem at once: what failed, then what to do."""
    failed = " ".join(problem.message for problem in problems)
    fixes = " ".join(dict.fromkeys(problem.fix for problem in problems))
    return InvalidDraft(f"{failed} {fixes}", problems=problems)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, context=_EXACT)


def _plain(percent: Decimal) -> str:
    """A number without trailing zeros and without an exponent: 30, 12.5."""
    return format(percent.normalize(_EXACT), "f")
