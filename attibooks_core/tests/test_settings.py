"""Settings of a workspace: what is accepted, and what is said about the rest."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attibooks_core.settings import (
    CORE_FIELDS,
    Digits,
    Flag,
    Number,
    SettingsCatalog,
    SettingsField,
    TextMap,
    Whole,
    Words,
)

CATALOG = SettingsCatalog([*CORE_FIELDS, SettingsField("qbo_company_id", 7, Digits(6, 20), "Company ID")])


def read(**raw):
    return CATALOG.read(raw)


def test_null_blank_and_absent_all_mean_not_set():
    settings, problems = read(template_rate=None, source_rate=" ", template_currency="", template_due_days=" ")
    assert not problems
    assert list(settings) == []
    assert settings["template_rate"] is None


def test_every_problem_is_said_at_once():
    _, problems = read(
        template_rate="much", invoice_mode="slow", made_up=1, template_currency="EURO", qbo_company_id="12ab"
    )
    assert [(p.field, p.code) for p in problems] == [
        ("template_rate", "wrong_value"),
        ("invoice_mode", "wrong_value"),
        ("made_up", "unknown_setting"),
        ("template_currency", "wrong_value"),
        ("qbo_company_id", "wrong_value"),
    ]
    assert "settings section 3" in problems[0].fix


@pytest.mark.parametrize("mode", ["Quick", " quick ", "QUICK"])
def test_modes_are_read_in_any_case(mode):
    assert read(invoice_mode=mode)[0]["invoice_mode"] == "quick"


def test_the_mode_is_quick_unless_it_is_set():
    assert read()[0]["invoice_mode"] == "quick"


@pytest.mark.parametrize("value", [0, "0", -1, "-0.01", "1,5", "NaN", 1e400, True, [], {}])
def test_a_template_rate_is_greater_than_zero(value):
    assert [p.field for p in read(template_rate=value)[1]] == ["template_rate"]


@pytest.mark.parametrize(("value", "exact"), [(0.1, "0.1"), ("150", "150"), (12, "12"), ("  7.50 ", "7.50")])
def test_numbers_are_read_exactly(value, exact):
    settings, problems = read(template_rate=value)
    assert not problems
    assert settings["template_rate"] == Decimal(exact)
    assert settings.plain() == {"template_rate": exact}


def test_a_pasted_company_id_loses_its_spaces_and_dashes_and_keeps_its_zeros():
    assert read(qbo_company_id=" 0913-0357\u00a099 ")[0]["qbo_company_id"] == "0913035799"


def test_objects_come_as_a_comma_list():
    assert read(target_objects="companies, deals,companies,")[0]["target_objects"] == ("companies", "deals")


def test_a_field_map_comes_as_an_object_or_as_its_text():
    assert read(field_map={"ShipDate": " shipped_on "})[0]["field_map"] == {"ShipDate": "shipped_on"}
    assert read(field_map='{"ShipDate": "shipped_on"}')[0]["field_map"] == {"ShipDate": "shipped_on"}
    assert [p.field for p in read(field_map="[1]")[1]] == ["field_map"]


def test_a_stored_snapshot_leaves_out_what_no_plugin_knows_any_more():
    assert CATALOG.stored({"gone_plugin_key": "x", "template_rate": "5"}).plain() == {"template_rate": "5"}


def test_what_is_stored_reads_back_the_same():
    raw = {"template_rate": "5.50", "target_objects": "deals", "field_map": {"a": "b"}, "template_due_days": 30}
    settings, _ = CATALOG.read(raw)
    assert CATALOG.read(settings.plain())[0] == settings
    assert CATALOG.read(settings.plain())[0].digest == settings.digest


def test_digests_tell_snapshots_apart():
    assert read(template_rate="5")[0].digest != read(template_rate="6")[0].digest


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)),
    max_leaves=6,
)


@given(st.dictionaries(st.one_of(st.sampled_from(list(CATALOG.fields)), st.text(max_size=9)), json_values))
def test_any_json_is_read_or_refused_never_an_exception(raw):
    settings, problems = CATALOG.read(raw)
    assert {p.field for p in problems} <= raw.keys()
    assert CATALOG.read(settings.plain()) == (settings, [])


@pytest.mark.parametrize("kind", [Number(), Whole(0, 9), Flag(), Words(), TextMap(), Digits(1, 9)])
def test_kinds_refuse_with_a_sentence(kind):
    with pytest.raises(ValueError, match=r"^It has to be .*\.$"):
        kind.parse(object())
