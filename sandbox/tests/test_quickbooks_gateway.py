"""Rows 1 to 4, 31, 32, 35 and 38 of what a QuickBooks emulator must get right: tokens, headers, throttles, unknown paths."""

import asyncio
import re
import xml.etree.ElementTree as ET
from decimal import Decimal

import httpx
import pytest

from attibooks_sandbox.testing import Sandbox

TRACE = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
LOWER = [
    "warnings", "intuitObject", "fault", "report", "queryResponse", "batchItemResponse", "attachableResponse",
    "syncErrorResponse", "requestId", "time", "status", "cdcresponse",
]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("", "Malformed bearer token"),
        ("Bearer short", "Malformed bearer token"),
        ("Bearer " + "x" * 5000, "Malformed bearer token"),
        ("Bearer an-unknown-but-long-enough-token", "Token revoked"),
        ("Basic abcdefghijklmnop", "Malformed bearer token"),
    ],
)
def test_row_1_bad_tokens_are_401_in_lower_case(books, header, detail):
    answer = books.call("GET", "companyinfo/1", status=401, headers={"Authorization": header})
    body = answer.json()
    assert list(body) == LOWER
    (error,) = body["fault"]["error"]
    assert error["message"] == "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    assert (error["code"], error["element"], body["fault"]["type"]) == ("3200", None, "AUTHENTICATION")
    assert error["detail"].startswith(detail)
    assert isinstance(body["time"], int)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'


def test_row_1_expired_and_revoked_tokens(box, books):
    token = box.token("quickbooks", environment="sandbox", realm=books.realm, expires_in=60)
    books.token = token
    books.get("companyinfo/1")
    box.clock.advance(61)
    assert (
        books.call("GET", "companyinfo/1", status=401)
        .json()["fault"]["error"][0]["detail"]
        .startswith("Token expired: ")
    )
    box.token("quickbooks", access_token=token, active=False)
    assert (
        books.call("GET", "companyinfo/1", status=401).json()["fault"]["error"][0]["detail"].startswith("Token revoked")
    )


def test_row_1_without_asking_for_json_the_refusal_is_xml(books):
    answer = books.call("GET", "companyinfo/1", status=401, headers={"Accept": "*/*", "Authorization": "Bearer x"})
    assert answer.headers["content-type"] == "application/xml"
    root = ET.fromstring(answer.text)
    namespace = "{http://schema.intuit.com/finance/v3}"
    fault = root.find(f"{namespace}Fault")
    assert (root.tag, fault.get("type")) == (f"{namespace}IntuitResponse", "AUTHENTICATION")
    assert fault.find(f"{namespace}Error").get("code") == "3200"


def test_row_2_tokens_of_another_realm_or_environment_are_403(box, books, open_books):
    other = open_books(environment="production")
    for url in (
        f"{box.quickbooks_url('production')}/v3/company/{books.realm}/companyinfo/1",
        f"{box.quickbooks_url('sandbox')}/v3/company/{other.realm}/companyinfo/1",
        f"{box.quickbooks_url('sandbox')}/v3/company/1234567890123456/companyinfo/1",
    ):
        headers = {"Authorization": f"Bearer {books.token}", "Accept": "application/json"}
        answer = books.http.get(url, headers=headers)
        assert answer.status_code == 403
        body = answer.json()
        assert body["fault"]["error"][0]["code"] == "3100"
        assert body["fault"]["type"] == "AUTHORIZATION"


def test_row_3_every_answer_carries_its_trace_id_under_both_names(books):
    for path, status in (("companyinfo/1", 200), ("customer/99999", 400)):
        headers = books.call("GET", path, status=status).headers
        assert TRACE.fullmatch(headers["intuit_tid"])
        assert headers["intuit_tid"] == headers["Intuit-Tid"]
    unauthorized = books.call("GET", "companyinfo/1", status=401, headers={"Authorization": "Bearer x"})
    assert TRACE.fullmatch(unauthorized.headers["intuit_tid"])


