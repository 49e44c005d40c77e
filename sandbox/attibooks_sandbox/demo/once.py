"""The main job without a browser: a record becomes one invoice, and each step shows what really is there."""

from __future__ import annotations

import time
from collections.abc import Callable

from attibooks_sandbox.demo.stage import DemoError, Facts, Stage, Tick
from attibooks_sandbox.inattio.transport import HttpTransport

RECORD = "Northwind Traders"
PATIENCE_SECONDS = 15
Say = Callable[[str], None]


class Story:
    """The steps that were done, told as they are done."""

    def __init__(self, say: Say) -> None:
        """Tell each step to somebody."""
        self._say = say
        self.steps: list[Facts] = []

    def step(self, title: str, **facts: object) -> None:
        """Tell a step with its real values."""
        number = len(self.steps) + 1
        self.steps.append({"step": number, "title": title, **facts})
        width = max((len(name) for name in facts), default=0)
        lines = [f"   {name.replace('_', ' '):<{width}}  {value}" for name, value in facts.items()]
        self._say("\n".join([f"{number}  {title}", *lines]))


def once(say: Say, tick: Tick) -> list[Facts]:
    """Do the main job and return its steps.

    :raises DemoError: a step failed; the message says which and why.
    """
    story = Story(say)
    started = time.monotonic()
    with Stage(fixed_ports=False, tick=tick) as stage:
        seconds = f"{time.monotonic() - started:.1f} s"
        story.step("The sandbox and the host are up", page=stage.sandbox.url, host=stage.host.url, took=seconds)
        _Play(stage, story).run()
    _conclude(story, say, time.monotonic() - started)
    return story.steps


def _conclude(story: Story, say: Say, seconds: float) -> None:
    """Say in one line what came of it all."""
    known: Facts = {}
    for step in story.steps:
        known |= step
    invoice = f"invoice {known['number']}, {known['total']}, {known['status']} in the books"
    say(f"Done in {seconds:.1f} s: one record, one click, exactly one invoice ({invoice}).")


