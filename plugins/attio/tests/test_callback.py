"""The reverse call: what the app receives, and what its answers mean."""

import json

import pytest

from attibooks_attio.gateway import AttioGateway
from attibooks_attio.settings import AttioHostSettings
from attibooks_attio.signature import callback_key, sign
from attibooks_core.capabilities import AppCaller
from attibooks_core.errors import NotFound, ReconnectNeeded, Unavailable
from attibooks_core.testing import Answer

BODY = b'{"a":1}'


@pytest.fixture
def gateway(client, schema, host):
    secrets = {"new": "s3cret", "old": "0ld-secret"}
    return AttioGateway(host.http, client, schema, AttioHostSettings(app_secrets=secrets), host.clock)


async def test_the_gateway_can_call_the_app(gateway):
    assert isinstance(gateway, AppCaller)


async def test_the_reverse_call_has_the_signature_of_the_contract(gateway, server, host):
    """Row X3: the vector of contract §3, over the wire."""
    host.clock.move(1763870000 - host.clock.monotonic())
    server.on("POST", "/hook/abc", Answer(status=202))
    await gateway.call_back("ws-1", f"{server.url}/hook/abc", BODY)
    (seen,) = server.calls("POST", "/hook/abc")
    assert seen.body == BODY
    assert seen.headers["x-attibooks-signature"] == "480707bf56cfce6938681e51545133cff4cfba7e755fa645aa078205c5b9ef7c"
    assert seen.headers["x-attibooks-timestamp"] == "1763870000"
    assert (seen.headers["x-attibooks-workspace"], seen.headers["x-attibooks-key-id"]) == ("ws-1", "new")


async def test_no_token_and_no_key_travels_with_it(gateway, server):
    server.on("POST", "/hook/abc", Answer(status=202))
    await gateway.call_back("ws-1", f"{server.url}/hook/abc", BODY)
    headers = server.calls("POST", "/hook/abc")[0].headers
    assert not {"authorization", "x-accounting-access-token", "idempotency-key", "x-attio-user-id"} & set(headers)
    assert "s3cret" not in json.dumps(dict(headers))


async def test_the_query_of_the_address_is_signed_too(gateway, server, host):
    server.on("POST", "/hook", Answer(status=202))
    await gateway.call_back("ws-1", f"{server.url}/hook?id=7", BODY)
    at = int(host.clock.monotonic())
    expected = sign(
        callback_key("s3cret", "ws-1"), timestamp=at, method="POST", target="/hook?id=7", workspace="ws-1", body=BODY
    )
    assert server.calls("POST", "/hook")[0].headers["x-attibooks-signature"] == expected


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_every_good_answer_is_taken(gateway, server, status):
    server.on("POST", "/hook", Answer(status=status))
    await gateway.call_back("ws-1", f"{server.url}/hook", BODY)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (409, ReconnectNeeded),
        (404, NotFound),
        (410, NotFound),
        (401, Unavailable),
        (400, Unavailable),
        (302, Unavailable),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
async def test_every_other_answer_says_whether_it_is_worth_asking_again(gateway, server, status, error):
    server.on("POST", "/hook", Answer({"access_token": "stolen"}, status))
    with pytest.raises(error) as raised:
        await gateway.call_back("ws-1", f"{server.url}/hook", BODY)
    assert "stolen" not in raised.value.message


async def test_an_app_that_hangs_up_or_is_not_there_is_asked_again_later(gateway, server):
    server.on("POST", "/hook", Answer(cut=True))
    with pytest.raises(Unavailable):
        await gateway.call_back("ws-1", f"{server.url}/hook", BODY)
    with pytest.raises(Unavailable):
        await gateway.call_back("ws-1", "http://127.0.0.1:1/hook", BODY)


async def test_a_host_without_secrets_says_so(client, schema, host):
    gateway = AttioGateway(host.http, client, schema, AttioHostSettings(), host.clock)
    with pytest.raises(Unavailable, match="APP_SECRETS"):
        await gateway.call_back("ws-1", "http://127.0.0.1:1/hook", BODY)
