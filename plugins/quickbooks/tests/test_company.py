import asyncio

import pytest

from attibooks_core.errors import AccountMismatch, Down, InvalidSettings, NotConnected, ReconnectNeeded
from attibooks_core.model import Books, ConnectionState
from attibooks_core.testing import Answer
from attibooks_quickbooks.company import facts_from
from attibooks_quickbooks.wire import Address, CompanyInfo, Preferences

REALM = "9130001234567890"
BOOKS = Books("quickbooks", "sandbox", REALM)


class TestFacts:
    async def test_a_company_of_the_us(self, backend, company, workspace):
        company.preferences["AccountingInfoPrefs"] = {"BookCloseDate": "2025-12-31"}
        company.preferences["SalesFormsPrefs"] = {"CustomTxnNumbers": True}
        facts = await backend.company(workspace())
        assert (facts.name, facts.country, facts.home_currency) == ("Bluebird Studio", "US", "USD")
        assert (facts.multicurrency, facts.currencies, facts.tax_code_required) == (False, frozenset({"USD"}), False)
        assert facts.timezone == "America/New_York"
        told = {"book_close_date": "2025-12-31", "custom_numbers": True, "sales_tax": False}
        assert facts.extra == {**told, "class_per_invoice": None, "class_per_line": None, "locations": None}
        assert sorted(company.traffic) == [f"GET companyinfo/{REALM}", "GET preferences"]

    async def test_currencies_are_asked_for_only_where_there_are_several(self, backend, company, workspace):
        company.multicurrency("EUR", "GBP")
        company.rows["FROM CompanyCurrency"].append({"Id": "9", "Code": "JPY", "Active": False})
        assert (await backend.company(workspace())).currencies == {"USD", "EUR", "GBP"}
        assert len(company.statements) == 1

    @pytest.mark.parametrize(
        ("country", "uses_tax", "required"),
        [("US", True, False), ("GB", True, True), ("GB", False, False), ("DE", True, True), ("CA", True, True)],
    )
    async def test_a_tax_code_is_needed_outside_the_us_with_sales_tax_on(
        self, backend, company, workspace, country, uses_tax, required
    ):
        company.info["Country"] = country
        company.preferences["TaxPrefs"] = {"UsingSalesTax": uses_tax}
        assert (await backend.company(workspace())).tax_code_required is required

    async def test_recorded_answers_are_understood(self, backend, company, workspace, sample):
        company.info = sample("companyinfo-read.doc")["body"]["CompanyInfo"]
        company.preferences = sample("preferences-read.doc")["body"]["Preferences"]
        facts = await backend.company(workspace())
        assert (facts.name, facts.extra["book_close_date"]) == ("Larry's Bakery", "2015-12-31")
        assert facts.timezone is None

    def test_a_country_in_three_letters_and_an_odd_zone_are_understood(self):
        info = CompanyInfo(company_name="B", country="usa", default_time_zone="Mars/Olympus")
        facts = facts_from(BOOKS, info, Preferences())
        assert (facts.country, facts.timezone, facts.home_currency) == ("US", None, "USD")

    def test_the_address_stands_in_for_the_country(self):
        info = CompanyInfo(legal_name="B Inc", company_addr=Address(country="USA"))
        facts = facts_from(BOOKS, info, Preferences())
        assert (facts.name, facts.country) == ("B Inc", "US")

    def test_no_home_currency_is_no_answer(self):
        with pytest.raises(Down):
            facts_from(BOOKS, CompanyInfo(country="DE"), Preferences())


