"""The only place that makes HTTP clients (and the only importer of httpx, which it does at the first call).

One client per account with at most eight connections: one pool for everybody costs seven times the CPU at 32 and more
connections (stack reference, HTTP client), and the accounts' own limits are lower anyway. All clients share one TLS
context, which takes longer to build than a call takes to make.
"""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attibooks_core.errors import AnswerLost, NothingSent
from attibooks_core.protocols import HttpReply

if TYPE_CHECKING:
    import httpx

MAX_CONNECTIONS = 8
MAX_ACCOUNTS = 512
MAX_ANSWER_BYTES = 32 * 1024 * 1024


class HttpPool:
    """Clients by account; the least recently used one is closed when there are too many.

    Implements `protocols.HttpFactory`.
    """

    def __init__(self, *, user_agent: str, max_accounts: int = MAX_ACCOUNTS, tls: ssl.SSLContext | None = None) -> None:
        self._user_agent = user_agent
        self._max_accounts = max_accounts
        self._tls = tls
        self._accounts: OrderedDict[str, AccountClient] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()

    def client(self, account: str) -> "AccountClient":
        """The client of one account, made at its first use."""
        client = self._accounts.get(account)
        if client is None:
            client = self._accounts[account] = AccountClient(self._build())
            self._evict()
        self._accounts.move_to_end(account)
        return client

    async def close(self) -> None:
        """Close every client; the pool may be used again afterwards."""
        clients, self._accounts = list(self._accounts.values()), OrderedDict()
        await asyncio.gather(*(c.close() for c in clients), *self._closing)

    def _build(self) -> "httpx.AsyncClient":
        import httpx  # noqa: PLC0415 - 150 ms and 8 MiB with what it imports; an idle host makes no call

        self._tls = self._tls or httpx.create_ssl_context()
        return httpx.AsyncClient(
            verify=self._tls,
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS),
            headers={"user-agent": self._user_agent},
            follow_redirects=False,
        )

    def _evict(self) -> None:
        idle = [key for key, client in self._accounts.items() if not client.busy]
        for key in idle[: len(self._accounts) - self._max_accounts]:
            task = asyncio.ensure_future(self._accounts.pop(key).close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


class AccountClient:
    """One account's client; tells a request that was never sent from one whose answer is lost."""

    def __init__(self, client: "httpx.AsyncClient") -> None:
        self._client = client
        self.busy = 0

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        timeout: float = 60.0,  # noqa: ASYNC109 - see HttpClient
    ) -> HttpReply:
        """Send and read the whole answer (see `protocols.HttpClient`)."""
        import httpx  # noqa: PLC0415

        self.busy += 1
        try:
            async with asyncio.timeout(timeout):
                return await self._exchange(method, url, headers, content, timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise NothingSent(type(error).__name__) from error
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise AnswerLost(type(error).__name__) from error
        finally:
            self.busy -= 1

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        timeout: float,  # noqa: ASYNC109
    ) -> HttpReply:
        import httpx  # noqa: PLC0415

        limits = httpx.Timeout(timeout, connect=min(5.0, timeout))
        async with self._client.stream(method, url, headers=headers, content=content, timeout=limits) as answer:
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise AnswerLost("the answer is larger than 32 MiB")
            return HttpReply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, bytes(body))
