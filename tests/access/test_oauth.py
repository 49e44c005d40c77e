"""Connecting a company through the host itself, against the sandbox's consent page; both databases."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx
import pytest

from tests.desk import Desk
from tests.host_process import HostProcess

TOKENS = "/oauth2/v1/tokens/bearer"
REVOKE = "/v2/oauth2/tokens/revoke"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def vault_host(request, tmp_path_factory, host_environment, empty_database, box):
    """A host of somebody who has an app of their own at Intuit."""
    folder = tmp_path_factory.mktemp(f"vault-host-{request.param}")
    keys = box.world["quickbooks"]
    environment = {
        **host_environment,
        **empty_database(request.param, folder),
        "ATTIBOOKS_QUICKBOOKS__CLIENT_ID": keys["client_id"],
        "ATTIBOOKS_QUICKBOOKS__CLIENT_SECRET": keys["client_secret"],
        "ATTIBOOKS_QUICKBOOKS__AUTHORIZE_URL": f"{box.url}/quickbooks/connect/oauth2",
        "ATTIBOOKS_QUICKBOOKS__TOKEN_URL": f"{box.url}/quickbooks{TOKENS}",
        "ATTIBOOKS_QUICKBOOKS__REVOKE_URL": f"{box.url}/quickbooks{REVOKE}",
    }
    running = HostProcess(folder, environment)
    environment["ATTIBOOKS_PUBLIC_URL"] = running.url
    with running:
        yield running
        assert "internal_error" not in running.text(), running.text()[-3000:]
        for secret in (keys["client_secret"], "RT1-", "AB11", "eyJlbmMi"):
            assert secret not in running.text(), f"{secret} is in the log"


@pytest.fixture
def desk(box, vault_host):
    """A workspace whose app brings no token for the books: they are connected through the host only."""
    box.limits(quickbooks=True, attio=True)
    made = Desk.open(box, vault_host.url)
    made.app.accounting = None
    assert made.app.put_settings(made.app.settings).status_code == 200
    yield made
    made.app.call("DELETE", "installations", key=uuid4().hex)
    made.close()
    box.faults.clear()


@pytest.fixture
def browser():
    """A browser that keeps cookies and follows nothing by itself."""
    with httpx.Client(timeout=30) as client:
        yield client


class Flow:
    """A user on the way through the consent."""

    def __init__(self, desk, browser):
        self.desk, self.browser = desk, browser
        self.host = desk.app.url

    def start(self, workspace=None):
        where = {"workspace": self.desk.app.workspace if workspace is None else workspace}
        return self.browser.get(f"{self.host}/oauth/quickbooks/start", params=where)

    def consent(self, company=None, decision="connect"):
        """Begin, decide at Intuit; the address that the browser is sent back to."""
        begun = self.start()
        assert begun.status_code == 302, begun.text
        company = company or self.desk.company
        form = {"decision": decision, "company": f"{company['environment']}:{company['realm']}"}
        decided = self.browser.post(begun.headers["location"], data=form)
        assert decided.status_code == 302, decided.text
        return decided.headers["location"]

    def connect(self, company=None):
        return self.browser.get(self.consent(company))


@pytest.fixture
def flow(desk, browser):
    return Flow(desk, browser)


def changed(url, **parts):
    """The address with other parameters; None leaves one out."""
    query = {**dict(parse_qsl(urlsplit(url).query)), **parts}
    return httpx.URL(url).copy_with(params={k: v for k, v in query.items() if v is not None})


def status(desk):
    return desk.app.read("connection/status").json()


def oauth_calls(box, path, since):
    return [c for c in box.calls("quickbooks", "oauth", since=since) if c["path"].endswith(path)]


def newest(box):
    return max((c["number"] for c in box.calls()), default=0)


# -- the good way ----------------------------------------------------------------------------------------------------


def test_a_company_is_connected_through_the_host_and_invoices_are_made_without_a_token_of_the_app(desk, flow):
    """Row X3: the host vault."""
    assert status(desk)["state"] == "never_connected"
    page = flow.connect()
    assert (page.status_code, "QuickBooks is connected" in page.text) == (200, True)
    assert status(desk)["state"] == "connected"
    record = desk.new_company()
    assert desk.click(record).status_code == 201
    assert len(desk.invoices(record)) == 1


def test_the_pages_need_nothing_from_elsewhere_and_are_kept_by_nobody(desk, flow):
    page = flow.connect()
    assert "http" not in page.text.replace("http-equiv", "")
    assert 'name="viewport"' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"


def test_the_way_there_carries_state_and_a_challenge_and_no_secret(desk, flow, vault_host):
    begun = flow.start()
    asked = dict(parse_qsl(urlsplit(begun.headers["location"]).query))
    assert asked["redirect_uri"] == f"{vault_host.url}/oauth/quickbooks/callback"
    assert asked["scope"].split()[0] == "com.intuit.quickbooks.accounting"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert desk.app.workspace not in begun.headers["location"]
    cookie = begun.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_with_a_grant_only_the_vaults_token_is_used_and_without_one_only_the_apps(desk, flow, box):
    """Never both for one workspace: what the app brings is not even tried."""
    assert flow.connect().status_code == 200
    desk.app.accounting = "a-token-that-opens-nothing"
    assert status(desk)["state"] == "connected"
    desk.app.accounting = None
    assert desk.app.call("DELETE", "installations", key=uuid4().hex).status_code == 204
    assert desk.app.install().status_code == 201
    assert desk.app.put_settings(desk.app.settings).status_code == 200
    assert status(desk)["state"] == "never_connected"


# -- refused ---------------------------------------------------------------------------------------------------------


def assert_refused(desk, page, status_code, words):
    assert (page.status_code, words in page.text) == (status_code, True), page.text
    assert "Not connected" in page.text
    assert status(desk)["state"] == "never_connected"


def test_a_forged_state_connects_nothing(desk, flow, box):
    back = flow.consent()
    since = newest(box)
    for state in ("", "x", "v1.dev.AAAA", "é" * 50, dict(parse_qsl(urlsplit(back).query))["state"][:-2] + "AA"):
        assert_refused(desk, flow.browser.get(changed(back, state=state)), 400, "not opened from AttiBooks")
    assert oauth_calls(box, TOKENS, since) == []


def test_a_state_works_in_the_browser_that_began_and_in_no_other(desk, flow, box):
    """Somebody who is sent a link must not connect the sender's company, or the other way round."""
    back = flow.consent()
    with httpx.Client() as other:
        assert_refused(desk, other.get(back), 400, "another browser")
        other.get(f"{flow.host}/oauth/quickbooks/start", params={"workspace": desk.app.workspace})
        assert_refused(desk, other.get(back), 400, "another browser")
    assert flow.browser.get(back).status_code == 200


