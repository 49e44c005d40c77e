"""The page's service over HTTP: its files, what it shows, who may ask, and what it refuses."""

import http.client
import json
import re
from decimal import Decimal
from importlib.resources import files

import pytest

from attibooks_sandbox.kernel.messages import Request

STATIC = files("attibooks_sandbox.page") / "static"
NAMES = sorted(each.name for each in STATIC.iterdir())
HOSTILE = '<img src=x onerror="alert(1)">'


class Page:
    """The page's calls."""

    def __init__(self, box, http):
        self.box, self.http = box, http
        self.workspace = box.workspace["id"]
        self.company = box.company("US", "sandbox")
        self.books = f"/ui/api/books/sandbox/{self.company['realm']}"
        self.crm = f"/ui/api/crm/{self.workspace}"
        self.app = f"/ui/api/app/{self.workspace}"

    def call(self, method, path, body=None, status=200, **options):
        answer = self.http.request(method, f"{self.box.url}{path}", json=body, **options)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def refused(self, method, path, status, body=None, **options):
        answer = self.call(method, path, body, status=status, **options)
        assert set(answer) == {"error"}
        return answer["error"]

    def record(self, name, kind="companies"):
        found = self.get(f"{self.crm}/{kind}")["records"]
        return next(each for each in found if each["name"] == name)

    def fields(self, name, group, kind="companies"):
        shown = self.get(f"{self.crm}/{kind}/{self.record(name, kind)['id']}")
        fields = next(each["fields"] for each in shown["groups"] if each["key"] == group)
        return {field["slug"]: field for field in fields}


@pytest.fixture
def page(box, http):
    return Page(box, http)


def raw_get(box, target):
    """Ask for a target exactly as written; clients mend what a hostile one would not."""
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=5)
    try:
        connection.putrequest("GET", target, skip_host=True)
        connection.putheader("Host", f"127.0.0.1:{box.port}")
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# files


def test_the_root_is_the_page(box, http):
    answer = http.get(f"{box.url}/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.content == (STATIC / "index.html").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_every_file_forbids_what_is_not_of_this_machine(box, http, name):
    answer = http.get(f"{box.url}/ui/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] in {
        "text/html",
        "text/css",
        "text/javascript",
        "image/svg+xml",
    }
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", NAMES)
def test_no_file_names_another_server(name):
    text = (STATIC / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    text = text.replace("^https:", "")  # cut from a link's text
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text) == []
    assert "@import" not in text


def test_what_the_page_loads_is_there(box, http):
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    scripts = [each for name in NAMES if name.endswith(".js") for each in _imports(name)]
    wanted = set(re.findall(r'(?:src|href)="(/[^"]+)"', html)) | {f"/ui/{each}" for each in scripts}
    assert len(wanted) > 15
    assert {http.get(f"{box.url}{each}").status_code for each in wanted} == {200}


def _imports(name):
    return re.findall(r'from "\./([\w.]+)"', (STATIC / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "target",
    [
        "/ui/../service.py",
        "/ui/../../app.py",
        "/ui/%2e%2e/service.py",
        "/ui/..%2fservice.py",
        "/ui/..%5cservice.py",
        "/ui//etc/passwd",
        "/ui/%2fetc%2fpasswd",
        "/ui/static/main.js",
        "/ui/main.js%00.css",
        "/ui/",
        "/ui/service.py",
    ],
)
def test_nothing_but_the_files_is_served(box, target):
    status, body = raw_get(box, target)
    assert status == 404
    assert b"import" not in body
    assert b"root:" not in body


def test_a_file_takes_no_body(page):
    assert page.refused("POST", "/ui/main.js", 404, {}) == "There is no POST /ui/main.js."


# who may ask


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "attibooks.test:8100", "10.0.0.1", "[::1", ""]
)
def test_a_name_that_points_here_is_refused(page, host):
    assert "this machine's own browser only" in page.refused("GET", "/ui/api/start", 403, headers={"Host": host})


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
def test_the_page_of_another_site_is_refused(page, origin):
    path = f"{page.crm}/companies/{page.record('Northwind Traders')['id']}/invoice"
    assert "own browser only" in page.refused("POST", path, 403, {}, headers={"Origin": origin})
    assert page.get("/ui/api/pulse")["host_calls"] == []


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_this_machine_is_welcome_by_each_of_its_names(page, name):
    host = f"{name}:{page.box.port}"
    page.get("/ui/api/start", headers={"Host": host, "Origin": f"http://{host}"})


