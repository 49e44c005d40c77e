"""Rows 6, 7 and 10 of what an Attio emulator must get right: currencies, schema endpoints, the plan's limit of objects."""

import pytest

from attibooks_sandbox.attio.currencies import CURRENCY_CODES

INVOICES = {"api_slug": "invoices", "singular_noun": "Invoice", "plural_noun": "Invoices"}


def test_objects_are_listed_read_by_slug_and_id_and_changed(attio):
    listed = attio.get("/objects")
    assert [each["api_slug"] for each in listed] == ["people", "companies", "deals", "projects"]
    project = attio.get(f"/objects/{listed[3]['id']['object_id']}")
    assert project == attio.get("/objects/projects")
    assert attio.patch("/objects/projects", {"singular_noun": "Engagement"})["singular_noun"] == "Engagement"


def test_an_empty_change_of_an_object_is_refused(attio):
    answer = attio.refused("PATCH", "/objects/projects", {"data": {}})
    assert answer["code"] == "validation_type"
    assert answer["message"].startswith("You passed an empty payload.")


def test_a_new_object_has_three_system_attributes_and_no_other(attio):
    attio.post("/objects", INVOICES)
    made = attio.get("/objects/invoices/attributes")
    assert [each["api_slug"] for each in made] == ["record_id", "created_at", "created_by"]
    assert all(each["is_system_attribute"] and not each["is_writable"] for each in made)
    assert made[1]["default_value"] == {"type": "dynamic", "template": "PT0S"}
    assert made[2]["default_value"] == {"type": "dynamic", "template": "current-user"}


@pytest.mark.parametrize("taken", [{"api_slug": "projects"}, {"singular_noun": "Project"}, {"plural_noun": "Projects"}])
def test_row_7_slug_and_nouns_of_objects_are_unique(attio, taken):
    answer = attio.refused("POST", "/objects", {"data": INVOICES | taken}, status=409)
    assert (answer["type"], answer["code"]) == ("invalid_request_error", "slug_conflict")


@pytest.mark.parametrize("missing", list(INVOICES))
def test_object_create_wants_all_three_members(attio, missing):
    data = {name: value for name, value in INVOICES.items() if name != missing}
    answer = attio.refused("POST", "/objects", {"data": data})
    assert answer["message"] == "Body payload validation error."
    assert answer["validation_errors"] == [
        {
            "code": "invalid_type",
            "path": ["data", missing],
            "message": "Required",
            "expected": "string",
            "received": "undefined",
        }
    ]


def test_custom_objects_are_deleted_with_their_records_standard_ones_are_not(attio):
    assert attio.refused("DELETE", "/objects/companies")["code"] == "system_edit_unauthorized"
    assert attio.call("DELETE", "/objects/projects").json() == {}
    attio.refused("GET", "/objects/projects", status=404)
    attio.refused("DELETE", "/objects/projects", status=404)


def test_references_to_records_of_a_deleted_object_go_with_it(attio):
    project = attio.post("/objects/projects/records", {"values": {"name": ["Gone"]}})["id"]["record_id"]
    link = {"target_object": "projects", "target_record_id": project}
    config = {"record_reference": {"allowed_objects": ["projects", "deals"]}}
    for more in (
        {"api_slug": "source", "config": config},
        {"api_slug": "twin", "config": {}, "relationship": TWIN},
    ):
        attio.post("/objects/deals/attributes", {**PLAIN, "type": "record-reference", **more})
    values = {"name": ["Deal"], "stage": ["Lead"], "source": [link], "twin": [link]}
    deal = attio.post("/objects/deals/records", {"values": values})["id"]["record_id"]
    attio.call("DELETE", "/objects/projects")
    kept = attio.get(f"/objects/deals/records/{deal}")["values"]
    assert (kept["source"], kept["twin"], kept["name"][0]["value"]) == ([], [], "Deal")
    history = f"/objects/deals/records/{deal}/attributes/source/values"
    assert attio.get(history, params={"show_historic": "true"}) == []
    assert attio.get("/objects/deals/attributes/twin")["relationship"] is None


