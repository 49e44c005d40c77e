"""The control plane over HTTP and in process: world, state, reset, tokens, clock, hands, calls."""

import httpx
import pytest

from attibooks_sandbox.app import create_app
from attibooks_sandbox.kernel.messages import Request


def test_the_world_is_all_a_client_needs(box, http):
    world = http.get(f"{box.url}/control/world").json()
    assert set(world) == {"seed", "size", "attio", "quickbooks", "stripe"}
    workspace = world["attio"]["workspaces"][0]
    assert {"id", "name", "token", "client_id", "app_secrets", "objects"} <= set(workspace)
    assert isinstance(workspace["app_secrets"], dict)
    assert world["attio"]["objects"][workspace["id"]]["deals"]["attributes"]["value"] == "currency"
    assert {"client_id", "client_secret", "clients", "webhook_verifier_token", "companies"} == set(world["quickbooks"])
    wanted = {
        "realm",
        "environment",
        "name",
        "country",
        "home_currency",
        "multicurrency",
        "access_token",
        "refresh_token",
    }
    assert all(wanted <= set(company) for company in world["quickbooks"]["companies"])
    assert set(world["stripe"]) == {"api_key", "webhook_secret"}


def test_every_token_of_the_world_works(box, http):
    world = box.world
    for workspace in world["attio"]["workspaces"]:
        answer = http.get(f"{box.attio_url}/v2/self", headers={"Authorization": f"Bearer {workspace['token']}"})
        assert answer.json()["workspace_id"] == workspace["id"]
    for company in world["quickbooks"]["companies"]:
        headers = {"Authorization": f"Bearer {company['access_token']}", "Accept": "application/json"}
        url = f"{box.quickbooks_url(company['environment'])}/v3/company/{company['realm']}/companyinfo/1"
        assert http.get(url, headers=headers).json()["CompanyInfo"]["CompanyName"] == company["name"]


def test_state_and_its_parts(box, books, attio, http):
    state = http.get(f"{box.url}/control/state").json()
    assert state["counts"]["quickbooks.invoices"] == 30
    assert state["counts"]["attio.records"] == 40
    part = box.state(service="quickbooks", environment="sandbox", realm=books.realm)
    assert list(part["quickbooks"]["sandbox"]) == [books.realm]
    assert "attio" not in part
    invoices = part["quickbooks"]["sandbox"][books.realm]["invoices"]
    assert [each["voided"] for each in invoices] == [False] * 3
    records = box.state(service="attio", workspace=attio.workspace_id)["attio"]["workspaces"][attio.workspace_id][
        "objects"
    ]
    deal = records["deals"][attio.record_id("deals", "Harbor retainer")]
    assert (deal["value"], deal["stage"], deal["tags"], deal["sync_error"]) == (594, "Won 🎉", ["Retainer"], None)


def test_reset_puts_everything_back(box, books, attio):
    token = box.token("attio", workspace=attio.workspace_id)
    before = box.state()
    books.invoice()
    attio.create("companies", name="X")
    attio.post("/objects/deals/attributes/tags/options", {"title": "New"})
    box.faults.add("attio", "slow", seconds=9)
    box.clock.freeze("2030-01-01T00:00:00Z")
    box.switch(void_paid="unlink")
    box.latency(5)
    box.reset()
    after = box.state()
    assert {**before, "now": 0} == {**after, "now": 0}
    assert after["now"] < "2030"
    assert box.calls() == []
    assert box.faults.listed() == []
    assert attio.call("GET", "/self", headers={"Authorization": f"Bearer {token}"}).json() == {"active": False}


def test_ids_repeat_after_a_reset_and_differ_between_seeds(box, attio):
    first = attio.create("companies", name="X")["id"]
    box.reset()
    one = box.world
    assert attio.create("companies", name="X")["id"] == first
    box.reset(seed=2)
    two = box.world
    assert two["seed"] == 2
    assert one["attio"]["workspaces"][0]["id"] != two["attio"]["workspaces"][0]["id"]
    assert [each["realm"] for each in one["quickbooks"]["companies"]] == [
        each["realm"] for each in two["quickbooks"]["companies"]
    ]
    assert one["quickbooks"]["companies"][0]["access_token"] != two["quickbooks"]["companies"][0]["access_token"]
    box.reset(seed=1)
    assert box.world == one


def test_reset_over_http(box, books, http):
    books.invoice()
    assert http.post(f"{box.url}/control/reset").json() == {"seed": 1}
    assert books.query("select count(*) from Invoice") == {"totalCount": 3}
    assert http.post(f"{box.url}/control/reset", json={"seed": 5}).json() == {"seed": 5}
    assert http.post(f"{box.url}/control/reset", json={"seed": 1, "x": 1}).status_code == 400


