"""Intuit's own OAuth clients drive the sandbox unchanged: intuit-oauth from PyPI (1.2.6) and from npm (4.2.5)."""

import warnings
from urllib.parse import parse_qsl, urlsplit

import pytest
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from intuitlib.utils import validate_id_token
from quickbooks import QuickBooks
from quickbooks.objects import CompanyInfo, Invoice

CALLBACK = "http://localhost:8000/callback"
DAY = 86_400
LINE = {"DetailType": "SalesItemLineDetail", "Amount": 150, "SalesItemLineDetail": {"ItemRef": {"value": "3"}}}
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


def discovery(box, environment="sandbox"):
    document = {"sandbox": "openid_sandbox_configuration", "production": "openid_configuration"}[environment]
    return f"{box.url}/quickbooks/.well-known/{document}"


def consent(http, url, facts):
    """What the user does in the browser: choose a company, connect. Returns the address that the app is called at."""
    assert http.get(url).status_code == 200
    choice = {"company": f"{facts['environment']}:{facts['realm']}", "decision": "connect"}
    return http.post(url, data=choice).headers["Location"]


@pytest.fixture
def make_client(box):
    made = []

    def make(environment="sandbox", **options):
        keys = box.world["quickbooks"]["clients"][environment]
        client = AuthClient(keys["client_id"], keys["client_secret"], CALLBACK, discovery(box, environment), **options)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client):
    return make_client()


def connect(client, http, facts, scopes=(Scopes.ACCOUNTING, Scopes.OPENID, Scopes.EMAIL, Scopes.PROFILE)):
    url = client.get_authorization_url(list(scopes))
    callback = dict(parse_qsl(urlsplit(consent(http, url, facts)).query))
    assert callback["state"] == client.state_token
    client.get_bearer_token(callback["code"], realm_id=callback["realmId"])
    return callback


# PyPI


@pytest.mark.parametrize("environment", ["sandbox", "production"])
def test_intuit_oauth_python_connects_a_company_and_validates_the_identity(box, http, make_client, environment):
    facts = box.company(environment=environment)
    client = make_client(environment)
    connect(client, http, facts)
    assert (client.realm_id, client.expires_in) == (facts["realm"], 3600)
    assert client.x_refresh_token_expires_in == 8_726_400
    assert client.id_token is not None  # it keeps only one whose signature, audience, issuer and time are right
    headers = {"Authorization": f"Bearer {client.access_token}", "Accept": "application/json"}
    url = f"{box.quickbooks_url(environment)}/v3/company/{client.realm_id}/companyinfo/{client.realm_id}"
    assert http.get(url, headers=headers).json()["CompanyInfo"]["CompanyName"] == facts["name"]


def test_intuit_oauth_python_refuses_an_identity_that_was_tampered_with(box, http, client):
    connect(client, http, box.company())
    facts = (client.client_id, client.issuer_uri, client.jwks_uri)
    assert validate_id_token(client.id_token, *facts)
    head, claims, signature = client.id_token.split(".")
    forged = ("A" if signature[0] != "A" else "B") + signature[1:]
    assert not validate_id_token(f"{head}.{claims}.{forged}", *facts)


def test_intuit_oauth_python_reads_who_the_user_is(box, http, client):
    connect(client, http, box.company())
    answer = client.get_user_info().json()
    assert set(answer) == {"sub", "email", "emailVerified", "givenName", "familyName"}


def test_intuit_oauth_python_refreshes_over_the_days(box, http, client):
    box.clock.freeze("2026-11-23T08:15:00Z")
    client.refresh(refresh_token=token_of_the_world(box, client))
    first, access = client.refresh_token, client.access_token
    client.refresh()
    assert client.refresh_token == first
    assert client.access_token != access
    box.clock.advance(DAY + 1)
    client.refresh()
    assert client.refresh_token != first
    with pytest.raises(AuthClientError) as caught:
        client.refresh(refresh_token=first)
    assert (caught.value.status_code, "invalid_grant" in str(caught.value.content)) == (400, True)
    assert caught.value.intuit_tid


def token_of_the_world(box, client):
    """Gives a client the keys that the world's own tokens were issued to, and returns a refresh token of them."""
    world = box.world["quickbooks"]
    client.client_id, client.client_secret = world["client_id"], world["client_secret"]
    return box.company()["refresh_token"]


def test_intuit_oauth_python_revokes_as_json_and_is_out(box, http, client):
    connect(client, http, box.company())
    assert client.revoke(token=client.refresh_token) is True
    for call in (client.refresh, client.get_user_info, client.revoke):
        with pytest.raises(AuthClientError):
            call()


def test_intuit_oauth_python_with_wrong_keys_is_refused(box, client):
    client.client_secret = "wrong"
    with pytest.raises(AuthClientError) as caught:
        client.refresh(refresh_token=box.company()["refresh_token"])
    assert caught.value.status_code == 401


def test_python_quickbooks_begins_with_a_refresh_through_intuit_oauth_and_writes_an_invoice(
    monkeypatch, box, http, client
):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{box.quickbooks_url('sandbox')}/v3")
    facts = box.company()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        books = QuickBooks(
            auth_client=client,
            refresh_token=token_of_the_world(box, client),
            company_id=facts["realm"],
            minorversion=75,
        )
    with books.session:
        assert CompanyInfo.get(1, qb=books).CompanyName == facts["name"]
        assert Invoice.count(qb=books) == 3
        invoice = Invoice.from_json({"CustomerRef": {"value": "1"}, "Line": [LINE]})
        assert invoice.save(qb=books).TotalAmt == 150


# npm


def run_intuit_oauth(run_node, box, environment="sandbox", **more):
    keys = box.world["quickbooks"]["clients"][environment]
    return run_node(
        "intuit-oauth",
        keys=keys,
        callback=CALLBACK,
        environment=environment,
        base=f"{box.url}/quickbooks",
        accounts={"sandbox": "/sandbox-accounts", "production": "/accounts"}[environment],
        api=box.quickbooks_url(environment),
        **more,
    )


@pytest.mark.parametrize("environment", ["sandbox", "production"])
def test_intuit_oauth_npm_goes_the_whole_way(run_node, box, environment):
    facts = box.company(environment=environment)
    seen = run_intuit_oauth(run_node, box, environment, company=f"{environment}:{facts['realm']}")
    assert seen["realm"] == facts["realm"]
    assert seen["identity"] is True
    assert set(seen["user"]) == {"sub", "email", "emailVerified", "givenName", "familyName"}
    assert seen["company"] == facts["name"]
    assert 157_679_900 < seen["hard"] <= 157_680_000
    assert seen["refreshed"] == {"same_refresh_token": True, "other_access_token": True, "has_identity": False}
    assert seen["revoked"] == 200
    assert seen["after"] == {"refresh": "invalid_grant", "code": "invalid_grant"}
