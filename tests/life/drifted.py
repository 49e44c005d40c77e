"""A world in which Attio and the books have drifted apart in known ways."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import invoices
from tests.desk import Desk

Planted = tuple[str, str, str]
"""Kind, invoice id and field of a difference."""


@dataclass
class Drift:
    """Plants differences, each in an invoice of its own, and remembers them."""

    desk: Desk
    database_url: str
    planted: set[Planted] = field(default_factory=set)
    by_hand: set[Planted] = field(default_factory=set)
    """Those that no repair can put right."""

    # -- hands -----------------------------------------------------------------------------------------------------

    def create(self, **values: Any) -> tuple[str, str]:
        """A record and its invoice's id."""
        record = self.desk.new_company(**values)
        answer = self.desk.click(record)
        assert answer.status_code == 201, answer.text
        return record, answer.json()["invoice"]["id"]

    def attio(self, method: str, path: str, values: dict[str, Any] | None = None) -> Any:
        """A call of a member of the workspace."""
        body = None if values is None else {"data": {"values": values}}
        for _ in range(60):
            answer = self.desk.attio.request(method, f"/v2/objects/{path}", json=body)
            if answer.status_code != 429:
                break
            time.sleep(0.1)
        assert answer.status_code == 200, answer.text
        return answer.json().get("data")

    def own_record(self, invoice_id: str) -> str:
        """Id of the invoice's own record."""
        wanted = {"filter": {"qbo_invoice_id": invoice_id}, "limit": 1}
        found = self.desk.attio.post("/v2/objects/invoices/records/query", json=wanted).json()["data"]
        return str(found[0]["id"]["record_id"])

    def edit_own(self, invoice_id: str, **values: Any) -> None:
        """Edit the invoice's own record by hand."""
        self.attio("PATCH", f"invoices/records/{self.own_record(invoice_id)}", values)

    def edit_source(self, record: str, **values: Any) -> None:
        """Edit the source record by hand."""
        self.attio("PUT", f"companies/records/{record}", values)

    def copy(self, invoice_id: str) -> str:
        """Copy an invoice in the books, as accountants do: with its private note."""
        found = next(i for i in self.desk.realm["invoices"] if i["Id"] == invoice_id)
        body = {name: found[name] for name in ("CustomerRef", "PrivateNote")}
        lines = [line for line in found["Line"] if line["DetailType"] == "SalesItemLineDetail"]
        kept = ("Amount", "DetailType", "SalesItemLineDetail", "Description")
        body["Line"] = [{name: line[name] for name in kept if name in line} for line in lines]
        environment, realm = self.books
        url = f"{self.desk.box.quickbooks_url(environment)}/v3/company/{realm}/invoice"
        token = {"Authorization": f"Bearer {self.desk.app.accounting}", "Accept": "application/json"}
        content = json.dumps(body, default=float)
        answer = httpx.post(url, content=content, headers={**token, "Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["Invoice"]["Id"])

    def forget_row(self, invoice_id: str) -> None:
        """Lose the host's own row of an invoice (a database that was put back); once its create has written the last of it."""
        database = Database(self.database_url)
        mine = invoices.c.invoice_id == invoice_id
        last = sa.select(invoices.c.shown_digest).where(mine)
        try:
            self.desk.eventually(lambda: database.write_now(lambda c: c.execute(last).scalar_one()) is not None)
            database.write_now(lambda c: c.execute(sa.delete(invoices).where(mine)))
        finally:
            database.close()

    @property
    def books(self) -> tuple[str, str]:
        """Environment and realm."""
        return self.desk.company["environment"], self.desk.company["realm"]

    def note(self, invoice_id: str, *differences: tuple[str, str], by_hand: bool = False) -> None:
        """Remember what was planted."""
        for kind, name in differences:
            (self.by_hand if by_hand else self.planted).add((kind, invoice_id, name))

    # -- what is planted -------------------------------------------------------------------------------------------

    def paid(self) -> None:
        """Paid in the books, and nobody has synced."""
        _, invoice = self.create()
        self.desk.box.pay(*self.books, invoice)
        self.note(invoice, ("status", "status"), ("amount", "balance"))

    def voided(self) -> None:
        """Voided in the books."""
        _, invoice = self.create()
        self.desk.box.void(*self.books, invoice)
        self.note(invoice, ("status", "status"), ("amount", "balance"), ("amount", "total"))

    def deleted(self) -> None:
        """Deleted in the books."""
        _, invoice = self.create()
        self.desk.box.delete(*self.books, invoice)
        self.note(invoice, ("deleted", "status"))

    def status_by_hand(self) -> None:
        """The source record's status, changed by hand."""
        record, invoice = self.create()
        self.edit_source(record, invoice_status="Paid")
        self.note(invoice, ("status", "status"))

    def number_by_hand(self) -> None:
        """The source record's number, changed by hand."""
        record, invoice = self.create()
        self.edit_source(record, invoice_number="9999")
        self.note(invoice, ("drift", "number"))

    def id_cleared(self) -> None:
        """The source record shows no invoice any more."""
        record, invoice = self.create()
        self.edit_source(record, invoice_id=[])
        self.note(invoice, ("missing_in_attio", "id"))

    def id_of_nothing(self) -> None:
        """The source record shows an invoice that the books never had."""
        record, invoice = self.create()
        self.edit_source(record, invoice_id="123456")
        self.note(invoice, ("missing_in_books", "id"))

    def own_record_deleted(self) -> None:
        """Somebody deleted the invoice's own record."""
        _, invoice = self.create()
        self.attio("DELETE", f"invoices/records/{self.own_record(invoice)}")
        self.note(invoice, ("missing_in_attio", "record"))

    def stray_record(self) -> None:
        """An invoice record for an invoice that the books never had."""
        environment, realm = self.books
        bogus = str(random.randint(500_000, 900_000))
        values = {"invoice_key": f"{environment}:{realm}:{bogus}", "qbo_company_id": realm, "status": "Open"}
        self.attio("POST", "invoices/records", values)
        self.note(bogus, ("missing_in_books", "record"), by_hand=True)

    def amounts_by_hand(self) -> None:
        """Total and balance, changed by hand."""
        _, invoice = self.create()
        self.edit_own(invoice, total=1, balance=2)
        self.note(invoice, ("amount", "total"), ("amount", "balance"))

    def facts_by_hand(self) -> None:
        """Other financial fields, changed by hand."""
        _, invoice = self.create()
        self.edit_own(invoice, due_date="2001-01-01", invoice_date="2001-01-01", currency="XXX", number="7", memo="hm")
        names = ("due_date", "invoice_date", "currency", "number", "memo")
        self.note(invoice, *(("drift", name) for name in names))

    def customer_by_hand(self) -> None:
        """The customer of the invoice's own record, changed by hand."""
        _, invoice = self.create()
        self.edit_own(invoice, qbo_customer_id="1")
        self.note(invoice, ("customer", "customer"))

    def duplicated(self) -> None:
        """Two invoices of one click."""
        _, invoice = self.create()
        self.note(self.copy(invoice), ("duplicate", "mark"), by_hand=True)

    def row_lost(self) -> None:
        """The host has forgotten an invoice, and it has no record of its own."""
        _, invoice = self.create()
        self.attio("DELETE", f"invoices/records/{self.own_record(invoice)}")
        self.forget_row(invoice)
        self.note(invoice, ("missing_in_attio", "invoice"))

    def nothing(self) -> None:
        """An invoice that is right, or that differs in nothing that counts."""
        _, invoice = self.create(name=f"Spaces  and   more {uuid4().hex[:6]}")
        self.edit_own(invoice, sync_error="written by hand")

    @property
    def every_kind(self) -> list[Callable[[], None]]:
        """What can be planted."""
        return [
            self.paid,
            self.voided,
            self.deleted,
            self.status_by_hand,
            self.number_by_hand,
            self.id_cleared,
            self.id_of_nothing,
            self.own_record_deleted,
            self.stray_record,
            self.amounts_by_hand,
            self.facts_by_hand,
            self.customer_by_hand,
            self.duplicated,
            self.row_lost,
            self.nothing,
        ]

    def plant(self, seed: int) -> None:
        """Everything once, and some of it once more, in an order that the seed gives."""
        dice = random.Random(seed)
        work = [*self.every_kind, *dice.sample(self.every_kind, 3)]
        dice.shuffle(work)
        for plant in work:
            plant()
