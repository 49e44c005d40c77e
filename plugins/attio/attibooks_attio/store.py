"""Objects, attributes and records for plugins that keep records of their own in Attio."""

from collections.abc import Iterable, Mapping, Sequence

from attibooks_attio.client import PAGE, AttioClient, record_id
from attibooks_attio.faults import AttioFault, RefusedByAttio
from attibooks_attio.mapping import Attribute, read_record, stored
from attibooks_attio.reader import OLDEST_FIRST
from attibooks_attio.schema import Attributes, Schema
from attibooks_attio.wire import members, shortened, text
from attibooks_core.errors import NotFound, Refused
from attibooks_core.lifecycle import AttributeSpec, StoredAttribute, StoreValue
from attibooks_core.model import CrmRecord, RecordRef
from attibooks_core.protocols import WorkspaceContext

_TAKEN = "slug_conflict"
_NO_MORE = frozenset({"quota_exceeded", "billing_error"})
_CHOICES = frozenset({"select", "status"})

_ASKED_AT_ONCE = PAGE - 1
"""One less than a page, so that a unique attribute's answer never looks as if another page followed."""


class AttioRecordStore:
    """Makes objects and attributes, writes and finds records; implements `capabilities.RecordStore`.

    Whatever is made may be made again: what Attio answers as taken is looked at, and is fine when it is the same. So a
    lost answer, or two users who press the same button, end in one thing.
    """

    key = "attio"

    def __init__(self, client: AttioClient, schema: Schema) -> None:
        self._client = client
        self._schema = schema

    # -- objects and attributes ----------------------------------------------------------------------------------

    async def has_object(self, ws: WorkspaceContext, slug: str) -> bool:
        """Whether the workspace has an object of this slug; standard ones that are switched off do not count."""
        return slug in (await self._objects(ws)).values()

    async def create_object(self, ws: WorkspaceContext, slug: str, singular: str, plural: str) -> None:
        """Make an object.

        :raises Refused: code `quota_exceeded`, Attio's plan allows no more; code `name_taken`, another object has one
            of the nouns.
        """
        try:
            await self._client.create_object(ws, {"api_slug": slug, "singular_noun": singular, "plural_noun": plural})
        except RefusedByAttio as refusal:
            if refusal.fault.code in _NO_MORE:
                raise _no_more_objects(refusal.fault) from None
            if refusal.fault.code != _TAKEN:
                raise
            if not await self.has_object(ws, slug):
                raise _name_taken(slug, singular, plural, refusal.fault) from None
        self._schema.forget(ws.workspace_id)

    async def attributes(self, ws: WorkspaceContext, object_slug: str) -> Sequence[StoredAttribute]:
        """Every attribute, archived ones included, past every cache; one call more for each select.

        :raises NotFound: code `object_not_found`.
        """
        slugs = await self._objects(ws)
        attributes = await self._fresh(ws, object_slug)
        return [await self._described(ws, object_slug, each, slugs) for each in attributes.values()]

    async def create_attribute(self, ws: WorkspaceContext, object_slug: str, spec: AttributeSpec) -> None:
        """Make an attribute, then its options.

        A reference without an object of its own may point at every object that there is now, its own left out: Attio
        wants them named.

        :raises Refused: Attio says no; also when the slug belongs to an attribute of another type.
        """
        try:
            await self._client.create_attribute(ws, object_slug, await self._facts(ws, object_slug, spec))
        except RefusedByAttio as refusal:
            found = (await self._fresh(ws, object_slug)).get(spec.slug) if refusal.fault.code == _TAKEN else None
            if found is None or found.type != spec.type or found.is_archived:
                raise
        for title in spec.options:
            await self.add_option(ws, object_slug, spec.slug, title)
        self._schema.forget(ws.workspace_id)

    async def restore_attribute(self, ws: WorkspaceContext, object_slug: str, slug: str) -> None:
        """Un-archive an attribute."""
        await self._client.restore_attribute(ws, object_slug, slug)
        self._schema.forget(ws.workspace_id)

    async def add_option(self, ws: WorkspaceContext, object_slug: str, slug: str, title: str) -> None:
        """Add an option to a select; a title that is taken is that of an archived one, or was added already."""
        try:
            await self._client.create_option(ws, object_slug, slug, title)
        except RefusedByAttio as refusal:
            if refusal.fault.code != _TAKEN:
                raise
            await self._client.restore_option(ws, object_slug, slug, title)

    # -- records -------------------------------------------------------------------------------------------------

    async def upsert(
        self, ws: WorkspaceContext, object_slug: str, key_slug: str, values: Mapping[str, StoreValue]
    ) -> RecordRef:
        """Write the record that has the key's value, or make one: one call, and one read more after a refusal.

        :raises NotFound: code `object_not_found`, or `attribute_not_found` with `details["slug"]`.
        :raises Refused: Attio says no; `details["slug"]` is the attribute that it minds, when that can be told.
        """
        wire = {slug: stored(value) for slug, value in values.items()}
        try:
            return RecordRef(object_slug, record_id(await self._client.assert_record(ws, object_slug, key_slug, wire)))
        except NotFound as gone:
            raise _no_object(object_slug, gone) from None
        except RefusedByAttio as refusal:
            attributes = await self._fresh(ws, object_slug)
            for slug in (key_slug, *values):
                if slug not in attributes or attributes[slug].is_archived:
                    raise _no_attribute(object_slug, slug, refusal.reference) from None
            minded = None if attributes[key_slug].is_unique else key_slug
            refusal.details["slug"] = minded or _minded(refusal.fault, attributes, values)
            raise

    async def find(
        self, ws: WorkspaceContext, object_slug: str, slug: str, values: Sequence[str]
    ) -> Sequence[CrmRecord]:
        """The records whose attribute has one of the values: one call for up to 499 of them.

        :raises NotFound: code `object_not_found`, or `attribute_not_found` with `details["slug"]`.
        """
        found: dict[str, Mapping[str, object]] = {}
        for asked in _pieces(list(dict.fromkeys(values))):
            try:
                rows = await self._all_rows(ws, object_slug, {slug: {"$in": asked}})
            except NotFound as gone:
                raise _no_object(object_slug, gone) from None
            except RefusedByAttio as refusal:
                if refusal.fault.code == "unknown_filter_attribute_slug":
                    raise _no_attribute(object_slug, slug, refusal.reference) from None
                raise
            found.update((record_id(row), row) for row in rows)
        return [read_record(RecordRef(object_slug, row_id), row) for row_id, row in found.items()]

    # -- helpers -------------------------------------------------------------------------------------------------

    async def _all_rows(
        self, ws: WorkspaceContext, object_slug: str, condition: Mapping[str, object]
    ) -> list[Mapping[str, object]]:
        rows: list[Mapping[str, object]] = []
        while True:
            page = await self._client.query_records(
                ws, object_slug, condition, limit=PAGE, offset=len(rows), sorts=OLDEST_FIRST
            )
            rows += page
            if len(page) < PAGE:
                return rows

    async def _objects(self, ws: WorkspaceContext) -> Mapping[str, str]:
        """Slugs of the workspace's objects by their ids."""
        listed = map(members, await self._client.list_objects(ws))
        return {text(members(raw.get("id")).get("object_id")): text(raw.get("api_slug")) for raw in listed}

    async def _fresh(self, ws: WorkspaceContext, object_slug: str) -> Attributes:
        try:
            return await self._schema.attributes(ws, object_slug, max_age=0)
        except NotFound as gone:
            raise _no_object(object_slug, gone) from None

    async def _described(
        self, ws: WorkspaceContext, object_slug: str, attribute: Attribute, slugs: Mapping[str, str]
    ) -> StoredAttribute:
        """The attribute as others see it; an object that the workspace has no more keeps its id as a name."""
        options: Iterable[object] = ()
        if attribute.type == "select":
            options = await self._client.list_options(ws, object_slug, attribute.slug)
        return StoredAttribute(
            slug=attribute.slug,
            title=attribute.title,
            type=attribute.type,
            is_unique=attribute.is_unique,
            is_archived=attribute.is_archived,
            is_multiselect=attribute.is_multiselect,
            is_writable=attribute.is_writable,
            options=tuple(text(members(raw).get("title")) for raw in options),
            refers_to=tuple(slugs.get(target, target) for target in attribute.refers_to),
        )

    async def _facts(self, ws: WorkspaceContext, object_slug: str, spec: AttributeSpec) -> Mapping[str, object]:
        """The body that makes an attribute (Attio API: all eight members are required)."""
        config: dict[str, object] = {}
        if spec.type == "record-reference":
            every = (slug for slug in (await self._objects(ws)).values() if slug and slug != object_slug)
            config = {"record_reference": {"allowed_objects": [spec.refers_to] if spec.refers_to else list(every)}}
        return {
            "title": spec.title,
            "description": None,
            "api_slug": spec.slug,
            "type": spec.type,
            "is_required": False,
            "is_unique": spec.is_unique,
            "is_multiselect": False,
            "config": config,
        }


