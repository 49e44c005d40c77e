import asyncio
import json
import threading
import time
from dataclasses import replace
from decimal import Decimal

import pytest

from attibooks_core.errors import (
    AccountMismatch,
    Down,
    InvalidDraft,
    NotConnected,
    NotFound,
    PlanOutdated,
    ReconnectNeeded,
    Refused,
    Superseded,
)
from attibooks_core.model import InvoiceStatus, Provenance, RecordRef, Source
from attibooks_core.testing import Answer, FakeRun, MemoryInMemory

REALM = "9130001234567890"
KEY = "customer:companies:rec-71"


@pytest.fixture
def memory():
    return MemoryInMemory()


@pytest.fixture
def ws(workspace, memory):
    return workspace({"memory": memory})


def linked(memory, customer_id="58", currency="USD"):
    memory.kept[KEY] = json.dumps({"id": customer_id, "currency": currency})


class TestCalls:
    async def test_a_cold_create_after_check_status_takes_four_calls(self, backend, company, ws, draft, create):
        await backend.check_connection(ws)
        before = len(company.traffic)
        await create(ws, draft())
        calls = company.traffic[before:]
        assert sorted(calls[:2]) == ["POST query", "POST query"]
        assert calls[2:] == ["POST customer", "POST invoice"]

    async def test_a_warm_create_takes_one_call(self, company, ws, draft, create):
        await create(ws, draft())
        before = len(company.traffic)
        await create(ws, draft(), FakeRun("intent0002"), "intent0002")
        assert company.traffic[before:] == ["POST invoice"]

    async def test_a_warm_create_with_an_address_takes_two(self, company, workspace, memory, draft, create):
        ws = workspace({"memory": memory}, send_invoice_email=True)
        await create(ws, draft(customer_email="pay@acme.example"))
        before = len(company.traffic)
        await create(ws, draft(customer_email="pay@acme.example"), FakeRun("intent0002"), "intent0002")
        assert company.traffic[before:] == ["POST invoice", "POST invoice/145/send"]


class TestInvoice:
    async def test_it_is_told_as_quickbooks_answered(self, company, ws, draft, create):
        submission = await create(ws, draft())
        made = submission.invoice
        assert (made.id, made.number, made.status, made.version) == ("145", "1038", InvoiceStatus.OPEN, "0")
        assert (made.total, made.currency, made.customer_id) == (Decimal(300), "USD", "58")
        assert made.url == "https://app.sandbox.qbo.intuit.com/app/invoice?txnId=145"
        assert made.books.company_id == REALM
        assert submission.warnings == ()

    async def test_each_write_has_its_own_key_and_is_fenced(self, company, ws, draft, create):
        run = FakeRun()
        await create(ws, draft(), run)
        assert company.calls("POST", "customer")[0].query["requestid"] == "intent0001-customer"
        assert company.calls("POST", "invoice")[0].query["requestid"] == "intent0001-invoice"
        assert run.fences == 2

    async def test_the_planned_bytes_cross_the_wire(self, backend, company, ws, draft, memory):
        linked(memory)
        plan = backend.plan(
            ws.settings, draft(), await backend.company(ws), await backend.resolve(ws, draft()), "intent0001"
        )
        await backend.submit(ws, plan, draft().source, FakeRun())
        assert company.calls("POST", "invoice")[0].body.decode() == plan.requests[0].body

    async def test_the_new_customer_takes_the_place_of_new(self, company, ws, draft, create):
        await create(ws, draft())
        assert company.calls("POST", "invoice")[0].json()["CustomerRef"] == {"value": "58"}

    async def test_a_superseded_run_writes_nothing(self, company, ws, draft, create):
        with pytest.raises(Superseded):
            await create(ws, draft(), FakeRun(superseded=True))
        assert company.calls("POST", "customer") == company.calls("POST", "invoice") == []

    async def test_another_total_is_a_warning(self, company, ws, draft, create):
        company.on("POST", "invoice", lambda r: Answer({"Invoice": company.invoice(r.json(), TotalAmt=299.99)}))
        (warning,) = (await create(ws, draft())).warnings
        assert (warning.code, warning.severity) == ("total_differs", "warning")
        assert "299.99 USD" in warning.message
        assert "300.00" in warning.message

    async def test_tax_is_no_difference(self, company, ws, draft, create):
        def taxed(request):
            return Answer({"Invoice": company.invoice(request.json(), TotalAmt=360.0, TxnTaxDetail={"TotalTax": 60.0})})

        company.on("POST", "invoice", taxed)
        submission = await create(ws, draft())
        assert (submission.invoice.total, submission.warnings) == (Decimal(360), ())

    async def test_a_company_that_numbers_by_hand_shows_the_id(self, company, ws, draft, create):
        def unnumbered(request):
            made = company.invoice(request.json())
            return Answer({"Invoice": {k: v for k, v in made.items() if k != "DocNumber"}})

        company.on("POST", "invoice", unnumbered)
        made = (await create(ws, draft())).invoice
        assert (made.number, made.label) == (None, "145")

    async def test_nothing_is_ever_deleted_or_voided(self, company, ws, draft, create):
        await create(ws, draft())
        assert {r.method for r in company.server.seen} == {"GET", "POST"}
        assert not any("operation" in r.query for r in company.server.seen)


