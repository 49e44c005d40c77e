"""Row 11 of what an Attio emulator must get right: filters, sorts, pages."""

import pytest


def names(attio, kind="companies", **body):
    found = attio.query(kind, **body)["data"]
    return [values[0].get("value", values[0].get("full_name")) for values in (each["values"]["name"] for each in found)]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ({}, 12),
        ({"name": "Café Noir"}, 1),
        ({"name": {"$eq": "Café Noir"}}, 1),
        ({"name": {"value": {"$eq": "Café Noir"}}}, 1),
        ({"name": {"value": "Café Noir"}}, 1),
        ({"name": "café noir"}, 0),
        ({"name": {"$in": ["Café Noir", "O'Neil Design", "nobody"]}}, 2),
        ({"name": {"$contains": "No"}}, 4),
        ({"name": {"$starts_with": "No"}}, 3),
        ({"name": {"$ends_with": "Ltd"}}, 1),
        ({"name": {"$starts_with": "No", "$ends_with": "Ltd"}}, 1),
        ({"rate": {"$gt": 450}}, 4),
        ({"rate": {"$gte": 450}}, 5),
        ({"rate": {"$lt": 128.35}}, 2),
        ({"rate": {"$lte": 128.35}}, 3),
        ({"rate": 33.333}, 1),
        ({"rate": {"$not_empty": True}}, 10),
        ({"rate": {"$not_empty": False}}, 2),
        ({"is_customer": True}, 4),
        ({"renewal_date": {"$lt": "2027-02-01"}}, 1),
        ({"renewal_date": "2027-01-31"}, 1),
        ({"health": {"$gte": 4}}, 2),
        ({"categories": "Agency"}, 2),
        ({"categories": {"option": "Software"}}, 1),
        ({"billing_currency": "EUR", "is_customer": True}, 2),
        ({"domains": "cafenoir.example"}, 1),
        ({"domains": {"root_domain": {"$ends_with": ".example"}}}, 11),
        ({"primary_location": {"country_code": "DE"}}, 1),
        ({"account_manager": {"referenced_actor_type": "workspace-member"}}, 1),
        ({"$and": [{"is_customer": True}, {"rate": {"$gt": 1000}}]}, 2),
        ({"$or": [{"name": "Café Noir"}, {"health": 5}]}, 2),
        ({"$not": {"is_customer": True}}, 8),
        ({"$and": []}, 12),
        ({"$or": []}, 0),
        ({"$or": [{"$and": [{"name": "Café Noir"}, {"rate": 450}]}, {"$not": {"rate": {"$not_empty": True}}}]}, 3),
        ({"team": {"target_object": "people"}}, 9),
        ({"created_at": {"$gte": "2026-10-01T00:00:00Z"}}, 12),
        ({"created_at": {"$gt": "2026-12-01"}}, 0),
    ],
)
def test_row_11_filters(attio, condition, count):
    assert len(attio.query("companies", filter=condition)["data"]) == count


@pytest.mark.parametrize(
    ("kind", "condition", "count"),
    [
        ("people", {"name": "Ada Lovelace"}, 1),
        ("people", {"name": {"last_name": "Kim"}}, 1),
        ("people", {"name": {"full_name": {"$contains": "O'N"}}}, 1),
        ("people", {"email_addresses": {"email_domain": "people.example"}}, 12),
        ("people", {"email_addresses": "ada.lovelace@people.example"}, 1),
        ("people", {"phone_numbers": {"country_code": "DE"}}, 1),
        ("deals", {"stage": "Lead"}, 1),
        ("deals", {"stage": {"status": {"$in": ["Lead", "Lost"]}}}, 2),
        ("deals", {"value": {"currency_value": {"$gt": 5000}}}, 2),
        ("deals", {"value": {"currency_code": "USD"}}, 8),
        ("projects", {"last_synced_at": {"$not_empty": True}}, 0),
    ],
)
def test_row_11_filters_on_fields(attio, kind, condition, count):
    assert len(attio.query(kind, filter=condition)["data"]) == count


def test_row_11_record_ids(attio):
    wanted = [attio.record_id("companies", name) for name in ("Café Noir", "O'Neil Design")]
    assert sorted(names(attio, filter={"record_id": {"$in": wanted}})) == ["Café Noir", "O'Neil Design"]
    assert names(attio, filter={"record_id": wanted[0]}) == ["Café Noir"]


