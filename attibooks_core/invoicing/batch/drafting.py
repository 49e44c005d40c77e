"""From many records to the plans of what will be sent, with few calls; one that cannot be planned hurts no other."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from attibooks_core.errors import AttiBooksError, PluginError
from attibooks_core.invoicing.batch.gathering import GatheringReader
from attibooks_core.invoicing.drafting import Drafted, build_draft, planned
from attibooks_core.invoicing.freezing import marker_of
from attibooks_core.invoicing.pacing import AT_ONCE
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.logs import EventLog
from attibooks_core.model import CompanyFacts, InvoiceDraft, RecordRef
from attibooks_core.protocols import BatchingBackend, Resolution

T = TypeVar("T")

log = EventLog(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A record that shall become an invoice, and the intent that this is for."""

    ref: RecordRef
    intent_id: str


@dataclass(frozen=True, slots=True)
class _Built:
    draft: InvoiceDraft
    facts: CompanyFacts
    marker: str


Outcome: TypeAlias = Drafted | AttiBooksError


async def draft_all(bench: Workbench, ws: Workspace, wanted: Sequence[Wanted]) -> list[Outcome]:
    """The plan of each record, or why there is none (see `draft_invoice`)."""
    together = replace(ws, reader=GatheringReader(ws.reader, bench.clock))
    built = await asyncio.gather(*(guarded(_built(bench, together, w), w.intent_id) for w in wanted))
    good = [b for b in built if isinstance(b, _Built)]
    resolved = iter(await _resolved(ws, [b.draft for b in good]))
    ends: list[Outcome] = []
    for one in built:
        if isinstance(one, AttiBooksError):
            ends.append(one)
        else:
            ends.append(await guarded(_planned(bench, ws, one, next(resolved)), one.marker))
    return ends


async def guarded(call: Awaitable[T], name: str) -> T | AttiBooksError:
    """What a call gives, or the error of ours that it ends with: whatever a plugin raises stays with one record."""
    try:
        return await call
    except AttiBooksError as error:
        return error
    except Exception:
        log.exception("record_failed", operation=name)
        return PluginError("core", "batch")


async def _built(bench: Workbench, ws: Workspace, wanted: Wanted) -> _Built:
    marker = marker_of(wanted.intent_id)
    draft, facts, _ = await build_draft(bench, ws, wanted.ref, marker)
    return _Built(draft, facts, marker)


async def _resolved(ws: Workspace, drafts: Sequence[InvoiceDraft]) -> Sequence[Resolution | AttiBooksError]:
    if not drafts:
        return []
    if isinstance(ws.backend, BatchingBackend):
        many = await guarded(ws.backend.resolve_many(ws.context, drafts), "resolve_many")
        return [many] * len(drafts) if isinstance(many, AttiBooksError) else many
    return await few_at_once([ws.backend.resolve(ws.context, draft) for draft in drafts])


async def few_at_once(calls: Sequence[Awaitable[T]]) -> list[T | AttiBooksError]:
    """The ends of calls of which a few are under way at a time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def placed(call: Awaitable[T]) -> T | AttiBooksError:
        async with places:
            return await guarded(call, "batch")

    return await asyncio.gather(*(placed(call) for call in calls))


async def _planned(bench: Workbench, ws: Workspace, one: _Built, found: Resolution | AttiBooksError) -> Drafted:
    with bench.stage("prepare", ws.context.workspace_id, one.marker):
        if isinstance(found, AttiBooksError):
            raise found
        return planned(ws, one.draft, one.facts, found, one.marker)
