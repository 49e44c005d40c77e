"""Writes the records of invoices, and reads them back."""

from collections.abc import Mapping, Sequence

from attibooks_core.capabilities import RecordStore
from attibooks_core.errors import NotFound, Refused
from attibooks_core.lifecycle import InvoiceEntry, SetupReport, StoreValue
from attibooks_core.model import CrmRecord, InvoiceStatus, RecordRef
from attibooks_core.protocols import WorkspaceContext
from attibooks_core.settings import Settings
from attibooks_invoice_object.conflicts import SLUG_KEY
from attibooks_invoice_object.provisioning import Setup
from attibooks_invoice_object.schema import COMPANY, DEFAULT_SLUG, KEY, SOURCE, STATUS, values_of

SWITCH = "store_invoices_as_records"
LINKS = frozenset({SOURCE, COMPANY})


class InvoiceObjectStore:
    """Keeps every invoice as a record of the invoice object; implements `capabilities.InvoiceStore`."""

    key = "invoice_object"

    def object_slug(self, settings: Settings) -> str | None:
        """Slug of the object; None when `store_invoices_as_records` is off."""
        return _slug(settings) if settings.flag(SWITCH) else None

    async def set_up(self, ws: WorkspaceContext, records: RecordStore) -> SetupReport:
        """Make what is missing, change nothing that is there (see `capabilities.InvoiceStore`)."""
        return await Setup(ws, records, _slug(ws.settings)).run()

    async def store(self, ws: WorkspaceContext, records: RecordStore, entry: InvoiceEntry) -> RecordRef:
        """Write the record of an invoice: one call.

        Only a refusal makes it more: a link to a record that is gone, or that the attribute may not point at, is left
        out, for the rest must not be lost with it. A deleted invoice shows as `Voided` where the select has no
        `Deleted` (X15).

        :raises NotFound: code `setup_needed`.
        """
        slug, values = _slug(ws.settings), values_of(entry)
        while True:
            try:
                return await records.upsert(ws, slug, KEY, values)
            except NotFound as missing:
                raise _setup_needed(missing) from None
            except Refused as refusal:
                less = _less(values, refusal)
                if less is None and refusal.details.get("slug") in {KEY, STATUS}:
                    raise _setup_needed(refusal) from None
                if less is None:
                    raise
                values = less

    async def read_back(self, ws: WorkspaceContext, records: RecordStore, keys: Sequence[str]) -> Sequence[CrmRecord]:
        """The records of these invoices; those without one are left out.

        :raises NotFound: code `setup_needed`.
        """
        try:
            return await records.find(ws, _slug(ws.settings), KEY, keys)
        except NotFound as missing:
            raise _setup_needed(missing) from None


def _slug(settings: Settings) -> str:
    return settings.text(SLUG_KEY) or DEFAULT_SLUG


def _less(values: Mapping[str, StoreValue], refusal: Refused) -> dict[str, StoreValue] | None:
    """What to write instead of what was refused; None when nothing can be left out."""
    about = refusal.details.get("slug")
    links = {slug for slug in LINKS & values.keys() if about in {None, slug}}
    if links:
        return {slug: value for slug, value in values.items() if slug not in links}
    if about in {None, STATUS} and values[STATUS] == InvoiceStatus.DELETED:
        return {**values, STATUS: InvoiceStatus.VOIDED.value}
    return None


def _setup_needed(cause: Refused) -> NotFound:
    """The one error for everything that Run Setup mends; the same for every invoice (product rows 98, 100)."""
    return NotFound(
        "The invoice object is not complete, so invoices are not stored as records. "
        "Press Run Setup in the app's settings, section 7.",
        code="setup_needed",
        reference=cause.reference,
        details=cause.details,
    )