def test_the_state_of_another_workspace_never_connects_this_one(desk, flow, box):
    other = box.world["attio"]["workspaces"][1]
    key_id, secret = next(iter(other["app_secrets"].items()))
    stranger = replace(desk.app, workspace=other["id"], token=other["token"], key_id=key_id, secret=secret)
    assert stranger.install().status_code == 201
    company = box.company("GB", "sandbox")
    settings = {"environment": "sandbox", "qbo_company_id": company["realm"]}
    assert stranger.put_settings(settings).status_code == 200
    theirs = Flow(replace(desk, app=stranger, company=company), flow.browser)
    assert theirs.connect().status_code == 200
    assert stranger.read("connection/status").json()["state"] == "connected"
    assert status(desk)["state"] == "never_connected"
    assert stranger.call("DELETE", "installations", key=uuid4().hex).status_code == 204
    stranger.http.close()


def test_a_replayed_callback_is_refused_and_harms_nothing(desk, flow, box):
    back = flow.consent()
    since = newest(box)
    assert flow.browser.get(back).status_code == 200
    again = flow.browser.get(back)
    assert (again.status_code, "works once" in again.text) == (400, True)
    assert len(oauth_calls(box, TOKENS, since)) == 1, "a second exchange would end what the first one gave"
    assert status(desk)["state"] == "connected"


def test_a_consent_that_is_denied_connects_nothing(desk, flow):
    assert_refused(desk, flow.browser.get(flow.consent(decision="cancel")), 400, "Access was not given")


def test_another_company_than_that_of_the_settings_is_refused_and_its_grant_revoked(desk, flow, box):
    other = box.company("GB", "production")
    since = newest(box)
    assert_refused(desk, flow.connect(other), 409, "another company")
    assert len(oauth_calls(box, REVOKE, since)) == 1


