"""A sandbox in this process, a host in a process of its own, and a fresh folder for both."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

from attibooks_sandbox.inattio.transport import AnswerLostError, HostAbsentError, HttpTransport
from attibooks_sandbox.kernel.jsonio import write_json
from attibooks_sandbox.testing import Sandbox

ADDRESS = "127.0.0.1"
PAGE_PORT, HOST_PORT = 8100, 8000
PORTS_TRIED = 100
START_SECONDS = 60
STOP_SECONDS = 15
TAIL_LINES = 20
RACES = 5
CRON_SECRET = "demo-cron-secret"  # noqa: S105 - no secret: the host listens on this machine only
"""Opens the cron route of the demo's host, which nobody but this machine reaches."""
PORT_TAKEN = "address already in use"
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")

Facts = dict[str, Any]
Tick = Callable[[], None]
Opened = TypeVar("Opened")


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


class PortTakenError(DemoError):
    """Somebody else listens at the port that was free a moment ago."""


def free_port(first: int = 0) -> int:
    """Return a port that nobody listens on: the first one from a number on, or any with 0."""
    for port in range(first, first + PORTS_TRIED) if first else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ADDRESS, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    message = f"All ports from {first} to {first + PORTS_TRIED - 1} are taken. End what listens there."
    raise DemoError(message)


