"""What each type of attribute takes and gives (reference: Attio API, values per type), and what it refuses."""

from decimal import Decimal

import pytest

SHAPES = {
    "text": ("description", "text"),
    "number": ("rate", "number"),
}
TEN = dict.fromkeys(
    ["line_1", "line_2", "line_3", "line_4", "locality", "region", "postcode", "country_code", "latitude", "longitude"]
)
CONFIGS = {
    "currency": {"currency": {"default_currency_code": "EUR", "display_type": "code"}},
    "record-reference": {"record_reference": {"allowed_objects": ["companies", "people"]}},
}
MULTI = {"select", "domain", "email-address", "phone-number", "record-reference", "actor-reference"}
TAKEN = [
    ("text", "x", {"value": "x"}),
    ("text", {"value": "x"}, {"value": "x"}),
    ("text", "日本語 🎉", {"value": "日本語 🎉"}),
    ("number", 12.5, {"value": 12.5}),
    ("number", {"value": 12}, {"value": 12}),
    ("number", -0.0001, {"value": -0.0001}),
    ("number", 0, {"value": 0}),
    ("checkbox", True, {"value": True}),
    ("checkbox", "false", {"value": False}),
    ("checkbox", {"value": "true"}, {"value": True}),
    ("currency", 99.5, {"currency_code": "EUR", "currency_value": 99.5}),
    ("currency", "4.99", {"currency_code": "EUR", "currency_value": 4.99}),
    ("currency", {"currency_value": 10000}, {"currency_code": "EUR", "currency_value": 10000}),
    ("date", "2026", {"value": "2026-01-01"}),
    ("date", "2026-11", {"value": "2026-11-01"}),
    ("date", "2026-11-23", {"value": "2026-11-23"}),
    ("date", "2026-11-23T23:00:00-10:00", {"value": "2026-11-24"}),
    ("date", "2026-11-23T15:00:00.000000000+02:00", {"value": "2026-11-23"}),
    ("timestamp", "2026-11-23T09:00:00Z", {"value": "2026-11-23T09:00:00.000000000Z"}),
    ("timestamp", "2026-11-23T09:00:00", {"value": "2026-11-23T09:00:00.000000000Z"}),
    ("timestamp", "2026-11-23T09:00:00.123456789+01:00", {"value": "2026-11-23T08:00:00.123456000Z"}),
    ("rating", 0, {"value": 0}),
    ("rating", {"value": 5}, {"value": 5}),
    ("domain", "App.Example.com/path?q=1", {"domain": "app.example.com", "root_domain": "example.com"}),
    ("domain", {"domain": "https://shop.example.co.uk"}, {"domain": "shop.example.co.uk", "root_domain": "example.co.uk"}),
    (
        "email-address",
        "Ada.L@App.Example.com",
        {
            "original_email_address": "Ada.L@App.Example.com",
            "email_address": "ada.l@app.example.com",
            "email_domain": "app.example.com",
            "email_root_domain": "example.com",
            "email_local_specifier": "ada.l",
        },
    ),
    (
        "phone-number",
        "+3225551234",
        {"original_phone_number": "+3225551234", "country_code": "BE", "phone_number": "+3225551234"},
    ),
    (
        "phone-number",
        {"original_phone_number": "02 555 12 34", "country_code": "BE"},
        {"original_phone_number": "02 555 12 34", "country_code": "BE", "phone_number": "+3225551234"},
    ),
    ("location", TEN | {"line_1": "1 Quay", "country_code": "GB", "latitude": "51.5"}, TEN | {"line_1": "1 Quay", "country_code": "GB", "latitude": "51.5"}),
]  # fmt: skip
REFUSED = [
    ("text", ""),
    ("text", 5),
    ("text", None),
    ("text", {"value": "x", "extra": 1}),
    ("text", [["x"]]),
    ("number", "12.5"),
    ("number", 1.23456),
    ("number", True),
    ("number", None),
    ("number", 1e300),
    ("checkbox", "yes"),
    ("checkbox", 1),
    ("currency", {"currency_value": 5, "currency_code": "EUR"}),
    ("currency", "5 EUR"),
    ("currency", 1.00001),
    ("date", "23.11.2026"),
    ("date", "2026-02-30"),
    ("date", "10000-01-01"),
    ("date", 20261123),
    ("timestamp", "yesterday"),
    ("timestamp", "0001-01-01T00:00:00+14:00"),
    ("rating", 6),
    ("rating", 2.5),
    ("rating", "4"),
    ("domain", "not a domain"),
    ("domain", "localhost"),
    ("email-address", "ada@localhost"),
    ("email-address", "ada.example.com"),
    ("email-address", "a b@example.com"),
    ("phone-number", "12345"),
    ("phone-number", {"original_phone_number": "+3225551234", "country_code": "US"}),
    ("phone-number", "+999123456789"),
    ("location", {"line_1": "1 Quay"}),
    ("location", TEN | {"country_code": "United Kingdom"}),
    ("location", TEN | {"latitude": "91"}),
    ("location", "London"),
    ("record-reference", "2f6d3a41-0c58-4b7e-9a13-5e8d7c6b4a20"),
    ("record-reference", {"target_object": "deals", "target_record_id": "2f6d3a41-0c58-4b7e-9a13-5e8d7c6b4a20"}),
    ("record-reference", {"target_object": "companies", "target_record_id": "nonsense"}),
    ("actor-reference", 5),
    (
        "actor-reference",
        {"referenced_actor_type": "app", "referenced_actor_id": "2f6d3a41-0c58-4b7e-9a13-5e8d7c6b4a20"},
    ),
]