@pytest.mark.parametrize("client", ["10.0.0.7", "192.168.1.2", "::ffff:10.0.0.7", "2001:db8::1", ""])
def test_a_client_elsewhere_is_refused(box, client):
    request = Request("GET", "/", "", {"host": "127.0.0.1"}, b"", client=client)
    assert box.run(lambda: box.app.begin(request, None)).status == 403


# what is always in sight


def test_the_start_names_workspaces_and_companies_without_their_secrets(page):
    start = page.get("/ui/api/start")
    assert start["host_url"] == page.box.app.host_url
    assert page.box.workspace["id"] in [each["id"] for each in start["workspaces"]]
    assert page.company["realm"] in [each["realm"] for each in start["companies"]]
    said = json.dumps(start)
    secrets = [page.box.workspace["token"], page.company["access_token"], *page.box.workspace["app_secrets"].values()]
    assert [each for each in secrets if each in said] == []


def test_a_pulse_brings_the_calls_since_the_last_one(page, attio):
    before = page.get("/ui/api/pulse")
    assert before["calls"] == []
    attio.call("GET", "/self")
    attio.call("GET", "/objects")
    pulse = page.get("/ui/api/pulse")
    assert [(each["service"], each["method"], each["path"], each["status"]) for each in pulse["calls"]] == [
        ("attio", "GET", "/v2/self", 200),
        ("attio", "GET", "/v2/objects", 200),
    ]
    last = pulse["calls"][-1]["number"]
    assert page.get(f"/ui/api/pulse?since={last}")["calls"] == []
    assert page.get("/ui/api/pulse?since=nonsense&host_since=-1")["calls"] == pulse["calls"]


def test_a_pulse_tells_of_a_reset_and_of_a_hand_in_the_books(page):
    before = page.get("/ui/api/pulse")
    page.box.pay("sandbox", page.company["realm"], "3")
    paid = page.get("/ui/api/pulse")
    assert (paid["epoch"], paid["revision"] > before["revision"]) == (before["epoch"], True)
    page.box.reset()
    assert page.get("/ui/api/pulse")["epoch"] != before["epoch"]


def test_a_call_is_shown_with_its_bodies_and_without_its_token(page, books):
    books.invoice("75")
    call = page.get("/ui/api/pulse")["calls"][-1]
    shown = page.get(f"/ui/api/calls/{call['id']}")
    assert json.loads(shown["request_body"])["Line"][0]["Amount"] == 75
    assert json.loads(shown["response_body"])["Invoice"]["TotalAmt"] == 75
    assert books.token not in json.dumps(shown)


@pytest.mark.parametrize("call", ["s999999", "h1", "x1", "s", "s-1", "s1.5", "s%C2%B2", "1"])
def test_a_call_that_is_not_kept_is_refused(page, call):
    assert "is not kept any more." in page.refused("GET", f"/ui/api/calls/{call}", 404)


# the CRM


def test_the_rail_lists_objects_in_its_own_order_with_counts(page):
    shown = page.get(page.crm)
    assert [each["slug"] for each in shown["objects"]][:4] == ["companies", "deals", "people", "projects"]
    assert {each["slug"]: each["count"] for each in shown["objects"]}["companies"] == len(
        page.get(f"{page.crm}/companies")["records"]
    )
    assert "invoice_number" in shown["slugs"]
    assert "record_id" not in shown["slugs"]


