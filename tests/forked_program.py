"""The program `attibooks` in a process that is forked off one which has imported it already.

Hundreds of hosts are started by the tests, and importing the program costs each of them most of its time. The process
is as real as any: it has a pid, is killed by signals, and shares nothing with whoever started it. Hosts that stand for
the program as users start it are started as users start it.
"""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PRELOADED = (
    "attibooks_core.cli",
    "attibooks_core.web.app",
    "attibooks_core.durable.dbos_runtime",
    "attibooks_attio",
    "attibooks_quickbooks",
    "attibooks_invoice_object",
    "attibooks_stripe_billing",
    "dbos",
    "psycopg",
    "uvicorn",
    __name__,
)
_FORKER = multiprocessing.get_context("forkserver")
_FORKER.set_forkserver_preload(list(PRELOADED))


class ForkedProgram:
    """Looks like a `subprocess.Popen`."""

    def __init__(self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> None:
        given = (list(arguments), str(cwd), dict(env), str(log))
        self._process = _FORKER.Process(target=run_program, args=given, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """Of the program's own process."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """To the program, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Wait for its end.

        :raises subprocess.TimeoutExpired: it goes on.
        """
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired("attibooks", timeout)
        return status


def run_program(arguments: list[str], cwd: str, env: dict[str, str], log: str) -> None:
    """Become the program: its folder, its environment, its output, and dice of its own."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    random.seed()
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    sys.path[:0] = filter(None, env.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = ["attibooks", *arguments]
    from attibooks_core.cli import main

    main(prog_name="attibooks")
