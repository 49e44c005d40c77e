"""Bad input on Attio's routes: refused in Attio's own form, and the state as it was."""

import pytest

WRITES = [
    ("POST", "/objects"),
    ("PATCH", "/objects/projects"),
    ("POST", "/objects/projects/attributes"),
    ("PATCH", "/objects/projects/attributes/name"),
    ("POST", "/objects/deals/attributes/tags/options"),
    ("PATCH", "/objects/deals/attributes/tags/options/Design"),
    ("POST", "/objects/deals/attributes/stage/statuses"),
    ("PATCH", "/objects/deals/attributes/stage/statuses/Lead"),
    ("POST", "/objects/projects/records"),
    ("PUT", "/objects/projects/records?matching_attribute=code"),
    ("PATCH", "/objects/projects/records/{record}"),
    ("PUT", "/objects/projects/records/{record}"),
    ("POST", "/objects/projects/records/query"),
    ("POST", "/webhooks"),
    ("PATCH", "/webhooks/{record}"),
]
BROKEN = {
    "half": b'{"data": {"values": {"name": ["x"',
    "no JSON": b"name=x",
    "two texts": b"{}{}",
    "trailing comma": b'{"data": {},}',
    "single quotes": b"{'data': {}}",
    "NaN": b'{"data": {"values": {"rate": [NaN]}}}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "no UTF-8": b'{"data": {"values": {"name": ["\xff"]}}}',
    "high surrogate alone": b'{"data": {"values": {"name": ["\\ud83d"]}}}',
    "low surrogate alone": b'{"data": {"values": {"name": ["\\udc00x"]}}}',
    "surrogate bytes": b'{"data": {"values": {"name": ["\xed\xa0\xbd"]}}}',
    "nested too deep": b"[" * 100_000,
}
WRONG_SHAPES = [b"[]", b'"x"', b"1", b"true", b'{"data": []}', b'{"data": null}', b'{"data": "x"}', b'{"data": 1}']


@pytest.fixture
def send(box, attio):
    """Send bytes; whatever the answer, the state must be as it was."""
    record = attio.record_id("projects", "Identity")

    def state():
        return box.state(service="attio")["attio"], box.world["attio"], attio.get("/webhooks")

    def sent(method, path, raw, content_type="application/json", status=400, token=None):
        before = state()
        headers = {"Content-Type": content_type} if content_type else {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        answer = attio.call(method, path.format(record=record), status=status, content=raw, headers=headers)
        assert state() == before
        return answer

    return sent


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_broken_json_is_refused_everywhere(send, broken):
    for method, path in WRITES:
        answer = send(method, path, broken).json()
        assert (answer["code"], answer["message"]) == ("validation_type", "Body payload validation error.")


@pytest.mark.parametrize("body", WRONG_SHAPES)
def test_a_body_of_another_shape_is_refused_everywhere(send, body):
    for method, path in WRITES:
        if not path.endswith("/query") or not body.startswith(b"{"):
            assert send(method, path, body).json()["code"] == "validation_type"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data", ""]
)
def test_a_body_of_another_content_type_is_refused_whatever_it_holds(send, content_type):
    for method, path in WRITES:
        answer = send(method, path, b'{"data": {"values": {"name": ["x"]}}}', content_type).json()
        assert answer["validation_errors"][0]["message"] == "Expected a body of content type application/json"


def test_a_charset_and_capitals_in_the_content_type_are_fine(attio):
    for content_type in ("application/json; charset=utf-8", "Application/JSON"):
        attio.call("POST", "/objects/projects/records/query", content=b"{}", headers={"Content-Type": content_type})


@pytest.mark.parametrize("size", [17 * 1024 * 1024, 30 * 1024 * 1024])
def test_a_body_of_30_megabytes_is_refused(send, size):
    body = b'{"data": {"values": {"name": ["' + b"x" * size + b'"]}}}'
    assert send("POST", "/objects/projects/records", body, status=413).content == b""


