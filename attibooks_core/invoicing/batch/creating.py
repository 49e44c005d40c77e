"""A click on a selection of records, and the same click again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from attibooks_core.errors import NotFound
from attibooks_core.invoicing.batch.carrying import SETTINGS, BatchCarrier
from attibooks_core.invoicing.drafting import check_target
from attibooks_core.invoicing.freezing import intent_id_of
from attibooks_core.invoicing.reviewing import require_custom_mode
from attibooks_core.invoicing.serving import GRACE, check_same_body
from attibooks_core.invoicing.tokens import refused
from attibooks_core.invoicing.workbench import Workbench
from attibooks_core.model import Caller, RecordRef
from attibooks_core.settings import Settings
from attibooks_core.storage.batches import ROUTE, Batch, BatchItem, BatchState
from attibooks_core.storage.intents import IN_BATCH
from attibooks_core.storage.snapshots import Snapshot

LARGEST = 250
"""Most records of a batch (contract §3)."""


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One click.

    :param record_ids: one or more records of `object`; each counts once.
    :param body_hash: SHA-256 of the call's body: the same key with another body is refused.
    """

    caller: Caller
    settings: Settings
    object: str
    record_ids: Sequence[str]
    body_hash: str
    confirm_recent: bool = False


class BatchCreator:
    """Serves the route `invoices/batch`."""

    def __init__(self, bench: Workbench, carrier: BatchCarrier) -> None:
        self._bench = bench
        self._carrier = carrier

    async def begin(self, request: BatchRequest) -> str:
        """Store the batch and start it; the same click again brings its tokens along.

        :return: the id of the job.
        :raises AttiBooksError: no batch can be made with these settings or this connection; nothing is stored.
        """
        workspace_id, key = request.caller.workspace_id, str(request.caller.idempotency_key)
        kept = await self._bench.intents.kept(workspace_id, ROUTE, key)
        if kept is not None:
            check_same_body(kept, request.body_hash)
            return await self._again(workspace_id, str(kept.intent_id))
        await self._check(request)
        batch = self._batch(request, intent_id_of(workspace_id, ROUTE, key))
        snapshot = Snapshot(request.settings.digest, request.settings.plain())
        items = _items(batch, request.record_ids)
        if await self._bench.batches.open(batch, items, key, request.body_hash, snapshot):
            await self._carrier.start(batch)
        return batch.batch_id

    async def _check(self, request: BatchRequest) -> None:
        ws = await self._bench.open_for(request.caller, request.settings)
        check_target(request.settings, RecordRef(request.object, ""))
        if request.settings.text("invoice_mode") == "custom":
            await require_custom_mode(self._bench, ws)
            raise refused("missing", "Custom mode needs a review of each record, and a batch has none.")
        ws.require_accounting()

    def _batch(self, request: BatchRequest, batch_id: str) -> Batch:
        now, caller = self._bench.clock.now(), request.caller
        plain = msgspec.json.encode(request.settings.plain())
        return Batch(
            batch_id=batch_id,
            workspace_id=caller.workspace_id,
            gateway=caller.gateway,
            object=request.object,
            actor=caller.user_id,
            payload=self._bench.vault.seal(caller.workspace_id, SETTINGS, plain),
            settings_digest=request.settings.digest,
            confirm_recent=request.confirm_recent,
            created_at=now,
            updated_at=now,
        )

    async def _again(self, workspace_id: str, batch_id: str) -> str:
        batch = await self._bench.batches.load(workspace_id, batch_id)
        if batch is None:
            raise NotFound("Nothing is known of this click any more. Click again.", code="job_not_found")
        if batch.state is BatchState.WAITING or await self._is_dead(batch, GRACE):
            await self._carrier.go_on(batch)
        return batch_id

    async def _is_dead(self, batch: Batch, grace: timedelta) -> bool:
        still = self._bench.clock.now() - batch.updated_at
        return batch.state is BatchState.RUNNING and still > grace and not await self._carrier.alive(batch)


def _items(batch: Batch, record_ids: Sequence[str]) -> list[BatchItem]:
    return [
        BatchItem(
            position=n, record_id=i, intent_id=intent_id_of(batch.workspace_id, IN_BATCH, f"{batch.batch_id}:{i}")
        )
        for n, i in enumerate(dict.fromkeys(record_ids))
    ]
