import asyncio
import json
from dataclasses import replace

import pytest

from attibooks_core.errors import InvalidDraft, PlanOutdated
from attibooks_core.testing import Answer


@pytest.fixture
def lines(draft):
    """Lines by item, or by pairs of item and tax code."""

    def make(*marks):
        pairs = [mark if isinstance(mark, tuple) else (mark, None) for mark in marks]
        return tuple(replace(draft().lines[0], item=item, tax_code=code) for item, code in pairs)

    return make


@pytest.fixture
def sent(create, company, draft, lines):
    """What stands on the lines of the invoice in the books."""

    async def go(ws, *marks):
        await create(ws, draft(lines=lines(*marks)))
        rows = company.calls("POST", "invoice")[-1].json()["Line"]
        return [row["SalesItemLineDetail"] for row in rows]

    return go


@pytest.fixture
def obstacles(backend, draft, lines):
    """What is in the way, by field."""

    async def go(ws, *marks):
        with pytest.raises(InvalidDraft) as caught:
            await backend.resolve(ws, draft(lines=lines(*marks)))
        return {p.field: p for p in caught.value.problems}

    return go


def service(item_id, name, **more):
    return {"Id": item_id, "Name": name, "Active": True, "Type": "Service", **more}


def items_of(details):
    return [detail["ItemRef"]["value"] for detail in details]


def item_statements(company):
    return [s for s in company.statements if "FROM Item" in s]


class TestItems:
    async def test_each_line_has_its_own_or_the_usual_one(self, company, workspace, sent):
        company.rows = {
            "Name IN ('Design'": [service("7", "design"), service("8", "Hours")],
            "Type = 'Service'": [service("19", "Services")],
        }
        assert items_of(await sent(workspace(), "Design", None, "Hours", "Design")) == ["7", "19", "8", "7"]
        assert len(item_statements(company)) == 2

    async def test_a_line_without_one_has_the_one_that_is_set(self, company, workspace, sent):
        company.rows = {"Name IN ('Design'": [service("7", "Design"), service("8", "Hours")]}
        assert items_of(await sent(workspace(default_item="Hours"), "Design", None)) == ["7", "8"]
        assert len(item_statements(company)) == 1

    async def test_the_setting_is_not_looked_for_when_every_line_has_its_own(self, company, workspace, sent):
        company.rows = {"Name IN ('Design'": [service("7", "Design")]}
        assert items_of(await sent(workspace(default_item="Gone"), "Design", "Design")) == ["7", "7"]
        assert "Gone" not in item_statements(company)[0]

    async def test_ids_come_in_one_query_and_names_in_one(self, company, workspace, sent):
        company.rows = {
            "Id IN ('7', '8')": [service("7", "Design"), service("8", "Hours")],
            "Name IN ('O\\'Neil'": [service("9", "O'Neil")],
        }
        assert items_of(await sent(workspace(), "7", "8", "O'Neil", "7")) == ["7", "8", "9", "7"]
        assert len(item_statements(company)) == 2

    async def test_digits_that_are_no_id_are_a_name(self, company, workspace, sent):
        company.rows = {"Id IN ('2026', '7')": [service("7", "Design")], "Name IN ('2026'": [service("8", "2026")]}
        assert items_of(await sent(workspace(), "2026", "7")) == ["8", "7"]

    async def test_what_was_found_is_kept(self, company, workspace, sent):
        company.rows = {"Name IN ('Design'": [service("7", "Design")], "Name IN ('Hours'": [service("8", "Hours")]}
        await sent(workspace(), "Design")
        assert items_of(await sent(workspace(), "Design", "Hours")) == ["7", "8"]
        assert len(item_statements(company)) == 2
        assert "Design" not in item_statements(company)[1]

    async def test_an_unknown_one_is_told_for_each_line_with_the_nearest(self, company, workspace, obstacles):
        company.rows = {"Type = 'Service'": [service("7", "Design"), service("19", "Services")]}
        found = await obstacles(workspace(), "Desing", None, "Desing", "Zzz")
        assert set(found) == {"lines.0.item", "lines.2.item", "lines.3.item"}
        assert found["lines.0.item"].code == "unknown_item"
        assert found["lines.2.item"].fix == "Did you mean “Design”? Correct it on the record or in custom mode."
        assert found["lines.3.item"].fix == "Choose one on the record or in custom mode: Design, Services."

    async def test_one_that_cannot_be_sold_is_told(self, company, workspace, obstacles):
        company.rows = {
            "Name IN ('A'": [service("7", "A (deleted)", Active=False), service("8", "B", Type="Category")],
            "Type = 'Service'": [],
        }
        found = await obstacles(workspace(), "A", "B")
        assert "inactive" in found["lines.0.item"].message
        assert "category" in found["lines.1.item"].message

    async def test_the_setting_and_the_line_that_share_a_wrong_name_are_both_told(self, company, workspace, obstacles):
        company.rows = {"FROM Item": []}
        found = await obstacles(workspace(default_item="Gone"), "Gone", None)
        assert set(found) == {"lines.0.item", "default_item"}
        assert "section 7" in found["default_item"].fix

    async def test_two_invoices_at_once_are_each_told_about_their_own_lines(
        self, backend, company, workspace, draft, lines
    ):
        ws, usual = workspace(), draft().lines[0]
        company.rows = {"Name IN ('Gone'": [], "Type = 'Service'": [service("19", "Services")]}
        ends = await asyncio.gather(
            backend.resolve(ws, draft(lines=lines("Gone"))),
            backend.resolve(ws, draft(lines=(*lines("Services"), *lines("Gone")))),
            backend.resolve(ws, draft(lines=(usual,))),
            return_exceptions=True,
        )
        assert [p.field for p in ends[0].problems] == ["lines.0.item"]
        assert "lines.1.item" in [p.field for p in ends[1].problems]
        assert ends[2].references["items"] == {"": "19"}

    async def test_a_line_that_was_changed_after_its_draft_was_resolved_is_not_guessed(
        self, backend, company, workspace, draft, lines
    ):
        ws = workspace()
        found, facts = await backend.resolve(ws, draft()), await backend.company(ws)
        with pytest.raises(PlanOutdated):
            backend.plan(ws.settings, draft(lines=lines("Design")), facts, found, "m")


