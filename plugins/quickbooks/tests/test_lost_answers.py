import json
from datetime import timedelta

import pytest

from attibooks_core.errors import Down, NotConnected, OutcomeUnknown, PlanOutdated, RateLimited, Refused
from attibooks_core.model import InvoiceStatus
from attibooks_core.testing import Answer, FakeRun, MemoryInMemory
from attibooks_quickbooks.backend import QuickBooksBackend
from attibooks_quickbooks.settings import QuickBooksHostSettings

KEY = "customer:companies:rec-71"
NOTE = "AttiBooks intent0001"


@pytest.fixture
def memory():
    return MemoryInMemory()


@pytest.fixture
def ws(workspace, memory):
    memory.kept[KEY] = '{"id":"58","currency":"USD"}'
    return workspace({"memory": memory})


@pytest.fixture
def existing(company):
    """An invoice that QuickBooks holds."""

    def make(note=NOTE, invoice_id="145", **more):
        sent = {"CustomerRef": {"value": "58"}, "Line": [{"Amount": 300}], "PrivateNote": note}
        return company.invoice(sent, Id=invoice_id, **more)

    return make


def look_ups(company):
    return [s for s in company.statements if "FROM Invoice" in s]


class TestAnAnswerThatIsLost:
    @pytest.mark.parametrize(
        "trouble",
        [Answer(cut=True), Answer("", 503), Answer("{"), Answer({"Invoice": {}}), Answer("<html/>")],
        ids=["cut", "503", "half", "hollow", "html"],
    )
    async def test_the_same_request_gets_it(self, company, ws, draft, create, trouble, existing):
        company.on("POST", "invoice", [trouble, Answer({"Invoice": existing()})])
        assert (await create(ws, draft())).invoice.id == "145"
        ids = {c.query["requestid"] for c in company.calls("POST", "invoice")}
        assert ids == {"intent0001-invoice"}
        assert look_ups(company) == []

    async def test_else_the_invoice_is_found_by_its_marker(self, company, ws, draft, create, existing):
        company.on("POST", "invoice", Answer(cut=True))
        company.rows["FROM Invoice"] = [existing("AttiBooks intent00010", "146"), existing(None, "147"), existing()]
        assert (await create(ws, draft())).invoice.id == "145"
        (statement,) = look_ups(company)
        assert "CustomerRef = '58'" in statement
        assert "'2026-11-23T08:00:00+00:00'" in statement

    async def test_every_page_is_looked_at(self, company, ws, draft, create, existing):
        company.on("POST", "invoice", Answer(cut=True))
        company.rows["STARTPOSITION 1 "] = [existing("other", str(n)) for n in range(1000, 1200)]
        company.rows["STARTPOSITION 201 "] = [existing("other", "999"), existing()]
        assert (await create(ws, draft())).invoice.id == "145"

    async def test_an_invoice_that_shows_late_is_found(self, company, ws, draft, create, existing, host):
        company.on("POST", "invoice", Answer(cut=True))
        company.rows["FROM Invoice"] = lambda _: [existing()] if len(look_ups(company)) > 1 else []
        assert (await create(ws, draft())).invoice.id == "145"
        assert len(look_ups(company)) == 2
        assert host.clock.slept[-1] == 3.0
        assert sum(host.clock.slept) <= 15

    async def test_looked_up_and_not_there_nothing_was_created(self, company, ws, draft, create, host):
        company.on("POST", "invoice", Answer("", 503, {"intuit_tid": "t-1"}))
        with pytest.raises(Down) as caught:
            await create(ws, draft())
        assert (caught.value.code, caught.value.reference) == ("backend_down", "t-1")
        assert "no invoice was created" in caught.value.message
        assert sum(host.clock.slept) <= 15

    @pytest.mark.parametrize("trouble", [Answer("", 503), Answer("", 401), Answer({"wrong": 1}), Answer(cut=True)])
    async def test_when_nobody_can_look_the_outcome_is_unknown(self, company, ws, draft, create, trouble):
        company.on("POST", "invoice", Answer("", 503, {"intuit_tid": "t-1"}))
        company.rows["FROM Invoice"] = trouble
        with pytest.raises(OutcomeUnknown) as caught:
            await create(ws, draft())
        assert (caught.value.code, caught.value.reference) == ("outcome_unknown", "t-1")
        assert "books-token-1" not in caught.value.message

    async def test_without_any_trace_id_the_request_id_is_the_reference(self, company, ws, draft, create):
        company.on("POST", "invoice", Answer(cut=True))
        company.rows["FROM Invoice"] = Answer(cut=True)
        with pytest.raises(OutcomeUnknown) as caught:
            await create(ws, draft())
        assert caught.value.reference == "intent0001-invoice"

    async def test_a_token_that_ended_meanwhile_leaves_it_unknown(self, company, ws, draft, create, refused):
        company.on("POST", "invoice", [Answer(cut=True), refused(3200, status=401)])
        company.rows["FROM Invoice"] = refused(3200, status=401)
        with pytest.raises(OutcomeUnknown, match="Connect QuickBooks again"):
            await create(ws, draft())

    async def test_a_refusal_after_it_is_raised_once_nothing_is_found(self, company, ws, draft, create, refused):
        company.on("POST", "invoice", [Answer("", 503), refused(6000, "x", "no VAT")])
        with pytest.raises(Refused, match="no VAT"):
            await create(ws, draft())
        assert len(look_ups(company)) == 2

    async def test_a_throttle_after_it_is_raised_once_nothing_is_found(self, company, ws, draft, create):
        company.on("POST", "invoice", [Answer("", 503), Answer("", 429, {"Retry-After": "30"})])
        with pytest.raises(RateLimited):
            await create(ws, draft())

    async def test_a_gone_customer_after_it_outdates_the_plan(self, company, ws, draft, create, refused, memory):
        company.on("POST", "invoice", [Answer("", 503), refused(610)])
        with pytest.raises(PlanOutdated):
            await create(ws, draft())
        assert KEY not in memory.kept

    async def test_a_refusal_after_it_counts_nothing_when_the_invoice_is_there(
        self, company, ws, draft, create, refused, existing
    ):
        company.on("POST", "invoice", [Answer("", 503), refused(610)])
        company.rows["FROM Invoice"] = [existing()]
        assert (await create(ws, draft())).invoice.id == "145"

    async def test_nothing_sent_needs_no_look_up(self, host, company, ws, draft, backend, dead_end):
        found = await backend.resolve(ws, draft())
        plan = backend.plan(ws.settings, draft(), await backend.company(ws), found, "intent0001")
        nowhere = QuickBooksHostSettings.model_validate({"sandbox_api_url": dead_end})
        await host.http.close()
        with pytest.raises(Down):
            await QuickBooksBackend(host.http, host.clock, nowhere).submit(ws, plan, draft().source, FakeRun())


