"""Rows 1, 8, 13 and 14 of what an Attio emulator must get right: envelope, tokens, actors, unknown routes."""

import base64
import re

import pytest

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000000Z")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_row_1_envelope_has_data_and_every_attribute_as_array_in_order(attio):
    record = attio.create("companies", name="Fresh GmbH")
    assert list(record) == ["id", "created_at", "web_url", "values"]
    slugs = [each["api_slug"] for each in attio.get("/objects/companies/attributes")]
    assert list(record["values"]) == slugs
    assert all(isinstance(values, list) for values in record["values"].values())
    assert record["values"]["domains"] == []


def test_row_1_values_are_wrapped_and_stamped_with_nine_digits(attio):
    value = attio.create("companies", name="Fresh GmbH")["values"]["name"][0]
    assert value.keys() == {"active_from", "active_until", "created_by_actor", "value", "attribute_type"}
    assert list(value)[-1] == "attribute_type"
    assert value["active_until"] is None
    assert STAMP.fullmatch(value["active_from"])


def test_row_1_system_attributes_come_with_every_record(attio):
    record = attio.create("projects", name="P")
    values = record["values"]
    assert values["record_id"][0]["value"] == record["id"]["record_id"]
    assert values["created_at"][0]["value"] == record["created_at"]
    assert values["created_by"][0]["referenced_actor_type"] == "app"
    assert UUID.fullmatch(record["id"]["record_id"])


def test_row_1_creates_answer_200_and_deletes_an_empty_object(attio):
    record = attio.create("deals", name="Gone soon")
    path = f"/objects/deals/records/{record['id']['record_id']}"
    assert attio.call("DELETE", path).json() == {}
    assert attio.refused("DELETE", path, status=404)["message"].startswith("Record with ID")


@pytest.mark.parametrize(
    ("kind", "path"),
    [("companies", "company"), ("people", "person"), ("deals", "deals/record"), ("projects", "custom/projects/record")],
)
def test_row_1_web_url_by_object(attio, kind, path):
    record = attio.query(kind, limit=1)["data"][0]
    assert record["web_url"] == f"https://app.attio.com/northwind-demo/{path}/{record['id']['record_id']}"


def test_row_8_self_has_no_envelope_and_names_workspace_and_scopes(attio):
    body = attio.call("GET", "/self").json()
    assert body["active"] is True
    assert body["sub"] == body["workspace_id"] == attio.workspace_id
    assert body["client_id"] == body["aud"] == attio.client_id
    assert body["workspace_name"] == "Northwind Demo"
    assert body["exp"] is None
    assert body["iss"] == "attio.com"
    assert "record_permission:read-write" in body["scope"].split()


@pytest.mark.parametrize("header", ["Bearer unknown", "Bearer", "Digest x"])
def test_row_8_self_of_an_unknown_token_is_200_and_inactive(attio, header):
    assert attio.call("GET", "/self", headers={"Authorization": header}).json() == {"active": False}


def test_row_8_a_revoked_token_is_inactive_on_self_and_401_elsewhere(box, attio):
    box.token("attio", access_token=attio.token, active=False)
    assert attio.call("GET", "/self").json() == {"active": False}
    body = attio.refused("GET", "/objects", status=401)
    assert (body["status_code"], body["type"], body["code"]) == (401, "auth_error", "unauthorized")


def test_row_8_basic_authentication_with_the_token_as_user_name(attio):
    basic = base64.b64encode(f"{attio.token}:".encode()).decode()
    assert attio.call("GET", "/self", headers={"Authorization": f"Basic {basic}"}).json()["active"] is True
    assert attio.call("GET", "/self", headers={"Authorization": "Basic ???"}).json() == {"active": False}


SCOPED = [
    ("GET", "/objects", None, "object_configuration:read"),
    ("POST", "/objects", {}, "object_configuration:read-write"),
    ("GET", "/objects/deals", None, "object_configuration:read"),
    ("PATCH", "/objects/deals", {}, "object_configuration:read-write"),
    ("DELETE", "/objects/deals", None, "object_configuration:read-write"),
    ("GET", "/objects/deals/attributes", None, "object_configuration:read"),
    ("POST", "/objects/deals/attributes", {}, "object_configuration:read-write"),
    ("PATCH", "/objects/deals/attributes/name", {}, "object_configuration:read-write"),
    ("POST", "/objects/deals/attributes/tags/options", {}, "object_configuration:read-write"),
    ("GET", "/objects/deals/attributes/stage/statuses", None, "object_configuration:read"),
    ("POST", "/objects/deals/records", {}, "record_permission:read-write"),
    ("PUT", "/objects/deals/records", {}, "record_permission:read-write"),
    ("POST", "/objects/deals/records/query", {}, "record_permission:read"),
    ("GET", "/objects/deals/records/x", None, "record_permission:read"),
    ("PATCH", "/objects/deals/records/x", {}, "record_permission:read-write"),
    ("DELETE", "/objects/deals/records/x", None, "record_permission:read-write"),
    ("GET", "/workspace_members", None, "user_management:read"),
]


