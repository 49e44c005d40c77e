import json
from datetime import date
from decimal import Decimal

import pytest

from attibooks_core.capabilities import ChangingBackend
from attibooks_core.errors import Conflict, Down, InvalidDraft, NotFound, OutcomeUnknown, Refused, Superseded
from attibooks_core.lifecycle import EditedLine, InvoiceEdit
from attibooks_core.model import Capability, InvoiceStatus
from attibooks_core.testing import Answer, FakeRun

RAW = """{"Invoice":{"domain":"QBO","Id":"145","SyncToken":"3","DocNumber":"1038","TxnDate":"2026-11-01",
"MetaData":{"LastUpdatedTime":"2026-11-23T01:00:00-08:00"},"CurrencyRef":{"value":"USD"},"PrivateNote":"AttiBooks x",
"LinkedTxn":[{"TxnId":"9","TxnType":"Estimate"}],"Line":[
{"Id":"1","LineNum":1,"Description":"Design","Amount":1861.080,"DetailType":"SalesItemLineDetail",
 "SalesItemLineDetail":{"ItemRef":{"value":"19","name":"Services"},"UnitPrice":14.5000000,"Qty":128.350,
 "ItemAccountRef":{"value":"48"},"ClassRef":{"value":"7"},"TaxCodeRef":{"value":"NON"},"NewThing":{"a":1e-7}},
 "CustomExtensions":[],"Unheard":0.10000000000000000001},
{"Id":"2","Description":"Thanks","DetailType":"DescriptionOnly","DescriptionLineDetail":{}},
{"Id":"3","LineNum":2,"Amount":-5.00,"DetailType":"SalesItemLineDetail",
 "SalesItemLineDetail":{"ItemRef":{"value":"20"},"TaxCodeRef":{"value":"TAX"}}},
{"Amount":1856.08,"DetailType":"SubTotalLineDetail","SubTotalLineDetail":{}},
{"Amount":1.08,"DetailType":"DiscountLineDetail","DiscountLineDetail":{"PercentBased":false}}],
"CustomerRef":{"value":"58","name":"Acme"},"CustomerMemo":{"value":"Hello"},"DueDate":"2026-12-01",
"BillEmail":{"Address":"ada@acme.test"},"EmailStatus":"EmailSent","TotalAmt":1855.00,"Balance":1855.00},"time":"x"}"""


def with_members(**members):
    body = json.loads(RAW, parse_float=Decimal)
    body["Invoice"] |= members
    return Answer(json.dumps(body, default=float))


@pytest.fixture
def ws(workspace, company):
    company.on("GET", "invoice/145", Answer(RAW))
    return workspace()


@pytest.fixture
def planned(backend, ws):
    """The body of an edit."""

    async def plan(**parts):
        live = await backend.read_live(ws, "145")
        return await backend.plan_edit(ws, live, InvoiceEdit(frozenset(parts), **parts))

    return plan


def kept(live, *numbers):
    """Lines as they come back from a dialog in which nothing was done."""
    return [EditedLine(x.id, x.description, *x.figures, x.item, x.tax_code) for x in (live.lines[n] for n in numbers)]


def lines_of(request):
    """The lines of a body, each as the very text."""
    body = json.loads(request.body, parse_float=str, parse_int=str)
    return body["Line"]