class TestLink:
    async def test_a_new_customer_is_linked_before_the_invoice(self, company, ws, draft, create, memory, refused):
        """Row 111: the customer is linked as it is made; the next try finds it."""
        company.on("POST", "invoice", refused(6000, "Business Validation Error", "no"))
        with pytest.raises(Refused):
            await create(ws, draft())
        assert json.loads(memory.kept[KEY]) == {"id": "58", "currency": "USD"}

    async def test_a_customer_found_by_name_is_linked(self, company, ws, draft, create, memory):
        company.rows["FROM Customer"] = [company.customer("Acme", Id="61")]
        await create(ws, draft())
        assert json.loads(memory.kept[KEY])["id"] == "61"

    async def test_a_link_that_stands_is_not_written_again(self, company, workspace, draft, create):
        class Counting(MemoryInMemory):
            written = 0

            async def remember(self, key, value):
                self.written += 1
                await super().remember(key, value)

        memory = Counting()
        company.rows["FROM Customer"] = [company.customer("Acme")]
        written = {"customer.name": Provenance(Source.USER, None, "Acme")}
        for number, changed in enumerate([{}, {}, {"provenance": written}]):
            await create(workspace({"memory": memory}), draft(**changed), FakeRun(f"i{number}"), f"m{number}")
        assert memory.written == 1

    async def test_the_next_try_after_a_refusal_makes_no_second_customer(
        self, company, ws, draft, create, memory, refused
    ):
        company.on("POST", "invoice", [refused(6000, "x", "no"), Answer({"Invoice": {"Id": "145", "TotalAmt": 300}})])
        with pytest.raises(Refused):
            await create(ws, draft())
        await create(ws, draft(), FakeRun("intent0002"), "intent0002")
        assert len(company.calls("POST", "customer")) == 1

    @pytest.mark.parametrize("code", [610, 2500, 6250])
    async def test_a_customer_that_is_gone_is_forgotten_and_the_plan_is_outdated(
        self, backend, company, ws, draft, create, memory, refused, tid, code
    ):
        linked(memory)
        await create(ws, draft())
        company.on("POST", "invoice", refused(code, "Object Not Found", "Object Not Found : made inactive"))
        with pytest.raises(PlanOutdated) as caught:
            await create(ws, draft(), FakeRun("intent0002"), "intent0002")
        assert caught.value.reference == tid
        assert KEY not in memory.kept
        before = len(company.traffic)
        company.rows["FROM Customer"] = [company.customer("Acme", Id="77")]
        company.rows["FROM Item"] = [{"Id": "20", "Name": "Services", "Active": True, "Type": "Service"}]
        found = await backend.resolve(ws, draft())
        assert (found.match.id, found.references["items"]) == ("77", {"": "20"})
        assert len(company.traffic) == before + 4  # company anew, customer, item

    async def test_a_chosen_customer_changes_no_link(self, company, ws, draft, create, memory):
        linked(memory)
        company.rows["FROM Customer"] = [company.customer("Other", Id="77")]
        written = {"customer.name": Provenance(Source.USER, None, "Other")}
        await create(ws, draft(customer_name="Other", provenance=written))
        assert json.loads(memory.kept[KEY])["id"] == "58"
        assert company.calls("POST", "invoice")[0].json()["CustomerRef"] == {"value": "77"}

    async def test_a_customer_that_the_user_picked_is_the_records_from_now_on(self, company, ws, draft, create, memory):
        linked(memory)
        company.rows["Id = '77'"] = [company.customer("Other", Id="77")]
        await create(ws, draft(customer_id="77"))
        assert json.loads(memory.kept[KEY])["id"] == "77"
        assert company.calls("POST", "invoice")[0].json()["CustomerRef"] == {"value": "77"}

    async def test_the_link_is_of_the_record_that_stands_for_the_customer(self, company, ws, draft, create, memory):
        await create(ws, draft(source=RecordRef("deals", "rec-1"), customer_record=RecordRef("companies", "rec-71")))
        assert list(memory.kept) == [KEY]

    async def test_the_next_deal_of_that_company_goes_to_the_same_customer(self, company, ws, draft, create):
        of_company = {"customer_record": RecordRef("companies", "rec-71")}
        await create(ws, draft(source=RecordRef("deals", "rec-1"), **of_company))
        await create(ws, draft(source=RecordRef("deals", "rec-2"), **of_company), FakeRun("i2"), "i2")
        assert len(company.calls("POST", "customer")) == 1

    async def test_the_link_of_that_record_is_forgotten_when_the_customer_is_gone(
        self, company, ws, draft, create, memory, refused
    ):
        linked(memory)
        company.on("POST", "invoice", refused(610))
        deal = draft(source=RecordRef("deals", "rec-1"), customer_record=RecordRef("companies", "rec-71"))
        with pytest.raises(PlanOutdated):
            await create(ws, deal)
        assert memory.kept == {}


