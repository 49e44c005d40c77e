"""The in-Attio app, as the host sees it: signed calls. Written from contract §3, not from the plugin that checks them."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

NO_TLS = False
"""Everything is plain HTTP on loopback: reading the authorities' certificates for each client takes longer than a test."""


@dataclass
class AppClient:
    """One workspace's app."""

    url: str
    workspace: str
    token: str
    secret: str
    key_id: str
    accounting: str | None = None
    user: str = "user-1"
    settings: dict[str, Any] | None = None
    timeout: float = 30.0
    clock_offset: float = 0.0
    """Seconds by which the host's clock was moved."""
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=self.timeout, verify=NO_TLS)

    def headers(
        self, method: str, target: str, body: bytes, *, key: str | None = None, at: float | None = None
    ) -> dict[str, str]:
        """Every header of a call, its signature included."""
        timestamp = str(int(time.time() + self.clock_offset if at is None else at))
        token_hash = hashlib.sha256(self.accounting.encode()).hexdigest() if self.accounting else ""
        lines = [
            "v1",
            timestamp,
            method,
            target,
            self.workspace,
            self.user,
            key or "",
            token_hash,
            hashlib.sha256(body).hexdigest(),
        ]
        signature = hmac.new(self.secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
        headers = {
            "Authorization": f"Bearer {self.token}",
            "X-AttiBooks-Workspace": self.workspace,
            "X-AttiBooks-Key-Id": self.key_id,
            "X-AttiBooks-Timestamp": timestamp,
            "X-AttiBooks-Signature": signature,
            "X-Attio-User-Id": self.user,
            "Content-Type": "application/json",
        }
        if self.accounting:
            headers["X-Accounting-Access-Token"] = self.accounting
        if key:
            headers["Idempotency-Key"] = key
        return headers

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, key: str | None = None
    ) -> httpx.Response:
        """One call to `/api/attio/...`."""
        target = f"/api/attio/{path}"
        content = b"" if body is None else json.dumps(body).encode()
        return self.http.request(
            method, target, content=content, headers=self.headers(method, target, content, key=key)
        )

    def read(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """A read by POST."""
        return self.call("POST", path, body or {})

    def install(self) -> httpx.Response:
        """Register the workspace."""
        body = {
            "callback_url": "https://hooks.example/attibooks",
            "handler_id": "handler-1",
            "connection_id": "connection-1",
            "connection_key": "quickbooks",
        }
        return self.call("POST", "installations", body, key=uuid4().hex)

    def put_settings(self, settings: dict[str, Any]) -> httpx.Response:
        """Store settings."""
        return self.call("PUT", "settings", {"settings": settings}, key=uuid4().hex)

    def preview(self, object_slug: str, record_id: str, **more: Any) -> httpx.Response:
        """Open the review dialog."""
        body = {"object": object_slug, "record_id": record_id, **more}
        if self.settings is not None and "settings" not in body:
            body["settings"] = self.settings
        return self.read("invoices/preview", body)

    def create(self, object_slug: str, record_id: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        """Click *Create QuickBooks invoice*."""
        body = {"object": object_slug, "record_id": record_id, **more}
        if self.settings is not None and "settings" not in body:
            body["settings"] = self.settings
        return self.call("POST", "invoices", body, key=key or uuid4().hex)

    def batch(self, object_slug: str, record_ids: list[str], *, key: str | None = None, **more: Any) -> httpx.Response:
        """Click *Create QuickBooks invoices* on a selection."""
        body = {"object": object_slug, "record_ids": record_ids, **more}
        if self.settings is not None and "settings" not in body:
            body["settings"] = self.settings
        return self.call("POST", "invoices/batch", body, key=key or uuid4().hex)

    def live(self, object_slug: str, record_id: str, **more: Any) -> httpx.Response:
        """Open the dialog of *Edit Invoice in QuickBooks*."""
        return self.read("invoices/live", self._about(object_slug, record_id, more))

    def edit(self, object_slug: str, record_id: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        """Submit the dialog of *Edit Invoice in QuickBooks*."""
        return self.call("POST", "invoices/edit", self._about(object_slug, record_id, more), key=key or uuid4().hex)

    def void(self, object_slug: str, record_id: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        """Click *Void in QuickBooks*, or confirm it."""
        return self.call("POST", "invoices/void", self._about(object_slug, record_id, more), key=key or uuid4().hex)

    def _about(self, object_slug: str, record_id: str, more: dict[str, Any]) -> dict[str, Any]:
        body = {"object": object_slug, "record_id": record_id, **more}
        if self.settings is not None and "settings" not in body:
            body["settings"] = self.settings
        return body

    def checkout(self, return_to: str, *, key: str | None = None) -> httpx.Response:
        """Click *Upgrade*."""
        return self.call("POST", "billing/checkout", {"return_to": return_to}, key=key or uuid4().hex)

    def portal(self, return_to: str, *, key: str | None = None) -> httpx.Response:
        """Click *Manage plan*."""
        return self.call("POST", "billing/portal", {"return_to": return_to}, key=key or uuid4().hex)

    def set_up(self, *, key: str) -> httpx.Response:
        """Click *Run Setup*."""
        body = {} if self.settings is None else {"settings": self.settings}
        return self.call("POST", "invoice-object/setup", body, key=key)

    def sync(self, *, key: str | None = None, **more: Any) -> httpx.Response:
        """Click *Sync Now*, or *Sync Invoices from QuickBooks*."""
        body = {**({"settings": self.settings} if self.settings is not None else {}), **more}
        return self.call("POST", "sync", body, key=key or uuid4().hex)

    def reconcile(self, *, repair: list[str] | None = None, key: str | None = None) -> httpx.Response:
        """Open the reconciliation, or repair some of its differences."""
        body: dict[str, Any] = {} if self.settings is None else {"settings": self.settings}
        if repair is None:
            return self.read("reconciliation", body)
        return self.call("POST", "reconciliation", {**body, "repair": repair}, key=key or uuid4().hex)

    def job(self, job_id: str) -> httpx.Response:
        """How a job stands."""
        return self.call("GET", f"jobs/{job_id}")
