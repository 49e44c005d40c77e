"""Grants: what workspaces have granted this host itself, sealed at rest (the host vault).

A pair of tokens is replaced only by whoever read the version before it, and only one process at a time holds the lock
to fetch a new one: a refresh token may die with its first use (QuickBooks reference §2.6).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from attibooks_core.lifecycle import GrantedTokens
from attibooks_core.model import Books
from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import books_values, insert_once, of_books, upsert
from attibooks_core.storage.tables import grants, used_drafts
from attibooks_core.storage.vault import Vault, VaultError

ACCESS, REFRESH = "access", "refresh"


class GrantState(StrEnum):
    """How a grant stands."""

    ACTIVE = "active"
    NEEDS_RECONNECT = "needs_reconnect"
    REVOKING = "revoking"
    """It was given up here, and its server still has to be told."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant; `version` counts its pairs of tokens."""

    workspace_id: str
    books: Books
    tokens: GrantedTokens
    version: int
    state: GrantState
    updated_at: datetime

    @property
    def is_active(self) -> bool:
        """Whether its tokens may be used."""
        return self.state is GrantState.ACTIVE


class Grants:
    """Repository of grants."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    # -- reading -------------------------------------------------------------------------------------------------

    async def load(self, workspace_id: str, books: Books) -> Grant | None:
        """The grant of a workspace for these books."""
        wanted = sa.select(grants).where(*of_books(grants, books, workspace_id))
        row = await self._database.read(lambda c: c.execute(wanted).one_or_none())
        return None if row is None else self._grant(row)

    async def idle(self, before: datetime, limit: int) -> list[Grant]:
        """Active grants without a new pair of tokens since then, the longest idle first."""
        wanted = sa.select(grants).where(grants.c.state == GrantState.ACTIVE, grants.c.updated_at < before)
        return await self._list(wanted.order_by(grants.c.updated_at).limit(limit))

    async def to_revoke(self, now: datetime, limit: int) -> list[Grant]:
        """Grants whose server has to be told that they are over, and may be told now."""
        wanted = sa.select(grants).where(grants.c.state == GrantState.REVOKING, _is_free(now))
        return await self._list(wanted.order_by(grants.c.updated_at).limit(limit))

    async def _list(self, wanted: sa.Select[Any]) -> list[Grant]:
        rows = await self._database.read(lambda c: c.execute(wanted).all())
        return [self._grant(row) for row in rows]

    # -- consent -------------------------------------------------------------------------------------------------

    async def use_once(self, workspace_id: str, nonce: str, now: datetime) -> bool:
        """Take note that an authorization was answered; False when it was before."""
        values = {"workspace_id": workspace_id, "draft_id": f"oauth:{nonce}", "created_at": now}
        return await self._database.write(lambda c: insert_once(c, used_drafts, values))

    async def store(self, workspace_id: str, books: Books, tokens: GrantedTokens, now: datetime) -> None:
        """Store a fresh grant in place of an older one; what the workspace had granted for other books is given up."""
        values = self._row(workspace_id, books, tokens, now)

        def work(connection: sa.Connection) -> None:
            others = (grants.c.workspace_id == workspace_id, ~sa.and_(*of_books(grants, books, workspace_id)))
            _give_up(connection, others, now)
            kept = sa.select(grants.c.version).where(*of_books(grants, books, workspace_id))
            version = connection.execute(kept).scalar_one_or_none() or 0
            upsert(connection, grants, {**values, "version": version + 1}, keep=("created_at",))

        await self._database.write(work)

    async def store_to_revoke(self, workspace_id: str, books: Books, tokens: GrantedTokens, now: datetime) -> None:
        """Keep a grant that is not wanted until its server knows; an earlier one for these books stands."""
        values = {**self._row(workspace_id, books, tokens, now), "state": GrantState.REVOKING}
        await self._database.write(lambda c: insert_once(c, grants, values))

    # -- refreshing ----------------------------------------------------------------------------------------------

    async def lock(self, grant: Grant, owner: str, now: datetime, until: datetime) -> Grant | None:
        """Take the lock and read the grant anew; None when somebody else holds it or the grant is gone."""
        free = (*of_books(grants, grant.books, grant.workspace_id), grants.c.state == grant.state, _is_free(now))
        taking = sa.update(grants).where(*free).values(locked_by=owner, locked_until=until).returning(grants)
        row = await self._database.write(lambda c: c.execute(taking).one_or_none())
        return None if row is None else self._grant(row)

    async def unlock(self, grant: Grant, owner: str) -> None:
        """Give the lock back."""
        mine = (*of_books(grants, grant.books, grant.workspace_id), grants.c.locked_by == owner)
        await self._database.write(lambda c: c.execute(sa.update(grants).where(*mine).values(**_UNLOCKED)))

    async def rotate(self, grant: Grant, tokens: GrantedTokens, now: datetime) -> Grant | None:
        """Commit a new pair of tokens in place of the version that it was fetched with, and free the lock.

        Also where the lock was lost meanwhile, or the grant was taken for dead: nobody has a newer pair than this.
        One that was given up stays so, with the pair that can be revoked.

        :return: the grant as it is now; None when another version, or none, is there.
        """
        kept = self._row(grant.workspace_id, grant.books, tokens, now)
        given_up = grants.c.state == GrantState.REVOKING
        state = sa.case((given_up, GrantState.REVOKING.value), else_=GrantState.ACTIVE.value)
        values = {**kept, "version": grant.version + 1, "state": state}
        del values["created_at"]
        same = (*of_books(grants, grant.books, grant.workspace_id), grants.c.version == grant.version)
        changing = sa.update(grants).where(*same).values(**values).returning(grants)
        row = await self._database.write(lambda c: c.execute(changing).one_or_none())
        return None if row is None else self._grant(row)

    async def end(self, grant: Grant, now: datetime) -> bool:
        """The server does not take its refresh token any more; False when a newer version is there."""
        same = (
            *of_books(grants, grant.books, grant.workspace_id),
            grants.c.version == grant.version,
            grants.c.state == GrantState.ACTIVE,
        )
        values = {"state": GrantState.NEEDS_RECONNECT, "updated_at": now, **_UNLOCKED}
        ending = sa.update(grants).where(*same).values(**values)
        return await self._database.write(lambda c: c.execute(ending).rowcount > 0)

    # -- the end -------------------------------------------------------------------------------------------------

    async def give_up(self, workspace_id: str, now: datetime) -> None:
        """Use nothing of a workspace any more; its servers are still to be told (`to_revoke`)."""
        await self._database.write(lambda c: _give_up(c, (grants.c.workspace_id == workspace_id,), now))

    async def forget(self, grant: Grant) -> None:
        """Delete a grant that was given up."""
        gone = (*of_books(grants, grant.books, grant.workspace_id), grants.c.state == GrantState.REVOKING)
        await self._database.write(lambda c: c.execute(sa.delete(grants).where(*gone)))

    # -- rows ----------------------------------------------------------------------------------------------------

    def _row(self, workspace_id: str, books: Books, tokens: GrantedTokens, now: datetime) -> dict[str, Any]:
        return {
            "workspace_id": workspace_id,
            **books_values(books),
            "access": self._sealed(workspace_id, books, ACCESS, tokens.access),
            "refresh": self._sealed(workspace_id, books, REFRESH, tokens.refresh),
            "expires_at": tokens.expires_at,
            "refresh_expires_at": tokens.refresh_expires_at,
            "version": 1,
            "state": GrantState.ACTIVE,
            "created_at": now,
            "updated_at": now,
            **_UNLOCKED,
        }

    def _sealed(self, workspace_id: str, books: Books, which: str, token: SecretStr) -> str:
        return self._vault.seal(workspace_id, _purpose(books, which), token.get_secret_value().encode())

    def _opened(self, workspace_id: str, books: Books, which: str, sealed: str) -> SecretStr:
        try:
            return SecretStr(self._vault.open(workspace_id, _purpose(books, which), sealed).decode())
        except VaultError:  # the key is gone: as good as a grant that has ended
            return SecretStr("")

    def _grant(self, row: sa.Row[Any]) -> Grant:
        books = Books(row.backend, row.environment, row.company_id)
        access, refresh = (self._opened(row.workspace_id, books, w, getattr(row, w)) for w in (ACCESS, REFRESH))
        tokens = GrantedTokens(access, refresh, row.expires_at, row.refresh_expires_at)
        return Grant(row.workspace_id, books, tokens, row.version, GrantState(row.state), row.updated_at)


_UNLOCKED: Mapping[str, Any] = {"locked_by": None, "locked_until": None}


def _purpose(books: Books, which: str) -> str:
    return f"grant:{books}:{which}"


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(grants.c.locked_until.is_(None), grants.c.locked_until < now)


def _give_up(connection: sa.Connection, which: tuple[sa.ColumnElement[bool], ...], now: datetime) -> None:
    """Locks stay: a refresh under way stores its pair first, or that could not be revoked any more."""
    values = {"state": GrantState.REVOKING, "updated_at": now}
    connection.execute(sa.update(grants).where(*which).values(**values))
