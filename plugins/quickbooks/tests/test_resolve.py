import asyncio
from datetime import date

import pytest

from attibooks_core.errors import Down, InvalidDraft
from attibooks_core.testing import Answer


@pytest.fixture
def obstacles(backend, draft):
    """What is in the way, by field."""

    async def go(ws, **changed):
        with pytest.raises(InvalidDraft) as caught:
            await backend.resolve(ws, draft(**changed))
        return {p.field: p for p in caught.value.problems}

    return go


@pytest.fixture
def item(backend, draft):
    """The item that the lines get."""

    async def go(ws):
        return (await backend.resolve(ws, draft())).references["items"][""]

    return go


@pytest.fixture
def tax_code(backend, draft):
    """The tax code that the lines get."""

    async def go(ws):
        return (await backend.resolve(ws, draft())).references["tax_codes"][""]

    return go


def service(item_id, name, **more):
    return {"Id": item_id, "Name": name, "Active": True, "Type": "Service", **more}


class TestItem:
    async def test_services_is_the_usual_one(self, company, workspace, item):
        company.rows["FROM Item"] = [service("3", "Concrete"), service("19", "services")]
        assert await item(workspace()) == "19"

    async def test_the_only_service_item_will_do(self, company, workspace, item):
        company.rows["FROM Item"] = [service("3", "Concrete")]
        assert await item(workspace()) == "3"

    async def test_several_without_services_are_listed(self, company, workspace, obstacles):
        company.rows["FROM Item"] = [service(str(n), f"Item {n}") for n in range(12)]
        problem = (await obstacles(workspace()))["default_item"]
        assert "Item 0, Item 1" in problem.message
        assert "and 4 more" in problem.message

    async def test_none_at_all_says_where_to_make_one(self, company, workspace, obstacles):
        company.rows["FROM Item"] = []
        assert "Products and services" in (await obstacles(workspace()))["default_item"].fix

    async def test_services_is_found_behind_a_full_page(self, company, workspace, item):
        company.rows = {
            "Name IN ('Services'": [service("19", "Services")],
            "FROM Item": [service(str(n), f"Item {n}") for n in range(1000)],
        }
        assert await item(workspace()) == "19"

    async def test_digits_are_an_id(self, company, workspace, item):
        company.rows = {"Id IN ('7')": [service("7", "Design")]}
        assert await item(workspace(default_item="7")) == "7"

    async def test_digits_may_be_a_name_too(self, company, workspace, item):
        company.rows = {"Name IN ('2026'": [service("8", "2026")]}
        assert await item(workspace(default_item="2026")) == "8"

    async def test_other_text_is_the_exact_name(self, company, workspace, item):
        company.rows = {"Name IN ('O\\'Neil hours'": [service("9", "O'Neil hours")]}
        assert await item(workspace(default_item="O'Neil hours")) == "9"

    @pytest.mark.parametrize(
        ("row", "word"),
        [
            (service("9", "Hours (deleted)", Active=False), "inactive"),
            (service("9", "Hours", Type="Category"), "category"),
        ],
    )
    async def test_what_cannot_stand_on_a_line_is_refused(self, company, workspace, obstacles, row, word):
        company.rows = {"FROM Item": [row]}
        problem = (await obstacles(workspace(default_item="Hours")))["default_item"]
        assert word in problem.message

    async def test_two_of_one_name_are_a_question(self, company, workspace, obstacles):
        company.rows = {"FROM Item": [service("3", "Hours"), service("4", "Hours")]}
        assert "ids 3, 4" in (await obstacles(workspace(default_item="Hours")))["default_item"].message

    async def test_an_unknown_name_offers_the_nearest(self, company, workspace, obstacles):
        company.rows = {"Type = 'Service'": [service("3", "Consulting"), service("4", "Design")]}
        problem = (await obstacles(workspace(default_item="Consultng")))["default_item"]
        assert (problem.code, "“Consulting”" in problem.fix) == ("unknown_item", True)
        listed = (await obstacles(workspace(default_item="Zzz")))["default_item"]
        assert "Consulting, Design" in listed.fix

    async def test_what_was_found_is_kept_and_what_was_not_is_not(self, company, workspace, item, obstacles):
        company.rows["FROM Item"] = []
        await obstacles(workspace())
        company.rows["FROM Item"] = [service("3", "Concrete")]
        assert await item(workspace()) == "3"
        company.rows["FROM Item"] = [service("4", "Other")]
        assert await item(workspace()) == "3"

    async def test_another_setting_is_another_item(self, company, workspace, item):
        company.rows = {"Id IN ('7')": [service("7", "Design")], "Type = 'Service'": [service("19", "Services")]}
        assert [await item(workspace()), await item(workspace(default_item="7"))] == ["19", "7"]

    async def test_a_name_is_not_asked_for_as_an_id(self, company, workspace, item):
        company.rows = {"Name IN ('Design'": [service("7", "Design")]}
        await item(workspace(default_item="Design"))
        assert not any(" Id IN " in s for s in company.statements)

    async def test_an_inactive_services_is_not_the_usual_one(self, company, workspace, item):
        company.rows["FROM Item"] = [service("19", "Services", Active=False), service("3", "Concrete")]
        assert await item(workspace()) == "3"

    async def test_nothing_kept_crosses_workspace_environment_or_company(self, company, elsewhere, workspace, item):
        production = elsewhere(environment="production")
        production.rows["FROM Item"] = [service("901", "Services")]
        company.rows["FROM Item"] = [service("19", "Services")]
        assert await item(workspace()) == "19"
        company.rows["FROM Item"] = [service("20", "Services")]
        assert await item(workspace({"workspace_id": "ws-2"})) == "20"
        assert await item(workspace(environment="production")) == "901"
        assert await item(workspace()) == "19"

    async def test_many_at_once_ask_once(self, company, workspace, item):
        ws = workspace()
        assert await asyncio.gather(*(item(ws) for _ in range(10))) == ["19"] * 10
        assert sum("FROM Item" in s for s in company.statements) == 1


