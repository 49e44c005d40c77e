"""An independent client drives the sandbox unchanged: `attio` 0.26.1 from PyPI, generated from Attio's own document.

It checks every answer against its models, so that an answer of another form than the document's fails in the client
itself; the hook of these tests checks the same answers against the document.
"""

import hashlib
import hmac
import json
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from attio import SDK, errors

HTTPS = "https://hooks.northwind.example/attio"


@pytest.fixture(scope="module")
def client_of():
    opened = []

    def make(url, token):
        client = SDK(oauth2=token, server_url=url)
        opened.append(client)
        return client.__enter__()

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(box, attio, client_of):
    return client_of(box.attio_url, attio.token)


def plain(answer):
    return answer.model_dump(mode="json", by_alias=True)["data"]


def attribute(slug, value_type, **more):
    facts = {"title": slug.title(), "description": None, "api_slug": slug, "type": value_type, "config": {}}
    return facts | {"is_required": False, "is_unique": False, "is_multiselect": False} | more


def test_client_attio_identifies_itself_and_an_unknown_token(box, attio, client, client_of):
    me = client.meta.get_v2_self()
    assert me.active is True
    assert me.workspace_id == attio.workspace_id
    assert "record_permission:read-write" in me.scope.split()
    assert client_of(box.attio_url, "unknown").meta.get_v2_self().active is False


def test_client_attio_works_with_objects(client):
    made = client.objects.post_v2_objects(
        data={"api_slug": "invoices", "singular_noun": "Invoice", "plural_noun": "Invoices"}
    ).data
    assert made.api_slug == "invoices"
    assert client.objects.get_v2_objects_object_(object=made.id.object_id).data == made
    changed = client.objects.patch_v2_objects_object_(object="invoices", data={"singular_noun": "Bill"}).data
    assert changed.singular_noun == "Bill"
    slugs = [each.api_slug for each in client.objects.get_v2_objects().data]
    assert slugs == ["people", "companies", "deals", "projects", "invoices"]
    client.objects.delete_v2_objects_object_(object="invoices")
    with pytest.raises(errors.SDKError) as gone:
        client.objects.get_v2_objects_object_(object="invoices")
    assert gone.value.status_code == 404


def test_client_attio_meets_the_refusals_of_objects_as_their_own_errors(box, attio, client):
    data = {"api_slug": "deals", "singular_noun": "D", "plural_noun": "Ds"}
    with pytest.raises(errors.SDKError) as taken:
        client.objects.post_v2_objects(data=data)
    assert (taken.value.status_code, json.loads(taken.value.body)["code"]) == (409, "slug_conflict")
    box.control("POST", "attio/plan", {"workspace": attio.workspace_id, "plan": "free"})
    with pytest.raises(errors.SDKError) as full:
        client.objects.post_v2_objects(data=data | {"api_slug": "more"})
    assert json.loads(full.value.body)["code"] == "quota_exceeded"
    with pytest.raises(errors.SDKError) as standard:
        client.objects.delete_v2_objects_object_(object="companies")
    assert json.loads(standard.value.body)["code"] == "system_edit_unauthorized"


def test_client_attio_makes_reads_and_changes_attributes_of_every_type(client):
    target = {"target": "objects", "identifier": "projects"}
    configs = {
        "currency": {"currency": {"default_currency_code": "EUR", "display_type": "symbol"}},
        "record-reference": {"record_reference": {"allowed_objects": ["companies"]}},
    }
    types = ["text", "number", "checkbox", "currency", "date", "timestamp", "rating", "status", "select"]
    types += ["record-reference", "actor-reference", "location", "domain", "email-address", "phone-number"]
    for value_type in types:
        slug = f"new_{value_type.replace('-', '_')}"
        made = client.attributes.post_v2_target_identifier_attributes(
            **target, data=attribute(slug, value_type, config=configs.get(value_type, {}))
        ).data
        assert (made.api_slug, made.type) == (slug, value_type)
        path = {**target, "attribute": slug}
        assert client.attributes.get_v2_target_identifier_attributes_attribute_(**path).data == made
        changed = client.attributes.patch_v2_target_identifier_attributes_attribute_(
            **path, data={"title": "Renamed", "is_archived": True}
        ).data
        assert (changed.title, changed.is_archived) == ("Renamed", True)
    listed = client.attributes.get_v2_target_identifier_attributes
    shown = {each.api_slug for each in listed(**target).data}
    everything = {each.api_slug for each in listed(**target, show_archived=True).data}
    assert len(everything - shown) == 15
    assert len(listed(**target, limit=2, offset=1).data) == 2


def test_client_attio_makes_a_relationship_of_both_sides(client):
    data = attribute("client_of", "record-reference", config={"record_reference": {"allowed_objects": ["companies"]}})
    relationship = {"object": "companies", "title": "Projects", "api_slug": "projects", "is_multiselect": True}
    made = client.attributes.post_v2_target_identifier_attributes(
        target="objects", identifier="projects", data=data | {"relationship": relationship}
    ).data
    assert (made.relationship.object_slug, made.relationship.api_slug) == ("companies", "projects")