class TestRefusals:
    @pytest.mark.parametrize(
        ("code", "status", "kind"),
        [(3200, 401, ReconnectNeeded), (3100, 403, AccountMismatch), (6210, 400, InvalidDraft), (6190, 400, Refused)],
    )
    async def test_what_quickbooks_says_is_raised_with_its_reference(
        self, company, ws, draft, create, refused, tid, code, status, kind
    ):
        company.on("POST", "invoice", refused(code, status=status))
        with pytest.raises(kind) as caught:
            await create(ws, draft())
        assert caught.value.reference == tid
        assert caught.value.details["vendor_code"] == str(code)
        assert len(company.calls("POST", "invoice")) == 1

    @pytest.mark.parametrize("code", [6000, 6140, 6200, 6210])
    async def test_after_such_a_refusal_the_company_is_read_anew(self, company, ws, draft, create, refused, code):
        company.on("POST", "invoice", refused(code))
        for number in (1, 2):
            with pytest.raises((Refused, InvalidDraft)):
                await create(ws, draft())
            assert len(company.calls("GET", "preferences")) == number

    async def test_without_a_token_nothing_is_sent(self, backend, company, ws, workspace, draft):
        facts, found = await backend.company(ws), await backend.resolve(ws, draft())
        plan = backend.plan(ws.settings, draft(), facts, found, "m")
        before = len(company.traffic)
        with pytest.raises(NotConnected):
            await backend.submit(workspace({"accounting": None}), plan, draft().source, FakeRun())
        assert len(company.traffic) == before

    async def test_a_plan_for_other_books_is_outdated_and_remembers_nothing(
        self, backend, company, ws, workspace, draft
    ):
        facts, found = await backend.company(ws), await backend.resolve(ws, draft())
        plan = backend.plan(ws.settings, draft(), facts, found, "m")
        other = workspace(environment="production")
        with pytest.raises(PlanOutdated):
            await backend.submit(other, plan, draft().source, FakeRun())
        assert other.memory.kept == {}
        assert company.calls("POST", "customer") == []

    @pytest.mark.parametrize("lost", ["customer", "invoice"])
    async def test_a_plan_that_lost_a_part_is_outdated(self, backend, company, ws, draft, lost):
        facts, found = await backend.company(ws), await backend.resolve(ws, draft())
        plan = backend.plan(ws.settings, draft(), facts, found, "m")
        plan = replace(plan, requests=tuple(r for r in plan.requests if r.part != lost))
        with pytest.raises(PlanOutdated):
            await backend.submit(ws, plan, draft().source, FakeRun())
        assert company.calls("POST", "customer") == company.calls("POST", "invoice") == []


