from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from attibooks_attio.store import AttioRecordStore
from attibooks_core.capabilities import RecordStore
from attibooks_core.errors import Down, NotFound, PermissionMissing, Refused
from attibooks_core.lifecycle import AttributeSpec
from attibooks_core.model import RecordRef
from attibooks_core.testing import Answer

OBJECTS = "/v2/objects"
DEALS = "/v2/objects/deals"
RECORDS = "/v2/objects/deals/records"
TAKEN = "slug_conflict"
VALUES = {"qbo_id": "145", "invoice_status": "Open", "trouble": None}


@pytest.fixture
def store(client, schema):
    return AttioRecordStore(client, schema)


@pytest.fixture
def ws(workspace):
    return workspace()


@pytest.fixture
def objects(server):
    """Says which objects there are."""

    def tell(*slugs):
        listed = [{"api_slug": slug, "id": {"object_id": f"id-of-{slug}"}} for slug in slugs]
        server.on("GET", OBJECTS, Answer({"data": listed}))

    tell("companies", "deals")
    return tell


@pytest.fixture
def saved(server):
    server.on("PUT", RECORDS, Answer({"data": {"id": {"record_id": "rec-7"}, "values": {}}}))


def bodies(server, method, path):
    return [request.json()["data"] for request in server.calls(method, path)]


async def test_it_is_what_the_host_expects(store):
    assert isinstance(store, RecordStore)
    assert store.key == "attio"


# -- objects and attributes --------------------------------------------------------------------------------------


async def test_an_object_is_known_by_its_slug_alone(store, ws, objects):
    assert await store.has_object(ws, "deals")
    assert not await store.has_object(ws, "id-of-deals")
    assert not await store.has_object(ws, "invoices")


async def test_an_object_is_made(store, ws, server):
    server.on("POST", OBJECTS, Answer({"data": {}}))
    await store.create_object(ws, "invoices", "Invoice", "Invoices")
    [body] = bodies(server, "POST", OBJECTS)
    assert body == {"api_slug": "invoices", "singular_noun": "Invoice", "plural_noun": "Invoices"}


@pytest.mark.parametrize(("status", "code"), [(400, "quota_exceeded"), (403, "billing_error")])
async def test_the_limit_of_attios_plan_is_told_as_attios(store, ws, server, attio, status, code):
    """Row 97: the toast names the Attio plan as the cause, distinct from our Pro."""
    server.on("POST", OBJECTS, attio.fault(status, code))
    with pytest.raises(Refused, match="Attio's own plan") as refused:
        await store.create_object(ws, "invoices", "Invoice", "Invoices")
    assert refused.value.code == "quota_exceeded"
    assert "not about the plan of AttiBooks" in refused.value.message
    assert refused.value.reference


async def test_an_object_that_was_made_and_not_answered_is_made(store, ws, server, attio, objects):
    """Row 95: a lost answer."""
    objects("deals", "invoices")
    server.on("POST", OBJECTS, [Answer(cut=True), attio.fault(409, TAKEN)])
    await store.create_object(ws, "invoices", "Invoice", "Invoices")
    assert len(server.calls("POST", OBJECTS)) == 2


async def test_a_name_of_another_object_is_said(store, ws, server, attio, objects):
    server.on("POST", OBJECTS, attio.fault(409, TAKEN))
    with pytest.raises(Refused, match="Invoice or Invoices belongs to another") as refused:
        await store.create_object(ws, "invoices", "Invoice", "Invoices")
    assert refused.value.code == "name_taken"


async def test_a_token_without_the_right_is_said(store, ws, server, attio):
    said = "This request requires scopes: Read-Write access to the Object Configuration scope."
    server.on("POST", OBJECTS, attio.fault(403, "unauthorized", said))
    with pytest.raises(PermissionMissing, match="Object Configuration"):
        await store.create_object(ws, "invoices", "Invoice", "Invoices")


async def test_attributes_are_described_past_the_cache(store, ws, attio, schema, objects, server):
    refers = {"record_reference": {"allowed_object_ids": ["id-of-companies", "id-of-gone"]}}
    attio.attribute("company", "record-reference", config=refers)
    attio.attribute("key", "text", is_unique=True, is_archived=True)
    attio.attribute("kind", "select")
    server.on("GET", f"{DEALS}/attributes/kind/options", Answer({"data": [{"title": "Big"}, {"title": "Small"}]}))
    await schema.attributes(ws, "deals")
    found = {a.slug: a for a in await store.attributes(ws, "deals")}
    assert attio.lists == 2
    assert found["company"].refers_to == ("companies", "id-of-gone")
    assert (found["key"].is_unique, found["key"].is_archived) == (True, True)
    assert (found["kind"].options, found["kind"].type) == (("Big", "Small"), "select")
    assert (found["number"].refers_to, found["number"].is_unique) == ((), False)


async def test_attributes_of_no_object(store, ws, server, attio, objects):
    server.on(
        "GET", f"{OBJECTS}/bills/attributes", attio.fault(404, "not_found", 'Object with slug/ID "bills" not found.')
    )
    with pytest.raises(NotFound) as gone:
        await store.attributes(ws, "bills")
    assert gone.value.code == "object_not_found"


