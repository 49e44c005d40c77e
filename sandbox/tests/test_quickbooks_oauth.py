"""OAuth 2.0 and OpenID Connect as plain HTTP: consent, codes, tokens and their lives, revocation (reference §2, §14)."""

import subprocess
import sys
from base64 import urlsafe_b64decode
from html.parser import HTMLParser
from json import loads
from urllib.parse import parse_qsl, urlsplit

import pytest

CALLBACK = "http://localhost:8000/callback"
SCOPE = "com.intuit.quickbooks.accounting openid profile email phone address"
DAY = 86_400


class App:
    """An app with a pair of keys, and the browser of the user that it sends about."""

    def __init__(self, box, http, keys=None, environment="sandbox"):
        self.box, self.http = box, http
        self.keys = keys or box.world["quickbooks"]
        document = "openid_sandbox_configuration" if environment == "sandbox" else "openid_configuration"
        self.addresses = http.get(f"{box.url}/quickbooks/.well-known/{document}").json()

    @property
    def basic(self):
        return (self.keys["client_id"], self.keys["client_secret"])

    def asking(self, **parameters):
        return {
            "client_id": self.keys["client_id"],
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": CALLBACK,
            "state": "s-71",
        } | parameters

    def page(self, **parameters):
        return self.http.get(self.addresses["authorization_endpoint"], params=self.asking(**parameters))

    def decide(self, decision="connect", company=None, **parameters):
        facts = self.box.company()
        choice = {"company": company or f"sandbox:{facts['realm']}", "decision": decision}
        return self.http.post(self.addresses["authorization_endpoint"], params=self.asking(**parameters), data=choice)

    def callback(self, **options):
        answer = self.decide(**options)
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def token(self, status=200, auth=None, headers=None, **form):
        answer = self.http.post(
            self.addresses["token_endpoint"], data=form, auth=auth or self.basic, headers=headers or {}
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    def exchange(self, code=None, **options):
        options = {"redirect_uri": CALLBACK} | options
        return self.token(grant_type="authorization_code", code=code or self.callback()["code"], **options)

    def refresh(self, value, **options):
        return self.token(grant_type="refresh_token", refresh_token=value, **options)

    def revoke(self, status=200, **options):
        answer = self.http.post(self.addresses["revocation_endpoint"], **({"auth": self.basic} | options))
        assert (answer.status_code, answer.content) == (status, b"")

    def read(self, token, facts=None):
        """The status of reading the company with a token."""
        facts = facts or self.box.company()
        url = f"{self.box.quickbooks_url(facts['environment'])}/v3/company/{facts['realm']}/companyinfo/1"
        return self.http.get(url, headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.fixture
def app(box, http):
    return App(box, http)


class Form(HTMLParser):
    """What a keyboard reaches in a page."""

    def __init__(self, text):
        super().__init__()
        self.inputs, self.buttons, self.scripts = [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        if tag == "input":
            self.inputs.append(facts)
        if tag == "button":
            self.buttons.append(facts)
        self.scripts += tag == "script"


def claims_of(id_token):
    head, claims, _ = id_token.split(".")
    return [loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, claims)]


# discovery


def test_discovery_names_the_vendors_issuer_and_our_own_addresses(box, http):
    production = http.get(f"{box.url}/quickbooks/.well-known/openid_configuration").json()
    sandbox = http.get(f"{box.url}/quickbooks/.well-known/openid_sandbox_configuration").json()
    assert set(production) == set(sandbox) == {
        "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "revocation_endpoint", "jwks_uri",
        "response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
        "scopes_supported", "token_endpoint_auth_methods_supported", "claims_supported",
    }  # fmt: skip
    assert production["issuer"] == "https://oauth.platform.intuit.com/op/v1"
    assert {name for name in production if production[name] != sandbox[name]} == {"userinfo_endpoint"}
    assert sandbox["token_endpoint"] == f"{box.url}/quickbooks/oauth2/v1/tokens/bearer"


def test_addresses_beside_these_are_404_pages(box, http):
    answer = http.get(f"{box.url}/quickbooks/oauth2/v1/tokens/bearer")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html;charset=utf-8")


# consent


def test_the_consent_page_is_a_plain_form_over_the_companies_of_the_keys(app):
    answer = app.page()
    form = Form(answer.text)
    assert (answer.status_code, form.scripts) == (200, 0)
    companies = app.box.world["quickbooks"]["companies"]
    radios = [each["value"] for each in form.inputs if each["type"] == "radio"]
    assert sorted(radios) == sorted(f"{each['environment']}:{each['realm']}" for each in companies)
    assert [each["value"] for each in form.buttons] == ["connect", "cancel"]
    assert "Lindenhof Beratung" in answer.text
    assert "Ashdown &amp; Vale" in answer.text
    assert "form-action 'self' http://localhost:8000" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("environment", ["production", "sandbox"])
def test_the_vendors_pairs_of_keys_reach_one_environment_each(app, environment):
    app.keys = app.box.world["quickbooks"]["clients"][environment]
    offered = {each["value"].partition(":")[0] for each in Form(app.page().text).inputs}
    assert offered == {environment}
    other = app.box.company(environment="sandbox" if environment == "production" else "production")
    refused = app.decide(company=f"{other['environment']}:{other['realm']}")
    assert (refused.status_code, "Location" in refused.headers) == (400, False)


def test_consent_sends_code_state_and_realm_to_the_app(app):
    answer = app.callback(state="a b&c=d/ü")
    assert set(answer) == {"code", "state", "realmId"}
    assert answer["state"] == "a b&c=d/ü"
    assert answer["realmId"] == app.box.company()["realm"]
    assert len(answer["code"]) <= 512


def test_a_user_who_cancels_sends_access_denied_to_the_app(app):
    answer = app.decide(decision="cancel")
    assert answer.headers["Location"] == f"{CALLBACK}?error=access_denied&state=s-71"


@pytest.mark.parametrize("scope", ["", "openid com.intuit.quickbooks.everything"])
def test_scopes_that_there_are_not_send_invalid_scope_to_the_app(app, scope):
    answer = app.page(scope=scope)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{CALLBACK}?error=invalid_scope&state=s-71")


def test_claims_that_are_no_json_send_invalid_request_to_the_app(app):
    assert app.page(claims="{").headers["Location"] == f"{CALLBACK}?error=invalid_request&state=s-71"
    assert app.page(claims='{"id_token":{"realmId":null}}').status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "ABunknown"},
        {"response_type": "token"},
        {"state": ""},
        {"redirect_uri": ""},
        {"redirect_uri": "http://app.example/callback"},
        {"redirect_uri": "http://localhost:8000/callback?x=1"},
        {"redirect_uri": "https://app.example/callback#part"},
        {"redirect_uri": "https://user@app.example/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "https://app.example/\r\nSet-Cookie: a=b"},
        {"redirect_uri": "http://localhost:port/"},
    ],
)
def test_what_must_not_be_answered_at_the_apps_address_is_a_page(app, wrong):
    for answer in (app.page(**wrong), app.decide(**wrong)):
        assert (answer.status_code, "Location" in answer.headers) == (400, False)
        assert "The app cannot be connected" in answer.text