def add(attio, value_type):
    attio.attribute("projects", "fresh", value_type, config=CONFIGS.get(value_type, {}))


def content(value):
    wrapper = {"active_from", "active_until", "created_by_actor", "attribute_type"}
    return {name: each for name, each in value.items() if name not in wrapper}


@pytest.mark.parametrize(("value_type", "written", "read"), TAKEN)
@pytest.mark.parametrize("form", ["array", "bare"])
def test_taken(attio, value_type, written, read, form):
    add(attio, value_type)
    record = attio.create("projects", fresh=[written] if form == "array" else written)
    (value,) = record["values"]["fresh"]
    assert value["attribute_type"] == value_type
    assert content(value) == read


@pytest.mark.parametrize(("value_type", "written"), REFUSED)
def test_refused_and_nothing_written(box, attio, value_type, written):
    add(attio, value_type)
    before = box.state(service="attio")["attio"]
    answer = attio.refused("POST", "/objects/projects/records", {"data": {"values": {"name": "N", "fresh": [written]}}})
    assert answer["code"] == "validation_type"
    assert answer["message"] == 'An invalid value was passed to attribute with slug "fresh".'
    assert answer["validation_errors"][0]["code"] == "invalid"
    assert box.state(service="attio")["attio"] == before


def test_row_6_the_code_comes_from_the_attribute(attio):
    deal = attio.get(f"/objects/deals/records/{attio.record_id('deals', 'Harbor retainer')}")
    assert content(deal["values"]["value"][0]) == {"currency_code": "USD", "currency_value": 594}
    attio.refused("PATCH", "/objects/deals/attributes/value", {"data": {"title": "X"}})


def test_numbers_keep_their_digits(attio):
    add(attio, "number")
    answer = attio.call("POST", "/objects/projects/records", {"data": {"values": {"fresh": 0.1}}})
    assert '"value":0.1,' in answer.text
    stored = attio.query("projects", filter={"fresh": 0.1})["data"]
    assert len(stored) == 1
    assert Decimal(str(stored[0]["values"]["fresh"][0]["value"])) == Decimal("0.1")


def test_select_by_title_id_and_object(attio):
    options = {each["title"]: each["id"]["option_id"] for each in attio.get("/objects/deals/attributes/tags/options")}
    for written in ("Design", options["Design"], {"option": "Design"}, {"option": options["Design"]}):
        (value,) = attio.create("deals", name="d", tags=[written])["values"]["tags"]
        assert value["option"]["title"] == "Design"
        assert value["attribute_type"] == "select"
    for wrong in ("design", "Design ", "Nothing"):
        answer = attio.refused("POST", "/objects/deals/records", {"data": {"values": {"tags": [wrong]}}})
        assert answer["message"] == f'Cannot find select attribute with select option title "{wrong}".'
        assert answer["code"] == "value_not_found"


def test_status_by_title_and_object(attio):
    for written in ("Lead", {"status": "Lead"}):
        (value,) = attio.create("deals", name="d", stage=written)["values"]["stage"]
        assert value["status"]["title"] == "Lead"
        assert value["attribute_type"] == "status"
    answer = attio.refused("POST", "/objects/deals/records", {"data": {"values": {"stage": ["Nothing"]}}})
    assert answer["message"] == 'Cannot find status attribute with status option title "Nothing".'


