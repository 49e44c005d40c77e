"""Row 142: webhooks, checked over the raw bytes, in both forms, for several companies at once."""

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attibooks_core.capabilities import NotifyingBackend
from attibooks_core.errors import AttiBooksError, Unauthorized
from attibooks_core.model import Books
from attibooks_core.testing import StubHost
from attibooks_quickbooks.backend import QuickBooksBackend
from attibooks_quickbooks.settings import QuickBooksHostSettings
from attibooks_quickbooks.webhooks import events_of

TOKEN = "11111111-2222-3333-4444-555555555555"
REALM = "9130001234567890"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LEGACY = (
    b'{"eventNotifications":[{"realmId":"9130001234567890","dataChangeEvent":{"entities":[{"name":"Invoice","id":"145",'
    b'"operation":"Update","lastUpdated":"2026-11-23T08:15:30.000Z"}]}}]}'
)
MODERN = (
    b'[{"specversion":"1.0","id":"6f1c2a2e-5d5e-4c1b-9a57-2f1f0f6a9b10","source":"intuit.dsnEXAMPLEhash=",'
    b'"type":"qbo.invoice.updated.v1","datacontenttype":"application/json","time":"2026-11-23T08:15:30.123456789Z",'
    b'"intuitentityid":"145","intuitaccountid":"9130001234567890","data":{}}]'
)


def sign(body, token=TOKEN):
    return {b"intuit-signature": b64encode(hmac.digest(token.encode(), body, hashlib.sha256))}


def event(**changed):
    return json.loads(MODERN)[0] | changed


@pytest.fixture
def host():
    return StubHost()


@pytest.fixture
def backend(host):
    tokens = {"production": ["prod-old", "prod-new"], "sandbox": [TOKEN]}
    settings = QuickBooksHostSettings.model_validate({"webhook_verifier_tokens": tokens})
    return QuickBooksBackend(host.http, host.clock, settings)


def read(backend, body, token=TOKEN):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return take_apart(backend, sign(content, token), content)


def take_apart(backend, headers, body):
    return backend.read_delivery(backend.check_delivery(headers, body), body, NOW)


def test_it_is_offered(backend):
    assert isinstance(backend, NotifyingBackend)


@pytest.mark.parametrize(
    ("body", "signature", "size"),
    [
        (LEGACY, b"FpE84RDTNfU2ePyXX2V1ZC+IRL8jA9fs/CFrhi4u/Bc=", 180),
        (MODERN, b"syP//W3EdLEYX4oRGIkrLy6hkOKfXDweVXXJOYav/e8=", 280),
    ],
)
def test_the_vectors_of_the_reference(backend, body, signature, size):
    assert len(body) == size
    (found,) = take_apart(backend, {b"intuit-signature": signature, b"content-type": b"text/odd"}, body)
    assert (found.books, found.entity, found.entity_id) == (Books("quickbooks", "sandbox", REALM), "invoice", "145")
    assert (found.operation, found.at.replace(microsecond=0)) == (
        "updated",
        datetime(2026, 11, 23, 8, 15, 30, tzinfo=UTC),
    )


def test_nanoseconds_are_cut(backend):
    (found,) = read(backend, MODERN)
    assert found.at == datetime(2026, 11, 23, 8, 15, 30, 123456, tzinfo=UTC)


@pytest.mark.parametrize("token", ["prod-old", "prod-new"])
def test_the_token_tells_the_environment(backend, token):
    (found,) = read(backend, MODERN, token)
    assert found.books.environment == "production"


def test_a_token_of_both_environments_tells_none(host):
    tokens = {"production": ["both", "prod"], "sandbox": ["both", "both"]}
    settings = QuickBooksHostSettings.model_validate({"webhook_verifier_tokens": tokens})
    backend = QuickBooksBackend(host.http, host.clock, settings)
    assert [backend.check_delivery(sign(MODERN, token), MODERN) for token in ("both", "prod")] == ["", "production"]
    (found,) = read(backend, MODERN, "both")
    assert found.books == Books("quickbooks", "", REALM)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"intuit-signature": b""},
        {b"intuit-signature": "äöü".encode()},
        {b"intuit-signature": b"syP//W3EdLEYX4oRGIkrLy6hkOKfXDweVXXJOYav/e9="},
        sign(MODERN, "other"),
        sign(MODERN + b" "),
    ],
)
def test_another_signature_is_refused(backend, headers):
    with pytest.raises(Unauthorized) as caught:
        backend.check_delivery(headers, MODERN)
    assert caught.value.code == "bad_signature"


