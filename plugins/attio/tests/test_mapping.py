from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attibooks_attio import wire
from attibooks_attio.mapping import Attribute, Unfit, read_attribute, read_record, read_values, written
from attibooks_core.model import AttributeValue, CrmRecord, RecordRef

DEAL = RecordRef("deals", "rec-1")
KINDS = [
    "text",
    "number",
    "currency",
    "checkbox",
    "date",
    "timestamp",
    "rating",
    "status",
    "select",
    "record-reference",
    "actor-reference",
    "location",
    "domain",
    "email-address",
    "phone-number",
    "interaction",
    "personal-name",
    "hologram",
]


def entry(kind: str, **members) -> dict:
    return {
        "active_from": "2026-11-23T09:01:02.345000000Z",
        "active_until": None,
        "created_by_actor": {"type": "app", "id": "app-1"},
        **members,
        "attribute_type": kind,
    }


def read(*entries) -> AttributeValue:
    """What the plugin makes of entries that went over the wire as JSON."""
    return read_values("x", wire.decode(msgspec.json.encode(list(entries))))


def values(*entries):
    return read(*entries).values


# -- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "members", "value"),
    [
        ("text", {"value": "1042"}, "1042"),
        ("number", {"value": 12.5}, Decimal("12.5")),
        ("number", {"value": "12.50"}, Decimal("12.50")),
        ("number", {"value": "1.234,56"}, "1.234,56"),
        ("rating", {"value": 4}, Decimal(4)),
        ("currency", {"currency_value": 99.5, "currency_code": "EUR"}, Decimal("99.5")),
        ("currency", {"currency_value": "499.00", "currency_code": "EUR"}, Decimal("499.00")),
        ("checkbox", {"value": True}, True),
        ("checkbox", {"value": False}, False),
        ("checkbox", {"value": "true"}, True),
        ("date", {"value": "2026-11-23"}, date(2026, 11, 23)),
        ("date", {"value": "2026-11-23T00:00:00.000000000Z"}, date(2026, 11, 23)),
        ("date", {"value": "next week"}, "next week"),
        ("timestamp", {"value": "2026-11-23T09:00:00.123456789Z"}, datetime(2026, 11, 23, 9, 0, 0, 123456, UTC)),
        ("timestamp", {"value": "2026-11-23T10:00:00+01:00"}, datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("timestamp", {"value": "2026-11-23T09:00:00"}, datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("timestamp", {"value": "0001-01-01T00:00:00+10:00"}, "0001-01-01T00:00:00+10:00"),
        ("interaction", {"interacted_at": "2026-11-23T09:00:00.000000000Z"}, datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("select", {"option": {"id": {"option_id": "o"}, "title": "Open", "is_archived": False}}, "Open"),
        ("select", {"option": "Open"}, "Open"),
        ("status", {"status": {"id": {"status_id": "s"}, "title": "Won", "is_archived": False}}, "Won"),
        ("record-reference", {"target_object": "companies", "target_record_id": "c-1"}, RecordRef("companies", "c-1")),
        ("actor-reference", {"referenced_actor_type": "workspace-member", "referenced_actor_id": "m-1"}, "m-1"),
        ("domain", {"domain": "app.x.example", "root_domain": "x.example"}, "app.x.example"),
        ("email-address", {"email_address": "a@x.example", "original_email_address": "A@x.example"}, "a@x.example"),
        ("phone-number", {"phone_number": "+3225551234", "original_phone_number": "02 555 12 34"}, "+3225551234"),
        ("phone-number", {"phone_number": None, "original_phone_number": "02 555"}, "02 555"),
        ("personal-name", {"first_name": "Ada", "last_name": "Byron", "full_name": "Ada Byron"}, "Ada Byron"),
        ("personal-name", {"first_name": "Ada", "last_name": "Byron", "full_name": ""}, "Ada Byron"),
        ("hologram", {"value": "seen"}, "seen"),
        ("hologram", {"value": 7}, Decimal(7)),
    ],
)
def test_each_type_becomes_a_plain_value(kind, members, value):
    result = read(entry(kind, **members))
    assert result.values == (value,)
    assert result.type == kind
    assert type(result.values[0]) is type(value)


@pytest.mark.parametrize(
    ("members", "lines"),
    [
        (
            {"line_1": " 1  Main St ", "line_2": "Suite 2", "locality": "Austin", "region": "TX", "postcode": "73301"},
            ["1 Main St", "Suite 2", "Austin TX 73301", "US"],
        ),
        ({"line_1": "Rue Haute 1", "line_2": None, "region": "", "postcode": "1000"}, ["Rue Haute 1", "1000", "US"]),
        ({"line_1": "a", "line_2": "b", "line_3": "c", "line_4": "d"}, ["a", "b", "c", "d", "US"]),
        ({"line_1": "Lobby\nRoom 7"}, ["Lobby Room 7", "US"]),
        ({}, ["US"]),
    ],
)
def test_a_location_becomes_the_lines_of_an_address(members, lines):
    where = {"latitude": "50.8", "longitude": "4.3", "country_code": "US"}
    assert values(entry("location", **where, **members)) == ("\n".join(lines),)


def test_a_location_without_an_address_becomes_its_coordinates():
    assert values(entry("location", latitude="50.8", longitude="4.3")) == ("50.8, 4.3",)


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_with_nothing_in_it_is_no_value(kind):
    assert values(entry(kind)) == ()
    assert values(entry(kind, value=None, option=None, status=None, target_object=None)) == ()


def test_values_keep_their_order_and_empty_lists_have_no_type():
    assert values(entry("text", value="b"), entry("text", value="a")) == ("b", "a")
    assert read() == AttributeValue("x")


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("text", [{"value": "b"}, {"value": "a"}]),
        ("number", [{"value": 2}, {"value": 1}]),
        ("currency", [{"currency_value": 2, "currency_code": "EUR"}, {"currency_value": 1, "currency_code": "EUR"}]),
        ("select", [{"option": {"title": "b"}}, {"option": {"title": "a"}}]),
        ("record-reference", [{"target_object": o, "target_record_id": "r"} for o in ("people", "companies")]),
        ("actor-reference", [{"referenced_actor_id": "m-2"}, {"referenced_actor_id": "m-1"}]),
        ("domain", [{"domain": "b.example"}, {"domain": "a.example"}]),
        ("email-address", [{"email_address": "b@x.example"}, {"email_address": "a@x.example"}]),
        ("phone-number", [{"phone_number": "+3225551234"}, {"phone_number": "+3225551233"}]),
        ("location", [{"line_1": "b"}, {"line_1": "a"}]),
    ],
)
def test_each_of_several_values_is_read_and_those_with_nothing_in_them_are_left_out(kind, members):
    alone = [values(entry(kind, **each))[0] for each in members]
    assert values(entry(kind, **members[0]), entry(kind), entry(kind, **members[1])) == tuple(alone)
    assert alone[0] != alone[1]


