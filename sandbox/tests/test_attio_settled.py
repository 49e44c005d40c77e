"""The reference's table "Settled where this text disagrees with itself", row by row; its last row is not Attio's API."""

import pytest


def test_settled_an_archived_attribute_is_found_and_brought_back_but_its_values_are_not(box, attio):
    path = f"/objects/companies/records/{attio.record_id('companies', 'Café Noir')}"
    attio.patch("/objects/companies/attributes/rate", {"is_archived": True})
    assert attio.get("/objects/companies/attributes/rate")["is_archived"] is True
    assert "rate" not in attio.get(path)["values"]
    answer = attio.refused("GET", f"{path}/attributes/rate/values", status=404)
    assert answer["message"] == 'Attribute with slug/ID "rate" not found.'
    assert attio.refused("PATCH", path, {"data": {"values": {"rate": [1]}}})["code"] == "value_not_found"
    assert attio.patch("/objects/companies/attributes/rate", {"is_archived": False})["is_archived"] is False
    assert attio.get(path)["values"]["rate"][0]["value"] == 450


def test_settled_bare_values_are_taken_as_well_as_arrays(attio):
    bare = attio.create("companies", name="Bare", rate=12.5, domains="bare.example")
    assert bare["values"]["name"][0]["value"] == "Bare"
    assert bare["values"]["rate"][0]["value"] == 12.5
    assert bare["values"]["domains"][0]["domain"] == "bare.example"


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize(
    "values",
    [
        {"name": None},
        {"name": [None]},
        {"name": ""},
        {"name": [""]},
        {"rate": [1.00001]},
        {"rate": ["12.5"]},
        {"rate": None},
    ],
    ids=str,
)
def test_settled_null_empty_text_five_decimals_and_numeric_strings_are_refused(box, attio, method, values):
    path = f"/objects/companies/records/{attio.record_id('companies', 'Café Noir')}"
    before = box.state(service="attio")["attio"]
    assert attio.refused(method, path, {"data": {"values": values}})["code"] == "validation_type"
    assert box.state(service="attio")["attio"] == before


def test_settled_an_empty_array_clears_a_single_value_by_put_and_is_refused_by_patch(attio):
    path = f"/objects/companies/records/{attio.record_id('companies', 'Café Noir')}"
    assert attio.refused("PATCH", path, {"data": {"values": {"rate": []}}})["code"] == "validation_type"
    assert attio.put(path, {"values": {"rate": []}})["values"]["rate"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/objects/nothing/records", None),
        ("/objects/companies/records", {"data": 1}),
        ("/objects/companies/records", {}),
    ],
)
def test_settled_scopes_come_before_validation(box, attio, path, body):
    token = box.token("attio", workspace=attio.workspace_id, scopes=["record_permission:read"])
    answer = attio.refused("POST", path, body, status=403, headers={"Authorization": f"Bearer {token}"})
    assert answer["code"] == "unauthorized"


@pytest.mark.parametrize("title", ["won 🎉", "Won", " Lead", "LEAD"])
def test_settled_titles_of_options_and_statuses_match_exactly(attio, title):
    answer = attio.refused("POST", "/objects/deals/records", {"data": {"values": {"stage": [title]}}})
    assert answer["message"] == f'Cannot find status attribute with status option title "{title}".'
    assert attio.create("deals", stage="Lead")["values"]["stage"][0]["status"]["title"] == "Lead"
