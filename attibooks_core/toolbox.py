"""For commands of plugins: what a plugin gets from a host, without a host around it."""

from collections.abc import Iterator
from contextlib import contextmanager

from attibooks_core.clock import SystemClock
from attibooks_core.host import Services, services_of
from attibooks_core.host_settings import HostSettings, load_host_settings
from attibooks_core.http import HttpPool
from attibooks_core.storage.engine import Database


@contextmanager
def services(settings: HostSettings | None = None) -> Iterator[Services]:
    """The host's services, by its own settings. Nothing is opened before it is used.

    What was asked over HTTP has to be closed in the event loop that asked: `await services.http.close()`.

    :raises ConfigurationError: a setting is wrong.
    """
    settings = settings or load_host_settings()
    database = Database(settings.database_url)
    try:
        yield services_of(
            settings, SystemClock(settings.clock_offset_seconds), HttpPool(user_agent="AttiBooks"), database
        )
    finally:
        database.close()


__all__ = ["services"]
