"""Debian's Chromium before the page, with a sandbox and a host behind it as `make demo` starts them."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Request, expect, sync_playwright

from attibooks_sandbox.demo.stage import Stage
from tests.browser.visitor import Visitor

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
LOOPBACK = "127.0.0.1"
PATIENCE = 20_000
"""Milliseconds that a click or a look may take on a busy machine."""
REQUIRED_BY = {"CI", "ATTIBOOKS_BROWSER"}
"""Variables of a machine that checks; a developer's has none of them."""


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is. Its absence fails the tests where a check runs, and else skips them with a reason."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        said = "Chromium is not installed, so nobody looked at the page. Install it: apt-get install chromium"
        pytest.fail(said) if REQUIRED_BY & os.environ.keys() else pytest.skip(said)
    return found


@pytest.fixture(scope="module")
def browser(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for a module's tests; it ends with them, because its event loop must not meet that of other tests."""
    home = {**os.environ, "HOME": str(tmp_path_factory.mktemp("browser"))}
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS, env=home)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Sandbox and host, connected to each other."""
    with Stage(fixed_ports=False) as running:
        yield running


@pytest.fixture
def visitor(browser: Browser, stage: Stage) -> Iterator[Visitor]:
    """Somebody at the page of a connected workspace; nothing may leave the machine or go wrong in the console."""
    stage.connect()
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US", timezone_id="UTC")
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page = context.new_page()
    said, asked = _Ear(), set[str]()
    page.on("console", said.hear)
    page.on("pageerror", lambda error: said.errors.append(str(error)))
    context.on("request", lambda call: asked.add(_server(call)))
    somebody = Visitor(page, stage, shots=_folder())
    yield somebody
    context.close()
    stage.sandbox.faults.clear()
    assert [each for each in said.errors if not any(text in each for text in somebody.expected)] == []
    assert asked == {LOOPBACK}


class _Ear:
    """Hears what the console says."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)


def _server(call: Request) -> str:
    return urlsplit(call.url).hostname or call.url


def _folder() -> Path | None:
    """Where pictures go that somebody wants to look at; none are taken otherwise."""
    given = os.environ.get("ATTIBOOKS_SCREENSHOTS")
    if given:
        Path(given).mkdir(parents=True, exist_ok=True)
    return Path(given) if given else None
