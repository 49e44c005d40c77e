"""Calls of the Accounting API: one company, JSON, exact numbers, safe repeats.

A write always carries its `requestid`; the same id again gives the first answer again and makes nothing twice
(QuickBooks reference, idempotent writes). So a write whose answer is lost, a failure or nonsense is repeated with the
same id, a few times within about 15 seconds; what was refused never is.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from attibooks_core.errors import (
    AttiBooksError,
    Down,
    NothingSent,
    RateLimited,
    ReconnectNeeded,
    Superseded,
    TransportError,
)
from attibooks_core.model import Books, Credential, WireRequest
from attibooks_core.protocols import Clock, HttpFactory, HttpReply
from attibooks_core.retries import RetryPolicy, retrying
from attibooks_quickbooks.faults import NoAnswer, reference_of, refusal_of
from attibooks_quickbooks.refusals import RECONNECT
from attibooks_quickbooks.settings import QuickBooksHostSettings
from attibooks_quickbooks.wire import BatchAnswer, ChangesAnswer, QueryAnswer, Rows

T = TypeVar("T")

MINOR_VERSION = "75"
"""Sent with every call; lower ones mean 75 since August 2025 (QuickBooks reference, minor version)."""

READS = RetryPolicy(attempts=3, base=0.5, longest=5.0)
WRITES = RetryPolicy(attempts=4, base=0.3, longest=5.0)
ONCE = RetryPolicy(attempts=1)

LONG_SECONDS = 120.0
"""How long a page of a thousand may take (QuickBooks reference, time-outs)."""

THROTTLE_SECONDS = 60.0
"""How long to stay away after a 429 that says nothing (QuickBooks reference, throttles)."""

_BEARER = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Access:
    """One company and the token that opens it."""

    books: Books
    credential: Credential

    @property
    def company_path(self) -> str:
        """Path that every call of the company begins with."""
        return f"/v3/company/{self.books.company_id}"

    @property
    def account(self) -> str:
        """Name of the connections: never shared by two companies or environments."""
        return f"{self.books.backend}:{self.books.environment}:{self.books.company_id}"


@dataclass(frozen=True, slots=True)
class _Call:
    """One exchange, without what every call carries."""

    method: str
    path: str
    content: bytes | None = None
    content_type: str | None = None
    request_id: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 60.0

    @property
    def target(self) -> str:
        """Path and query."""
        request_id = {"requestid": self.request_id} if self.request_id else {}
        joint = "&" if "?" in self.path else "?"
        return f"{self.path}{joint}{urlencode({**self.parameters, **request_id, 'minorversion': MINOR_VERSION})}"

    def headers(self, token: str) -> dict[str, str]:
        """All headers; without `accept` QuickBooks answers in XML."""
        content_type = {"content-type": self.content_type} if self.content_type else {}
        return {"authorization": f"Bearer {token}", "accept": "application/json", **content_type}


class QuickBooksClient:
    """Reads and writes of QuickBooks Online; errors are those of the core's tree, and `NoAnswer` for writes."""

    def __init__(self, http: HttpFactory, clock: Clock, settings: QuickBooksHostSettings) -> None:
        self._http = http
        self._clock = clock
        self._settings = settings

    async def read(self, access: Access, name: str, answer: type[T], *, policy: RetryPolicy = READS) -> T:
        """Read one object.

        :param name: what follows the company in the path, such as `invoice/145`.
        :raises Refused: or another error that the fault stands for.
        :raises Unavailable: QuickBooks does not answer, or asks to slow down.
        """
        return await self._reading(access, _Call("GET", f"{access.company_path}/{name}"), answer, policy)

    async def query(self, access: Access, statement: str) -> Rows:
        """Rows of a query, as `query_at` gives them."""
        return (await self.query_at(access, statement)).query_response

    async def query_at(self, access: Access, statement: str) -> QueryAnswer:
        """Rows of a query, and when; posted, which keeps names out of access logs and has no limit of length.

        :raises Refused: or another error that the fault stands for.
        :raises Unavailable: QuickBooks does not answer, or asks to slow down.
        """
        content = statement.encode("utf-8", "replace")
        call = _Call("POST", f"{access.company_path}/query", content, "application/text", seconds=LONG_SECONDS)
        return await self._reading(access, call, QueryAnswer, READS)

    async def changes(self, access: Access, since: datetime) -> ChangesAnswer:
        """What change data capture tells of invoices since an instant: at most 1,000, and no word of the rest.

        :raises Refused: or another error that the fault stands for.
        :raises Unavailable: QuickBooks does not answer, or asks to slow down.
        """
        asked = {"entities": "Invoice", "changedSince": since.isoformat(timespec="milliseconds")}
        call = _Call("GET", f"{access.company_path}/cdc", parameters=asked, seconds=LONG_SECONDS)
        return await self._reading(access, call, ChangesAnswer, READS)

    async def write(
        self,
        access: Access,
        request: WireRequest,
        answer: type[T],
        *,
        request_id: str,
        fence: Callable[[], Awaitable[None]],
    ) -> T:
        """Carry out one write of a plan, and repeat it under the same id while its end is unknown.

        :param fence: awaited before every attempt.
        :raises Superseded: the fence did; nothing more is sent.
        :raises NoAnswer: it may have been carried out, or not.
        :raises AttiBooksError: it was not carried out.
        """
        lost: NoAnswer | None = None

        async def attempt() -> T:
            nonlocal lost
            await fence()
            try:
                return await self._write_once(access, request, answer, request_id)
            except NoAnswer as error:
                lost = error
                raise

        try:
            return await self._repeated(attempt, WRITES, also=(NoAnswer,))
        except AttiBooksError as error:
            if lost is None or isinstance(error, Superseded):
                raise
            # a refusal of this attempt says nothing of the one before, whose answer is lost
            reference = lost.reference or error.reference
            raise NoAnswer(lost.reason, reference=reference, refusal=error) from error

    async def _write_once(self, access: Access, request: WireRequest, answer: type[T], request_id: str) -> T:
        content_type = "application/json" if request.body else "application/octet-stream"
        call = _Call(request.method, request.path, request.body.encode(), content_type, request_id)
        return self._understood(await self._exchange(access, call), answer)

    async def _reading(self, access: Access, call: _Call, answer: type[T], policy: RetryPolicy) -> T:
        async def attempt() -> T:
            try:
                return self._understood(await self._exchange(access, call), answer)
            except NoAnswer as error:
                raise error.as_down() from error

        return await self._repeated(attempt, policy)

    async def _repeated(
        self, attempt: Callable[[], Awaitable[T]], policy: RetryPolicy, *, also: tuple[type[Exception], ...] = ()
    ) -> T:
        try:
            return await retrying(attempt, clock=self._clock, policy=policy, also=also)
        except RateLimited as error:
            error.retry_after = error.retry_after or THROTTLE_SECONDS
            raise

    async def _exchange(self, access: Access, call: _Call) -> HttpReply:
        url, token = self._settings.api_url(access.books.environment) + call.target, _token(access)
        http = self._http.client(access.account)
        try:
            headers = call.headers(token)
            reply = await http.request(call.method, url, headers=headers, content=call.content, timeout=call.seconds)
        except NothingSent as error:
            raise Down("QuickBooks cannot be reached. Try again in a few minutes.") from error
        except TransportError as error:
            raise NoAnswer("QuickBooks did not answer.") from error
        return _without(token, reply)

    def _understood(self, reply: HttpReply, answer: type[T]) -> T:
        refusal = refusal_of(reply, self._clock.now())
        if refusal is not None:
            raise refusal
        reference = reference_of(reply.headers)
        try:
            found = msgspec.json.decode(reply.body, type=answer)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise NoAnswer("QuickBooks answered with nonsense.", reference=reference) from error
        return msgspec.structs.replace(found, reference=reference) if isinstance(found, BatchAnswer) else found


def _token(access: Access) -> str:
    token = access.credential.token.get_secret_value()
    if not _BEARER.fullmatch(token):  # the HTTP client would quote such a header in its error
        raise ReconnectNeeded(" ".join(RECONNECT))
    return token


def _without(token: str, reply: HttpReply) -> HttpReply:
    """An echo of the token in a refusal goes no further."""
    if reply.status == 200 or len(token) < 8 or token.encode() not in reply.body:
        return reply
    return HttpReply(reply.status, reply.headers, reply.body.replace(token.encode(), b"***"))
