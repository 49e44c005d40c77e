"""Records that are asked for one by one at the same moment, read in one call."""

import asyncio
from collections.abc import Mapping, Sequence

from attibooks_core.errors import AttiBooksError, Refused
from attibooks_core.model import CrmRecord, FieldInfo, RecordRef
from attibooks_core.protocols import Clock, RecordReader, WorkspaceContext

GATHER_SECONDS = 0.005
"""How long the first who asks waits for others."""


class GatheringReader:
    """Implements `protocols.RecordReader` on another one, for one operation: what was read is not read again."""

    def __init__(self, reader: RecordReader, clock: Clock) -> None:
        self.key = reader.key
        self._reader = reader
        self._clock = clock
        self._asked: dict[RecordRef, asyncio.Future[CrmRecord | AttiBooksError]] = {}
        self._waiting: list[RecordRef] = []
        self._flights: set[asyncio.Task[None]] = set()

    async def read_record(self, ws: WorkspaceContext, ref: RecordRef) -> CrmRecord:
        """Read one record, together with whatever else is asked for now (see `protocols.RecordReader`)."""
        if ref not in self._asked:
            self._ask(ws, ref)
        found = await asyncio.shield(self._asked[ref])
        if isinstance(found, AttiBooksError):
            raise found
        return found

    async def read_records(self, ws: WorkspaceContext, refs: Sequence[RecordRef]) -> Sequence[CrmRecord]:
        """Read several (see `protocols.RecordReader`)."""
        return await asyncio.gather(*(self.read_record(ws, ref) for ref in refs))

    async def read_referring(
        self, ws: WorkspaceContext, object_slug: str, attribute: str, ref: RecordRef, limit: int
    ) -> Sequence[CrmRecord]:
        """Read what refers to a record: a call for each (see `protocols.RecordReader`)."""
        return await self._reader.read_referring(ws, object_slug, attribute, ref, limit)

    async def describe_fields(self, ws: WorkspaceContext) -> Mapping[str, Sequence[FieldInfo]]:
        """See `protocols.RecordReader`."""
        return await self._reader.describe_fields(ws)

    def _ask(self, ws: WorkspaceContext, ref: RecordRef) -> None:
        self._asked[ref] = asyncio.get_running_loop().create_future()
        self._waiting.append(ref)
        if len(self._waiting) == 1:
            flight = asyncio.ensure_future(self._fly(ws))
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)

    async def _fly(self, ws: WorkspaceContext) -> None:
        await self._clock.sleep(GATHER_SECONDS)
        refs, self._waiting = self._waiting, []
        try:
            await self._read(ws, refs)
        finally:
            for ref in refs:
                if not self._asked[ref].done():
                    self._asked[ref].cancel()

    async def _read(self, ws: WorkspaceContext, refs: Sequence[RecordRef]) -> None:
        """Read all at once; one that is refused is found by halves, so that it hurts no other."""
        if len(refs) == 1:
            self._asked[refs[0]].set_result(await self._alone(ws, refs[0]))
            return
        try:
            found: Sequence[CrmRecord | AttiBooksError] = await self._reader.read_records(ws, refs)
        except Refused:
            half = len(refs) // 2
            await asyncio.gather(self._read(ws, refs[:half]), self._read(ws, refs[half:]))
            return
        except AttiBooksError as error:
            found = [error] * len(refs)
        for ref, record in zip(refs, found, strict=True):
            self._asked[ref].set_result(record)

    async def _alone(self, ws: WorkspaceContext, ref: RecordRef) -> CrmRecord | AttiBooksError:
        try:
            return await self._reader.read_record(ws, ref)
        except AttiBooksError as error:
            return error
