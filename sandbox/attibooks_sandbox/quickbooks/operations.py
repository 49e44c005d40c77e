"""One write of one entity, alone or inside a batch: what is to be done, who does it, how the result reads."""

from __future__ import annotations

from datetime import datetime

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.entities import LIST_KINDS, ListKind
from attibooks_sandbox.quickbooks.forms import FORMS, FormDesk, render_form
from attibooks_sandbox.quickbooks.invoice_render import render_invoice
from attibooks_sandbox.quickbooks.invoice_shape import INVOICE
from attibooks_sandbox.quickbooks.invoices import InvoiceDesk
from attibooks_sandbox.quickbooks.payments import PAYMENT, PaymentDesk, render_payment
from attibooks_sandbox.quickbooks.shapes import Cleaned, Identifier, Shape
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.quickbooks.wire import Wire, whole_second

INCLUDED_VOID = "include=void"
"""The operation of `?operation=update&include=void`, which voids payments and sales receipts (reference §3.7)."""


class Operations(msgspec.Struct, frozen=True):
    """Writes to the books of one company at one moment."""

    company: Company
    switches: Switches
    now: datetime
    duplicates_allowed: bool = False

    def write(self, name: str, operation: str, raw: object) -> Wire:
        """Do an operation on an entity named as in addresses; without one the Id tells create from update.

        Returns the entity in its envelope; refuses with `RefusedError`. Ask `writable` first.
        """
        if operation == "void" and name in {"bill", "journalentry"}:
            return _odd_void(name)
        if name == "invoice":
            operation = "void" if operation == INCLUDED_VOID else operation
            return self._invoice(operation, self._cleaned(INVOICE, raw))
        if name == "payment":
            return self._payment(operation, self._cleaned(PAYMENT, raw))
        if name in FORMS:
            return self._form(name, operation, self._cleaned(FORMS[name].shape, raw))
        kind = LIST_KINDS[name]
        assert kind.shape is not None
        return self._list(kind, operation, self._cleaned(kind.shape, raw))

    def send(self, invoice_id: str, send_to: str | None) -> Wire:
        """Mail an invoice; the answer has the older shape that was recorded."""
        Identifier().clean(invoice_id, "Id")
        return {"Invoice": render_invoice(self.company, self._desk().send(invoice_id, send_to), "older")}

    def _desk(self) -> InvoiceDesk:
        return InvoiceDesk(self.company, self.switches, self.now, duplicates_allowed=self.duplicates_allowed)

    def _invoice(self, operation: str, cleaned: Cleaned) -> Wire:
        desk, operation = self._desk(), settled(operation, cleaned)
        if operation == "delete":
            return _stub("Invoice", desk.delete(cleaned))
        actions = {"create": desk.create, "update": desk.update, "void": desk.void}
        action = actions.get(operation)
        if action is None:
            raise unsupported(operation)
        return {"Invoice": render_invoice(self.company, action(cleaned))}

    def _payment(self, operation: str, cleaned: Cleaned) -> Wire:
        desk, operation = PaymentDesk(self.company, self.now), settled(operation, cleaned)
        if operation == "delete":
            return _stub("Payment", desk.delete(cleaned))
        actions = {"create": desk.create, "update": desk.update, INCLUDED_VOID: desk.void}
        action = actions.get(operation)
        if action is None:
            raise unsupported(operation)
        return {"Payment": render_payment(self.company, action(cleaned))}

    def _form(self, name: str, operation: str, cleaned: Cleaned) -> Wire:
        form, operation = FORMS[name], settled(operation, cleaned)
        desk = FormDesk(self._desk(), form)
        if operation == "delete":
            return _stub(form.kind, desk.delete(cleaned))
        actions = {"create": desk.create, "update": desk.update}
        if form.paid_at_once:
            actions[INCLUDED_VOID] = desk.void
        if operation not in actions:
            raise unsupported(operation)
        return {form.kind: render_form(self.company, form, actions[operation](cleaned))}

    def _list(self, kind: ListKind, operation: str, cleaned: Cleaned) -> Wire:
        operation, second = settled(operation, cleaned), whole_second(self.now)
        if operation == "create" and kind.create is not None:
            entity = kind.create(self.company, kind.name, cleaned, second)
            return {kind.name: (kind.render_created or kind.render)(self.company, entity)}
        if operation == "update" and kind.update is not None:
            return {kind.name: kind.render(self.company, kind.update(self.company, kind.name, cleaned, second))}
        raise unsupported(operation)

    def _cleaned(self, shape: Shape, raw: object) -> Cleaned:
        if not isinstance(raw, dict):
            raise faults.invalid_property(f"Can not deserialize instance of {shape.entity} out of this token")
        if self.switches.unknown_property == "ignore":
            raw = {name: value for name, value in raw.items() if name in shape.fields}
        return shape.clean(raw)


def writable(name: str, operation: str) -> bool:
    """Tell whether anything answers to an operation on an entity named as in addresses."""
    if name in {"bill", "journalentry"}:
        return operation == "void"
    kind = LIST_KINDS.get(name)
    return name in {"invoice", "payment", *FORMS} or (kind is not None and kind.shape is not None)


def settled(operation: str, cleaned: Cleaned) -> str:
    """Return what a write is to do: an Id makes an update of what is not named otherwise."""
    if operation in {"", "create"} and isinstance(cleaned.get("Id"), str):
        return "update"
    return operation or "create"


def unsupported(operation: str) -> faults.RefusedError:
    """Return 500 for an operation that an entity does not have."""
    return faults.unsupported_operation(f"Operation {operation} is not supported.")


def _stub(kind: str, txn_id: str) -> Wire:
    return {kind: {"domain": "QBO", "status": "Deleted", "Id": txn_id}}


def _odd_void(name: str) -> Wire:
    """Answer the void of what cannot be voided so, as a live sandbox was seen to (reference §3.7)."""
    if name == "bill":
        raise faults.system_failure()
    return {"BatchItemResponse": []}