class TestTheLiveInvoice:
    async def test_one_call_tells_everything(self, backend, ws, company):
        live = await backend.read_live(ws, "145")
        assert company.traffic == ["GET invoice/145"]
        invoice = live.invoice
        assert (invoice.invoice_date, invoice.memo, invoice.customer_email) == (
            date(2026, 11, 1),
            "Hello",
            "ada@acme.test",
        )
        assert [(x.id, x.quantity, x.rate, x.amount) for x in live.lines] == [
            ("1", Decimal("128.350"), Decimal("14.5000000"), Decimal("1861.080")),
            ("3", None, None, Decimal("-5.00")),
        ]
        assert live.lines[0].item == "19"
        assert live.is_emailed
        assert not live.has_payments, "an estimate that it was made from is no payment"
        assert live.locked == {}

    @pytest.mark.parametrize(
        "members",
        [{"Balance": 1.5}, {"Balance": 0}, {"LinkedTxn": [{"TxnId": "4", "TxnType": "Payment"}]}, {"Balance": 1854}],
        ids=["partly", "fully", "linked", "deposit"],
    )
    async def test_what_is_settled_locks_the_lines(self, backend, ws, company, members):
        company.on("GET", "invoice/145", with_members(**members))
        live = await backend.read_live(ws, "145")
        assert live.has_payments
        assert set(live.locked) == {"lines"}

    async def test_amounts_with_tax_in_them_are_left_alone(self, backend, ws, company):
        company.on("GET", "invoice/145", with_members(GlobalTaxCalculation="TaxInclusive"))
        assert "include tax" in (await backend.read_live(ws, "145")).locked["lines"]

    async def test_a_voided_one_is_locked(self, backend, ws, company, sample):
        company.on("GET", "invoice/145", Answer(json.dumps(sample("invoice-void.2022")["body"], default=str)))
        live = await backend.read_live(ws, "145")
        assert live.invoice.status is InvoiceStatus.VOIDED
        assert set(live.locked) == {"due_date", "memo", "lines"}

    async def test_a_recorded_one_is_read(self, backend, ws, company, sample):
        company.on(
            "GET", "invoice/130", Answer(json.dumps(sample("invoice-sparse-update.2026")["body"], default=float))
        )
        live = await backend.read_live(ws, "130")
        assert [x.quantity for x in live.lines] == [1, 1, 5]
        assert live.invoice.memo == "Thank you for your business and have a great day!"

    @pytest.mark.parametrize("invoice_id", ["145", "no-number", "1 or 1"])
    async def test_one_that_is_not_there(self, backend, ws, company, refused, invoice_id):
        company.on("GET", "invoice/145", refused(610))
        with pytest.raises(NotFound) as caught:
            await backend.read_live(ws, invoice_id)
        assert caught.value.code == "invoice_not_found"

    async def test_nonsense_is_no_invoice(self, backend, ws, company):
        company.on("GET", "invoice/145", Answer({"Invoice": {"SyncToken": "1"}}))
        with pytest.raises(Down):
            await backend.read_live(ws, "145")

    async def test_the_backend_says_that_it_can(self, backend):
        assert isinstance(backend, ChangingBackend)
        assert Capability.EDIT_TERMS | Capability.EDIT_LINES | Capability.VOID in backend.capabilities


class TestAnEdit:
    async def test_terms_are_sent_alone(self, planned):
        request = await planned(due_date=date(2027, 1, 31), memo=None)
        assert (request.part, request.method) == ("edit", "POST")
        assert request.path.endswith("/invoice")
        assert request.body == (
            '{"Id":"145","SyncToken":"3","sparse":true,"DueDate":"2027-01-31","CustomerMemo":{"value":""}}'
        )

    async def test_untouched_lines_go_back_as_they_came(self, backend, ws, company):
        """Row 117: members that nobody knows, and every digit, are kept; QuickBooks' own subtotal is left out."""
        live = await backend.read_live(ws, "145")
        request = await backend.plan_edit(ws, live, InvoiceEdit(frozenset({"lines"}), lines=tuple(kept(live, 0, 1))))
        for text in ("14.5000000", "128.350", "1861.080", "0.10000000000000000001", "1e-7", '"ClassRef":{"value":"7"}'):
            assert text in request.body
        kinds = [x["DetailType"] for x in lines_of(request)]
        assert kinds == ["SalesItemLineDetail", "DescriptionOnly", "SalesItemLineDetail", "DiscountLineDetail"]
        assert company.traffic == ["GET invoice/145"], "nothing is looked up for what stays"

    async def test_a_changed_line_keeps_what_was_not_changed(self, backend, ws):
        live = await backend.read_live(ws, "145")
        line, _ = kept(live, 0, 1)
        changed = EditedLine("1", "Design, part 2", line.quantity, Decimal("14.51"), line.item, None)
        request = await backend.plan_edit(ws, live, InvoiceEdit(frozenset({"lines"}), lines=(changed,)))
        first = lines_of(request)[0]
        assert (first["Description"], first["Amount"]) == ("Design, part 2", "1862.36")
        assert first["SalesItemLineDetail"]["UnitPrice"] == "14.51"
        assert first["SalesItemLineDetail"]["ClassRef"] == {"value": "7"}
        assert first["Unheard"] == "0.10000000000000000001"
        assert [x.get("Id") for x in lines_of(request)] == ["1", "2", None], "the line that was left out is removed"

    async def test_another_item_takes_its_account_along(self, backend, ws, company):
        company.rows["FROM Item"] = [{"Id": "21", "Name": "Hours", "Active": True, "Type": "Service"}]
        live = await backend.read_live(ws, "145")
        line = kept(live, 0)[0]
        changed = EditedLine("1", line.description, line.quantity, line.rate, "Hours", "TAX")
        request = await backend.plan_edit(ws, live, InvoiceEdit(frozenset({"lines"}), lines=(changed,)))
        detail = lines_of(request)[0]["SalesItemLineDetail"]
        assert (detail["ItemRef"], detail["TaxCodeRef"]) == ({"value": "21"}, {"value": "TAX"})
        assert "ItemAccountRef" not in detail

    async def test_a_new_line_has_the_usual_item(self, backend, ws):
        live = await backend.read_live(ws, "145")
        new = EditedLine(None, "More", Decimal(3), Decimal("0.335"))
        request = await backend.plan_edit(ws, live, InvoiceEdit(frozenset({"lines"}), lines=(new, *kept(live, 0))))
        first, second, *_ = lines_of(request)
        assert "Id" not in first
        assert (first["Amount"], first["SalesItemLineDetail"]) == (
            "1.01",
            {"ItemRef": {"value": "19"}, "Qty": "3", "UnitPrice": "0.335"},
        )
        assert second["Id"] == "1"

    async def test_every_obstacle_is_said_with_its_place(self, backend, ws, company):
        company.taxed("GB", ("5", "20% S"))
        live = await backend.read_live(ws, "145")
        lines = (
            kept(live, 0)[0],
            EditedLine("77", "Unknown", Decimal(1), Decimal(1), "19", "5"),
            EditedLine("1", "Twice", Decimal(1), Decimal(1)),
            EditedLine(None, "New", Decimal(1), Decimal(1), "No such thing", "Nor such a code"),
        )
        with pytest.raises(InvalidDraft) as caught:
            await backend.plan_edit(ws, live, InvoiceEdit(frozenset({"lines", "memo"}), memo="x" * 1001, lines=lines))
        fields = [(p.field, p.code) for p in caught.value.problems]
        assert fields[:3] == [("memo", "too_long"), ("lines.1.id", "unknown_line"), ("lines.2.id", "duplicate_line")]
        assert {f for f, _ in fields[3:]} >= {"lines.3.item", "lines.3.tax_code"}