class TestTaxCode:
    @pytest.mark.parametrize(("setting", "code"), [(None, None), ("tax", "TAX"), ("NON", "NON")])
    async def test_the_us_knows_two_words(self, company, workspace, tax_code, setting, code):
        assert await tax_code(workspace(default_tax_code=setting)) == code
        assert not any("TaxCode" in s for s in company.statements)

    async def test_the_us_takes_no_other(self, company, workspace, obstacles):
        assert "TAX" in (await obstacles(workspace(default_tax_code="2")))["default_tax_code"].fix

    async def test_elsewhere_one_is_needed(self, company, workspace, obstacles):
        company.taxed("GB", ("2", "20.0% S"))
        problem = (await obstacles(workspace()))["default_tax_code"]
        assert (problem.code, "section 7" in problem.fix) == ("missing_tax_code", True)

    @pytest.mark.parametrize("setting", ["3", "20.0% S", "20.0% s"])
    async def test_elsewhere_it_is_an_id_or_an_exact_name(self, company, workspace, tax_code, setting):
        company.taxed("GB", ("2", "0.0% Z"), ("3", "20.0% S"))
        assert await tax_code(workspace(default_tax_code=setting)) == "3"

    async def test_an_unknown_one_offers_the_nearest(self, company, workspace, obstacles):
        company.taxed("GB", ("2", "0.0% Z"), ("3", "20.0% S"), ("TAX", "TAX"))
        assert "“20.0% S”" in (await obstacles(workspace(default_tax_code="20% S")))["default_tax_code"].fix
        assert "0.0% Z, 20.0% S." in (await obstacles(workspace(default_tax_code="TAX?!")))["default_tax_code"].fix

    async def test_inactive_ones_do_not_count(self, company, workspace, obstacles):
        company.taxed("DE", ("2", "19%"))
        company.rows["FROM TaxCode"][0]["Active"] = False
        assert "there is none" in (await obstacles(workspace(default_tax_code="2")))["default_tax_code"].fix

    async def test_a_company_without_sales_tax_gets_none(self, company, workspace, tax_code):
        company.info["Country"] = "GB"
        assert await tax_code(workspace(default_tax_code="anything")) is None


class TestClosedBooks:
    @pytest.mark.parametrize(("day", "closed"), [(date(2026, 10, 31), True), (date(2026, 11, 1), False)])
    async def test_the_closing_day_is_closed_and_the_next_is_open(
        self, backend, company, workspace, draft, obstacles, day, closed
    ):
        company.preferences["AccountingInfoPrefs"] = {"BookCloseDate": "2026-10-31"}
        if closed:
            assert (await obstacles(workspace(), invoice_date=day))["invoice_date"].code == "closed_books"
        else:
            await backend.resolve(workspace(), draft(invoice_date=day))

    async def test_an_odd_date_closes_nothing(self, backend, company, workspace, draft):
        company.preferences["AccountingInfoPrefs"] = {"BookCloseDate": "never"}
        await backend.resolve(workspace(), draft())


