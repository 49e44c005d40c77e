"""A folder that carries a state over a restart: one file, begun with the whole state and followed by every change.

A change is in the file before the call that made it is answered, so that no end of the process loses an answer; a crash
of the whole machine may lose what its disk had not taken yet. Each opening writes the state anew and drops the changes.
"""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path as FilePath
from typing import Any, BinaryIO, NoReturn
from zlib import crc32

from attibooks_sandbox.kernel.bulk import without_collecting
from attibooks_sandbox.kernel.carry import Loose, Packer, UnknownStateError, Unpacker, settled
from attibooks_sandbox.kernel.state import FolderError
from attibooks_sandbox.kernel.watch import GONE, Change, Path, Watch

MAGIC = b"attibooks-sandbox state 1\n"
_HEAD = struct.Struct(">III")
_PREFIX = "state-"


class Folder:
    """A folder with a state in it, held by one process."""

    def __init__(self, path: FilePath) -> None:
        """Take hold of a folder; one that is not there is made."""
        self.path = path
        self._broken = False
        self._file: BinaryIO | None = None
        self._packer = Packer()
        self._watch: Watch | None = None
        self._number = 0
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(path / "lock")
        except OSError as error:
            message = f"The folder {path} cannot be used: {error.strerror}."
            raise FolderError(message) from error

    def load(self) -> dict[str, object] | None:
        """Return the roots of the state that the folder holds, None if it is new; what is unsound is refused."""
        files = sorted(self.path.glob(f"{_PREFIX}*"), key=_number_of)
        files = [file for file in files if file.suffix != ".new"]
        if files:
            self._number = _number_of(files[-1])
            with without_collecting():
                return _Reading(files[-1]).roots()
        strangers = sorted({each.name for each in self.path.iterdir()} - {"lock"})
        if strangers and not all(name.endswith(".new") for name in strangers):
            message = f"The folder {self.path} holds no sandbox but something else ({strangers[0]}); name an empty one."
            raise FolderError(message)
        return None

    def begin(self, roots: dict[str, object]) -> None:
        """Write a whole state in place of what the folder held, and watch it from now on."""
        self._number += 1
        self._packer = Packer()
        self._watch = Watch(roots)
        name = self.path / f"{_PREFIX}{self._number}"
        new = name.with_suffix(".new")
        with without_collecting(), new.open("wb") as file:
            file.write(MAGIC + _framed(self._packer.bytes_of(self._watch.roots)))
            file.flush()
            os.fsync(file.fileno())
        new.replace(name)
        if self._file is not None:
            self._file.close()
        self._file = name.open("ab", buffering=0)
        for old in self.path.glob(f"{_PREFIX}*"):
            if old != name:
                old.unlink()

    def keep(self) -> None:
        """Write what changed since the last time; after a failure nothing is written any more and each call fails."""
        if self._broken:
            message = f"The folder {self.path} could not be written; start the sandbox again."
            raise FolderError(message)
        assert self._watch is not None
        assert self._file is not None
        changes = self._watch.changes()
        if not changes:
            return
        self._broken = True
        raw = _framed(self._packer.bytes_of([_plain(change) for change in changes]))
        self._broken = self._file.write(raw) != len(raw)
        if self._broken:
            message = f"The folder {self.path} is full."
            raise FolderError(message)

    def close(self) -> None:
        """Write what is left to write, if anything, and let go of the folder."""
        if self._file is not None:
            if not self._broken:
                self.keep()
            self._file.close()
        self._lock.close()


def _plain(change: Change) -> tuple[object, ...]:
    return (change.path,) if change.value is GONE else (change.path, change.value)


def _number_of(file: FilePath) -> int:
    digits = file.stem.removeprefix(_PREFIX)
    return int(digits) if digits.isdigit() else -1


def _locked(file: FilePath) -> BinaryIO:
    """Return the open lock file of a folder; a folder that another process holds is refused."""
    opened = file.open("ab")
    with contextlib.suppress(ImportError):
        import fcntl  # noqa: PLC0415 - not on every platform

        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            opened.close()
            message = f"The folder {file.parent} is in use by another sandbox."
            raise FolderError(message) from error
    return opened


def _framed(payload: bytes) -> bytes:
    """Return bytes with their length and check sums before them."""
    head = struct.pack(">II", len(payload), crc32(payload))
    return head + struct.pack(">I", crc32(head)) + payload


class _Reading:
    """Reads a file: the whole state and the changes after it."""

    def __init__(self, file: FilePath) -> None:
        self._file = file
        self._raw = file.read_bytes()
        self._at = len(MAGIC)
        self._unpacker = Unpacker()

    def roots(self) -> dict[str, object]:
        if not self._raw.startswith(MAGIC):
            message = f"The file {self._file} was not written by this version of the sandbox."
            raise FolderError(message)
        whole = self._next()
        if whole is None:
            self._refuse("is cut off within its first part")
        try:
            roots = self._unpacker.value_of(whole)
            assert isinstance(roots, dict)
            while (raw := self._next()) is not None:
                for change in self._unpacker.value_of(raw):  # type: ignore[attr-defined]
                    _apply(roots, *change)
            made = settled(roots)
        except (UnknownStateError, LookupError, TypeError, AttributeError) as error:
            message = f"The file {self._file} holds a state that this version of the sandbox cannot read: {error}."
            raise FolderError(message) from error
        assert isinstance(made, dict)
        return made

    def _next(self) -> bytes | None:
        """Return the next part; None at the end, which may be a part that was not written in full."""
        rest = len(self._raw) - self._at
        if rest < _HEAD.size:
            return None
        head = self._raw[self._at : self._at + _HEAD.size]
        length, check, head_check = _HEAD.unpack(head)
        if crc32(head[:8]) != head_check:
            self._refuse("is damaged")
        if rest < _HEAD.size + length:
            return None
        payload = self._raw[self._at + _HEAD.size : self._at + _HEAD.size + length]
        if crc32(payload) != check:
            self._refuse("is damaged")
        self._at += _HEAD.size + length
        return payload

    def _refuse(self, what: str) -> NoReturn:
        advice = f"; its first {self._at} bytes are sound, so cutting it there keeps the state up to them"
        message = f"The file {self._file} {what}{advice if self._at > len(MAGIC) else ''}."
        raise FolderError(message)


def _apply(roots: dict[Any, Any], path: Path, *value: object) -> None:
    place: Any = roots
    for step in path[:-1]:
        place = (place.attributes if isinstance(place, Loose) else place)[step]
    held: dict[Any, Any] = place.attributes if isinstance(place, Loose) else place
    if value:
        held[path[-1]] = value[0]
    else:
        held.pop(path[-1], None)