def test_a_record_is_shown_in_groups_by_what_the_app_does_with_a_field(page):
    assert list(page.fields("Northwind Traders", "invoice")) == [
        "invoice_number",
        "invoice_status",
        "last_synced_at",
        "invoice_url",
        "invoice_id",
        "sync_error",
    ]
    billing = page.fields("Northwind Traders", "billing")
    assert billing["rate"]["items"] == [{"text": "2500"}]
    assert billing["rate"]["role"] == "source_rate"
    assert page.fields("Northwind Traders", "details")["domains"]["role"] is None


@pytest.mark.parametrize("kind", ["companies", "deals", "people", "projects"])
def test_every_record_of_the_world_can_be_shown(page, kind):
    records = page.get(f"{page.crm}/{kind}")["records"]
    assert records
    for record in records:
        assert page.get(f"{page.crm}/{kind}/{record['id']}")["name"] == record["name"]


def test_records_are_found_by_name_or_detail_in_any_case(page):
    def found(text):
        return [each["name"] for each in page.get(f"{page.crm}/companies", params={"find": text})["records"]]

    assert found("  NORTHWIND ") == ["Northwind Traders"]
    assert found("müller") == ["Müller & Söhne GmbH"]
    assert found("oneil.example") == ["O'Neil Design"]
    assert found("no such thing") == []
    assert len(found("")) == page.get(f"{page.crm}/companies")["total"] == 12


def test_of_many_records_the_first_ones_are_shown_and_all_are_counted_and_found(page, attio, monkeypatch):
    monkeypatch.setattr("attibooks_sandbox.page.crm.SHOWN_ROWS", 3)
    shown = page.get(f"{page.crm}/companies")
    assert (len(shown["records"]), shown["total"]) == (3, 12)
    attio.call("POST", "/objects/companies/records", {"data": {"values": {"name": ["Latecomer"]}}})
    found = page.get(f"{page.crm}/companies", params={"find": "latecomer"})["records"]
    assert [each["name"] for each in found] == ["Latecomer"]


def test_a_hostile_name_stays_text(page, attio):
    attio.call("POST", "/objects/companies/records", {"data": {"values": {"name": [HOSTILE]}}})
    assert page.record(HOSTILE)["name"] == HOSTILE
    assert page.fields(HOSTILE, "details")["name"]["items"] == [{"text": HOSTILE}]


def test_a_reference_leads_to_its_record_while_that_is_there(page):
    names = [each["name"] for each in page.get(f"{page.crm}/people")["records"]]
    employers = {name: page.fields(name, "details", "people")["company"]["items"] for name in names}
    name, (item, *_) = next((name, items) for name, items in employers.items() if items)
    assert page.get(f"{page.crm}/{item['object']}/{item['record_id']}")["name"] == item["text"]
    page.box.delete_record(page.workspace, item["object"], item["record_id"])
    assert item not in page.fields(name, "details", "people")["company"]["items"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/ui/api/crm/nowhere", "There is no workspace with id nowhere."),
        ("/ui/api/crm/{workspace}/rockets", "rockets"),
        ("/ui/api/crm/{workspace}/companies/nobody", "nobody"),
        ("/ui/api/crm/{workspace}/companies/00000000-0000-4000-8000-000000000000", "00000000"),
        ("/ui/api/app/nowhere", "There is no workspace with id nowhere."),
        ("/ui/api/books/sandbox/1", "There is no company with realm 1 in the environment sandbox."),
        ("/ui/api/books/moon/{realm}", "in the environment moon."),
        ("/ui/api/books/sandbox/{realm}/invoices/999", "There is no invoice with Id 999 in the books of"),
        ("/ui/api/nothing", "There is no GET /ui/api/nothing."),
        ("/ui/api/crm/{workspace}/companies/a/b/c", "There is no GET"),
    ],
)
def test_what_is_not_there_is_named(page, path, said):
    found = path.format(workspace=page.workspace, realm=page.company["realm"])
    assert said in page.refused("GET", found, 404)


