"""A vault."""

import pytest

from attibooks_core.storage.vault import Vault

KEY = "k1:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


@pytest.fixture
def vault() -> Vault:
    """A vault with one key."""
    return Vault([KEY])
