"""Text templates: what they can say, and that nothing else gets through."""

import subprocess
import sys
import tracemalloc
from datetime import UTC, date
from decimal import Decimal

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attibooks_core.invoicing import templates
from attibooks_core.invoicing.template_filters import FILTERS
from attibooks_core.invoicing.template_values import NAMES
from attibooks_core.invoicing.templates import MAX_OUTPUT, BadTemplate, TemplateValues, check, is_template, render
from attibooks_core.invoicing.tests.hostile_templates import HEAVY, HEAVY_VALUES, HOSTILE, RECORD, TODAY, VALUES
from attibooks_core.model import RecordRef

MIB = 1024 * 1024
LINE = TemplateValues(RECORD, TODAY, {"name": "Milestone 2", "amount": Decimal(5)})

GOOD = [
    ("{{ record.name }} - {{ period }}", "Harbor & O'Neil Design - November 2026"),
    ("{{ record['name'] }}", "Harbor & O'Neil Design"),
    ("{{record.name}}\n", "Harbor & O'Neil Design\n"),
    ("{{ record['my-slug'] }}", "dashed"),
    ("{{ record.if }}", "a word of the language"),
    ("{{ date }}", "2026-11-03"),
    ("{{ month }} {{ year }}, {{ quarter }}", "November 2026, Q4"),
    ("{{ record.hours }} h at {{ record.rate }}", "12.50 h at 100"),
    ("{{ record.hours * record.rate }}", "1250"),
    ("{{ record.rate / 8 }}", "12.5"),
    ("{{ 10 / record.third }}", "3.333333333333333333333333333"),
    ("{{ (10 / record.third) | round(2) }}", "3.33"),
    ("{{ 2.5 | round }}", "3"),
    ("{{ 0.1 + 0.2 }}", "0.3"),
    ("{{ -record.third - 1 + +2 }}", "-2"),
    ("{{ 0 * -1 }}", "0"),
    ("{{ year - 1 }}", "2025"),
    ("{{ record.owed | money }}", "-1,234,567.90"),
    ("{{ -0.001 | money }}", "0.00"),
    ("{{ record.retainer }}", "True"),
    ("{{ record.start | date('%B %Y') }}", "February 2026"),
    ("{{ date | date('%a %-d %b %y, %d.%m.%Y %A %-m 100%%') }}", "Tue 3 Nov 26, 03.11.2026 Tuesday 11 100%"),
    ("{{ record.seen | date('%d/%m') }}", "07/02"),
    ("{{ date.strftime('%Y') }}", "2026"),
    ("{{ record.name | upper }}", "HARBOR & O'NEIL DESIGN"),
    ("{{ 'LOUD' | lower }}", "loud"),
    ("{{ record.name.lower() }}", "harbor & o'neil design"),
    ("{{ 'large-scale (old) WORKS' | title }}", "Large-Scale (Old) Works"),
    ("{{ 'AN hour' | capitalize }}", "An hour"),
    ("{{ '  x ' | trim }}|{{ ' y '.strip() }}", "x|y"),
    ("{{ record.shout | upper }}", "SSTRASSE"),
    ("{{ record.name | replace('&', 'and') }}", "Harbor and O'Neil Design"),
    ("{{ record.name | truncate(8) }}", "Harbor…"),
    ("{{ record.name | truncate(200) }}", "Harbor & O'Neil Design"),
    ("{{ record.huge | truncate(3) }}", "xx…"),
    ("{{ record.po_number | default('no PO') }}", "no PO"),
    ("{{ record.blank | default(record.name) }}", "Harbor & O'Neil Design"),
    ("{{ record.nowhere | default('x') }}", "x"),
    ("{{ (record.name ~ record.po_number) | d('x', true) }}", "x"),
    ("{{ '' | default('empty') }}{{ 0 | default('empty') }}", "empty0"),
    ("{{ record.po_number | default }}", ""),
    ("{% if record.po_number is defined %}PO {{ record.po_number }}{% else %}no PO{% endif %}", "no PO"),
    ("{{ 'yes' if record.name is not undefined else 'no' }}", "yes"),
    ("{% if record.hours > 40 %}much{% elif record.hours >= 12.5 %}some{% else %}little{% endif %}", "some"),
    ("{% if record.retainer and not record.hours == 0 %}ok{% endif %}", "ok"),
    ("{% if false or 'Harbor' in record.name %}ours{% endif %}", "ours"),
    ("{% if 1 < record.third <= 3 != 4 %}chain{% endif %}{% if 3 < 1 < 2 %}never{% endif %}", "chain"),
    ("{{ 'x' if 'y' not in 'abc' and 1 != 'one' else 'z' }}", "x"),
    ("{{ 'spring' if record.start < date else 'autumn' }}", "spring"),
    ("{{ record.name ~ ', ' ~ month ~ ' ' ~ year }}", "Harbor & O'Neil Design, November 2026"),
    ("{{ 'it\\'s\\n\\\\' }}", "it's\n\\"),
    ("a {#- a remark -#} b", "ab"),
    ("a {{- ' b ' -}} c", "a b c"),
    ("{{ 'é €' }} – über {", "é € – über {"),
    ("}} {{ 1 }} %}", "}} 1 %}"),
    ("{{ 1_000 }}", "1000"),
]
OURS_ALONE = (
    "money",
    "date(",
    "truncate",
    "default",
    "| d(",
    "defined",
    "strftime",
    "round",
    "/",
    "capitalize",
    "0.1",
    "0 *",
    "hours *",
    "'nowhere'",
)