class TestKeeping:
    async def test_facts_are_kept_for_a_day(self, backend, company, workspace, host):
        await backend.company(workspace())
        host.clock.move(86_399)
        await backend.company(workspace())
        assert len(company.traffic) == 2
        host.clock.move(2)
        await backend.company(workspace())
        assert len(company.traffic) == 4

    async def test_many_at_once_read_once(self, backend, company, workspace):
        found = await asyncio.gather(*(backend.company(workspace()) for _ in range(20)))
        assert len(set(map(id, found))) == 1
        assert len(company.traffic) == 2

    async def test_one_caller_that_leaves_takes_nothing_from_the_others(self, backend, company, workspace):
        leaving = asyncio.create_task(backend.company(workspace()))
        staying = asyncio.create_task(backend.company(workspace()))
        await asyncio.sleep(0)
        leaving.cancel()
        assert (await staying).name == "Bluebird Studio"

    async def test_the_bad_token_of_one_caller_fails_no_other(self, backend, company, workspace, refused):
        def by_token(request):
            bad = request.headers["authorization"] != "Bearer books-token-1"
            return refused(3200, status=401) if bad else Answer({"CompanyInfo": company.info})

        company.on("GET", f"companyinfo/{REALM}", by_token)
        ends = await asyncio.gather(
            backend.company(workspace({"accounting": "revoked-token"})),
            backend.company(workspace()),
            return_exceptions=True,
        )
        assert isinstance(ends[0], ReconnectNeeded)
        assert ends[1].name == "Bluebird Studio"

    async def test_failures_are_not_kept(self, backend, company, workspace):
        company.on("GET", "preferences", [Answer("", 503)] * 3 + [Answer({"Preferences": company.preferences})])
        with pytest.raises(Down):
            await backend.company(workspace())
        assert (await backend.company(workspace())).name == "Bluebird Studio"

    async def test_nothing_crosses_workspace_environment_or_company(self, backend, company, elsewhere, workspace):
        production = elsewhere(environment="production")
        production.info["CompanyName"] = "Real Bluebird"
        sister = elsewhere(realm="4620816365012345678")
        sister.info["CompanyName"] = "Sister"
        names = [
            (await backend.company(workspace())).name,
            (await backend.company(workspace({"workspace_id": "ws-2"}))).name,
            (await backend.company(workspace(environment="production"))).name,
            (await backend.company(workspace(qbo_company_id="4620816365012345678"))).name,
        ]
        assert names == ["Bluebird Studio", "Bluebird Studio", "Real Bluebird", "Sister"]
        assert len(company.calls("GET", "preferences")) == 2
        assert len(production.calls("GET", "preferences")) == len(sister.calls("GET", "preferences")) == 1

    async def test_without_a_token_there_is_no_company(self, backend, workspace):
        with pytest.raises(NotConnected):
            await backend.company(workspace({"accounting": None}))


