from dataclasses import replace
from datetime import timedelta

import pytest

from attibooks_core.errors import (
    Down,
    InvalidDraft,
    OutcomeUnknown,
    PlanOutdated,
    RateLimited,
    ReconnectNeeded,
    Refused,
)
from attibooks_core.model import RecordRef, Submission
from attibooks_core.protocols import BatchJob
from attibooks_core.testing import Answer, FakeRun, MemoryInMemory


@pytest.fixture
def ws(workspace):
    return workspace({"memory": MemoryInMemory()})


class Books:
    """Batches of a company: each operation is done, unless a script for its number says otherwise."""

    def __init__(self, company):
        self.company = company
        self.faults = {}
        self.sent = []
        company.on("POST", "batch", self.answer)

    def answer(self, request):
        items = request.json()["BatchItemRequest"]
        self.sent.append(items)
        done = [self.faults.get((kind(item), item["bId"]), self.done)(item) for item in items]
        return Answer(
            {"BatchItemResponse": [d for d in reversed(done) if d], "time": "x"}, headers={"intuit_tid": "tid-1"}
        )

    def done(self, item):
        if "Customer" in item:
            made = {"Id": f"7{item['bId']}", "DisplayName": item["Customer"]["DisplayName"], "Active": True}
            return {"bId": item["bId"], "Customer": made}
        return {"bId": item["bId"], "Invoice": self.company.invoice(item["Invoice"], Id=f"20{item['bId']}")}

    def refuses(self, number, code, entity="Invoice", detail=""):
        error = {"Message": "Something", "Detail": detail, "code": str(code)}
        self.faults[entity, number] = lambda item: {
            "bId": item["bId"],
            "Fault": {"Error": [error], "type": "ValidationFault"},
        }

    def forgets(self, number):
        self.faults["Invoice", number] = lambda _: None

    def holds(self, *markers):
        """Invoices with these markers are in the books."""
        line = [{"Amount": 300}]
        self.company.rows["FROM Invoice"] = [
            {"Id": f"9{n}", "PrivateNote": f"AttiBooks {marker}", "TotalAmt": 300, "Balance": 300, "Line": line}
            for n, marker in enumerate(markers)
        ]

    @property
    def looks(self):
        return [s for s in self.company.statements if "FROM Invoice" in s]


def kind(item):
    return "Customer" if "Customer" in item else "Invoice"


@pytest.fixture
def books(company):
    return Books(company)


@pytest.fixture
def submit(backend, ws, draft):
    """Three new customers and their invoices; the intents' markers are `one`, `two` and `three`."""

    async def go(run=None, *, names=("Acme", "Bolt", "Cork")):
        run = run or FakeRun("batch")
        drafts = [
            draft(customer_name=name, source=RecordRef("companies", f"rec-{marker}"))
            for name, marker in zip(names, MARKERS, strict=True)
        ]
        facts = await backend.company(ws)
        found = await backend.resolve_many(ws, drafts)
        jobs = [
            BatchJob(
                backend.plan(ws.settings, d, facts, r, marker),
                d.source,
                FakeRun(marker, maybe_sent=run.maybe_sent, started_at=run.started_at),
            )
            for d, r, marker in zip(drafts, found, MARKERS, strict=True)
        ]
        return await backend.submit_many(ws, jobs, run)

    return go


MARKERS = ("one", "two", "three")


def ids(ends):
    return [e.invoice.id if isinstance(e, Submission) else type(e) for e in ends]


class TestAnswers:
    async def test_each_job_gets_its_own_invoice_whatever_the_order_of_the_answer(self, books, submit):
        assert ids(await submit()) == ["200", "201", "202"]
        customers, invoices = books.sent
        assert [i["Invoice"]["CustomerRef"]["value"] for i in invoices] == ["70", "71", "72"]
        assert [i["Customer"]["DisplayName"] for i in customers] == ["Acme", "Bolt", "Cork"]

    async def test_namesakes_are_made_once(self, books, submit):
        assert ids(await submit(names=("Acme", "acme", "Cork"))) == ["200", "201", "202"]
        customers, invoices = books.sent
        assert [i["Customer"]["DisplayName"] for i in customers] == ["Acme", "Cork"]
        assert [i["Invoice"]["CustomerRef"]["value"] for i in invoices] == ["70", "70", "72"]

    async def test_a_refused_invoice_hurts_no_other(self, books, submit):
        books.refuses("1", 6000, detail="Business Validation Error: No.")
        ends = await submit()
        assert ids(ends) == ["200", Refused, "202"]
        assert ends[1].reference == "tid-1"

    async def test_a_customer_that_is_gone_makes_its_plan_outdated(self, books, submit):
        books.refuses("2", 2500)
        assert ids(await submit()) == ["200", "201", PlanOutdated]

    async def test_a_customer_whose_name_a_vendor_has_is_refused_alone(self, books, submit, company):
        company.rows["FROM Vendor"] = [{"Id": "3", "DisplayName": "Acme"}]
        books.refuses("0", 6240, entity="Customer")
        assert ids(await submit()) == [InvalidDraft, "201", "202"]
        assert [item["bId"] for item in books.sent[1]] == ["1", "2"]

    async def test_a_customer_that_somebody_else_just_made_is_taken(self, books, submit, company):
        books.refuses("0", 6240, entity="Customer")
        rows = iter([[], [company.customer("Acme")], [company.customer("Acme")]])
        company.rows["FROM Customer"] = lambda _: next(rows)
        assert ids(await submit()) == ["200", "201", "202"]
        assert books.sent[1][0]["Invoice"]["CustomerRef"]["value"] == "58"

    async def test_throttled_operations_may_be_tried_again(self, books, submit):
        books.refuses("0", 3001)
        assert ids(await submit()) == [RateLimited, "201", "202"]


