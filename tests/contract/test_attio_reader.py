"""The reader of Attio against the sandbox, whose queries follow Attio's reference and OpenAPI document."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest

from attibooks_attio.client import AttioClient
from attibooks_attio.reader import AttioReader
from attibooks_attio.schema import Schema
from attibooks_core.errors import NotFound
from attibooks_core.model import RecordRef
from attibooks_core.settings import CORE_FIELDS
from attibooks_core.testing import StubHost, workspace_context


@pytest.fixture
async def reader(box, host_services):
    client = AttioClient(host_services.http, host_services.clock, box.attio_url)
    return AttioReader(client, Schema(client, host_services.clock))


@pytest.fixture
async def host_services():
    services = StubHost()
    yield services
    await services.http.close()


@pytest.fixture
def ws(box):
    box.limits(attio=False)
    yield workspace_context(list(CORE_FIELDS), workspace_id=box.workspace["id"], crm=box.workspace["token"])
    box.limits(attio=True)


@pytest.fixture
def calls(box):
    """The queries since the test began."""
    before = len(box.calls())
    return lambda: [call for call in box.calls()[before:] if call["path"].endswith("/records/query")]


@pytest.fixture
def create(box):
    """Makes a record through Attio's API and gives its reference."""

    def make(object_slug, **values):
        answer = httpx.post(
            f"{box.attio_url}/v2/objects/{object_slug}/records",
            json={"data": {"values": values}},
            headers={"authorization": f"Bearer {box.workspace['token']}"},
        )
        assert answer.status_code == 200, answer.text
        return RecordRef(object_slug, answer.json()["data"]["id"]["record_id"])

    return make


def to(ref):
    return {"target_object": ref.object, "target_record_id": ref.record_id}


@pytest.fixture
def company(create):
    return create("companies", name=["Reader & Sons"], domains=[f"{uuid4().hex[:12]}.example"])


async def test_several_records_are_those_that_are_read_one_by_one(reader, ws, create, company, calls):
    people = [create("people", name=[f"Reader, No {n}"]) for n in range(3)]
    asked = [people[2], company, people[0], people[2], people[1]]
    records = await reader.read_records(ws, asked)
    assert [record.ref for record in records] == asked
    assert len(calls()) == 2
    assert list(records) == [await reader.read_record(ws, ref) for ref in asked]


@pytest.mark.parametrize("nobody", ["0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f", "no-id"])
async def test_one_record_of_several_that_is_gone_is_named(reader, ws, company, nobody):
    with pytest.raises(NotFound, match=f"record {nobody} of companies") as raised:
        await reader.read_records(ws, [company, RecordRef("companies", nobody)])
    assert raised.value.code == "record_not_found"


async def test_what_refers_to_a_record_comes_oldest_first(reader, ws, box, create, company, calls):
    deals = []
    for n in range(7):
        box.clock.advance(1)
        deals.append(create("deals", name=[f"Deal {n}"], stage=["Lead"], associated_company=[to(company)]))
    create("deals", name=["Stranger"], stage=["Lead"])
    for limit in (200, 7, 3):
        found = await reader.read_referring(ws, "deals", "associated_company", company, limit)
        assert [record.ref for record in found] == deals[:limit]
    assert len(calls()) == 3


async def test_an_attribute_with_several_references_refers_to_each(reader, ws, create):
    ada, bob = (create("people", name=[name]) for name in ("Reader, Ada", "Reader, Bob"))
    both = create("deals", name=["Both"], stage=["Lead"], associated_people=[to(ada), to(bob)])
    for person in (ada, bob):
        [found] = await reader.read_referring(ws, "deals", "associated_people", person, 200)
        assert found.ref == both
        assert found.attributes["associated_people"].values == (ada, bob)


async def test_nothing_refers_to_a_record_that_is_new_or_gone(reader, ws, company):
    for ref in (company, RecordRef("companies", str(uuid4()))):
        assert await reader.read_referring(ws, "deals", "associated_company", ref, 200) == ()


@pytest.mark.parametrize("slug", ["nothing", "name", "value", "primary_location", "$or", "$not", "path", "", "récord"])
async def test_an_attribute_that_refers_to_nothing_is_named(reader, ws, company, slug):
    with pytest.raises(NotFound, match="no record reference of deals") as raised:
        await reader.read_referring(ws, "deals", slug, company, 200)
    assert raised.value.details == {"object": "deals", "attribute": slug}


@pytest.mark.parametrize("slug", ["nothing", "", "..", "deals/records"])
async def test_an_object_that_is_none_is_said(reader, ws, company, slug):
    with pytest.raises(NotFound):
        await reader.read_referring(ws, slug, "associated_company", company, 200)


async def test_every_type_is_read_as_a_plain_value(reader, ws, create, company):
    person = create("people", name=["Reader, Ada"], email_addresses=["a@reader.example", "b@reader.example"])
    address = dict.fromkeys(("line_3", "line_4", "region", "latitude", "longitude"))
    address |= {"line_1": "Rue Haute 1", "line_2": "Bte 2", "locality": "Brussels"}
    address |= {"postcode": "1000", "country_code": "BE"}
    firm = create(
        "companies",
        name=["Every Type"],
        domains=[f"{uuid4().hex[:12]}.example"],
        team=[to(person)],
        primary_location=[address],
        employee_count=[12],
        is_customer=[True],
        health=[4],
        renewal_date=["2027-01-31"],
        billing_phone=["+3225551234"],
        rate=[12.5],
        billing_currency=["EUR"],
        last_synced_at=["2026-11-23T09:00:00Z"],
    )
    deal = create("deals", name=["Typed"], stage=["Lead"], value=[1250.5], associated_company=[to(company)])
    read = {ref: (await reader.read_records(ws, [ref]))[0].attributes for ref in (person, firm, deal)}
    assert read[person]["email_addresses"].values == ("a@reader.example", "b@reader.example")
    assert {slug: read[firm][slug].first for slug in ("employee_count", "is_customer", "health", "rate")} == {
        "employee_count": Decimal(12),
        "is_customer": True,
        "health": Decimal(4),
        "rate": Decimal("12.5"),
    }
    assert read[firm]["primary_location"].first == "Rue Haute 1\nBte 2\nBrussels 1000\nBE"
    assert read[firm]["team"].first == person
    assert read[firm]["renewal_date"].first == date(2027, 1, 31)
    assert read[firm]["billing_phone"].first == "+3225551234"
    assert read[firm]["billing_currency"].first == "EUR"
    assert read[firm]["last_synced_at"].first == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert (read[deal]["stage"].first, read[deal]["value"].first) == ("Lead", Decimal("1250.5"))
    assert (read[deal]["value"].currency, read[deal]["associated_company"].first) == ("USD", company)
