"""What is sealed opens for its workspace and purpose only."""

import base64
import os
import stat

import pytest

from attibooks_core.errors import ConfigurationError
from attibooks_core.storage.vault import Vault, VaultError, development_key

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()


def test_a_sealed_text_opens_again():
    vault = Vault([NEW])
    sealed = vault.seal("ws", "payload", "Müller".encode())
    assert "Müller" not in sealed
    assert vault.open("ws", "payload", sealed).decode() == "Müller"


@pytest.mark.parametrize(("workspace", "purpose"), [("other", "payload"), ("ws", "answer")])
def test_a_sealed_text_that_was_moved_stays_shut(workspace, purpose):
    vault = Vault([NEW])
    with pytest.raises(VaultError):
        vault.open(workspace, purpose, vault.seal("ws", "payload", b"secret"))


def test_a_changed_text_stays_shut():
    vault = Vault([NEW])
    sealed = vault.seal("ws", "payload", b"secret")
    changed = sealed[:-5] + ("A" if sealed[-5] != "A" else "B") + sealed[-4:]
    with pytest.raises(VaultError):
        vault.open("ws", "payload", changed)


def test_old_keys_still_open_and_the_first_one_seals():
    sealed = Vault([OLD]).seal("ws", "p", b"x")
    ring = Vault([NEW, OLD])
    assert ring.open("ws", "p", sealed) == b"x"
    assert ring.seal("ws", "p", b"x").startswith("v1.new.")


def test_without_its_key_a_text_stays_shut():
    with pytest.raises(VaultError, match="no key 'old'"):
        Vault([NEW]).open("ws", "p", Vault([OLD]).seal("ws", "p", b"x"))


@pytest.mark.parametrize(
    "key", ["", "nocolon", "k:short", "k:" + "!" * 44, "a.b:" + base64.b64encode(b"n" * 32).decode()]
)
def test_a_malformed_key_is_named_without_its_value(key):
    with pytest.raises(ConfigurationError) as refused:
        Vault([key])
    assert "ENCRYPTION_KEYS" in str(refused.value)
    assert "!!!!" not in str(refused.value)


def test_a_development_host_makes_its_key_once(tmp_path):
    first = development_key(tmp_path / "attibooks.db")
    assert development_key(tmp_path / "attibooks.db") == first
    assert stat.S_IMODE(os.stat(tmp_path / "attibooks.db.keys").st_mode) == 0o600
    Vault([first])
