"""Which objects and attributes a workspace has, kept for a while: they change seldom and are needed at every write."""

import asyncio
from collections.abc import Mapping

from attibooks_attio.cache import TimedCache
from attibooks_attio.client import AttioClient
from attibooks_attio.mapping import Attribute, read_attribute
from attibooks_attio.wire import members, text
from attibooks_core.errors import NotFound
from attibooks_core.protocols import Clock, WorkspaceContext

KEPT_S = 300.0
"""A write that meets another state than the kept one refreshes it, so this may be long."""

DESCRIBED_S = 120.0
"""Age up to which a settings form is shown the kept state: who adds an attribute expects to find it soon."""

_OBJECTS_AT_ONCE = 4
_MOST_OBJECTS = 1024
_MOST_WORKSPACES = 512

Attributes = Mapping[str, Attribute]


class Schema:
    """Objects and attributes of all workspaces, bounded in number and age; shared by reader, writeback and gateway."""

    def __init__(self, client: AttioClient, clock: Clock) -> None:
        self._client = client
        self._objects: TimedCache[str, tuple[str, ...]] = TimedCache(clock, seconds=KEPT_S, limit=_MOST_WORKSPACES)
        self._attributes: TimedCache[tuple[str, str], Attributes] = TimedCache(
            clock, seconds=KEPT_S, limit=_MOST_OBJECTS
        )

    async def attributes(self, ws: WorkspaceContext, object_slug: str, *, max_age: float = KEPT_S) -> Attributes:
        """Attributes of one object by slug, archived ones included.

        :param max_age: seconds; 0 asks Attio in any case.
        :raises NotFound: code `record_not_found`; there is no such object.
        """

        async def load() -> Attributes:
            listed = map(read_attribute, await self._client.list_attributes(ws, object_slug))
            return {attribute.slug: attribute for attribute in listed if attribute is not None}

        key = (ws.workspace_id, object_slug)
        return await self._attributes.get(key, load, asker=ws.crm.digest, max_age=max_age)

    async def everything(self, ws: WorkspaceContext) -> Mapping[str, Attributes]:
        """Attributes of every object of the workspace, by the object's slug; a few objects are read at once."""
        slugs = await self._objects.get(
            ws.workspace_id, lambda: self._list_objects(ws), asker=ws.crm.digest, max_age=DESCRIBED_S
        )
        turn = asyncio.Semaphore(_OBJECTS_AT_ONCE)

        async def describe(slug: str) -> Attributes | None:
            async with turn:
                try:
                    return await self.attributes(ws, slug, max_age=DESCRIBED_S)
                except NotFound:  # deleted or switched off since the objects were listed
                    return None

        try:
            async with asyncio.TaskGroup() as group:  # the first failure stops the rest
                described = [group.create_task(describe(slug)) for slug in slugs]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        found = ((slug, task.result()) for slug, task in zip(slugs, described, strict=True))
        return {slug: attributes for slug, attributes in found if attributes is not None}

    def forget(self, workspace_id: str) -> None:
        """Drop what is kept of a workspace."""
        self._objects.forget(lambda key, _: key == workspace_id)
        self._attributes.forget(lambda key, _: key[0] == workspace_id)

    async def _list_objects(self, ws: WorkspaceContext) -> tuple[str, ...]:
        listed = (text(members(raw).get("api_slug")) for raw in await self._client.list_objects(ws))
        return tuple(slug for slug in listed if slug)