@pytest.mark.parametrize(
    ("spec", "differs"),
    [
        (AttributeSpec("total", "Total", "number"), {}),
        (AttributeSpec("key", "Key", "text", is_unique=True), {"is_unique": True}),
        (
            AttributeSpec("firm", "Firm", "record-reference", refers_to="companies"),
            {"config": {"record_reference": {"allowed_objects": ["companies"]}}},
        ),
        (
            AttributeSpec("source", "Source", "record-reference"),
            {"config": {"record_reference": {"allowed_objects": ["companies", "people"]}}},
        ),
    ],
)
async def test_an_attribute_is_made_with_all_members_that_attio_requires(store, ws, server, objects, spec, differs):
    objects("companies", "deals", "people")
    server.on("POST", f"{DEALS}/attributes", Answer({"data": {}}))
    await store.create_attribute(ws, "deals", spec)
    [body] = bodies(server, "POST", f"{DEALS}/attributes")
    assert body == {
        "title": spec.title,
        "description": None,
        "api_slug": spec.slug,
        "type": spec.type,
        "is_required": False,
        "is_unique": False,
        "is_multiselect": False,
        "config": {},
        **differs,
    }


async def test_options_are_added_and_those_that_are_archived_restored(store, ws, server, attio):
    options = f"{DEALS}/attributes/kind/options"
    server.on("POST", f"{DEALS}/attributes", Answer({"data": {}}))
    server.on("POST", options, [Answer({"data": {}}), attio.fault(409, TAKEN)])
    server.on("PATCH", f"{options}/Small%20one", Answer({"data": {}}))
    await store.create_attribute(ws, "deals", AttributeSpec("kind", "Kind", "select", options=("Big", "Small one")))
    assert bodies(server, "POST", options) == [{"title": "Big"}, {"title": "Small one"}]
    assert bodies(server, "PATCH", f"{options}/Small%20one") == [{"is_archived": False}]


async def test_an_attribute_that_was_made_and_not_answered_is_made(store, ws, server, attio):
    """Row 95: a lost answer."""
    attio.attribute("total", "number")
    server.on("POST", f"{DEALS}/attributes", [Answer(cut=True), attio.fault(409, TAKEN)])
    await store.create_attribute(ws, "deals", AttributeSpec("total", "Total", "number"))


@pytest.mark.parametrize("more", [{"kind": "currency"}, {"kind": "number", "is_archived": True}, None])
async def test_a_slug_that_something_else_has_is_refused(store, ws, server, attio, more):
    if more is not None:
        attio.attribute("total", **more)
    server.on("POST", f"{DEALS}/attributes", attio.fault(409, TAKEN))
    with pytest.raises(Refused):
        await store.create_attribute(ws, "deals", AttributeSpec("total", "Total", "number"))


async def test_an_attribute_is_restored(store, ws, server):
    server.on("PATCH", f"{DEALS}/attributes/total", Answer({"data": {}}))
    await store.restore_attribute(ws, "deals", "total")
    assert bodies(server, "PATCH", f"{DEALS}/attributes/total") == [{"is_archived": False}]


async def test_what_was_made_is_seen_by_the_rest_of_the_plugin(store, ws, server, attio, schema):
    await schema.attributes(ws, "deals")
    server.on("POST", f"{DEALS}/attributes", Answer({"data": {}}))
    await store.create_attribute(ws, "deals", AttributeSpec("total", "Total", "number"))
    await schema.attributes(ws, "deals")
    assert attio.lists == 2


# -- records -----------------------------------------------------------------------------------------------------


async def test_a_record_is_written_in_one_call_by_its_key(store, ws, server, saved):
    values = {
        "qbo_id": "145",
        "total": Decimal("1250.50"),
        "share": Decimal("0.33335"),
        "due": date(2026, 12, 23),
        "synced": datetime(2026, 11, 23, 9, 0, 1, 500000, tzinfo=UTC),
        "company": RecordRef("companies", "rec-1"),
        "memo": None,
        "trouble": "  ",
    }
    assert await store.upsert(ws, "deals", "qbo_id", values) == RecordRef("deals", "rec-7")
    [request] = server.seen
    assert request.query == {"matching_attribute": "qbo_id"}
    assert request.json()["data"]["values"] == {
        "qbo_id": ["145"],
        "total": [1250.5],
        "share": [0.3334],
        "due": ["2026-12-23"],
        "synced": ["2026-11-23T09:00:01.500Z"],
        "company": [{"target_object": "companies", "target_record_id": "rec-1"}],
        "memo": [],
        "trouble": [],
    }
    assert b"1250.50" in request.body, "money keeps its digits on the wire"


async def test_a_write_whose_answer_was_lost_is_done_again(store, ws, server):
    done = Answer({"data": {"id": {"record_id": "rec-7"}, "values": {}}})
    server.on("PUT", RECORDS, [Answer(cut=True), done])
    assert (await store.upsert(ws, "deals", "qbo_id", VALUES)).record_id == "rec-7"