@pytest.mark.parametrize(("plan", "room"), [("free", 0), ("plus", 1), ("pro", 8), ("enterprise", 12)])
def test_row_10_the_plan_limits_objects_people_and_companies_included(box, attio, plan, room):
    box.control("POST", "attio/plan", {"workspace": attio.workspace_id, "plan": plan})
    for number in range(min(room, 9)):
        attio.post("/objects", {"api_slug": f"o{number}", "singular_noun": f"O{number}", "plural_noun": f"Os{number}"})
    if room < 9:
        answer = attio.refused("POST", "/objects", {"data": INVOICES})
        assert (answer["code"], answer["type"]) == ("quota_exceeded", "invalid_request_error")


TWIN = {"object": "projects", "title": "Deals", "api_slug": "deals", "is_multiselect": True}
PLAIN = {
    "title": "Total",
    "description": None,
    "api_slug": "total",
    "type": "number",
    "is_required": False,
    "is_unique": False,
    "is_multiselect": False,
    "config": {},
}


def test_row_7_attribute_create_answers_every_member(attio):
    made = attio.post("/objects/projects/attributes", PLAIN)
    assert list(made) == [
        "id", "title", "description", "api_slug", "type", "is_system_attribute", "is_writable", "is_required", "is_unique",
        "is_multiselect", "is_default_value_enabled", "is_archived", "default_value", "relationship", "created_at", "config",
    ]  # fmt: skip
    assert made["config"] == {
        "currency": {"default_currency_code": None, "display_type": None},
        "record_reference": {"allowed_object_ids": None},
    }
    assert attio.get("/objects/projects/attributes/total") == made
    assert attio.get("/objects/projects/attributes")[-1] == made


@pytest.mark.parametrize("missing", list(PLAIN))
def test_row_7_all_eight_members_are_required(attio, missing):
    data = {name: value for name, value in PLAIN.items() if name != missing}
    answer = attio.refused("POST", "/objects/projects/attributes", {"data": data})
    assert answer["validation_errors"][0]["path"] == ["data", missing]


def test_row_7_unknown_members_are_refused(attio):
    answer = attio.refused("POST", "/objects/projects/attributes", {"data": PLAIN | {"colour": "red"}})
    assert answer["validation_errors"] == [
        {
            "code": "unrecognized_keys",
            "path": ["data"],
            "message": "Unrecognized key(s) in object: 'colour'",
            "keys": ["colour"],
        }
    ]
    for member in ("type", "is_multiselect", "relationship"):
        attio.refused("PATCH", "/objects/projects/attributes/code", {"data": {member: "text"}})


TYPES = {
    "text": {},
    "number": {},
    "checkbox": {},
    "currency": {"currency": {"default_currency_code": "EUR", "display_type": "symbol"}},
    "date": {},
    "timestamp": {},
    "rating": {},
    "status": {},
    "select": {},
    "record-reference": {"record_reference": {"allowed_objects": ["companies"]}},
    "actor-reference": {},
    "location": {},
    "domain": {},
    "email-address": {},
    "phone-number": {},
}
MULTI = {"select", "record-reference", "actor-reference", "domain", "email-address", "phone-number"}
UNIQUE = {"text", "number", "domain", "email-address", "phone-number"}


@pytest.mark.parametrize("value_type", TYPES)
def test_all_fifteen_types_can_be_created(attio, value_type):
    made = attio.attribute("projects", "fresh", value_type, config=TYPES[value_type])
    assert (made["type"], made["is_writable"]) == (value_type, True)


@pytest.mark.parametrize("value_type", TYPES)
@pytest.mark.parametrize("member", ["is_multiselect", "is_unique"])
def test_only_some_types_can_be_multi_or_unique(attio, value_type, member):
    allowed = value_type in (MULTI if member == "is_multiselect" else UNIQUE)
    facts = PLAIN | {"api_slug": "fresh", "type": value_type, "config": TYPES[value_type], member: True}
    answer = attio.call("POST", "/objects/projects/attributes", {"data": facts}, status=200 if allowed else 400)
    if not allowed:
        assert answer.json()["validation_errors"][0]["path"] == ["data", member]


