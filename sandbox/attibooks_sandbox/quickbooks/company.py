"""The state of one company: its lists, its transactions, its sequences, the answers it has promised to repeat."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from attibooks_sandbox.kernel.state import State
from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.model import ZERO, Entity, Invoice, Payment, Profile, Tombstone
from attibooks_sandbox.quickbooks.oauth.grants import AccessToken, Code, Grant
from attibooks_sandbox.quickbooks.tables import Keys, Table
from attibooks_sandbox.quickbooks.webhooks.endpoint import Endpoint

KEPT_PROMISES = 20_000
NAME_KINDS = ("Customer", "Vendor", "Employee")


def folded(text: str) -> str:
    """Return a text in the form in which names are compared."""
    return text.casefold()


def _name(entity: Entity) -> str | None:
    return folded(entity.text("DisplayName" if entity.kind in NAME_KINDS else "Name")) or None


def _email(entity: Entity) -> str | None:
    address = entity.fields.get("PrimaryEmailAddr")
    return folded(str(address)) if address else None


def _parent(entity: Entity) -> str | None:
    return entity.text("ParentRef") or None


_LIST_KEYS: dict[str, Keys[Entity]] = {
    "Customer": {"DisplayName": _name, "PrimaryEmailAddr": _email, "ParentRef": _parent},
    "Vendor": {"DisplayName": _name},
    "Employee": {"DisplayName": _name},
    "Item": {"Name": _name},
    "Account": {"Name": _name},
    "Term": {"Name": _name},
    "TaxCode": {"Name": _name},
    "TaxRate": {"Name": _name},
    "CompanyCurrency": {"Code": lambda entity: folded(entity.text("Code"))},
}
_UNTIMED = frozenset({"TaxCode", "TaxRate"})
FORM_KINDS = ("Estimate", "SalesReceipt")
_SEQUENCES = {"Vendor": "Customer", "Employee": "Customer", **dict.fromkeys(("Payment", *FORM_KINDS), "Invoice")}


def _number(invoice: Invoice) -> str | None:
    return None if invoice.number is None else folded(invoice.number)


def _day(txn: Invoice | Payment) -> str:
    return str(txn.header["TxnDate"])


_FORM_KEYS: Keys[Invoice] = {
    "DocNumber": _number,
    "CustomerRef": lambda form: form.customer_id or None,
    "TxnDate": _day,
}
_PAYMENT_KEYS: Keys[Payment] = {"CustomerRef": lambda payment: payment.customer_id, "TxnDate": _day}


class Promise(msgspec.Struct, frozen=True, gc=False):
    """An answer that a request id gets again, byte by byte."""

    status: int
    content_type: str
    body: bytes


class Company(State):
    """One realm of one environment."""

    def __init__(self, profile: Profile) -> None:
        """Begin with empty books."""
        self.profile = profile
        self.lists: dict[str, Table[Entity]] = {
            kind: Table(keys, timed=kind not in _UNTIMED) for kind, keys in _LIST_KEYS.items()
        }
        self.invoices: Table[Invoice] = Table(_FORM_KEYS, timed=True)
        self.forms: dict[str, Table[Invoice]] = {kind: Table(_FORM_KEYS, timed=True) for kind in FORM_KINDS}
        self.payments: Table[Payment] = Table(_PAYMENT_KEYS, timed=True)
        self.balances: dict[str, Decimal] = {}
        self.buried: Table[Tombstone] = Table({}, timed=True)
        self.last_number = 1000
        self.mails: tuple[str, int] = ("", 0)
        self.promises: OrderedDict[str, Promise] = OrderedDict()
        self._sequences: dict[str, int] = {}

    def copy(self) -> Company:
        """Return a company with the same books, whose changes do not show here."""
        twin = Company(self.profile)
        twin.lists = {kind: table.copy() for kind, table in self.lists.items()}
        twin.invoices = self.invoices.copy()
        twin.payments = self.payments.copy()
        twin.balances = dict(self.balances)
        twin.forms = {kind: table.copy() for kind, table in self.forms.items()}
        twin.buried = self.buried.copy()
        twin.last_number = self.last_number
        twin._sequences = dict(self._sequences)
        return twin

    def tables(self) -> Iterator[tuple[str, Table[Any]]]:
        """Go through the tables by the names of their entities."""
        yield from self.lists.items()
        yield "Invoice", self.invoices
        yield "Payment", self.payments
        yield from self.forms.items()

    # identifiers

    def next_id(self, kind: str) -> str:
        """Return the next Id: transactions share one sequence, customers, vendors and employees another."""
        sequence = _SEQUENCES.get(kind, kind)
        self._sequences[sequence] = self._sequences.get(sequence, 0) + 1
        return str(self._sequences[sequence])

    def reserve_ids(self, kind: str, highest: int) -> None:
        """Let the next Id of a kind come after one."""
        sequence = _SEQUENCES.get(kind, kind)
        self._sequences[sequence] = max(self._sequences.get(sequence, 0), highest)

    def next_number(self) -> str:
        """Return the next free document number."""
        while True:
            self.last_number += 1
            if not self.invoices.find("DocNumber", str(self.last_number)):
                return str(self.last_number)

    def note_number(self, number: str) -> None:
        """Let the next document number come after one that was sent, if that is a plain number."""
        if number.isascii() and number.isdigit() and len(number) <= 15:
            self.last_number = max(self.last_number, int(number))

    # lists

    def find(self, kind: str, entity_id: str) -> Entity | None:
        """Return a member of a list, active or not, or None."""
        return self.lists[kind].get(entity_id)

    def wanted(self, kind: str, entity_id: str) -> Entity:
        """Return a member of a list that a reference names; refuse what never was (2500) and the inactive (610)."""
        found = self.find(kind, entity_id)
        if found is None:
            raise faults.invalid_reference(f"{kind}s", entity_id)
        if not found.active:
            raise faults.object_not_found()
        return found

    def name_holder(self, name: str) -> Entity | None:
        """Return the customer, vendor or employee with a display name."""
        for kind in NAME_KINDS:
            for entity_id in self.lists[kind].find("DisplayName", folded(name)):
                return self.find(kind, entity_id)
        return None

    def full_name(self, entity: Entity) -> str:
        """Return a name with those of its parents before it, joined by colons."""
        own = entity.text("DisplayName" if entity.kind in NAME_KINDS else "Name")
        parent = self.find(entity.kind, entity.text("ParentRef"))
        return own if parent is None else f"{self.full_name(parent)}:{own}"

    def level(self, entity: Entity) -> int:
        """Return how deep below a parent an entity stands."""
        parent = self.find(entity.kind, entity.text("ParentRef"))
        return 0 if parent is None else 1 + self.level(parent)

    # balances

    def balance(self, customer_id: str) -> Decimal:
        """Return what a customer owes."""
        return self.balances.get(customer_id, ZERO)

    def balance_with_jobs(self, customer_id: str) -> Decimal:
        """Return what a customer and its sub-customers owe."""
        children = self.lists["Customer"].find("ParentRef", customer_id)
        return self.balance(customer_id) + sum((self.balance_with_jobs(child) for child in children), ZERO)

    def shift_balance(self, customer_id: str, amount: Decimal, now: datetime) -> None:
        """Change what a customer owes: moves the time of its last change, not its SyncToken."""
        if not amount:
            return
        self.balances[customer_id] = self.balance(customer_id) + amount
        customer = self.find("Customer", customer_id)
        if customer is not None:
            self.lists["Customer"].put(msgspec.structs.replace(customer, updated=now))

    # the deleted

    def bury(self, kind: str, txn_id: str, now: datetime) -> None:
        """Keep what change data capture tells of a deleted transaction."""
        self.buried.put(Tombstone(kind=kind, id=txn_id, updated=now))

    # promised answers

    def promise(self, request_id: str, promise: Promise) -> None:
        """Keep the answer to a request id, to be given again; the oldest are forgotten."""
        self.promises[request_id] = promise
        if len(self.promises) > KEPT_PROMISES:
            self.promises.popitem(last=False)


class QuickBooksState(State):
    """Everything of QuickBooks that a reset puts back: the companies, and what was granted to the app."""

    def __init__(self) -> None:
        """Begin without companies."""
        self.companies: dict[tuple[str, str], Company] = {}
        self.tokens: dict[str, AccessToken] = {}
        self.grants: dict[str, Grant] = {}
        self.refresh_tokens: dict[str, str] = {}
        self.codes: dict[str, Code] = {}
        self.redirect_uris: tuple[str, ...] = ()
        self.endpoints: dict[str, Endpoint] = {}

    def copy(self) -> QuickBooksState:
        """Return the same state, whose changes do not show here."""
        twin = QuickBooksState()
        twin.companies = {key: company.copy() for key, company in self.companies.items()}
        twin.tokens = dict(self.tokens)
        twin.grants = dict(self.grants)
        twin.refresh_tokens = dict(self.refresh_tokens)
        twin.codes = dict(self.codes)
        twin.redirect_uris = self.redirect_uris
        twin.endpoints = dict(self.endpoints)
        return twin

    def admit(self, token: AccessToken, client_id: str) -> None:
        """Keep a token that nobody consented to, with a grant for its refresh token."""
        refresh = token.refresh_token or ""
        self.tokens[token.value] = msgspec.structs.replace(token, grant=refresh)
        self.keep_grant(
            Grant(
                id=refresh,
                client_id=client_id,
                environment=token.environment,
                realm=token.realm,
                scopes=token.scopes,
                refresh_token=refresh,
            )
        )

    def keep_grant(self, grant: Grant) -> None:
        """Put a grant in the place of its last version."""
        self.grants[grant.id] = grant
        self.refresh_tokens[grant.refresh_token] = grant.id

    def grant_of_refresh(self, value: str) -> Grant | None:
        """Return the grant that a refresh token, present or past, belongs to."""
        return self.grants.get(self.refresh_tokens.get(value, ""))

    def connected(self, environment: str, realm: str) -> bool:
        """Tell whether the app has a living grant of a company."""
        key = (environment, realm, True)
        return any((grant.environment, grant.realm, grant.active) == key for grant in self.grants.values())
