import asyncio
from decimal import Decimal

import pytest

from attibooks_attio.faults import RefusedByAttio
from attibooks_core.errors import Down, NotFound, PermissionMissing, ReconnectNeeded
from attibooks_core.model import FieldInfo, RecordRef
from attibooks_core.protocols import RecordReader
from attibooks_core.testing import Answer


def row(record_id, created="2026-11-23T09:00:00.000000000Z", **values):
    """A record as a query gives it."""
    values["created_at"] = [{"value": created, "attribute_type": "timestamp"}]
    return {"id": {"workspace_id": "ws-1", "object_id": "obj-1", "record_id": record_id}, "values": values}


@pytest.fixture
def table(server):
    """An object with rows; it knows `$in` of ids and pages, and takes any other filter as met by all of them."""

    def make(object_slug, rows):
        def answer(request):
            body = request.json()
            wanted = body["filter"].get("record_id", {}).get("$in")
            met = [r for r in rows if wanted is None or r["id"]["record_id"] in wanted]
            return Answer({"data": met[body["offset"] : body["offset"] + body["limit"]]})

        server.on("POST", f"/v2/objects/{object_slug}/records/query", answer)

    return make


def refs(*record_ids, of="items"):
    return [RecordRef(of, each) for each in record_ids]


def ids(records):
    return [record.ref.record_id for record in records]


@pytest.fixture
def objects(server, attio):
    """A workspace with some objects; returns the paths whose attributes are asked for."""

    def make(*slugs):
        server.on("GET", "/v2/objects", Answer({"data": [{"api_slug": s, "singular_noun": "X"} for s in slugs]}))
        for slug in slugs:
            attribute = attio.describe("name", "text")
            server.on("GET", f"/v2/objects/{slug}/attributes", Answer({"data": [attribute, {"api_slug": None}]}))

    return make


async def test_it_is_what_the_host_expects(reader):
    assert isinstance(reader, RecordReader)
    assert reader.key == "attio"


async def test_a_record_is_read_in_one_call(reader, workspace, deal, server):
    body = {
        "id": {"workspace_id": "ws-1", "object_id": "obj-1", "record_id": "rec-1"},
        "created_at": "2026-11-23T09:01:02.345000000Z",
        "web_url": "https://app.attio.com/northwind-demo/deals/record/rec-1",
        "values": {
            "name": [{"value": "Big deal", "attribute_type": "text"}],
            "value": [{"currency_value": 1250.5, "currency_code": "EUR", "attribute_type": "currency"}],
            "notes": [],
        },
    }
    server.on("GET", "/v2/objects/deals/records/rec-1", Answer({"data": body}))
    record = await reader.read_record(workspace(), deal)
    assert len(server.seen) == 1
    assert (record.ref, record.name, record.name_slug, record.web_url) == (deal, "Big deal", "name", body["web_url"])
    assert (record.attributes["value"].first, record.attributes["value"].currency) == (Decimal("1250.5"), "EUR")
    assert record.attributes["notes"].values == ()


async def test_a_record_that_was_deleted_or_merged_is_said(reader, workspace, deal, server, attio):
    gone = attio.fault(404, "not_found", 'Record with ID "rec-1" not found.')
    server.on("GET", "/v2/objects/deals/records/rec-1", gone)
    with pytest.raises(NotFound, match="may have been deleted or merged"):
        await reader.read_record(workspace(), deal)


async def test_fields_of_every_object_are_described(reader, workspace, server, attio):
    server.on("GET", "/v2/objects", Answer({"data": [{"api_slug": "deals"}, {"api_slug": None}]}))
    attio.attributes.clear()
    attio.attribute("rate", "number", title="Rate")
    attio.attribute("old", "text", is_archived=True, is_writable=False, title=None)
    attio.attribute("team", "record-reference", is_multiselect=True)
    assert await reader.describe_fields(workspace()) == {
        "deals": (
            FieldInfo("rate", "Rate", "number"),
            FieldInfo("old", "old", "text", is_writable=False, is_archived=True),
            FieldInfo("team", "Team", "record-reference", is_multiselect=True),
        )
    }


async def test_a_description_is_kept_for_two_minutes(reader, workspace, objects, server, host):
    objects("deals", "people")
    await reader.describe_fields(workspace())
    host.clock.move(119)
    await reader.describe_fields(workspace())
    assert len(server.seen) == 3
    host.clock.move(1)
    await reader.describe_fields(workspace())
    assert len(server.seen) == 6


async def test_descriptions_of_workspaces_do_not_mix(reader, workspace, objects, server):
    objects("deals")
    await reader.describe_fields(workspace(workspace_id="ws-1"))
    await reader.describe_fields(workspace(workspace_id="ws-2"))
    assert len(server.seen) == 4