def test_client_attio_works_with_options_and_statuses(client):
    path = {"target": "objects", "identifier": "deals"}
    options = {**path, "attribute": "tags"}
    made = client.attributes.post_v2_target_identifier_attributes_attribute_options(
        **options, data={"title": "Rush"}
    ).data
    archived = client.attributes.patch_v2_target_identifier_attributes_attribute_options_option_(
        **options, option="Rush", data={"is_archived": True}
    ).data
    assert (archived.id.option_id, archived.is_archived) == (made.id.option_id, True)
    listed = client.attributes.get_v2_target_identifier_attributes_attribute_options
    assert [each.title for each in listed(**options).data] == ["Design", "Retainer", "Training"]
    assert "Rush" in [each.title for each in listed(**options, show_archived=True).data]
    stages = {**path, "attribute": "stage"}
    stage = client.attributes.post_v2_target_identifier_attributes_attribute_statuses(
        **stages, data={"title": "Invoiced", "celebration_enabled": True, "target_time_in_status": "P30D"}
    ).data
    assert (stage.celebration_enabled, stage.target_time_in_status) == (True, "P30D")
    renamed = client.attributes.patch_v2_target_identifier_attributes_attribute_statuses_status_(
        **stages, status=stage.id.status_id, data={"title": "Billed"}
    ).data
    assert renamed.title == "Billed"
    titles = [
        each.title for each in client.attributes.get_v2_target_identifier_attributes_attribute_statuses(**stages).data
    ]
    assert titles[-1] == "Billed"
    with pytest.raises(errors.SDKError) as taken:
        client.attributes.post_v2_target_identifier_attributes_attribute_options(**options, data={"title": "Design"})
    assert taken.value.status_code == 409


def test_client_attio_creates_reads_patches_puts_asserts_and_deletes_records(client):
    records = client.records
    created = records.post_v2_objects_object_records(
        object="companies", data={"values": {"name": ["Fresh GmbH"], "domains": ["fresh.example"], "rate": [12.5]}}
    )
    made = created.data
    path = {"object": "companies", "record_id": made.id.record_id}
    assert plain(records.get_v2_objects_object_records_record_id_(**path)) == plain(created)
    patched = records.patch_v2_objects_object_records_record_id_(
        **path, data={"values": {"domains": ["more.example"]}}
    ).data
    assert [each.domain for each in patched.values["domains"]] == ["more.example", "fresh.example"]
    put = records.put_v2_objects_object_records_record_id_(
        **path, data={"values": {"domains": ["fresh.example"], "rate": []}}
    ).data
    assert [each.domain for each in put.values["domains"]] == ["fresh.example"]
    assert put.values["rate"] == []
    again = records.put_v2_objects_object_records(
        object="companies",
        matching_attribute="domains",
        data={"values": {"domains": ["fresh.example"], "description": ["asserted"]}},
    ).data
    assert again.id.record_id == made.id.record_id
    new = records.put_v2_objects_object_records(
        object="companies", matching_attribute="domains", data={"values": {"domains": ["newer.example"]}}
    ).data
    assert new.id.record_id != made.id.record_id
    records.delete_v2_objects_object_records_record_id_(**path)
    with pytest.raises(errors.SDKError) as gone:
        records.get_v2_objects_object_records_record_id_(**path)
    assert json.loads(gone.value.body)["code"] == "not_found"


def test_client_attio_reads_every_record_of_the_world_with_every_type_of_value(client):
    seen = set()
    for name in ("companies", "people", "deals", "projects"):
        found = client.records.post_v2_objects_object_records_query(object=name).data
        for record in found:
            one = client.records.get_v2_objects_object_records_record_id_(object=name, record_id=record.id.record_id)
            assert one.data.values.keys() == record.values.keys()
            seen |= {value.attribute_type for values in record.values.values() for value in values}
    assert len(seen) == 17


def test_client_attio_queries_with_filters_sorts_and_pages(client):
    def names(**body):
        found = client.records.post_v2_objects_object_records_query(object="companies", **body).data
        return [record.values["name"][0].value for record in found]

    assert names(filter_={"name": "Café Noir"}) == ["Café Noir"]
    assert len(names(filter_={"$or": [{"name": {"$eq": "Café Noir"}}, {"health": {"$gte": 5}}]})) == 2
    assert len(names(filter_={"$not": {"is_customer": True}})) == 8
    by_rate = [{"direction": "desc", "attribute": "rate"}]
    assert names(sorts=by_rate)[:2] == ["株式会社サンプル", "Northwind Traders"]
    pages = [name for offset in (0, 5, 10) for name in names(sorts=by_rate, limit=5, offset=offset)]
    assert pages == names(sorts=by_rate)
    deals = client.records.post_v2_objects_object_records_query(
        object="deals",
        filter_={
            "path": [["deals", "associated_company"], ["companies", "domains"]],
            "constraints": {"domain": "northwind.example"},
        },
        sorts=[{"direction": "asc", "path": [["deals", "associated_company"], ["companies", "name"]]}],
    ).data
    assert [deal.values["name"][0].value for deal in deals] == ["Northwind website"]