class HostProgram:
    """`attibooks serve` in a process of its own, on a leash."""

    def __init__(self, folder: Path, port: int, settings: dict[str, str]) -> None:
        """Prepare a host that keeps everything in a folder."""
        self.url = f"http://{ADDRESS}:{port}"
        self.log = folder / "host.log"
        self._folder, self._port = folder, port
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        self._environment = {**kept, "HOME": str(folder), **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it gets no Ctrl-C of ours, we end it in order."""
        command = ["-m", "attibooks_sandbox.demo.leash", "attibooks_core", "serve", "--port", str(self._port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
                [sys.executable, *command],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, *words: str) -> str:
        """Run another command of the host with its settings, and return what it prints."""
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own words
            [sys.executable, "-m", "attibooks_core", *words],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            message = f"`attibooks {' '.join(words)}` failed. {done.stderr.strip()}"
            raise DemoError(message)
        return done.stdout

    def set(self, **settings: str) -> None:
        """Change settings of its next start."""
        self._environment |= settings

    @property
    def alive(self) -> bool:
        """Tell whether it runs."""
        return self._process is not None and self._process.poll() is None

    def wait_until_ready(self, tick: Tick) -> None:
        """Wait until it serves."""
        transport = HttpTransport(self.url, connect_seconds=1, answer_seconds=5)
        deadline = time.monotonic() + START_SECONDS
        while self.alive and time.monotonic() < deadline:
            try:
                if transport.send("GET", "/health/ready", {}, b"").status == 200:
                    return
            except (HostAbsentError, AnswerLostError):
                pass
            time.sleep(0.1)
            tick()
        kind = PortTakenError if PORT_TAKEN in self.log.read_text("utf-8", "replace").lower() else DemoError
        raise kind(self.obituary("The host did not start."))

    def obituary(self, sentence: str) -> str:
        """Return a sentence with the end of the log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join([sentence, "The end of its log:", *lines])

    def stop(self) -> None:
        """End it: in order, and by force when that takes too long."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Stage:
    """Sandbox and host, running; use it as a context manager."""

    def __init__(self, *, fixed_ports: bool, sells: bool = False, tick: Tick = lambda: None) -> None:
        """Prepare; with fixed ports the usual ones are taken, or the next free ones.

        A host that sells begins on Free and has an account at the sandbox's Stripe, else everybody has Pro.
        """
        self._sells = sells
        self._ports = (PAGE_PORT, HOST_PORT) if fixed_ports else (0, 0)
        self._tick = tick
        self._ends = ExitStack()
        self.sandbox: Sandbox
        self.host: HostProgram

    def __enter__(self) -> Self:
        """Start both and wait until they answer."""
        with ExitStack() as ends:
            folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="attibooks-demo-")))
            self.sandbox = self._with_a_port(lambda: self._open_sandbox(ends))
            self.host = self._with_a_port(lambda: self._open_host(ends, folder))
            self._ends = ends.pop_all()
        return self

    def _with_a_port(self, opened: Callable[[], Opened]) -> Opened:
        """Try again when somebody takes the port between our look at it and its opening."""
        for _ in range(RACES - 1):
            try:
                return opened()
            except PortTakenError:
                self._tick()
        return opened()

    def _open_sandbox(self, ends: ExitStack) -> Sandbox:
        port = free_port(self._ports[0])
        try:
            return ends.enter_context(Sandbox(host=ADDRESS, port=port))
        except OSError as error:
            message = f"The sandbox cannot listen at port {port}: {error.strerror}."
            raise PortTakenError(message) from error

    def _open_host(self, ends: ExitStack, folder: Path) -> HostProgram:
        port = free_port(self._ports[1])
        url = f"http://{ADDRESS}:{port}"
        self.sandbox.app.host_url = url
        host = HostProgram(folder, port, host_settings(self.sandbox, folder, url))
        if self._sells:
            host.set(**billing_settings(self.sandbox))
            steps = json.loads(host.run("stripe", "setup", "--json"))["steps"]
            secrets = [step["secret"] for step in steps if step["secret"]]
            host.set(ATTIBOOKS_STRIPE__WEBHOOK_SECRETS=json.dumps(secrets))
        ends.callback(host.stop)
        host.start()
        host.wait_until_ready(self._tick)
        return host

    def __exit__(self, *_: object) -> None:
        """End both and remove the folder."""
        self._ends.close()

    def move_clocks(self, seconds: float) -> None:
        """Let time pass for the services, for the host, which starts again, and for the app that calls it."""
        self.host.stop()
        self.sandbox.clock.offset(seconds)
        self.sandbox.app.page.player.clock_offset = seconds
        self.host.set(ATTIBOOKS_CLOCK_OFFSET_SECONDS=str(int(seconds)))
        self.host.start()
        self.host.wait_until_ready(self._tick)

    def ask(self, method: str, path: str, body: Facts | None = None) -> Facts:
        """Call the sandbox as its page does, and return the answer."""
        raw = b"" if body is None else write_json(body)
        answer = HttpTransport(self.sandbox.url, answer_seconds=120).send(method, path, {}, raw)
        if answer.status != 200:
            raise DemoError(str(answer.facts.get("error", f"{path} answered {answer.status}")))
        return answer.facts

    def press(self, path: str, body: Facts | None = None) -> Facts:
        """Press a button of the app, and return its outcome; what the app refuses ends the demo."""
        outcome = self.ask("POST", path, body or {})
        if not outcome["ok"]:
            said = outcome["toast"] or {"title": "The app asks", "text": outcome["question"]}
            raise DemoError(f"{said['title']}: {said['text']}")
        return outcome

    def connect(self, environment: str = "sandbox") -> Facts:
        """Install the app in the first workspace and connect the first company of an environment; returns the status.

        From then on the books tell the host of their changes, as the developer's portal of QuickBooks has them do.
        """
        for each, token in verifier_tokens(self.sandbox).items():
            place = {"url": f"{self.host.url}/webhooks/quickbooks", "environment": each}
            self.sandbox.control("POST", "quickbooks/webhooks", {**place, "verifier_token": token})
        company = self.sandbox.company("US", environment)
        body = {"environment": company["environment"], "realm": company["realm"]}
        status: Facts = self.press(f"/ui/api/app/{self.workspace}/connect", body)["body"]
        return status

    @property
    def workspace(self) -> str:
        """Return the id of the first workspace."""
        return str(self.sandbox.workspace["id"])


def verifier_tokens(sandbox: Sandbox) -> dict[str, str]:
    """Return the token of each environment's webhooks: at Intuit each address has one of its own."""
    token = str(sandbox.world["quickbooks"]["webhook_verifier_token"])
    return {"sandbox": token, "production": f"{token}-production"}


def host_settings(sandbox: Sandbox, folder: Path, host_url: str) -> dict[str, str]:
    """Return the environment that makes a host of this sandbox's world."""
    workspace = sandbox.workspace
    verifiers = {environment: [token] for environment, token in verifier_tokens(sandbox).items()}
    return {
        "ATTIBOOKS_BILLING": "none",
        "ATTIBOOKS_CRON_SECRET": CRON_SECRET,
        "ATTIBOOKS_DATABASE_URL": f"sqlite:///{folder / 'attibooks.db'}",
        "ATTIBOOKS_LOG_FORMAT": "json",
        "ATTIBOOKS_PUBLIC_URL": host_url,
        "ATTIBOOKS_ATTIO__API_URL": sandbox.attio_url,
        "ATTIBOOKS_ATTIO__CLIENT_ID": workspace["client_id"],
        "ATTIBOOKS_ATTIO__APP_SECRETS": json.dumps(workspace["app_secrets"]),
        "ATTIBOOKS_QUICKBOOKS__SANDBOX_API_URL": sandbox.quickbooks_url("sandbox"),
        "ATTIBOOKS_QUICKBOOKS__PRODUCTION_API_URL": sandbox.quickbooks_url("production"),
        "ATTIBOOKS_QUICKBOOKS__WEBHOOK_VERIFIER_TOKENS": json.dumps(verifiers),
    }


def billing_settings(sandbox: Sandbox) -> dict[str, str]:
    """Return the environment that makes a host sell with the sandbox's Stripe."""
    return {
        "ATTIBOOKS_BILLING": "stripe",
        "ATTIBOOKS_STRIPE__API_KEY": sandbox.world["stripe"]["api_key"],
        "ATTIBOOKS_STRIPE__API_URL": sandbox.stripe_url,
    }