async def test_only_a_few_objects_are_read_at_once(reader, workspace, client, objects, monkeypatch):
    objects(*(f"object_{n}" for n in range(20)))
    running = most = 0
    read = client.list_attributes

    async def counted(*arguments):
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await read(*arguments)
        finally:
            running -= 1

    monkeypatch.setattr(client, "list_attributes", counted)
    assert len(await reader.describe_fields(workspace())) == 20
    assert most == 4


async def test_an_object_that_vanished_meanwhile_is_left_out(reader, workspace, objects, server, attio):
    objects("deals", "people")
    gone = attio.fault(404, "not_found", 'Object with slug/ID "people" not found.')
    server.on("GET", "/v2/objects/people/attributes", gone)
    assert list(await reader.describe_fields(workspace())) == ["deals"]


async def test_a_failure_is_raised_as_it_is_and_stops_the_rest(reader, workspace, objects, server, attio):
    objects(*(f"object_{n}" for n in range(30)))
    server.on("GET", "/v2/objects/object_0/attributes", attio.fault(403, "unauthorized"))
    with pytest.raises(PermissionMissing):
        await reader.describe_fields(workspace())
    assert len(server.seen) < 15


async def test_one_refused_token_does_not_fail_another(reader, workspace, objects, server, attio):
    objects("deals")
    listing = Answer({"data": [{"api_slug": "deals"}]})

    def by_token(request):
        return listing if request.headers["authorization"] == "Bearer good" else attio.fault(401, "unauthorized")

    server.on("GET", "/v2/objects", by_token)
    results = await asyncio.gather(
        *(reader.describe_fields(workspace(crm=token)) for token in ("bad", "good")), return_exceptions=True
    )
    assert isinstance(results[0], ReconnectNeeded)
    assert list(results[1]) == ["deals"]


async def test_a_record_of_an_object_by_its_id_is_read(reader, workspace, server):
    path = "/v2/objects/97052eb9-e65e-443f-a297-f2d9a4a7f795/records/rec-1"
    server.on("GET", path, Answer({"data": {"values": {"name": [{"value": "X", "attribute_type": "text"}]}}}))
    record = await reader.read_record(workspace(), RecordRef(path.split("/")[3], "rec-1"))
    assert record.name == "X"


# -- several records ---------------------------------------------------------------------------------------------


async def test_several_records_are_read_in_one_query_in_the_order_asked_for(reader, workspace, server, table):
    table("items", [row(each, name=[{"value": each, "attribute_type": "text"}]) for each in ("a", "b", "c", "d")])
    records = await reader.read_records(workspace(), refs("c", "a", "c", "b"))
    assert ids(records) == ["c", "a", "c", "b"]
    assert [record.name for record in records] == ["c", "a", "c", "b"]
    [request] = server.seen
    assert request.json() == {
        "filter": {"record_id": {"$in": ["c", "a", "b"]}},
        "sorts": [],
        "limit": 3,
        "offset": 0,
    }


async def test_records_of_several_objects_take_a_query_each_and_keep_their_order(reader, workspace, server, table):
    table("items", [row("1"), row("2")])
    table("hours", [row("1")])
    asked = [RecordRef("items", "2"), RecordRef("hours", "1"), RecordRef("items", "1")]
    assert [record.ref for record in await reader.read_records(workspace(), asked)] == asked
    assert len(server.seen) == 2


async def test_more_records_than_a_page_holds_take_several_queries(reader, workspace, server, table):
    names = [f"r{n}" for n in range(1001)]
    table("items", [row(each) for each in names])
    assert ids(await reader.read_records(workspace(), refs(*names))) == names
    assert [len(request.json()["filter"]["record_id"]["$in"]) for request in server.seen] == [500, 500, 1]


async def test_no_records_are_read_without_a_call(reader, workspace, server):
    assert await reader.read_records(workspace(), []) == ()
    assert server.seen == []


async def test_one_record_of_several_that_is_gone_is_named(reader, workspace, table):
    table("items", [row("a")])
    with pytest.raises(NotFound, match="record b of items is not in Attio") as raised:
        await reader.read_records(workspace(), refs("a", "b", "c"))
    assert raised.value.code == "record_not_found"
    assert raised.value.details == {"object": "items", "record_id": "b"}


async def test_several_records_of_an_object_that_is_gone_are_said(reader, workspace, server, attio):
    gone = attio.fault(404, "not_found", 'Object with slug/ID "items" not found.')
    server.on("POST", "/v2/objects/items/records/query", gone)
    with pytest.raises(NotFound, match="no object items") as raised:
        await reader.read_records(workspace(), refs("a"))
    assert raised.value.code == "record_not_found"


