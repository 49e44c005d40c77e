import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attibooks_core.errors import InvalidDraft
from attibooks_core.model import Provenance, RecordRef, Source
from attibooks_core.testing import MemoryInMemory
from attibooks_quickbooks.customers import link_key
from attibooks_quickbooks.names import clean_name

KEY = "customer:companies:rec-71"


@pytest.fixture
def memory():
    return MemoryInMemory()


@pytest.fixture
def match(backend, workspace, draft, memory):
    """How a draft's customer is matched."""

    async def go(**changed):
        resolution = await backend.resolve(workspace({"memory": memory}), draft(**changed))
        return resolution.match

    return go


@pytest.fixture
def obstacles(match):
    """What is in the way, by field."""

    async def go(**changed):
        with pytest.raises(InvalidDraft) as caught:
            await match(**changed)
        return {p.field: p for p in caught.value.problems}

    return go


def customer_statements(company):
    return [s for s in company.statements if "FROM Customer" in s]


class TestRemembered:
    async def test_a_linked_record_needs_no_reading(self, company, match, memory):
        memory.kept[KEY] = '{"id":"58","currency":"USD"}'
        found = await match()
        assert (found.how, found.id) == ("remembered", "58")
        assert customer_statements(company) == []

    async def test_a_link_or_customer_without_a_currency_has_the_companys(
        self, backend, company, workspace, draft, memory
    ):
        ws = workspace({"memory": memory})
        company.rows["PrimaryEmailAddr"] = [{"Id": "58", "DisplayName": "Acme Holding"}]
        by_email = await backend.resolve(ws, draft(customer_email="pay@acme.example"))
        memory.kept[KEY] = '{"id":"58"}'
        by_link = await backend.resolve(ws, draft(currency="USD"))
        assert (by_email.match.how, by_email.references["currency"]) == ("email", "USD")
        assert (by_link.match.how, by_link.references["currency"]) == ("remembered", "USD")

    @pytest.mark.parametrize("kept", ["", "{", '"58"', '{"id": 58}', "null"])
    async def test_a_link_that_cannot_be_read_counts_as_none(self, company, match, memory, kept):
        memory.kept[KEY] = kept
        assert (await match()).how == "new"

    async def test_a_link_to_a_customer_in_another_currency_is_not_used(self, company, match, memory):
        company.multicurrency("EUR")
        memory.kept[KEY] = '{"id":"58","currency":"USD"}'
        company.rows["FROM Customer"] = [
            company.customer("Acme"),
            company.customer("Acme (EUR)", Id="59", CurrencyRef={"value": "EUR"}),
        ]
        found = await match(currency="EUR")
        assert (found.how, found.id) == ("name", "59")

    async def test_a_name_that_the_user_wrote_counts_more_than_the_link(self, company, match, memory):
        memory.kept[KEY] = '{"id":"58","currency":"USD"}'
        company.rows["FROM Customer"] = [company.customer("Other", Id="77")]
        written = {"customer.name": Provenance(Source.USER, None, "Other")}
        found = await match(customer_name="Other", provenance=written)
        assert (found.how, found.id) == ("chosen", "77")

    def test_keys_fit_the_hosts_memory(self):
        assert link_key(RecordRef("companies", "rec-71")) == KEY
        long, other = RecordRef("o" * 150, "r" * 150), RecordRef("o" * 150, "r" * 149 + "s")
        assert len(link_key(long)) <= 200
        assert link_key(long) != link_key(other)


