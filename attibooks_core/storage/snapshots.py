"""Settings as they were when something was made with them, by their digest: each snapshot once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.statements import insert_once
from attibooks_core.storage.tables import settings_snapshots


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Settings and the digest that names them."""

    digest: str
    settings: Mapping[str, Any]


def keep(connection: sa.Connection, workspace_id: str, snapshot: Snapshot | None, now: datetime) -> None:
    """Keep a snapshot, if there is one, inside a transaction that does more."""
    if snapshot is None:
        return
    values = {
        "workspace_id": workspace_id,
        "digest": snapshot.digest,
        "settings": json.dumps(dict(snapshot.settings)),
        "created_at": now,
    }
    insert_once(connection, settings_snapshots, values)


class Snapshots:
    """Repository of snapshots."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, workspace_id: str, digest: str) -> Snapshot | None:
        """The snapshot with this digest."""
        table = settings_snapshots
        wanted = sa.select(table.c.settings).where(table.c.workspace_id == workspace_id, table.c.digest == digest)
        found = await self._database.read(lambda c: c.execute(wanted).scalar_one_or_none())
        return Snapshot(digest, json.loads(found)) if found is not None else None