class TestEverythingAtOnce:
    async def test_all_obstacles_come_in_one_answer(self, company, workspace, obstacles):
        company.taxed("GB", ("2", "20.0% S"))
        company.preferences["CurrencyPrefs"]["HomeCurrency"] = {"value": "GBP"}
        company.preferences["AccountingInfoPrefs"] = {"BookCloseDate": "2026-12-31"}
        company.rows["FROM Item"] = []
        company.rows["FROM Customer"] = [company.customer("Acme (deleted)", Active=False)]
        found = await obstacles(workspace(), currency="EUR", memo="m" * 1001, customer_email="a@b." + "c" * 99)
        assert set(found) == {
            "memo",
            "customer_email",
            "currency",
            "invoice_date",
            "customer_name",
            "default_item",
            "default_tax_code",
        }
        assert all(p.message.endswith(".") and p.fix.endswith(".") for p in found.values())

    async def test_the_customer_that_was_found_comes_with_the_obstacles(self, backend, company, workspace, draft):
        company.taxed("GB", ("2", "20.0% S"))
        company.rows["FROM Item"] = []
        company.rows["FROM Customer"] = [company.customer("Acme"), company.customer("Acme Ltd", Id="59")]
        with pytest.raises(InvalidDraft) as caught:
            await backend.resolve(workspace(), draft())
        assert {p.field for p in caught.value.problems} == {"default_item", "default_tax_code"}
        assert (caught.value.match.how, caught.value.match.id) == ("name", "58")
        assert [c.id for c in caught.value.candidates] == ["59"]

    async def test_the_customers_that_could_be_meant_come_with_all_obstacles(self, backend, company, workspace, draft):
        company.taxed("GB", ("2", "20.0% S"))
        company.rows["FROM Item"] = []
        company.rows["FROM Customer"] = [company.customer("Acme"), company.customer("acme", Id="59")]
        with pytest.raises(InvalidDraft) as caught:
            await backend.resolve(workspace(), draft())
        assert {p.field for p in caught.value.problems} == {"customer_name", "default_item", "default_tax_code"}
        assert (caught.value.match, [c.id for c in caught.value.candidates]) == (None, ["58", "59"])

    async def test_the_message_says_the_first_and_counts_the_rest(self, backend, company, workspace, draft):
        company.rows["FROM Item"] = []
        with pytest.raises(InvalidDraft, match=r"USD only .* \(1 more problem\)$"):
            await backend.resolve(workspace(), draft(currency="EUR"))

    async def test_trouble_counts_more_than_obstacles(self, backend, company, workspace, draft):
        company.rows["FROM Item"] = Answer("", 503)
        with pytest.raises(Down):
            await backend.resolve(workspace(), draft(currency="EUR"))

    async def test_a_draft_without_obstacles_reads_no_company_again(self, backend, company, workspace, draft, host):
        company.taxed("GB", ("2", "20.0% S"))
        ws = workspace(default_tax_code="2")
        await backend.resolve(ws, draft())
        host.clock.move(3600)
        await backend.resolve(ws, draft())
        assert len(company.calls("GET", "preferences")) == 1

    async def test_a_company_that_needs_no_tax_code_is_not_read_again_for_one(
        self, backend, company, workspace, draft, host
    ):
        await backend.resolve(workspace(), draft())
        host.clock.move(3600)
        await backend.resolve(workspace(), draft())
        assert len(company.calls("GET", "preferences")) == 1

    async def test_texts_may_be_as_long_as_quickbooks_takes_them(self, backend, company, workspace, draft):
        await backend.resolve(workspace(), draft(memo="m" * 1000, customer_email="a@b." + "c" * 96))

    async def test_what_the_user_mended_in_quickbooks_is_seen(
        self, backend, company, workspace, draft, host, obstacles
    ):
        await obstacles(workspace(), currency="EUR")
        company.multicurrency("EUR")
        await obstacles(workspace(), currency="EUR")  # within a minute nothing is asked again
        host.clock.move(61)
        assert (await backend.resolve(workspace(), draft(currency="EUR"))).references["currency"] == "EUR"

    async def test_sales_tax_that_was_turned_off_is_seen(self, backend, company, workspace, draft, host, obstacles):
        company.taxed("GB", ("2", "20.0% S"))
        await obstacles(workspace())
        company.preferences["TaxPrefs"] = {"UsingSalesTax": False}
        host.clock.move(61)
        assert (await backend.resolve(workspace(), draft())).references["tax_codes"] == {"": None}

    async def test_refusals_of_a_whole_batch_do_not_read_the_company_each_time(
        self, company, workspace, host, obstacles
    ):
        await obstacles(workspace(), currency="EUR")
        host.clock.move(61)
        for _ in range(5):
            await obstacles(workspace(), currency="EUR")
        assert len(company.calls("GET", "preferences")) == 2