def test_clock(box, http):
    post = lambda body: http.post(f"{box.url}/control/clock", json=body).json()  # noqa: E731
    assert post({"now": "2026-12-24T18:00:00+01:00"})["now"] == "2026-12-24T17:00:00+00:00"
    assert box.clock.now() == "2026-12-24T17:00:00+00:00"
    assert post({"advance_seconds": 60})["now"] == "2026-12-24T17:01:00+00:00"
    assert post({"offset_seconds": 86400})["offset_seconds"] == 86400
    assert post({})["offset_seconds"] == 0
    assert http.post(f"{box.url}/control/clock", json={"now": "noon"}).status_code == 400


@pytest.mark.parametrize(
    "body", [{"service": "attio", "workspace": "x"}, {"service": "quickbooks", "realm": "1"}, {"service": "other"}, {}]
)
def test_tokens_for_nobody_are_refused(box, http, body):
    answer = http.post(f"{box.url}/control/tokens", json=body)
    assert answer.status_code in {400, 404}
    assert answer.json()["error"]


def test_tokens_of_attio(box, attio):
    token = box.token(
        "attio", workspace=attio.workspace_id, scopes=["record_permission:read"], client_id="other-app", expires_in=60
    )
    headers = {"Authorization": f"Bearer {token}"}
    body = attio.call("GET", "/self", headers=headers).json()
    assert (body["scope"], body["client_id"]) == ("record_permission:read", "other-app")
    box.clock.advance(61)
    assert attio.call("GET", "/self", headers=headers).json() == {"active": False}


def test_hands_of_the_accountant(box, books):
    where = ("sandbox", books.realm)
    invoice = books.invoice("100")
    paid = box.pay(*where, invoice["Id"], "40")
    assert (paid["Invoice"]["Balance"], paid["Invoice"]["LinkedTxn"][0]["TxnType"]) == (60, "Payment")
    assert box.pay(*where, invoice["Id"])["Invoice"]["Balance"] == 0
    other = books.invoice("100")
    assert (
        box.change(*where, "Invoice", other["Id"], PrivateNote="by hand", DueDate="2027-01-01")["Invoice"]["SyncToken"]
        == "1"
    )
    assert box.void(*where, other["Id"])["Invoice"]["TotalAmt"] == 0
    third = books.invoice("100")
    assert box.delete(*where, third["Id"])["Invoice"]["status"] == "Deleted"
    assert (
        box.rename(*where, "Customer", "8", "Pine Grove Dentistry")["Customer"]["DisplayName"] == "Pine Grove Dentistry"
    )
    assert books.get("customer/8")["Customer"]["SyncToken"] == "1"
    assert box.change(*where, "Item", "3", Active=False)["Item"]["Name"] == "Consulting (deleted)"
    assert books.refused("invoice", books.invoice_body())["code"] == "610"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("quickbooks/pay", {"invoice_id": "999"}, 404),
        ("quickbooks/pay", {"invoice_id": "1", "amount": 5}, 400),
        ("quickbooks/pay", {}, 400),
        ("quickbooks/void", {"invoice_id": "1"}, 400),
        ("quickbooks/change", {"entity": "Invoice", "id": "3", "fields": {"Bad": 1}}, 400),
        ("quickbooks/change", {"entity": "Planet", "id": "3", "fields": {}}, 400),
        ("quickbooks/change", {"entity": "Customer", "id": "999", "fields": {}}, 404),
        ("quickbooks/change", {"entity": "Preferences", "fields": {"mood": 1}}, 400),
        ("quickbooks/change", {"entity": "Preferences", "fields": {"sales_tax": "perhaps"}}, 400),
        ("quickbooks/change", {"entity": "Preferences", "fields": {"close_date": "June"}}, 400),
        ("quickbooks/rename", {"entity": "Customer", "id": "1", "name": "Pine Grove Dental"}, 400),
    ],
)
def test_hands_refused_with_a_reason(box, books, http, path, body, status):
    answer = http.post(f"{box.url}/control/{path}", json={"environment": "sandbox", "realm": books.realm} | body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert http.post(f"{box.url}/control/{path}", json={"environment": "sandbox", "realm": "0"} | body).status_code in {
        400,
        404,
    }


def test_hands_of_the_attio_user(box, attio):
    record_id = attio.record_id("deals", "Café Noir menu")
    box.edit_record(attio.workspace_id, "deals", record_id, rate=500, stage="Won 🎉", quantity=[])
    values = attio.get(f"/objects/deals/records/{record_id}")["values"]
    assert (values["rate"][0]["value"], values["quantity"]) == (500, [])
    box.archive(attio.workspace_id, "deals", "invoice_url")
    assert "invoice_url" not in attio.get(f"/objects/deals/records/{record_id}")["values"]
    box.archive(attio.workspace_id, "deals", "invoice_url", archived=False)
    box.delete_record(attio.workspace_id, "deals", record_id)
    attio.refused("GET", f"/objects/deals/records/{record_id}", status=404)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("edit", {"record_id": "x", "values": {}}),
        ("edit", {"values": {}}),
        ("archive", {"attribute": "nothing"}),
        ("archive", {"attribute": "tags", "choice": "nothing"}),
        ("archive", {"attribute": "name", "choice": "nothing"}),
        ("delete", {"record_id": "x"}),
        ("plan", {"plan": "gold"}),
    ],
)
def test_hands_of_the_attio_user_refused(box, attio, http, path, body):
    answer = http.post(
        f"{box.url}/control/attio/{path}", json={"workspace": attio.workspace_id, "object": "deals"} | body
    )
    assert answer.status_code in {400, 404}
    assert answer.json()["error"]