# the books


def test_the_books_list_the_newest_first(page, books):
    made = books.invoice("75")
    shown = page.get(page.books)
    assert shown["invoices"][0] == {
        "id": made["Id"],
        "number": made["DocNumber"],
        "customer": "Amy's Bird Sanctuary",
        "date": made["TxnDate"],
        "due": made["DueDate"],
        "total": "75.00",
        "balance": "75.00",
        "currency": "USD",
        "status": "Open",
    }
    assert "Amy's Bird Sanctuary" in [each["name"] for each in shown["customers"]]


def test_of_many_invoices_the_newest_are_shown_and_all_are_counted(page, books, monkeypatch):
    monkeypatch.setattr("attibooks_sandbox.page.books.SHOWN_ROWS", 2)
    made = books.invoice("75")
    shown = page.get(page.books)
    assert [each["id"] for each in shown["invoices"]] == [made["Id"], "3"]
    assert shown["totals"]["invoices"] == 4
    assert len(shown["customers"]) == len(shown["payments"]) == 2


def test_a_payment_names_the_invoice_that_it_pays(page, books):
    made = books.invoice("75")
    page.box.pay("sandbox", books.realm, made["Id"], "50")
    payment = page.get(page.books)["payments"][0]
    assert payment["pays"] == [{"id": made["Id"], "number": made["DocNumber"], "amount": "50.00"}]
    assert (payment["customer"], payment["amount"], payment["unapplied"], payment["currency"]) == (
        "Amy's Bird Sanctuary",
        "50.00",
        "0.00",
        "USD",
    )