def test_a_bare_value_is_taken_as_one():
    assert read_values("x", {"value": "a", "attribute_type": "text"}).values == ("a",)
    assert read_values("x", "a").values == ("a",)
    assert read_values("x", None).values == ()


def test_a_currency_has_the_code_of_the_attribute():
    assert read(entry("currency", currency_value=1, currency_code="eur")).currency == "EUR"
    assert read(entry("currency", currency_value=1, currency_code=None)).currency is None


def test_taiwans_dollar_gets_its_iso_code():
    assert read(entry("currency", currency_value=1, currency_code="NTD")).currency == "TWD"


@pytest.mark.parametrize("literal", ["0.1", "1250.50", "1e3", "123456789.123456789", "-0.0001", "9007199254740993"])
def test_numbers_are_the_very_literals(literal):
    raw = wire.decode(f'[{{"attribute_type":"number","value":{literal}}}]'.encode())
    assert read_values("x", raw).values == (Decimal(literal),)


@pytest.mark.parametrize("literal", ["1e400", "1e999999999999", "1e99999999999999999999999", "0e-999999999"])
def test_a_number_that_would_burst_is_kept_as_text(literal):
    raw = wire.decode(f'[{{"attribute_type":"number","value":{literal}}}]'.encode())
    assert read_values("x", raw).values == (literal,)


