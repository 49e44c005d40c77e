"""Many submissions in few calls: new customers in one batch, then the invoices in another.

A batch is sent under one request id, and request id and `bId` together name an operation (QuickBooks reference,
batch): so a batch whose answer is lost is sent again as it was. Each operation has a result of its own. What is still
unknown afterwards is looked up by its marker before anything is said about it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from attibooks_core.errors import AttiBooksError, InvalidDraft, PlanOutdated, Refused, Superseded
from attibooks_core.model import Submission, WireRequest
from attibooks_core.protocols import BatchJob, Clock, HttpReply, Run, WorkspaceContext
from attibooks_quickbooks.client import QuickBooksClient
from attibooks_quickbooks.faults import NoAnswer, refusal_of, vendor_code
from attibooks_quickbooks.lookup import LookUp
from attibooks_quickbooks.mapping import CUSTOMER, request_of, sent_value, with_customer
from attibooks_quickbooks.newcomers import Newcomers
from attibooks_quickbooks.refusals import DUPLICATE_NAME, DUPLICATE_NUMBER, DUPLICATE_REQUEST, GONE
from attibooks_quickbooks.submission import KEYS_LAST, Job, Submitter, job_of, lost, unknown
from attibooks_quickbooks.wire import BatchAnswer, BatchItem, Invoice

T = TypeVar("T")

BATCH_SIZE = 30
"""Most operations of a batch (QuickBooks reference, batch)."""

AT_ONCE = 8
"""Calls of a company under way at a time, where each invoice needs its own."""

CUSTOMERS, INVOICES = "cus", "inv"
"""The parts of a batched submission; short, as a batch's request id has 36 characters at most."""

_Result: TypeAlias = BatchItem | NoAnswer | AttiBooksError | None