@pytest.mark.parametrize("value_type", ["interaction", "personal-name", "record_reference", "url"])
def test_read_only_and_misspelt_types_are_refused(attio, value_type):
    attio.refused("POST", "/objects/projects/attributes", {"data": PLAIN | {"type": value_type}})


def test_status_is_refused_on_people_and_companies(attio):
    for kind in ("people", "companies"):
        attio.refused("POST", f"/objects/{kind}/attributes", {"data": PLAIN | {"api_slug": "state", "type": "status"}})


def test_row_6_every_accepted_currency_and_no_other(attio):
    for code in ("RON", "TWD", "VND", "eur", ""):
        config = {"currency": {"default_currency_code": code, "display_type": "code"}}
        answer = attio.refused(
            "POST", "/objects/projects/attributes", {"data": PLAIN | {"type": "currency", "config": config}}
        )
        assert answer["validation_errors"][0] == {
            "code": "invalid_enum_value",
            "path": ["data", "config", "currency", "default_currency_code"],
            "message": "Invalid enum value.",
        }
    assert len(CURRENCY_CODES) == 47
    attio.attribute(
        "projects", "fee", "currency", config={"currency": {"default_currency_code": "NTD", "display_type": "code"}}
    )


def test_currency_settings_are_required_for_currencies_and_refused_elsewhere(attio):
    attio.refused("POST", "/objects/projects/attributes", {"data": PLAIN | {"type": "currency"}})
    attio.refused("POST", "/objects/projects/attributes", {"data": PLAIN | {"config": TYPES["currency"]}})


def test_row_7_allowed_objects_are_written_by_slug_and_read_by_id(attio):
    made = attio.attribute("projects", "payer", "record-reference", config=TYPES["record-reference"])
    companies = attio.get("/objects/companies")["id"]["object_id"]
    assert made["config"]["record_reference"] == {"allowed_object_ids": [companies]}
    for wrong in ({"allowed_objects": []}, {"allowed_objects": ["nowhere"]}, {}):
        facts = PLAIN | {"api_slug": "x", "type": "record-reference", "config": {"record_reference": wrong}}
        attio.refused("POST", "/objects/projects/attributes", {"data": facts})
    attio.refused("POST", "/objects/projects/attributes", {"data": PLAIN | {"type": "record-reference"}})


def relationship(attio, *, own=False, reverse=True):
    attio.post("/objects", INVOICES)
    return attio.attribute(
        "invoices",
        "company",
        "record-reference",
        is_multiselect=own,
        config=TYPES["record-reference"],
        relationship={"object": "companies", "title": "Invoices", "api_slug": "invoices", "is_multiselect": reverse},
    )


def test_a_relationship_makes_the_reverse_attribute_in_the_same_call(attio):
    made = relationship(attio)
    reverse = attio.get("/objects/companies/attributes/invoices")
    assert made["relationship"] == {
        "id": reverse["id"], "object_slug": "companies", "title": "Invoices", "api_slug": "invoices", "is_multiselect": True,
    }  # fmt: skip
    assert reverse["relationship"]["id"] == made["id"]
    assert reverse["config"]["record_reference"]["allowed_object_ids"] == [made["id"]["object_id"]]


def test_a_relationship_with_a_taken_reverse_slug_makes_nothing(attio):
    attio.post("/objects", INVOICES)
    facts = PLAIN | {
        "api_slug": "company",
        "type": "record-reference",
        "config": TYPES["record-reference"],
        "relationship": {"object": "companies", "title": "T", "api_slug": "team", "is_multiselect": True},
    }
    attio.refused("POST", "/objects/invoices/attributes", {"data": facts}, status=409)
    attio.refused("GET", "/objects/invoices/attributes/company", status=404)
    elsewhere = facts | {"config": {"record_reference": {"allowed_objects": ["people"]}}}
    attio.refused("POST", "/objects/invoices/attributes", {"data": elsewhere})


def link(record):
    return [{"target_object": "companies", "target_record_id": record}]


