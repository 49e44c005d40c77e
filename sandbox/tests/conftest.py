"""One running sandbox for the session, reset before every test; every Attio answer is checked against the OpenAPI copy."""

from __future__ import annotations

import fcntl
import json
import shutil
import ssl
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import msgspec
import pytest

from attibooks_sandbox.testing import Sandbox

HERE = Path(__file__).parent
OPENAPI = HERE / "attio-openapi.json"
NODE = HERE / "node"
STRIPE = HERE / "stripe"


@pytest.fixture(scope="session")
def sandbox():
    with Sandbox(limits=False, attio_openapi=OPENAPI) as running:
        running.check_stripe_against(STRIPE / "openapi.json", STRIPE / "objects.json")
        yield running


@pytest.fixture(scope="session")
def attio_openapi():
    """The document that Attio's answers are checked against."""
    return OPENAPI


@pytest.fixture(scope="session")
def http():
    with httpx.Client(verify=False, timeout=20) as client:
        yield client


@pytest.fixture
def box(sandbox):
    sandbox.reset()
    sandbox.violations.clear()
    yield sandbox
    planted = {call["number"] for call in sandbox.calls() if call["fault"]}
    crashed = [call for call in sandbox.calls() if call["status"] == 500 and call["number"] not in planted]
    assert crashed == []
    assert sandbox.violations == []


class Attio:
    """A workspace's API with a token of full scope."""

    def __init__(self, box, http, token=None):
        self.box, self.http = box, http
        workspace = box.workspace
        self.workspace_id, self.token, self.client_id = (
            workspace["id"],
            token or workspace["token"],
            workspace["client_id"],
        )

    @cached_property
    def objects(self):
        return self.box.world["attio"]["objects"][self.workspace_id]

    def call(self, method, path, body=None, status=200, **options):
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        answer = self.http.request(method, f"{self.box.attio_url}/v2{path}", json=body, headers=headers, **options)
        assert answer.status_code == status, answer.text
        return answer

    def get(self, path, **options):
        return self.call("GET", path, **options).json()["data"]

    def post(self, path, data, **options):
        return self.call("POST", path, {"data": data}, **options).json()["data"]

    def patch(self, path, data, **options):
        return self.call("PATCH", path, {"data": data}, **options).json()["data"]

    def put(self, path, data, **options):
        return self.call("PUT", path, {"data": data}, **options).json()["data"]

    def refused(self, method, path, body=None, status=400, **options):
        return self.call(method, path, body, status=status, **options).json()

    def create(self, kind, **values):
        return self.post(f"/objects/{kind}/records", {"values": values})

    def query(self, kind, status=200, **body):
        return self.call("POST", f"/objects/{kind}/records/query", body, status=status).json()

    def record_id(self, kind, name):
        return self.objects[kind]["records"][name]

    def attribute(self, kind, slug, value_type, **more):
        facts = {
            "title": slug.title(),
            "description": None,
            "api_slug": slug,
            "type": value_type,
            "is_required": False,
            "is_unique": False,
            "is_multiselect": False,
            "config": {},
        }
        return self.post(f"/objects/{kind}/attributes", facts | more)


@pytest.fixture
def attio(box, http):
    return Attio(box, http)


class Books:
    """A company's API with its token."""

    def __init__(self, box, http, **which):
        self.box, self.http = box, http
        self.facts = box.company(**which)
        self.realm, self.environment = self.facts["realm"], self.facts["environment"]
        self.token = self.facts["access_token"]

    @property
    def url(self):
        return f"{self.box.quickbooks_url(self.environment)}/v3/company/{self.realm}"

    def call(self, method, path, body=None, status=200, **options):
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"} | options.pop("headers", {})
        answer = self.http.request(method, f"{self.url}/{path}", json=body, headers=headers, **options)
        assert answer.status_code == status, answer.text
        return answer

    def whole(self, method, path, body=None, **options):
        return self.exact(self.call(method, path, body, **options))

    def exact(self, answer):
        return json.loads(answer.text, parse_float=Decimal)

    def get(self, path, **options):
        return self.exact(self.call("GET", path, **options))

    def post(self, entity, body, **options):
        answer = self.exact(self.call("POST", entity, body, **options))
        return next(value for key, value in answer.items() if key != "time")

    def refused(self, entity, body, status=400, **options):
        fault = self.call("POST", entity, body, status=status, **options).json()["Fault"]
        assert len(fault["Error"]) == 1
        return fault["Error"][0]

    def query(self, statement, **options):
        return self.get("query", params={"query": statement}, **options)["QueryResponse"]

    def query_refused(self, statement):
        answer = self.call("GET", "query", params={"query": statement}, status=400)
        return answer.json()["Fault"]["Error"][0]

    def invoice(self, amount="100", status=200, **fields):
        return self.post("invoice", self.invoice_body(amount, **fields), status=status)

    def invoice_body(self, amount="100", **fields):
        detail = {"ItemRef": {"value": "3"}} | fields.pop("detail", {})
        line = {"DetailType": "SalesItemLineDetail", "Amount": float(amount), "SalesItemLineDetail": detail}
        return {"CustomerRef": {"value": "1"}, "Line": [line | fields.pop("line", {})]} | fields