def test_what_the_app_sends_is_shown_escaped(app):
    answer = app.page(client_id="<script>alert(1)</script>")
    assert "<script>" not in answer.text


def test_registered_redirect_addresses_are_compared_exactly(app):
    app.http.post(f"{app.box.url}/control/quickbooks/redirects", json={"redirect_uris": ["https://app.example/cb"]})
    assert app.page(redirect_uri="https://app.example/cb").status_code == 200
    assert app.page(redirect_uri="https://app.example/cb/").status_code == 400
    assert app.page().status_code == 400
    refused = app.http.post(f"{app.box.url}/control/quickbooks/redirects", json={"redirect_uris": ["ftp://a"]})
    assert refused.status_code == 400


def test_without_a_scope_of_companies_there_is_no_company_to_choose(app):
    assert [each for each in Form(app.page(scope="openid email").text).inputs if each["type"] == "radio"] == []
    answer = app.callback(scope="openid email", company="none")
    assert set(answer) == {"code", "state"}
    tokens = app.exchange(answer["code"])
    assert "realmid" not in claims_of(tokens["id_token"])[1]
    assert app.read(tokens["access_token"]) == 403


# codes


def test_a_code_is_exchanged_for_the_tokens_of_the_chosen_company(app):
    facts = app.box.company("DE")
    tokens = app.exchange(app.callback(company=f"sandbox:{facts['realm']}")["code"])
    assert set(tokens) == {
        "token_type", "access_token", "expires_in", "refresh_token", "x_refresh_token_expires_in", "id_token",
    }  # fmt: skip
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 3600)
    assert tokens["x_refresh_token_expires_in"] == 8_726_400
    assert app.read(tokens["access_token"], facts) == 200
    assert app.read(tokens["access_token"]) == 403


