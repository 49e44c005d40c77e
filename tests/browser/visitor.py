"""Somebody at the page: finds things by what they are called, as a person or a screen reader does."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from playwright.sync_api import Locator, Page, expect

from attibooks_sandbox.demo.stage import Stage

CREATE = "Create QuickBooks invoice"
AT_LAST = 30_000
"""Milliseconds that a whole operation of the host may take on a busy machine."""


class Visitor:
    """A person in the browser, and what a test may do behind their back."""

    def __init__(self, page: Page, stage: Stage, *, shots: Path | None) -> None:
        self.page, self.stage, self.box = page, stage, stage.sandbox
        self._shots = shots
        self.expected: list[str] = []
        self.crm = page.get_by_role("region", name="Attio", exact=True)
        self.books = page.get_by_role("region", name="QuickBooks", exact=True)
        self.wire = page.get_by_role("region", name="Wire")
        self.toasts = page.get_by_role("region", name="Notifications")

    # -- behind their back ---------------------------------------------------------------------------------------

    def new_company(self, **values: Any) -> str:
        """A company of the CRM with everything that an invoice needs; None leaves a value out. Returns its name."""
        name = values.pop("name", None) or f"Visited {uuid4().hex[:8]}"
        full = {"name": name, "service_description": "Consulting", "rate": 120, "quantity": 2, **values}
        given = {slug: [value] for slug, value in full.items() if value is not None}
        answer = httpx.post(
            f"{self.box.attio_url}/v2/objects/companies/records",
            json={"data": {"values": given}},
            headers={"Authorization": f"Bearer {self.box.workspace['token']}"},
        )
        assert answer.status_code == 200, answer.text
        return name

    def invoices_of(self, name: str, environment: str = "sandbox") -> list[dict[str, Any]]:
        """The invoices that are really in the connected books for a customer."""
        company = self.box.company("US", environment)
        place = {"environment": company["environment"], "realm": company["realm"]}
        books = self.box.state(service="quickbooks", **place)["quickbooks"][place["environment"]][place["realm"]]
        return [each for each in books["invoices"] if each["CustomerRef"]["name"] == name]

    # -- what they do --------------------------------------------------------------------------------------------

    def opens(self) -> "Visitor":
        """Open the page."""
        self.page.goto(self.stage.sandbox.url)
        expect(self.crm.get_by_role("heading", name="Companies")).to_be_visible()
        return self

    def opens_record(self, name: str) -> "Visitor":
        """Open the page and follow the record's link in the list."""
        self.opens()
        self.crm.get_by_role("link", name=name, exact=True).click()
        expect(self.crm.get_by_role("heading", name=name)).to_be_visible()
        return self

    def acts(self, action: str) -> None:
        """Choose an action in the record's menu."""
        self.crm.get_by_role("button", name="Actions").click()
        self.page.get_by_role("menuitem", name=action).click()

    def switches(self, fault: str) -> None:
        """Throw the switch of a fault."""
        self.wire.get_by_role("switch", name=fault).click()
        expect(self.wire.get_by_role("switch", name=fault)).to_be_checked()

    def expects_console(self, text: str) -> None:
        """Say beforehand what the console is going to complain of."""
        self.expected.append(text)

    def presses(self, *keys: str) -> None:
        """Press keys one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def tabs_to(self, target: Locator) -> None:
        """Press Tab until something has the focus."""
        for _ in range(150):
            if target.evaluate("node => node === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {target}")

    # -- what they see -------------------------------------------------------------------------------------------

    def field(self, title: str) -> Locator:
        """The value of a field on the open record."""
        term = self.page.get_by_text(title, exact=True)
        return self.crm.locator("dl > div").filter(has=term).get_by_role("definition")

    def sees_toast(self, text: str) -> Locator:
        """Wait for a toast that holds a text."""
        found = self.toasts.locator("[role=status], [role=alert]").filter(has_text=text)
        expect(found).to_be_visible(timeout=AT_LAST)
        return found

    def takes_pictures(self, label: str) -> None:
        """Keep a light and a dark picture, where somebody asked for pictures."""
        if self._shots is None:
            return
        self.page.wait_for_timeout(300)
        for scheme in ("dark", "light"):
            self.page.emulate_media(color_scheme=scheme)
            self.page.screenshot(path=self._shots / f"{label}-{scheme}.png")