@pytest.fixture
def open_books(box, http):
    """Open the books of a company of the world: `open_books(country="GB")`."""
    return lambda **which: Books(box, http, **which)


@pytest.fixture
def books(open_books):
    """The books of the US company of the sandbox environment, single currency."""
    return open_books()


@pytest.fixture
def euro_books(open_books):
    """The books of the US company of the sandbox environment with several currencies."""
    return open_books(multicurrency=True)


@pytest.fixture
def books_of(http):
    """Open the books of a company in a sandbox of the test's own."""
    return lambda box, **which: Books(box, http, **which)


@pytest.fixture
def attio_of(http):
    """Open the workspace of a sandbox of the test's own."""
    return lambda box: Attio(box, http)


@pytest.fixture(scope="session")
def sample():
    """Read a recorded answer of QuickBooks."""
    return lambda name: json.loads((HERE / "qbo-samples" / f"{name}.json").read_text(), parse_float=Decimal)


def shape(value):
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | Decimal):
        return "number"
    return "null" if value is None else "string"


def differences(recorded, ours, path=""):
    """Yield the differences of two shapes by path; lists are compared element by element, as far as both go."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for name in recorded.keys() | ours.keys():
            below = f"{path}.{name}" if path else name
            if name not in ours:
                yield f"-{below}"
            elif name not in recorded:
                yield f"+{below}"
            else:
                yield from differences(recorded[name], ours[name], below)
    elif isinstance(recorded, list) and isinstance(ours, list):
        if bool(recorded) != bool(ours):
            yield f"~{path}[] length"
        for one, other in zip(recorded, ours, strict=False):
            yield from differences(one, other, f"{path}[]")
    elif recorded != ours:
        yield f"~{path}"


@pytest.fixture(scope="session")
def compare():
    """Assert that two answers agree in keys, types and nesting but for the differences allowed by name."""

    def check(recorded, ours, allowed):
        assert set(differences(shape(recorded), shape(ours))) == set(allowed)

    return check


@pytest.fixture
def lone(box, books):
    """The books with one custom field, as the recorded company of 2020 has."""

    def change():
        company = box.app.world.quickbooks.companies["sandbox", books.realm]
        company.profile = msgspec.structs.replace(company.profile, custom_fields=("Crew #",))

    box.run(change)
    return books


@pytest.fixture(scope="session")
def run_node():
    """`run_node("script", name=value)` gives the object that `node/script.js` returns; what it throws fails the test."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node is not installed, and this client is written for it")
    install_node_clients()
    return lambda script, **arguments: json.loads(called("node", f"{script}.js", given=arguments).splitlines()[-1])