class TestByName:
    async def test_the_exact_name_is_found_whatever_its_case(self, company, match):
        company.rows["FROM Customer"] = [company.customer("ACME")]
        found = await match(customer_name="Acme")
        assert (found.how, found.id, found.reason) == ("name", "58", "A customer of this name exists.")

    async def test_a_recorded_customer_with_an_apostrophe_is_found(self, company, match, sample):
        rows = sample("customer-query-escaped-apostrophe.2020")["body"]["QueryResponse"]["Customer"]
        company.rows["FROM Customer"] = json.loads(json.dumps(rows, default=float))
        found = await match(customer_name="Amy's Bird Sanctuary")
        assert (found.how, found.id) == ("name", "1")
        assert "DisplayName IN ('Amy\\'s Bird Sanctuary', " in customer_statements(company)[0]

    async def test_a_similar_name_is_not_the_name(self, company, match):
        company.rows["FROM Customer"] = [
            company.customer("Acme Inc"),
            company.customer("Acme Inc (deleted)", Id="57", Active=False),
        ]
        assert (await match()).how == "new"

    async def test_an_inactive_customer_is_never_doubled(self, company, obstacles, sample):
        thrifty = {k: v for k, v in sample("customer-deactivated.2013")["body"]["Customer"].items() if k != "Balance"}
        company.rows["FROM Customer"] = [thrifty]
        found = await obstacles(customer_name="Thrifty Meats", customer_email="info@thriftymeats.com")
        assert found["customer_name"].code == "inactive_customer"
        assert "active again" in found["customer_name"].fix
        assert len(customer_statements(company)) == 1

    async def test_an_active_customer_wins_over_an_inactive_namesake(self, company, match):
        company.rows["FROM Customer"] = [
            company.customer("Acme (deleted)", Id="12", Active=False),
            company.customer("Acme"),
        ]
        assert (await match()).id == "58"

    async def test_two_of_one_name_are_a_question(self, company, obstacles):
        company.rows["FROM Customer"] = [company.customer("Acme"), company.customer("acme", Id="60")]
        found = await obstacles()
        assert "id 58" in found["customer_name"].message
        assert "id 60" in found["customer_name"].message


class TestByEmail:
    MAIL = "pay@acme.example"

    async def test_the_only_customer_with_the_address_is_taken(self, company, match):
        company.rows["PrimaryEmailAddr"] = [company.customer("Acme Holding", PrimaryEmailAddr={"Address": self.MAIL})]
        found = await match(customer_email=self.MAIL)
        assert (found.how, found.id) == ("email", "58")
        assert "Acme Holding" in found.reason

    async def test_the_first_of_two_is_never_taken(self, company, obstacles):
        company.rows["PrimaryEmailAddr"] = [
            company.customer("Acme North", PrimaryEmailAddr={"Address": self.MAIL}),
            company.customer("Acme South", Id="59"),
        ]
        found = await obstacles(customer_email=self.MAIL)
        listed = f"{self.MAIL}: Acme North, {self.MAIL}, id 58; Acme South, no e-mail, id 59."
        assert found["customer_name"].message.endswith(listed)
        assert "exact name" in found["customer_name"].fix

    async def test_inactive_ones_do_not_count(self, company, match):
        company.rows["PrimaryEmailAddr"] = [
            company.customer("Old (deleted)", Active=False),
            company.customer("Acme North", Id="59"),
        ]
        assert (await match(customer_email=self.MAIL)).id == "59"

    async def test_nobody_is_asked_by_address_when_the_name_is_found(self, company, match):
        company.rows["FROM Customer"] = [company.customer("Acme")]
        await match(customer_email=self.MAIL)
        assert len(customer_statements(company)) == 1

    async def test_nobody_is_a_new_customer(self, company, match):
        found = await match(customer_email=self.MAIL)
        assert (found.how, found.id) == ("new", None)
        assert len(customer_statements(company)) == 2