def test_row_39_the_identity_token_names_vendor_app_company_and_key(app):
    app.box.clock.freeze("2026-11-23T08:15:00Z")
    code = app.callback()["code"]
    app.box.clock.advance(30)
    head, claims = claims_of(app.exchange(code)["id_token"])
    (key,) = app.http.get(app.addresses["jwks_uri"]).json()["keys"]
    assert head == {"kid": key["kid"], "alg": "RS256"}
    assert {name: key[name] for name in ("kty", "e", "use", "alg")} == {
        "kty": "RSA", "e": "AQAB", "use": "sig", "alg": "RS256",
    }  # fmt: skip
    subject = claims.pop("sub")
    assert len(subject) == 36
    assert claims == {
        "aud": [app.keys["client_id"]],
        "realmid": app.box.company()["realm"],
        "auth_time": 1795421700,
        "iss": "https://oauth.platform.intuit.com/op/v1",
        "exp": 1795425330,
        "iat": 1795421730,
    }


def test_without_openid_there_is_no_identity_token(app):
    scope = "com.intuit.quickbooks.accounting"
    tokens = app.exchange(app.callback(scope=scope)["code"])
    assert "id_token" not in tokens
    answer = app.http.get(
        app.addresses["userinfo_endpoint"], headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )
    assert (answer.status_code, answer.json()) == (403, {"error": "insufficient_scope"})


def test_a_code_lives_five_minutes(app):
    app.box.clock.freeze("2026-11-23T08:15:00Z")
    young, old = app.callback()["code"], app.callback()["code"]
    app.box.clock.advance(299)
    app.exchange(young)
    app.box.clock.advance(1)
    assert app.exchange(old, status=400) == {"error_description": "Token invalid", "error": "invalid_grant"}


def test_row_40_a_code_exchanged_twice_is_refused_and_ends_the_first_tokens(app):
    code = app.callback()["code"]
    first = app.exchange(code)
    assert app.exchange(code, status=400)["error"] == "invalid_grant"
    assert app.read(first["access_token"]) == 401
    assert app.refresh(first["refresh_token"], status=400)["error"] == "invalid_grant"


def test_row_40_switched_off_the_first_tokens_live_on(app):
    app.box.switch(code_replay="refuse")
    code = app.callback()["code"]
    first = app.exchange(code)
    assert app.exchange(code, status=400)["error"] == "invalid_grant"
    assert app.read(first["access_token"]) == 200


def test_a_code_is_for_the_client_and_the_address_that_it_was_given_to(app):
    code = app.callback()["code"]
    other = app.box.world["quickbooks"]["clients"]["sandbox"]
    auth = (other["client_id"], other["client_secret"])
    wrong_client = app.exchange(code, status=400, auth=auth)
    assert wrong_client == {"error_description": "Incorrect Token type or clientID", "error": "invalid_grant"}
    assert app.exchange(code, status=400, redirect_uri="http://localhost:8000/") == {"error": "invalid_request"}
    assert app.exchange(code)["token_type"] == "bearer"
    assert app.exchange("AB11unknown", status=400)["error"] == "invalid_grant"