def test_row_11_through_references(attio):
    condition = {
        "path": [["deals", "associated_company"], ["companies", "domains"]],
        "constraints": {"domain": "northwind.example"},
    }
    assert names(attio, "deals", filter=condition) == ["Northwind website"]
    deep = {
        "path": [["deals", "associated_company"], ["companies", "team"], ["people", "name"]],
        "constraints": {"full_name": "Ada Lovelace"},
    }
    assert names(attio, "deals", filter=deep) == ["Northwind website"]


@pytest.mark.parametrize(
    ("condition", "code", "path"),
    [
        ({"updated_at": "x"}, "unknown_filter_attribute_slug", ["updated_at"]),
        ({"$or": [{"name": "x"}, {"updated_at": "x"}]}, "unknown_filter_attribute_slug", ["$or", "1", "updated_at"]),
        ({"$not": {"updated_at": "x"}}, "unknown_filter_attribute_slug", ["$not", "updated_at"]),
        ({"name": {"$near": "x"}}, "filter_error", ["name", "$near"]),
        ({"name": {"nothing": "x"}}, "filter_error", ["name", "nothing"]),
        ({"is_customer": {"$lt": True}}, "filter_error", ["is_customer", "$lt"]),
        ({"rate": {"$contains": "4"}}, "filter_error", ["rate", "$contains"]),
        ({"rate": "450"}, "filter_error", ["rate"]),
        ({"name": {"$in": "x"}}, "filter_error", ["name", "$in"]),
        ({"name": None}, "filter_error", ["name"]),
        ({"name": {}}, "filter_error", ["name"]),
        ({"$and": {}}, "filter_error", ["$and"]),
        ({"$xor": []}, "filter_error", ["$xor"]),
        ({"primary_location": "Berlin"}, "missing_sort_field", ["primary_location"]),
        (
            {"path": [["companies", "nothing"]], "constraints": {"value": "x"}},
            "unknown_filter_attribute_slug",
            ["path", "0"],
        ),
        ({"path": [["deals", "name"]], "constraints": {"value": "x"}}, "filter_error", ["path", "0"]),
        ({"path": []}, "filter_error", ["path"]),
    ],
)
def test_row_11_refused_filters_say_where(attio, condition, code, path):
    answer = attio.query("companies", status=400, filter=condition)
    assert (answer["code"], answer["path"]) == (code, path)
    assert answer["type"] == "invalid_request_error"


def test_row_11_the_message_of_an_unknown_slug(attio):
    answer = attio.query("companies", status=400, filter={"updated_at": "x"})
    assert answer["message"] == "Unknown attribute slug: updated_at."


def test_row_11_names_and_interactions_want_a_field(attio):
    for condition in ({"name": {"$contains": "Ada"}}, {"last_interaction": {"$gt": "2026-01-01"}}):
        assert attio.query("people", status=400, filter=condition)["code"] == "missing_sort_field"


def test_row_11_sorts(attio):
    by_rate = [{"direction": "desc", "attribute": "rate"}]
    assert names(attio, sorts=by_rate)[:3] == ["株式会社サンプル", "Northwind Traders", "O'Neil Design"]
    by_currency = [{"direction": "asc", "attribute": "billing_currency"}, {"direction": "desc", "attribute": "rate"}]
    assert names(attio, sorts=by_currency)[0] == "Café Noir"
    people = [{"direction": "asc", "attribute": "name", "field": "last_name"}]
    assert names(attio, "people", sorts=people)[0] == "Chloé Dubois"
    through = [{"direction": "asc", "path": [["deals", "associated_company"], ["companies", "name"]]}]
    assert names(attio, "deals", sorts=through)[0] == "Café Noir menu"


def test_row_11_refused_sorts(attio):
    refused = [
        ([{"direction": "asc", "attribute": "primary_location"}], "missing_sort_field"),
        ([{"direction": "asc", "attribute": "nothing"}], "value_not_found"),
        ([{"direction": "up", "attribute": "name"}], "validation_type"),
        ([{"direction": "asc", "attribute": "rate", "field": "nothing"}], "filter_error"),
    ]
    for sorts, code in refused:
        assert attio.query("companies", status=400, sorts=sorts)["code"] == code


