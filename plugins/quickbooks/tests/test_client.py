import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from attibooks_core.errors import AttiBooksError, Down, RateLimited, ReconnectNeeded, Refused, Superseded
from attibooks_core.model import Books, Credential, WireRequest
from attibooks_core.protocols import HttpReply
from attibooks_core.testing import Answer, FakeRun, SettableClock
from attibooks_quickbooks.client import Access, QuickBooksClient
from attibooks_quickbooks.faults import NoAnswer
from attibooks_quickbooks.settings import QuickBooksHostSettings
from attibooks_quickbooks.wire import CompanyInfoAnswer, InvoiceAnswer, QueryAnswer

REALM = "9130001234567890"
INVOICE = WireRequest("invoice", "POST", f"/v3/company/{REALM}/invoice", '{"Line":[]}')


@pytest.fixture
def client(host, host_settings):
    return QuickBooksClient(host.http, host.clock, host_settings)


@pytest.fixture
def access():
    return Access(Books("quickbooks", "sandbox", REALM), Credential(SecretStr("books-token-1")))


@pytest.fixture
def run():
    return FakeRun()


@pytest.fixture
def write(client, access, run):
    async def go(request=INVOICE):
        return await client.write(
            access, request, InvoiceAnswer, request_id=run.request_id(request.part), fence=run.fence
        )

    return go


GOOD = Answer({"Invoice": {"Id": "145"}})


class TestEveryCall:
    async def test_carries_version_token_and_the_wish_for_json(self, client, access, company):
        await client.read(access, f"companyinfo/{REALM}", CompanyInfoAnswer)
        call = company.calls("GET", f"companyinfo/{REALM}")[0]
        assert call.query == {"minorversion": "75"}
        assert call.headers["authorization"] == "Bearer books-token-1"
        assert call.headers["accept"] == "application/json"

    def test_uses_connections_of_its_company_and_environment_only(self, access):
        other = Access(Books("quickbooks", "production", REALM), access.credential)
        assert access.account == f"quickbooks:sandbox:{REALM}"
        assert other.account == f"quickbooks:production:{REALM}"

    @pytest.mark.parametrize("token", ["with space", "line\nbreak", "über", ""])
    async def test_never_sends_a_token_that_is_no_header(self, client, access, server, token):
        spoiled = Access(access.books, Credential(SecretStr(token)))
        with pytest.raises(ReconnectNeeded) as caught:
            await client.read(spoiled, "preferences", CompanyInfoAnswer)
        assert server.seen == []
        assert not token or token not in str(caught.value)

    def test_hides_the_token_in_its_repr(self, access):
        assert "books-token-1" not in repr(access)


class TestReads:
    @pytest.mark.parametrize(
        "trouble",
        [Answer("", 503), Answer("<html/>", 502), Answer("{", 200), Answer({}, 200), Answer(cut=True), Answer("", 429)],
        ids=["503", "html", "half", "empty", "cut", "429"],
    )
    async def test_are_repeated_after_trouble(self, client, access, company, host, trouble):
        company.on("GET", f"companyinfo/{REALM}", [trouble, Answer({"CompanyInfo": {"CompanyName": "B"}})])
        found = await client.read(access, f"companyinfo/{REALM}", CompanyInfoAnswer)
        assert found.company_info.company_name == "B"
        assert len(host.clock.slept) == 1

    async def test_end_as_down_with_the_trace_id(self, client, access, company):
        company.on("GET", "preferences", Answer("<html>Bad Gateway</html>", 502, {"Intuit-Tid": "1-5f"}))
        with pytest.raises(Down) as caught:
            await client.read(access, "preferences", CompanyInfoAnswer)
        assert caught.value.reference == "1-5f"
        assert caught.value.retryable
        assert len(company.calls("GET", "preferences")) == 3

    async def test_are_not_repeated_when_refused(self, client, access, company, refused, tid):
        company.on("GET", "preferences", refused(5020))
        with pytest.raises(Refused) as caught:
            await client.read(access, "preferences", CompanyInfoAnswer)
        assert caught.value.reference == tid
        assert len(company.calls("GET", "preferences")) == 1

    async def test_nobody_listening_is_down(self, host, access, dead_end):
        settings = QuickBooksHostSettings.model_validate({"sandbox_api_url": dead_end})
        with pytest.raises(Down):
            await QuickBooksClient(host.http, host.clock, settings).read(access, "preferences", CompanyInfoAnswer)

    async def test_a_throttle_without_a_word_asks_for_a_minute(self, client, access, company, sample):
        company.on("GET", "preferences", Answer(sample("fault-429-throttle.2016")["xml"], 429))
        with pytest.raises(RateLimited) as caught:
            await client.read(access, "preferences", CompanyInfoAnswer)
        assert caught.value.retry_after == 60.0

    async def test_a_throttle_with_a_long_wait_is_passed_on_at_once(self, client, access, company, host):
        company.on("GET", "preferences", Answer("", 429, {"Retry-After": "30"}))
        with pytest.raises(RateLimited) as caught:
            await client.read(access, "preferences", CompanyInfoAnswer)
        assert caught.value.retry_after == 30.0
        assert host.clock.slept == []