def install_node_clients():
    """Install what the lock file names, once; of several processes the first does it and the others wait."""
    done = NODE / "node_modules" / ".installed"
    with (NODE / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = lock.read()
        if not done.exists() or done.read_bytes() != wanted:
            called("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
            done.write_bytes(wanted)


def called(*command, given=None):
    done = subprocess.run(  # npm waits for a registry, a script only for loopback
        command, cwd=NODE, input=json.dumps(given), capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stderr[-4000:]}"
    return done.stdout


class Receiver:
    """A program on loopback that takes webhooks: keeps what came, answers with the statuses given, then with 200."""

    def __init__(self, context=None):
        self.got, self.statuses, self.arrived = [], [], threading.Condition()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_port}/attio"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.arrived:
                    receiver.got.append((self.path, dict(self.headers), raw))
                    status = receiver.statuses.pop(0) if receiver.statuses else 200
                    receiver.arrived.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def wait(self, count):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.got) >= count, timeout=10), f"{len(self.got)} of {count} came"
        return self.got

    def events(self, count):
        return [event for _, _, raw in self.wait(count) for event in json.loads(raw)["events"]]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def secure_receiver(tmp_path):
    """A receiver that speaks TLS with a certificate of its own making."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    write_certificate(key, certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    made = Receiver(context)
    yield made
    made.close()


def write_certificate(key, certificate):
    """Write what a program on loopback makes for itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(secret, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate.write_bytes(made.public_bytes(pem))
    key.write_bytes(secret.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


@pytest.fixture
def eventually():
    """Wait for a condition that comes true in the background, at most ten seconds."""

    def wait(condition):
        end = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < end, "it never came true"
            time.sleep(0.005)

    return wait


class Account:
    """The account at Stripe, by Stripe's own library and by plain forms."""

    def __init__(self, box, http):
        import stripe

        stripe.enable_telemetry = False  # it would write into the home folder
        self.box, self.http, self.library = box, http, stripe
        self.key, self.secret = box.world["stripe"]["api_key"], box.world["stripe"]["webhook_secret"]
        self.client = self.open(self.key)
        self.v1 = self.client.v1

    def open(self, key, **options):
        return self.library.StripeClient(key, base_addresses={"api": self.box.stripe_url}, **options)

    def call(self, method, path, form=None, *, status=200, key=None, **headers):
        """Make a call without the library; the form is written as it goes over the wire."""
        sent = {"Authorization": f"Bearer {key or self.key}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        url = f"{self.box.stripe_url}{path}"
        where = {"params": form} if method in {"GET", "DELETE"} else {"data": form}
        answer = self.http.request(method, url, headers=sent, **where)
        assert answer.status_code == status, answer.text
        return answer

    def refused(self, method, path, form=None, *, status=400, **options):
        return self.call(method, path, form, status=status, **options).json()["error"]

    def price(self, amount=3900, **more):
        product = self.v1.products.create({"name": "AttiBooks Pro"})
        facts = {"currency": "eur", "unit_amount": amount, "recurring": {"interval": "month"}, "product": product.id}
        return self.v1.prices.create(facts | more)

    def customer(self, card=None, **more):
        """A customer, with a saved card if one is named (`pm_card_visa`)."""
        saved = {"payment_method": card, "invoice_settings": {"default_payment_method": card}} if card else {}
        return self.v1.customers.create({"email": "billing@acme.example"} | saved | more)

    def subscription(self, card="pm_card_visa", price=None, customer=None, **more):
        customer = customer or self.customer(card)
        items = [{"price": (price or self.price()).id}]
        return self.v1.subscriptions.create({"customer": customer.id, "items": items} | more)

    def session(self, price=None, **more):
        facts = {
            "mode": "subscription",
            "line_items": [{"price": (price or self.price()).id, "quantity": 1}],
            "success_url": "http://127.0.0.1:9/return?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:9/billing",
        }
        if "customer" not in more and "customer_email" not in more:
            more["customer"] = self.customer().id
        return self.v1.checkout.sessions.create(facts | more)

    def pay(self, session, number="4242 4242 4242 4242", **form):
        """Fill in the page of a session as a person does."""
        return self.http.post(session.url, data={"number": number} | form)

    def again(self, row):
        """The subscription as it is now."""
        return self.v1.subscriptions.retrieve(row.id)

    def told(self, *types):
        """The types of the events so far, oldest first; only those named, if any are."""
        events = self.v1.events.list({"limit": 100}).data
        return [event.type for event in reversed(events) if not types or event.type in types]

    def event(self, kind):
        """The newest event of a type."""
        return self.v1.events.list({"type": kind, "limit": 1}).data[0].to_dict()

    def portal(self, customer, configuration=None, **more):
        features = {
            "subscription_cancel": {"enabled": True, "cancellation_reason": {"enabled": True, "options": ["unused"]}},
            "payment_method_update": {"enabled": True},
            "customer_update": {"enabled": True, "allowed_updates": ["email", "name", "address"]},
            "invoice_history": {"enabled": True},
        }
        made = self.v1.billing_portal.configurations.create({"features": features | (configuration or {})})
        facts = {"customer": customer, "configuration": made.id, "return_url": "http://127.0.0.1:9/billing"}
        return self.v1.billing_portal.sessions.create(facts | more)


@pytest.fixture
def account(box, http):
    """The account at Stripe of the world, with nothing in it."""
    return Account(box, http)


@pytest.fixture(scope="session")
def stripe_contract():
    """What Stripe's answers and events are judged by."""
    from attibooks_sandbox.stripe.contract import StripeContract

    return StripeContract(STRIPE / "openapi.json", STRIPE / "objects.json")