# the token endpoint


def test_token_answers_are_never_cached_and_carry_a_trace_id(app):
    answer = app.http.post(app.addresses["token_endpoint"], data={"grant_type": "x"}, auth=app.basic)
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.headers["intuit_tid"]


@pytest.mark.parametrize(
    "auth", [("ABnobody", "secret"), ("", ""), "secret", "header"], ids=["client", "empty", "secret", "malformed"]
)
def test_wrong_keys_are_401_invalid_client(app, auth):
    headers = {"Authorization": "Basic ###"} if auth == "header" else {}
    given = (app.keys["client_id"], "wrong") if isinstance(auth, str) else auth
    form = {"grant_type": "refresh_token", "refresh_token": app.box.company()["refresh_token"]}
    answer = app.http.post(app.addresses["token_endpoint"], data=form, auth=None if headers else given, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_keys_may_come_in_the_form(app):
    form = {
        "grant_type": "refresh_token",
        "refresh_token": app.box.company()["refresh_token"],
        "client_id": app.keys["client_id"],
        "client_secret": app.keys["client_secret"],
    }
    assert app.http.post(app.addresses["token_endpoint"], data=form).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "RT1-unknown"}, "invalid_grant"),
    ],
)
def test_wrong_token_requests_are_400_with_their_name(app, form, error):
    assert app.token(status=400, **form)["error"] == error


def test_a_token_request_that_is_no_form_is_400(app):
    answer = app.http.post(app.addresses["token_endpoint"], json={"grant_type": "refresh_token"}, auth=app.basic)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


# lives of tokens


def test_an_access_token_lives_an_hour_and_a_refreshed_one_follows_it(app):
    app.box.clock.freeze("2026-11-23T08:15:00Z")
    first = app.exchange()
    app.box.clock.advance(3599)
    assert app.read(first["access_token"]) == 200
    app.box.clock.advance(1)
    assert app.read(first["access_token"]) == 401
    second = app.refresh(first["refresh_token"])
    assert "id_token" not in second
    assert second["access_token"] != first["access_token"]
    assert app.read(second["access_token"]) == 200


def test_a_refresh_token_changes_after_a_day_and_the_old_one_is_dead_at_once(app):
    app.box.clock.freeze("2026-11-23T08:15:00Z")
    first = app.exchange()["refresh_token"]
    app.box.clock.advance(DAY)
    assert app.refresh(first)["refresh_token"] == first
    app.box.clock.advance(1)
    second = app.refresh(first)["refresh_token"]
    assert second != first
    assert app.refresh(first, status=400) == {"error_description": "Token invalid", "error": "invalid_grant"}
    assert app.refresh(second)["refresh_token"] == second


def test_by_the_switch_the_last_refresh_token_lives_on_for_a_day(app):
    app.box.switch(refresh_grace=True)
    app.box.clock.freeze("2026-11-23T08:15:00Z")
    first = app.exchange()["refresh_token"]
    app.box.clock.advance(2 * DAY)
    second = app.refresh(first)["refresh_token"]
    app.box.clock.advance(DAY - 1)
    assert app.refresh(first)["refresh_token"] == second
    app.box.clock.advance(1)
    assert app.refresh(first, status=400)["error"] == "invalid_grant"
    app.box.clock.advance(1)
    third = app.refresh(second)["refresh_token"]
    assert third not in {first, second}
    assert app.refresh(first, status=400)["error"] == "invalid_grant"


def test_an_unused_refresh_token_dies_after_a_hundred_days_and_each_use_gives_it_a_hundred_more(app):
    app.box.clock.freeze("2026-11-23T08:15:00Z")
    value = app.exchange()["refresh_token"]
    for _ in range(3):
        app.box.clock.advance(100 * DAY - 1)
        value = app.refresh(value)["refresh_token"]
    app.box.clock.advance(100 * DAY)
    assert app.refresh(value, status=400)["error"] == "invalid_grant"


