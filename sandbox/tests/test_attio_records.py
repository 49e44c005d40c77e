"""Rows 2 to 5 of what an Attio emulator must get right: upsert, PATCH against PUT, uniqueness, all or nothing."""

import pytest

NONE = "2f6d3a41-0c58-4b7e-9a13-5e8d7c6b4a20"


def values_of(record, slug):
    return [each.get("value", each.get("domain", each.get("email_address"))) for each in record["values"][slug]]


def upsert(attio, kind, matching, status=200, **values):
    return attio.call(
        "PUT",
        f"/objects/{kind}/records",
        {"data": {"values": values}},
        params={"matching_attribute": matching},
        status=status,
    ).json()


def test_row_2_upsert_creates_then_updates(attio):
    first = upsert(attio, "projects", "code", code=["P-900"], name=["New"])["data"]
    second = upsert(attio, "projects", "code", code=["P-900"], name=["Newer"])["data"]
    assert second["id"] == first["id"]
    assert second["created_at"] == first["created_at"]
    assert values_of(second, "name") == ["Newer"]


def test_row_2_the_matching_attribute_may_be_named_by_id(attio):
    attribute = attio.get("/objects/projects/attributes/code")["id"]["attribute_id"]
    made = upsert(attio, "projects", attribute, **{attribute: ["P-001"]})["data"]
    assert made["id"]["record_id"] == attio.record_id("projects", "Website relaunch")


def test_row_2_upsert_adds_to_the_matching_attribute_and_sets_the_others(attio):
    attio.create("companies", name="M", domains=["one.example"], categories=["Agency", "Software"])
    record = upsert(attio, "companies", "domains", domains=["two.example", "one.example"], categories=["Retail"])[
        "data"
    ]
    assert values_of(record, "domains") == ["two.example", "one.example"]
    assert [each["option"]["title"] for each in record["values"]["categories"]] == ["Retail"]
    assert values_of(record, "name") == ["M"]


def test_row_2_the_parameter_is_required(attio):
    answer = attio.refused("PUT", "/objects/projects/records", {"data": {"values": {"code": ["x"]}}})
    assert answer == {
        "status_code": 400,
        "type": "invalid_request_error",
        "code": "validation_type",
        "message": "Query params validation error.",
        "validation_errors": [
            {
                "code": "invalid_type",
                "path": ["matching_attribute"],
                "message": "Required",
                "expected": "string",
                "received": "undefined",
            }
        ],
    }


@pytest.mark.parametrize(
    ("matching", "values", "code"),
    [
        ("nothing", {"code": ["x"]}, "value_not_found"),
        ("name", {"name": ["x"]}, "validation_type"),
        ("code", {"name": ["x"]}, "validation_type"),
        ("code", {"code": []}, "validation_type"),
    ],
)
def test_row_2_upsert_refused(attio, matching, values, code):
    assert upsert(attio, "projects", matching, status=400, **values)["code"] == code


def test_row_2_several_matches_are_refused(attio):
    for name in ("one", "two"):
        attio.create("companies", name=name, domains=[f"{name}.example"])
    answer = upsert(attio, "companies", "domains", status=400, domains=["one.example", "two.example"])
    assert answer["code"] == "multiple_match_results"


def test_row_3_patch_puts_new_values_in_front_and_put_sets_the_list(attio):
    record_id = attio.create("companies", name="C", categories=["Agency"])["id"]["record_id"]
    path = f"/objects/companies/records/{record_id}"
    titles = lambda record: [each["option"]["title"] for each in record["values"]["categories"]]  # noqa: E731
    assert titles(attio.patch(path, {"values": {"categories": ["Retail"]}})) == ["Retail", "Agency"]
    assert titles(attio.patch(path, {"values": {"categories": []}})) == ["Retail", "Agency"]
    assert titles(attio.patch(path, {"values": {"categories": ["Agency", "Software"]}})) == [
        "Software",
        "Retail",
        "Agency",
    ]
    assert titles(attio.put(path, {"values": {"categories": ["Publishing"]}})) == ["Publishing"]
    assert titles(attio.put(path, {"values": {"categories": []}})) == []


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_row_3_attributes_not_named_stay(attio, method):
    record_id = attio.record_id("companies", "Café Noir")
    changed = attio.call(
        method, f"/objects/companies/records/{record_id}", {"data": {"values": {"description": ["x"]}}}
    )
    values = changed.json()["data"]["values"]
    assert values["name"][0]["value"] == "Café Noir"
    assert values["rate"][0]["value"] == 450