def test_a_payment_in_advance_is_unapplied(page, books):
    books.post("payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 20})
    payment = page.get(page.books)["payments"][0]
    assert (payment["amount"], payment["unapplied"], payment["pays"]) == ("20.00", "20.00", [])


def test_an_invoice_is_shown_with_lines_sums_and_status(page, books):
    made = books.invoice("75", BillEmail={"Address": "amy@birds.example"}, PrivateNote=HOSTILE)
    path = f"{page.books}/invoices/{made['Id']}"
    shown = page.get(path)
    assert (shown["status"], shown["subtotal"], shown["total"], shown["email"]) == (
        "Open",
        "75.00",
        "75.00",
        "amy@birds.example",
    )
    assert shown["note"] == HOSTILE
    assert [line["amount"] for line in shown["lines"]] == ["75.00"]
    page.box.pay("sandbox", books.realm, made["Id"])
    assert page.get(path)["status"] == "Paid"


def test_a_voided_invoice_is_shown_as_voided(page, books):
    made = books.invoice("75")
    page.box.void("sandbox", books.realm, made["Id"])
    shown = page.get(f"{page.books}/invoices/{made['Id']}")
    assert (shown["status"], shown["total"], shown["number"]) == ("Voided", "0.00", made["DocNumber"])


def test_an_open_invoice_is_overdue_the_day_after_it_was_due(page, books):
    made = books.invoice("75", DueDate="2026-12-01")
    page.box.clock.freeze("2026-12-01T20:00:00Z")
    assert page.get(f"{page.books}/invoices/{made['Id']}")["status"] == "Open"
    page.box.clock.freeze("2026-12-02T20:00:00Z")
    assert page.get(f"{page.books}/invoices/{made['Id']}")["status"] == "Overdue"


def test_every_company_can_be_shown(page):
    for company in page.get("/ui/api/start")["companies"]:
        shown = page.get(f"/ui/api/books/{company['environment']}/{company['realm']}")
        assert shown["company"]["name"] == company["name"]
        assert all(Decimal(each["total"]) >= Decimal(each["balance"]) for each in shown["invoices"])


# faults


def test_a_fault_is_switched_on_strikes_once_and_is_off_by_itself(page, books):
    switched = page.call("PUT", "/ui/api/faults/quickbooks-500", {"on": True})
    assert {each["key"]: each["on"] for each in switched["presets"]}["quickbooks-500"] is True
    assert switched["faults"] == 1
    books.call("POST", "invoice", books.invoice_body("75"), status=500)
    assert page.get(page.books)["invoices"][0]["total"] == "75.00"
    pulse = page.get("/ui/api/pulse")
    assert pulse["faults"] == 0
    assert {each["key"]: each["on"] for each in pulse["presets"]}["quickbooks-500"] is False
    assert pulse["calls"][-1]["fault"]


def test_a_lasting_fault_stays_until_it_is_switched_off(page, attio):
    page.call("PUT", "/ui/api/faults/attio-down", {"on": True})
    for _ in range(3):
        attio.call("GET", "/self", status=503)
    page.call("PUT", "/ui/api/faults/attio-down", {"on": False})
    attio.call("GET", "/self")


def test_every_fault_can_be_switched_on_twice_and_off(page):
    keys = [each["key"] for each in page.get("/ui/api/pulse")["presets"]]
    for key in keys:
        first = page.call("PUT", f"/ui/api/faults/{key}", {"on": True})
        assert page.call("PUT", f"/ui/api/faults/{key}", {"on": True}) == first
        assert page.call("PUT", f"/ui/api/faults/{key}", {"on": False})["faults"] == 0


def test_a_reset_switches_faults_off(page):
    page.call("PUT", "/ui/api/faults/attio-down", {"on": True})
    page.box.reset()
    assert not any(each["on"] for each in page.get("/ui/api/pulse")["presets"])


def test_an_unknown_fault_is_named(page):
    assert page.refused("PUT", "/ui/api/faults/meteor", 404, {"on": True}) == "There is no fault preset meteor."


# bad bodies

BODIES = {
    "/ui/api/faults/attio-down": ("PUT", {"on": True}),
    "{crm}/companies/{record}/invoice": (
        "POST",
        {"key": "k", "confirm_recent": False, "reviewed": {"draft_token": "t"}},
    ),
    "{crm}/companies/{record}/preview": ("POST", {"edits": {}}),
    "{crm}/companies/batch": ("POST", {"record_ids": [], "confirm_recent": False}),
    "{crm}/invoices/{record}/edit": ("POST", {"version": "1", "changes": {}, "key": "k"}),
    "{crm}/invoices/{record}/void": ("POST", {"confirm_token": "t", "key": "k"}),
    "/ui/api/handler": ("PUT", {"mode": "answers"}),
    "{app}/settings": ("PUT", {"settings": {}}),
    "{app}/connect": ("POST", {"environment": "sandbox", "realm": "1"}),
}


@pytest.mark.parametrize("template", BODIES)
@pytest.mark.parametrize("raw", [b"{", b"[]", b'"on"', b"\xff", b'{"surprise": 1}', b"null", b"1e999"])
def test_a_body_that_is_not_the_calls_own_is_refused(page, template, raw):
    method, _ = BODIES[template]
    record = page.record("Northwind Traders")["id"]
    path = template.format(crm=page.crm, app=page.app, record=record)
    answer = page.http.request(method, f"{page.box.url}{path}", content=raw)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"error"}
    assert page.get("/ui/api/pulse")["host_calls"] == []


@pytest.mark.parametrize("template", BODIES)
def test_a_member_of_the_wrong_type_is_refused_by_name(page, template):
    method, body = BODIES[template]
    path = template.format(crm=page.crm, app=page.app, record="any")
    for name in body:
        assert f"$.{name}" in page.refused(method, path, 400, {**body, name: [7]})


def test_a_company_that_is_not_there_cannot_be_connected(page):
    said = page.refused("POST", f"{page.app}/connect", 404, {"environment": "sandbox", "realm": "7"})
    assert said == "There is no company with realm 7 in the environment sandbox."
    assert page.get(page.app)["company"] is None