@pytest.mark.parametrize(
    "trouble", [Answer("Service Unavailable", 503), Answer(cut=True), Answer("{}", 429, {"retry-after": "1"})]
)
async def test_a_query_is_repeated_after_trouble(reader, workspace, server, trouble):
    server.on("POST", "/v2/objects/items/records/query", [trouble, Answer({"data": [row("a")]})])
    assert ids(await reader.read_records(workspace(), refs("a"))) == ["a"]
    assert len(server.seen) == 2


@pytest.mark.parametrize("data", [None, {}, ["a"], [{"values": {}}], [{"id": {"record_id": "a"}}]])
async def test_an_answer_without_records_is_an_outage_and_no_empty_list(reader, workspace, server, data):
    server.on("POST", "/v2/objects/items/records/query", Answer({"data": data}))
    for read in (reader.read_records(workspace(), refs("a")), referring(reader, workspace)):
        with pytest.raises(Down, match="makes no sense"):
            await read


# -- records that refer to another -------------------------------------------------------------------------------


def referring(reader, workspace, limit=200, attribute="deal"):
    return reader.read_referring(workspace(), "items", attribute, RecordRef("deals", "rec-1"), limit)


async def test_the_records_that_refer_to_one_are_read_in_one_query(reader, workspace, server, table):
    table("items", [row("a"), row("b")])
    assert [record.ref for record in await referring(reader, workspace)] == refs("a", "b")
    [request] = server.seen
    assert request.json() == {
        "filter": {"deal": {"target_object": "deals", "target_record_id": "rec-1"}},
        "sorts": [{"direction": "asc", "attribute": "created_at"}],
        "limit": 200,
        "offset": 0,
    }


async def test_they_come_oldest_first_and_those_of_one_instant_by_id(reader, workspace, table):
    noon, later = "2026-11-23T12:00:00.000000000Z", "2026-11-23T12:00:00.001000000Z"
    table("items", [row("z", noon), row("b", later), row("a", later), row("c", noon), row("y", None)])
    assert ids(await referring(reader, workspace)) == ["c", "z", "a", "b", "y"]


@pytest.mark.parametrize(
    ("rows", "limit", "pages"),
    [
        (3, 2, [(2, 0)]),
        (2, 2, [(2, 0)]),
        (0, 2, [(2, 0)]),
        (3, 0, []),
        (500, 501, [(500, 0), (1, 500)]),
        (499, 501, [(500, 0)]),
        (1300, 1200, [(500, 0), (500, 500), (200, 1000)]),
    ],
)
async def test_pages_are_read_up_to_the_limit(reader, workspace, server, table, rows, limit, pages):
    table("items", [row(f"{n:04}") for n in range(rows)])
    assert ids(await referring(reader, workspace, limit)) == [f"{n:04}" for n in range(min(rows, limit))]
    assert [(r.json()["limit"], r.json()["offset"]) for r in server.seen] == pages


async def test_a_record_that_moved_to_a_later_page_meanwhile_is_there_once(reader, workspace, server):
    first = [row(f"{n:04}") for n in range(500)]
    path = "/v2/objects/items/records/query"
    server.on("POST", path, [Answer({"data": first}), Answer({"data": [first[-1], row("0500")]})])
    assert ids(await referring(reader, workspace, 600)) == [f"{n:04}" for n in range(501)]


@pytest.mark.parametrize("code", ["unknown_filter_attribute_slug", "filter_error", "missing_sort_field"])
async def test_an_attribute_that_is_no_reference_is_named(reader, workspace, server, attio, code):
    no = attio.fault(400, code, "Unknown attribute slug: dael.", path=["dael"])
    server.on("POST", "/v2/objects/items/records/query", no)
    with pytest.raises(NotFound, match="`dael` is no record reference of items") as raised:
        await referring(reader, workspace, attribute="dael")
    assert raised.value.code == "not_found"
    assert raised.value.details == {"object": "items", "attribute": "dael"}
    assert raised.value.reference


async def test_an_object_that_is_none_is_named(reader, workspace, server, attio):
    gone = attio.fault(404, "not_found", 'Object with slug/ID "items" not found.')
    server.on("POST", "/v2/objects/items/records/query", gone)
    with pytest.raises(NotFound, match="no object items"):
        await referring(reader, workspace)


async def test_any_other_refusal_stays_one(reader, workspace, server, attio):
    server.on("POST", "/v2/objects/items/records/query", attio.fault(400, "particle_gate_violation", "No."))
    with pytest.raises(RefusedByAttio):
        await referring(reader, workspace)