def test_row_3_put_clears_a_single_value_and_patch_refuses_to(attio):
    path = f"/objects/companies/records/{attio.record_id('companies', 'Café Noir')}"
    assert attio.refused("PATCH", path, {"data": {"values": {"rate": []}}})["code"] == "validation_type"
    assert attio.put(path, {"values": {"rate": []}})["values"]["rate"] == []


def test_row_3_a_new_value_ends_the_old_one_and_an_equal_one_changes_nothing(box, attio):
    record_id = attio.create("companies", name="H", description="one")["id"]["record_id"]
    path = f"/objects/companies/records/{record_id}"
    box.clock.advance(5)
    second = attio.put(path, {"values": {"description": ["two"]}})["values"]["description"][0]
    box.clock.advance(5)
    again = attio.put(path, {"values": {"description": ["two"]}})["values"]["description"][0]
    assert again["active_from"] == second["active_from"]
    history = attio.get(f"{path}/attributes/description/values", params={"show_historic": "true"})
    assert [(each["value"], each["active_until"]) for each in history] == [
        ("one", second["active_from"]),
        ("two", None),
    ]
    assert attio.get(f"{path}/attributes/description/values") == [second]
    assert (
        attio.get(f"{path}/attributes/description/values", params={"show_historic": "true", "limit": 1}) == history[:1]
    )


def test_row_3_history_of_interactions_cannot_be_read(attio):
    path = f"/objects/people/records/{attio.record_id('people', 'Ada Lovelace')}/attributes/last_interaction/values"
    assert len(attio.get(path)) == 1
    assert attio.refused("GET", path, params={"show_historic": "true"})["code"] == "validation_type"


@pytest.mark.parametrize("way", ["create", "update", "upsert"])
def test_row_4_uniqueness_names_the_other_record(attio, way):
    holder = attio.record_id("projects", "Website relaunch")
    mine = attio.record_id("projects", "Identity")
    if way == "create":
        answer = attio.refused("POST", "/objects/projects/records", {"data": {"values": {"code": ["P-001"]}}})
    elif way == "update":
        answer = attio.refused("PATCH", f"/objects/projects/records/{mine}", {"data": {"values": {"code": ["P-001"]}}})
    else:
        attio.attribute("projects", "other_key", "text", is_unique=True)
        attio.put(f"/objects/projects/records/{mine}", {"values": {"other_key": ["k"]}})
        answer = upsert(attio, "projects", "other_key", status=400, other_key=["k"], code=["P-001"])
    assert (answer["code"], answer["status_code"]) == ("uniqueness_conflict", 400)
    assert answer["message"].startswith('A value provided for attribute with slug "code" conflicts with one already')
    assert answer["message"].endswith(f"Conflicting record IDs: {holder}")


def test_row_4_ones_own_value_is_no_conflict_and_freed_values_are_free(attio):
    mine = attio.record_id("projects", "Identity")
    attio.put(f"/objects/projects/records/{mine}", {"values": {"code": ["P-002"]}})
    attio.put(f"/objects/projects/records/{mine}", {"values": {"code": []}})
    attio.create("projects", code="P-002")


def test_row_4_addresses_differ_by_more_than_case(attio):
    attio.create("people", email_addresses=["New.Person@example.com"])
    body = {"data": {"values": {"email_addresses": ["new.person@EXAMPLE.com"]}}}
    assert attio.refused("POST", "/objects/people/records", body)["code"] == "uniqueness_conflict"


def test_row_4_uniqueness_switched_on_later_holds_for_new_data(attio):
    attio.create("projects", name="Twin")
    attio.create("projects", name="Twin")
    attio.patch("/objects/projects/attributes/name", {"is_unique": True})
    answer = attio.refused("POST", "/objects/projects/records", {"data": {"values": {"name": ["Twin"]}}})
    assert answer["code"] == "uniqueness_conflict"


BROKEN = [
    ({"values": {"nothing": ["x"]}}, "value_not_found", 'Cannot find attribute with slug/ID "nothing".'),
    ({"values": {"rate": ["x"]}}, "validation_type", 'An invalid value was passed to attribute with slug "rate".'),
    ({"values": {"stage": ["No such"]}}, "value_not_found", None),
    ({"values": {"name": [None]}}, "validation_type", None),
    ({"values": {"name": ""}}, "validation_type", None),
    ({"values": []}, "validation_type", "Body payload validation error."),
    ({}, "validation_type", "Body payload validation error."),
    ({"values": {}, "extra": 1}, "validation_type", "Body payload validation error."),
]


