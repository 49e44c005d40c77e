"""Stage 4: shows an outcome on its record in Attio. One bad field never loses the others."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from attibooks_attio.client import AttioClient
from attibooks_attio.faults import AttioFault, RefusedByAttio
from attibooks_attio.fields import SYNC_ERROR, Field, mapped, missing_title, refused_value, shaped
from attibooks_attio.schema import KEPT_S, Attributes, Schema
from attibooks_core.model import Problem, RecordRef, Writeback, WritebackReport, WritebackState
from attibooks_core.protocols import WorkspaceContext

_RECHECK_S = 10.0
"""A slug that cannot be used is looked up again when the kept attributes are older: the user may just have made it."""

_STAND_INS = {("writeback_invoice_status", "Deleted"): "Voided"}
"""Titles to try where the attribute lacks the right one (product rule: a deleted invoice shows as Voided)."""


class AttioWriteback:
    """Writes to records of Attio; implements `protocols.WritebackTarget`."""

    key = "attio"

    def __init__(self, client: AttioClient, schema: Schema) -> None:
        self._client = client
        self._schema = schema

    async def write_back(self, ws: WorkspaceContext, ref: RecordRef, values: Writeback) -> WritebackReport:
        """Write all mapped fields in one call (see `protocols.WritebackTarget`).

        Slugs that the object lacks, or that cannot hold the value, are left out and reported. So is a field that
        Attio refuses: the others are written again without it. An option or status that the attribute lacks is also
        named in the attribute for the sync error.

        :raises NotFound: code `record_not_found`; the record, or its whole object, is gone.
        :raises ConnectionProblem: Attio refused the token, or the right to write records is missing.
        :raises Unavailable: Attio is down or busy; the whole writeback may be repeated.
        """
        fields, problems = mapped(ws.settings, values)
        if not fields:
            return WritebackReport(WritebackState.NONE, problems=tuple(problems.values()))
        return await _Write(self._client, self._schema, ws, ref, fields, problems).run()


@dataclass
class _Write:
    """One writeback on its way.

    :param fields: what is to be written, by settings key.
    :param refused: what will not be tried again, by settings key.
    """

    client: AttioClient
    schema: Schema
    ws: WorkspaceContext
    ref: RecordRef
    fields: dict[str, Field]
    refused: dict[str, Problem]
    attributes: Attributes = field(default_factory=dict)
    unusable: dict[str, Problem] = field(default_factory=dict)
    ready: dict[str, list[object]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    refreshed: bool = False
    isolated: bool = False

    async def run(self) -> WritebackReport:
        """Write until Attio takes what is left, or nothing is."""
        await self._look_up(KEPT_S)
        if self.unusable:
            await self._look_up(_RECHECK_S)
        while self.ready:
            try:
                await self._put(self.ready)
            except RefusedByAttio as refusal:
                await self._learn(refusal.fault)
            else:
                break
        return self._report()

    async def _look_up(self, max_age: float) -> None:
        self.attributes = await self.schema.attributes(self.ws, self.ref.object, max_age=max_age)
        self._shape()

    def _shape(self) -> None:
        """Decide anew what to write, by the attributes as known and by what Attio has refused so far."""
        self.ready, self.unusable = {}, {}
        for key, wish in self.fields.items():
            if key in self.refused:
                continue
            value = shaped(wish, self.ref.object, self.attributes, self.notes)
            if isinstance(value, Problem):
                self.unusable[key] = value
            else:
                self.ready[key] = value

    async def _put(self, keys: Iterable[str]) -> None:
        values = {self.fields[key].slug: self.ready[key] for key in keys}
        await self.client.put_values(self.ws, self.ref, values)

    async def _learn(self, fault: AttioFault) -> None:
        """Change what is written next by what a refusal says; every step is taken once, or writes less."""
        untitled = self._untitled(fault, list(self.ready))
        if untitled:
            self._mend_titles(untitled)
        elif not self.refreshed and await self._is_changed_by_refresh():
            return
        elif named := self._named(fault):
            self._refuse(named, fault)
        elif not self.isolated and len(self.ready) > 1:
            await self._isolate()
        else:
            self._refuse([key for key in self.ready if key != SYNC_ERROR] or list(self.ready), fault)

    def _untitled(self, fault: AttioFault, tried: list[str]) -> list[str]:
        """Keys of the fields whose option or status is the one that Attio says is missing."""
        choices = [key for key in tried if self._type(key) in {"select", "status"} and self.ready[key]]
        if fault.title is not None:
            return [key for key in choices if _same(self.fields[key].value, fault.title)]
        unsaid = fault.code == "value_not_found" and not fault.attributes
        return choices if unsaid and len(choices) == 1 else []

    def _mend_titles(self, untitled: list[str]) -> None:
        for key in untitled:
            wish = self.fields[key]
            stand_in = _STAND_INS.get((key, str(wish.value)))
            if stand_in:
                self.fields[key] = replace(wish, value=stand_in)
                continue
            problem = self.refused[key] = missing_title(wish, self.attributes[wish.slug])
            self.notes.append(f"{problem.message} {problem.fix}")
            self._want_sync_error()
        self._shape()

    def _want_sync_error(self) -> None:
        """Have the record say what is missing, also when this writeback was not about errors."""
        slug = self.ws.settings.text(SYNC_ERROR)
        taken = {wish.slug for wish in self.fields.values()}
        if slug and slug not in taken and SYNC_ERROR not in self.refused:
            self.fields[SYNC_ERROR] = Field(SYNC_ERROR, slug, None)

    async def _is_changed_by_refresh(self) -> bool:
        """Whether the attributes, as they are now, lead to another call than the refused one."""
        self.refreshed = True
        before = self.ready
        await self._look_up(0)
        return self.ready != before

    def _named(self, fault: AttioFault) -> list[str]:
        """Keys of the fields that a refusal is about: named by slug or id, or by a path into the body."""
        below_values = (path[2:] if path[:2] == ("data", "values") else path for path in fault.paths)
        names = (fault.attributes | {part for path in below_values for part in path}) - {""}
        return [key for key in self.ready if {self.fields[key].slug, self._attribute_id(key)} & names]

    async def _isolate(self) -> None:
        """Attio does not say which field it minds: find out by writing one at a time."""
        self.isolated = True
        for key in [key for key in self.ready if key != SYNC_ERROR]:
            try:
                await self._put([key])
            except RefusedByAttio as refusal:
                if self._untitled(refusal.fault, [key]):
                    self._mend_titles([key])
                else:
                    self._refuse([key], refusal.fault)

    def _refuse(self, keys: Iterable[str], fault: AttioFault) -> None:
        for key in keys:
            self.refused[key] = refused_value(self.fields[key], fault)
        self._shape()

    def _type(self, key: str) -> str:
        return self.attributes[self.fields[key].slug].type

    def _attribute_id(self, key: str) -> str:
        return self.attributes[self.fields[key].slug].id

    def _report(self) -> WritebackReport:
        problems = {**self.unusable, **self.refused}
        done = {key: self.fields[key].slug for key in self.ready}
        state = WritebackState.NONE if not done else WritebackState.PARTIAL if problems else WritebackState.WRITTEN
        return WritebackReport(state, done, tuple(problems.values()))


def _same(value: object, title: str) -> bool:
    return isinstance(value, str) and " ".join(value.split()) == title