def test_a_text_cut_inside_an_emoji_can_be_read_and_stored():
    raw = wire.decode(b'[{"attribute_type":"text","value":"ok \\ud83d"}]')
    assert read_values("x", raw).values == ("ok \ufffd",)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = [
    "value",
    "currency_value",
    "currency_code",
    "option",
    "status",
    "title",
    "target_object",
    "target_record_id",
    "referenced_actor_id",
    "interacted_at",
    "full_name",
    "first_name",
    "line_1",
    "latitude",
    "domain",
    "email_address",
    "phone_number",
]
ENTRIES = st.dictionaries(
    st.sampled_from(MEMBERS), JSON | st.sampled_from(["2026-11-23", "12.5", "x"]), max_size=4
).flatmap(lambda body: st.sampled_from([*KINDS, None, 7, ""]).map(lambda kind: {**body, "attribute_type": kind}))
PLAIN = str | Decimal | bool | date | datetime | RecordRef


@given(
    st.dictionaries(st.sampled_from(["name", "a", "record_id"]), JSON | st.lists(ENTRIES, max_size=3), max_size=3), JSON
)
def test_no_record_is_too_odd_to_be_read(attributes, url):
    body = wire.members(wire.decode(msgspec.json.encode({"values": attributes, "web_url": url})))
    for kind in ("deals", "gadgets"):
        record = read_record(RecordRef(kind, "rec-1"), body)
        assert isinstance(record, CrmRecord)
        assert all(isinstance(v, PLAIN) for a in record.attributes.values() for v in a.values)
        assert (record.name is None) == (record.name_slug is None)


@given(JSON)
def test_no_attribute_is_too_odd_to_be_read(raw):
    read_attribute(raw)
    read_attribute({"api_slug": "x", "type": raw, "id": raw, "title": raw, "is_writable": raw})


# -- names -------------------------------------------------------------------------------------------------------


def named(object_slug: str, **attributes) -> tuple[str | None, str | None]:
    record = read_record(RecordRef(object_slug, "rec-1"), {"values": attributes})
    return record.name, record.name_slug


@pytest.mark.parametrize("kind", ["companies", "deals", "workspaces"])
def test_standard_records_are_called_by_their_name(kind):
    assert named(kind, about=[entry("text", value="A firm")], name=[entry("text", value=" Northwind ")]) == (
        "Northwind",
        "name",
    )


@pytest.mark.parametrize("kind", ["companies", "people", "deals", "workspaces"])
@pytest.mark.parametrize("name", [[], [{"attribute_type": "text", "value": "  "}]])
def test_standard_records_without_a_name_have_none(kind, name):
    assert named(kind, name=name, about=[entry("text", value="A firm")]) == (None, None)


def test_people_are_called_by_their_full_name():
    name = entry("personal-name", first_name="Ada", last_name="Byron", full_name="Ada Byron")
    assert named("people", name=[name]) == ("Ada Byron", "name")


def test_other_records_are_called_by_their_first_text_when_they_have_no_name():
    attributes = {
        "record_id": [entry("text", value="rec-1")],
        "size": [entry("number", value=Decimal(3))],
        "blank": [entry("text", value=" ")],
        "code": [entry("text", value="G-7")],
        "later": [entry("text", value="no")],
    }
    assert named("gadgets", **attributes) == ("G-7", "code")
    assert named("gadgets", **attributes, name=[entry("text", value="Gadget")]) == ("Gadget", "name")
    assert named("gadgets", **attributes, name=[]) == ("G-7", "code")


def test_other_records_without_any_text_have_no_name():
    assert named("gadgets", record_id=[entry("text", value="rec-1")]) == (None, None)


def test_a_name_that_is_a_number_or_an_option_is_a_name():
    assert named("gadgets", name=[entry("number", value=Decimal(7))]) == ("7", "name")
    assert named("gadgets", name=[entry("select", option={"title": "Big"})]) == ("Big", "name")


def test_every_attribute_is_there_also_the_empty_ones():
    record = read_record(
        DEAL, {"values": {"a": [], "b": [entry("text", value="x")]}, "web_url": "https://app.attio.com/x"}
    )
    assert {slug: a.values for slug, a in record.attributes.items()} == {"a": (), "b": ("x",)}
    assert (record.ref, record.web_url) == (DEAL, "https://app.attio.com/x")