def test_headers_of_success_and_fault(books):
    fine = books.call("GET", "companyinfo/1").headers
    assert fine["content-type"] == "application/json;charset=utf-8"
    assert fine["cache-control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert fine["expires"] == "0"
    assert fine["service-time"].startswith("total=")
    refused = books.call("GET", "customer/99999", status=400).headers
    assert refused["content-type"] == "application/json"


@pytest.mark.parametrize("version", ["1", "75", "999", "x"])
def test_row_4_minor_versions_are_ignored(books, version):
    assert books.get("customer/1", params={"minorversion": version})["Customer"]["Id"] == "1"


def test_row_5_json_by_format_parameter(books):
    answer = books.call("GET", "customer/1", headers={"Accept": "*/*"}, params={"format": "json"})
    assert answer.json()["Customer"]["Id"] == "1"


def test_xml_success_has_names_and_attributes(books):
    answer = books.call("GET", "customer/2", headers={"Accept": "application/xml"})
    assert answer.headers["content-type"] == "application/xml;charset=utf-8"
    space = {"i": "http://schema.intuit.com/finance/v3"}
    customer = ET.fromstring(answer.text).find("i:Customer", space)
    assert customer.get("domain") == "QBO"
    assert customer.find("i:DisplayName", space).text == "Harbor & O'Neil Design"
    assert customer.find("i:CurrencyRef", space).get("name") == "United States Dollar"
    listed = books.call("GET", "query", headers={"Accept": "*/*"}, params={"query": "select * from Term"})
    response = ET.fromstring(listed.text).find("i:QueryResponse", space)
    assert response.get("maxResults") == "4"


@pytest.mark.parametrize(
    ("now", "time"),
    [
        ("2026-11-23T08:15:30.417Z", "2026-11-23T00:15:30.417-08:00"),
        ("2026-11-23T08:15:30.110Z", "2026-11-23T00:15:30.11-08:00"),
        ("2026-11-23T08:15:30.000Z", "2026-11-23T00:15:30-08:00"),
        ("2026-07-01T08:15:30.500Z", "2026-07-01T01:15:30.5-07:00"),
    ],
)
def test_row_35_time_has_up_to_three_fraction_digits_in_pacific_time(box, books, now, time):
    box.clock.freeze(now)
    assert books.get("customer/1")["time"] == time


def test_row_35_entities_are_stamped_in_whole_seconds(box, books):
    box.clock.freeze("2026-11-23T08:15:30.417Z")
    meta = books.invoice()["MetaData"]
    assert meta["CreateTime"] == meta["LastUpdatedTime"] == "2026-11-23T00:15:30-08:00"


@pytest.mark.parametrize("path", ["customer/1/5", "nothing", "nothing/1", "customer/1/pdf", "cdc/1", "Customer/1"])
def test_row_38_unknown_paths_are_400_with_code_500(books, path):
    answer = books.call("GET", path, status=400).json()["Fault"]["Error"][0]
    assert answer["code"] == "500"
    assert answer["Message"] == "Unsupported Operation"
    assert answer["Detail"].startswith(
        f"Operation Could not find resource for relative : /v3/company/{books.realm}/{path} of full"
    )


def test_row_38_paths_outside_the_company_are_404_pages(box, books):
    for path in ("/v3/nothing", "/", "/v2/company/1/x", "/v3/company/1"):
        answer = books.http.get(f"{box.quickbooks_url()}{path}", headers={"Accept": "application/json"})
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_there_is_no_put_patch_or_delete(books, method):
    answer = books.call(method, "customer/1", status=400).json()
    assert answer["Fault"]["Error"][0]["code"] == "500"


@pytest.fixture
def limited():
    with Sandbox() as box:
        yield box


def client_of(box, http, company):
    headers = {"Authorization": f"Bearer {company['access_token']}", "Accept": "application/json"}
    url = f"{box.quickbooks_url(company['environment'])}/v3/company/{company['realm']}/companyinfo/1"
    return lambda: http.get(url, headers=headers)


def test_row_31_five_hundred_calls_a_minute_and_realm(limited, http):
    call = client_of(limited, http, limited.company())
    for _ in range(50):
        assert {call().status_code for _ in range(10)} == {200}
        limited.clock.advance(1)
    answer = call()
    assert answer.status_code == 429
    assert answer.json()["Fault"] == {
        "Error": [
            {
                "Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
                "Detail": "The request limit was reached.  Try again later",
                "code": "3001",
            }
        ],
        "type": "SERVICE",
    }
    assert "retry-after" not in answer.headers
    assert client_of(limited, http, limited.company(multicurrency=True))().status_code == 200
    limited.clock.advance(59)
    assert call().status_code == 200
    limited.limits(quickbooks=False)
    assert {call().status_code for _ in range(20)} == {200}


def test_row_31_ten_calls_a_second_and_realm(limited, http):
    call = client_of(limited, http, limited.company())
    assert [call().status_code for _ in range(11)] == [200] * 10 + [429]
    assert client_of(limited, http, limited.company(multicurrency=True))().status_code == 200
    limited.clock.freeze("2026-11-23T08:15:30Z")
    assert call().status_code == 429
    limited.clock.advance(1)
    assert call().status_code == 200


async def test_row_31_ten_calls_at_once(limited, http):
    company = limited.company()
    limited.limits(quickbooks=False)
    for _ in range(20):
        client_of(limited, http, company)()
    limited.limits(quickbooks=True)
    limited.latency(0.6)
    headers = {"Authorization": f"Bearer {company['access_token']}", "Accept": "application/json"}
    url = f"{limited.quickbooks_url()}/v3/company/{company['realm']}/companyinfo/1"
    async with httpx.AsyncClient(verify=False, limits=httpx.Limits(max_connections=20)) as client:
        first = asyncio.gather(*(client.get(url, headers=headers) for _ in range(10)))
        while len(limited.calls()) < 30:
            await asyncio.sleep(0.01)
        limited.clock.advance(1)
        second = await asyncio.gather(*(client.get(url, headers=headers) for _ in range(4)))
        answers = [*(await first), *second]
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(429)) == (10, 4)


def test_row_32_metered_reads_are_counted_in_production_only_and_can_be_cut_off(box, books, open_books):
    production = open_books(environment="production")
    books.get("customer/1")
    production.get("customer/1")
    production.query("select * from Term")
    production.invoice()
    production.call("GET", "customer/99999", status=400)
    assert box.control("GET", "calls")["metered"] == box.metered() == 2
    assert box.counts()["quickbooks"] == {"core": 1, "coreplus": 4}
    box.switch(metered_calls_allowed=2)
    production.call("GET", "customer/1", status=429)
    production.invoice()


def test_amounts_print_two_decimals_and_zero_as_zero(books):
    answer = books.call("POST", "invoice", books.invoice_body("100", detail={"Qty": 4, "UnitPrice": 25.0}))
    assert '"Amount":100.00' in answer.text
    assert '"UnitPrice":25,"Qty":4' in answer.text
    assert '"TotalTax":0}' in answer.text
    assert '"TotalAmt":100.00' in answer.text
    assert books.get("invoice/6")["Invoice"]["Balance"] == Decimal("100.00")