def test_many_to_one_links_gather_on_the_other_side(attio):
    relationship(attio)
    company = attio.record_id("companies", "Café Noir")
    made = [attio.create("invoices", company=link(company))["id"]["record_id"] for _ in range(2)]
    held = attio.get(f"/objects/companies/records/{company}")["values"]["invoices"]
    assert [each["target_record_id"] for each in held] == made[::-1]
    attio.put(f"/objects/invoices/records/{made[0]}", {"values": {"company": []}})
    held = attio.get(f"/objects/companies/records/{company}")["values"]["invoices"]
    assert [each["target_record_id"] for each in held] == made[1:]


def test_one_to_one_silently_takes_the_link_from_the_first(attio):
    relationship(attio, reverse=False)
    company = attio.record_id("companies", "Café Noir")
    first, second = (attio.create("invoices", company=link(company))["id"]["record_id"] for _ in range(2))
    assert attio.get(f"/objects/invoices/records/{first}")["values"]["company"] == []
    held = attio.get(f"/objects/companies/records/{company}")["values"]["invoices"]
    assert [each["target_record_id"] for each in held] == [second]


def test_a_deleted_record_vanishes_from_references(attio):
    relationship(attio)
    company = attio.create("companies", name="Brief")["id"]["record_id"]
    invoice = attio.create("invoices", company=link(company))["id"]["record_id"]
    attio.call("DELETE", f"/objects/companies/records/{company}")
    assert attio.get(f"/objects/invoices/records/{invoice}")["values"]["company"] == []


@pytest.mark.parametrize(
    ("value_type", "default", "fine"),
    [
        ("text", {"type": "static", "template": ["hello"]}, True),
        ("number", {"type": "static", "template": [{"value": 5}]}, True),
        ("number", {"type": "static", "template": ["5"]}, False),
        ("date", {"type": "dynamic", "template": "P30D"}, True),
        ("timestamp", {"type": "dynamic", "template": "PT1H"}, True),
        ("text", {"type": "dynamic", "template": "P30D"}, False),
        ("actor-reference", {"type": "dynamic", "template": "current-user"}, True),
        ("date", {"type": "dynamic", "template": "soon"}, False),
        ("text", {"type": "static", "template": []}, False),
    ],
)
def test_defaults(attio, value_type, default, fine):
    facts = PLAIN | {"api_slug": "fresh", "type": value_type, "default_value": default}
    made = attio.call("POST", "/objects/projects/attributes", {"data": facts}, status=200 if fine else 400).json()
    if fine:
        assert made["data"]["is_default_value_enabled"] is True
        assert attio.create("projects", name="D")["values"]["fresh"] != []


def test_defaults_are_not_for_people_and_companies(attio):
    facts = PLAIN | {"api_slug": "fresh", "default_value": {"type": "static", "template": [1]}}
    attio.refused("POST", "/objects/companies/attributes", {"data": facts})


def test_required_needs_a_default_and_an_emptied_value_is_missing(attio):
    facts = PLAIN | {"api_slug": "fresh", "is_required": True}
    attio.refused("POST", "/objects/projects/attributes", {"data": facts})
    facts["default_value"] = {"type": "static", "template": [7]}
    made = attio.post("/objects/projects/attributes", facts)
    record = attio.create("projects", name="R")
    assert record["values"]["fresh"][0]["value"] == 7
    answer = attio.refused(
        "PUT", f"/objects/projects/records/{record['id']['record_id']}", {"data": {"values": {"fresh": []}}}
    )
    assert answer["code"] == "missing_value"
    assert made["id"]["attribute_id"] in answer["message"]


def test_row_7_archived_attributes_keep_their_slug_and_are_hidden(attio):
    path = "/objects/projects/attributes/code"
    assert attio.patch(path, {"is_archived": True})["is_archived"] is True
    assert "code" not in [each["api_slug"] for each in attio.get("/objects/projects/attributes")]
    shown = attio.get("/objects/projects/attributes", params={"show_archived": "true"})
    assert "code" in [each["api_slug"] for each in shown]
    assert attio.get(path)["is_archived"] is True
    answer = attio.refused("POST", "/objects/projects/attributes", {"data": PLAIN | {"api_slug": "code"}}, status=409)
    assert answer["code"] == "slug_conflict"
    record_id = attio.record_id("projects", "Identity")
    assert "code" not in attio.get(f"/objects/projects/records/{record_id}")["values"]
    attio.refused("GET", f"/objects/projects/records/{record_id}/attributes/code/values", status=404)
    assert attio.patch(path, {"is_archived": False})["is_archived"] is False
    assert attio.get(f"/objects/projects/records/{record_id}")["values"]["code"][0]["value"] == "P-002"


