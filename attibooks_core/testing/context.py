"""Doubles of what the host gives to plugins."""

import asyncio
import functools
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from attibooks_core.documents import Document
from attibooks_core.errors import Superseded
from attibooks_core.http import HttpPool
from attibooks_core.model import Credential
from attibooks_core.protocols import Clock, Memory, WorkspaceContext
from attibooks_core.settings import Settings, SettingsCatalog, SettingsField

SettingsModel = TypeVar("SettingsModel", bound=BaseSettings)


class SettableClock:
    """A clock that stands still until it is told to move; sleeping moves it and is kept in `slept`."""

    def __init__(self, now: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)) -> None:
        self._now = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The instant that was set."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since 1970 on this clock."""
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Move forward at once."""
        self.slept.append(seconds)
        self.move(seconds)
        await asyncio.sleep(0)

    def move(self, seconds: float) -> None:
        """Move forward (or back)."""
        self._now += timedelta(seconds=seconds)


class MemoryInMemory:
    """A `protocols.Memory` that forgets everything with the process."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def recall(self, key: str) -> str | None:
        """What was remembered."""
        return self.kept.get(key)

    async def remember(self, key: str, value: str) -> None:
        """Keep it."""
        self.kept[key] = value

    async def forget(self, key: str) -> None:
        """Drop it."""
        self.kept.pop(key, None)


class DocumentsInMemory:
    """A `documents.Documents` that forgets everything with the process."""

    def __init__(self, clock: Clock) -> None:
        self.kept: dict[str, Document] = {}
        self._clock = clock

    async def get(self, key: str) -> Document | None:
        """One document."""
        return self.kept.get(key)

    async def put(self, key: str, value: Mapping[str, Any], *, version: int) -> Document | None:
        """Store a document in place of that version."""
        known = self.kept.get(key)
        if (known.version if known else 0) != version:
            return None
        self.kept[key] = Document(key, json.loads(json.dumps(value)), version + 1, self._clock.now())
        return self.kept[key]

    async def list(
        self, prefix: str, *, after: str = "", before: datetime | None = None, limit: int = 100
    ) -> Sequence[Document]:
        """The documents whose keys begin so."""
        found = (d for key, d in sorted(self.kept.items()) if key.startswith(prefix) and key > after)
        return [d for d in found if before is None or d.updated_at < before][:limit]

    async def delete(self, key: str, *, version: int | None = None) -> bool:
        """Drop a document."""
        known = self.kept.get(key)
        if known is None or version not in {None, known.version}:
            return False
        del self.kept[key]
        return True


@dataclass
class FakeRun:
    """A `protocols.Run`; set `superseded` to lose the place, `maybe_sent` to play a second run."""

    intent: str = "intent0001"
    maybe_sent: bool = False
    started_at: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    superseded: bool = False
    fences: int = 0

    def request_id(self, part: str) -> str:
        """The key of one write."""
        return f"{self.intent}-{part}"

    async def fence(self) -> None:
        """Count the call, or refuse."""
        self.fences += 1
        if self.superseded:
            raise Superseded("Another run took over.")


@functools.cache
def _tls() -> ssl.SSLContext:
    """One context for all tests of a process: it takes 30 ms to make, and loopback speaks no TLS."""
    return ssl.create_default_context()


@dataclass
class StubHost:
    """A `protocols.HostServices` with a real HTTP pool; `overrides` plays the environment of plugin settings."""

    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    clock: SettableClock = field(default_factory=SettableClock)
    http: HttpPool = field(default_factory=lambda: HttpPool(user_agent="attibooks-tests", tls=_tls()))
    public_url: str = "http://127.0.0.1:8000"
    production: bool = False
    free_invoices: int = 10
    kept: dict[str, DocumentsInMemory] = field(default_factory=dict)

    def documents(self, name: str) -> DocumentsInMemory:
        """Documents that are kept in memory."""
        return self.kept.setdefault(name, DocumentsInMemory(self.clock))

    def plugin_settings(self, name: str, model: type[SettingsModel]) -> SettingsModel:
        """The settings from `overrides`, nothing from the environment."""
        return model.model_validate(dict(self.overrides.get(name, {})))


def workspace_context(
    fields: list[SettingsField],
    settings: Mapping[str, object] | None = None,
    *,
    workspace_id: str = "ws-1",
    crm: str = "attio-token",
    accounting: str | None = "books-token",
    memory: Memory | None = None,
) -> WorkspaceContext:
    """A workspace with validated settings and two tokens; problems in the settings fail the test."""
    snapshot, problems = SettingsCatalog(fields).read(settings or {}) if fields else (Settings(), [])
    if problems:
        raise AssertionError(problems)
    return WorkspaceContext(
        workspace_id=workspace_id,
        settings=snapshot,
        crm=Credential(SecretStr(crm)),
        accounting=Credential(SecretStr(accounting)) if accounting else None,
        memory=memory or MemoryInMemory(),
    )