def test_a_grant_ends_after_five_years_whatever_is_refreshed(app):
    hard = {"x-include-refresh-token-hard-expires-in": "true"}
    app.box.clock.freeze("2026-11-23T08:15:00Z")
    tokens = app.exchange(headers=hard)
    assert tokens["x_refresh_token_hard_expires_in"] == 157_680_000
    for _ in range(19):
        app.box.clock.advance(95 * DAY)
        tokens = app.refresh(tokens["refresh_token"], headers=hard)
    assert tokens["x_refresh_token_hard_expires_in"] == tokens["x_refresh_token_expires_in"] == 20 * DAY
    app.box.clock.advance(20 * DAY)
    assert app.refresh(tokens["refresh_token"], status=400)["error"] == "invalid_grant"


def test_a_refresh_token_is_for_its_client_only(app):
    other = app.box.world["quickbooks"]["clients"]["sandbox"]
    auth = (other["client_id"], other["client_secret"])
    refused = app.refresh(app.box.company()["refresh_token"], status=400, auth=auth)
    assert refused == {"error_description": "Incorrect Token type or clientID", "error": "invalid_grant"}
    access = app.refresh(app.box.company()["access_token"], status=400)
    assert access == {"error_description": "Incorrect Token type or clientID", "error": "invalid_grant"}


def test_every_refresh_token_of_the_world_works_with_its_keys(app):
    for facts in app.box.world["quickbooks"]["companies"]:
        tokens = app.refresh(facts["refresh_token"])
        assert app.read(tokens["access_token"], facts) == 200
        assert app.read(facts["access_token"], facts) == 200


def test_the_world_shows_the_refresh_token_that_works_now(app):
    app.box.clock.freeze("2026-11-23T08:15:00Z")
    first = app.box.company()["refresh_token"]
    app.refresh(first)
    app.box.clock.advance(2 * DAY)
    second = app.refresh(first)["refresh_token"]
    assert app.box.company()["refresh_token"] == second != first


def test_values_repeat_after_a_reset(app):
    first = app.exchange()
    app.box.reset()
    second = app.exchange()
    assert {name: first[name] for name in first if name != "id_token"} == {
        name: second[name] for name in second if name != "id_token"
    }


# revocation


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
@pytest.mark.parametrize("form", ["json", "data"])
def test_revoking_either_token_ends_the_grant(app, kind, form):
    tokens = app.exchange()
    later = app.refresh(tokens["refresh_token"])
    app.revoke(**{form: {"token": tokens[kind]}})
    assert app.read(tokens["access_token"]) == 401
    assert app.read(later["access_token"]) == 401
    assert app.refresh(tokens["refresh_token"], status=400)["error"] == "invalid_grant"
    app.revoke(status=400, json={"token": tokens[kind]})


def test_revoking_leaves_other_grants_of_the_company_alone(app):
    first, second = app.exchange(), app.exchange()
    app.revoke(json={"token": first["refresh_token"]})
    assert app.read(second["access_token"]) == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"token": 7}'])
def test_revoking_nothing_is_400(app, body):
    answer = app.http.post(
        app.addresses["revocation_endpoint"], content=body, headers={"Content-Type": "application/json"}, auth=app.basic
    )
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


def test_revoking_needs_the_keys_of_the_grant(app):
    token = {"token": app.box.company()["refresh_token"]}
    answer = app.http.post(app.addresses["revocation_endpoint"], json=token, auth=("ABnobody", "x"))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    other = app.box.world["quickbooks"]["clients"]["sandbox"]
    app.revoke(status=400, json=token, auth=(other["client_id"], other["client_secret"]))
    assert app.refresh(token["token"])["token_type"] == "bearer"


