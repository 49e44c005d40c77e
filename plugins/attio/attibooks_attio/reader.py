"""Stage 1: records and fields of a workspace in Attio."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from attibooks_attio.client import PAGE, AttioClient, record_id
from attibooks_attio.faults import RefusedByAttio, missing_record, missing_reference
from attibooks_attio.mapping import Attribute, read_record
from attibooks_attio.schema import Schema
from attibooks_core.model import CrmRecord, FieldInfo, RecordRef
from attibooks_core.protocols import WorkspaceContext

OLDEST_FIRST = ({"direction": "asc", "attribute": "created_at"},)

_NO_REFERENCE = frozenset({"unknown_filter_attribute_slug", "filter_error", "missing_sort_field"})
"""What Attio says of our filter when the attribute is not there, or has no target (Attio API, codes)."""

_NEVER = datetime.max.replace(tzinfo=UTC)


class AttioReader:
    """Reads records of Attio; implements `protocols.RecordReader`."""

    key = "attio"

    def __init__(self, client: AttioClient, schema: Schema) -> None:
        self._client = client
        self._schema = schema

    async def read_record(self, ws: WorkspaceContext, ref: RecordRef) -> CrmRecord:
        """Read one record in one call, every attribute as plain values (see `protocols.RecordReader`).

        An empty attribute has the type "": Attio says the type with each value only.
        """
        return read_record(ref, await self._client.get_record(ws, ref))

    async def read_records(self, ws: WorkspaceContext, refs: Sequence[RecordRef]) -> Sequence[CrmRecord]:
        """Read records in one call an object (and 500 records), in the order of `refs`, doubles included.

        :raises NotFound: code `record_not_found`; `details` name the first one that is gone.
        """
        found: dict[RecordRef, CrmRecord] = {}
        for object_slug, ids in _pages(refs):
            condition = {"record_id": {"$in": ids}}
            rows = await self._client.query_records(ws, object_slug, condition, limit=len(ids))
            found.update((record.ref, record) for record in _records(object_slug, rows))
        gone = next((ref for ref in refs if ref not in found), None)
        if gone is not None:
            raise missing_record(gone)
        return tuple(found[ref] for ref in refs)

    async def read_referring(
        self, ws: WorkspaceContext, object_slug: str, attribute: str, ref: RecordRef, limit: int
    ) -> Sequence[CrmRecord]:
        """Read the records whose attribute refers to `ref`, oldest first, those of one instant by id.

        Nobody refers to a record that is gone, so that is no error.

        :param attribute: slug of a record reference, with one value or several.
        :raises NotFound: code `not_found`, the attribute is no record reference, with `details`; code
            `record_not_found`, there is no such object.
        """
        condition = {attribute: {"target_object": ref.object, "target_record_id": ref.record_id}}
        try:
            rows = await self._oldest(ws, object_slug, condition, limit)
        except RefusedByAttio as refusal:
            if refusal.fault.code in _NO_REFERENCE:
                raise missing_reference(object_slug, attribute, refusal.fault) from None
            raise
        return tuple(sorted(_records(object_slug, rows), key=_age))

    async def _oldest(
        self, ws: WorkspaceContext, object_slug: str, condition: Mapping[str, object], limit: int
    ) -> Iterable[Mapping[str, object]]:
        """The first records that meet a filter; one that moved to a later page meanwhile is there once."""
        rows: dict[str, Mapping[str, object]] = {}
        read = 0
        while read < limit:
            wanted = min(PAGE, limit - read)
            page = await self._client.query_records(
                ws, object_slug, condition, limit=wanted, offset=read, sorts=OLDEST_FIRST
            )
            rows.update((record_id(row), row) for row in page)
            read += len(page)
            if len(page) < wanted:
                break
        return rows.values()

    async def describe_fields(self, ws: WorkspaceContext) -> Mapping[str, Sequence[FieldInfo]]:
        """Attributes of every object by the object's slug, archived ones included; up to two minutes old.

        :raises ConnectionProblem: Attio refused the token, or the right to see objects is missing.
        :raises Unavailable: Attio is down or busy.
        """
        objects = await self._schema.everything(ws)
        return {slug: tuple(map(_field, attributes.values())) for slug, attributes in objects.items()}


def _field(attribute: Attribute) -> FieldInfo:
    return FieldInfo(
        slug=attribute.slug,
        title=attribute.title,
        type=attribute.type,
        is_writable=attribute.is_writable,
        is_archived=attribute.is_archived,
        is_multiselect=attribute.is_multiselect,
    )


def _pages(refs: Iterable[RecordRef]) -> Iterable[tuple[str, Sequence[str]]]:
    """The ids to ask for, each once, in one piece an object as long as a page can hold them."""
    by_object: dict[str, list[str]] = {}
    for ref in dict.fromkeys(refs):
        by_object.setdefault(ref.object, []).append(ref.record_id)
    for object_slug, ids in by_object.items():
        yield from ((object_slug, ids[start : start + PAGE]) for start in range(0, len(ids), PAGE))


def _records(object_slug: str, rows: Iterable[Mapping[str, object]]) -> Iterable[CrmRecord]:
    return (read_record(RecordRef(object_slug, record_id(row)), row) for row in rows)


def _age(record: CrmRecord) -> tuple[datetime, str]:
    created = record.attributes.get("created_at")
    first = created.first if created else None
    return first if isinstance(first, datetime) else _NEVER, record.ref.record_id
