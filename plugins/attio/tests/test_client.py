import asyncio
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from attibooks_attio.client import AttioClient
from attibooks_attio.faults import AttioFault, RefusedByAttio, error_of
from attibooks_core.errors import (
    AttiBooksError,
    Down,
    NotFound,
    PermissionMissing,
    RateLimited,
    ReconnectNeeded,
    Unavailable,
)
from attibooks_core.model import Credential, RecordRef
from attibooks_core.protocols import HttpReply
from attibooks_core.testing import Answer

EXECUTION = "7f0c2b1e-3d4a-4c5b-9e6f-0a1b2c3d4e5f"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RECORD = "/v2/objects/deals/records/rec-1"
OK = Answer({"data": {"id": {"record_id": "rec-1"}, "values": {}}})


@pytest.fixture
def get(client, workspace, deal):
    return lambda: client.get_record(workspace(), deal)


@pytest.fixture
def put(client, workspace, deal):
    return lambda values: client.put_values(workspace(), deal, values)


async def failure(call):
    with pytest.raises(AttiBooksError) as raised:
        await call
    error = raised.value
    assert len(error.message) <= 500
    assert "{" not in error.message
    assert "attio-token" not in str(error)
    return error


# -- requests ----------------------------------------------------------------------------------------------------


async def test_a_read_carries_the_token_in_its_header_only(get, server):
    server.on("GET", RECORD, OK)
    await get()
    request = server.seen[0]
    assert request.headers["authorization"] == "Bearer attio-token"
    assert "content-type" not in request.headers
    assert "attio-token" not in request.path + str(request.query)


async def test_a_write_sends_exact_numbers_and_lists(put, server):
    server.on("PUT", RECORD, OK)
    await put({"total": [Decimal("1250.50")], "note": []})
    assert server.seen[0].body == b'{"data":{"values":{"total":[1250.50],"note":[]}}}'
    assert server.seen[0].headers["content-type"] == "application/json"


async def test_numbers_of_an_answer_are_exact(get, server):
    server.on("GET", RECORD, Answer('{"data":{"values":{"a":[0.1000],"b":[12345678901234567890]}}}'))
    values = (await get())["values"]
    assert [str(values["a"][0]), str(values["b"][0])] == ["0.1000", "12345678901234567890"]


async def test_archived_attributes_are_asked_for(client, workspace, server):
    server.on("GET", "/v2/objects/deals/attributes", Answer({"data": []}))
    await client.list_attributes(workspace(), "deals")
    assert server.seen[0].query == {"show_archived": "true"}


async def test_parts_of_an_address_stay_parts(client, workspace, server):
    server.on("GET", "/v2/objects/a%2Fb%3Fc/records/x%20%C3%A4%23", OK)
    await client.get_record(workspace(), RecordRef("a/b?c", "x ä#"))


@pytest.mark.parametrize("ref", [("deals", ".."), ("..", "rec-1"), ("deals", ""), (" ", "rec-1"), ("deals", ".")])
async def test_an_address_that_would_lead_elsewhere_is_not_called(client, workspace, server, ref):
    error = await failure(client.get_record(workspace(), RecordRef(*ref)))
    assert (type(error), error.code) == (NotFound, "record_not_found")
    assert server.seen == []


async def test_half_a_character_in_an_address_is_no_crash(client, workspace, server):
    server.on("GET", "/v2/objects/deals/records/%3F", OK)
    await client.get_record(workspace(), RecordRef("deals", "\ud800"))


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "tökén", "a\x00b"])
async def test_a_token_that_no_header_can_hold_is_never_sent_or_shown(client, workspace, deal, server, token):
    error = await failure(client.get_record(workspace(crm=token), deal))
    assert isinstance(error, ReconnectNeeded)
    assert server.seen == []
    assert error.__cause__ is None