class TestWrites:
    @pytest.mark.parametrize(
        "trouble",
        [
            Answer(cut=True),
            Answer("", 503),
            Answer("", 408),
            Answer("", 429, {"Retry-After": "1"}),
            Answer('{"Invoice": {"Id"', 200),
            Answer({"BatchItemResponse": []}, 200),
            Answer("", 200),
        ],
        ids=["cut", "503", "408", "429", "half", "other", "empty"],
    )
    async def test_are_repeated_with_the_same_request_id_and_body(self, write, company, run, trouble):
        company.on("POST", "invoice", [trouble, GOOD])
        assert (await write()).invoice.id == "145"
        first, second = company.calls("POST", "invoice")
        assert first.query == second.query == {"requestid": "intent0001-invoice", "minorversion": "75"}
        assert first.body == second.body == INVOICE.body.encode()
        assert run.fences == 2

    @pytest.mark.parametrize("code", [2020, 6000, 6240, 610])
    async def test_are_never_repeated_when_refused(self, write, company, refused, code):
        company.on("POST", "invoice", refused(code))
        with pytest.raises(AttiBooksError):
            await write()
        assert len(company.calls("POST", "invoice")) == 1

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
    async def test_are_never_repeated_after_a_client_error_without_a_reason(self, write, company, status):
        company.on("POST", "invoice", Answer("<html>no</html>", status))
        with pytest.raises(AttiBooksError):
            await write()
        assert len(company.calls("POST", "invoice")) == 1

    async def test_end_open_after_a_few_tries_within_fifteen_seconds(self, write, company, host):
        company.on("POST", "invoice", Answer("", 503, {"intuit_tid": "t-9"}))
        with pytest.raises(NoAnswer) as caught:
            await write()
        assert caught.value.reference == "t-9"
        assert len(company.calls("POST", "invoice")) == 4
        assert sum(host.clock.slept) <= 15

    async def test_a_refusal_after_a_lost_answer_leaves_the_end_open(self, write, company, refused):
        company.on("POST", "invoice", [Answer(cut=True), refused(3200, status=401)])
        with pytest.raises(NoAnswer) as caught:
            await write()
        assert isinstance(caught.value.refusal, ReconnectNeeded)

    async def test_nothing_sent_is_down(self, host, access, run, dead_end):
        settings = QuickBooksHostSettings.model_validate({"sandbox_api_url": dead_end})
        client = QuickBooksClient(host.http, host.clock, settings)
        with pytest.raises(Down):
            await client.write(access, INVOICE, InvoiceAnswer, request_id="r", fence=run.fence)
        assert run.fences == 4

    async def test_stop_when_another_run_took_over(self, write, company, run):
        run.superseded = True
        with pytest.raises(Superseded):
            await write()
        assert company.calls("POST", "invoice") == []

    async def test_stop_between_tries_when_another_run_took_over(self, write, company, run):
        def lose(_):
            run.superseded = True
            return Answer(cut=True)

        company.on("POST", "invoice", lose)
        with pytest.raises(Superseded):
            await write()

    async def test_without_a_body_are_octets(self, write, company):
        company.on("POST", "invoice", GOOD)
        await write(WireRequest("send", "POST", f"/v3/company/{REALM}/invoice", ""))
        call = company.calls("POST", "invoice")[0]
        assert (call.body, call.headers["content-type"]) == (b"", "application/octet-stream")

    async def test_an_echo_of_the_token_goes_no_further(self, write, company, refused):
        company.on("POST", "invoice", refused(7777, "Bad", "Malformed bearer token: books-token-1"))
        with pytest.raises(Refused) as caught:
            await write()
        assert "books-token-1" not in caught.value.message
        assert "***" in caught.value.message


class TestNumbers:
    def test_are_read_exactly(self):
        text = '{"Invoice": {"Id": "1", "TotalAmt": 9007199254740993.10, "Balance": 0.1}}'
        found = msgspec.json.decode(text.encode(), type=InvoiceAnswer).invoice
        assert (str(found.total_amt), str(found.balance)) == ("9007199254740993.10", "0.1")

    @pytest.mark.parametrize(
        "name",
        [
            "invoice-create.2020",
            "invoice-create.2026",
            "invoice-read.2020",
            "invoice-read.2026",
            "invoice-send.2026",
            "invoice-void.2022",
            "invoice-sparse-update.2026",
            "invoice-read-us-manual-tax.doc",
            "invoice-delete.2020",
        ],
    )
    def test_recorded_invoices_are_read(self, sample, name):
        body = json.dumps(sample(name)["body"], default=float).encode()
        assert msgspec.json.decode(body, type=InvoiceAnswer).invoice.id

    @pytest.mark.parametrize(
        "name",
        [
            "invoice-query-mixed-states.2026",
            "customer-query.2026",
            "customer-query-escaped-apostrophe.2020",
            "item-query.2026",
            "taxcode-query.doc",
            "companycurrency-query.doc",
            "query-empty.2026",
        ],
    )
    def test_recorded_queries_are_read(self, sample, name):
        body = json.dumps(sample(name)["body"], default=float).encode()
        assert msgspec.json.decode(body, type=QueryAnswer)

    @given(st.binary(max_size=200))
    def test_whatever_comes_with_200_is_an_answer_or_none(self, body):
        client = QuickBooksClient(None, SettableClock(), QuickBooksHostSettings.model_validate({}))
        for answer in (body, b'{"Invoice":{"Id":"1","TotalAmt":' + body + b"}}"):
            with suppress(NoAnswer, AttiBooksError):
                client._understood(HttpReply(200, {}, answer), InvoiceAnswer)
