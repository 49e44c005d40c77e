"""A real host: the installed program in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import httpx

from tests.app_client import NO_TLS
from tests.forked_program import ForkedProgram

START_SECONDS = 40


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def install_plugin(folder: Path, name: str, source: str) -> Path:
    """A distribution with one plugin, made by hand; the folder to put on the host's path."""
    path = folder / f"{name}-plugin"
    info = path / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (path / f"{name}.py").write_text(source)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[attibooks]\n{name} = {name}\n")
    return path


class HostProcess:
    """`attibooks serve` (or another command) with an environment of its own; use it as a context manager.

    :param forked: off a process that has imported it, which is quicker (see `forked_program`).
    """

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str],
        *,
        command: str = "serve",
        options: Sequence[str] = (),
        python_path: Path | None = None,
        forked: bool = False,
    ) -> None:
        self._folder = folder
        self._environment = environment
        self._command = command
        self._options = options
        self._python_path = python_path
        self._forked = forked
        self.port = free_port()
        self.log = folder / f"{command}-{self.port}.log"
        self.process: subprocess.Popen[bytes] | ForkedProgram | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        """The database that it was given."""
        return self._environment["ATTIBOOKS_DATABASE_URL"]

    def start(self) -> Self:
        """Start it and wait until it serves."""
        port = ["--port", str(self.port)] if self._command == "serve" else []
        arguments = [self._command, *port, *self._options]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder), **self._environment}
        if self._python_path:
            environment["PYTHONPATH"] = str(self._python_path)
        self.process = self._begin(arguments, environment)
        if self._command == "serve":
            self._wait_until_it_serves()
        return self

    def _begin(self, arguments: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes] | ForkedProgram":
        if self._forked:
            return ForkedProgram(arguments, cwd=self._folder, env=environment, log=self.log)
        program = [sys.executable, "-m", "attibooks_core", *arguments]
        with self.log.open("ab") as log:
            return subprocess.Popen(program, cwd=self._folder, env=environment, stdout=log, stderr=log)

    def _wait_until_it_serves(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with httpx.Client(timeout=1, verify=NO_TLS) as client:
            while time.monotonic() < deadline:
                if self.process is None or self.process.poll() is not None:
                    break
                try:
                    if client.get(f"{self.url}/health/live").status_code == 200:
                        return
                except httpx.HTTPError:
                    time.sleep(0.05)
        raise AssertionError(f"the host did not start:\n{self.text()[-3000:]}")

    def kill(self) -> None:
        """SIGKILL: no chance to clean up."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)

    def stop(self, seconds: float = 40) -> int:
        """SIGTERM: drain and end."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def wait_dead(self, seconds: float = 30) -> None:
        """Wait until it has ended by itself."""
        if self.process:
            self.process.wait(seconds)

    def text(self) -> str:
        """Everything it said."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def events(self) -> list[dict[str, Any]]:
        """Its log lines that are JSON."""
        return [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