async def test_each_workspace_has_its_own_connections(client, workspace, deal, server, host):
    server.on("GET", RECORD, OK)
    server.on("GET", "/v2/self", Answer({"active": False}))
    await client.get_record(workspace(workspace_id="ws-9"), deal)
    await client.self_info(Credential(SecretStr("t")))
    assert list(host.http._accounts) == ["attio:ws-9", "attio:introspection"]


# -- what an answer can be ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "message", "error", "ours"),
    [
        (400, "merge_in_progress", "Merging.", Unavailable, "attio_down"),
        (400, "validation_type", "Body payload validation error.", RefusedByAttio, "attio_refused"),
        (400, "validation_type", "Path params validation error.", NotFound, "record_not_found"),
        (400, "particle_gate_violation", "Gate.", RefusedByAttio, "attio_refused"),
        (400, "made_up_tomorrow", "New.", RefusedByAttio, "attio_refused"),
        (401, "unauthorized", "Bad.", ReconnectNeeded, "reconnect_needed"),
        (403, "unauthorized", "No.", PermissionMissing, "permission_missing"),
        (403, "billing_error", "Upgrade.", RefusedByAttio, "attio_refused"),
        (404, "not_found", 'Record with ID "rec-1" not found.', NotFound, "record_not_found"),
        (404, "not_found", 'Object with slug/ID "deals" not found.', NotFound, "record_not_found"),
        (404, "not_found", 'Attribute with slug/ID "x" not found.', RefusedByAttio, "attio_refused"),
        (404, "not_found", 'Could not find endpoint "GET /v2/x".', Down, "attio_down"),
        (404, "merge_in_progress", "Merging.", Unavailable, "attio_down"),
        (404, "value_not_found", "No such value.", RefusedByAttio, "attio_refused"),
        (408, "timeout", "Slow.", Down, "attio_down"),
        (409, "concurrent_write_conflict", "Conflict.", Unavailable, "attio_down"),
        (409, "slug_conflict", "Taken.", RefusedByAttio, "attio_refused"),
        (429, "rate_limit_exceeded", "Slow down.", RateLimited, "rate_limited"),
        (500, "internal", "Oops.", Down, "attio_down"),
    ],
)
async def test_each_code_has_its_error_and_attios_reference(get, server, attio, status, code, message, error, ours):
    server.on("GET", RECORD, attio.fault(status, code, message))
    raised = await failure(get())
    assert (type(raised), raised.code, raised.reference) == (error, ours, EXECUTION)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 429, 500, 503])
@pytest.mark.parametrize("body", [b"Service Unavailable", b"", b"[]", b'"x"', b"\xff\xfe", b"<html>", b'{"code": 7}'])
def test_only_attio_itself_can_say_that_a_record_or_a_right_is_missing(status, body):
    error = error_of(AttioFault.read(HttpReply(status, {}, body), NOW))
    assert not isinstance(error, NotFound | PermissionMissing)
    assert error.reference is None


async def test_the_other_spelling_of_the_status_and_extra_members_do_not_matter(get, server):
    body = {"statusCode": 404, "code": "not_found", "message": 'Record with ID "x" not found.', "hint": {"a": [1]}}
    server.on("GET", RECORD, Answer(body, 404))
    assert (await failure(get())).code == "record_not_found"


async def test_an_object_that_is_switched_off_is_named(get, server, attio):
    server.on("GET", RECORD, attio.fault(404, "not_found", 'Object with slug/ID "deals" not found.'))
    assert "no object deals" in (await failure(get())).message


async def test_a_missing_right_is_named_in_attios_words(get, server, attio):
    message = (
        "The API Key provided is not authorized to perform the requested action. "
        "This request requires scopes: Read-Write access to the Records scope, Read access to the Objects scope."
    )
    server.on("GET", RECORD, attio.fault(403, "unauthorized", message))
    error = await failure(get())
    scopes = "Read-Write access to the Records scope, Read access to the Objects scope"
    assert scopes in error.message
    assert error.details == {"scopes": scopes}


