import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from attibooks_attio.gateway import AttioGateway
from attibooks_attio.settings import AttioHostSettings
from attibooks_attio.signature import sign
from attibooks_core.errors import AttiBooksError, Down, Unauthorized
from attibooks_core.model import AppCall
from attibooks_core.protocols import AppGateway
from attibooks_core.testing import Answer

SECRETS = {"new": "s3cret", "old": "0ld-secret"}
ACTIVE = {"active": True, "client_id": "app-1", "workspace_id": "ws-1", "sub": "ws-1", "exp": None}
EXECUTION = "7f0c2b1e-3d4a-4c5b-9e6f-0a1b2c3d4e5f"


@pytest.fixture
def build(client, schema, host):
    def build(**settings):
        read = AttioHostSettings.model_validate({"app_secrets": SECRETS, "client_id": "app-1", **settings})
        return AttioGateway(host.http, client, schema, read, host.clock)

    return build


@pytest.fixture
def gateway(build):
    return build()


@pytest.fixture
def attio_knows(server):
    """Say what Attio answers about a token."""
    return lambda body, **more: server.on(
        "GET", "/v2/self", Answer(body, headers={"x-attio-execution-id": EXECUTION}, **more)
    )


@pytest.fixture
def call(host):
    """A call signed as the app signs it; parts may be changed before signing, and headers after it."""

    def call(
        *,
        method="POST",
        target="/api/attio/invoices?a=1&b=%20x",
        workspace="ws-1",
        user="user-1",
        key="key-1",
        token="token-1",
        body=b'{"a":1}',
        secret="s3cret",
        at=None,
        bearer="Bearer attio-token",
        **changed,
    ):
        at = int(host.clock.now().timestamp()) if at is None else at
        parts = {"timestamp": at, "method": method, "target": target, "workspace": workspace, "user": user}
        signature = sign(secret, **parts, idempotency_key=key, accounting_token=token, body=body)
        headers = {
            "authorization": bearer,
            "x-attibooks-workspace": workspace,
            "x-attibooks-key-id": "new",
            "x-attibooks-timestamp": str(at),
            "x-attibooks-signature": signature,
            "x-attio-user-id": user,
            "idempotency-key": key,
            "x-accounting-access-token": token,
            **{name.replace("_", "-"): value for name, value in changed.items()},
        }
        return AppCall(method, target, {name: value for name, value in headers.items() if value}, body)

    return call


async def refused(gateway, call, code):
    with pytest.raises(AttiBooksError) as raised:
        await gateway.authenticate(call)
    assert raised.value.code == code
    assert isinstance(raised.value, Down if code == "attio_down" else Unauthorized)
    assert "token-1" not in raised.value.message
    assert "attio-token" not in raised.value.message
    return raised.value


# -- calls that pass ---------------------------------------------------------------------------------------------


async def test_it_is_what_the_host_expects(gateway):
    assert isinstance(gateway, AppGateway)
    assert gateway.key == "attio"


async def test_a_signed_call_says_who_calls(gateway, call, attio_knows, host):
    attio_knows(ACTIVE)
    caller = await gateway.authenticate(call())
    assert (caller.gateway, caller.workspace_id, caller.user_id) == ("attio", "ws-1", "user-1")
    assert (caller.idempotency_key, caller.issued_at) == ("key-1", host.clock.now())
    assert caller.crm.token.get_secret_value() == "attio-token"
    assert caller.accounting.token.get_secret_value() == "token-1"
    assert "token" not in repr(caller).replace("token=SecretStr", "")


async def test_a_call_without_optional_parts_passes(gateway, call, attio_knows):
    attio_knows(ACTIVE)
    caller = await gateway.authenticate(call(method="GET", user="", key="", token="", body=b""))
    assert (caller.user_id, caller.idempotency_key, caller.accounting) == (None, None, None)


async def test_the_call_of_the_contract_passes(gateway, server, host, attio_knows):
    attio_knows(ACTIVE)
    host.clock.move(1763870000 - host.clock.monotonic())
    headers = {
        "authorization": "Bearer attio-token",
        "x-attibooks-workspace": "ws-1",
        "x-attibooks-key-id": "new",
        "x-attibooks-timestamp": "1763870000",
        "x-attibooks-signature": "442825f92ed329a8bd51f81fb34382858f868cc616db5eed159c99195a7c08f9",
        "x-attio-user-id": "user-1",
        "idempotency-key": "key-1",
        "x-accounting-access-token": "token-1",
    }
    caller = await gateway.authenticate(AppCall("POST", "/api/attio/invoices", headers, b'{"a":1}'))
    assert caller.issued_at == datetime(2025, 11, 23, 3, 53, 20, tzinfo=UTC)


