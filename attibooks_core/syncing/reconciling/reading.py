"""Reading what a reconciliation compares, in few calls and without writing anything."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from attibooks_core.capabilities import WatchedBackend
from attibooks_core.errors import NotFound, Unsupported
from attibooks_core.invoicing.batch.gathering import GatheringReader
from attibooks_core.invoicing.changing.finding import KEY
from attibooks_core.invoicing.mirroring import Glass, booked
from attibooks_core.invoicing.tasking import TaskRun
from attibooks_core.invoicing.workbench import Workbench, Workspace
from attibooks_core.lifecycle import BookedInvoice, invoice_key
from attibooks_core.model import Capability, CrmRecord, InvoiceStatus, RecordRef
from attibooks_core.storage.invoices import InvoiceRow
from attibooks_core.syncing.reconciling.differences import LIVING, Sight, Stranger, text_of

RECORDS = 500
"""Source records read at once: one that is gone makes only these be read in halves."""
COMPANY = "qbo_company_id"
"""Attribute of an invoice's own record that names the company (contract §3.1)."""
SOURCE_RECORD = "source_record"

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Reader:
    """Reads one workspace and its books.

    :param adopted: rows made up for records of invoices that this host has forgotten, by invoice id.
    """

    bench: Workbench
    ws: Workspace
    glass: Glass
    run: TaskRun
    adopted: dict[str, InvoiceRow] = field(default_factory=dict)

    async def everything(self) -> Sight:
        """All invoices that are known, and those of the last weeks that should be."""
        rows = await self.bench.invoices.known(self._workspace_id, self.ws.books)
        marked = await self._marked()
        await self.run.fence()
        records = await self._all_stored(rows)
        self._adopt(rows, records)
        sight = await self._look({**rows, **self.adopted}, marked, records)
        strangers = await self._strangers(sight, marked)
        return replace(self._without_strays(sight, records), strangers=tuple(strangers))

    async def again(self, ids: Iterable[str]) -> Sight:
        """Some invoices once more, after they were repaired."""
        self.adopted = {}
        rows = await self.bench.invoices.known(self._workspace_id, self.ws.books, sorted(ids))
        return await self._look(rows, {}, await self._stored(rows))

    @property
    def _workspace_id(self) -> str:
        return self.ws.context.workspace_id

    # -- the books -------------------------------------------------------------------------------------------------

    @property
    def _backend(self) -> WatchedBackend:
        backend = self.ws.backend
        if Capability.CHANGES not in backend.capabilities or not isinstance(backend, WatchedBackend):
            raise Unsupported(f"{backend.display_name} cannot be compared with Attio.")
        return backend

    async def _marked(self) -> dict[str, BookedInvoice]:
        """Invoices of the last weeks that carry a mark of ours: a few pages, whatever their number."""
        return {
            invoice.id: invoice
            async for page in self._backend.changes(self.ws.context, None)
            for invoice in page.invoices
            if invoice.marker is not None
        }

    async def _invoices(
        self, rows: Mapping[str, InvoiceRow], had: Mapping[str, BookedInvoice]
    ) -> dict[str, BookedInvoice]:
        """What the books have of the known ones; one that is missing is asked for a second time."""
        wanted = [i for i, row in rows.items() if row.status is not InvoiceStatus.DELETED and i not in had]
        found = {i: invoice for i, invoice in had.items() if i in rows}
        found |= await self._backend.fetch_invoices(self.ws.context, wanted)
        missing = [i for i in wanted if i not in found]
        there = await self._backend.existing_invoices(self.ws.context, missing) if missing else frozenset()
        for invoice_id in sorted(there):
            found[invoice_id] = booked(await self.ws.backend.fetch_invoice(self.ws.context, invoice_id))
        return found

    async def _strangers(self, sight: Sight, marked: Mapping[str, BookedInvoice]) -> list[Stranger]:
        """Marked invoices without a row: not those of other workspaces, nor those whose intent is still under way."""
        unknown = [i for i in marked.values() if i.id not in sight.rows and i.status in LIVING]
        others = await self.bench.invoices.of_others(self._workspace_id, self.ws.books, [i.id for i in unknown])
        owners = await self.bench.invoices.owners_of([str(i.marker) for i in unknown])
        found = []
        for invoice in unknown:
            mark = str(invoice.marker)
            if invoice.id in others or owners.get(mark, self._workspace_id) != self._workspace_id:
                continue
            intent = await self.bench.intents.load(self._workspace_id, mark)
            if intent is None:
                found.append(Stranger(invoice, mark, invoice.updated_at))
            elif intent.state.ended:
                found.append(Stranger(invoice, mark, intent.created_at, intent.source))
        return found

    # -- Attio -----------------------------------------------------------------------------------------------------

    async def _look(
        self, rows: Mapping[str, InvoiceRow], had: Mapping[str, BookedInvoice], records: Mapping[str, CrmRecord]
    ) -> Sight:
        invoices = await self._invoices(rows, had)
        await self.run.fence()
        shown = await self.bench.invoices.newest_for(self._workspace_id, rows.values())
        shown = frozenset(i for i in shown if rows[i].source is not None) | await self._adopted_shown()
        return Sight(
            books=self.ws.books,
            rows=rows,
            invoices=invoices,
            adopted=frozenset(self.adopted),
            shown=shown,
            kept=frozenset(i for i, row in rows.items() if self.glass.keeps_record(row)),
            keeps_new=self.glass.keeps_record(None),
            mapped=self._mapped(),
            sources=await self._sources(rows, shown),
            stored={key.rpartition(":")[2]: record for key, record in records.items() if self._is_ours(key)},
        )

    def _mapped(self) -> dict[str, str]:
        settings = self.ws.context.settings
        found = {key: settings.text(key) for key in settings if key.startswith("writeback_invoice_")}
        return {key: slug for key, slug in found.items() if slug}

    async def _sources(self, rows: Mapping[str, InvoiceRow], shown: Iterable[str]) -> dict[RecordRef, CrmRecord]:
        """The source records that there still are."""
        refs = sorted({ref for i in shown if (ref := rows[i].source)}, key=lambda r: (r.object, r.record_id))
        if not self._mapped():
            return {}
        found: dict[RecordRef, CrmRecord] = {}
        for start in range(0, len(refs), RECORDS):
            await self.run.fence()
            reader = GatheringReader(self.ws.reader, self.bench.clock)
            some = refs[start : start + RECORDS]
            records = await asyncio.gather(*(self._source(reader, ref) for ref in some))
            found |= {record.ref: record for record in records if record is not None}
        return found

    async def _source(self, reader: GatheringReader, ref: RecordRef) -> CrmRecord | None:
        try:
            return await reader.read_record(self.ws.context, ref)
        except NotFound:
            return None

    async def _stored(self, rows: Mapping[str, InvoiceRow]) -> dict[str, CrmRecord]:
        """The invoices' own records, by their keys.

        :raises NotFound: code `setup_needed`.
        """
        keys = [self._key(i) for i, row in rows.items() if self.glass.keeps_record(row)]
        if not keys or self.ws.store is None or self.ws.records is None:
            return {}
        records = await self.ws.store.read_back(self.ws.context, self.ws.records, keys)
        return {text_of(record.attributes.get(KEY)): record for record in records}

    async def _all_stored(self, rows: Mapping[str, InvoiceRow]) -> dict[str, CrmRecord]:
        """Those of the known invoices, and every other record that names these books."""
        slug = self.ws.store.object_slug(self.ws.context.settings) if self.ws.store else None
        if slug is None or self.ws.records is None:
            return {}
        try:
            listed = await self.ws.records.find(self.ws.context, slug, COMPANY, [self.ws.books.company_id])
        except NotFound:
            listed = ()  # the object is not set up: reading back says so, once a record is expected
        found = {text_of(record.attributes.get(KEY)) or record.ref.record_id: record for record in listed}
        rest = {i: row for i, row in rows.items() if self._key(i) not in found}
        return found | await self._stored(rest)

    def _key(self, invoice_id: str) -> str:
        return invoice_key(self.ws.books, invoice_id)

    def _is_ours(self, key: str) -> bool:
        return key == self._key(key.rpartition(":")[2])

    # -- records that this host does not know of -------------------------------------------------------------------

    def _adopt(self, rows: Mapping[str, InvoiceRow], records: Mapping[str, CrmRecord]) -> None:
        """Take records of the books' invoices without a row for what they say they are: a row was lost."""
        for key, record in records.items():
            invoice_id = key.rpartition(":")[2]
            if invoice_id and invoice_id not in rows and self._is_ours(key):
                source = record.attributes[SOURCE_RECORD].first if SOURCE_RECORD in record.attributes else None
                self.adopted[invoice_id] = InvoiceRow(
                    books=self.ws.books,
                    invoice_id=invoice_id,
                    status=InvoiceStatus.OPEN,
                    version="",
                    updated_at=_NEVER,
                    created_at=_made_at(record),
                    source=source if isinstance(source, RecordRef) else None,
                    stored=record.ref,
                )

    async def _adopted_shown(self) -> frozenset[str]:
        """Of records that no known invoice was made from, the newest invoice that there is."""
        newest: dict[RecordRef, InvoiceRow] = {}
        for row in sorted(self.adopted.values(), key=lambda r: (r.created_at, r.invoice_id)):
            if row.source and await self.bench.invoices.newest_of(self._workspace_id, row.source) is None:
                newest[row.source] = row
        return frozenset(row.invoice_id for row in newest.values())

    def _without_strays(self, sight: Sight, records: Mapping[str, CrmRecord]) -> Sight:
        """Set aside the records that stand for no invoice of these books, also the ones with a key of no form."""
        nobody = {i for i in self.adopted if i not in sight.invoices}
        odd = {key: r.ref for key, r in records.items() if self._is_odd(key) or key.rpartition(":")[2] in nobody}
        return replace(
            sight,
            rows={i: row for i, row in sight.rows.items() if i not in nobody},
            strays=tuple(sorted(odd.items())),
        )

    def _is_odd(self, key: str) -> bool:
        """Whether a key names no invoice at all; one of other books is theirs to look at."""
        return len([part for part in key.split(":") if part]) != len(("environment", "company", "invoice"))


def _made_at(record: CrmRecord) -> datetime:
    """When the CRM says that a record was made."""
    made = record.attributes["created_at"].first if "created_at" in record.attributes else None
    return made if isinstance(made, datetime) else _NEVER