async def test_attios_own_sentence_is_quoted_unless_it_holds_json(get, server, attio):
    server.on("GET", RECORD, attio.fault(400, "immutable_value", "The parent   cannot\nchange."))
    assert "Attio refused: The parent cannot change." in (await failure(get())).message
    server.on("GET", RECORD, attio.fault(400, "uniqueness_conflict", 'The value "{"a":1}" is taken.'))
    assert "Attio refused: uniqueness_conflict." in (await failure(get())).message


async def test_a_sentence_that_repeats_the_token_is_cleaned(get, server, attio):
    server.on("GET", RECORD, attio.fault(400, "odd", "I do not like attio-token at all."))
    assert "I do not like … at all" in (await failure(get())).message


@pytest.mark.parametrize(
    "body", ["", "nope", "{}", "[]", "null", '{"data": []}', '{"data": {}}', '{"data": {"values": []}}']
)
async def test_a_success_that_makes_no_sense_is_an_outage(get, server, body):
    server.on("GET", RECORD, Answer(body, headers={"x-attio-execution-id": EXECUTION}))
    error = await failure(get())
    assert (type(error), error.code, error.reference) == (Down, "attio_down", EXECUTION)


async def test_a_list_that_is_none_is_an_outage_and_not_an_empty_workspace(client, workspace, server):
    server.on("GET", "/v2/objects", Answer({"data": {"no": "list"}}, headers={"x-attio-execution-id": EXECUTION}))
    error = await failure(client.list_objects(workspace()))
    assert (error.code, error.reference) == ("attio_down", EXECUTION)


@pytest.mark.parametrize("body", ["[" * 200_000, '{"a": NaN}', '{"a": Infinity}'])
async def test_json_that_is_none_is_an_outage(get, server, body):
    server.on("GET", RECORD, Answer(body))
    assert (await failure(get())).code == "attio_down"


@given(status=st.integers(100, 599), body=st.binary(max_size=200), wait=st.text(max_size=40))
def test_any_answer_can_be_read_as_a_fault(status, body, wait):
    fault = AttioFault.read(HttpReply(status, {"retry-after": wait}, body), NOW)
    assert isinstance(error_of(fault), AttiBooksError)


@pytest.mark.parametrize("wait", ["soon", "Mon, 23 Nov 2026 09:15:02 +99999999999999999999", "", "-1"])
async def test_a_wait_that_cannot_be_read_is_no_wait(get, server, attio, wait):
    server.on("GET", RECORD, attio.fault(429, "rate_limit_exceeded", headers={"retry-after": wait}))
    assert (await failure(get())).retry_after is None


# -- trying again ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        ("fault", 429, "rate_limit_exceeded"),
        ("fault", 409, "concurrent_write_conflict"),
        ("fault", 500, "internal"),
        ("text", 503),
        ("nonsense",),
        ("cut",),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_passing_trouble_is_tried_again(get, put, server, attio, host, trouble, method):
    answers = {
        "fault": lambda: attio.fault(*trouble[1:]),
        "text": lambda: Answer("Service Unavailable", 503),
        "nonsense": lambda: Answer('{"data"'),
        "cut": lambda: Answer(cut=True),
    }
    server.on(method, RECORD, [answers[trouble[0]](), OK])
    await (get() if method == "GET" else put({"a": ["b"]}))
    assert len(server.calls(method, RECORD)) == 2
    assert len(host.clock.slept) == 1
    assert 0.1 <= host.clock.slept[0] <= 0.4


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_is_not_tried_again(get, server, attio, status):
    server.on("GET", RECORD, attio.fault(status, "not_found"))
    await failure(get())
    assert len(server.seen) == 1


async def test_after_three_attempts_it_is_the_callers_turn(get, server, host):
    server.on("GET", RECORD, Answer("Service Unavailable", 503))
    await failure(get())
    assert len(server.seen) == 3
    assert sum(host.clock.slept) < 3