@dataclass(slots=True)
class _Parcel:
    """One submission of many.

    :param number: its `bId`.
    :param end: how it ended; None while that is open.
    """

    number: str
    job: Job
    end: Invoice | NoAnswer | AttiBooksError | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing is known of its invoice yet."""
        return self.end is None


class BatchSubmitter:
    """Carries plans out, many at a time."""

    def __init__(self, client: QuickBooksClient, clock: Clock, alone: Submitter) -> None:
        self._client = client
        self._clock = clock
        self._alone = alone
        self._newcomers = Newcomers(client)
        self._look_up = LookUp(client, clock)

    async def submit_many(
        self, ws: WorkspaceContext, jobs: Sequence[BatchJob], run: Run
    ) -> list[Submission | AttiBooksError]:
        """See `BatchingBackend.submit_many`."""
        parcels = [_Parcel(str(n), job_of(ws, j.plan, j.source, j.run)) for n, j in enumerate(jobs)]
        if run.maybe_sent and self._clock.now() - run.started_at > KEYS_LAST:
            await self._find(parcels, run)
        await self._give_customers([p for p in parcels if p.is_open], run)
        await self._make_invoices([p for p in parcels if p.is_open], run, len(parcels))
        return await few_at_once([self._finished(parcel) for parcel in parcels])

    async def _finished(self, parcel: _Parcel) -> Submission | AttiBooksError:
        if isinstance(parcel.end, Invoice):
            try:
                return await self._alone.finished(parcel.job, await self._alone.current(parcel.job, parcel.end))
            except AttiBooksError as error:
                return error
        if isinstance(parcel.end, AttiBooksError):
            return parcel.end
        return lost(parcel.end.reference if parcel.end else None)

    # -- customers

    async def _give_customers(self, parcels: Sequence[_Parcel], run: Run) -> None:
        """Every open parcel has its customer afterwards, and the record is linked to it, or is refused."""
        for parcel in parcels:
            if parcel.job.customer_id is None and run.maybe_sent:
                parcel.job.customer_id = await self._alone.linked_by_earlier_run(parcel.job)
        await self._make_customers([p for p in parcels if p.job.customer_id is None], run)
        for parcel in parcels:
            if parcel.job.customer_id is not None:
                await self._alone.remember(parcel.job, parcel.job.customer_id)
            elif parcel.is_open:
                parcel.end = PlanOutdated("The prepared invoice names no customer. Try again.")

    async def _make_customers(self, parcels: Sequence[_Parcel], run: Run) -> None:
        groups: dict[tuple[str, str | None], list[_Parcel]] = {}
        for parcel in parcels:
            if (request := request_of(parcel.job.plan, CUSTOMER)) is not None:
                name, currency = sent_value(request, "DisplayName"), sent_value(request, "CurrencyRef", "value")
                groups.setdefault(((name or "").casefold(), currency), []).append(parcel)
        firsts = [group[0] for group in groups.values()]
        if not firsts:
            return
        results = await self._sent(firsts, run, CUSTOMERS, "Customer", lambda p: _body(p.job, CUSTOMER))
        await few_at_once([self._settle_customer(p, result) for p, result in zip(firsts, results, strict=True)])
        for first, *others in groups.values():
            for other in others:
                other.job.customer_id, other.end = first.job.customer_id, first.end

    async def _settle_customer(self, parcel: _Parcel, result: _Result) -> None:
        try:
            parcel.job.customer_id = await self._customer_of(parcel.job, result)
        except AttiBooksError as error:
            parcel.end = error

    async def _customer_of(self, job: Job, result: _Result) -> str:
        request = request_of(job.plan, CUSTOMER)
        assert request is not None
        if isinstance(result, BatchItem) and result.customer is not None:
            return result.customer.id
        if isinstance(result, NoAnswer):
            return await self._newcomers.after_silence(job.access, job.plan, request, result)
        if isinstance(result, AttiBooksError):
            if vendor_code(result) not in {DUPLICATE_NAME, DUPLICATE_REQUEST}:
                raise result
            return await self._newcomers.namesake(job.access, job.plan, request, result)
        return await self._newcomers.make(job.access, job.plan, request, job.run)

    # -- invoices

    async def _make_invoices(self, parcels: Sequence[_Parcel], run: Run, total: int) -> None:
        if not parcels:
            return
        together = await self._as_before(parcels, run, total)
        if together:
            results = await self._sent(together, run, INVOICES, "Invoice", _invoice_body)
            for parcel, result in zip(together, results, strict=True):
                parcel.end = result.invoice if isinstance(result, BatchItem) else result
            await self._look_up_doubtful(together, run)
        await few_at_once([self._settle_refusal(p) for p in together if isinstance(p.end, AttiBooksError)])
        await few_at_once([self._make_alone(p) for p in parcels if p.is_open])

    async def _as_before(self, parcels: Sequence[_Parcel], run: Run, total: int) -> Sequence[_Parcel]:
        """Those that an earlier run sent together, if it lacked some of the customers that are known now."""
        memory, key = parcels[0].job.ws.memory, f"batch:{run.request_id(INVOICES)}"
        if run.maybe_sent:
            kept = await memory.recall(key)
            return parcels if kept is None else [p for p in parcels if p.number in kept.split()]
        if len(parcels) < total:
            await memory.remember(key, " ".join(p.number for p in parcels))
        return parcels

    async def _look_up_doubtful(self, parcels: Sequence[_Parcel], run: Run) -> None:
        """Look up what may be there in spite of what was said, all at once."""
        doubtful = [p for p in parcels if _is_doubtful(p, run)]
        if not doubtful:
            return
        said = {p.number: p.end for p in doubtful}
        try:
            late = any(isinstance(end, NoAnswer) for end in said.values())
            await self._find(doubtful, run, late=late)
        except AttiBooksError as failure:
            for parcel in doubtful:
                reference = getattr(parcel.end, "reference", None) or run.request_id(INVOICES)
                parcel.end = unknown(reference, failure)
            return
        for parcel in doubtful:
            if isinstance(parcel.end, NoAnswer):
                parcel.end = parcel.end.refusal or lost(parcel.end.reference)

    async def _find(self, parcels: Sequence[_Parcel], run: Run, *, late: bool = False) -> None:
        """Give the parcels whose invoices are there already their invoices."""
        notes = [p.job.note for p in parcels]
        find = self._look_up.find_all_late if late else self._look_up.find_all
        found = await find(parcels[0].job.access, run, notes)
        for parcel in parcels:
            parcel.job.looked_up = True
            parcel.end = found.get(parcel.job.note, parcel.end)

    async def _settle_refusal(self, parcel: _Parcel) -> None:
        """A refusal that means more than it says: the customer is gone, or the number is our own."""
        error = parcel.end
        assert isinstance(error, AttiBooksError)
        try:
            if vendor_code(error) in GONE:
                await self._alone.outdated(parcel.job, error)
            if vendor_code(error) == DUPLICATE_NUMBER and (other := error.details.get("transaction_id")):
                parcel.end = await self._alone.if_ours(parcel.job, other) or error
        except AttiBooksError as failure:
            parcel.end = failure

    async def _make_alone(self, parcel: _Parcel) -> None:
        try:
            parcel.end = await self._alone.made(parcel.job)
        except AttiBooksError as error:
            parcel.end = error

    # -- one batch

    async def _sent(
        self, parcels: Sequence[_Parcel], run: Run, part: str, entity: str, body_of: Callable[[_Parcel], str]
    ) -> Sequence[_Result]:
        """The result of each operation; None of each when QuickBooks refuses the batch as such, for whatever reason.

        :raises Superseded: the fence did.
        """
        access = parcels[0].job.access
        body = ",".join(f'{{"bId":"{p.number}","operation":"create","{entity}":{body_of(p)}}}' for p in parcels)
        request = WireRequest(part, "POST", f"{access.company_path}/batch", f'{{"BatchItemRequest":[{body}]}}')
        try:
            answer = await self._client.write(
                access, request, BatchAnswer, request_id=run.request_id(part), fence=run.fence
            )
        except Superseded:
            raise
        except (Refused, InvalidDraft):
            return [None] * len(parcels)
        except (NoAnswer, AttiBooksError) as error:
            return [error] * len(parcels)
        return self._results(answer, parcels, entity)

    def _results(self, answer: BatchAnswer, parcels: Sequence[_Parcel], entity: str) -> list[_Result]:
        items = {item.number: item for item in answer.batch_item_response}
        return [self._result(items.get(p.number), entity, answer.reference) for p in parcels]

    def _result(self, item: BatchItem | None, entity: str, reference: str | None) -> _Result:
        if item is not None and getattr(item, entity.lower()) is not None:
            return item
        fault = bytes(item.fault) if item is not None else b""
        headers = {"intuit_tid": reference} if reference else {}
        refusal = refusal_of(HttpReply(400, headers, b'{"Fault":' + fault + b"}"), self._clock.now()) if fault else None
        return refusal or NoAnswer("QuickBooks left one of several operations unanswered.", reference=reference)


def _is_doubtful(parcel: _Parcel, run: Run) -> bool:
    """Whether its invoice may be there in spite of what was said of it."""
    if isinstance(parcel.end, NoAnswer):
        return True
    if isinstance(parcel.end, AttiBooksError) and vendor_code(parcel.end) == DUPLICATE_REQUEST:
        return True
    return run.maybe_sent and not isinstance(parcel.end, Invoice) and not parcel.job.looked_up


def _body(job: Job, part: str) -> str:
    request = request_of(job.plan, part)
    assert request is not None
    return request.body


def _invoice_body(parcel: _Parcel) -> str:
    return with_customer(parcel.job.request.body, parcel.job.customer_id or "")


async def few_at_once(calls: Iterable[Awaitable[T]]) -> list[T]:
    """The results of all calls, a few at a time; an error that a call returns is a result."""
    places = asyncio.Semaphore(AT_ONCE)

    async def placed(call: Awaitable[T]) -> T:
        async with places:
            return await call

    return await asyncio.gather(*(placed(call) for call in calls))
