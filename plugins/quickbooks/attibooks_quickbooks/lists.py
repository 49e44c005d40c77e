"""What was found in the lists of a company, by id or exact name: kept for a day, looked up once at a time.

Only what was found is kept. What was not found is looked for again each time, so that a user who has just made the
item need not wait.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from attibooks_core.protocols import Clock, WorkspaceContext
from attibooks_quickbooks.cache import ExpiringCache, SingleFlight
from attibooks_quickbooks.company import KEEP_SECONDS, Scope, access_of, scope_of
from attibooks_quickbooks.misses import Miss
from attibooks_quickbooks.obstacles import refusal

ListKey: TypeAlias = tuple[Scope, str, str]
"""Scope, kind of list, and the id or name that was looked for."""

MAX_ENTRIES = 4096

Answer: TypeAlias = str | Miss


class Lists:
    """Keeps the ids that the texts of settings and records stand for."""

    def __init__(self, clock: Clock) -> None:
        self._kept: ExpiringCache[ListKey, str] = ExpiringCache(clock, size=MAX_ENTRIES, seconds=KEEP_SECONDS)
        self._flights = SingleFlight()

    async def ids(
        self,
        ws: WorkspaceContext,
        kind: str,
        texts: Iterable[str],
        read: Callable[[Sequence[str]], Awaitable[Mapping[str, Answer]]],
    ) -> dict[str, Answer]:
        """Ids by text.

        :param read: looks up the texts that are not kept, all at once; who asks for the same meanwhile shares it.
        """
        scope, missing = scope_of(ws), []
        found: dict[str, Answer] = {}
        for text in texts:
            kept = self._kept.get((scope, kind, text))
            if kept is None:
                missing.append(text)
            else:
                found[text] = kept
        if not missing:
            return found
        key = (scope, kind, tuple(missing), access_of(ws).credential.digest)
        answers = await self._flights.run(key, lambda: read(missing))
        for text, answer in answers.items():
            if not isinstance(answer, Miss):
                self._kept.put((scope, kind, text), answer)
        return {**found, **answers}

    def drop(self, ws: WorkspaceContext) -> None:
        """Keep nothing of this workspace's company any longer."""
        scope = scope_of(ws)
        self._kept.drop_where(lambda key: key[0] == scope)


def asked_by(texts: Iterable[str | None], member: str, default: str | None) -> dict[str, list[str]]:
    """Who asks for which text: `lines.N.<member>`, or the setting that stands in for a line without one.

    :param default: what the setting says; an empty text stands for nothing at all.
    """
    found: dict[str, list[str]] = {}
    setting = f"default_{member}"
    for number, text in enumerate(texts):
        places = found.setdefault(text or default or "", [])
        if text:
            places.append(f"lines.{number}.{member}")
        elif setting not in places:
            places.append(setting)
    return found


def settled(asked: Mapping[str, Sequence[str]], answers: Mapping[str, Answer | None]) -> dict[str, str | None]:
    """Ids by what a line says, an empty text for a line that says nothing.

    :raises InvalidDraft: what was missed, for each who asked for it.
    """
    problems, found = [], {}
    for text, fields in asked.items():
        answer = answers[text]
        if isinstance(answer, Miss):
            problems += [answer.problem(field) for field in fields]
            continue
        found[text] = answer
        if any(field.startswith("default_") for field in fields):
            found[""] = answer
    if problems:
        raise refusal(problems)
    return found


def is_id(text: str) -> bool:
    """Whether a text may be an id of QuickBooks; it may be a name all the same."""
    return text.isascii() and text.isdigit()