class TestCurrency:
    async def test_the_customers_own_currency_is_the_default(self, backend, company, workspace, draft):
        company.multicurrency("EUR")
        company.rows["FROM Customer"] = [company.customer("Acme", CurrencyRef={"value": "EUR"})]
        resolution = await backend.resolve(workspace(), draft())
        assert resolution.references["currency"] == "EUR"

    async def test_a_new_customer_gets_the_drafts_else_the_home_currency(self, backend, company, workspace, draft):
        company.multicurrency("EUR", home="GBP")
        assert (await backend.resolve(workspace(), draft())).references["currency"] == "GBP"
        assert (await backend.resolve(workspace(), draft(currency="EUR"))).references["currency"] == "EUR"

    async def test_a_company_with_one_currency_says_so(self, company, obstacles):
        found = await obstacles(currency="EUR")
        assert found["currency"].code == "single_currency"
        assert "Multicurrency" in found["currency"].fix

    async def test_a_currency_that_is_not_active_is_named(self, company, obstacles):
        company.multicurrency("EUR")
        found = await obstacles(currency="CHF")
        assert found["currency"].code == "inactive_currency"
        assert "EUR, USD" in found["currency"].fix

    async def test_a_customer_in_another_currency_is_refused_with_the_fix(self, company, obstacles):
        company.multicurrency("EUR")
        company.rows["FROM Customer"] = [company.customer("Acme")]
        found = await obstacles(currency="EUR")
        assert found["currency"].code == "customer_currency"
        assert "kept in USD in QuickBooks and the invoice is in EUR." in found["currency"].message
        assert "“Acme (EUR)” in EUR" in found["currency"].fix

    async def test_its_twin_in_the_wanted_currency_is_used(self, company, match):
        company.multicurrency("EUR")
        twin = company.customer("Acme (EUR)", Id="59", CurrencyRef={"value": "EUR"})
        company.rows["FROM Customer"] = [company.customer("Acme"), twin]
        found = await match(currency="EUR")
        assert found.id == "59"
        assert "Acme (EUR)" in found.reason
        assert "'Acme (EUR)'" in customer_statements(company)[0]

    @pytest.mark.parametrize("spoiled", [{"Active": False}, {"CurrencyRef": {"value": "USD"}}])
    async def test_a_twin_that_is_inactive_or_misnamed_is_not_used(self, company, obstacles, spoiled):
        company.multicurrency("EUR")
        twin = company.customer("Acme (EUR)", **{"Id": "59", "CurrencyRef": {"value": "EUR"}, **spoiled})
        company.rows["FROM Customer"] = [company.customer("Acme"), twin]
        assert "currency" in await obstacles(currency="EUR")

    async def test_a_customer_found_by_address_has_to_fit_too(self, company, obstacles):
        company.multicurrency("EUR")
        company.rows["PrimaryEmailAddr"] = [company.customer("Acme Holding")]
        found = await obstacles(currency="EUR", customer_email="pay@acme.example")
        assert found["currency"].code == "customer_currency"
        assert "“Acme Holding (EUR)” in EUR" in found["currency"].fix


class TestNames:
    @pytest.mark.parametrize(
        ("given", "cleaned"),
        [
            ("  Acme   Ltd ", "Acme Ltd"),
            ("Acme:North", "Acme-North"),
            ("Acme\tNorth\nSouth", "Acme North South"),
            ("Acme\u00a0Ltd", "Acme Ltd"),
            ("Ac\x00me", "Acme"),
            ("Ac\ud800me", "Acme"),
            ("O'Neil & Söhne 🦜", "O'Neil & Söhne 🦜"),
        ],
    )
    def test_are_cleaned(self, given, cleaned):
        assert clean_name(given) == cleaned

    @given(st.text(max_size=80))
    def test_are_clean_after_cleaning(self, name):
        cleaned = clean_name(name)
        assert clean_name(cleaned) == cleaned
        assert not set(":\t\n\r") & set(cleaned)
        cleaned.encode()

    async def test_a_change_is_told(self, backend, company, workspace, draft):
        resolution = await backend.resolve(workspace(), draft(customer_name="Acme: North"))
        (warning,) = resolution.warnings
        assert (warning.field, warning.severity) == ("customer_name", "warning")
        assert "“Acme- North”" in warning.message

    async def test_a_change_of_spaces_is_not_told(self, backend, company, workspace, draft):
        assert (await backend.resolve(workspace(), draft(customer_name=" Acme  Ltd\n"))).warnings == ()

    @pytest.mark.parametrize("name", ["x" * 501, " \ud800 ", "\x01"])
    async def test_names_that_cannot_be_are_refused(self, company, obstacles, name):
        assert (await obstacles(customer_name=name))["customer_name"].code == "bad_name"
        assert customer_statements(company) == []

    async def test_five_hundred_characters_are_fine(self, company, match):
        assert (await match(customer_name="x" * 500)).how == "new"


