"""Intuit's OAuth: what is sent, and what every answer means."""

import base64
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from attibooks_core.capabilities import GrantingBackend
from attibooks_core.errors import AccountMismatch, ReconnectNeeded, Unavailable
from attibooks_core.testing import Answer
from attibooks_quickbooks.backend import QuickBooksBackend
from attibooks_quickbooks.settings import QuickBooksHostSettings

GOOD = {
    "token_type": "bearer",
    "access_token": "access-1",
    "expires_in": 3600,
    "refresh_token": "RT1-1",
    "x_refresh_token_expires_in": 8726400,
}
COMPANY = "/v3/company/9130/companyinfo/9130"
INFO = {"CompanyInfo": {"CompanyName": "Acme", "Country": "US"}}


@pytest.fixture
def make(server, host):
    def made(**more):
        settings = QuickBooksHostSettings(
            production_api_url=server.url,
            sandbox_api_url=server.url,
            authorize_url=f"{server.url}/connect",
            token_url=f"{server.url}/tokens",
            revoke_url=f"{server.url}/revoke",
            **{"client_id": "AB1", "client_secret": "s3cret", **more},
        )
        return QuickBooksBackend(host.http, host.clock, settings)

    return made


@pytest.fixture
def backend(make):
    return make()


def exchange(backend):
    return backend.exchange(
        "production", code="AB11", verifier="verifier", redirect_uri="https://host/cb", company_id="9130"
    )


async def test_the_backend_can_be_granted_where_it_has_keys(make):
    assert isinstance(make(), GrantingBackend)
    assert make().can_be_granted("production")
    assert make().can_be_granted("sandbox"), "with the only pair there is"
    assert not make(client_id=None).can_be_granted("production")
    assert not make(client_secret=None).can_be_granted("production")
    development = make(client_id=None, sandbox_client_id="AB2", sandbox_client_secret="x")
    assert (development.can_be_granted("production"), development.can_be_granted("sandbox")) == (False, True)


async def test_the_sandbox_has_a_pair_of_its_own(make):
    backend = make(sandbox_client_id="AB2", sandbox_client_secret="other")
    url = backend.authorize_url("sandbox", state="st", challenge="ch", redirect_uri="https://host/cb")
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "client_id": "AB2",
        "scope": "com.intuit.quickbooks.accounting openid",
        "redirect_uri": "https://host/cb",
        "response_type": "code",
        "state": "st",
        "code_challenge": "ch",
        "code_challenge_method": "S256",
    }


async def test_a_code_becomes_tokens_once_the_company_has_confirmed_them(backend, server, host):
    server.on("POST", "/tokens", Answer(GOOD))
    server.on("GET", COMPANY, Answer(INFO))
    tokens = await exchange(backend)
    (asked,) = server.calls("POST", "/tokens")
    form = {k: v[0] for k, v in parse_qs(asked.body.decode()).items()}
    assert form == {
        "grant_type": "authorization_code",
        "code": "AB11",
        "redirect_uri": "https://host/cb",
        "code_verifier": "verifier",
    }
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"AB1:s3cret").decode()
    assert server.calls("GET", COMPANY)[0].headers["authorization"] == "Bearer access-1"
    assert tokens.refresh.get_secret_value() == "RT1-1"
    assert tokens.expires_at == host.clock.now() + timedelta(hours=1)
    assert tokens.refresh_expires_at == host.clock.now() + timedelta(days=101)
    assert "access-1" not in repr(tokens)


async def test_numbers_may_come_as_strings(backend, server, host):
    server.on("POST", "/tokens", Answer({**GOOD, "expires_in": "1800", "x_refresh_token_expires_in": "60"}))
    tokens = await backend.refresh("production", SecretStr("RT1-0"))
    assert tokens.expires_at == host.clock.now() + timedelta(seconds=1800)


async def test_tokens_of_another_company_are_given_back(backend, server):
    server.on("POST", "/tokens", Answer(GOOD))
    server.on("GET", COMPANY, Answer({"fault": {"error": [{"code": "3100"}], "type": "AUTHORIZATION"}}, 403))
    server.on("POST", "/revoke", Answer())
    with pytest.raises(AccountMismatch):
        await exchange(backend)
    assert parse_qs(server.calls("POST", "/revoke")[0].body.decode()) == {"token": ["RT1-1"]}


async def test_tokens_that_nobody_could_confirm_are_given_back(backend, server):
    server.on("POST", "/tokens", Answer(GOOD))
    server.on("GET", COMPANY, Answer("busy", 503))
    server.on("POST", "/revoke", Answer("busy", 503))
    with pytest.raises(Unavailable):
        await exchange(backend)
    assert len(server.calls("POST", "/revoke")) == 1


async def test_only_a_refused_grant_ends_the_connection(backend, server):
    """Row X3: a server that is down, or a wrong secret of ours, is no reason to give a customer's grant up."""
    refusals = [
        (400, {"error": "invalid_grant"}, ReconnectNeeded),
        (400, {"error_description": "Token invalid", "error": "invalid_grant"}, ReconnectNeeded),
        (401, {"error": "invalid_client"}, Unavailable),
        (400, {"error": "invalid_request"}, Unavailable),
        (400, {"error": "unsupported_grant_type"}, Unavailable),
        (400, "<html>", Unavailable),
        (403, {}, Unavailable),
        (429, {}, Unavailable),
        (500, "<html>", Unavailable),
        (503, {"error": "invalid_grant"}, Unavailable),
        (200, "<html>", Unavailable),
        (200, {**GOOD, "refresh_token": ""}, Unavailable),
        (200, {"error": "invalid_grant"}, Unavailable),
        (302, "", Unavailable),
    ]
    for status, body, error in refusals:
        server.on("POST", "/tokens", Answer(body, status))
        with pytest.raises(error) as raised:
            await backend.refresh("production", SecretStr("RT1-secret"))
        assert "RT1" not in raised.value.message
        assert "s3cret" not in raised.value.message


async def test_a_refresh_is_never_repeated_by_itself(backend, server):
    """The first call may have changed the refresh token: a repeat would be refused, and look like the end."""
    server.on("POST", "/tokens", Answer(cut=True))
    with pytest.raises(Unavailable):
        await backend.refresh("production", SecretStr("RT1-0"))
    assert len(server.calls("POST", "/tokens")) == 1


@pytest.mark.parametrize("status", [200, 400])
async def test_revoking_what_has_ended_already_is_fine(backend, server, status):
    server.on("POST", "/revoke", Answer(status=status))
    await backend.revoke("production", SecretStr("RT1-0"))


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_a_revocation_that_was_not_heard_says_so(backend, server, status):
    server.on("POST", "/revoke", Answer(status=status))
    with pytest.raises(Unavailable):
        await backend.revoke("production", SecretStr("RT1-0"))


async def test_without_keys_nothing_is_asked(make, server):
    with pytest.raises(Unavailable, match="CLIENT_ID"):
        await make(client_id=None).refresh("production", SecretStr("RT1-0"))


@pytest.mark.parametrize("name", ["authorize_url", "token_url", "revoke_url"])
async def test_tokens_travel_over_https_only(name):
    with pytest.raises(ValueError, match="https") as raised:
        QuickBooksHostSettings(**{name: "http://intuit.example/x", "client_secret": "s3cret"})
    assert "s3cret" not in str(raised.value)
