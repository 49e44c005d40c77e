import asyncio
from decimal import Decimal

import pytest

from attibooks_core.errors import NotFound, PermissionMissing, ReconnectNeeded
from attibooks_core.model import FieldInfo, RecordRef
from attibooks_core.protocols import RecordReader
from attibooks_core.testing import Answer


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
    assert await reader.describe_fields(workspace()) == {
        "deals": (
            FieldInfo("rate", "Rate", "number"),
            FieldInfo("old", "old", "text", is_writable=False, is_archived=True),
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