class TestTaxCodes:
    async def test_each_line_has_its_own_or_the_one_that_is_set(self, company, workspace, sent):
        company.taxed("GB", ("2", "0.0% Z"), ("3", "20.0% S"), ("4", "5.0% R"))
        details = await sent(workspace(default_tax_code="20.0% S"), (None, "0.0% z"), None, (None, "4"))
        assert [detail["TaxCodeRef"]["value"] for detail in details] == ["2", "3", "4"]
        assert len([s for s in company.statements if "TaxCode" in s]) == 1

    async def test_no_setting_is_needed_when_every_line_has_its_own(self, company, workspace, sent):
        company.taxed("DE", ("2", "19% USt"))
        details = await sent(workspace(), (None, "19% USt"))
        assert details[0]["TaxCodeRef"] == {"value": "2"}

    async def test_without_a_setting_the_lines_without_one_are_told_to_set_it(self, company, workspace, obstacles):
        company.taxed("DE", ("2", "19% USt"))
        found = await obstacles(workspace(), (None, "19% USt"), None)
        assert {field: p.code for field, p in found.items()} == {"default_tax_code": "missing_tax_code"}

    async def test_an_unknown_one_is_told_for_its_line(self, company, workspace, obstacles):
        company.taxed("GB", ("2", "0.0% Z"), ("3", "20.0% S"))
        found = await obstacles(workspace(default_tax_code="2"), None, (None, "20% S"))
        assert found["lines.1.tax_code"].code == "unknown_tax_code"
        assert "“20.0% S”" in found["lines.1.tax_code"].fix

    async def test_the_us_knows_two_words_on_lines_too(self, company, workspace, sent, obstacles):
        company.preferences["TaxPrefs"] = {"UsingSalesTax": True}
        details = await sent(workspace(default_tax_code="TAX"), (None, "non"), None)
        assert [detail["TaxCodeRef"]["value"] for detail in details] == ["NON", "TAX"]
        assert "TAX or NON" in (await obstacles(workspace(), (None, "20% S")))["lines.0.tax_code"].fix

    async def test_a_company_without_sales_tax_gets_none(self, company, workspace, sent):
        company.info["Country"] = "GB"
        assert "TaxCodeRef" not in (await sent(workspace(), (None, "anything")))[0]


