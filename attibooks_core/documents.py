"""What a plugin keeps: small durable JSON documents by key (`HostServices.documents`), so that it needs no SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Document:
    """One document.

    :param version: 1 for a new one, one more with every change.
    """

    key: str
    value: Mapping[str, Any]
    version: int
    updated_at: datetime


class Documents(Protocol):
    """The documents of one plugin, for all workspaces. Each call is one transaction, durable when it returns.

    Keys have at most 300 characters, ordered by their bytes; a value has at most 64 KiB. No secret belongs here.
    """

    async def get(self, key: str) -> Document | None:
        """One document; None when there is none."""
        ...

    async def put(self, key: str, value: Mapping[str, Any], *, version: int) -> Document | None:
        """Store a document in place of the one that was read.

        :param version: of the one that is replaced; 0 says that there is none yet.
        :return: as it is stored; None when somebody else was faster, and nothing was stored.
        """
        ...

    async def list(
        self, prefix: str, *, after: str = "", before: datetime | None = None, limit: int = 100
    ) -> Sequence[Document]:
        """The documents whose keys begin so, by key.

        :param after: only keys behind this one: the last one of the page before.
        :param before: only those that were stored before that instant.
        """
        ...

    async def delete(self, key: str, *, version: int | None = None) -> bool:
        """Drop a document; with a version, only if it is still that one. Says whether there was one."""
        ...


__all__ = ["Document", "Documents"]
