"""The consent page of the sandbox's QuickBooks, by keyboard alone: the browser that the user is sent about with."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from attibooks_sandbox.testing import Sandbox

pytestmark = pytest.mark.browser


class App(BaseHTTPRequestHandler):
    """What the app shows when the user comes back."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>The app</title><p>Welcome back"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def callback() -> Iterator[str]:
    """The app's own address."""
    with HTTPServer(("127.0.0.1", 0), App) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/callback"
        server.shutdown()
        thread.join()


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox of its own."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that has seen none yet; no policy of the page itself may stop it."""
    context = browser.new_context(viewport={"width": 900, "height": 800})
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    yield opened
    context.close()
    assert [text for text in said if "Content Security Policy" in text] == []


def consent_url(box: Sandbox, callback: str) -> str:
    """Where an app with the keys of the sandbox environment sends its user."""
    asked = {
        "client_id": box.world["quickbooks"]["clients"]["sandbox"]["client_id"],
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting openid email",
        "redirect_uri": callback,
        "state": "s-71",
    }
    return f"{box.url}/quickbooks/connect/oauth2?{urlencode(asked)}"


def test_a_company_is_chosen_and_connected_by_keyboard(box: Sandbox, page: Page, callback: str) -> None:
    page.goto(consent_url(box, callback))
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("label:has(:checked)").inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Connect"
    page.keyboard.press("Enter")
    page.wait_for_url(f"{callback}?*")
    came = parse_qs(urlsplit(page.url).query)
    assert (came["state"], len(came["code"])) == (["s-71"], 1)
    assert came["realmId"][0] in chosen


def test_without_a_company_the_page_waits_and_by_cancel_the_app_hears_no(
    box: Sandbox, page: Page, callback: str
) -> None:
    page.goto(consent_url(box, callback))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.title() == "Connect an app"
    page.get_by_role("button", name="Cancel").press("Enter")
    page.wait_for_url(f"{callback}?error=access_denied&state=s-71")


def test_the_page_of_a_refusal_says_why(box: Sandbox, page: Page, callback: str) -> None:
    page.goto(consent_url(box, f"{callback}#part").replace("s-71", ""))
    assert page.get_by_role("heading").inner_text() == "The app cannot be connected"