async def test_without_a_workspace_header_attio_names_the_workspace(gateway, call, attio_knows):
    attio_knows({**ACTIVE, "workspace_id": "ws-7"})
    assert (await gateway.authenticate(call(workspace=""))).workspace_id == "ws-7"


async def test_an_older_secret_signs_as_well(gateway, call, attio_knows):
    attio_knows(ACTIVE)
    await gateway.authenticate(call(secret="0ld-secret", x_attibooks_key_id="old"))


@pytest.mark.parametrize("bearer", ["bearer attio-token", "BEARER  attio-token "])
async def test_the_word_bearer_may_be_spelled_freely(gateway, call, attio_knows, bearer):
    attio_knows(ACTIVE)
    assert (await gateway.authenticate(call(bearer=bearer))).crm.token.get_secret_value() == "attio-token"


@pytest.mark.parametrize("off", [-300, 300])
async def test_a_clock_may_be_wrong_by_five_minutes(gateway, call, attio_knows, host, off):
    attio_knows(ACTIVE)
    at = int(host.clock.now().timestamp()) + off
    assert (await gateway.authenticate(call(at=at))).issued_at == datetime.fromtimestamp(at, UTC)


async def test_a_call_sent_again_is_the_same_call(gateway, call, attio_knows):
    attio_knows(ACTIVE)
    again = call()
    assert await gateway.authenticate(again) == await gateway.authenticate(again)


async def test_an_idempotency_key_is_handed_on_as_it_came(gateway, call, attio_knows):
    attio_knows(ACTIVE)
    for key in ("x" * 300, "schlüssel"):
        assert (await gateway.authenticate(call(key=key))).idempotency_key == key


async def test_a_token_with_an_end_keeps_it(gateway, call, attio_knows):
    attio_knows({**ACTIVE, "exp": 1793750400})
    assert (await gateway.authenticate(call())).crm.expires_at == datetime.fromtimestamp(1793750400, UTC)


# -- signatures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "missing", ["authorization", "x-attibooks-key-id", "x-attibooks-timestamp", "x-attibooks-signature"]
)
async def test_a_call_without_a_needed_header_is_refused(gateway, call, server, missing):
    signed = call()
    headers = {name: value for name, value in signed.headers.items() if name != missing}
    await refused(gateway, replace(signed, headers=headers), "bad_signature")
    assert server.seen == []


@pytest.mark.parametrize(
    "forged",
    [
        {"x_attibooks_workspace": "ws-2"},
        {"x_attio_user_id": "user-2"},
        {"idempotency_key": "key-2"},
        {"x_accounting_access_token": "token-2"},
        {"x_attibooks_key_id": "old"},
        {"x_attibooks_key_id": "none"},
        {"x_attibooks_signature": "0" * 64},
        {"x_attibooks_signature": ""},
        {"secret": "guessed"},
    ],
)
async def test_a_changed_header_is_refused(gateway, call, server, forged):
    await refused(gateway, call(**forged), "bad_signature")
    assert server.seen == []


@pytest.mark.parametrize(
    "forged",
    [{"method": "GET"}, {"target": "/api/attio/invoices?a=2"}, {"target": "/api/attio/void"}, {"body": b'{"a":2}'}],
)
async def test_a_changed_call_is_refused(gateway, call, forged):
    await refused(gateway, replace(call(), **forged), "bad_signature")


async def test_a_signature_in_capitals_is_refused(gateway, call):
    signature = call().headers["x-attibooks-signature"].upper()
    await refused(gateway, call(x_attibooks_signature=signature), "bad_signature")


async def test_leaving_the_accounting_token_away_is_refused(gateway, call):
    await refused(gateway, call(x_accounting_access_token=""), "bad_signature")


@pytest.mark.parametrize("off", [-301, 301, -(10**9), 10**10])
async def test_a_call_from_another_time_is_stale(gateway, call, host, server, off):
    await refused(gateway, call(at=int(host.clock.now().timestamp()) + off), "stale_timestamp")
    assert server.seen == []


