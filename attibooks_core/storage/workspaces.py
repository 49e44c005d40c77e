"""Installations and settings of workspaces."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import upsert
from attibooks_core.storage.tables import (
    batch_items,
    idempotency_keys,
    installations,
    lease_requests,
    memory,
    settings_snapshots,
    tasks,
    workspace_settings,
)
from attibooks_core.storage.vault import Vault

CALLBACK = "callback_url"
"""Purpose under which callback addresses are sealed."""


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    """What is stored of a workspace.

    :param gateway: key of its CRM; None when it is not installed.
    """

    installed: bool
    settings: Mapping[str, Any]
    gateway: str | None = None


class Workspaces:
    """Repository of workspaces."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def load(self, workspace_id: str) -> WorkspaceRow:
        """What is stored; a workspace that never called has no installation and empty settings."""

        def work(connection: sa.Connection) -> WorkspaceRow:
            found = connection.execute(
                sa.select(installations.c.installation_id, installations.c.gateway, workspace_settings.c.settings)
                .select_from(
                    sa.select(sa.literal(workspace_id).label("workspace_id"))
                    .subquery("wanted")
                    .outerjoin(installations, installations.c.workspace_id == workspace_id)
                    .outerjoin(workspace_settings, workspace_settings.c.workspace_id == workspace_id)
                )
                .limit(1)
            ).one()
            return WorkspaceRow(found.installation_id is not None, json.loads(found.settings or "{}"), found.gateway)

        return await self._database.read(work)

    async def install(self, workspace_id: str, gateway: str, facts: Mapping[str, str], now: datetime) -> str:
        """Store (or refresh) an installation; its id stays the same over repeats."""
        values = {
            **facts,
            "callback_url": self._vault.seal(workspace_id, CALLBACK, facts["callback_url"].encode()),
            "workspace_id": workspace_id,
            "gateway": gateway,
            "installation_id": uuid4().hex,
            "created_at": now,
            "updated_at": now,
        }

        def work(connection: sa.Connection) -> str:
            upsert(connection, installations, values, keep=("installation_id", "created_at"))
            wanted = sa.select(installations.c.installation_id).where(installations.c.workspace_id == workspace_id)
            return str(connection.execute(wanted).scalar_one())

        return await self._database.write(work)

    async def callback_of(self, workspace_id: str) -> tuple[str, str] | None:
        """The gateway of a workspace's app and the address it is called at; None when it is not installed."""
        wanted = sa.select(installations.c.gateway, installations.c.callback_url).where(
            installations.c.workspace_id == workspace_id
        )
        row = await self._database.read(lambda c: c.execute(wanted).one_or_none())
        return None if row is None else (row.gateway, self._vault.open(workspace_id, CALLBACK, row[1]).decode())

    async def uninstall(self, workspace_id: str) -> None:
        """Delete callback, settings, memory, tasks and kept answers; usage, trail and invoice links stay."""

        def work(connection: sa.Connection) -> None:
            for table in (installations, workspace_settings, settings_snapshots, memory, lease_requests, tasks):
                connection.execute(sa.delete(table).where(table.c.workspace_id == workspace_id))
            for table in (idempotency_keys, batch_items):
                connection.execute(sa.update(table).where(table.c.workspace_id == workspace_id).values(answer=None))

        await self._database.write(work)

    async def store_settings(
        self, workspace_id: str, plain: Mapping[str, Any], issued_at: datetime, *, always: bool = False
    ) -> bool:
        """Store a snapshot, unless a newer call already brought one; say whether it was stored.

        :param always: also when a newer call did.
        """
        values = {"workspace_id": workspace_id, "settings": json.dumps(plain), "issued_at": issued_at}
        older = None if always else workspace_settings.c.issued_at <= issued_at
        return await self._database.write(lambda c: upsert(c, workspace_settings, values, where=older))