def test_client_attio_reads_the_history_of_a_value(box, client, attio):
    path = {"object": "companies", "record_id": attio.record_id("companies", "Café Noir")}
    box.clock.advance(60)
    for text in ("one", "two"):
        client.records.put_v2_objects_object_records_record_id_(**path, data={"values": {"description": [text]}})
        box.clock.advance(60)
    values = client.records.get_v2_objects_object_records_record_id_attributes_attribute_values
    history = values(**path, attribute="description", show_historic=True).data
    assert [each.value for each in history][-2:] == ["one", "two"]
    assert history[-2].active_until == history[-1].active_from
    assert history[-1].active_until is None
    assert [each.value for each in values(**path, attribute="description").data] == ["two"]
    assert values(**path, attribute="description", show_historic=True, limit=1, offset=1).data == history[1:2]


def test_client_attio_manages_webhooks_and_their_messages_are_verified(box, attio, client, receiver):
    filtered = {"$and": [{"field": "id.object_id", "operator": "equals", "value": attio.objects["deals"]["object_id"]}]}
    subscriptions = [
        {"event_type": "record.updated", "filter": filtered},
        {"event_type": "record.created", "filter": None},
    ]
    made = client.webhooks.post_v2_webhooks(data={"target_url": HTTPS, "subscriptions": subscriptions}).data
    assert len(made.secret) == 64
    webhook_id = made.id.webhook_id
    box.switch(http_webhooks=True)
    moved = client.webhooks.patch_v2_webhooks_webhook_id_(webhook_id=webhook_id, data={"target_url": receiver.url}).data
    assert (moved.target_url, moved.status) == (receiver.url, "active")
    assert client.webhooks.get_v2_webhooks_webhook_id_(webhook_id=webhook_id).data.id.webhook_id == webhook_id
    assert len(client.webhooks.get_v2_webhooks(limit=10).data) == 1
    record = client.records.post_v2_objects_object_records(object="companies", data={"values": {"name": ["Told"]}}).data
    [(_, headers, raw)] = receiver.wait(1)
    signature = hmac.new(made.secret.encode(), raw, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(headers["Attio-Signature"], signature)
    assert json.loads(raw)["events"][0]["id"]["record_id"] == record.id.record_id
    client.webhooks.delete_v2_webhooks_webhook_id_(webhook_id=webhook_id)
    assert client.webhooks.get_v2_webhooks().data == []
    with pytest.raises(errors.SDKError) as gone:
        client.webhooks.get_v2_webhooks_webhook_id_(webhook_id=webhook_id)
    assert gone.value.status_code == 404


def test_client_attio_reads_workspace_members(client):
    members = client.workspace_members.get_v2_workspace_members().data
    assert [each.email_address for each in members] == ["ada@northwind-demo.example", "tom@northwind-demo.example"]
    one = client.workspace_members.get_v2_workspace_members_workspace_member_id_(
        workspace_member_id=members[0].id.workspace_member_id
    )
    assert one.data == members[0]


def test_client_attio_meets_declared_refusals_as_models_and_undeclared_ones_as_the_reference_says(client):
    """Reference §10: codes that Attio's document does not declare fail in the generated client, body and all."""
    with pytest.raises(errors.SDKError) as unknown:
        client.records.post_v2_objects_object_records(object="deals", data={"values": {"stage": ["Nowhere"]}})
    assert type(unknown.value).__name__ == "PostV2ObjectsObjectRecordsInvalidRequestError"
    assert unknown.value.data.code == "value_not_found"
    with pytest.raises(errors.ResponseValidationError) as taken:
        client.records.post_v2_objects_object_records(object="projects", data={"values": {"code": ["P-001"]}})
    assert json.loads(taken.value.body)["code"] == "uniqueness_conflict"
    with pytest.raises(errors.SDKError) as filtered:
        client.records.post_v2_objects_object_records_query(object="deals", filter_={"updated_at": "x"})
    assert json.loads(filtered.value.body)["path"] == ["updated_at"]


def test_client_attio_waits_for_the_date_of_a_429(box, attio, client):
    from attio.utils import BackoffStrategy, RetryConfig

    box.faults.add("attio", "status", status=429)
    patient = RetryConfig("backoff", BackoffStrategy(100, 1000, 1.5, 5000), retry_connection_errors=True)
    assert client.objects.get_v2_objects(retries=patient).data[0].api_slug == "people"
    assert [call["status"] for call in box.calls("attio", "read")] == [429, 200]
