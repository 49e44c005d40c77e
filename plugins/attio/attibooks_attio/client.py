"""The only place that talks to Attio: REST API v2, over the host's HTTP clients."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self
from urllib.parse import quote

from attibooks_attio.faults import AttioFault, down, error_of, reference_of
from attibooks_attio.wire import decode, elements, encode, members, text
from attibooks_core.errors import NotFound, ReconnectNeeded, TransportError
from attibooks_core.model import Credential, RecordRef
from attibooks_core.protocols import Clock, HttpFactory, HttpReply, WorkspaceContext
from attibooks_core.retries import RetryPolicy, retrying

API_URL = "https://api.attio.com"
PATIENCE_S = 8.0
"""Longest that a call may take with all its repeats: a user waits for it, together with the books' own calls."""

_ATTEMPT_SHARE = 0.6
"""Part of the patience that one attempt may use up, so that one that hangs leaves time for another."""

_POLICY = RetryPolicy(attempts=3, base=0.3, longest=3.0)
"""Attio's `Retry-After` is normally the next second, which fits; what asks for more is left to the caller's queue."""

PAGE = 500
"""Most records that one query gives (Attio API, pagination)."""

_RESTORED = {"data": {"is_archived": False}}

_YEAR_5000 = 95_617_584_000


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What a token is (Attio API, `GET /v2/self`).

    :param active: false for an unknown or revoked token, and then everything else is empty.
    :param client_id: the app that the token was issued to.
    :param expires_at: unix seconds; None, as always so far, for a token that lasts.
    """

    active: bool
    workspace_id: str = ""
    client_id: str = ""
    expires_at: int | None = None
    reference: str | None = None

    @classmethod
    def read(cls, body: Mapping[str, object], reference: str | None) -> Self:
        """Read an answer, which has no `data` around it, unlike every other."""
        expiry = body.get("exp")
        return cls(
            active=body.get("active") is True,
            workspace_id=text(body.get("workspace_id")) or text(body.get("sub")),
            client_id=text(body.get("client_id")),
            expires_at=int(expiry) if isinstance(expiry, Decimal) and 0 < expiry < _YEAR_5000 else None,
            reference=reference,
        )


class AttioClient:
    """Calls of one Attio for any workspace; holds no token and nothing of an answer.

    Every call here may be repeated, also after a lost answer: they read, set single values to what they already are,
    or make something under a name, which Attio then answers as taken (`slug_conflict`). So 429, write conflicts,
    outages and broken connections are tried again, within `patience` seconds.

    All methods raise `ReconnectNeeded` (the token was refused), `PermissionMissing`, `RateLimited`, `Unavailable` (a
    record is busy), `Down` (code `attio_down`) and `RefusedByAttio`, each with Attio's execution id as reference.
    """

    def __init__(
        self, http: HttpFactory, clock: Clock, api_url: str = API_URL, *, patience: float = PATIENCE_S
    ) -> None:
        self._http = http
        self._clock = clock
        self._base = api_url.rstrip("/") + "/v2/"
        self._patience = patience

    async def self_info(self, credential: Credential) -> TokenInfo:
        """Ask what the token is; an unknown one is an answer, no error."""
        reply, body = await self._call("introspection", credential, "GET", "self")
        info = members(body)
        if not isinstance(info.get("active"), bool):
            raise down("Attio's answer about its token makes no sense.", reference_of(reply))
        return TokenInfo.read(info, reference_of(reply))

    async def get_record(self, ws: WorkspaceContext, ref: RecordRef) -> Mapping[str, object]:
        """Read one record: its `id`, `web_url` and `values` as Attio writes them.

        :raises NotFound: code `record_not_found`; the record or its whole object is not there.
        """
        return members(await self._data(ws, "GET", _record_path(ref), _is_record))

    async def query_records(
        self,
        ws: WorkspaceContext,
        object_slug: str,
        condition: Mapping[str, object],
        *,
        limit: int,
        offset: int = 0,
        sorts: Sequence[Mapping[str, str]] = (),
    ) -> Sequence[Mapping[str, object]]:
        """Read a page of the records that meet a filter, each like that of `get_record`; Attio counts it as a read.

        :param limit: at most `PAGE`; a page with fewer records is the last one.
        :raises NotFound: code `record_not_found`; there is no such object.
        """
        path = _path("objects", object_slug, "records", "query")
        body = {"filter": condition, "sorts": sorts, "limit": limit, "offset": offset}
        return [members(row) for row in elements(await self._data(ws, "POST", path, _are_records, body))]

    async def put_values(self, ws: WorkspaceContext, ref: RecordRef, values: Mapping[str, Sequence[object]]) -> None:
        """Overwrite attributes of one record, all or none of them; `[]` empties one, others stay as they are.

        :param values: by slug, always a list; only attributes with a single value, as the write may be repeated.
        :raises NotFound: code `record_not_found`.
        """
        await self._data(ws, "PUT", _record_path(ref), _is_object, {"data": {"values": values}})

    async def assert_record(
        self, ws: WorkspaceContext, object_slug: str, key_slug: str, values: Mapping[str, Sequence[object]]
    ) -> Mapping[str, object]:
        """Overwrite attributes of the record that has the key's value, or make one; the record, as of `get_record`.

        :param key_slug: a unique attribute, which `values` names as well.
        :param values: as of `put_values`.
        :raises NotFound: code `record_not_found`; there is no such object.
        """
        path = f"{_path('objects', object_slug, 'records')}?matching_attribute={quote(key_slug, safe='')}"
        return members(await self._data(ws, "PUT", path, _is_saved, {"data": {"values": values}}))

    async def list_objects(self, ws: WorkspaceContext) -> Sequence[object]:
        """Every object of the workspace; standard ones that are switched off are absent."""
        return elements(await self._data(ws, "GET", "objects", _is_list))

    async def list_attributes(self, ws: WorkspaceContext, object_slug: str) -> Sequence[object]:
        """Every attribute of an object, archived ones included.

        :raises NotFound: code `record_not_found`; there is no such object.
        """
        path = f"{_path('objects', object_slug, 'attributes')}?show_archived=true"
        return elements(await self._data(ws, "GET", path, _is_list))

    async def list_options(self, ws: WorkspaceContext, object_slug: str, attribute: str) -> Sequence[object]:
        """The options of a select that can be chosen, in order."""
        path = _path("objects", object_slug, "attributes", attribute, "options")
        return elements(await self._data(ws, "GET", path, _is_list))

    # -- what a workspace consists of ----------------------------------------------------------------------------

    async def create_object(self, ws: WorkspaceContext, facts: Mapping[str, object]) -> None:
        """Make an object; `facts` are `api_slug`, `singular_noun` and `plural_noun`."""
        await self._data(ws, "POST", "objects", _is_object, {"data": facts})

    async def create_attribute(self, ws: WorkspaceContext, object_slug: str, facts: Mapping[str, object]) -> None:
        """Make an attribute (Attio API, endpoints of attributes, has the members of `facts`)."""
        await self._data(ws, "POST", _path("objects", object_slug, "attributes"), _is_object, {"data": facts})

    async def restore_attribute(self, ws: WorkspaceContext, object_slug: str, attribute: str) -> None:
        """Un-archive an attribute."""
        path = _path("objects", object_slug, "attributes", attribute)
        await self._data(ws, "PATCH", path, _is_object, _RESTORED)

    async def create_option(self, ws: WorkspaceContext, object_slug: str, attribute: str, title: str) -> None:
        """Add an option to a select."""
        path = _path("objects", object_slug, "attributes", attribute, "options")
        await self._data(ws, "POST", path, _is_object, {"data": {"title": title}})

    async def restore_option(self, ws: WorkspaceContext, object_slug: str, attribute: str, title: str) -> None:
        """Un-archive an option of a select."""
        path = _path("objects", object_slug, "attributes", attribute, "options", title)
        await self._data(ws, "PATCH", path, _is_object, _RESTORED)

    # -- calling -------------------------------------------------------------------------------------------------

    async def _data(
        self, ws: WorkspaceContext, method: str, path: str, fits: Callable[[object], bool], body: object = None
    ) -> object:
        """What an answer has in its `data`; one that does not fit is an outage, for an empty guess would be worse."""
        reply, answer = await self._call(ws.workspace_id, ws.crm, method, path, body)
        data = members(answer).get("data")
        if not fits(data):
            raise down("Attio's answer makes no sense.", reference_of(reply))
        return data

    async def _call(
        self, account: str, credential: Credential, method: str, path: str, body: object = None
    ) -> tuple[HttpReply, object]:
        """Call until there is an answer worth having; gives it raw and parsed."""
        token = _sendable(credential)
        content = None if body is None else encode(body)

        async def attempt() -> tuple[HttpReply, object]:
            return await self._attempt(f"attio:{account}", token, method, path, content)

        try:
            async with asyncio.timeout(self._patience):
                return await retrying(attempt, clock=self._clock, policy=_POLICY)
        except TimeoutError:
            raise down("Attio does not answer in time.") from None

    async def _attempt(
        self, account: str, token: str, method: str, path: str, content: bytes | None
    ) -> tuple[HttpReply, object]:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        if content is not None:
            headers["content-type"] = "application/json"
        limit = self._patience * _ATTEMPT_SHARE
        try:
            reply = await self._http.client(account).request(
                method, self._base + path, headers=headers, content=content, timeout=limit
            )
        except TransportError as error:
            raise down("Attio cannot be reached.") from error
        if not 200 <= reply.status < 300:
            raise error_of(AttioFault.read(reply, self._clock.now(), secret=token))
        try:
            return reply, decode(reply.body)
        except ValueError:
            raise down("Attio's answer makes no sense.", reference_of(reply)) from None


def _is_list(data: object) -> bool:
    return isinstance(data, list)


def _is_object(data: object) -> bool:
    return isinstance(data, dict)


def _is_record(data: object) -> bool:
    return isinstance(members(data).get("values"), dict)


def _is_saved(data: object) -> bool:
    return _is_record(data) and bool(record_id(data))


def _are_records(data: object) -> bool:
    return _is_list(data) and all(map(_is_saved, elements(data)))


def record_id(row: object) -> str:
    """The id that a record of an answer has; empty when it has none."""
    return text(members(members(row).get("id")).get("record_id"))


def _record_path(ref: RecordRef) -> str:
    return _path("objects", ref.object, "records", ref.record_id)


def _path(*parts: str) -> str:
    """A path below `/v2/`, in which no part can reach another address than its own."""
    if any(not part.strip(". ") for part in parts):
        raise NotFound(
            "The record's address is incomplete. Open the record in Attio and try again.", code="record_not_found"
        )
    return "/".join(quote(part, safe="", errors="replace") for part in parts)


def _sendable(credential: Credential) -> str:
    token = credential.token.get_secret_value()
    # An HTTP library would quote a token that no header can hold in its error, and so in somebody's log.
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ReconnectNeeded(
            "The token for Attio is damaged. Reinstall the AttiBooks app in Attio, or connect it again."
        )
    return token