def test_a_text_of_10_megabytes_is_the_longest(send, attio):
    longest = "x" * (10 * 1024 * 1024)
    answer = send("POST", "/objects/projects/records", f'{{"data": {{"values": {{"name": ["{longest}x"]}}}}}}'.encode())
    assert answer.json()["validation_errors"][0]["path"] == ["value"]
    assert attio.create("projects", name=longest)["values"]["name"][0]["value"] == longest


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/objects/projects/records", {"data": {"values": {"nothing": ["x"]}}}),
        ("POST", "/objects/projects/records", {"data": {"values": {}, "id": "x"}}),
        ("PATCH", "/objects/projects/records/{record}", {"data": {"values": {"name": ["x"], "nothing": ["x"]}}}),
        ("PUT", "/objects/projects/records/{record}", {"data": {"values": {"budget": [{"currency_value": 1, "currency_code": "EUR"}]}}}),
        ("PUT", "/objects/projects/records?matching_attribute=code", {"data": {"values": {"code": ["c"]}, "merge": True}}),
        ("PATCH", "/objects/projects/attributes/rate", {"data": {"type": "text"}}),
        ("PATCH", "/objects/projects/attributes/rate", {"data": {"is_multiselect": True}}),
    ],
)  # fmt: skip
def test_unknown_members_are_refused_where_attio_refuses_them(send, method, path, body):
    import json

    assert send(method, path, json.dumps(body).encode()).json()["code"] in {"value_not_found", "validation_type"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/objects/companies/records/{record}"),
        ("PATCH", "/objects/companies/records/{record}"),
        ("PUT", "/objects/companies/records/{record}"),
        ("DELETE", "/objects/companies/records/{record}"),
        ("GET", "/objects/companies/records/{record}/attributes/name/values"),
        ("POST", "/objects/deals/records"),
        ("POST", "/objects/deals/records/query"),
        ("PATCH", "/objects/deals"),
        ("DELETE", "/objects/projects"),
        ("GET", "/objects/projects/attributes"),
        ("POST", "/objects/projects/attributes"),
        ("GET", "/webhooks/{webhook}"),
        ("PATCH", "/webhooks/{webhook}"),
        ("DELETE", "/webhooks/{webhook}"),
        ("GET", "/workspace_members/{member}"),
    ],
)
def test_a_token_of_another_workspace_finds_nothing_and_changes_nothing(box, attio, send, method, path):
    data = {"target_url": "https://hooks.northwind.example/", "subscriptions": []}
    ids = {
        "webhook": attio.post("/webhooks", data)["id"]["webhook_id"],
        "member": box.workspace["members"][0]["id"],
        "record": attio.record_id("companies", "Café Noir"),
    }
    bodies = {
        "/objects/deals/records": b'{"data": {"values": {}}}',
        "/objects/projects/attributes": b'{"data": {"title": "T", "description": null, "api_slug": "t", "type": "text", "is_required": false, "is_unique": false, "is_multiselect": false, "config": {}}}',
        "/objects/deals": b'{"data": {"singular_noun": "X"}}',
    }
    body = None
    if method in {"POST", "PATCH", "PUT"}:
        body = bodies.get(path, b'{"data": {"values": {"name": ["Taken over"]}}}')
    other = box.world["attio"]["workspaces"][1]["token"]
    answer = send(method, path.format(**ids), body, status=404, token=other).json()
    assert answer["code"] == "not_found"


def test_a_reference_to_a_record_of_another_workspace_is_none(box, attio, send):
    other = box.world["attio"]["workspaces"][1]["token"]
    company = attio.record_id("companies", "Café Noir")
    link = (
        f'{{"data": {{"values": {{"company": [{{"target_object": "companies", "target_record_id": "{company}"}}]}}}}}}'
    )
    assert send("POST", "/objects/people/records", link.encode(), token=other).json()["code"] == "value_not_found"


@pytest.mark.parametrize(
    "path",
    [
        "/objects/companies/records/%ed%a0%80",
        "/objects/companies/records/..%2f..%2fself",
        "/objects/companies/records/' OR '1'='1",
        "/objects/%00/records/x",
        "/webhooks/x",
    ],
)
def test_strange_paths_are_refused(attio, path):
    answer = attio.call("GET", path, status=400).json()
    assert (answer["code"], answer["message"]) == ("validation_type", "Path params validation error.")


def test_a_filter_nested_without_end_is_refused(attio):
    condition = {"name": "x"}
    for _ in range(100):
        condition = {"$and": [condition]}
    assert attio.query("companies", status=400, filter=condition)["code"] == "filter_error"


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e18", "0.00001", "1e-400", "12.345678901234567890"])
def test_numbers_beyond_what_attio_keeps_are_refused(send, number):
    raw = f'{{"data": {{"values": {{"rate": [{number}]}}}}}}'.encode()
    assert send("POST", "/objects/companies/records", raw).json()["code"] == "validation_type"
