"""Classes, locations and terms that mapped fields name: found by id or exact name among the active ones."""

from collections.abc import Mapping, Sequence

from attibooks_core.protocols import WorkspaceContext
from attibooks_quickbooks import query
from attibooks_quickbooks.client import QuickBooksClient
from attibooks_quickbooks.company import access_of
from attibooks_quickbooks.fields import LISTS
from attibooks_quickbooks.lists import Answer, Lists
from attibooks_quickbooks.misses import MAPPED, Miss, unknown
from attibooks_quickbooks.names import same_name, shown
from attibooks_quickbooks.obstacles import all_or_every_obstacle, refusal
from attibooks_quickbooks.wire import Entry

MAX_PAGES = 20


class Entries:
    """Finds what mapped fields refer to."""

    def __init__(self, client: QuickBooksClient, lists: Lists) -> None:
        self._client = client
        self._lists = lists

    async def of(self, ws: WorkspaceContext, fields: Mapping[str, str]) -> dict[str, str]:
        """Ids by field; one reading for each list whose entry is not kept.

        :param fields: texts by those names of `LISTS` that are mapped.
        :raises InvalidDraft: on `field_map`: there is no active entry of this id or name, or there are several.
        """
        ids = await all_or_every_obstacle([], *(self._id(ws, *LISTS[name], text) for name, text in fields.items()))
        return dict(zip(fields, ids, strict=True))

    async def _id(self, ws: WorkspaceContext, entity: str, what: str, text: str) -> str:
        answers = await self._lists.ids(ws, entity, [text], lambda texts: self._read(ws, entity, what, texts))
        answer = answers[text]
        if isinstance(answer, Miss):
            raise refusal([answer.problem(MAPPED)])
        return answer

    async def _read(self, ws: WorkspaceContext, entity: str, what: str, texts: Sequence[str]) -> Mapping[str, Answer]:
        active = [entry for entry in await self._all(ws, entity) if entry.active]
        return {text: _chosen(text, what, active) for text in texts}

    async def _all(self, ws: WorkspaceContext, entity: str) -> list[Entry]:
        found: list[Entry] = []
        for page in range(MAX_PAGES):
            rows = await self._client.query(access_of(ws), query.entries_of(entity, page * query.PAGE + 1))
            found += rows.entries(entity)
            if len(found) < (page + 1) * query.PAGE:
                break
        return found


def _chosen(wanted: str, what: str, entries: Sequence[Entry]) -> Answer:
    """The id of one entry; an entry below another one may be named with or without what is above it."""
    by_id = [e for e in entries if e.id == wanted]
    by_path = [e for e in entries if same_name(e.fully_qualified_name or e.name, wanted)]
    found = by_id or by_path or [e for e in entries if same_name(e.name, wanted)]
    if len(found) == 1:
        return found[0].id
    if not found:
        return unknown(wanted, what, [e.fully_qualified_name or e.name for e in entries])
    text = f"Several entries in QuickBooks are called “{shown(wanted)}”: ids {', '.join(e.id for e in found)}."
    return Miss(f"several_{what}", text, "Give the id or the full name of one")
