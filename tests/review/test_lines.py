"""Lines from related records, the linked company as customer, templates and mapped fields, through the whole host."""

import time
from uuid import uuid4

import pytest


def deal(desk, company=None, **values):
    linked = [{"target_object": "companies", "target_record_id": company}] if company else None
    name = values.pop("name", f"Deal {uuid4().hex[:8]}")
    full = {"name": name, "service_description": "Design", "rate": 10, "quantity": 2, **values}
    time.sleep(0.002)  # Attio stamps to the millisecond: each has an age of its own
    return desk.new_record("deals", {**full, "associated_company": linked})


def with_settings(desk, **more):
    desk.app.settings = {**desk.app.settings, **more}
    return desk


def lines_of(shown):
    return [(x["description"], x["quantity"], x["rate"]) for x in shown["draft"]["lines"]]


REVERSE = {
    "lines_from": "deals.associated_company",
    "line_description": "service_description",
    "line_rate": "rate",
    "line_quantity": "quantity",
}


def test_each_deal_of_a_company_is_a_line_oldest_first(desk):
    company = desk.new_company()
    for n in range(3):
        deal(desk, company, service_description=f"Part {n}", rate=10 + n)
    with_settings(desk, **REVERSE)
    shown = desk.preview(company)
    assert lines_of(shown) == [("Part 0", "2", "10"), ("Part 1", "2", "11"), ("Part 2", "2", "12")]
    answer = desk.create(company, draft_token=shown["draft_token"])
    assert answer.json()["invoice"]["total"] == "66.00"
    (invoice,) = desk.invoices(company)
    sold = [x["Description"] for x in invoice["Line"] if x["DetailType"] == "SalesItemLineDetail"]
    assert sold == ["Part 0", "Part 1", "Part 2"]


def test_what_a_line_lacks_is_named_by_line(desk):
    company = desk.new_company()
    deal(desk, company)
    deal(desk, company, rate=None)
    with_settings(desk, **REVERSE)
    answer = desk.create(company)
    assert [(p["field"], p["code"]) for p in answer.json()["problems"]] == [("lines.1.rate", "missing")]
    assert desk.invoices(company) == []


@pytest.mark.parametrize(
    ("lines_from", "field", "code"),
    [
        ("associated_people", "lines", "missing"),
        ("name", "lines_from", "wrong_type"),
        ("nothing_of_this_name", "lines_from", "unknown_attribute"),
        ("nothing.of_this_name", "lines_from", "unknown_attribute"),
        ("deals.nothing", "lines_from", "unknown_attribute"),
    ],
)
def test_lines_that_cannot_be_read_are_an_obstacle_with_the_others(desk, lines_from, field, code):
    record = deal(desk, payment_terms_days=1.5)
    with_settings(desk, lines_from=lines_from)
    obstacles = {(p["field"], p["code"]) for p in desk.preview(record, "deals")["obstacles"]}
    assert obstacles == {(field, code), ("due_days", "wrong_value")}


def test_a_related_record_that_is_gone_is_said_and_nothing_is_sent(desk):
    person = desk.new_record("people", {"name": "Ada Lovelace", "rate": 5})
    record = deal(desk, associated_people=[{"target_object": "people", "target_record_id": person}])
    with_settings(desk, lines_from="associated_people", line_rate="rate")
    assert lines_of(desk.preview(record, "deals")) == [("Ada Lovelace", "1", "5")]
    desk.box.delete_record(desk.app.workspace, "people", person)
    obstacles = desk.preview(record, "deals")["obstacles"]
    assert {p["code"] for p in obstacles} <= {"related_record_gone", "missing"}
    assert obstacles
    assert desk.create(record, "deals").status_code == 422


def test_a_deal_is_billed_to_its_company_and_the_next_one_remembers_it(desk):
    company = desk.new_company()
    with_settings(desk, customer_source="linked_company")
    first, second = deal(desk, company), deal(desk, company)
    assert desk.create(first, "deals").json()["invoice"]["customer_name"] == desk.names[company]
    desk.box.clear_calls()
    shown = desk.preview(second, "deals")
    assert shown["draft"]["customer"]["match"]["how"] == "remembered"
    assert desk.create(second, "deals", draft_token=shown["draft_token"]).status_code == 201
    assert len(desk.invoices(company)) == 2


def test_a_deal_without_a_company_is_refused_and_not_billed_to_itself(desk):
    with_settings(desk, customer_source="linked_company")
    answer = desk.create(deal(desk), "deals")
    assert [(p["field"], p["code"]) for p in answer.json()["problems"]] == [("customer_name", "missing")]


def test_a_template_writes_the_description_and_the_memo(desk):
    record = desk.new_company(service_description=None)
    with_settings(
        desk,
        template_service_description="{{ record.name }}, {{ record.rate }} each",
        field_map={"CustomerMemo": "For {{ record.name | upper }}", "TrackingNum": "quantity"},
    )
    shown = desk.preview(record)
    assert shown["draft"]["lines"][0]["description"] == f"{desk.names[record]}, 120 each"
    assert shown["draft"]["memo"] == f"For {desk.names[record].upper()}"
    assert desk.create(record, draft_token=shown["draft_token"]).status_code == 201
    assert desk.invoices(record)[0]["TrackingNum"] == "2"


@pytest.mark.parametrize(
    "template", ["{% for x in range(9) %}{% endfor %}", "{{ 1 / ", "{{ nobody }}", "{{ record.__class__ }}"]
)
def test_a_template_that_is_not_allowed_is_refused_when_it_is_stored(desk, template):
    answer = desk.app.put_settings({**desk.app.settings, "template_service_description": template})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_settings")
    assert [p["field"] for p in answer.json()["problems"]] == ["template_service_description"]


@pytest.mark.parametrize("template", ["{{ 1 / (record.quantity - 2) }}", "{{ record.nothing_like_it }}"])
def test_a_template_that_this_record_cannot_fill_is_an_obstacle(desk, template):
    record = desk.new_company(service_description=None)
    with_settings(desk, template_service_description=template)
    assert [p["field"] for p in desk.preview(record)["obstacles"]] == ["service_description"]


def test_an_unknown_field_of_the_books_is_refused_with_the_fields_there_are(desk):
    with_settings(desk, field_map={"ShipDat": "name"})
    (problem,) = desk.preview(desk.new_company())["obstacles"]
    assert (problem["field"], problem["code"]) == ("field_map", "unknown_field")
    assert "Did you mean `ShipDate`?" in problem["message"]


def test_the_settings_list_the_fields_that_can_be_mapped_with_their_types(desk):
    desk.app.put_settings(desk.app.settings)
    sections = desk.app.call("GET", "settings").json()["sections"]
    field = next(f for s in sections for f in s["fields"] if f["key"] == "field_map")
    assert {"CustomerMemo (text)", "ShipDate (date)", "SalesTermRef (reference)"} <= set(field["options"])
