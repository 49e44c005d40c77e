"""A stable of processes that race for one grant. Run as a program: forks its racers before anything is opened.

Commands come as JSON lines: `{"race": {...}}` gives every racer the same task, `{"one": {...}}` the first one alone.
An answer is a JSON line with the racers' results; null is one that died.
"""

import asyncio
import contextlib
import hashlib
import json
import multiprocessing
import os
import signal
import sys
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import httpx
from pydantic import SecretStr

from attibooks_core.errors import AttiBooksError
from attibooks_core.http import HttpPool
from attibooks_core.invoicing.granting import Granting
from attibooks_core.lifecycle import GrantedTokens
from attibooks_core.model import Books, Credential
from attibooks_core.storage.engine import Database
from attibooks_core.storage.grants import Grants
from attibooks_core.storage.vault import Vault
from attibooks_core.testing import SettableClock
from attibooks_quickbooks.backend import QuickBooksBackend
from attibooks_quickbooks.settings import QuickBooksHostSettings

TLS = httpx.create_ssl_context()
"""Made once, before the forks."""


class RealSleeps(SettableClock):
    """The time is told; waiting takes as long as it takes."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Racer:
    """One process: a database, a client, the vault's code."""

    def __init__(self) -> None:
        self.url = ""

    def open(self, setup: dict[str, Any]) -> None:
        if self.url:
            self.database.close()  # or the server runs out of connections
        self.url = setup["url"]
        self.database = Database(self.url)
        self.clock = RealSleeps()
        self.http = HttpPool(user_agent="racer", tls=TLS)
        settings = QuickBooksHostSettings(**setup["quickbooks"])
        backend = QuickBooksBackend(self.http, self.clock, settings)
        self.store = Grants(self.database, Vault([setup["key"]]))
        self.granting = Granting(self.clock, SimpleNamespace(backends={"quickbooks": backend}), self.store)

    async def run(self, task: dict[str, Any]) -> Any:
        if task["setup"]["url"] != self.url:
            self.open(task["setup"])
        self.clock._now = datetime.fromisoformat(task["now"])
        books = Books("quickbooks", "production", task["realm"])
        if task["do"] == "begin":
            return await self.begin(books, task)
        if task.get("die"):
            self.store.rotate = die  # between the server's answer and the commit
        refused = Credential(SecretStr(task["refused"])) if task.get("refused") else None
        try:
            credential = await self.granting.credential("ws", books, refused=refused)
        except AttiBooksError as error:
            return f"error:{error.code}"
        return credential and credential.token.get_secret_value()

    async def begin(self, books: Books, task: dict[str, Any]) -> str:
        ends = datetime.fromisoformat(task["now"])
        tokens = GrantedTokens(SecretStr("none"), SecretStr(task["refresh"]), ends)
        await self.granting.begin("ws", books, tokens)
        return hashlib.sha256(task["refresh"].encode()).hexdigest()


async def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def racing(pipe: Any, others_end: Any) -> None:
    others_end.close()
    loop, racer = asyncio.new_event_loop(), Racer()
    with contextlib.suppress(EOFError):  # the stable is closed
        while True:
            task = pipe.recv()
            pipe.send(loop.run_until_complete(racer.run(task)))


def main(count: int) -> None:
    fork = multiprocessing.get_context("fork")
    pipes = []
    for _ in range(count):
        ours, theirs = fork.Pipe()
        fork.Process(target=racing, args=(theirs, ours), daemon=True).start()
        theirs.close()
        pipes.append(ours)
    for line in sys.stdin:
        command = json.loads(line)
        called = pipes if "race" in command else [pipes[command["racer"]]]
        task = command.get("race") or command["one"]
        for pipe in called:
            with contextlib.suppress(BrokenPipeError):
                pipe.send(task)
        results = []
        for pipe in called:
            try:
                results.append(pipe.recv())
            except (EOFError, ConnectionResetError):
                results.append(None)
        sys.stdout.write(json.dumps(results) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