def test_an_archived_option_is_readable_but_not_writable(box, attio):
    attio.create("deals", name="kept", tags=["Training"])
    box.archive(attio.workspace_id, "deals", "tags", choice="Training")
    attio.refused("POST", "/objects/deals/records", {"data": {"values": {"tags": ["Training"]}}})
    held = attio.query("deals", filter={"name": "kept"})["data"][0]["values"]["tags"][0]["option"]
    assert (held["title"], held["is_archived"]) == ("Training", True)


def test_record_reference_by_id_and_by_matching_attribute(attio):
    company = attio.record_id("companies", "Café Noir")
    by_id = {"target_object": "companies", "target_record_id": company}
    by_domain = {"target_object": "companies", "domains": [{"domain": "cafenoir.example"}]}
    for written in (by_id, by_domain):
        (value,) = attio.create("deals", name="d", associated_company=[written])["values"]["associated_company"]
        assert content(value) == by_id


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({"target_object": "companies", "target_record_id": "2f6d3a41-0c58-4b7e-9a13-5e8d7c6b4a20"}, "value_not_found"),
        ({"target_object": "nowhere", "target_record_id": "2f6d3a41-0c58-4b7e-9a13-5e8d7c6b4a20"}, "value_not_found"),
        ({"target_object": "companies", "domains": [{"domain": "unknown.example"}]}, "value_not_found"),
        (
            {"target_object": "companies", "domains": [{"domain": "a.example"}, {"domain": "b.example"}]},
            "validation_type",
        ),
        ({"target_object": "companies", "name": [{"value": "Café Noir"}]}, "validation_type"),
        ({"target_object": "companies", "nothing": [{"value": "x"}]}, "value_not_found"),
    ],
)
def test_record_reference_refused(attio, written, code):
    body = {"data": {"values": {"associated_company": [written]}}}
    assert attio.refused("POST", "/objects/deals/records", body)["code"] == code


def test_actor_reference_by_id_and_email(attio):
    member = attio.get("/workspace_members")[1]
    member_id = member["id"]["workspace_member_id"]
    forms = [
        {"referenced_actor_type": "workspace-member", "referenced_actor_id": member_id},
        {"workspace_member_email_address": member["email_address"]},
        member["email_address"],
    ]
    for written in forms:
        (value,) = attio.create("deals", name="d", owner=[written])["values"]["owner"]
        assert content(value) == {"referenced_actor_type": "workspace-member", "referenced_actor_id": member_id}
    attio.refused("POST", "/objects/deals/records", {"data": {"values": {"owner": ["nobody@example.com"]}}})


def test_personal_name_as_object_and_string(attio):
    whole = {"first_name": "Ada", "last_name": "King", "full_name": "Ada King"}
    for written in (whole, "King, Ada"):
        (value,) = attio.create("people", name=[written])["values"]["name"]
        assert content(value) == whole
    attio.refused("POST", "/objects/people/records", {"data": {"values": {"name": [{"first_name": "Ada"}]}}})


def test_interactions_are_read_not_written(attio):
    person = attio.get(f"/objects/people/records/{attio.record_id('people', 'Ada Lovelace')}")
    value = person["values"]["last_interaction"][0]
    assert content(value).keys() == {"interaction_type", "interacted_at", "owner_actor"}
    body = {"data": {"values": {"last_interaction": [content(value)]}}}
    assert attio.refused("POST", "/objects/people/records", body)["code"] == "system_edit_unauthorized"


@pytest.mark.parametrize("slug", ["record_id", "created_at", "created_by", "logo_url"])
def test_system_attributes_are_not_writable(attio, slug):
    answer = attio.refused("POST", "/objects/companies/records", {"data": {"values": {slug: ["x"]}}})
    assert answer["code"] == "system_edit_unauthorized"


def test_several_values_want_a_multi_attribute(attio):
    answer = attio.refused("POST", "/objects/deals/records", {"data": {"values": {"name": ["a", "b"]}}})
    assert answer["code"] == "multiple_values_for_single_value_attribute"
    answer = attio.refused("POST", "/objects/deals/records", {"data": {"values": {"tags": ["Design", "Design"]}}})
    assert answer["code"] == "duplicate_values"
