"""Finding the invoice of an intent whose answer was lost, by the marker in its private note.

The note cannot be queried, so invoices made since the intent began are read and compared here (QuickBooks reference,
query).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from attibooks_core.errors import AttiBooksError
from attibooks_core.protocols import Clock, Run
from attibooks_quickbooks import query
from attibooks_quickbooks.client import Access, QuickBooksClient
from attibooks_quickbooks.faults import vendor_code
from attibooks_quickbooks.mapping import carries
from attibooks_quickbooks.refusals import NOT_FOUND, no_invoice
from attibooks_quickbooks.wire import Invoice

T = TypeVar("T")

MARGIN = timedelta(hours=1)
"""How far our clock and QuickBooks' may be apart."""

PAGE = 200
SECOND_LOOK_SECONDS = 3.0
"""A write whose answer was lost may still be under way in QuickBooks: look again after this."""


async def read_invoice(client: QuickBooksClient, access: Access, invoice_id: str, answer: type[T]) -> T:
    """The answer about one invoice.

    :raises NotFound: code `invoice_not_found`; also for an id that can be none.
    """
    if not (invoice_id.isascii() and invoice_id.isdigit()):
        raise no_invoice(invoice_id)
    try:
        return await client.read(access, f"invoice/{invoice_id}", answer)
    except AttiBooksError as error:
        if vendor_code(error) == NOT_FOUND:
            raise no_invoice(invoice_id, error) from error
        raise


class LookUp:
    """Looks for invoices by their marker."""

    def __init__(self, client: QuickBooksClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def find(self, access: Access, run: Run, note: str, customer_id: str | None) -> Invoice | None:
        """The invoice that carries the note, or None: then there is none.

        :param customer_id: looks only among this customer's invoices, when it is known.
        :raises AttiBooksError: QuickBooks could not be asked to the end.
        """
        return (await self.find_all(access, run, [note], customer_id)).get(note)

    async def find_all(
        self, access: Access, run: Run, notes: Sequence[str], customer_id: str | None = None
    ) -> dict[str, Invoice]:
        """The invoices that carry one of the notes, by note; what is not in it is not there.

        :raises AttiBooksError: QuickBooks could not be asked to the end.
        """
        found: dict[str, Invoice] = {}
        start, seen = 1, PAGE
        while seen == PAGE and len(found) < len(notes):
            statement = query.invoices_since(run.started_at - MARGIN, customer_id, start, PAGE)
            rows = (await self._client.query(access, statement)).invoice
            for note in notes:
                mine = next((i for i in rows if carries(i, note)), None)
                found.update({} if mine is None else {note: mine})
            start, seen = start + PAGE, len(rows)
        return found

    async def find_late(self, access: Access, run: Run, note: str, customer_id: str | None) -> Invoice | None:
        """The same for a write of this very moment: looks twice, because it may still be under way."""
        found = await self.find(access, run, note, customer_id)
        if found is None:
            await self._clock.sleep(SECOND_LOOK_SECONDS)
            found = await self.find(access, run, note, customer_id)
        return found

    async def find_all_late(self, access: Access, run: Run, notes: Sequence[str]) -> dict[str, Invoice]:
        """The same for many writes of this very moment."""
        found = await self.find_all(access, run, notes)
        if len(found) < len(notes):
            await self._clock.sleep(SECOND_LOOK_SECONDS)
            found = await self.find_all(access, run, notes)
        return found
