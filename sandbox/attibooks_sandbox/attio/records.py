"""Endpoints of records (reference: Attio API, records)."""

from __future__ import annotations

from attibooks_sandbox.attio import errors
from attibooks_sandbox.attio.attributes import attribute_in_path
from attibooks_sandbox.attio.call import Call
from attibooks_sandbox.attio.filters import FilterCompiler, sort_records, unique_lookup
from attibooks_sandbox.attio.model import Attribute, ObjectType, Record
from attibooks_sandbox.attio.parsing import Data, parse_values
from attibooks_sandbox.attio.render import record_body, value_body
from attibooks_sandbox.attio.shapes import (
    Many,
    Members,
    Plain,
    Text,
    Whole,
    checked_body,
    data_of,
    path_uuid,
    query_flag,
    query_text,
    query_whole,
    whole_number,
)
from attibooks_sandbox.attio.writes import Manner

LARGEST_PAGE = 500
_VALUES = Members(required={"values": Plain("object")}, closed=True)
_SORT = Members(
    required={"direction": Text(one_of=("asc", "desc"))},
    optional={"attribute": Text(least=1), "field": Text(least=1), "path": Many(Many(Text()), least=1)},
)
_QUERY = Members(
    optional={
        "filter": Plain("object"),
        "filter_view_id": Text(least=1),
        "sorts": Many(_SORT),
        "limit": Whole(least=1, most=LARGEST_PAGE),
        "offset": Whole(),
    }
)


def _written(call: Call, name: str) -> tuple[ObjectType, dict[str, Data]]:
    raw = data_of(call.body(), _VALUES)["values"]
    assert isinstance(raw, dict)
    kind = call.workspace.object_named(name)
    return kind, parse_values(raw, kind, call.workspace)


def create(call: Call, object_name: str) -> object:
    """Answer POST .../records."""
    kind, values = _written(call, object_name)
    record = call.desk.create(kind, values, call.ids.uuid())
    return {"data": record_body(record, call.workspace)}


def assert_record(call: Call, object_name: str) -> object:
    """Answer PUT .../records?matching_attribute=...: update the one that matches, or create."""
    name = query_text(call.request.query, "matching_attribute")
    kind, values = _written(call, object_name)
    matching = _matching_attribute(call, kind, name)
    wanted = values.get(matching.id)
    if not wanted:
        found = errors.issue("custom", ("data", "values", matching.slug), "Required")
        raise errors.validation("Body payload validation error.", [found])
    matches = {holder for data in wanted for holder in call.workspace.holders(matching.id, data)}
    if len(matches) > 1:
        raise errors.AttioError(400, "multiple_match_results", "More than one record matches.")
    record = _upserted(call, kind, values, matching, matches)
    return {"data": record_body(record, call.workspace)}


def _upserted(call: Call, kind: ObjectType, values: dict[str, Data], matching: Attribute, matches: set[str]) -> Record:
    if not matches:
        return call.desk.create(kind, values, call.ids.uuid())
    record = call.workspace.record_named(kind.id, matches.pop())
    return call.desk.update(record, values, "replace", matching=matching.id)


def _matching_attribute(call: Call, kind: ObjectType, name: str) -> Attribute:
    attribute = call.workspace.find_attribute(kind.id, name)
    if attribute is None or attribute.archived:
        raise errors.value_not_found(f'No attribute was found for matching_attribute slug/ID "{name}".')
    if not attribute.unique:
        found = errors.issue("custom", ("matching_attribute",), "Attribute must be unique")
        raise errors.validation("Query params validation error.", [found])
    return attribute


def _record(call: Call, object_name: str, record_id: str) -> Record:
    wanted = path_uuid("record_id", record_id)
    return call.workspace.record_named(call.workspace.object_named(object_name).id, wanted)


def get(call: Call, object_name: str, record_id: str) -> object:
    """Answer GET .../records/{record_id}."""
    return {"data": record_body(_record(call, object_name, record_id), call.workspace)}


def update(call: Call, object_name: str, record_id: str, manner: Manner) -> object:
    """Answer PATCH (values are added) and PUT (values are replaced) of .../records/{record_id}."""
    wanted = path_uuid("record_id", record_id)
    kind, values = _written(call, object_name)
    record = call.workspace.record_named(kind.id, wanted)
    changed = call.desk.update(record, values, manner)
    return {"data": record_body(changed, call.workspace)}


def delete(call: Call, object_name: str, record_id: str) -> object:
    """Answer DELETE .../records/{record_id}: for good."""
    call.desk.delete(_record(call, object_name, record_id))
    return {}


def query(call: Call, object_name: str) -> object:
    """Answer POST .../records/query."""
    raw = call.body()
    body = checked_body({} if raw is None else raw, _QUERY)
    kind = call.workspace.object_named(object_name)
    if "filter" in body and "filter_view_id" in body:
        clash = errors.issue("custom", ("filter_view_id",), "Cannot be used together with filter")
        raise errors.validation("Body payload validation error.", [clash])
    if "filter_view_id" in body:
        raise errors.value_not_found(f'View with ID "{body["filter_view_id"]}" not found.')
    found = _filtered(call, kind, body.get("filter", {}))
    sorts = body.get("sorts")
    if isinstance(sorts, list):
        sort_records(found, sorts, kind, call.workspace)
    limit = whole_number(body.get("limit", LARGEST_PAGE)) or 0
    offset = whole_number(body.get("offset", 0)) or 0
    return {"data": [record_body(record, call.workspace) for record in found[offset : offset + limit]]}


def _filtered(call: Call, kind: ObjectType, condition: object) -> list[Record]:
    test = FilterCompiler(kind, call.workspace).compile(condition)
    records = call.workspace.records[kind.id]
    only = unique_lookup(condition, kind, call.workspace)
    candidates = records.values() if only is None else [records[key] for key in only]
    return [record for record in candidates if test(record)]


def _refuse_without_history(attribute: Attribute) -> None:
    """Refuse the history of what Attio fills in: interactions, and enriched attributes such as a company's logo."""
    if attribute.type == "interaction":
        raise errors.validation("Cannot set show_historic param to true when querying a COMINT attribute.")
    if not attribute.writable and attribute.slug not in {"record_id", "created_at", "created_by"}:
        raise errors.validation("Cannot set show_historic param to true when querying an enriched attribute.")


def list_values(call: Call, object_name: str, record_id: str, attribute: str) -> object:
    """Answer GET .../records/{record_id}/attributes/{attribute}/values, with past values on demand, oldest first."""
    historic = query_flag(call.request.query, "show_historic")
    limit = query_whole(call.request.query, "limit", least=1)
    offset = query_whole(call.request.query, "offset", 0) or 0
    record = _record(call, object_name, record_id)
    held = attribute_in_path(call.workspace, call.workspace.objects[record.object_id], attribute)
    if held.archived:
        raise errors.not_found("Attribute", attribute)
    if historic:
        _refuse_without_history(held)
    versions = record.values.get(held.id, ())
    if historic:
        versions = tuple(sorted((*record.past.get(held.id, ()), *versions), key=lambda version: version.since))
    page = versions[offset : None if limit is None else offset + limit]
    return {"data": [value_body(version, held, call.workspace) for version in page]}
