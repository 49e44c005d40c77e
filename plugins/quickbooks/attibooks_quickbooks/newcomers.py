"""Making the customer that a plan calls new, so that two makers end up with one customer."""

import asyncio
from weakref import WeakValueDictionary

from attibooks_core.errors import AttiBooksError, Down
from attibooks_core.model import Problem, SubmissionPlan, WireRequest
from attibooks_core.protocols import Run
from attibooks_quickbooks import query
from attibooks_quickbooks.client import Access, QuickBooksClient
from attibooks_quickbooks.company import together
from attibooks_quickbooks.customers import pick_by_name
from attibooks_quickbooks.faults import NoAnswer, vendor_code
from attibooks_quickbooks.likeness import candidates_of
from attibooks_quickbooks.mapping import CUSTOMER, sent_value
from attibooks_quickbooks.names import INACTIVE, as_customer, in_currency, same_name, shown
from attibooks_quickbooks.obstacles import refusal
from attibooks_quickbooks.refusals import DUPLICATE_NAME, DUPLICATE_REQUEST
from attibooks_quickbooks.wire import Customer, CustomerAnswer


class Newcomers:
    """Makes customers: one at a time per company and name in this process; elsewhere QuickBooks' own check decides."""

    def __init__(self, client: QuickBooksClient) -> None:
        self._client = client
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def make(self, access: Access, plan: SubmissionPlan, request: WireRequest, run: Run) -> str:
        """Id of the customer that the request describes, made now or found because somebody else was faster.

        :raises InvalidDraft: a vendor, an employee or an inactive customer holds the name.
        :raises Down: no answer came, and no such customer is there.
        """
        name = sent_value(request, "DisplayName") or ""
        key = (access.account, name.casefold())
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            try:
                answer = await self._client.write(
                    access, request, CustomerAnswer, request_id=run.request_id(CUSTOMER), fence=run.fence
                )
            except NoAnswer as lost:
                return await self.after_silence(access, plan, request, lost)
            except AttiBooksError as error:
                if vendor_code(error) not in {DUPLICATE_NAME, DUPLICATE_REQUEST}:
                    raise
                return await self.namesake(access, plan, request, error)
        return answer.customer.id

    async def after_silence(self, access: Access, plan: SubmissionPlan, request: WireRequest, lost: NoAnswer) -> str:
        """The name decides: a customer of it is ours, or as good as ours. Without one nothing was made."""
        if lost.refusal is not None and vendor_code(lost.refusal) == DUPLICATE_NAME:
            return await self.namesake(access, plan, request, lost.refusal)
        found, _ = await self._called(access, plan, request)
        if found is None:
            raise lost.refusal or lost.as_down()
        return found.id

    async def namesake(self, access: Access, plan: SubmissionPlan, request: WireRequest, error: AttiBooksError) -> str:
        """Id of the customer that has the name already, as QuickBooks said (see `make`)."""
        found, like = await self._called(access, plan, request)
        if found is not None:
            return found.id
        if vendor_code(error) == DUPLICATE_REQUEST:
            raise Down("QuickBooks has not finished making the customer. Try again in a few minutes.")
        name = sent_value(request, "DisplayName") or ""
        held = _held(name, await self._holder(access, name))
        raise refusal([held], cause=error, candidates=candidates_of(like, name, None, None)) from error

    async def _called(
        self, access: Access, plan: SubmissionPlan, request: WireRequest
    ) -> tuple[Customer | None, list[Customer]]:
        """The customer of the name, or one whose name says that it is the same, and all that QuickBooks showed."""
        name, currency = sent_value(request, "DisplayName") or "", sent_value(request, "CurrencyRef", "value")
        others = [name + INACTIVE, as_customer(name), *([in_currency(name, currency)] if currency else [])]
        same, like = await together(  # apart: only of `=` it is documented that it does not look at case
            self._client.query(access, query.customers_called(name)),
            self._client.query(access, query.customers_named(others)),
        )
        rows = list({c.id: c for c in (*same.customer, *like.customer)}.values())
        renamed = (c for c in rows if c.active and same_name(c.display_name, as_customer(name)) and _fits(c, currency))
        return pick_by_name(rows, name, currency, plan.currency) or next(renamed, None), rows

    async def _holder(self, access: Access, name: str) -> str:
        vendors, employees = await together(
            self._client.query(access, query.holders_of("Vendor", name)),
            self._client.query(access, query.holders_of("Employee", name)),
        )
        if vendors.vendor:
            return "A vendor"
        return "An employee" if employees.employee else "Another customer, vendor or employee"


def _fits(customer: Customer, currency: str | None) -> bool:
    return currency is None or customer.currency in {None, currency}


def _held(name: str, holder: str) -> Problem:
    return Problem(
        "customer_name",
        "name_taken",
        f"{holder} in QuickBooks already has the name “{shown(name)}”.",
        f"Make a customer “{shown(as_customer(name))}” in QuickBooks, which will then be used, or rename the record.",
    )