@pytest.mark.parametrize(("method", "path", "body", "scope"), SCOPED)
def test_row_8_scopes_are_checked_before_anything_else(box, attio, method, path, body, scope):
    everything = ["object_configuration", "record_permission", "user_management"]
    area = scope.partition(":")[0]
    lacking = [f"{each}:read-write" for each in everything if each != area]
    if scope.endswith("read-write"):
        lacking.append(f"{area}:read")
    token = box.token("attio", workspace=attio.workspace_id, scopes=lacking)
    answer = attio.refused(method, path, body, status=403, headers={"Authorization": f"Bearer {token}"})
    assert (answer["type"], answer["code"]) == ("auth_error", "unauthorized")
    assert "This request requires scopes: " in answer["message"]


def test_row_8_the_missing_scope_is_named_in_words(box, attio):
    token = box.token("attio", workspace=attio.workspace_id, scopes=["object_configuration:read"])
    answer = attio.refused(
        "POST", "/objects/deals/records", {}, status=403, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer["message"].endswith("This request requires scopes: Read-Write access to the Records scope.")


def test_row_8_read_write_includes_read(box, attio):
    token = box.token("attio", workspace=attio.workspace_id, scopes=["object_configuration:read-write"])
    attio.call("GET", "/objects", headers={"Authorization": f"Bearer {token}"})


def test_a_token_sees_its_own_workspace_only(box, attio):
    other = box.world["attio"]["workspaces"][1]
    record_id = attio.record_id("companies", "Café Noir")
    mine = {"Authorization": f"Bearer {other['token']}"}
    assert attio.call("GET", "/self", headers=mine).json()["workspace_name"] == "Southgate Trial"
    attio.refused("GET", f"/objects/companies/records/{record_id}", status=404, headers=mine)


@pytest.mark.parametrize(("kind", "actor"), [("app", "app"), ("oauth", "app"), ("workspace", "api-token")])
def test_row_13_actors_by_kind_of_token(box, attio, kind, actor):
    attio.token = box.token("attio", workspace=attio.workspace_id, kind=kind)
    wrote = attio.create("companies", name="Acted")["values"]["name"][0]["created_by_actor"]
    assert wrote == {"type": actor, "id": attio.client_id}


def test_row_13_a_members_edit_carries_the_member(box, attio):
    record_id = attio.record_id("companies", "Café Noir")
    box.edit_record(attio.workspace_id, "companies", record_id, description="by hand")
    value = attio.get(f"/objects/companies/records/{record_id}")["values"]["description"][0]
    assert value["created_by_actor"] == {"type": "workspace-member", "id": box.workspace["members"][0]["id"]}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/objects/companies/records"),
        ("PUT", "/v2/objects"),
        ("GET", "/v2/nothing"),
        ("GET", "/v1/objects"),
        ("POST", "/v2/self"),
        ("GET", "/v2/objects/companies/records/a/b"),
    ],
)
def test_row_14_unknown_routes(box, attio, http, method, path):
    headers = {"Authorization": f"Bearer {attio.token}"}
    answer = http.request(method, f"{box.attio_url}{path}", headers=headers)
    assert answer.status_code == 404
    assert answer.json() == {
        "status_code": 404,
        "type": "invalid_request_error",
        "code": "not_found",
        "message": f'Could not find endpoint "{method} {path}".',
    }


def test_row_14_every_answer_has_an_execution_id(attio):
    for path, status in (("/objects", 200), ("/objects/none", 404), ("/self", 200)):
        assert UUID.fullmatch(attio.call("GET", path, status=status).headers["x-attio-execution-id"])


def test_members_are_listed_and_read(attio):
    members = attio.get("/workspace_members")
    assert [member["email_address"] for member in members] == [
        "ada@northwind-demo.example",
        "tom@northwind-demo.example",
    ]
    assert attio.get(f"/workspace_members/{members[1]['id']['workspace_member_id']}") == members[1]
    attio.refused("GET", "/workspace_members/2f6d3a41-0c58-4b7e-9a13-5e8d7c6b4a20", status=404)