class TestChosen:
    async def test_the_users_choice_counts_more_than_link_and_name(self, company, match, memory):
        memory.kept[KEY] = '{"id":"58","currency":"USD"}'
        company.rows["Id = '77'"] = [company.customer("Other", Id="77")]
        found = await match(customer_id="77")
        assert (found.how, found.id, found.reason) == ("chosen", "77", "You chose “Other”.")
        assert len(customer_statements(company)) == 1

    async def test_the_invoice_is_in_the_chosen_customers_currency(self, backend, company, workspace, draft):
        company.multicurrency("EUR")
        company.rows["Id = '77'"] = [company.customer("Other", Id="77", CurrencyRef={"value": "EUR"})]
        resolution = await backend.resolve(workspace(), draft(customer_id="77"))
        assert resolution.references["currency"] == "EUR"

    @pytest.mark.parametrize("chosen", ["77", "", "x' OR '1", "٣", "7 7"])
    async def test_one_that_is_not_there_is_refused(self, company, obstacles, chosen):
        problem = (await obstacles(customer_id=chosen))["customer_name"]
        assert problem.code == "unknown_customer"
        assert "custom mode" in problem.fix

    async def test_only_ids_are_asked_for(self, company, obstacles):
        await obstacles(customer_id="x' OR '1")
        assert customer_statements(company) == []

    async def test_one_that_was_made_inactive_is_refused(self, company, obstacles):
        company.rows["Id = '77'"] = [company.customer("Other (deleted)", Id="77", Active=False)]
        problem = (await obstacles(customer_id="77"))["customer_name"]
        assert (problem.code, "“Other” is inactive" in problem.message) == ("inactive_customer", True)

    async def test_one_in_another_currency_is_refused(self, company, obstacles):
        company.multicurrency("EUR")
        company.rows["Id = '77'"] = [company.customer("Other", Id="77")]
        problem = (await obstacles(customer_id="77", currency="EUR"))["customer_name"]
        assert problem.code == "customer_currency"
        assert "kept in USD in QuickBooks and the invoice is in EUR." in problem.message

    async def test_a_record_whose_name_cannot_be_a_customers_may_choose_one(self, company, match):
        company.rows["Id = '77'"] = [company.customer("Other", Id="77")]
        assert (await match(customer_name="x" * 501, customer_id="77")).id == "77"

    async def test_nothing_is_said_of_a_name_that_is_not_used(self, backend, company, workspace, draft):
        company.rows["Id = '77'"] = [company.customer("Other", Id="77")]
        resolution = await backend.resolve(workspace(), draft(customer_name="A: B", customer_id="77"))
        assert resolution.warnings == ()


class TestTheRecordOfTheCustomer:
    COMPANY = RecordRef("companies", "rec-9")

    async def test_its_link_is_used_and_not_the_deals(self, company, match, memory):
        memory.kept[KEY] = '{"id":"1","currency":"USD"}'
        memory.kept[link_key(self.COMPANY)] = '{"id":"58","currency":"USD"}'
        found = await match(customer_record=self.COMPANY)
        assert (found.how, found.id) == ("remembered", "58")

    async def test_the_link_of_the_deal_is_no_link_of_its_company(self, company, match, memory):
        memory.kept[KEY] = '{"id":"1","currency":"USD"}'
        assert (await match(customer_record=self.COMPANY)).how == "new"