def test_row_11_pages(attio):
    everything = names(attio, sorts=[{"direction": "asc", "attribute": "created_at"}])
    pages = [
        names(attio, sorts=[{"direction": "asc", "attribute": "created_at"}], limit=5, offset=start)
        for start in (0, 5, 10)
    ]
    assert [len(page) for page in pages] == [5, 5, 2]
    assert [name for page in pages for name in page] == everything
    assert attio.query("companies", offset=100) == {"data": []}


@pytest.mark.parametrize(
    "body",
    [{"limit": 0}, {"limit": 501}, {"limit": "5"}, {"offset": -1}, {"limit": 2.5}, {"filter": []}, {"sorts": {}}],
)
def test_row_11_refused_bodies(attio, body):
    assert attio.query("companies", status=400, **body)["code"] == "validation_type"


def test_row_11_an_empty_body_is_everything(attio):
    assert len(attio.call("POST", "/objects/companies/records/query").json()["data"]) == 12
    assert len(attio.query("companies")["data"]) == 12


def test_queries_want_an_object_and_no_unknown_view(attio):
    attio.refused("POST", "/objects/nothing/records/query", {}, status=404)
    attio.query("companies", status=400, filter_view_id="2f6d3a41-0c58-4b7e-9a13-5e8d7c6b4a20")


def test_writes_are_seen_by_the_next_read(attio):
    made = attio.create("companies", name="Right now", domains=["now.example"])
    assert attio.query("companies", filter={"domains": "now.example"})["data"] == [made]


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ({"active_from": {"$lt": "2026-11-01"}}, 1),
        ({"active_from": {"$gte": "2026-11-20T09:00:00Z"}}, 9),
        ({"active_from": {"$gt": "2026-11-20T09:00:00Z"}}, 0),
        ({"status": "Lead", "active_from": {"$gte": "2026-11-20T09:00:00Z"}}, 9),
        ({"status": "Lost", "active_from": {"$gte": "2026-11-20T09:00:00Z"}}, 0),
        ({"active_from": {"$gte": "2026-11-01", "$lt": "2026-12-01"}}, 9),
    ],
)
def test_row_11_when_a_status_began_to_hold(box, attio, said, count):
    box.clock.freeze("2026-11-20T09:00:00Z")
    found = attio.query("deals", filter={"stage": {"$not_empty": True}})["data"]
    kept = next(each for each in found if each["values"]["stage"][0]["status"]["title"] == "Lost")
    for deal in found:
        if deal is not kept:
            path = f"/objects/deals/records/{deal['id']['record_id']}"
            attio.put(path, {"values": {"stage": ["In Progress"]}})
            attio.put(path, {"values": {"stage": ["Lead"]}})
    assert len(found) == 10
    assert len(attio.query("deals", filter={"stage": said})["data"]) == count


@pytest.mark.parametrize(
    ("kind", "condition", "path"),
    [
        ("deals", {"stage": {"active_from": "2026-11-01"}}, ["stage", "active_from"]),
        ("deals", {"stage": {"active_from": {"$eq": "2026-11-01"}}}, ["stage", "active_from"]),
        ("deals", {"stage": {"active_from": {"$lt": "soon"}}}, ["stage", "active_from", "$lt"]),
        ("deals", {"name": {"active_from": {"$lt": "2026-11-01"}}}, ["name", "active_from"]),
        ("companies", {"$not": {"name": "x", "rate": 1}}, ["$not"]),
        ("companies", {"$not": {"$and": [{"name": "x"}]}}, ["$not"]),
        ("companies", {"$not": {}}, ["$not"]),
    ],
)
def test_row_11_what_active_from_and_not_do_not_take(attio, kind, condition, path):
    answer = attio.query(kind, status=400, filter=condition)
    assert (answer["code"], answer["path"]) == ("filter_error", path)


def test_row_11_a_filter_and_a_view_exclude_each_other(attio):
    view = "2f6d3a41-0c58-4b7e-9a13-5e8d7c6b4a20"
    assert attio.query("companies", status=400, filter={}, filter_view_id=view)["code"] == "validation_type"