class TestDoubt:
    @pytest.mark.parametrize("code", [10000, 600])
    async def test_an_operation_without_a_clear_answer_is_looked_up(self, books, submit, code):
        books.refuses("1", code)
        books.holds("two")
        assert ids(await submit()) == ["200", "90", "202"]
        assert len(books.looks) == 1

    async def test_one_that_is_missing_in_the_answer_and_in_the_books_was_not_made(self, books, submit):
        books.forgets("1")
        assert ids(await submit()) == ["200", Down, "202"]
        assert len(books.looks) == 2, "a second look for a write of this moment"

    async def test_what_can_not_be_looked_up_is_unknown(self, books, submit, company):
        books.forgets("1")
        company.rows["FROM Invoice"] = Answer("", 503)
        ends = await submit()
        assert ids(ends) == ["200", OutcomeUnknown, "202"]

    async def test_a_batch_that_is_refused_as_such_goes_one_by_one(self, company, submit, refused):
        company.on("POST", "batch", refused(1040))
        ends = await submit()
        assert all(isinstance(end, Submission) for end in ends)
        assert len(company.calls("POST", "customer")) == 3
        assert len(company.calls("POST", "invoice")) == 3

    async def test_a_token_that_is_refused_says_so_to_all(self, company, submit, refused):
        company.on("POST", "batch", refused(3200, status=401))
        assert ids(await submit()) == [ReconnectNeeded] * 3


class TestLaterRuns:
    async def test_a_soon_repeat_is_the_same_call(self, books, submit, company, host):
        await submit()
        again = FakeRun("batch", maybe_sent=True, started_at=host.clock.now())
        assert ids(await submit(again)) == ["200", "201", "202"]
        first, second = company.calls("POST", "batch")[1:]
        assert first.body == second.body
        assert first.query == second.query
        assert books.looks == []

    async def test_a_late_repeat_looks_first_and_sends_what_is_not_there(self, books, submit, host):
        books.holds("one", "three")
        late = FakeRun("batch", maybe_sent=True, started_at=host.clock.now() - timedelta(minutes=11))
        assert ids(await submit(late)) == ["90", "201", "91"]
        assert [item["bId"] for item in books.sent[-1]] == ["1"]

    async def test_a_repeat_never_grows_by_a_customer_that_works_only_now(self, books, submit, company, host):
        company.rows["FROM Vendor"] = [{"Id": "3", "DisplayName": "Acme"}]
        books.refuses("0", 6240, entity="Customer")
        assert ids(await submit()) == [InvalidDraft, "201", "202"]
        books.faults.clear()
        again = FakeRun("batch", maybe_sent=True, started_at=host.clock.now())
        ends = await submit(again)
        assert [item["bId"] for item in books.sent[1]] == [item["bId"] for item in books.sent[-1]] == ["1", "2"]
        assert ids(ends) == ["145", "201", "202"], "the first one is made by a call of its own"

    async def test_a_refusal_of_a_repeat_says_nothing_of_the_call_before(self, books, company, submit, refused, host):
        await submit()
        books.holds(*MARKERS)
        company.on("POST", "batch", refused(3200, status=401))
        again = FakeRun("batch", maybe_sent=True, started_at=host.clock.now())
        assert ids(await submit(again)) == ["90", "91", "92"]


class TestLookingForCustomers:
    async def test_many_names_and_addresses_are_two_queries(self, backend, ws, draft, company):
        await backend.company(ws)
        drafts = [draft(customer_name=f"Name {n}", customer_email=f"{n}@acme.example") for n in range(100)]
        drafts = [replace(d, source=RecordRef("companies", f"rec-{n}")) for n, d in enumerate(drafts)]
        found = await backend.resolve_many(ws, drafts)
        assert {r.match.how for r in found} == {"new"}
        asked = [s for s in company.statements if "FROM Customer" in s]
        assert [s.partition(" IN ")[0].rpartition(" ")[2] for s in asked] == [
            "DisplayName",
            "DisplayName",
            "PrimaryEmailAddr",
        ]

    async def test_each_draft_finds_its_own_customer_among_all_rows(self, backend, ws, draft, company):
        shared = {"PrimaryEmailAddr": {"Address": "two@acme.example"}}
        asleep = {"Id": "3", "DisplayName": "Cork (deleted)", "Active": False}
        company.rows["DisplayName IN"] = [{"Id": "1", "DisplayName": "ACME", "Active": True}, asleep]
        company.rows["PrimaryEmailAddr IN"] = [{"Id": "2", "DisplayName": "Other", "Active": True, **shared}]
        names = [("Acme", None), ("Bolt", "Two@acme.example"), ("Cork", None), ("Dale", "four@acme.example")]
        drafts = [draft(customer_name=name, customer_email=email) for name, email in names]
        drafts = [replace(d, source=RecordRef("companies", f"rec-{n}")) for n, d in enumerate(drafts)]
        found = await backend.resolve_many(ws, drafts)
        assert [(r.match.how, r.match.id) for r in (found[0], found[1], found[3])] == [
            ("name", "1"),
            ("email", "2"),
            ("new", None),
        ]
        assert isinstance(found[2], InvalidDraft)
