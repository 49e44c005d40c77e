"""What the host loads: this module is the plugin."""

from collections.abc import Iterable

from attibooks_core.capabilities import InvoiceStore
from attibooks_core.hookspecs import hookimpl
from attibooks_core.protocols import HostServices
from attibooks_invoice_object.store import InvoiceObjectStore

attibooks_api = (1, 0)


@hookimpl
def register_invoice_stores(host: HostServices) -> Iterable[InvoiceStore]:
    """Offer the invoice object."""
    del host
    return [InvoiceObjectStore()]