class TestADuplicate:
    DETAIL = "Numéro de document en double : DocNumber=1038 TxnType=Facture TxnId=145"

    @pytest.mark.parametrize("found", [True, False])
    async def test_of_the_request_id_is_looked_up(self, company, ws, draft, create, refused, existing, found):
        company.on("POST", "invoice", refused(600))
        company.rows["FROM Invoice"] = [existing()] if found else []
        if found:
            assert (await create(ws, draft())).invoice.id == "145"
        else:
            with pytest.raises(Refused):
                await create(ws, draft())

    async def test_of_the_number_is_adopted_when_it_is_ours(self, company, ws, draft, create, refused, existing):
        company.on("POST", "invoice", refused(6140, "Duplicate", self.DETAIL))
        company.on("GET", "invoice/145", Answer({"Invoice": existing()}))
        assert (await create(ws, draft())).invoice.id == "145"

    @pytest.mark.parametrize("note", [None, "AttiBooks intent0002", "AttiBooks intent00011"])
    async def test_of_the_number_is_never_adopted_without_our_marker(
        self, company, ws, draft, create, refused, existing, note
    ):
        company.on("POST", "invoice", refused(6140, "Duplicate", self.DETAIL))
        company.on("GET", "invoice/145", Answer({"Invoice": existing(note)}))
        with pytest.raises(Refused, match="number"):
            await create(ws, draft())

    async def test_of_a_number_that_is_no_invoice_is_refused(self, company, ws, draft, create, refused):
        company.on("POST", "invoice", refused(6140, "Duplicate", self.DETAIL))
        company.on("GET", "invoice/145", refused(610))
        with pytest.raises(Refused, match="number"):
            await create(ws, draft())

    async def test_that_cannot_be_read_leaves_it_unknown(self, company, ws, draft, create, refused):
        company.on("POST", "invoice", refused(6140, "Duplicate", self.DETAIL))
        company.on("GET", "invoice/145", Answer("", 503))
        with pytest.raises(OutcomeUnknown):
            await create(ws, draft())

    async def test_without_an_id_is_refused(self, company, ws, draft, create, refused):
        company.on("POST", "invoice", refused(6140, "Duplicate", "ask your accountant"))
        with pytest.raises(Refused, match="number"):
            await create(ws, draft())