def test_calls_are_logged_with_secrets_masked(box, books, attio, http):
    attio.create("companies", name="Logged")
    attio.query("companies", limit=1)
    books.get("customer/1")
    books.invoice(PrivateNote="secret? no")
    answer = http.get(f"{box.url}/control/calls").json()
    assert answer["counts"]["attio"] == {"read": 1, "write": 1}
    assert answer["counts"]["quickbooks"] == {"core": 1, "coreplus": 1}
    last = answer["calls"][-1]
    assert (last["service"], last["class"], last["method"], last["status"]) == ("quickbooks", "core", "POST", 200)
    assert (last["environment"], last["realm"]) == ("sandbox", books.realm)
    assert last["path"] == f"/v3/company/{books.realm}/invoice"
    assert last["headers"]["authorization"] == "Bearer ***"
    assert "secret? no" in last["request_body"]
    assert '"DocNumber":"1004"' in last["response_body"]
    assert books.token not in http.get(f"{box.url}/control/calls").text


def test_calls_are_selected(box, books, attio, http):
    get = lambda **query: http.get(f"{box.url}/control/calls", params=query).json()["calls"]  # noqa: E731
    for _ in range(3):
        attio.get("/objects")
    books.get("customer/1")
    assert len(get(service="attio")) == 3
    assert len(get(**{"class": "coreplus"})) == 1
    assert len(get(limit=2)) == 2
    assert [each["number"] for each in get(since=2)] == [3, 4]
    assert http.get(f"{box.url}/control/calls", params={"limit": "x"}).status_code == 400
    assert http.delete(f"{box.url}/control/calls").json() == {"calls": [], "counts": {}}
    assert get() == []


def test_switching_a_limit_begins_a_new_count(box, http, books):
    box.limits(quickbooks=True)
    headers = {"Authorization": f"Bearer {books.token}"}
    company = f"{books.url}/companyinfo/{books.realm}"
    assert 429 in [http.get(company, headers=headers).status_code for _ in range(501)]
    box.limits(quickbooks=True)
    assert http.get(company, headers=headers).status_code == 200


def test_limits_and_switches(box, http):
    assert http.post(f"{box.url}/control/limits", json={"attio": True}).json() == {
        "quickbooks": False,
        "attio": True,
        "stripe": False,
    }
    assert http.get(f"{box.url}/control/switches").json()["void_paid"] == "refuse"
    assert http.post(f"{box.url}/control/switches", json={"void_paid": "perhaps"}).status_code == 400
    assert http.post(f"{box.url}/control/switches", json={"nothing": 1}).status_code == 400


@pytest.mark.parametrize(("method", "path"), [("GET", "nothing"), ("GET", "reset"), ("POST", "world"), ("GET", "")])
def test_unknown_control_calls_are_404(box, http, method, path):
    answer = http.request(method, f"{box.url}/control/{path}")
    assert answer.status_code == 404
    assert answer.json()["error"].startswith("There is no")


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b"5"])
def test_control_bodies_that_are_no_object(box, http, content):
    answer = http.post(f"{box.url}/control/faults", content=content)
    assert answer.status_code == 400


def test_nothing_is_served_elsewhere(box, http):
    answer = http.get(f"{box.url}/elsewhere")
    assert answer.status_code == 404
    assert "/attio" in answer.json()["served"]


def test_the_page_is_at_the_root(box, http):
    answer = http.get(f"{box.url}/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


class Nobody:
    async def wait_gone(self):
        raise AssertionError


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ("127.0.0.1", 200),
        ("127.9.9.9", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("10.0.0.5", 403),
        ("192.168.1.1", 403),
        ("", 403),
        ("testclient", 403),
    ],
)
@pytest.mark.parametrize("path", ["/control/world", "/attio/v2/self"])
def test_only_loopback_clients_are_served(client, status, path):
    reply = create_app().begin(Request("GET", path, "", {}, b"", client), Nobody())
    assert reply.status == status


async def test_the_app_is_an_asgi_application():
    app = create_app()
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://box") as client:
        world = (await client.get("/control/world")).json()
        token = world["attio"]["workspaces"][0]["token"]
        answer = await client.get("/attio/v2/objects", headers={"Authorization": f"Bearer {token}"})
        assert len(answer.json()["data"]) == 4
        await client.post("/control/faults", json={"service": "attio", "kind": "drop_before_commit"})
        with pytest.raises(Exception, match="/attio/v2/objects"):
            await client.get("/attio/v2/objects", headers={"Authorization": f"Bearer {token}"})