class TestNewCustomer:
    async def test_records_of_one_name_at_once_make_one_customer(self, company, workspace, draft, create, refused):
        made = []

        def make(request):
            if made:
                return refused(6240, "Duplicate Name Exists Error", "The name supplied already exists. : null")
            made.append(company.customer(request.json()["DisplayName"]))
            company.rows["FROM Customer"] = made
            return Answer({"Customer": made[0]})

        company.on("POST", "customer", make)
        drafts = [draft(source=RecordRef("deals", f"rec-{n}")) for n in range(5)]
        done = await asyncio.gather(
            *(create(workspace(), d, FakeRun(f"intent{n}"), f"m{n}") for n, d in enumerate(drafts))
        )
        assert {s.invoice.customer_id for s in done} == {"58"}
        assert len(made) == 1

    async def test_one_name_is_made_by_one_at_a_time(self, company, workspace, draft, create):
        under_way, most, lock = [], [], threading.Lock()

        def slowly(request):
            with lock:
                under_way.append(1)
                most.append(len(under_way))
            time.sleep(0.02)
            with lock:
                under_way.pop()
            return Answer({"Customer": company.customer(request.json()["DisplayName"])})

        company.on("POST", "customer", slowly)
        drafts = [draft(customer_name=name, source=RecordRef("deals", name)) for name in ("Acme", "ACME", "acme")]
        await asyncio.gather(*(create(workspace(), d, FakeRun(f"i{n}"), f"m{n}") for n, d in enumerate(drafts)))
        assert max(most) == 1

    @pytest.mark.parametrize(("currency", "taken"), [("EUR", True), ("USD", False)])
    async def test_the_one_made_for_a_held_name_has_to_fit_in_currency(
        self, company, ws, draft, create, refused, currency, taken
    ):
        company.multicurrency("EUR")
        company.on("POST", "customer", refused(6240))
        held = company.customer("Acme (Customer)", Id="71", CurrencyRef={"value": currency})
        company.rows["'Acme (Customer)'"] = [held]
        if taken:
            assert (await create(ws, draft(currency="EUR"))).invoice.customer_id == "71"
        else:
            with pytest.raises(InvalidDraft):
                await create(ws, draft(currency="EUR"))

    async def test_its_twin_in_the_wanted_currency_is_taken(self, company, ws, draft, create, refused):
        company.multicurrency("EUR")

        def taken(_):
            company.rows["DisplayName = 'Acme'"] = [company.customer("Acme", Id="70")]
            company.rows["'Acme (EUR)'"] = [company.customer("Acme (EUR)", Id="73", CurrencyRef={"value": "EUR"})]
            return refused(6240)

        company.on("POST", "customer", taken)
        assert (await create(ws, draft(currency="EUR"))).invoice.customer_id == "73"

    async def test_a_customer_that_appeared_meanwhile_is_taken(self, company, ws, draft, create, memory, sample):
        def taken(_):
            company.rows["FROM Customer"] = [company.customer("ACME", Id="70")]
            return Answer(sample("fault-6240-duplicate-name.2020")["body"], 400)

        company.on("POST", "customer", taken)
        assert (await create(ws, draft())).invoice.customer_id == "70"
        assert json.loads(memory.kept[KEY])["id"] == "70"

    async def test_its_name_is_asked_for_in_the_way_that_ignores_case(self, company, ws, draft, create, refused):
        company.on("POST", "customer", refused(6240))
        company.rows["DisplayName = 'Acme'"] = [company.customer("ACME", Id="70")]
        assert (await create(ws, draft())).invoice.customer_id == "70"

    @pytest.mark.parametrize(
        ("entity", "holder"),
        [
            ("FROM Vendor", "A vendor"),
            ("FROM Employee", "An employee"),
            ("none", "Another customer, vendor or employee"),
        ],
    )
    async def test_a_name_held_by_somebody_else_is_explained(
        self, company, ws, draft, create, refused, memory, tid, entity, holder
    ):
        company.on("POST", "customer", refused(6240))
        company.rows[entity] = [{"Id": "5", "DisplayName": "Acme"}]
        with pytest.raises(InvalidDraft) as caught:
            await create(ws, draft())
        assert (caught.value.reference, caught.value.details) == (tid, {"vendor_code": "6240"})
        (problem,) = caught.value.problems
        assert (problem.field, problem.code) == ("customer_name", "name_taken")
        assert problem.message.startswith(holder)
        assert "“Acme (Customer)”" in problem.fix
        assert KEY not in memory.kept
        assert company.calls("POST", "invoice") == []

    async def test_the_customer_made_for_such_a_name_is_taken(self, company, ws, draft, create, refused):
        company.on("POST", "customer", refused(6240))
        company.rows["'Acme (Customer)'"] = [company.customer("Acme (Customer)", Id="71")]
        assert (await create(ws, draft())).invoice.customer_id == "71"

    async def test_an_inactive_one_made_for_such_a_name_is_not(self, company, ws, draft, create, refused):
        company.on("POST", "customer", refused(6240))
        company.rows["'Acme (Customer)'"] = [company.customer("Acme (Customer)", Id="71", Active=False)]
        with pytest.raises(InvalidDraft):
            await create(ws, draft())

    async def test_one_that_appeared_in_another_currency_is_refused(self, company, ws, draft, create, refused):
        company.multicurrency("EUR")

        def taken(_):
            company.rows["FROM Customer"] = [company.customer("Acme")]
            return refused(6240)

        company.on("POST", "customer", taken)
        with pytest.raises(InvalidDraft) as caught:
            await create(ws, draft(currency="EUR"))
        assert caught.value.problems[0].field == "currency"

    async def test_an_answer_that_got_lost_is_looked_up_by_name(self, company, ws, draft, create):
        def lose(_):
            company.rows["FROM Customer"] = [company.customer("Acme", Id="72")]
            return Answer(cut=True)

        company.on("POST", "customer", lose)
        assert (await create(ws, draft())).invoice.customer_id == "72"
        assert {c.query["requestid"] for c in company.calls("POST", "customer")} == {"intent0001-customer"}

    async def test_a_lost_answer_followed_by_a_duplicate_is_adopted(self, company, ws, draft, create, refused):
        def answers(_):
            if len(company.calls("POST", "customer")) == 1:
                company.rows["FROM Customer"] = [company.customer("Acme", Id="72")]
                return Answer("", 503)
            return refused(6240)

        company.on("POST", "customer", answers)
        assert (await create(ws, draft())).invoice.customer_id == "72"

    async def test_a_lost_answer_followed_by_a_name_that_is_taken_is_explained(
        self, company, ws, draft, create, refused
    ):
        company.on("POST", "customer", [Answer("", 503), refused(6240)])
        company.rows["FROM Vendor"] = [{"Id": "5", "DisplayName": "Acme"}]
        with pytest.raises(InvalidDraft, match="A vendor"):
            await create(ws, draft())

    async def test_without_any_customer_nothing_was_made(self, company, ws, draft, create):
        company.on("POST", "customer", Answer("", 503))
        with pytest.raises(Down):
            await create(ws, draft())
        assert company.calls("POST", "invoice") == []

    async def test_a_request_still_under_way_is_waited_for_or_down(self, company, ws, draft, create, refused):
        company.on("POST", "customer", refused(600))
        with pytest.raises(Down):
            await create(ws, draft())
        assert company.calls("POST", "invoice") == []

    async def test_a_refused_address_is_a_problem_of_the_record(self, company, ws, draft, create, refused):
        company.on("POST", "customer", refused(2210))
        with pytest.raises(InvalidDraft) as caught:
            await create(ws, draft(customer_email="not an address"))
        assert caught.value.problems[0].field == "customer_email"


