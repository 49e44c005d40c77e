"""The sandbox inside a test: one line starts it on a free loopback port, its methods steer it without HTTP.

    with Sandbox() as box:
        client = httpx.Client(base_url=box.attio_url)

Everything that changes state runs in the server's own thread, so a call never sees half of a change.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from attibooks_sandbox.app import HOST_URL, SandboxApp, create_app
from attibooks_sandbox.control.views import show_companies, show_workspaces
from attibooks_sandbox.kernel.jsonio import read_json, write_json
from attibooks_sandbox.kernel.messages import Request, Response
from attibooks_sandbox.kernel.server import Listener, listen, new_loop
from attibooks_sandbox.worlds.build import Size

Done = TypeVar("Done")
Json = dict[str, Any]


class ControlRefusedError(AssertionError):
    """The control plane refused what a test asked of it."""


class Sandbox:
    """A running sandbox; use it as a context manager."""

    def __init__(
        self,
        *,
        seed: int | None = None,
        size: Size | None = None,
        limits: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        attio_openapi: str | Path | None = None,
        host_url: str = HOST_URL,
        data: str | Path | None = None,
    ) -> None:
        """Prepare a sandbox; with `attio_openapi` every Attio answer is checked against that document.

        What it finds gathers in `violations`, over resets too, until somebody clears the list.

        The world is that of a seed (1) and a size (`small`), or the one in the folder `data`, which then carries all
        that changes. `host_url` is the AttiBooks host that the page's app calls; `app.host_url` may be set later too.
        """
        self.app: SandboxApp = create_app(seed, size=size, limits=limits, host_url=host_url, data=data)
        self.faults = Faults(self)
        self.clock = ClockHand(self)
        self.violations: list[str] = []
        self._host, self._wanted_port = host, port
        self._loop = new_loop()
        self._listener: Listener
        self._thread = threading.Thread(target=self._run, name="attibooks-sandbox", daemon=True)
        if attio_openapi is not None:
            self.check_against(Path(attio_openapi))

    def check_against(self, document: Path) -> None:
        """Check every Attio answer from now on against an OpenAPI document; what is found gathers in `violations`."""
        from attibooks_sandbox.contract import AttioContract  # noqa: PLC0415 - needs a package that only tests have

        contract = AttioContract(document)

        def check(service: str, request: Request, response: Response) -> None:
            if service == "attio":
                self.violations.extend(contract.violations(request, response))

        self.app.observers.append(check)

    def check_stripe_against(self, openapi: Path, objects: Path) -> None:
        """Check every Stripe answer from now on against its two documents; what is found gathers in `violations`."""
        from attibooks_sandbox.stripe.contract import StripeContract  # noqa: PLC0415 - as above

        contract = StripeContract(openapi, objects)

        def check(service: str, request: Request, response: Response) -> None:
            if service == "stripe":
                self.violations.extend(contract.violations(request, response))

        self.app.observers.append(check)

    # life

    def __enter__(self) -> Self:
        """Start serving."""
        opened: Future[Listener] = Future()
        self._opening = opened
        self._thread.start()
        self._listener = opened.result(timeout=10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving and cut what is still connected."""
        self._loop.call_soon_threadsafe(self._listener.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self.app.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._opening.set_result(self._loop.run_until_complete(listen(self.app, self._host, self._wanted_port)))
        except OSError as error:
            self._loop.close()
            self._opening.set_exception(error)
            return
        self._loop.run_forever()
        self._end_tasks()
        self._loop.close()

    def _end_tasks(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    def run(self, work: Callable[[], Done]) -> Done:
        """Do work in the server's thread and return its result."""
        done: Future[Done] = Future()

        def act() -> None:
            try:
                result = work()
                self.app.keep()
                done.set_result(result)
            except BaseException as error:  # noqa: BLE001 - handed to the waiting thread
                done.set_exception(error)

        self._loop.call_soon_threadsafe(act)
        return done.result(timeout=30)

    # addresses

    @property
    def port(self) -> int:
        """Return the port."""
        return self._listener.port

    @property
    def url(self) -> str:
        """Return the address of everything."""
        return f"http://{self._host}:{self.port}"

    @property
    def attio_url(self) -> str:
        """Return the base address of Attio, as `https://api.attio.com` is."""
        return f"{self.url}/attio"

    def quickbooks_url(self, environment: str = "sandbox") -> str:
        """Return the base address of QuickBooks in an environment, as `https://quickbooks.api.intuit.com` is."""
        return f"{self.url}/quickbooks/{environment}"

    @property
    def stripe_url(self) -> str:
        """Return the base address of Stripe, as `https://api.stripe.com` is."""
        return f"{self.url}/stripe"

    # the control plane, in process

    def control(self, method: str, path: str, body: object = None, query: str = "") -> Json:
        """Make a control call and return its answer; a refusal raises."""
        raw = b"" if body is None else write_json(body)
        request = Request(method, f"/control/{path}", query, {}, raw)
        response = self.run(lambda: self.app.control.handle(request))
        answer = read_json(response.body)
        assert isinstance(answer, dict)
        if response.status != 200:
            raise ControlRefusedError(answer["error"])
        return answer

    @property
    def world(self) -> Json:
        """Return what `GET /control/world` answers."""
        return self.control("GET", "world")

    def company(self, country: str = "US", environment: str = "sandbox", *, multicurrency: bool = False) -> Json:
        """Return the entry of the world's first company of a kind."""
        wanted = (country, environment, multicurrency)
        for company in self.run(lambda: show_companies(self.app)):
            if (company["country"], company["environment"], company["multicurrency"]) == wanted:
                return company
        message = f"no {environment} company in {country} with multicurrency={multicurrency}"
        raise LookupError(message)

    @property
    def workspace(self) -> Json:
        """Return the world's first workspace, the one with records."""
        return self.run(lambda: show_workspaces(self.app))[0]

    def reset(self, seed: int | None = None, size: Size | None = None) -> None:
        """Put everything back; with a seed or a size that of another world."""
        self.run(lambda: self.app.reset(seed, size))

    def state(self, **part: str) -> Json:
        """Return the state, or the part named by service, workspace, environment or realm."""
        return self.control("GET", "state", query="&".join(f"{name}={value}" for name, value in part.items()))

    def calls(self, service: str | None = None, kind: str | None = None, *, since: int = 0) -> list[Json]:
        """Return the calls received, oldest first: of a service, of a class (`core`, `read`, ...), after a number."""
        found = self.run(lambda: self.app.calls.select(service=service, kind=kind, since=since))
        return [call.describe() for call in found]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many calls came, by service and class."""
        return self.run(self.app.calls.counts)

    def metered(self) -> int:
        """Return how many reads the vendor would have billed: successful ones of production companies."""
        count: int = self.control("GET", "calls", query="limit=0")["metered"]
        return count

    def clear_calls(self) -> None:
        """Forget the calls and their counts."""
        self.control("DELETE", "calls")

    def limits(self, *, quickbooks: bool | None = None, attio: bool | None = None, stripe: bool | None = None) -> None:
        """Switch the vendors' throttles."""
        self.control("POST", "limits", {"quickbooks": quickbooks, "attio": attio, "stripe": stripe})

    def latency(self, seconds: float, service: str | None = None) -> None:
        """Delay every answer of a service, or of all."""
        self.control("POST", "latency", {"seconds": seconds, "service": service})

    def switch(self, **switches: object) -> None:
        """Set switches of the services."""
        self.control("POST", "switches", switches)

    def token(self, service: str, **facts: object) -> str:
        """Issue or change a token and return it."""
        value: str = self.control("POST", "tokens", {"service": service, **facts})["access_token"]
        return value

    # hands of people

    def pay(self, environment: str, realm: str, invoice_id: str, amount: Decimal | str | None = None) -> Json:
        """Record a payment of an invoice, in full unless an amount is given."""
        given = None if amount is None else Decimal(amount)
        return self._books("pay", environment, realm, invoice_id=invoice_id, amount=given)

    def void(self, environment: str, realm: str, invoice_id: str) -> Json:
        """Void an invoice as the accountant."""
        return self._books("void", environment, realm, invoice_id=invoice_id)

    def delete(self, environment: str, realm: str, invoice_id: str) -> Json:
        """Delete an invoice as the accountant."""
        return self._books("delete", environment, realm, invoice_id=invoice_id)

    def change(self, environment: str, realm: str, entity: str, entity_id: str = "1", **fields: object) -> Json:
        """Change fields of an entity as the accountant, or settings of the company (`Preferences`)."""
        return self._books("change", environment, realm, entity=entity, id=entity_id, fields=fields)

    def rename(self, environment: str, realm: str, entity: str, entity_id: str, name: str) -> Json:
        """Give a list entity another name as the accountant."""
        return self._books("rename", environment, realm, entity=entity, id=entity_id, name=name)

    def _books(self, action: str, environment: str, realm: str, **facts: object) -> Json:
        return self.control("POST", f"quickbooks/{action}", {"environment": environment, "realm": realm, **facts})

    def edit_record(self, workspace: str, object_name: str, record_id: str, **values: object) -> Json:
        """Overwrite values of a record as a member of the workspace."""
        place = {"workspace": workspace, "object": object_name, "record_id": record_id}
        return self.control("POST", "attio/edit", {**place, "values": values})

    def archive(
        self, workspace: str, object_name: str, attribute: str, *, choice: str | None = None, archived: bool = True
    ) -> Json:
        """Archive an attribute or one of its choices as a member, or bring it back."""
        place = {"workspace": workspace, "object": object_name, "attribute": attribute}
        return self.control("POST", "attio/archive", {**place, "choice": choice, "archived": archived})

    def deliveries(self, workspace: str | None = None) -> list[Json]:
        """Return the last messages to Attio webhooks, oldest first, each with its attempts."""
        query = "" if workspace is None else f"workspace={workspace}"
        found: list[Json] = self.control("GET", "attio/deliveries", query=query)["deliveries"]
        return found

    def handler(self, mode: str) -> None:
        """Make the app's webhook handlers behave: `answers`, `expired`, `silent`, `fails`, `hangs` or `gone`."""
        self.control("POST", "attio/handler", {"mode": mode})

    def delete_record(self, workspace: str, object_name: str, record_id: str) -> Json:
        """Delete a record as a member of the workspace."""
        place = {"workspace": workspace, "object": object_name, "record_id": record_id}
        return self.control("POST", "attio/delete", place)


class Faults:
    """The faults planted in a sandbox."""

    def __init__(self, box: Sandbox) -> None:
        """Steer the faults of a sandbox."""
        self._box = box

    def add(self, service: str, kind: str, **facts: object) -> str:
        """Plant a fault (members as in `POST /control/faults`) and return its id."""
        name: str = self._box.control("POST", "faults", {"service": service, "kind": kind, **facts})["id"]
        return name

    def clear(self) -> None:
        """Remove every fault."""
        self._box.control("DELETE", "faults")

    def listed(self) -> list[Json]:
        """Return the faults that can still strike."""
        found: list[Json] = self._box.control("GET", "faults")["faults"]
        return found


class ClockHand:
    """The clock of a sandbox."""

    def __init__(self, box: Sandbox) -> None:
        """Steer the clock of a sandbox."""
        self._box = box

    def freeze(self, now: str) -> None:
        """Stand still at an ISO 8601 instant."""
        self._box.control("POST", "clock", {"now": now})

    def offset(self, seconds: float) -> None:
        """Run this far from the machine's time."""
        self._box.control("POST", "clock", {"offset_seconds": seconds})

    def advance(self, seconds: float) -> None:
        """Move on by a step."""
        self._box.control("POST", "clock", {"advance_seconds": seconds})

    def now(self) -> str:
        """Return the present instant."""
        instant: str = self._box.control("GET", "clock")["now"]
        return instant