def _pieces(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _ASKED_AT_ONCE] for start in range(0, len(values), _ASKED_AT_ONCE))


def _minded(fault: AttioFault, attributes: Attributes, values: Mapping[str, StoreValue]) -> str | None:
    """Slug of the attribute that a refusal is about: named, or told by the option or the record that is missing."""
    named = fault.attributes | {part for path in fault.paths if path[:2] == ("data", "values") for part in path[2:3]}
    by_name = (slug for slug in values if {slug, attributes[slug].id} & (named - {""}))
    by_value = (slug for slug, value in values.items() if _is_missing(value, attributes[slug], fault))
    return next(by_name, None) or next(by_value, None)


def _is_missing(value: StoreValue, attribute: Attribute, fault: AttioFault) -> bool:
    if isinstance(value, RecordRef):
        return value.record_id in fault.message
    return attribute.type in _CHOICES and value is not None and value == fault.title


def _no_object(slug: str, gone: NotFound) -> NotFound:
    return NotFound(
        f"Attio has no object {shortened(slug, 100)} at the moment. Restore it in Attio, then try again.",
        code="object_not_found",
        reference=gone.reference,
        details={"object": slug},
    )


def _no_attribute(object_slug: str, slug: str, reference: str | None) -> NotFound:
    return NotFound(
        f"{shortened(object_slug, 100)} has no attribute {shortened(slug, 100)} in Attio. "
        "Restore it in Attio, then try again.",
        code="attribute_not_found",
        reference=reference,
        details={"object": object_slug, "slug": slug},
    )


def _no_more_objects(fault: AttioFault) -> Refused:
    """Product row 97: the limit is that of Attio's plan, which counts people and companies too."""
    return Refused(
        "Attio's own plan of this workspace allows no more objects; this is not about the plan of AttiBooks. "
        "Upgrade the workspace's plan at Attio, or remove an object there, then try again.",
        code="quota_exceeded",
        reference=fault.reference,
    )


def _name_taken(slug: str, singular: str, plural: str, fault: AttioFault) -> Refused:
    return Refused(
        f"Attio refused to make the object {slug}: the name {singular} or {plural} belongs to another object, or to "
        "one that is switched off. Rename that one in Attio, then try again.",
        code="name_taken",
        reference=fault.reference,
    )