async def test_a_date_in_retry_after_is_waited_for(get, server, attio, host):
    date = format_datetime(host.clock.now() + timedelta(seconds=2), usegmt=True)
    server.on("GET", RECORD, [attio.fault(429, "rate_limit_exceeded", headers={"Retry-After": date}), OK])
    await get()
    assert 2.0 <= host.clock.slept[0] <= 2.2


async def test_a_date_in_the_past_is_nearly_no_wait(get, server, attio, host):
    date = format_datetime(host.clock.now() - timedelta(seconds=9), usegmt=True)
    server.on("GET", RECORD, [attio.fault(429, "rate_limit_exceeded", headers={"Retry-After": date}), OK])
    await get()
    assert 0.1 <= host.clock.slept[0] <= 0.11


async def test_a_long_wait_is_left_to_the_caller(get, server, attio, host):
    server.on("GET", RECORD, attio.fault(429, "rate_limit_exceeded", headers={"Retry-After": "60"}))
    error = await failure(get())
    assert (error.retry_after, host.clock.slept) == (60, [])


async def test_a_write_whose_answer_was_lost_is_written_again(put, server):
    server.on("PUT", RECORD, [Answer(cut=True), OK])
    await put({"number": ["1042"]})
    first, second = server.calls("PUT", RECORD)
    assert first.body == second.body


async def test_nobody_at_the_address_is_an_outage(host, workspace, deal):
    client = AttioClient(host.http, host.clock, "http://127.0.0.1:9")
    error = await failure(client.get_record(workspace(), deal))
    assert (type(error), error.code, error.retryable) == (Down, "attio_down", True)


async def test_an_attio_that_hangs_costs_no_more_than_the_patience(host, workspace, deal):
    reached = []

    async def hang(stream, answer):
        reached.append(await stream.readline())
        await stream.read()
        answer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as hanging:
        url = f"http://127.0.0.1:{hanging.sockets[0].getsockname()[1]}"
        client = AttioClient(host.http, host.clock, url, patience=0.3)
        began = time.monotonic()
        error = await failure(client.get_record(workspace(), deal))
    assert error.code == "attio_down"
    assert 0.25 < time.monotonic() - began < 2
    assert len(reached) == 2, "the first attempt leaves time for another"


# -- what a token is ---------------------------------------------------------------------------------------------


async def test_a_token_tells_its_workspace_and_its_app(client, server):
    body = {"active": True, "client_id": "app-1", "workspace_id": "ws-1", "sub": "ws-1", "exp": None}
    server.on("GET", "/v2/self", Answer(body))
    info = await client.self_info(Credential(SecretStr("t")))
    assert (info.active, info.workspace_id, info.client_id, info.expires_at) == (True, "ws-1", "app-1", None)


async def test_the_subject_stands_in_for_the_workspace(client, server):
    server.on("GET", "/v2/self", Answer({"active": True, "sub": "ws-1", "exp": 1793750400}))
    info = await client.self_info(Credential(SecretStr("t")))
    assert (info.workspace_id, info.expires_at) == ("ws-1", 1793750400)


@pytest.mark.parametrize("exp", [-1, 10**30, "soon", True, 1e300])
async def test_an_end_that_is_no_instant_is_none(client, server, exp):
    server.on("GET", "/v2/self", Answer({"active": True, "workspace_id": "w", "exp": exp}))
    assert (await client.self_info(Credential(SecretStr("t")))).expires_at is None


@pytest.mark.parametrize("body", [{}, [], {"active": "yes"}, {"data": {"active": True}}])
async def test_an_answer_about_a_token_that_makes_no_sense_is_an_outage(client, server, body):
    server.on("GET", "/v2/self", Answer(body))
    assert (await failure(client.self_info(Credential(SecretStr("t"))))).code == "attio_down"