class TestSending:
    @pytest.fixture
    def send(self, backend, ws, planned):
        """Send an edit of the memo, or a void."""

        async def go(part="edit", run=None):
            live = await backend.read_live(ws, "145")
            request = await planned(memo="New") if part == "edit" else backend.plan_void(live)
            return await backend.send_change(ws, request, run or FakeRun())

        return go

    async def test_the_answer_is_used_as_it_is(self, send, company):
        company.on("POST", "invoice", with_members(SyncToken="4", CustomerMemo={"value": "New"}))
        invoice = await send()
        assert (invoice.version, invoice.memo) == ("4", "New")
        (call,) = company.calls("POST", "invoice")
        assert call.query["requestid"] == "intent0001-edit"
        assert company.traffic[-1] == "POST invoice"

    async def test_a_void_is_an_operation_with_id_and_version(self, send, company, sample):
        """Row 122: `operation=void` with Id and SyncToken, and nothing else."""
        company.on("POST", "invoice", Answer(json.dumps(sample("invoice-void.2022")["body"], default=str)))
        assert (await send("void")).status is InvoiceStatus.VOIDED
        (call,) = company.calls("POST", "invoice")
        assert (call.query["operation"], call.query["requestid"]) == ("void", "intent0001-void")
        assert call.body == b'{"Id":"145","SyncToken":"3"}'

    async def test_a_void_in_another_language_is_remembered(self, send, backend, ws, company):
        """Row 123: QuickBooks' word for it is localized; what we voided is voided."""
        zero = {"SyncToken": "4", "TotalAmt": 0, "Balance": 0, "PrivateNote": "Annulé", "Line": []}
        company.on("POST", "invoice", with_members(**zero))
        assert (await send("void")).status is InvoiceStatus.VOIDED
        company.on("GET", "invoice/145", with_members(**zero))
        assert (await backend.fetch_invoice(ws, "145")).status is InvoiceStatus.VOIDED
        live = await backend.read_live(ws, "145")
        assert set(live.locked) == {"due_date", "memo", "lines"}

    async def test_an_answer_that_voids_nothing_is_not_believed(self, send, company):
        company.on("POST", "invoice", Answer(RAW))
        with pytest.raises(Refused, match="did not void"):
            await send("void")

    async def test_what_cannot_be_asked_after_the_write_is_unknown(self, send, company):
        company.on("POST", "invoice", Answer(RAW))
        company.on("GET", "invoice/145", [Answer(RAW), Answer("", 503)])
        with pytest.raises(OutcomeUnknown):
            await send("void")

    async def test_an_old_version_is_a_conflict(self, send, company, refused):
        """Row 118: 5010."""
        company.on("POST", "invoice", refused(5010, "Stale Object Error"))
        with pytest.raises(Conflict):
            await send()

    @pytest.mark.parametrize("code", [6200, 6210])
    async def test_a_closed_period_is_told_of_an_invoice_that_there_is(self, send, company, refused, code, tid):
        """Row 125: no talk of another date."""
        company.on("POST", "invoice", refused(code))
        with pytest.raises(Refused, match="books are closed") as caught:
            await send()
        assert "later date" not in caught.value.message
        assert (caught.value.code, caught.value.reference) == ("accounting_refused", tid)

    @pytest.mark.parametrize(("code", "says"), [(6540, "deposited"), (6450, "settled")])
    async def test_what_is_settled_is_explained(self, send, company, refused, code, says):
        company.on("POST", "invoice", refused(code))
        with pytest.raises(Refused, match=says):
            await send("void")

    async def test_a_reason_of_quickbooks_alone_is_passed_on(self, send, company, refused):
        detail = "Business Validation Error: You cannot void a transaction that has payments applied to it."
        company.on("POST", "invoice", refused(6000, "A business validation error", detail))
        with pytest.raises(Refused, match="payments applied"):
            await send("void")

    async def test_a_deleted_invoice_is_not_there(self, send, company, refused):
        company.on("POST", "invoice", refused(610))
        company.on("GET", "invoice/145", [Answer(RAW), Answer(RAW), refused(610)])
        with pytest.raises(NotFound) as caught:
            await send()
        assert caught.value.code == "invoice_not_found"

    async def test_something_else_that_is_gone_is_not_the_invoice(self, send, company, refused):
        company.on("POST", "invoice", refused(610))
        with pytest.raises(Refused, match="inactive or removed"):
            await send()

    async def test_a_run_that_lost_its_place_sends_nothing(self, send, company):
        with pytest.raises(Superseded):
            await send(run=FakeRun(superseded=True))
        assert company.calls("POST", "invoice") == []

    async def test_another_company_in_the_settings_is_refused(self, backend, ws, company, workspace):
        request = backend.plan_void(await backend.read_live(ws, "145"))
        with pytest.raises(Refused, match="another QuickBooks company"):
            await backend.send_change(workspace(qbo_company_id="9130001234567891"), request, FakeRun())
        assert company.calls("POST", "invoice") == []