# -- what they can say -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), GOOD, ids=[text for text, _ in GOOD])
def test_a_template_is_filled_in(text, expected):
    assert checked_and_rendered(text, VALUES) == expected


@pytest.mark.parametrize("text", [t for t, _ in GOOD if not any(ours in t for ours in OURS_ALONE)])
def test_it_reads_as_jinja2_itself_would_have_it(text):
    plain = {
        k: Decimal(format(v, "f")) if isinstance(v, Decimal) and v.is_finite() and k != "endless" else v
        for k, v in RECORD.items()
    }
    names = {name: value(VALUES) for name, value in NAMES.items()}
    theirs = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    assert theirs.from_string(text).render(record=plain, **names) == render(text, VALUES)


@pytest.mark.parametrize("text", ["", "Consulting services", "100 % {of} it }}", "{ {x} }", "x" * 5000, "{x}%}", "\\"])
def test_text_without_braces_stays_what_it_was(text):
    assert not is_template(text)
    assert checked_and_rendered(text, VALUES) is text


@pytest.mark.parametrize("text", ["{{ x }}", "{% x", "a {# b"])
def test_text_with_braces_is_a_template(text):
    assert is_template(text)


@pytest.mark.parametrize("day", range(1, 13))
def test_period_and_quarter_follow_from_the_invoices_date(day):
    at = TemplateValues({}, date(2027, day, 28))
    assert render("{{ period }}", at) == f"{at.today:%B} 2027"
    assert render("{{ quarter }}", at) == f"Q{[1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4][day - 1]}"


def test_a_line_has_the_attributes_of_its_related_record():
    assert (
        render("{{ record.name | truncate(7) }}: {{ line.name }} {{ line['amount'] | money }}", LINE)
        == "Harbor…: Milestone 2 5.00"
    )


def test_the_examples_cover_every_filter_and_name():
    texts = " ".join(text for text, _ in GOOD)
    assert not [f for f in FILTERS if f"| {f}" not in texts]
    assert not [n for n in NAMES if f"{{ {n} " not in texts]


# -- values that are not there -----------------------------------------------------------------------------------


def checked_and_rendered(text, values):
    check(text)
    return render(text, values)