async def test_a_captured_call_is_stale_after_five_minutes(gateway, call, attio_knows, host):
    attio_knows(ACTIVE)
    captured = call()
    await gateway.authenticate(captured)
    host.clock.move(301)
    await refused(gateway, captured, "stale_timestamp")


async def test_a_stale_call_is_stale_also_with_a_bad_signature(gateway, call):
    await refused(gateway, call(at=1, x_attibooks_signature="0" * 64), "stale_timestamp")


async def test_an_unknown_key_is_said_before_the_time(gateway, call):
    await refused(gateway, call(at=1, x_attibooks_key_id="none"), "bad_signature")


@pytest.mark.parametrize(
    "timestamp", ["1e9", "", "-5", "+5", "1.5", " 1763870000", "٣", "0x10", "9" * 16, "9" * 5000, "nan"]
)
async def test_a_timestamp_that_is_none_is_refused(gateway, call, timestamp):
    await refused(gateway, call(x_attibooks_timestamp=timestamp), "bad_signature")


@pytest.mark.parametrize(
    "header",
    [
        "x_attibooks_workspace",
        "x_attibooks_key_id",
        "x_attibooks_timestamp",
        "x_attibooks_signature",
        "x_attio_user_id",
        "x_accounting_access_token",
        "authorization",
    ],
)
@pytest.mark.parametrize("value", ["wérk", "a\nb", "\ud800", "a\x00b"])
async def test_a_header_that_no_honest_app_sends_is_refused(gateway, call, server, header, value):
    await refused(gateway, call(**{header: f"Bearer {value}" if header == "authorization" else value}), "bad_signature")
    assert server.seen == []


@pytest.mark.parametrize("bearer", ["Bearer", "Bearer ", "Basic abc", "attio-token", "Bearer a b", "Bearer,x"])
async def test_only_a_bearer_token_is_one(gateway, call, bearer):
    await refused(gateway, call(bearer=bearer), "bad_signature")


async def test_two_calls_can_never_have_one_message(gateway, call):
    """A line break in a part would let a signed call be read as another one."""
    await refused(gateway, call(user="user-1\nkey-1", key=""), "bad_signature")
    await refused(gateway, call(key="key-1\n"), "bad_signature")
    await refused(gateway, call(target="/a\nws-1"), "bad_signature")


