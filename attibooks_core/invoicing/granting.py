"""The host vault: tokens of workspaces that are connected through this host, kept fresh.

One process refreshes a grant at a time; the new pair is committed before its first use. What is lost when a process
dies between the server's answer and the commit: where the refresh token changed with that answer (QuickBooks changes it
once a day), the grant; the next refresh is refused, and the workspace has to reconnect. Else nothing.
"""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

from attibooks_core.capabilities import GrantingBackend
from attibooks_core.errors import ReconnectNeeded, Unavailable
from attibooks_core.lifecycle import GrantedTokens
from attibooks_core.logs import EventLog
from attibooks_core.model import Books, Credential
from attibooks_core.plugins import Plugins
from attibooks_core.protocols import Clock
from attibooks_core.storage.grants import Grant, Grants, GrantState

AHEAD = timedelta(minutes=5)
"""An access token with less than this left is replaced before it is used."""
LOCK = timedelta(seconds=40)
"""How long a refresh may take; a process that died with the lock holds the others up no longer."""
WAIT_SECONDS = 50.0
POLL_SECONDS = 0.1
IDLE = timedelta(days=7)
"""A refresh token lives 100 days after its last use; a grant that nobody used this long is refreshed all the same."""
REVOKE_PAUSE = timedelta(minutes=5)
REVOKE_PATIENCE = timedelta(days=100)
"""Then the grant has ended by itself."""
AT_ONCE = 16
MOST_A_NIGHT = 10_000

log = EventLog(__name__)


