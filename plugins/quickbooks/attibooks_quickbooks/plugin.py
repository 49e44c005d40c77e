"""What the host loads: this module is the plugin."""

from collections.abc import Iterable

from attibooks_core.hookspecs import hookimpl
from attibooks_core.protocols import AccountingBackend, HostServices
from attibooks_core.settings import SettingsField
from attibooks_quickbooks.backend import QuickBooksBackend
from attibooks_quickbooks.settings import FIELDS, QuickBooksHostSettings

attibooks_api = (1, 0)


@hookimpl
def register_accounting_backends(host: HostServices) -> Iterable[AccountingBackend]:
    """Offer QuickBooks Online.

    :raises ConfigurationError: one of the addresses in `ATTIBOOKS_QUICKBOOKS__*` cannot be used.
    """
    settings = host.plugin_settings("quickbooks", QuickBooksHostSettings)
    return [QuickBooksBackend(host.http, host.clock, settings)]


@hookimpl
def register_settings_fields() -> Iterable[SettingsField]:
    """Declare what a workspace can set for QuickBooks (contract, settings keys)."""
    return FIELDS
