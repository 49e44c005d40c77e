"""The app in Attio that the page plays, with a scripted host behind it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest

from attibooks_sandbox.inattio.app import InAttioApp
from attibooks_sandbox.testing import Sandbox

INSTALLATIONS, STATUS, SETTINGS = (f"/api/attio/{name}" for name in ("installations", "connection/status", "settings"))
CONNECTED = {
    "connected": True,
    "company_id": "4620816365002718390",
    "company_name": "Bluebird Studio",
    "environment": "sandbox",
}
CREATED = {
    "invoice": {"id": "6", "number": "1004", "total": "2500.00", "currency": "USD", "customer_name": "Northwind"},
    "writeback": {"state": "written", "problems": []},
    "warnings": [],
}

CUT = None
"""The answer that never comes: the connection is cut."""


class Asked(NamedTuple):
    """A call as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ScriptedHost:
    """Answers each route with its next scripted answer; the last one is repeated."""

    def __init__(self):
        self.asked: list[Asked] = []
        self._scripts: dict[tuple[str, str], list] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def tell(self, method, path, *answers):
        """Script a route: each answer is CUT, a status, or a status, a body and perhaps headers."""
        self._scripts[method, path] = list(answers)

    def calls(self, path):
        """The calls of a route, oldest first."""
        return [each for each in self.asked if each.path == path]

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _next(self, method, path):
        script = self._scripts.get((method, path), [(404, {"code": "not_found", "detail": f"No {method} {path}."})])
        answer = script[0] if len(script) == 1 else script.pop(0)
        return (answer, {}) if isinstance(answer, int) else answer

    def _handler(host):  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def _answer(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                host.asked.append(Asked(self.command, self.path, headers, body))
                answer = host._next(self.command, self.path)
                if answer is CUT:
                    self.close_connection = True
                    self.connection.close()
                    return
                status, facts, *more = answer
                raw = b"" if status == 204 else json.dumps(facts).encode()
                self.send_response(status)
                for name, value in (more[0] if more else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - names of http.server

            def log_message(self, *_):
                pass

        return Handler


class Desk:
    """The page's buttons, with a scripted host behind them."""

    CREATED = CREATED

    def __init__(self, box, http, host):
        self.box, self.http, self.host = box, http, host
        self.workspace, self.company = box.workspace, box.company("US", "sandbox")
        self.app = f"{box.url}/ui/api/app/{self.workspace['id']}"
        self.records = f"{box.url}/ui/api/crm/{self.workspace['id']}/companies"
        self.record = http.get(self.records).json()["records"][0]["id"]
        host.tell("POST", INSTALLATIONS, (201, {"installation_id": "one"}))
        host.tell("POST", STATUS, (200, CONNECTED))
        host.tell("PUT", SETTINGS, (200, {"settings": self.shown()["settings"], "sections": [], "problems": []}))

    def shown(self):
        return self.http.get(self.app).json()

    def press(self, path, body=None, method="POST"):
        answer = self.http.request(method, f"{self.app}/{path}", json=body or {})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def connect(self):
        body = {"environment": self.company["environment"], "realm": self.company["realm"]}
        return self.press("connect", body)

    def create(self, **body):
        return self.act(f"{self.record}/invoice", **body)

    def preview(self, **body):
        return self.act(f"{self.record}/preview", **body)

    def act(self, path, **body):
        answer = self.http.post(f"{self.records}/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def host():
    running = ScriptedHost()
    yield running
    running.close()


@pytest.fixture
def waits():
    """The pauses that the app would have made."""
    return []


@pytest.fixture
def desk(box: Sandbox, http, host, waits):
    async def wait(seconds):
        waits.append(seconds)

    before = box.app.page.player
    box.app.page.player, box.app.host_url = InAttioApp(box.app, sleep=wait), host.url
    yield Desk(box, http, host)
    box.app.page.player = before


@pytest.fixture
def connected(desk):
    assert desk.connect()["ok"]
    return desk