class Granting:
    """Keeps the grants."""

    def __init__(self, clock: Clock, plugins: Plugins, grants: Grants) -> None:
        self._clock = clock
        self._plugins = plugins
        self._grants = grants
        self._flights: dict[tuple[str, Books], asyncio.Task[Grant | None]] = {}

    def server(self, backend: str, environment: str) -> GrantingBackend | None:
        """Who grants access to such books, when this host has what it takes to ask them."""
        found: object = self._plugins.backends.get(backend)
        return found if isinstance(found, GrantingBackend) and found.can_be_granted(environment) else None

    # -- tokens --------------------------------------------------------------------------------------------------

    async def state(self, workspace_id: str, books: Books) -> GrantState | None:
        """How the grant stands; None when there is none."""
        grant = await self._load(workspace_id, books)
        return grant.state if grant else None

    async def credential(
        self, workspace_id: str, books: Books, *, refused: Credential | None = None
    ) -> Credential | None:
        """An access token that lasts; None when the workspace is not connected through this host (any more).

        :param refused: a token that the books did not take; another one is got.
        :raises Unavailable: it has to be refreshed and the server does not answer.
        """
        grant = await self._load(workspace_id, books)
        if grant is None or not grant.is_active:
            return None
        if not self._will_do(grant, refused):
            grant = await self._together(grant, refused)
        return None if grant is None else Credential(grant.tokens.access, grant.tokens.expires_at)

    async def keep_alive(self) -> int:
        """Refresh grants that nobody has used for long, so that none ends by idling; once a night.

        :return: how many were refreshed.
        """
        idle = await self._grants.idle(self._clock.now() - IDLE, MOST_A_NIGHT)
        refreshed = 0
        for start in range(0, len(idle), AT_ONCE):
            done = await asyncio.gather(*(self._touched(grant) for grant in idle[start : start + AT_ONCE]))
            refreshed += sum(done)
        return refreshed

    async def _touched(self, grant: Grant) -> bool:
        used = Credential(grant.tokens.access)
        try:
            return await self.credential(grant.workspace_id, grant.books, refused=used) is not None
        except Unavailable as error:
            log.warning("grant_not_refreshed", workspace=grant.workspace_id, code=error.code)
            return False

    async def _load(self, workspace_id: str, books: Books) -> Grant | None:
        if self.server(books.backend, books.environment) is None:
            return None
        return await self._grants.load(workspace_id, books)

    def _will_do(self, grant: Grant, refused: Credential | None) -> bool:
        is_other = refused is None or grant.tokens.access != refused.token
        return is_other and grant.tokens.expires_at - self._clock.now() > AHEAD

    # -- refreshing ----------------------------------------------------------------------------------------------

    async def _together(self, grant: Grant, refused: Credential | None) -> Grant | None:
        """One refresh for all callers of this process; a caller who gives up does not cut it off from its commit."""
        key = (grant.workspace_id, grant.books)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.ensure_future(self._refreshed(grant, refused))
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    def _landed(self, key: tuple[str, Books], flight: "asyncio.Task[Grant | None]") -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # whoever still waits gets it

    async def _refreshed(self, known: Grant, refused: Credential | None) -> Grant | None:
        """Refresh the grant, or wait for the process that does."""
        owner, deadline = uuid4().hex, self._clock.monotonic() + WAIT_SECONDS
        grant: Grant | None = known
        while grant is not None and grant.is_active:
            if self._will_do(grant, refused):
                return grant
            now = self._clock.now()
            locked = await self._grants.lock(grant, owner, now, now + LOCK)
            if locked is not None:
                return await self._refresh_locked(locked, owner, refused)
            if self._lasts(grant, refused):
                return grant  # the other process is at it; this token does meanwhile
            if self._clock.monotonic() > deadline:
                raise Unavailable("Access to the accounting system is being renewed. Try again in a minute.")
            await self._clock.sleep(POLL_SECONDS)
            grant = await self._grants.load(grant.workspace_id, grant.books)
        return None

    async def _refresh_locked(self, grant: Grant, owner: str, refused: Credential | None) -> Grant | None:
        try:
            return grant if self._will_do(grant, refused) else await self._refresh(grant, refused)
        finally:
            await self._grants.unlock(grant, owner)

    async def _refresh(self, grant: Grant, refused: Credential | None) -> Grant | None:
        server = self.server(grant.books.backend, grant.books.environment)
        if server is None:
            return None
        try:
            tokens = await server.refresh(grant.books.environment, grant.tokens.refresh)
        except ReconnectNeeded as error:
            return await self._ended(grant, error)
        except Unavailable:
            if self._lasts(grant, refused):
                return grant
            raise
        await self._grants.rotate(grant, tokens, self._clock.now())  # committed before its first use
        return await self._newest(grant)

    def _lasts(self, grant: Grant, refused: Credential | None) -> bool:
        """Whether its access token still opens the books, if not for long."""
        is_other = refused is None or grant.tokens.access != refused.token
        return is_other and grant.tokens.expires_at > self._clock.now()

    async def _ended(self, grant: Grant, error: ReconnectNeeded) -> Grant | None:
        """The server refused the refresh token: unless the store has a newer one by now, that is the end."""
        if await self._grants.end(grant, self._clock.now()):
            log.warning("grant_ended", workspace=grant.workspace_id, books=str(grant.books), code=error.code)
            return None
        return await self._newest(grant)

    async def _newest(self, grant: Grant) -> Grant | None:
        newest = await self._grants.load(grant.workspace_id, grant.books)
        return newest if newest is not None and newest.is_active else None

    # -- beginning and end ---------------------------------------------------------------------------------------

    async def use_once(self, workspace_id: str, nonce: str) -> bool:
        """Take note that an authorization was answered; False when it was before."""
        return await self._grants.use_once(workspace_id, nonce, self._clock.now())

    async def begin(self, workspace_id: str, books: Books, tokens: GrantedTokens) -> None:
        """From now on the workspace uses this grant, and no other."""
        await self._grants.store(workspace_id, books, tokens, self._clock.now())

    async def refuse(self, workspace_id: str, books: Books, tokens: GrantedTokens) -> None:
        """A fresh grant is not what was wanted: end it, at once or as soon as its server answers."""
        await self._grants.store_to_revoke(workspace_id, books, tokens, self._clock.now())
        await self.revoke_pending()

    async def disconnect(self, workspace_id: str) -> None:
        """Give up what a workspace has granted, and tell the servers, at once or as soon as they answer."""
        await self._grants.give_up(workspace_id, self._clock.now())
        await self.revoke_pending()

    async def revoke_pending(self) -> None:
        """Tell the servers of grants that were given up."""
        for grant in await self._grants.to_revoke(self._clock.now(), MOST_A_NIGHT):
            await self._revoke(grant)

    async def _revoke(self, grant: Grant) -> None:
        now = self._clock.now()
        server = self.server(grant.books.backend, grant.books.environment)
        locked = await self._grants.lock(grant, uuid4().hex, now, now + REVOKE_PAUSE)
        if locked is None:
            return
        try:
            if server is not None:
                await server.revoke(grant.books.environment, locked.tokens.refresh)
        except Unavailable as error:
            log.warning("grant_not_revoked", workspace=grant.workspace_id, code=error.code)
            if not _is_over(locked, now):
                return  # the lock lasts until the next attempt
        await self._grants.forget(locked)


def _is_over(grant: Grant, now: datetime) -> bool:
    return now - grant.updated_at > REVOKE_PATIENCE