class TestMail:
    @pytest.fixture
    def mailing(self, workspace, memory):
        linked(memory)
        return workspace({"memory": memory}, send_invoice_email=True)

    @pytest.fixture
    def addressed(self, draft):
        return draft(customer_email="pay@acme.example")

    async def test_the_invoice_is_sent_and_told_as_it_is_then(self, company, mailing, addressed, create):
        run = FakeRun()
        submission = await create(mailing, addressed, run)
        (call,) = company.calls("POST", "invoice/145/send")
        assert call.query == {"requestid": "intent0001-send", "minorversion": "75"}
        assert (call.body, call.headers["content-type"]) == (b"", "application/octet-stream")
        assert submission.invoice.updated_at.second == 2
        assert submission.warnings == ()
        assert run.fences == 2

    @pytest.mark.parametrize("trouble", [Answer("", 503), Answer(cut=True), Answer("", 401), Answer("", 429)])
    async def test_no_failure_of_it_fails_the_invoice(self, company, mailing, addressed, create, trouble):
        company.on("POST", "invoice/145/send", trouble)
        submission = await create(mailing, addressed)
        (warning,) = submission.warnings
        assert (warning.field, warning.code, warning.severity) == ("customer_email", "not_emailed", "warning")
        assert warning.message.startswith("Invoice 1038 was created, not e-mailed: ")
        assert submission.invoice.id == "145"

    async def test_a_refused_address_is_a_warning(self, company, mailing, addressed, create, refused):
        company.on("POST", "invoice/145/send", refused(6420))
        assert len((await create(mailing, addressed)).warnings) == 1

    async def test_a_superseded_run_sends_no_mail(self, company, mailing, addressed, create):
        run = FakeRun()

        def made(request):
            run.superseded = True
            return Answer({"Invoice": company.invoice(request.json())})

        company.on("POST", "invoice", made)
        with pytest.raises(Superseded):
            await create(mailing, addressed, run)
        assert company.calls("POST", "invoice/145/send") == []

    async def test_what_was_sent_already_is_not_sent_again(self, company, mailing, addressed, create):
        sent = lambda r: Answer({"Invoice": company.invoice(r.json(), EmailStatus="EmailSent")})  # noqa: E731
        company.on("POST", "invoice", sent)
        await create(mailing, addressed)
        assert company.calls("POST", "invoice/145/send") == []

    async def test_an_answer_about_another_invoice_changes_nothing(self, company, mailing, addressed, create):
        company.on("POST", "invoice/145/send", Answer({"Invoice": {"Id": "999"}}))
        assert (await create(mailing, addressed)).invoice.id == "145"