class TestCheck:
    async def check(self, backend, ws):
        status = await backend.check_connection(ws)
        sentences = [s for s in status.message.rstrip(".").split(". ") if s]
        assert len(sentences) == 2
        assert "token" not in status.message
        return status

    async def test_connected_says_where_and_fills_what_is_kept(self, backend, company, workspace):
        status = await self.check(backend, workspace())
        assert status.state is ConnectionState.CONNECTED
        assert status.facts.name == "Bluebird Studio"
        assert REALM in status.message
        assert "makes test invoices there" in status.message
        before = len(company.traffic)
        await backend.company(workspace())
        assert len(company.traffic) == before

    async def test_it_asks_past_what_is_kept(self, backend, company, workspace):
        await backend.company(workspace())
        company.info["CompanyName"] = "Renamed"
        assert (await self.check(backend, workspace())).facts.name == "Renamed"
        assert (await backend.company(workspace())).name == "Renamed"

    async def test_without_a_token_it_was_never_connected(self, backend, workspace, server):
        status = await self.check(backend, workspace({"accounting": None}))
        assert status.state is ConnectionState.NEVER_CONNECTED
        assert server.seen == []

    async def test_a_refused_token_is_revoked(self, backend, company, workspace, sample):
        body = sample("fault-401-expired-token-lowercase.2020")["body"]
        company.on("GET", f"companyinfo/{REALM}", Answer(body, 401, {"Intuit-Tid": "1-5f7349e0"}))
        status = await self.check(backend, workspace())
        assert (status.state, status.reference) == (ConnectionState.TOKEN_REVOKED, "1-5f7349e0")

    async def test_an_admin_who_left_is_revoked(self, backend, company, workspace, refused):
        company.on("GET", f"companyinfo/{REALM}", refused(120, status=403))
        assert (await self.check(backend, workspace())).state is ConnectionState.TOKEN_REVOKED

    async def test_a_token_of_the_other_environment_is_named(self, backend, company, elsewhere, workspace, refused):
        elsewhere(environment="production")
        company.on("GET", f"companyinfo/{REALM}", refused(3100, status=403))
        company.on("GET", "preferences", refused(3100, status=403))
        status = await self.check(backend, workspace())
        assert status.state is ConnectionState.WRONG_ENVIRONMENT
        assert "production" in status.message

    async def test_a_token_of_another_company_is_named(self, backend, company, elsewhere, workspace, refused):
        other = elsewhere(environment="production")
        for place in (company, other):
            place.on("GET", f"companyinfo/{REALM}", refused(3100, status=403))
        status = await self.check(backend, workspace())
        assert (status.state, status.facts) == (ConnectionState.WRONG_COMPANY, None)
        assert f"does not open company {REALM} in sandbox" in status.message

    async def test_the_look_into_the_other_environment_may_fail(self, backend, company, elsewhere, workspace, refused):
        elsewhere(environment="production").on("GET", f"companyinfo/{REALM}", Answer("", 503))
        company.on("GET", f"companyinfo/{REALM}", refused(3100, status=403))
        assert (await self.check(backend, workspace())).state is ConnectionState.WRONG_COMPANY

    @pytest.mark.parametrize("trouble", [Answer("", 503), Answer("<html/>", 404), Answer("nonsense"), Answer(cut=True)])
    async def test_trouble_is_the_backends(self, backend, company, workspace, trouble):
        company.on("GET", f"companyinfo/{REALM}", trouble)
        assert (await self.check(backend, workspace())).state is ConnectionState.BACKEND_DOWN

    async def test_trouble_drops_nothing_that_is_kept(self, backend, company, workspace):
        await backend.company(workspace())
        company.on("GET", f"companyinfo/{REALM}", Answer("", 503))
        await self.check(backend, workspace())
        assert (await backend.company(workspace())).name == "Bluebird Studio"

    async def test_a_lapsed_subscription_is_told_as_such(self, backend, company, workspace, refused):
        company.on("GET", "preferences", refused(6190))
        status = await self.check(backend, workspace())
        assert status.state is ConnectionState.BACKEND_DOWN
        assert "subscription" in status.message

    async def test_a_refusal_in_quickbooks_own_words_is_introduced(self, backend, company, workspace, refused):
        company.on("GET", "preferences", refused(7777, "Odd", "No such luck"))
        status = await self.check(backend, workspace())
        assert status.state is ConnectionState.BACKEND_DOWN
        assert status.message == "QuickBooks refused the check. It says: [7777] Odd: No such luck"

    async def test_a_throttle_is_told(self, backend, company, workspace):
        company.on("GET", f"companyinfo/{REALM}", Answer("", 429, {"Retry-After": "30"}))
        assert (await self.check(backend, workspace())).state is ConnectionState.RATE_LIMITED

    async def test_a_failed_check_stops_the_next_invoice_before_it_writes(
        self, backend, company, elsewhere, workspace, refused
    ):
        await backend.company(workspace())
        for place in (company, elsewhere(environment="production")):
            place.on("GET", f"companyinfo/{REALM}", refused(3100, status=403))
        await backend.check_connection(workspace())
        with pytest.raises(AccountMismatch):
            await backend.company(workspace())

    async def test_without_a_company_id_there_is_nothing_to_check(self, backend, workspace):
        with pytest.raises(InvalidSettings):
            await backend.check_connection(workspace(qbo_company_id=None))
