"""Attio's part in the hooks: reader, writeback target, record store and app gateway over one client."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from attibooks_attio.client import AttioClient
from attibooks_attio.gateway import AttioGateway
from attibooks_attio.reader import AttioReader
from attibooks_attio.schema import Schema
from attibooks_attio.settings import AttioHostSettings
from attibooks_attio.store import AttioRecordStore
from attibooks_attio.writeback import AttioWriteback
from attibooks_core.capabilities import RecordStore
from attibooks_core.hookspecs import hookimpl
from attibooks_core.protocols import AppGateway, HostServices, RecordReader, WritebackTarget


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one host gets; all share what is kept of a workspace, so that the gateway can drop all of it."""

    host: HostServices
    reader: AttioReader
    writeback: AttioWriteback
    store: AttioRecordStore
    gateway: AttioGateway

    @classmethod
    def assemble(cls, host: HostServices) -> Self:
        """Build the parts.

        :raises ConfigurationError: a setting is missing or wrong.
        """
        settings = host.plugin_settings("attio", AttioHostSettings)
        settings.check(production=host.production)
        client = AttioClient(host.http, host.clock, settings.api_url)
        schema = Schema(client, host.clock)
        return cls(
            host=host,
            reader=AttioReader(client, schema),
            writeback=AttioWriteback(client, schema),
            store=AttioRecordStore(client, schema),
            gateway=AttioGateway(host.http, client, schema, settings, host.clock),
        )


class AttioPlugin:
    """The plugin; hooks are called host by host, so it keeps the parts of the host that asked last."""

    attibooks_api = (1, 0)

    def __init__(self) -> None:
        self._latest: _Parts | None = None

    @hookimpl
    def register_record_readers(self, host: HostServices) -> Iterable[RecordReader]:
        """Offer the reader of Attio's records."""
        return [self._parts(host).reader]

    @hookimpl
    def register_writeback_targets(self, host: HostServices) -> Iterable[WritebackTarget]:
        """Offer the writer of Attio's records."""
        return [self._parts(host).writeback]

    @hookimpl
    def register_record_stores(self, host: HostServices) -> Iterable[RecordStore]:
        """Offer Attio's objects to plugins that keep records of their own."""
        return [self._parts(host).store]

    @hookimpl
    def register_app_gateways(self, host: HostServices) -> Iterable[AppGateway]:
        """Offer the gateway for the app inside Attio."""
        return [self._parts(host).gateway]

    def _parts(self, host: HostServices) -> _Parts:
        if self._latest is None or self._latest.host is not host:
            self._latest = _Parts.assemble(host)
        return self._latest


plugin = AttioPlugin()