class TestWhatIsResolved:
    async def test_it_is_plain_data(self, backend, company, workspace, draft, lines):
        company.taxed("GB", ("2", "0.0% Z"), ("3", "20.0% S"))
        company.rows["FROM Item"] = [service("7", "Design")]
        found = await backend.resolve(workspace(default_tax_code="3"), draft(lines=lines(("Design", "0.0% Z"))))
        assert json.loads(json.dumps(found.references)) == found.references
        assert found.references["items"] == {"Design": "7"}
        assert found.references["tax_codes"] == {"0.0% Z": "2"}


class TestFourCountriesInQuickMode:
    @pytest.mark.parametrize(
        ("country", "currency", "code"),
        [("GB", "GBP", "20.0% S"), ("DE", "EUR", "19% USt"), ("CA", "CAD", "HST ON"), ("AU", "AUD", "GST")],
    )
    async def test_the_invoice_is_made_with_the_tax_on_top(
        self, backend, company, workspace, draft, create, country, currency, code
    ):
        company.taxed(country, ("2", "Exempt"), ("5", code))
        company.preferences["CurrencyPrefs"]["HomeCurrency"] = {"value": currency}

        def taxed(request):
            made = company.invoice(request.json(), TotalAmt=357.0, TxnTaxDetail={"TotalTax": 57.0})
            return Answer({"Invoice": made})

        company.on("POST", "invoice", taxed)
        ws = workspace(default_tax_code=code)
        submission = await create(ws, draft(currency=currency))
        sent = company.calls("POST", "invoice")[0].json()
        assert sent["GlobalTaxCalculation"] == "TaxExcluded"
        assert sent["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "5"}
        assert (str(submission.invoice.total), submission.warnings) == ("357.0", ())


class TestTaxOfThePreview:
    @pytest.fixture
    def planned(self, backend, draft, lines):
        """The plan that a preview shows."""

        async def go(ws, *codes):
            made = draft(lines=lines(*((None, code) for code in codes or (None,))))
            return backend.plan(ws.settings, made, await backend.company(ws), await backend.resolve(ws, made), "m")

        return go

    async def test_it_is_nothing_without_sales_tax(self, company, workspace, planned):
        plan = await planned(workspace())
        assert (str(plan.tax), plan.warnings) == ("0.00", ())

    async def test_it_is_nothing_abroad_without_sales_tax(self, company, workspace, planned):
        company.info["Country"] = "DE"
        assert str((await planned(workspace())).tax) == "0.00"

    async def test_it_is_nothing_when_every_line_says_so(self, company, workspace, planned):
        company.preferences["TaxPrefs"] = {"UsingSalesTax": True}
        assert str((await planned(workspace(default_tax_code="TAX"), "NON", "non")).tax) == "0.00"

    @pytest.mark.parametrize("codes", [(None,), ("TAX",), ("NON", "TAX"), ("NON", None)])
    async def test_only_quickbooks_knows_it_where_the_us_taxes(self, company, workspace, planned, codes):
        company.preferences["TaxPrefs"] = {"UsingSalesTax": True}
        plan = await planned(workspace(), *codes)
        assert plan.tax is None
        assert [(w.field, w.code, w.severity) for w in plan.warnings] == [("tax", "tax_by_books", "warning")]

    async def test_only_quickbooks_knows_it_elsewhere(self, company, workspace, planned):
        company.taxed("GB", ("3", "20.0% S"))
        assert (await planned(workspace(default_tax_code="3"))).tax is None

    async def test_it_costs_no_reading(self, company, workspace, planned):
        company.preferences["TaxPrefs"] = {"UsingSalesTax": True}
        await planned(workspace())
        assert not any("Tax" in s for s in company.statements)