class TestCandidates:
    MAIL = "pay@acme.example"

    @pytest.fixture
    def found(self, backend, workspace, draft):
        """What a draft resolves to, or the refusal; both have candidates."""

        async def go(**changed):
            try:
                return await backend.resolve(workspace(), draft(**changed))
            except InvalidDraft as refused:
                return refused

        return go

    async def test_a_similar_name_is_offered_with_the_reason(self, company, found):
        company.rows["FROM Customer"] = [company.customer("ÁCME, Inc.", PrimaryEmailAddr={"Address": self.MAIL})]
        resolution = await found()
        (candidate,) = resolution.candidates
        assert (resolution.match.how, candidate.id, candidate.name) == ("new", "58", "ÁCME, Inc.")
        assert candidate.email == self.MAIL
        assert candidate.reason == "Its name differs only in accents, punctuation or legal form."

    async def test_likely_spellings_are_asked_for_in_the_one_query_by_name(self, company, found):
        await found(customer_name="O'Neil Söhne GmbH")
        (statement,) = customer_statements(company)
        for other in ("O’Neil Söhne GmbH", "O\\'Neil Sohne GmbH", "O\\'Neil Söhne", "O\\'Neil Söhne AG"):
            assert f"'{other}'" in statement

    async def test_a_very_long_name_is_asked_for_as_it_is(self, company, found):
        await found(customer_name="x" * 101)
        assert f"DisplayName IN ('{'x' * 101}', '{'x' * 101} (deleted)') AND" in customer_statements(company)[0]

    async def test_the_likeliest_come_first_and_five_at_most(self, company, found):
        company.rows["FROM Customer"] = [
            *(
                company.customer(f"Acme {form}", Id=str(n))
                for n, form in enumerate(("Ltd", "Inc", "AG", "KG", "SE"), 20)
            ),
            company.customer("Acme (deleted)", Id="10", Active=False),
            company.customer("Acme", Id="11"),
            company.customer("acme", Id="12"),
            company.customer("Stranger", Id="13"),
        ]
        refused = await found()
        assert [c.id for c in refused.candidates] == ["11", "12", "10", "20", "21"]
        assert refused.candidates[2].reason == "It has this very name. It is inactive in QuickBooks."

    async def test_the_same_address_is_a_reason(self, company, found):
        company.rows["PrimaryEmailAddr"] = [
            company.customer("North", Id="1", PrimaryEmailAddr={"Address": self.MAIL.upper()}),
            company.customer("South", Id="2", PrimaryEmailAddr={"Address": f"x@y.example, {self.MAIL}"}),
        ]
        refused = await found(customer_email=self.MAIL)
        assert refused.problems[0].code == "several_customers"
        assert {c.reason for c in refused.candidates} == {"It has the same e-mail address."}

    async def test_the_matched_one_is_no_candidate(self, company, found):
        company.rows["FROM Customer"] = [company.customer("Acme"), company.customer("Acme Ltd", Id="59")]
        resolution = await found()
        assert (resolution.match.id, [c.id for c in resolution.candidates]) == ("58", ["59"])

    async def test_the_customer_in_another_currency_is_one(self, company, found):
        company.multicurrency("EUR")
        company.rows["FROM Customer"] = [company.customer("Acme")]
        refused = await found(currency="EUR")
        assert [(c.id, c.reason) for c in refused.candidates] == [("58", "It has this very name.")]
        company.rows["FROM Customer"] = [company.customer("Acme (EUR)", CurrencyRef={"value": "EUR"})]
        assert [c.reason for c in (await found()).candidates] == ["It is this customer in EUR."]

    async def test_the_one_that_stands_beside_a_vendor_is_one(self, company, found):
        company.rows["FROM Customer"] = [company.customer("Acme (Customer)")]
        assert [c.reason for c in (await found()).candidates] == ["It has this name with “(Customer)” behind it."]

    async def test_they_cost_no_reading(self, company, found):
        await found(customer_email=self.MAIL)
        assert len(customer_statements(company)) == 2

    async def test_a_linked_record_has_none(self, backend, company, workspace, draft, memory):
        memory.kept[KEY] = '{"id":"58","currency":"USD"}'
        assert (await backend.resolve(workspace({"memory": memory}), draft())).candidates == ()

    async def test_books_that_take_two_names_for_one_say_which_customer_is_meant(
        self, company, create, workspace, draft, refused
    ):
        company.on("POST", "customer", refused(6240))
        company.rows["DisplayName = 'Strasse'"] = [company.customer("Straße")]
        with pytest.raises(InvalidDraft) as caught:
            await create(workspace(), draft(customer_name="Strasse"))
        assert caught.value.problems[0].code == "name_taken"
        assert [c.name for c in caught.value.candidates] == ["Straße"]