def test_an_empty_body_without_a_signature_is_refused_as_such(backend):
    with pytest.raises(Unauthorized):
        backend.check_delivery({}, b"")


def test_without_tokens_nothing_is_accepted(host):
    backend = QuickBooksBackend(host.http, host.clock, QuickBooksHostSettings())
    with pytest.raises(Unauthorized):
        backend.check_delivery(sign(MODERN, ""), MODERN)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"7", b"[7]", b'{"odd":1}', b'"x"', b"[" * 5000, b'{"eventNotifications":7}', b"\xff"]
)
def test_a_signed_delivery_that_cannot_be_read_is_malformed(backend, body):
    with pytest.raises(AttiBooksError) as caught:
        read(backend, body)
    assert caught.value.code == "malformed"


def test_several_companies_in_one_delivery(backend):
    found = read(
        backend, [event(id=str(n), intuitaccountid=realm) for n, realm in enumerate([REALM, "4620816365", 77])]
    )
    assert [each.books.company_id for each in found] == [REALM, "4620816365", "77"]


def test_several_companies_in_the_old_form(backend):
    one, other = json.loads(LEGACY)["eventNotifications"] * 2
    found = read(backend, {"eventNotifications": [one, {**other, "realmId": 4620816365}]})
    assert [each.books.company_id for each in found] == [REALM, "4620816365"]
    assert len({each.event_id for each in found}) == 2


def test_a_single_event_without_its_array(backend):
    assert read(backend, event()) == read(backend, [event()])


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "qbo.customer.updated.v1"},
        {"type": "qbo.invoice.updated"},
        {"type": "com.example.invoice"},
        {"type": None},
        {"intuitentityid": None},
        {"intuitaccountid": ""},
    ],
)
def test_what_no_invoice_depends_on_is_left_out(backend, odd):
    (found,) = read(backend, [event(**odd), event(id="2", type="qbo.payment.created.v2")])
    assert (found.entity, found.operation) == ("payment", "created")


@pytest.mark.parametrize("verb", ["created", "updated", "deleted", "voided", "merged", "emailed", "blessed"])
def test_operations_of_both_forms(backend, verb):
    (modern,) = read(backend, [event(type=f"qbo.invoice.{verb}.v1")])
    name = {"emailed": "Emailed", "blessed": "Blessed"}.get(verb) or {
        "created": "Create", "updated": "Update", "deleted": "Delete", "voided": "Void", "merged": "Merge"
    }[verb]  # fmt: skip
    (legacy,) = read(backend, LEGACY.replace(b"Update", name.encode(), 1))
    assert modern.operation == legacy.operation == verb


def test_an_event_has_the_same_id_in_every_delivery(backend):
    (first,), (again,) = read(backend, [event()]), read(backend, [event(specversion="1.1", data={"a": 1})])
    assert first.event_id == again.event_id
    (other,) = read(backend, [event(source="intuit.dsnother=")])
    assert other.event_id != first.event_id
    old, same = read(backend, LEGACY), read(backend, json.dumps(json.loads(LEGACY), indent=1).encode())
    assert old[0].event_id == same[0].event_id
    changed = read(backend, LEGACY.replace(b":30.000Z", b":31.000Z"))
    assert changed[0].event_id != old[0].event_id


@pytest.mark.parametrize("time", [None, "", "yesterday", "2026-13-01T00:00:00Z", 7])
def test_a_time_that_cannot_be_read_is_taken_for_that_of_its_arrival(backend, time):
    (found,) = read(backend, [event(time=time)])
    assert found.at == NOW


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["eventNotifications", "entities", "dataChangeEvent", "realmId", "id", "type", "time"]), x
)))  # fmt: skip
def test_any_json_is_read_or_malformed(body):
    try:
        events_of("sandbox", json.dumps(body).encode(), NOW)
    except AttiBooksError as error:
        assert error.code == "malformed"


@pytest.mark.parametrize("tokens", [{"sandbox": [" "]}, {"elsewhere": ["a"]}])
def test_tokens_that_tell_nothing_are_refused(tokens):
    with pytest.raises(ValueError, match="webhook_verifier_tokens"):
        QuickBooksHostSettings.model_validate({"webhook_verifier_tokens": tokens})