@pytest.mark.parametrize("url", [None, 7, "", "javascript:alert(1)"])
def test_a_link_that_is_none_is_left_out(url):
    assert read_record(DEAL, {"values": {}, "web_url": url}).web_url is None


# -- attributes --------------------------------------------------------------------------------------------------


def test_an_attribute_keeps_what_settings_and_writes_need():
    raw = {"id": {"attribute_id": "a-1"}, "api_slug": "x", "title": "X", "type": "text", "is_archived": True}
    assert read_attribute({**raw, "is_writable": False, "is_multiselect": True}) == Attribute(
        "a-1", "x", "X", "text", is_writable=False, is_archived=True, is_multiselect=True
    )


def test_an_attribute_without_a_slug_cannot_be_mapped():
    assert read_attribute({"api_slug": None, "type": "text"}) is None


# -- writing -----------------------------------------------------------------------------------------------------

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def write(key: str, kind: str, value, **more):
    return written(f"writeback_{key}", Attribute("a-1", "x", "X", kind, **more), value)


@pytest.mark.parametrize(
    ("key", "kind", "value", "expected"),
    [
        ("invoice_id", "text", "145", ["145"]),
        ("invoice_id", "number", "145", [Decimal(145)]),
        ("invoice_number", "number", "10.25", [Decimal("10.25")]),
        ("invoice_status", "text", "Paid", ["Paid"]),
        ("invoice_status", "select", "Paid", ["Paid"]),
        ("invoice_status", "status", "Paid", ["Paid"]),
        ("invoice_url", "text", "https://qbo.example/app?txnId=1", ["https://qbo.example/app?txnId=1"]),
        ("last_sync_at", "timestamp", NOON, ["2026-11-23T12:00:00Z"]),
        ("last_sync_at", "text", NOON, ["2026-11-23T12:00:00Z"]),
        ("last_sync_at", "timestamp", NOON.replace(microsecond=345678), ["2026-11-23T12:00:00.345Z"]),
        ("last_sync_at", "timestamp", NOON.replace(tzinfo=None), ["2026-11-23T12:00:00Z"]),
        ("last_sync_at", "timestamp", NOON.astimezone(timezone(timedelta(hours=2))), ["2026-11-23T12:00:00Z"]),
        ("sync_error", "text", "x" * 9000, ["x" * 3999 + "…"]),
        ("of_another_plugin", "date", "2026-12-23", ["2026-12-23"]),
        ("of_another_plugin", "select", "Big", ["Big"]),
        ("sync_error", "text", "half \ud83d", ["half \ufffd"]),
    ],
)
def test_a_value_takes_the_shape_of_the_attribute(key, kind, value, expected):
    assert write(key, kind, value) == expected


@pytest.mark.parametrize("nothing", [None, "", "  "])
@pytest.mark.parametrize("kind", ["text", "number", "select", "status", "date", "timestamp"])
def test_nothing_empties_the_attribute(kind, nothing):
    assert write("of_another_plugin", kind, nothing) == []


@pytest.mark.parametrize(
    ("key", "kind", "value"),
    [
        ("invoice_number", "number", "INV-7"),
        ("invoice_number", "number", "0042"),
        ("invoice_number", "number", "1e5"),
        ("invoice_number", "number", "1.23456"),
        ("invoice_number", "number", "1234567890123456"),
        ("invoice_number", "select", "7"),
        ("invoice_status", "checkbox", "Paid"),
        ("invoice_url", "domain", "https://qbo.example/app"),
        ("last_sync_at", "date", NOON),
        ("sync_error", "number", None),
        ("sync_error", "select", "Something failed."),
        ("sync_error", "", "Something failed."),
        ("of_another_plugin", "currency", "12"),
        ("of_another_plugin", "date", NOON),
        ("of_another_plugin", "date", "20261223"),
        ("of_another_plugin", "number", NOON),
        ("of_another_plugin", "select", NOON),
        ("of_another_plugin", "timestamp", "noon"),
    ],
)
def test_a_value_that_would_change_is_not_written(key, kind, value):
    with pytest.raises(Unfit, match=r"^(is|keeps|holds)"):
        write(key, kind, value)


def test_an_attribute_with_several_values_is_never_overwritten_with_one():
    with pytest.raises(Unfit, match="several values"):
        write("invoice_status", "select", "Paid", is_multiselect=True)