def test_the_same_company_by_name_only_is_refused(desk, flow, box):
    """The address says the right company, the grant is for another: the company itself is asked."""
    other = box.company("GB", "production")
    since = newest(box)
    back = changed(flow.consent(other), realmId=desk.company["realm"])
    assert_refused(desk, flow.browser.get(back), 409, "another company")
    assert len(oauth_calls(box, REVOKE, since)) == 1


def test_the_same_company_of_another_environment_is_refused(desk, flow, box):
    sandbox = box.company("US", "sandbox")
    assert_refused(desk, flow.connect(sandbox), 409, "another company")


def test_settings_that_change_on_the_way_count(desk, flow, box):
    back = flow.consent()
    moved = {**desk.app.settings, "qbo_company_id": "9999999999"}
    assert desk.app.put_settings(moved).status_code == 200
    assert flow.browser.get(back).status_code == 409


def test_what_an_attacker_writes_into_the_address_is_not_on_the_page(desk, flow):
    back = flow.consent()
    for parts in ({"realmId": "<script>alert(1)</script>"}, {"state": "<script>"}, {"error": "<script>", "code": None}):
        assert "script" not in flow.browser.get(changed(back, **parts)).text.replace("default-src", "")
    assert "<b>" not in flow.start("<b>x</b>").text


def test_a_code_that_is_no_good_says_so(desk, flow):
    page = flow.browser.get(changed(flow.consent(), code="AB11wrong"))
    assert_refused(desk, page, 424, "Connect QuickBooks again")


def test_only_an_installed_workspace_with_a_company_can_begin(desk, flow):
    assert flow.start("ffffffff-0000-4000-8000-000000000000").status_code == 404
    assert flow.start("").status_code == 404
    settings = {k: v for k, v in desk.app.settings.items() if k != "qbo_company_id"}
    assert desk.app.put_settings(settings).status_code == 200
    page = flow.start()
    assert (page.status_code, "Company ID" in page.text) == (409, True)


def test_a_host_without_a_client_id_has_no_such_page(host):
    for path in ("start?workspace=x", "callback?code=x&state=y&realmId=1"):
        answer = httpx.get(f"{host.url}/oauth/quickbooks/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert httpx.get(f"{host.url}/oauth/unheard/start").status_code == 404


# -- the end ---------------------------------------------------------------------------------------------------------


def test_uninstalling_revokes_the_grant(desk, flow, box):
    assert flow.connect().status_code == 200
    since = newest(box)
    assert desk.app.call("DELETE", "installations", key=uuid4().hex).status_code == 204
    assert len(oauth_calls(box, REVOKE, since)) == 1


def test_uninstalling_works_while_intuit_is_down(desk, flow, box):
    assert flow.connect().status_code == 200
    box.faults.add("quickbooks", "status", method="POST", path=f"*{REVOKE}", status=503, times=1)
    assert desk.app.call("DELETE", "installations", key=uuid4().hex).status_code == 204
    assert desk.app.install().status_code == 201
    assert desk.app.put_settings(desk.app.settings).status_code == 200
    assert status(desk)["state"] == "never_connected"
    assert flow.connect().status_code == 200, "and it can be connected again at once"


def test_a_grant_that_was_ended_at_intuit_needs_a_new_connection(desk, flow, box):
    assert flow.connect().status_code == 200
    since = newest(box)
    box.run(lambda: end_grants(box, desk.company["realm"]))
    answer = desk.create(desk.new_company())
    assert (answer.status_code, answer.json()["code"]) == (424, "reconnect_needed")
    assert len(oauth_calls(box, TOKENS, since)) == 1, "refreshed once, then it is over"
    shown = status(desk)
    assert shown["state"] == "token_revoked"
    assert flow.connect().status_code == 200
    assert status(desk)["state"] == "connected"


def end_grants(box, realm):
    """The user disconnects the app inside QuickBooks: every grant that the host got."""
    quickbooks = box.app.world.quickbooks
    for grant in list(quickbooks.grants.values()):
        if grant.realm == realm and grant.given_at is not None:
            box.app.oauth.desk().set_active(grant.id, active=False)
