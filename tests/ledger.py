"""The books of one company with as many invoices as a trial of the sync needs, and what the host made of them."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import invoices, syncs, trail
from attibooks_sandbox.quickbooks.invoices import InvoiceDesk
from attibooks_sandbox.quickbooks.names import create_name
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.testing import Sandbox
from tests.desk import Desk

OBJECT = "invoices"
CHUNK = 500
"""Invoices that are made while the sandbox answers nobody."""


@dataclass
class Ledger:
    """Invoices that the accountant makes by hand, each with a record of its own once it is synced."""

    desk: Desk
    database_url: str
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Remember what was written in the books before."""
        self._written = self._writes()

    # -- the accountant ------------------------------------------------------------------------------------------

    def set_up(self) -> None:
        """Press *Run Setup*; its own run is forgotten, so that older invoices may be filled in for a first one."""
        self.desk.set_up()
        self.do(sa.delete(syncs))

    def fill(self, count: int, ago: timedelta = timedelta(hours=2)) -> list[str]:
        """Make so many invoices, one a tenth of a second, the last of them some time ago."""
        box, place = self.desk.box, (self.desk.company["environment"], self.desk.company["realm"])
        made = make_invoices(box, place, count, datetime.now(UTC) - ago - timedelta(seconds=count / 10))
        self.ids += made
        return made

    def change_all(self, ids: Iterable[str] | None = None) -> Counter[str]:
        """Change invoices: 2 % are deleted, 1 % voided, the rest paid; how often each."""
        done: Counter[str] = Counter()
        for number, invoice_id in enumerate(self.ids if ids is None else ids):
            action = {0: "delete", 1: "delete", 2: "void"}.get(number % 100, "pay")
            self.desk.by_hand(action, invoice_id)
            done[action] += 1
        return done

    # -- what is to be seen ----------------------------------------------------------------------------------------

    @property
    def truth(self) -> dict[str, str]:
        """What each invoice's record has to show, by id."""
        living = {i["Id"]: i for i in self.desk.realm["invoices"]}
        return {i: _status(living[i]) if i in living else "Deleted" for i in self.ids}

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records of the invoices, values by slug."""
        workspace = self.desk.app.workspace
        state = self.desk.box.state(service="attio", workspace=workspace)["attio"]["workspaces"][workspace]
        return list(state["objects"].get(OBJECT, {}).values())

    @property
    def shown(self) -> dict[str, str]:
        """The status that the records of our invoices show, by the invoice's id."""
        return self.values("status")

    def values(self, slug: str) -> dict[str, Any]:
        """What an attribute of our invoices' records shows, by the invoice's id."""
        keys = {f"{self.desk.company['environment']}:{self.desk.company['realm']}:{i}": i for i in self.ids}
        return {keys[r["invoice_key"]]: r[slug] for r in self.records if r["invoice_key"] in keys}

    def rows(self, statement: Any) -> list[Any]:
        """Rows of the host's database."""
        database = Database(self.database_url)
        try:
            return database.write_now(lambda c: list(c.execute(statement)))
        finally:
            database.close()

    def do(self, statement: Any) -> None:
        """Change rows of the host's database."""
        database = Database(self.database_url)
        try:
            database.write_now(lambda c: c.execute(statement))
        finally:
            database.close()

    def told(self, since: datetime | None = None) -> dict[str, list[str]]:
        """What the trail says of our invoices, oldest first: the statuses that a sync brought."""
        wanted = sa.select(trail.c.invoice_id, trail.c.details).where(trail.c.kind == "synced").order_by(trail.c.at)
        if since is not None:
            wanted = wanted.where(trail.c.at >= since)
        found: dict[str, list[str]] = {i: [] for i in self.ids}
        for row in self.rows(wanted):
            if row.invoice_id in found:
                found[row.invoice_id].append(json.loads(row.details)["status"]["now"])
        return found

    @property
    def sync_row(self) -> Any:
        """The row of the company's syncs."""
        (row,) = self.rows(sa.select(syncs).where(syncs.c.company_id == self.desk.company["realm"]))
        return row

    def is_settled(self) -> bool:
        """Whether no run is under way or asked for."""
        return bool(self.sync_row.state == "idle")

    def assert_true(self) -> None:
        """Every invoice has one record, which shows how it stands; the host knows the same."""
        truth = self.truth
        assert _differences(self.shown, truth) == {}
        records = self.records
        assert len([r for r in records if r["invoice_key"]]) == len({r["invoice_key"] for r in records})
        known = sa.select(invoices.c.invoice_id, invoices.c.status, invoices.c.error_code)
        rows = {row.invoice_id: row for row in self.rows(known)}
        assert _differences({i: rows[i].status for i in self.ids}, truth) == {}
        assert {rows[i].error_code for i in self.ids} == {None}

    def assert_nothing_written(self) -> None:
        """A sync never writes to the books (row 137)."""
        assert self._writes() == self._written

    def _writes(self) -> int:
        return self.desk.box.counts().get("quickbooks", {}).get("core", 0)


def make_invoices(
    box: Sandbox, place: tuple[str, str], count: int, first: datetime, step: timedelta = timedelta(seconds=0.1)
) -> list[str]:
    """Make invoices in a company's books, one a step of time from an instant on; their ids."""
    company = box.app.world.quickbooks.companies[place]
    made: list[str] = []

    def some(start: int) -> None:
        customer = create_name(company, "Customer", {"DisplayName": f"Many {uuid4().hex[:8]}"}, first).id
        for number in range(start, min(start + CHUNK, count)):
            detail = {"ItemRef": "3", "Qty": Decimal(2), "UnitPrice": Decimal(100)}
            line = {"DetailType": "SalesItemLineDetail", "Amount": Decimal(200), "SalesItemLineDetail": detail}
            desk = InvoiceDesk(company, Switches(), first + step * number)
            made.append(desk.create({"CustomerRef": customer, "Line": [line]}).id)

    for start in range(0, count, CHUNK):
        box.run(lambda start=start: some(start))
    return made


def _status(invoice: dict[str, Any]) -> str:
    if "Voided" in (invoice.get("PrivateNote") or "") and not invoice["TotalAmt"]:
        return "Voided"
    return "Paid" if not invoice["Balance"] else "Open"


def _differences(one: dict[str, str], other: dict[str, str]) -> dict[str, tuple[str | None, str | None]]:
    return {i: (one.get(i), other.get(i)) for i in one.keys() | other.keys() if one.get(i) != other.get(i)}