@pytest.mark.parametrize(("data", "code", "message"), BROKEN)
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_row_5_refused_writes_change_nothing(box, attio, data, code, message, method):
    record_id = attio.record_id("deals", "Café Noir menu")
    path = "/objects/deals/records" + ("" if method == "POST" else f"/{record_id}")
    if "values" in data and isinstance(data["values"], dict):
        data = data | {"values": {"invoice_number": ["1"], **data["values"]}}
    before = box.state(service="attio")["attio"]
    answer = attio.refused(method, path, {"data": data})
    assert answer["code"] == code
    assert message is None or answer["message"] == message
    assert box.state(service="attio")["attio"] == before


def test_row_5_a_body_without_data(attio):
    answer = attio.refused("POST", "/objects/deals/records", {"values": {}})
    assert answer["validation_errors"] == [
        {"code": "invalid_type", "path": ["data"], "message": "Required", "expected": "object", "received": "undefined"}
    ]
    for body in (b"", b"{", b"[]", b"null", b'"x"'):
        answer = attio.call("POST", "/objects/deals/records", status=400, content=body).json()
        assert answer["message"] == "Body payload validation error."


def test_row_5_an_archived_attribute_is_as_good_as_none(box, attio):
    box.archive(attio.workspace_id, "deals", "sync_error")
    record_id = attio.record_id("deals", "Café Noir menu")
    answer = attio.refused("PUT", f"/objects/deals/records/{record_id}", {"data": {"values": {"sync_error": ["x"]}}})
    assert answer["message"] == 'Cannot find attribute with slug/ID "sync_error".'


def test_values_are_written_by_attribute_id_and_read_by_slug(attio):
    attribute = attio.get("/objects/deals/attributes/invoice_number")["id"]["attribute_id"]
    record_id = attio.record_id("deals", "Café Noir menu")
    changed = attio.put(f"/objects/deals/records/{record_id}", {"values": {attribute: ["1042"]}})
    assert values_of(changed, "invoice_number") == ["1042"]
    both = {attribute: ["1"], "invoice_number": ["2"]}
    attio.refused("PUT", f"/objects/deals/records/{record_id}", {"data": {"values": both}})


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_records_that_are_not_there(attio, method):
    body = {"data": {"values": {}}} if method in {"PATCH", "PUT"} else None
    answer = attio.refused(method, f"/objects/deals/records/{NONE}", body, status=404)
    assert answer["message"] == f'Record with ID "{NONE}" not found.'
    answer = attio.refused(method, "/objects/deals/records/nonsense", body)
    assert answer["message"] == "Path params validation error."
    assert answer["validation_errors"][0]["string_validation"] == "uuid"
    answer = attio.refused(method, f"/objects/nothing/records/{NONE}", body, status=404)
    assert answer["message"] == 'Object with slug/ID "nothing" not found.'


def test_a_record_belongs_to_its_object(attio):
    attio.refused("GET", f"/objects/companies/records/{attio.record_id('deals', 'Café Noir menu')}", status=404)


def test_writeback_of_the_whole_set(attio):
    path = f"/objects/projects/records/{attio.record_id('projects', 'Identity')}"
    written = {
        "invoice_id": ["145"], "invoice_number": ["1042"], "invoice_status": ["Paid"], "invoice_url": ["https://x.example/145"],
        "last_synced_at": ["2026-11-23T09:01:02Z"], "sync_error": [],
    }  # fmt: skip
    values = attio.put(path, {"values": written})["values"]
    assert values["invoice_status"][0]["status"]["title"] == "Paid"
    assert values["last_synced_at"][0]["value"] == "2026-11-23T09:01:02.000000000Z"
    assert values["sync_error"] == []


def test_a_thousand_records_are_written_and_found_by_key(box, attio):
    def fill():
        workspace = box.app.world.attio.workspaces[attio.workspace_id]
        from attibooks_sandbox.attio.model import Actor
        from attibooks_sandbox.attio.parsing import parse_values
        from attibooks_sandbox.attio.writes import RecordDesk

        kind = workspace.object_named("projects")
        desk = RecordDesk(workspace, Actor("system", None), box.app.clock.now())
        for number in range(1000):
            values = parse_values({"name": "n", "code": f"K-{number}"}, kind, workspace)
            desk.create(kind, values, box.app.world.attio.ids.uuid())

    box.run(fill)
    assert len(attio.query("projects", filter={"code": "K-777"})["data"]) == 1
