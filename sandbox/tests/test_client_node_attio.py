"""An independent client drives the sandbox unchanged: `attio-ts-sdk` 2.3.0 from npm, which checks answers by schemas of its own."""

import pytest


@pytest.fixture
def run(box, attio, run_node):
    """Run one part of the script with a token of the workspace."""
    return lambda part, **more: run_node("attio", part=part, url=box.attio_url, token=attio.token, **more)


def test_client_attio_ts_sdk_identifies_itself(attio, run):
    said = run("identity")
    assert said["self"]["workspace_id"] == attio.workspace_id
    assert said["unknown"] == {"active": False}
    assert said["members"] == ["ada@northwind-demo.example", "tom@northwind-demo.example"]
    assert said["member"] == said["members"][0]


def test_client_attio_ts_sdk_works_with_objects(run):
    said = run("objects")
    assert said["made"]["api_slug"] == "invoices"
    assert said["changed"] == said["made"] | {"singular_noun": "Bill"} == said["read"]
    assert said["listed"] == ["people", "companies", "deals", "projects", "invoices"]


def test_client_attio_ts_sdk_makes_attributes_of_every_type(run):
    types = ["text", "number", "checkbox", "currency", "date", "timestamp", "rating", "status", "select"]
    types += ["record-reference", "actor-reference", "location", "domain", "email-address", "phone-number"]
    configs = {
        "currency": {"currency": {"default_currency_code": "EUR", "display_type": "symbol"}},
        "record-reference": {"record_reference": {"allowed_objects": ["companies"]}},
    }
    said = run("attributes", types=types, configs=configs)
    assert said["made"] == [[value_type, "Renamed"] for value_type in types]
    assert said["listed"][-15:] == [f"new_{value_type.replace('-', '_')}" for value_type in types]


def test_client_attio_ts_sdk_works_with_options_and_statuses(run):
    said = run("choices")
    assert said["archived"] == said["option"] | {"is_archived": True}
    assert said["options"] == ["Design", "Retainer", "Training"]
    assert said["renamed"]["title"] == said["statuses"][-1] == "Billed"


def test_client_attio_ts_sdk_creates_reads_patches_puts_upserts_and_deletes_records(run):
    said = run("records")
    assert said["read"] == said["made"]
    assert said["patched"] == ["more.example", "fresh.example"]
    assert said["put"] == [["fresh.example"], []]
    assert (said["again"], said["other"]) == (True, False)
    assert said["gone"] == {"status": 404, "code": "not_found", "not_found": True}


def test_client_attio_ts_sdk_queries_with_filters_sorts_and_pages(run):
    said = run("query")
    assert len(said["types"]) == 17
    assert said["equal"] == said["contains"] == ["Café Noir"]
    assert sorted(said["among"]) == ["Café Noir", "O'Neil Design"]
    assert said["both"] == ["Café Noir"]
    assert len(said["either"]) == 2
    assert len(said["not"]) == 8
    assert said["through"] == ["Northwind website"]
    assert said["sorted"] == said["all"][:3] == ["株式会社サンプル", "Northwind Traders", "O'Neil Design"]
    assert said["paged"] == said["all"]
    assert len(said["all"]) == 12


def test_client_attio_ts_sdk_reads_the_history_of_a_value(box, attio, run):
    box.clock.advance(60)
    said = run("history", record=attio.record_id("companies", "Café Noir"))
    assert [each["value"] for each in said["history"]][-2:] == ["one", "two"]
    assert said["history"][-2]["active_until"] == said["history"][-1]["active_from"]
    assert said["page"] == said["history"][1:2]
    assert said["now"] == said["history"][-1:]


def test_client_attio_ts_sdk_manages_webhooks(run, secure_receiver):
    said = run("webhooks", target=secure_receiver.url)
    assert len(said["made"].pop("secret")) == 64
    assert said["changed"] == said["made"] | {"target_url": secure_receiver.url} == said["read"]
    assert said["left"] == []


def test_client_attio_ts_sdk_is_told_of_a_record_by_its_webhook(run, secure_receiver):
    run("webhooks", target=secure_receiver.url, keep=True)
    assert secure_receiver.events(1)[0]["event_type"] == "record.created"


def test_client_attio_ts_sdk_meets_refusals_with_their_codes(run):
    said = run("refusals")
    assert {name: (each["status"], each["code"]) for name, each in said.items()} == {
        "attribute": (400, "value_not_found"),
        "option": (400, "value_not_found"),
        "unique": (400, "uniqueness_conflict"),
        "shape": (400, "validation_type"),
        "object": (404, "not_found"),
        "filter": (400, "unknown_filter_attribute_slug"),
    }
    assert not any(each["retry"] for each in said.values())


def test_client_attio_ts_sdk_waits_for_the_date_of_a_429(box, run):
    box.faults.add("attio", "status", status=429)
    assert run("patience")["objects"] == 4
    assert [call["status"] for call in box.calls("attio", "read")] == [429, 200]
