"""A migrated database of each kind."""

from collections.abc import Iterator

import pytest

from attibooks_core.storage.engine import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Empty tables."""
    opened = Database(database_url)
    yield opened
    opened.close()
