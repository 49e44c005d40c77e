"""Sealing what may not lie open: AES-256-GCM, bound to workspace and purpose, under a ring of keys.

Format: `v1.<key id>.<base64url(nonce + ciphertext)>`. A sealed text that is moved to another workspace or purpose does
not open. The first key of the ring seals, every key opens, so keys are rotated by putting a new one in front.
"""

import base64
import contextlib
import functools
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attibooks_core.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32


class VaultError(Exception):
    """A sealed text does not open: it was tampered with, moved, or its key is gone."""


class Vault:
    """Seals and opens.

    :param keys: `key-id:base64 of 32 bytes`, newest first.
    :raises ConfigurationError: a key is malformed; its value is not in the message.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._ring = dict(_parsed(key) for key in keys)
        if not self._ring:
            raise ConfigurationError("ATTIBOOKS_ENCRYPTION_KEYS holds no key. Add one: key-id:base64 of 32 bytes.")
        self._newest = next(iter(self._ring))

    def seal(self, workspace_id: str, purpose: str, plain: bytes) -> str:
        """Encrypt for one workspace and purpose."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._cipher(self._newest).encrypt(nonce, plain, _bound_to(workspace_id, purpose))
        return f"v1.{self._newest}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, workspace_id: str, purpose: str, sealed: str) -> bytes:
        """Decrypt.

        :raises VaultError: it cannot be opened.
        """
        version, _, rest = sealed.partition(".")
        key_id, _, text = rest.rpartition(".")
        if version != "v1" or key_id not in self._ring:
            raise VaultError(f"no key {key_id!r} in the ring")
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        raw = base64.urlsafe_b64decode(text)
        try:
            return self._cipher(key_id).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound_to(workspace_id, purpose))
        except InvalidTag:
            raise VaultError("the sealed text was changed or moved") from None

    @functools.cache  # noqa: B019 - a vault lives as long as its host
    def _cipher(self, key_id: str) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - 6 MiB, at the first use

        return AESGCM(self._ring[key_id])


def development_key(beside: Path) -> str:
    """The key of a development host: a file beside its database, made at the first start, readable by its owner.

    :param beside: the database file; the key file has its name plus `.keys`.
    """
    path = beside.with_name(f"{beside.name}.keys")
    if not path.exists():
        _write_once(path, f"dev:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n")
    return path.read_text(encoding="ascii").strip()


def _write_once(path: Path, text: str) -> None:
    """Make a file that others see whole or not at all; the first of several processes wins."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def _parsed(key: str) -> tuple[str, bytes]:
    key_id, _, text = key.strip().partition(":")
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if not key_id or "." in key_id or len(raw) != KEY_BYTES:
        raise ConfigurationError(
            "ATTIBOOKS_ENCRYPTION_KEYS: each entry is key-id:base64 of 32 bytes, no dot in the id."
        )
    return key_id, raw


def _bound_to(workspace_id: str, purpose: str) -> bytes:
    return f"{workspace_id}|{purpose}".encode()
