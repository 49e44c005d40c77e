"""A host that sells with the sandbox's Stripe, and hands that pay, cancel and look."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from attibooks_sandbox.testing import Sandbox
from tests.desk import Desk
from tests.host_process import HostProcess

CARD = "4242 4242 4242 4242"
APP = "https://app.attio.example/settings"


@dataclass
class Shop:
    """One database and the host on it."""

    box: Sandbox
    folder: Path
    environment: dict[str, str]
    host: HostProcess

    @classmethod
    def open(cls, box: Sandbox, folder: Path, environment: dict[str, str]) -> "Shop":
        """Set the account up with our command, and start the host with what it printed."""
        host = HostProcess(folder, environment, forked=True)
        environment |= {"ATTIBOOKS_PUBLIC_URL": host.url}
        shop = cls(box, folder, environment, host)
        steps = shop.set_up()
        assert [s["state"] for s in steps] == ["created"] * 4, steps
        environment["ATTIBOOKS_STRIPE__WEBHOOK_SECRETS"] = json.dumps([steps[3]["secret"]])
        host.start()
        return shop

    def set_up(self, *arguments: str) -> list[dict[str, Any]]:
        """`attibooks stripe setup`."""
        return json.loads(self.command("stripe", "setup", "--json", *arguments).stdout)["steps"]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of our commands."""
        return subprocess.run(
            [sys.executable, "-m", "attibooks_core", *arguments],
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), **self.environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def again(self, **environment: str) -> None:
        """Stop the host and start it with other settings."""
        self.host.stop()
        self.environment |= environment
        self.host.start()

    def close(self) -> None:
        self.host.kill()

    def buy(self, desk: Desk, number: str = CARD) -> httpx.Response:
        """Upgrade and pay; the page on which one comes back."""
        answer = desk.app.checkout(APP)
        assert answer.status_code == 200, answer.text
        paid = httpx.post(answer.json()["url"], data={"number": number})
        assert paid.status_code == 303, paid.text
        return httpx.get(paid.headers["location"])

    def in_portal(self, desk: Desk, path: str, **form: str) -> None:
        """Do something in the portal: `cancel`, `stay`, ..., to the subscription."""
        answer = desk.app.portal(APP)
        assert answer.status_code == 200, answer.text
        done = httpx.post(f"{answer.json()['url']}/subscriptions/{self.subscription['id']}/{path}", data=form)
        assert done.status_code in {200, 303}, done.text

    @property
    def looks_back(self) -> int:
        """How often the host has asked by itself what it missed; a start does it twice, for the hour and the day."""
        return self.host.text().count("billing_reconciled")

    @property
    def api(self) -> httpx.Client:
        """Stripe, asked as the operator would."""
        key = self.box.world["stripe"]["api_key"]
        return httpx.Client(base_url=self.box.stripe_url, headers={"Authorization": f"Bearer {key}"})

    @property
    def subscription(self) -> dict[str, Any]:
        """The only one."""
        with self.api as api:
            (found,) = api.get("/v1/subscriptions", params={"status": "all"}).json()["data"]
        return found


def usage(desk: Desk) -> dict[str, Any]:
    """What the app shows of the plan."""
    answer = desk.app.read("usage")
    assert answer.status_code == 200, answer.text
    return answer.json()


def standing(desk: Desk) -> dict[str, Any] | None:
    """How what was bought stands, as the app shows it; None when nothing ever was."""
    checks = desk.app.read("health").json()["checks"]
    return next((check for check in checks if check["name"] == "billing"), None)