def refused(text, values=VALUES):
    with pytest.raises(BadTemplate) as refusal:
        checked_and_rendered(text, values)
    return refusal.value


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{{ record.po_number }}", "missing", "There is no value in the attribute `po_number` of the record."),
        ("{{ record.blank }}", "missing", "There is no value in the attribute `blank` of the record."),
        (
            "{{ record.po_nummer }}",
            "unknown_attribute",
            "`po_nummer` is no attribute of the record. Did you mean `po_number`?",
        ),
        ("{{ record.Hours }}", "unknown_attribute", "`Hours` is no attribute of the record. Did you mean `hours`?"),
        (
            "{% if record.po_number %}x{% endif %}",
            "missing",
            "There is no value in the attribute `po_number` of the record.",
        ),
        (
            "{{ record.name ~ record.po_number }}",
            "missing",
            "There is no value in the attribute `po_number` of the record.",
        ),
        ("{{ line.name }}", "missing", "There is no `line` here, so `line.name` has no value."),
        ("{{ record.company }}", "wrong_type", "A value is a reference to a record of companies."),
        ("{{ record.name + 1 }}", "not_a_number", "“Harbor & O'Neil Design” is no number to calculate with."),
        ("{{ record.retainer + 1 }}", "not_a_number", "“True” is no number to calculate with."),
        ("{{ record.third / 0 }}", "wrong_value", "The template calculates with 3 and 0, which has no result."),
        ("{{ record.endless }}", "too_large", "A number has more than 40 digits, or is none."),
        (
            "{{ record.start < record.seen }}",
            "wrong_type",
            "“2026-02-07” and “2026-02-07 09:30:00+00:00” cannot be compared.",
        ),
        ("{{ record.name | date('%Y') }}", "wrong_type", "“Harbor & O'Neil Design” is no date."),
        ("{{ record.huge }}", "too_long", "The text has over 4000 characters."),
    ],
)
def test_what_cannot_be_filled_in_is_said_and_never_left_blank(text, code, message):
    check(text)
    error = refused(text)
    assert (error.code, error.message, str(error)) == (code, message, message)
    assert error.fix.endswith(".")


def test_a_missing_value_says_how_to_do_without_it():
    assert (
        refused("{{ record.po_number }}").fix
        == "Fill it, or write {{ record.po_number | default('...') }} in the template."
    )


def test_a_default_does_not_hide_other_mistakes():
    assert refused("{{ (record.name + 1) | default('x') }}").code == "not_a_number"


@pytest.mark.parametrize("length", [MAX_OUTPUT, MAX_OUTPUT + 1])
def test_text_is_refused_over_the_cap_and_never_cut(length):
    values = TemplateValues({"a": "x" * (length - 1)}, TODAY)
    if length > MAX_OUTPUT:
        assert refused("{{ record.a }}!", values).code == "too_long"
    else:
        assert render("{{ record.a }}!", values) == "x" * (length - 1) + "!"