def test_attributes_are_changed_but_not_the_systems(attio):
    changed = attio.patch("/objects/projects/attributes/code", {"title": "Key", "api_slug": "key", "is_unique": False})
    assert (changed["title"], changed["api_slug"], changed["is_unique"]) == ("Key", "key", False)
    assert (
        attio.refused("PATCH", "/objects/deals/attributes/name", {"data": {"title": "X"}})["code"]
        == "system_edit_unauthorized"
    )
    attio.refused("PATCH", "/objects/projects/attributes/key", {"data": {"api_slug": "name"}}, status=409)
    attio.refused("PATCH", "/objects/projects/attributes/nothing", {"data": {"title": "X"}}, status=404)


def test_attributes_are_paged(attio):
    everything = attio.get("/objects/deals/attributes")
    assert attio.get("/objects/deals/attributes", params={"limit": 2, "offset": 3}) == everything[3:5]
    answer = attio.refused("GET", "/objects/deals/attributes", params={"limit": "two"})
    assert answer["message"] == "Query params validation error."
    attio.refused("GET", "/objects/deals/attributes", params={"show_archived": "yes"})


def test_options_are_added_renamed_and_archived_never_made_by_writing(attio):
    path = "/objects/deals/attributes/tags/options"
    made = attio.post(path, {"title": "Audit"})
    assert list(made) == ["id", "title", "is_archived"]
    assert list(made["id"]) == ["workspace_id", "object_id", "attribute_id", "option_id"]
    answer = attio.refused("POST", path, {"data": {"title": "Audit"}}, status=409)
    assert answer["message"] == 'There is already another select option with the title "Audit".'
    assert attio.patch(f"{path}/Audit", {"title": "Review", "is_archived": True})["is_archived"] is True
    assert "Review" not in [each["title"] for each in attio.get(path)]
    assert "Review" in [each["title"] for each in attio.get(path, params={"show_archived": "true"})]
    attio.refused("POST", path, {"data": {"title": "Review"}}, status=409)
    missing = attio.refused("PATCH", f"{path}/Nothing", {"data": {"title": "X"}})
    assert missing["message"] == 'Cannot find select attribute with select option title "Nothing".'
    answer = attio.refused(
        "POST", "/objects/deals/records", {"data": {"values": {"name": "x", "tags": ["Unheard of"]}}}
    )
    assert answer["code"] == "value_not_found"


def test_statuses_have_a_celebration_and_a_target_time(attio):
    path = "/objects/deals/attributes/stage/statuses"
    made = attio.post(path, {"title": "Invoiced", "celebration_enabled": True, "target_time_in_status": "P30D"})
    assert (made["celebration_enabled"], made["target_time_in_status"]) == (True, "P30D")
    assert [each["title"] for each in attio.get(path)] == ["Lead", "In Progress", "Won 🎉", "Lost", "Invoiced"]
    changed = attio.patch(f"{path}/{made['id']['status_id']}", {"target_time_in_status": None, "is_archived": True})
    assert (changed["target_time_in_status"], changed["is_archived"]) == (None, True)
    attio.refused("POST", path, {"data": {"title": "Y", "target_time_in_status": "soon"}})
    answer = attio.refused("POST", path, {"data": {"title": "Lead"}}, status=409)
    assert answer["message"] == 'There is already another status with the title "Lead".'


def test_options_and_statuses_want_their_own_type_of_attribute(attio):
    options = attio.refused("POST", "/objects/deals/attributes/name/options", {"data": {"title": "X"}})
    assert options["message"] == "This attribute is not a select attribute."
    statuses = attio.refused("GET", "/objects/deals/attributes/tags/statuses")
    assert statuses["message"] == "This attribute is not a status attribute."
    attio.refused("GET", "/objects/deals/attributes/nothing/options", status=404)
    attio.refused("GET", "/objects/nothing/attributes", status=404)