class TestASecondRun:
    """Another run of the operation may have sent the writes before it died."""

    @pytest.fixture
    def again(self, host):
        def make(minutes=1):
            started = host.clock.now() - timedelta(minutes=minutes)
            return FakeRun(maybe_sent=True, started_at=started)

        return make

    async def test_soon_after_it_sends_the_same_request(self, company, ws, draft, create, again):
        await create(ws, draft(), again())
        assert look_ups(company) == []
        assert company.calls("POST", "invoice")[0].query["requestid"] == "intent0001-invoice"

    async def test_ten_minutes_are_still_soon(self, company, ws, draft, create, again):
        await create(ws, draft(), again(minutes=10))
        assert look_ups(company) == []

    async def test_later_it_looks_before_it_sends_anything(self, company, ws, draft, create, again, existing):
        company.rows["FROM Invoice"] = [existing()]
        submission = await create(ws, draft(), again(minutes=11))
        assert submission.invoice.id == "145"
        assert company.calls("POST", "invoice") == []

    async def test_later_it_sends_when_there_is_nothing(self, company, ws, draft, create, again):
        assert (await create(ws, draft(), again(minutes=11))).invoice.id == "145"
        assert len(look_ups(company)) == len(company.calls("POST", "invoice")) == 1

    async def test_later_it_sends_nothing_when_it_cannot_look(self, company, ws, draft, create, again):
        company.rows["FROM Invoice"] = Answer("", 503)
        with pytest.raises(OutcomeUnknown):
            await create(ws, draft(), again(minutes=11))
        assert company.calls("POST", "invoice") == []

    @pytest.mark.parametrize("status", [401, 403])
    async def test_a_refused_token_does_not_mean_that_nothing_was_created(
        self, company, ws, draft, create, again, status
    ):
        company.on("POST", "invoice", Answer("", status))
        company.rows["FROM Invoice"] = Answer("", status)
        with pytest.raises(OutcomeUnknown):
            await create(ws, draft(), again())

    async def test_no_token_does_not_mean_it_either(self, backend, company, ws, workspace, draft, again):
        found = await backend.resolve(ws, draft())
        plan = backend.plan(ws.settings, draft(), await backend.company(ws), found, "intent0001")
        without = workspace({"accounting": None})
        with pytest.raises(OutcomeUnknown):
            await backend.submit(without, plan, draft().source, again())
        with pytest.raises(NotConnected):
            await backend.submit(without, plan, draft().source, FakeRun())

    async def test_a_refusal_is_raised_once_nothing_is_found(self, company, ws, draft, create, again, refused):
        company.on("POST", "invoice", refused(6000, "x", "no"))
        with pytest.raises(Refused):
            await create(ws, draft(), again())
        assert len(look_ups(company)) == 1

    async def test_a_refusal_counts_nothing_when_the_invoice_is_there(
        self, company, ws, draft, create, again, refused, existing
    ):
        company.on("POST", "invoice", refused(610))
        company.rows["FROM Invoice"] = [existing()]
        assert (await create(ws, draft(), again())).invoice.id == "145"

    async def test_the_customer_of_the_first_run_is_not_made_again(
        self, backend, company, workspace, draft, memory, again
    ):
        ws = workspace({"memory": memory})
        found = await backend.resolve(ws, draft())
        plan = backend.plan(ws.settings, draft(), await backend.company(ws), found, "intent0001")
        memory.kept[KEY] = '{"id":"58","currency":"USD"}'
        await backend.submit(ws, plan, draft().source, again())
        assert company.calls("POST", "customer") == []
        assert company.calls("POST", "invoice")[0].json()["CustomerRef"] == {"value": "58"}

    async def test_a_link_in_another_currency_is_not_the_first_runs(
        self, backend, company, workspace, draft, memory, again
    ):
        ws = workspace({"memory": memory})
        found = await backend.resolve(ws, draft())
        plan = backend.plan(ws.settings, draft(), await backend.company(ws), found, "intent0001")
        memory.kept[KEY] = '{"id":"99","currency":"EUR"}'
        await backend.submit(ws, plan, draft().source, again())
        assert company.calls("POST", "invoice")[0].json()["CustomerRef"] == {"value": "58"}

    async def test_the_link_of_another_run_changes_no_planned_customer(
        self, backend, company, workspace, draft, memory, again
    ):
        ws = workspace({"memory": memory})
        company.rows["FROM Customer"] = [company.customer("Acme", Id="61")]
        found = await backend.resolve(ws, draft())
        plan = backend.plan(ws.settings, draft(), await backend.company(ws), found, "intent0001")
        memory.kept[KEY] = '{"id":"58","currency":"USD"}'
        await backend.submit(ws, plan, draft().source, again())
        assert company.calls("POST", "invoice")[0].json()["CustomerRef"] == {"value": "61"}
        assert memory.kept[KEY] == '{"id":"61","currency":"USD"}'

    async def test_a_replayed_answer_is_read_anew(self, company, ws, draft, create, again, host, existing):
        host.clock.move(300)
        company.on("GET", "invoice/145", Answer({"Invoice": existing(Balance=0)}))
        assert (await create(ws, draft(), again())).invoice.status is InvoiceStatus.PAID

    async def test_an_invoice_that_was_deleted_meanwhile_is_told_so_and_not_made_again(
        self, company, workspace, memory, draft, create, again, host, refused
    ):
        """Row 108: a replayed answer of an invoice that is gone is no invoice."""
        memory.kept[KEY] = '{"id":"58","currency":"USD"}'
        host.clock.move(300)
        company.on("GET", "invoice/145", refused(610))
        ws = workspace({"memory": memory}, send_invoice_email=True)
        submission = await create(ws, draft(customer_email="a@b.example"), again())
        assert submission.invoice.status is InvoiceStatus.DELETED
        assert len(company.calls("POST", "invoice")) == 1
        assert company.calls("POST", "invoice/145/send") == []

    async def test_a_replayed_answer_stands_when_it_cannot_be_read(self, company, ws, draft, create, again, host):
        host.clock.move(300)
        company.on("GET", "invoice/145", Answer("", 503))
        assert (await create(ws, draft(), again())).invoice.id == "145"

    async def test_no_mail_is_sent_twice(self, company, workspace, memory, draft, create, again, existing):
        memory.kept[KEY] = '{"id":"58","currency":"USD"}'
        company.rows["FROM Invoice"] = [existing(EmailStatus="EmailSent")]
        ws = workspace({"memory": memory}, send_invoice_email=True)
        await create(ws, draft(customer_email="a@b.example"), again(minutes=11))
        assert company.calls("POST", "invoice/145/send") == []


async def test_what_was_found_may_have_been_changed_by_hand(company, ws, draft, create, existing):
    company.on("POST", "invoice", Answer(cut=True))
    voided = existing("Voided\n" + NOTE, TotalAmt=0, Balance=0, Line=[{"Amount": 0}])
    company.rows["FROM Invoice"] = [json.loads(json.dumps(voided))]
    submission = await create(ws, draft())
    assert (submission.invoice.status, submission.warnings) == (InvoiceStatus.VOIDED, ())
