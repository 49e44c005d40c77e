"""Row 3 of what an Attio emulator must get right, its history: what held when, by whom, oldest first, in pages."""

import pytest


@pytest.fixture
def company(attio):
    return f"/objects/companies/records/{attio.record_id('companies', 'Café Noir')}"


@pytest.fixture
def history(attio, company):
    """Read the history of one of the company's attributes."""

    def read(slug, **query):
        return attio.get(f"{company}/attributes/{slug}/values", params={"show_historic": "true", **query})

    return read


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_row_3_both_ways_of_updating_make_history(box, attio, company, history, method):
    box.clock.freeze("2026-11-23T09:00:00Z")
    attio.call(method, company, {"data": {"values": {"rate": [500]}}})
    box.clock.advance(60)
    attio.call(method, company, {"data": {"values": {"rate": [600]}}})
    assert [(each["value"], each["active_until"]) for each in history("rate")] == [
        (450, "2026-11-23T09:00:00.000000000Z"),
        (500, "2026-11-23T09:01:00.000000000Z"),
        (600, None),
    ]
    assert [each["active_from"] for each in history("rate")][1:] == [
        "2026-11-23T09:00:00.000000000Z",
        "2026-11-23T09:01:00.000000000Z",
    ]


def test_row_3_a_cleared_value_ends_and_one_that_comes_back_begins_anew(box, attio, company, history):
    box.clock.freeze("2026-11-23T09:00:00Z")
    attio.put(company, {"values": {"rate": []}})
    assert [each["active_until"] for each in history("rate")] == ["2026-11-23T09:00:00.000000000Z"]
    assert attio.get(f"{company}/attributes/rate/values") == []
    box.clock.advance(60)
    attio.put(company, {"values": {"rate": [450]}})
    assert [(each["value"], each["active_until"] is None) for each in history("rate")] == [(450, False), (450, True)]


def test_row_3_of_several_values_each_has_its_own_time(box, attio, company, history):
    box.clock.freeze("2026-11-23T09:00:00Z")
    attio.patch(company, {"values": {"domains": ["more.example"]}})
    box.clock.advance(60)
    attio.put(company, {"values": {"domains": ["more.example", "last.example"]}})
    ends = {each["domain"]: each["active_until"] for each in history("domains")}
    assert ends == {
        "cafenoir.example": "2026-11-23T09:01:00.000000000Z",
        "more.example": None,
        "last.example": None,
    }
    assert history("domains")[0]["domain"] == "cafenoir.example"
    assert history("domains")[-1]["domain"] == "last.example"


def test_row_3_history_names_who_wrote_each_value(box, attio, company, history):
    box.clock.freeze("2026-11-23T09:00:00.000900Z")  # stamps have whole milliseconds, whoever writes
    box.edit_record(attio.workspace_id, "companies", attio.record_id("companies", "Café Noir"), description="by hand")
    attio.put(company, {"values": {"description": ["by the app"]}})
    actors = [each["created_by_actor"]["type"] for each in history("description")]
    assert actors[-2:] == ["workspace-member", "app"]


def test_row_3_history_comes_in_pages(box, attio, company, history):
    for number in range(5):
        box.clock.advance(1)
        attio.put(company, {"values": {"description": [f"text {number}"]}})
    everything = history("description")
    assert [each for offset in range(0, 6, 2) for each in history("description", limit=2, offset=offset)] == everything
    assert history("description", offset=100) == []
    for wrong in ({"limit": 0}, {"limit": "x"}, {"offset": -1}):
        answer = attio.refused("GET", f"{company}/attributes/description/values", params=wrong)
        assert answer["code"] == "validation_type"
    attio.refused("GET", f"{company}/attributes/description/values", params={"show_historic": "yes"})


def test_row_3_an_upsert_makes_history_too(box, attio, company, history):
    box.clock.advance(60)
    body = {"data": {"values": {"domains": ["cafenoir.example"], "rate": [1]}}}
    attio.call("PUT", "/objects/companies/records", body, params={"matching_attribute": "domains"})
    assert [each["value"] for each in history("rate")] == [450, 1]


def test_row_3_a_refused_write_leaves_no_trace_in_the_history(attio, company, history):
    before = history("rate")
    attio.refused("PUT", company, {"data": {"values": {"rate": [1], "categories": ["Nothing"]}}})
    assert history("rate") == before


def test_row_3_enriched_attributes_have_no_history(attio, company):
    answer = attio.refused("GET", f"{company}/attributes/logo_url/values", params={"show_historic": "true"})
    assert answer["code"] == "validation_type"
    attio.get(f"{company}/attributes/logo_url/values")
    for slug in ("record_id", "created_at", "created_by"):
        assert len(attio.get(f"{company}/attributes/{slug}/values", params={"show_historic": "true"})) == 1


@pytest.mark.parametrize("path", ["/attributes/nothing/values", "/attributes/name"])
def test_row_3_values_of_what_is_not_there(attio, company, path):
    attio.refused("GET", f"{company}{path}", status=404)
