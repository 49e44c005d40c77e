"""The app's webhook handler, as the host meets it: written from contract §3, not from the plugin that calls it."""

import hashlib
import hmac
import threading
from dataclasses import replace
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from attibooks_core.testing import Answer, ScriptedServer, SeenRequest
from tests.app_client import AppClient


class AppHook:
    """Answers the reverse call and hands a lease over, as the app in one workspace; use it as a context manager.

    :param app: what the lease is given with; its `url` is the host that is called.
    """

    def __init__(self, app: AppClient) -> None:
        self.app = replace(app)
        self.connected = True
        self.silent = False
        self.asked: list[dict[str, Any]] = []
        self.answers: list[httpx.Response] = []
        self._server = ScriptedServer()
        self._server.on("POST", "/hook", self._asked)

    @property
    def url(self) -> str:
        """Where the host calls the app."""
        return f"{self._server.url}/hook"

    def install(self) -> None:
        """Register this handler with the host."""
        facts = {"handler_id": "handler-1", "connection_id": "connection-1", "connection_key": "quickbooks"}
        answer = self.app.call("POST", "installations", {"callback_url": self.url, **facts}, key=uuid4().hex)
        assert answer.status_code == 201, answer.text

    def move(self, url: str) -> None:
        """Call another host from now on, which has not heard of the app yet."""
        self.app.http.close()
        self.app = replace(self.app, url=url)

    def _asked(self, request: SeenRequest) -> Answer:
        if not hmac.compare_digest(self.expected(request), request.headers.get("x-attibooks-signature", "")):
            return Answer({"code": "bad_signature"}, 401)
        self.asked.append(request.json())
        if not self.connected:
            return Answer({"code": "not_connected"}, 409)
        if not self.silent:  # from a thread: the lease is a call of its own, and may come before this answer or after
            threading.Thread(target=self._lease, args=(request.json()["job_id"],)).start()
        return Answer(status=202)

    def expected(self, request: SeenRequest) -> str:
        """The signature that the host has to give."""
        key = hmac.digest(self.app.secret.encode(), f"callback:{self.app.workspace}".encode(), "sha256")
        path, body = urlsplit(self.url).path, hashlib.sha256(request.body).hexdigest()
        nothing = hashlib.sha256(b"").hexdigest()
        assert body != nothing
        at = request.headers["x-attibooks-timestamp"]
        lines = ["v1", at, "POST", path, self.app.workspace, "", "", "", body]
        return hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()

    def _lease(self, job_id: str) -> None:
        body = {} if self.app.settings is None else {"settings": self.app.settings}
        self.answers.append(self.app.call("POST", f"jobs/{job_id}/lease", body, key=uuid4().hex))

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()
        self.app.http.close()