class _Play:
    """The main job on a stage."""

    def __init__(self, stage: Stage, story: Story) -> None:
        self._stage, self._story = stage, story
        self._company = stage.sandbox.company("US", "sandbox")
        self._record_path = ""

    def run(self) -> None:
        self._connect()
        self._choose()
        first = self._create()
        self._look(first["body"]["invoice"])
        self._create_again(first)
        self._pay(first["body"]["invoice"])

    def _connect(self) -> None:
        status = self._stage.connect()
        self._story.step(
            "QuickBooks is connected, and the connection is checked",
            company=f"{status['company_name']} ({status['environment']}, {status['home_currency']})",
            company_id=status["company_id"],
        )

    def _choose(self) -> None:
        path = f"/ui/api/crm/{self._stage.workspace}/companies"
        record = next(each for each in self._stage.ask("GET", path)["records"] if each["name"] == RECORD)
        self._record_path = f"{path}/{record['id']}"
        fields = {field["title"]: _words(field) for field in self._group("billing")}
        self._story.step(f"The record {RECORD} is chosen", **fields)

    def _create(self) -> Facts:
        outcome = self._stage.press(f"{self._record_path}/invoice")
        invoice = outcome["body"]["invoice"]
        self._story.step(
            "Create QuickBooks invoice is clicked",
            toast=outcome["toast"]["title"],
            number=invoice["number"],
            total=f"{invoice['total']} {invoice['currency']}",
            status=invoice["status"],
            link=invoice["url"],
        )
        return outcome

    def _look(self, invoice: Facts) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (shown := self._shown())["Invoice number"] != invoice["number"]:
            if time.monotonic() > deadline:
                message = f"The record does not show invoice {invoice['number']} after {PATIENCE_SECONDS} s."
                raise DemoError(message)
            time.sleep(0.1)
        self._story.step("The record shows it now", **shown)

    def _create_again(self, first: Facts) -> None:
        again = self._stage.press(f"{self._record_path}/invoice", {"key": first["key"]})
        invoice, known = again["body"]["invoice"], first["body"]["invoice"]
        mine = [each for each in self._books()["invoices"] if each["customer"] == RECORD]
        if invoice["id"] != known["id"] or len(mine) != 1:
            message = f"The same click made another invoice: {[each['number'] for each in mine]} are in the books."
            raise DemoError(message)
        self._story.step(
            "The same click arrives a second time", answer=f"invoice {invoice['number']} again", invoices_in_the_books=1
        )

    def _pay(self, invoice: Facts) -> None:
        place = {"environment": self._company["environment"], "realm": self._company["realm"]}
        self._stage.ask("POST", "/control/quickbooks/pay", {**place, "invoice_id": invoice["id"]})
        paid = next(each for each in self._books()["invoices"] if each["id"] == invoice["id"])
        if paid["status"] != "Paid":
            message = f"The books show invoice {invoice['number']} as {paid['status']} after the payment."
            raise DemoError(message)
        balance = f"{paid['balance']} {paid['currency']}"
        self._story.step("The customer pays, in the books", status=paid["status"], balance=balance)
        self._afterwards()

    def _afterwards(self) -> None:
        """Wait until the record shows the payment: by the books' webhook, else by a sync that is asked for aloud."""
        started = time.monotonic()
        if self._tells_the_host() and self._shows_paid():
            self._story.step(
                "The record shows it, told by QuickBooks' webhook",
                **self._shown(),
                took=f"{time.monotonic() - started:.1f} s",
            )
        elif _has_sync(self._stage):
            self._sync()
        else:
            status = self._shown()["Invoice status"]
            note = "a sync would bring the payment; this host has none yet"
            self._story.step("The record after the payment", invoice_status=f"{status} ({note})")

    def _sync(self) -> None:
        outcome = self._stage.press(f"/ui/api/app/{self._stage.workspace}/sync")
        self._story.step(
            "The webhook brought nothing, so Sync Now is pressed (POST /api/attio/sync)", said=outcome["toast"]["text"]
        )
        if outcome["body"].get("skipped"):  # said already, and nothing will come
            return
        if not self._shows_paid():
            message = f"The record shows {self._shown()['Invoice status']} after the payment and a sync."
            raise DemoError(message)
        self._story.step("The record shows it now", **self._shown())

    def _tells_the_host(self) -> bool:
        """Tell whether the host took what the books told it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            deliveries = self._stage.ask("GET", "/control/quickbooks/webhooks")["deliveries"]
            if deliveries and deliveries[-1]["attempts"]:
                return bool(deliveries[-1]["delivered"])
            time.sleep(0.1)
        return False

    def _shows_paid(self) -> bool:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (paid := self._shown()["Invoice status"] == "Paid") is False and time.monotonic() < deadline:
            time.sleep(0.1)
        return paid

    def _group(self, key: str) -> list[Facts]:
        groups = self._stage.ask("GET", self._record_path)["groups"]
        fields: list[Facts] = next(group["fields"] for group in groups if group["key"] == key)
        return fields

    def _shown(self) -> dict[str, str]:
        return {field["title"]: _words(field) for field in self._group("invoice")}

    def _books(self) -> Facts:
        return self._stage.ask("GET", f"/ui/api/books/{self._company['environment']}/{self._company['realm']}")


def _has_sync(stage: Stage) -> bool:
    """Tell whether the host can be asked for a sync, by its own description."""
    described = HttpTransport(stage.host.url).send("GET", "/schema/openapi.json", {}, b"").facts
    return any(path.endswith("/api/attio/sync") for path in described.get("paths", {}))


def _words(field: Facts) -> str:
    return ", ".join(map(_word, field["items"])) or "-"


def _word(item: Facts) -> str:
    """Return a value as text; Attio's instants have nanoseconds, which nobody reads."""
    text = str(item["text"])
    return f"{text[:19]}Z" if item.get("as") == "moment" else text