class TestALostAnswer:
    @pytest.fixture
    def send(self, backend, ws):
        async def go():
            live = await backend.read_live(ws, "145")
            return await backend.send_change(ws, backend.plan_void(live), FakeRun())

        return go

    async def test_the_same_request_gets_it(self, send, company):
        voided = with_members(SyncToken="4", TotalAmt=0, Balance=0, Line=[], PrivateNote="Voided")
        company.on("POST", "invoice", [Answer(cut=True), Answer("", 503), voided])
        assert (await send()).version == "4"
        assert {c.query["requestid"] for c in company.calls("POST", "invoice")} == {"intent0001-void"}

    async def test_an_invoice_that_has_moved_is_for_the_host_to_judge(self, send, company):
        company.on("POST", "invoice", Answer(cut=True))
        company.on("GET", "invoice/145", [Answer(RAW), with_members(SyncToken="4")])
        with pytest.raises(Conflict):
            await send()

    async def test_one_that_moves_late_too(self, send, company, host):
        company.on("POST", "invoice", Answer(cut=True))
        company.on("GET", "invoice/145", [Answer(RAW), Answer(RAW), with_members(SyncToken="4")])
        with pytest.raises(Conflict):
            await send()
        assert host.clock.slept[-1] == 3.0

    async def test_one_that_stays_was_not_changed(self, send, company):
        company.on("POST", "invoice", Answer("", 503, {"intuit_tid": "t-1"}))
        with pytest.raises(Down, match="was not changed") as caught:
            await send()
        assert caught.value.reference == "t-1"

    async def test_then_a_later_refusal_counts(self, send, company, refused):
        company.on("POST", "invoice", [Answer("", 503), refused(6210)])
        with pytest.raises(Refused, match="books are closed"):
            await send()

    async def test_an_id_that_quickbooks_knows_is_looked_up(self, send, company, refused):
        company.on("POST", "invoice", refused(600))
        company.on("GET", "invoice/145", [Answer(RAW), with_members(SyncToken="4")])
        with pytest.raises(Conflict):
            await send()

    async def test_when_nobody_can_look_it_is_unknown(self, send, company):
        company.on("POST", "invoice", Answer(cut=True))
        company.on("GET", "invoice/145", [Answer(RAW), Answer("", 503)])
        with pytest.raises(OutcomeUnknown):
            await send()
