"""Replay: is the payload of an invoice still what its record makes? The durable task `replay.v1`; it writes nothing.

The record is read as it is now; the settings, the day, the mark and the choice of the customer are those of the
intent. Equal payloads have equal hashes; else the answer names the inputs that have changed since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from attibooks_core.errors import InvalidDraft, NotFound
from attibooks_core.invoicing.drafting import build_draft, planned
from attibooks_core.invoicing.footprints import PARTS, fingerprints, match_of
from attibooks_core.invoicing.freezing import marker_of
from attibooks_core.invoicing.tasking import TaskRun, TaskServer
from attibooks_core.invoicing.workbench import Answer, Workspace
from attibooks_core.model import InvoiceDraft
from attibooks_core.settings import Settings
from attibooks_core.storage.intents import Intent
from attibooks_core.storage.tasks import Task
from attibooks_core.storage.trail import TrailEntry

BOOKS = "books"
"""Name of the input that is not the record's: the customer, items, tax codes and terms that the books hold."""


class ReplayShape(Struct, frozen=True, kw_only=True):
    """What a replay found.

    :param outcome: `equal`; `changed`, with the names of what has; `reviewed`: a person decided what was sent;
        `impossible`: the record makes no invoice any more, or too little is known of what it was made with.
    """

    intent_id: str
    outcome: Literal["equal", "changed", "reviewed", "impossible"]
    payload_hash: str
    rebuilt_hash: str | None = None
    changed: list[str] = []
    said: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What an intent was made with, as far as the trail knows.

    :param at: when its payload was made; decides the day.
    """

    intent: Intent
    at: datetime
    details: Mapping[str, Any]

    @classmethod
    def of(cls, intent: Intent, entries: Sequence[TrailEntry]) -> "Origin":
        """From the trail of the record: the entry that opened the generation which was sent, else the newest one."""
        opened = [e for e in entries if e.intent_id == intent.intent_id and e.kind == "intent"]
        same = [e for e in opened if e.details.get("payload_hash") == intent.payload_hash]
        entry = next(iter(reversed(same or opened)), None)
        return cls(intent, entry.at, entry.details) if entry else cls(intent, intent.created_at, {})


class Replayer(TaskServer):
    """Serves `attibooks explain --replay`. Argument: `intent`, its id."""

    kind = "replay"
    operation = "replay.v1"

    async def _work(self, ws: Workspace, run: TaskRun) -> Answer:
        intent = await self._intent(run.task)
        entries = await self._bench.trail.of_record(intent.workspace_id, intent.source)
        origin = Origin.of(intent, entries)
        return msgspec.json.encode(await self._replayed(ws, origin))

    async def _settings(self, task: Task) -> Settings:
        """Those in force when it was made.

        :raises NotFound: they are not kept.
        """
        intent = await self._intent(task)
        snapshot = await self._bench.snapshots.load(task.workspace_id, intent.settings_digest)
        if snapshot is None:
            message = "The settings that this invoice was made with are not kept: it is older than that, or the"
            raise NotFound(f"{message} workspace was uninstalled since.", code="settings_not_kept")
        return self._bench.plugins.catalog.stored(snapshot.settings)

    async def _intent(self, task: Task) -> Intent:
        intent = await self._bench.intents.load(task.workspace_id, task.arguments["intent"])
        if intent is None:
            raise NotFound("Nothing is known of how this invoice was made.", code="invoice_not_found")
        return intent

    async def _replayed(self, ws: Workspace, origin: Origin) -> ReplayShape:
        intent = origin.intent
        if intent.is_change or origin.details.get("reviewed"):
            said = "A person decided what was sent, after looking at it: the record alone does not make it again."
            return _shape(intent, "reviewed", said)
        try:
            return await self._rebuilt(ws, origin)
        except (InvalidDraft, NotFound) as error:
            return _shape(intent, "impossible", f"The record makes no invoice any more. {error.message}")

    async def _rebuilt(self, ws: Workspace, origin: Origin) -> ReplayShape:
        intent, marker = origin.intent, marker_of(origin.intent.intent_id)
        draft, facts, _ = await build_draft(self._bench, ws, intent.source, marker, at=origin.at)
        resolution = await ws.backend.resolve(ws.context, draft)
        match = match_of(origin.details)
        found = [resolution] if match is None else [replace(resolution, match=match), resolution]
        hashes = [planned(ws, draft, facts, one, marker).plan.digest for one in found]
        if intent.payload_hash in hashes:
            said = "Its record and the settings of that day make the very payload that was sent."
            return _shape(intent, "equal", said, rebuilt=intent.payload_hash)
        return _changed(origin, draft, hashes[0])


def _changed(origin: Origin, draft: InvoiceDraft, rebuilt: str) -> ReplayShape:
    """Which inputs are not what they were."""
    then, now = origin.details.get("inputs"), fingerprints(draft)
    if then is None:
        return _shape(origin.intent, "changed", "It was made before inputs were noted down.", rebuilt=rebuilt)
    changed = [part for part in PARTS if then.get(part) != now[part]]
    if changed:
        said = f"Since then the record has changed: {', '.join(PARTS[part] for part in changed)}."
    else:
        said = "The record is as it was; what the books hold (customer, items, tax codes, terms) has changed since."
    return _shape(origin.intent, "changed", said, rebuilt=rebuilt, changed=changed or [BOOKS])


def _shape(
    intent: Intent,
    outcome: Literal["equal", "changed", "reviewed", "impossible"],
    said: str,
    *,
    rebuilt: str | None = None,
    changed: Sequence[str] = (),
) -> ReplayShape:
    return ReplayShape(
        intent_id=intent.intent_id,
        outcome=outcome,
        payload_hash=intent.payload_hash,
        rebuilt_hash=rebuilt,
        changed=list(changed),
        said=said,
    )