def test_a_token_revoked_by_control_takes_its_refresh_token_along(app):
    facts = app.box.company()
    app.box.token("quickbooks", access_token=facts["access_token"], active=False)
    assert app.read(facts["access_token"]) == 401
    assert app.refresh(facts["refresh_token"], status=400)["error"] == "invalid_grant"
    app.box.token("quickbooks", access_token=facts["access_token"], active=True)
    assert app.refresh(facts["refresh_token"])["token_type"] == "bearer"


def test_tokens_issued_by_control_have_the_scopes_client_and_end_that_were_asked_for(app):
    facts = app.box.company()
    keys = app.box.world["quickbooks"]["clients"]["sandbox"]
    issued = app.box.control(
        "POST",
        "tokens",
        {
            "service": "quickbooks",
            "environment": "sandbox",
            "realm": facts["realm"],
            "scopes": ["openid"],
            "client_id": keys["client_id"],
            "expires_in": 60,
        },
    )
    assert app.read(issued["access_token"]) == 403
    assert app.refresh(issued["refresh_token"], status=400)["error"] == "invalid_grant"
    app.keys = keys
    assert app.refresh(issued["refresh_token"])["token_type"] == "bearer"
    app.box.clock.advance(61)
    assert app.read(issued["access_token"]) == 401


# who the user is


@pytest.mark.parametrize("environment", ["production", "sandbox"])
def test_user_info_is_that_of_the_environment_and_names_no_company(box, http, environment):
    app = App(box, http, environment=environment)
    facts = box.company(environment=environment)
    headers = {"Authorization": f"Bearer {facts['access_token']}"}
    answer = http.get(app.addresses["userinfo_endpoint"], headers=headers, params={"minorversion": 75}).json()
    assert set(answer) == {
        "sub", "email", "emailVerified", "givenName", "familyName", "phoneNumber", "phoneNumberVerified", "address",
    }  # fmt: skip
    assert set(answer["address"]) == {"streetAddress", "locality", "region", "postalCode", "country"}
    other = App(box, http, environment="sandbox" if environment == "production" else "production")
    refused = http.get(other.addresses["userinfo_endpoint"], headers=headers)
    assert (refused.status_code, refused.json()) == (401, {"error": "invalid_token"})


def test_user_info_shows_what_the_scopes_allow(app):
    tokens = app.exchange(app.callback(scope="com.intuit.quickbooks.accounting openid email")["code"])
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = app.http.get(app.addresses["userinfo_endpoint"], headers=headers).json()
    assert set(answer) == {"sub", "email", "emailVerified"}
    assert answer["sub"] == claims_of(tokens["id_token"])[1]["sub"]
    app.box.clock.advance(3601)
    assert app.http.get(app.addresses["userinfo_endpoint"], headers=headers).status_code == 401


# weather


def test_faults_strike_the_token_endpoint_after_its_work_is_done(app):
    app.box.clock.freeze("2026-11-23T08:15:00Z")
    first = app.exchange()["refresh_token"]
    app.box.clock.advance(2 * DAY)
    app.box.faults.add("quickbooks", "status", path="/oauth2/v1/tokens/bearer", status=503, after_commit=True)
    lost = app.http.post(
        app.addresses["token_endpoint"], data={"grant_type": "refresh_token", "refresh_token": first}, auth=app.basic
    )
    assert (lost.status_code, lost.headers["Content-Type"]) == (503, "text/html;charset=utf-8")
    assert app.refresh(first, status=400)["error"] == "invalid_grant"


def test_calls_for_tokens_are_counted_as_oauth_and_their_keys_are_not_shown(app):
    app.box.clear_calls()
    app.refresh(app.box.company()["refresh_token"])
    (call,) = app.box.calls("quickbooks", "oauth")
    assert (call["path"], call["headers"]["authorization"]) == ("/oauth2/v1/tokens/bearer", "Basic ***")


def test_the_sandbox_starts_without_loading_the_code_of_signatures():
    script = (
        "import sys; from attibooks_sandbox.app import create_app; create_app(); print('cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
