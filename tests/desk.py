"""A user's desk: the app in one workspace, connected to one company's books."""

import time
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any, Self
from uuid import uuid4

import httpx

from attibooks_sandbox.testing import Sandbox
from tests.app_client import NO_TLS, AppClient

SETTINGS = {
    "source_customer_email": "invoice_email",
    "source_service_description": "service_description",
    "source_rate": "rate",
    "source_quantity": "quantity",
    "source_currency": "billing_currency",
    "source_due_days": "payment_terms_days",
    "template_due_days": 30,
    "writeback_invoice_id": "invoice_id",
    "writeback_invoice_number": "invoice_number",
    "writeback_invoice_status": "invoice_status",
    "writeback_invoice_url": "invoice_url",
    "writeback_last_sync_at": "last_synced_at",
    "writeback_sync_error": "sync_error",
}
WRITTEN_BACK = ("invoice_id", "invoice_number", "invoice_status", "invoice_url", "last_synced_at", "sync_error")
PASSING = {429, 502, 503, 504}
PATIENCE_SECONDS = 60.0


@dataclass
class Desk:
    """What a user has at hand, and what a test may look at behind their back."""

    box: Sandbox
    app: AppClient
    company: dict[str, Any]
    attio: httpx.Client
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        box: Sandbox,
        url: str,
        country: str = "US",
        environment: str = "production",
        *,
        multicurrency: bool = False,
        clock_offset: float = 0.0,
        workspace: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Self:
        """Install the app in a workspace, the first one unless told, and connect it to the first such company."""
        workspace = workspace or box.workspace
        company = box.company(country, environment, multicurrency=multicurrency)
        key_id, secret = next(iter(workspace["app_secrets"].items()))
        app = AppClient(
            url, workspace["id"], workspace["token"], secret, key_id, company["access_token"], clock_offset=clock_offset
        )
        app.settings = {**SETTINGS, "environment": environment, "qbo_company_id": company["realm"], **settings}
        attio = httpx.Client(
            base_url=box.attio_url, headers={"Authorization": f"Bearer {workspace['token']}"}, verify=NO_TLS
        )
        desk = cls(box, app, company, attio)
        assert desk.until_final(app.install).status_code == 201
        return desk

    def close(self) -> None:
        """Hang up."""
        self.app.http.close()
        self.attio.close()

    # -- the CRM -------------------------------------------------------------------------------------------------

    def new_company(self, name: str | None = None, **values: Any) -> str:
        """A company record with everything an invoice needs; values replace, None leaves out."""
        full = {
            "name": name or f"Test {uuid4().hex[:10]}",
            "service_description": "Consulting",
            "rate": 120,
            "quantity": 2,
            **values,
        }
        return self.new_record("companies", full)

    def new_record(self, object_slug: str, values: dict[str, Any]) -> str:
        """A record with these values; past every planted fault."""
        given = {slug: [v] if not isinstance(v, list) else v for slug, v in values.items() if v is not None}
        for _ in range(60):
            answer = self._try_record(object_slug, given)
            if answer is not None and answer.status_code == 200:
                record_id = answer.json()["data"]["id"]["record_id"]
                self.names[record_id] = str(values.get("name"))
                return record_id
            time.sleep(0.05)
        raise AssertionError(answer.text if answer is not None else "no answer")

    def _try_record(self, object_slug: str, given: dict[str, Any]) -> httpx.Response | None:
        try:
            return self.attio.post(f"/v2/objects/{object_slug}/records", json={"data": {"values": given}})
        except httpx.HTTPError:
            return None

    def shown(self, record_id: str, object_slug: str = "companies") -> dict[str, Any]:
        """What the record shows of its invoice."""
        state = self.box.state(service="attio", workspace=self.app.workspace)
        record = state["attio"]["workspaces"][self.app.workspace]["objects"][object_slug][record_id]
        return {slug: record[slug] for slug in WRITTEN_BACK}

    # -- the books -----------------------------------------------------------------------------------------------

    @property
    def realm(self) -> dict[str, Any]:
        """Everything in the company's books."""
        place = {"environment": self.company["environment"], "realm": self.company["realm"]}
        return self.box.state(service="quickbooks", **place)["quickbooks"][place["environment"]][place["realm"]]

    def invoices(self, record_id: str) -> list[dict[str, Any]]:
        """The invoices in the books whose customer has the record's name."""
        name = self.names[record_id]
        return [i for i in self.realm["invoices"] if i["CustomerRef"]["name"] == name]

    def mark(self) -> int:
        """Number of the last call that the sandbox received: what comes later is `calls(since=mark)`."""
        calls = self.box.calls()
        return int(calls[-1]["number"]) if calls else 0

    def sent(self, path: str = "*/invoice", *, since: int = 0) -> list[str]:
        """Bodies of the writes that the books received, oldest first."""
        calls = self.box.calls("quickbooks", "core", since=since)
        return [c["request_body"] for c in calls if fnmatch(c["path"].partition("?")[0], path)]

    def invoice(self, record_id: str) -> dict[str, Any]:
        """The only invoice of the record's customer."""
        (invoice,) = self.invoices(record_id)
        return invoice

    def by_hand(self, action: str, invoice_id: str, **facts: Any) -> dict[str, Any]:
        """What the accountant does to an invoice in the books: `pay`, `void`, `delete`, or `change` its fields."""
        place = (self.company["environment"], self.company["realm"])
        if action == "change":
            return self.box.change(*place, "Invoice", invoice_id, **facts)["Invoice"]
        return getattr(self.box, action)(*place, invoice_id, **facts)

    # -- the app -------------------------------------------------------------------------------------------------

    def set_up(self) -> dict[str, Any]:
        """Press *Run Setup*, and wait until the invoices that there are already have their records."""
        answer = self.until_final(lambda: self.app.set_up(key=uuid4().hex))
        assert answer.status_code == 200, answer.text
        synced = self.until_final(self.app.sync)
        assert (synced.status_code, synced.json()["errors"]) == (200, []), synced.text
        return answer.json()

    def create(self, record_id: str, object_slug: str = "companies", **more: Any) -> httpx.Response:
        """Click once and take what comes."""
        return self.app.create(object_slug, record_id, **more)

    def preview(self, record_id: str, object_slug: str = "companies", **more: Any) -> dict[str, Any]:
        """What the review dialog shows."""
        answer = self.app.preview(object_slug, record_id, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def live(self, record_id: str, object_slug: str = "companies") -> dict[str, Any]:
        """What the dialog of *Edit Invoice in QuickBooks* shows."""
        answer = self.app.live(object_slug, record_id)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def edit(self, record_id: str, object_slug: str = "companies", **more: Any) -> httpx.Response:
        """Submit that dialog; without a `version` it is opened first."""
        version = more.pop("version", None) or self.live(record_id, object_slug)["version"]
        return self.app.edit(object_slug, record_id, version=version, **more)

    def confirm(self, record_id: str, object_slug: str = "companies") -> dict[str, Any]:
        """What a person is asked before an invoice is voided."""
        answer = self.app.void(object_slug, record_id)
        assert answer.status_code == 200, answer.text
        return answer.json()["confirm"]

    def void(self, record_id: str, object_slug: str = "companies", **more: Any) -> httpx.Response:
        """Click *Void in QuickBooks* and confirm it."""
        token = more.pop("confirm_token", None) or self.confirm(record_id, object_slug)["token"]
        return self.app.void(object_slug, record_id, confirm_token=token, **more)

    def click(
        self, record_id: str, object_slug: str = "companies", *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        """Click, and as the app does: repeat with the same key while the answer is a passing one."""
        key = key or uuid4().hex
        return self.until_final(lambda: self.app.create(object_slug, record_id, key=key, **more))

    def batch(
        self, record_ids: list[str], object_slug: str = "companies", *, key: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """Click on a selection and wait for the end; the result of the job."""
        key = key or uuid4().hex
        answer = self.until_known(lambda: self.app.batch(object_slug, record_ids, key=key, **more))
        assert answer.status_code == 202, answer.text
        return self.ended(answer.json()["job_id"])["result"]

    def ended(self, job_id: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The job, once it has succeeded."""
        job: dict[str, Any] = {}

        def has_ended() -> bool:
            answer = self.until_known(lambda: self.app.job(job_id))
            assert answer.status_code == 200, answer.text
            job.update(answer.json())
            return job["state"] == "succeeded"

        self.eventually(has_ended, seconds)
        assert job["progress"]["done"] == job["progress"]["total"]
        return job

    @staticmethod
    def until_known(call: Any) -> httpx.Response:
        """Repeat a call while the host cannot be reached or says that it may work later."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer: httpx.Response = call()
            if answer.status_code not in PASSING or time.monotonic() > deadline:
                return answer
            time.sleep(0.2)

    @staticmethod
    def until_final(call: Any) -> httpx.Response:
        """Repeat a call while it answers that it may work later."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer: httpx.Response = call()
            if answer.status_code not in {*PASSING, 202} or time.monotonic() > deadline:
                return answer
            time.sleep(min(float(answer.headers.get("retry-after", 0.1)), 2.0))

    def eventually(self, holds: Any, seconds: float = 30.0) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "it did not come true in time"
            time.sleep(0.1)

    def trail(self, record_id: str, object_slug: str = "companies") -> list[dict[str, Any]]:
        """The trail of a record."""
        body = {"object": object_slug, "record_id": record_id}
        answer = self.until_final(lambda: self.app.read("invoices/trail", body))
        assert answer.status_code == 200, answer.text
        return answer.json()["entries"]