@given(
    headers=st.dictionaries(
        st.sampled_from(["x-attibooks-timestamp", "x-attibooks-key-id", "idempotency-key"]), st.text()
    )
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
async def test_no_header_is_too_odd_to_be_refused(gateway, call, headers):
    signed = call()
    changed = replace(signed, headers={**signed.headers, "x-attibooks-signature": "0" * 64, **headers})
    with pytest.raises(Unauthorized):
        await gateway.authenticate(changed)


# -- what attio says ---------------------------------------------------------------------------------------------


async def test_an_inactive_token_is_refused_and_not_remembered(gateway, call, attio_knows, server):
    attio_knows({"active": False})
    error = await refused(gateway, call(), "token_inactive")
    assert error.reference == EXECUTION
    attio_knows(ACTIVE)
    await gateway.authenticate(call())
    assert len(server.seen) == 2


async def test_a_token_that_attio_does_not_take_at_all_is_inactive(gateway, call, server, attio):
    server.on("GET", "/v2/self", attio.fault(401, "unauthorized"))
    assert (await refused(gateway, call(), "token_inactive")).reference == EXECUTION


async def test_a_token_of_another_workspace_is_refused(gateway, call, attio_knows):
    attio_knows({**ACTIVE, "workspace_id": "ws-2"})
    error = await refused(gateway, call(), "workspace_mismatch")
    assert error.reference == EXECUTION


@pytest.mark.parametrize("client_id", ["app-2", None, ""])
async def test_a_token_of_another_app_is_refused(gateway, call, attio_knows, client_id):
    attio_knows({**ACTIVE, "client_id": client_id})
    await refused(gateway, call(), "workspace_mismatch")
    await refused(gateway, call(workspace=""), "workspace_mismatch")


async def test_without_our_app_id_any_app_will_do(build, call, attio_knows):
    attio_knows({**ACTIVE, "client_id": "app-2"})
    await build(client_id=None).authenticate(call())


@pytest.mark.parametrize(
    "answer",
    [
        Answer("Service Unavailable", 503),
        Answer(cut=True),
        Answer("{"),
        Answer({"active": True}),
        Answer({"code": "unauthorized", "message": "x"}, 403),
        Answer({"code": "not_found", "message": "x"}, 404),
        Answer({"code": "odd", "message": "x"}, 400),
    ],
)
async def test_an_attio_that_cannot_be_asked_is_down(gateway, call, server, answer):
    server.on("GET", "/v2/self", answer)
    await refused(gateway, call(), "attio_down")


async def test_an_attio_that_is_busy_says_when_to_come_back(gateway, call, server, attio):
    server.on("GET", "/v2/self", attio.fault(429, "rate_limit_exceeded", headers={"Retry-After": "30"}))
    assert (await refused(gateway, call(), "attio_down")).retry_after == 30


async def test_an_answer_is_kept_for_five_minutes(gateway, call, attio_knows, server, host):
    attio_knows(ACTIVE)
    await gateway.authenticate(call())
    host.clock.move(299)
    await gateway.authenticate(call())
    assert len(server.seen) == 1
    host.clock.move(1)
    await gateway.authenticate(call())
    assert len(server.seen) == 2


async def test_a_kept_answer_does_not_open_another_workspace(gateway, call, attio_knows):
    attio_knows(ACTIVE)
    await gateway.authenticate(call())
    await refused(gateway, call(workspace="ws-2"), "workspace_mismatch")


async def test_each_token_is_asked_about(gateway, call, attio_knows, server):
    attio_knows(ACTIVE)
    await gateway.authenticate(call())
    await gateway.authenticate(call(bearer="Bearer other"))
    assert [r.headers["authorization"] for r in server.seen] == ["Bearer attio-token", "Bearer other"]


async def test_parallel_calls_with_one_token_ask_once(gateway, call, attio_knows, server):
    attio_knows(ACTIVE)
    callers = await asyncio.gather(*(gateway.authenticate(call(key=f"key-{n}")) for n in range(20)))
    assert {c.idempotency_key for c in callers} == {f"key-{n}" for n in range(20)}
    assert len(server.seen) == 1


async def test_parallel_calls_with_a_dead_token_are_all_refused(gateway, call, attio_knows, server):
    attio_knows({"active": False})
    results = await asyncio.gather(*(gateway.authenticate(call()) for _ in range(5)), return_exceptions=True)
    assert [r.code for r in results] == ["token_inactive"] * 5
    assert len(server.seen) == 1


async def test_what_is_forgotten_is_asked_anew(gateway, call, attio_knows, server):
    attio_knows(ACTIVE)
    await gateway.authenticate(call())
    await gateway.forget("ws-2")
    await gateway.authenticate(call())
    assert len(server.seen) == 1
    await gateway.forget("ws-1")
    await gateway.authenticate(call())
    assert len(server.seen) == 2


async def test_attributes_of_a_forgotten_workspace_are_forgotten_too(gateway, schema, workspace, attio):
    await schema.attributes(workspace(), "deals")
    await gateway.forget("ws-2")
    await schema.attributes(workspace(), "deals")
    assert attio.lists == 1
    await gateway.forget("ws-1")
    await schema.attributes(workspace(), "deals")
    assert attio.lists == 2


# -- with one check switched off ---------------------------------------------------------------------------------


async def test_without_signatures_attio_alone_decides(build, call, attio_knows, host):
    attio_knows(ACTIVE)
    gateway = build(require_signature=False)
    unsigned = AppCall("GET", "/api/attio/settings", {"authorization": "Bearer attio-token"}, b"")
    caller = await gateway.authenticate(unsigned)
    assert (caller.workspace_id, caller.issued_at) == ("ws-1", host.clock.now())
    await refused(gateway, call(workspace="ws-2"), "workspace_mismatch")
    await refused(gateway, replace(unsigned, headers={}), "bad_signature")


async def test_without_signatures_no_timestamp_is_believed(build, call, attio_knows, host):
    attio_knows(ACTIVE)
    caller = await build(require_signature=False).authenticate(call(at=99, x_attibooks_signature="0"))
    assert caller.issued_at == host.clock.now()


async def test_without_introspection_the_signed_workspace_holds(build, call, server):
    gateway = build(require_introspection=False)
    assert (await gateway.authenticate(call(workspace="ws-5"))).workspace_id == "ws-5"
    assert server.seen == []


async def test_without_introspection_a_call_without_workspace_still_asks(build, call, attio_knows):
    attio_knows(ACTIVE)
    gateway = build(require_introspection=False)
    assert (await gateway.authenticate(call(workspace=""))).workspace_id == "ws-1"