class TestFetch:
    async def test_an_invoice_is_read(self, backend, company, ws, sample):
        body = json.loads(json.dumps(sample("invoice-read.2026")["body"], default=float))
        company.on("GET", "invoice/130", Answer(body))
        assert (await backend.fetch_invoice(ws, "130")).currency == "USD"

    async def test_a_missing_one_is_not_found(self, backend, company, ws, refused, tid):
        company.on("GET", "invoice/999", refused(610))
        with pytest.raises(NotFound) as caught:
            await backend.fetch_invoice(ws, "999")
        assert (caught.value.code, caught.value.reference) == ("invoice_not_found", tid)

    @pytest.mark.parametrize("odd", ["", "../preferences", "1?operation=x", "1/2", "²"])
    async def test_what_is_no_id_is_not_asked_for(self, backend, company, ws, odd):
        with pytest.raises(NotFound):
            await backend.fetch_invoice(ws, odd)
        assert company.server.seen == []

    async def test_other_refusals_are_raised(self, backend, company, ws, refused):
        company.on("GET", "invoice/1", refused(3200, status=401))
        with pytest.raises(ReconnectNeeded):
            await backend.fetch_invoice(ws, "1")

    async def test_the_home_currency_stands_in(self, backend, company, ws):
        company.on("GET", "invoice/1", Answer({"Invoice": {"Id": "1"}}))
        assert (await backend.fetch_invoice(ws, "1")).currency == "USD"
