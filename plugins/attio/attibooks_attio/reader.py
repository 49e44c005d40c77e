"""Stage 1: records and fields of a workspace in Attio."""

from collections.abc import Mapping, Sequence

from attibooks_attio.client import AttioClient
from attibooks_attio.mapping import Attribute, read_record
from attibooks_attio.schema import Schema
from attibooks_core.model import CrmRecord, FieldInfo, RecordRef
from attibooks_core.protocols import WorkspaceContext


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
    )