# -- what is not allowed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n{% for x in y %}{% endfor %}", "`for` is not allowed in a template (line 2)."),
        ("{% set x = 1 %}", "`set` is not allowed in a template (line 1)."),
        ("{{ 5 % 2 }}", "`%` is not allowed in a template (line 1)."),
        ("{{ 'x' * 5 }}", "Texts cannot be calculated with; join them with `~` (line 1)."),
        ("{{ 'x' | centre(5) }}", "Templates have no filter “centre” (line 1)."),
        ("{{ 'x' | uper }}", "Templates have no filter “uper” (line 1). Did you mean `upper`?"),
        ("{{ perriod }}", "Templates have no name “perriod” (line 1). Did you mean `period`?"),
        ("{{ record }}", "`record` needs an attribute: `record.name` (line 1)."),
        ("{{ record.name() }}", "“name()” cannot be called in a template (line 1)."),
        ("{{ record.__class__ }}", "“__class__” is no slug of an attribute (line 1)."),
        ("{{ date.year }}", "Only `record` and `line` have attributes, “year” is none (line 1)."),
        ("\n{{ 1 + }}", "The template cannot be read in line 2: unexpected 'end of print statement'."),
        ("{{ 1 | round('x') }}", "The filter `round` takes a whole number."),
        ("{{ 'x' | upper(1) }}", "The filter `upper` takes no argument."),
        ("{{ 'x' | replace('y') }}", "The filter `replace` takes a fixed text and a fixed text."),
        ("{{ 1 is odd }}", "Only `is defined` can be asked, not “is odd” (line 1)."),
        ("{{ 'x' if true }}", "`if` inside {{ }} needs an `else` (line 1)."),
        ("{{ 1 }}" + "x" * 4000, "The template is longer than 4000 characters."),
    ],
)
def test_a_refusal_says_in_one_sentence_what_is_not_allowed(text, message):
    with pytest.raises(BadTemplate) as refusal:
        check(text)
    assert str(refusal.value) == message


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(20)
def test_a_hostile_template_is_refused_within_a_mebibyte(text):
    check("{{ 1 }}")  # Jinja2 is loaded with the first template
    tracemalloc.start()
    try:
        error = refused(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= MIB
    assert len(error.message) <= 400
    assert "\n" not in error.message


@pytest.mark.parametrize("text", HEAVY.values(), ids=HEAVY)
@pytest.mark.timeout(20)
def test_the_heaviest_templates_that_are_allowed_fit_into_a_mebibyte(text):
    templates._compiled.cache_clear()
    tracemalloc.start()
    try:
        checked_and_rendered(text, HEAVY_VALUES)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= MIB


def test_there_are_enough_examples_of_both():
    assert len(HOSTILE) >= 60
    assert len(GOOD) >= 30


def test_plain_text_does_not_load_jinja2():
    program = "import sys; from attibooks_core.invoicing.templates import check; check('plain'); print('jinja2' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"


def test_a_template_is_compiled_once_and_few_are_kept():
    templates._compiled.cache_clear()
    for n in range(200):
        render("{{ record.name }}", VALUES)
        render(f"{{{{ {n} }}}}", VALUES)
    info = templates._compiled.cache_info()
    assert info.currsize == info.maxsize == templates.KEPT_TEMPLATES
    assert info.hits == 199


# -- whatever it is ----------------------------------------------------------------------------------------------

WORDS = [
    "{{",
    "{{",
    "{{",
    "}}",
    "}}",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{%-",
    "-%}",
    "if",
    "else",
    "elif",
    "endif",
    "for",
    "in",
    "not",
    "and",
    "or",
    "is",
    "defined",
    "none",
    "true",
    "record",
    "record.",
    "line.",
    "record['a']",
    "date",
    "period",
    "year",
    ".a",
    ".b",
    ".upper()",
    "|",
    "default('x')",
    "|upper",
    "|title",
    "|round(2)",
    "|money",
    "|truncate(3)",
    "|date('%B')",
    "|replace('a','bb')",
    "+",
    "-",
    "*",
    "/",
    "**",
    "%",
    "~",
    "<",
    "==",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    "'x'",
    "'%1000d'",
    "1",
    "0",
    "2.5",
    "1e9",
    "99999999999999999999",
    "\\",
    "\n",
    "é",
    "set",
    "raw",
]
TEXTS = st.one_of(
    st.text(),
    st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=15).map(lambda words: "{{ " + " ".join(words) + " }}"),
    st.lists(st.one_of(st.text(max_size=5), st.sampled_from(WORDS)), max_size=30).map("".join),
    st.builds(
        "{{{{ record.a {} record.b }}}}".format,
        st.sampled_from(["+", "-", "*", "/", "~", "<", "==", "in", "and", "or"]),
    ),
)
PLAIN = st.one_of(
    st.none(),
    st.text(),
    st.decimals(),
    st.booleans(),
    st.dates(),
    st.datetimes(timezones=st.sampled_from([None, UTC])),
    st.builds(RecordRef, st.text(), st.text()),
)


@given(text=TEXTS, values=st.fixed_dictionaries({"a": PLAIN, "b": PLAIN}), today=st.dates())
@settings(max_examples=1000, deadline=None)
def test_any_text_and_any_values_give_text_or_one_error(text, values, today):
    try:
        made = checked_and_rendered(text, TemplateValues(values, today, values))
    except BadTemplate as error:
        assert error.message
        assert error.code
    else:
        assert isinstance(made, str)
        assert len(made) <= MAX_OUTPUT or not is_template(text)


@given(st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False))
def test_numbers_print_plainly_and_exactly(number):
    try:
        shown = render("{{ record.a }}", TemplateValues({"a": number}, TODAY))
    except BadTemplate as error:
        assert error.code == "too_large"
    else:
        assert Decimal(shown) == number
        assert "E" not in shown