async def test_an_answer_without_an_id_is_none(store, ws, server):
    server.on("PUT", RECORDS, Answer({"data": {"values": {}}}))
    with pytest.raises(Down):
        await store.upsert(ws, "deals", "qbo_id", VALUES)


async def test_an_object_that_was_deleted_is_said(store, ws, server, attio):
    """Row 100: object deleted by the user later."""
    server.on("PUT", RECORDS, attio.fault(404, "not_found", 'Object with slug/ID "deals" not found.'))
    with pytest.raises(NotFound) as gone:
        await store.upsert(ws, "deals", "qbo_id", VALUES)
    assert (gone.value.code, gone.value.details) == ("object_not_found", {"object": "deals"})


@pytest.mark.parametrize("message", ['Cannot find attribute with slug/ID "trouble".', "Something new."])
@pytest.mark.parametrize("how", ["archived", "missing"])
async def test_an_attribute_that_is_gone_is_named_whatever_attio_says(store, ws, server, attio, how, message):
    """Row 100: attribute deleted by the user later."""
    if how == "archived":
        attio.attribute("trouble", "text", is_archived=True)
    else:
        del attio.attributes["trouble"]
    attio.attribute("qbo_id", "text", is_unique=True)
    server.on("PUT", RECORDS, attio.fault(400, "value_not_found", message))
    with pytest.raises(NotFound) as gone:
        await store.upsert(ws, "deals", "qbo_id", VALUES)
    assert (gone.value.code, gone.value.details["slug"]) == ("attribute_not_found", "trouble")


@pytest.mark.parametrize(
    ("fault", "slug"),
    [
        (("value_not_found", 'Cannot find status attribute with status option title "Open".'), "invoice_status"),
        (("value_not_found", 'Cannot find record with ID "rec-9" in object "companies".'), "company"),
        (("validation_type", 'An invalid value was passed to attribute with slug "number".'), "number"),
        (("validation_type", 'An invalid value was passed to attribute with ID "id-of-link".'), "link"),
        (("validation_type", "Body payload validation error."), "trouble"),
        (("particle_gate_violation", "No."), None),
    ],
)
async def test_a_refusal_names_the_attribute_when_that_can_be_told(store, ws, server, attio, fault, slug):
    attio.attribute("qbo_id", "text", is_unique=True)
    attio.attribute("company", "record-reference")
    more = {"validation_errors": [{"path": ["data", "values", "trouble", 0]}]} if slug == "trouble" else {}
    server.on("PUT", RECORDS, attio.fault(400, *fault, **more))
    values = {**VALUES, "number": "Open", "link": "x", "company": RecordRef("companies", "rec-9")}
    with pytest.raises(Refused) as refused:
        await store.upsert(ws, "deals", "qbo_id", values)
    assert refused.value.details["slug"] == slug
    assert not isinstance(refused.value, NotFound)


async def test_a_key_that_is_not_unique_any_more_is_named(store, ws, server, attio):
    server.on("PUT", RECORDS, attio.fault(400, "validation_type", "Query params validation error."))
    with pytest.raises(Refused) as refused:
        await store.upsert(ws, "deals", "qbo_id", VALUES)
    assert refused.value.details["slug"] == "qbo_id"


async def test_records_are_found_by_their_keys_in_few_calls(store, ws, server):
    def answer(request):
        body = request.json()
        asked = body["filter"]["qbo_id"]["$in"]
        rows = [{"id": {"record_id": f"rec-{key}"}, "values": {}} for key in asked if int(key) % 2]
        return Answer({"data": rows[body["offset"] : body["offset"] + body["limit"]]})

    server.on("POST", f"{RECORDS}/query", answer)
    keys = [str(n) for n in range(1200)]
    found = await store.find(ws, "deals", "qbo_id", [*keys, *keys])
    assert [record.ref for record in found] == [RecordRef("deals", f"rec-{n}") for n in range(1, 1200, 2)]
    assert len(server.seen) == 3
    server.seen.clear()
    assert await store.find(ws, "deals", "qbo_id", []) == []
    assert server.seen == []


async def test_a_full_page_is_followed_by_the_next(store, ws, server):
    rows = [{"id": {"record_id": f"rec-{n}"}, "values": {}} for n in range(700)]

    def answer(request):
        body = request.json()
        return Answer({"data": rows[body["offset"] : body["offset"] + body["limit"]]})

    server.on("POST", f"{RECORDS}/query", answer)
    assert len(await store.find(ws, "deals", "shared", ["same"])) == 700


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ((404, "not_found", 'Object with slug/ID "deals" not found.'), "object_not_found"),
        ((400, "unknown_filter_attribute_slug", "Unknown attribute slug: qbo_id."), "attribute_not_found"),
        ((400, "filter_error", "Odd."), "attio_refused"),
    ],
)
async def test_what_keeps_records_from_being_found_is_said(store, ws, server, attio, fault, code):
    server.on("POST", f"{RECORDS}/query", attio.fault(*fault))
    with pytest.raises(Refused) as refused:
        await store.find(ws, "deals", "qbo_id", ["1"])
    assert refused.value.code == code
