"""Hands of people: the accountant in QuickBooks, the user in Attio. The vendors' rules of writing hold for them too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from attibooks_sandbox.attio.errors import AttioError
from attibooks_sandbox.attio.model import Member
from attibooks_sandbox.attio.parsing import parse_values
from attibooks_sandbox.attio.render import plain_record, whole_millisecond
from attibooks_sandbox.attio.workspace import Workspace
from attibooks_sandbox.attio.writes import RecordDesk
from attibooks_sandbox.control.bodies import (
    Archive,
    Change,
    DeleteRecord,
    Edit,
    OfInvoice,
    OfRealm,
    OfWorkspace,
    Pay,
    Rename,
)
from attibooks_sandbox.control.errors import ControlError, converted
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.entities import LIST_KINDS
from attibooks_sandbox.quickbooks.faults import RefusedError
from attibooks_sandbox.quickbooks.invoice_render import render_invoice
from attibooks_sandbox.quickbooks.invoice_shape import INVOICE
from attibooks_sandbox.quickbooks.invoices import InvoiceDesk
from attibooks_sandbox.quickbooks.model import Invoice, Profile
from attibooks_sandbox.quickbooks.payments import create_payment, render_payment
from attibooks_sandbox.quickbooks.wire import whole_second

if TYPE_CHECKING:
    from attibooks_sandbox.app import SandboxApp

_SETTINGS = frozenset(
    {
        "sales_tax", "default_terms", "custom_numbers", "warn_duplicate_numbers", "allow_discount", "allow_deposit",
        "online_payments", "close_date", "french", "name", "timezone", "multicurrency",
    }
)  # fmt: skip

CHANGEABLE = "Invoice, Preferences, Customer, Vendor, Employee, Item, Account and Term"


class Accountant:
    """Works in a company's books by hand."""

    def __init__(self, app: SandboxApp) -> None:
        """Work in the present world of an app."""
        self._app = app

    def _company(self, body: OfRealm) -> Company:
        found = self._app.world.quickbooks.companies.get((body.environment, body.realm))
        if found is None:
            message = f"There is no company with realm {body.realm} in the environment {body.environment}."
            raise ControlError(message, 404)
        return found

    def _invoice(self, company: Company, invoice_id: str) -> Invoice:
        found = company.invoices.get(invoice_id)
        if found is None:
            message = f"There is no invoice with Id {invoice_id}."
            raise ControlError(message, 404)
        return found

    def _desk(self, company: Company) -> InvoiceDesk:
        return InvoiceDesk(company, self._app.switches, self._app.clock.now())

    def pay(self, body: Pay) -> object:
        """Record a payment with all that follows from it."""
        company = self._company(body)
        invoice = self._invoice(company, body.invoice_id)
        amount = invoice.balance if body.amount is None else body.amount
        line = {"Amount": amount, "LinkedTxn": [{"TxnId": invoice.id, "TxnType": "Invoice"}]}
        cleaned = {"CustomerRef": invoice.customer_id, "TotalAmt": amount, "Line": [line]}
        payment = create_payment(company, cleaned, self._app.clock.now())
        return {
            "Payment": render_payment(company, payment),
            "Invoice": render_invoice(company, self._invoice(company, invoice.id)),
        }

    def void(self, body: OfInvoice) -> object:
        """Void an invoice."""
        company = self._company(body)
        invoice = self._invoice(company, body.invoice_id)
        voided = self._desk(company).void({"Id": invoice.id, "SyncToken": str(invoice.token)})
        return {"Invoice": render_invoice(company, voided)}

    def delete(self, body: OfInvoice) -> object:
        """Delete an invoice."""
        company = self._company(body)
        invoice = self._invoice(company, body.invoice_id)
        self._desk(company).delete({"Id": invoice.id, "SyncToken": str(invoice.token)})
        return {"Invoice": {"Id": invoice.id, "status": "Deleted"}}

    def rename(self, body: Rename) -> object:
        """Give a list entity another name."""
        name = "DisplayName" if body.entity in {"Customer", "Vendor", "Employee"} else "Name"
        return self.change(
            Change(
                environment=body.environment, realm=body.realm, entity=body.entity, id=body.id, fields={name: body.name}
            )
        )

    def change(self, body: Change) -> object:
        """Change fields of an invoice, of a list entity, or of the company's settings."""
        company = self._company(body)
        if body.entity == "Preferences":
            return self._change_settings(company, body.fields)
        if body.entity == "Invoice":
            return self._change_invoice(company, body)
        kind = LIST_KINDS.get(body.entity.lower())
        if kind is None or kind.shape is None or kind.update is None:
            message = f"{body.entity} cannot be changed; {CHANGEABLE} can."
            raise ControlError(message)
        held = company.find(kind.name, body.id)
        if held is None:
            message = f"There is no {kind.name} with Id {body.id}."
            raise ControlError(message, 404)
        sent = {**body.fields, "Id": body.id, "SyncToken": str(held.token), "sparse": True}
        entity = kind.update(company, kind.name, kind.shape.clean(sent), whole_second(self._app.clock.now()))
        return {kind.name: kind.render(company, entity)}

    def _change_invoice(self, company: Company, body: Change) -> object:
        invoice = self._invoice(company, body.id)
        sent = {**body.fields, "Id": invoice.id, "SyncToken": str(invoice.token), "sparse": True}
        changed = self._desk(company).update(INVOICE.clean(sent))
        return {"Invoice": render_invoice(company, changed)}

    def _change_settings(self, company: Company, fields: dict[str, object]) -> object:
        unknown = set(fields) - _SETTINGS
        if unknown:
            message = f"No setting {min(unknown)}; there are {', '.join(sorted(_SETTINGS))}."
            raise ControlError(message)
        plain = {**msgspec.structs.asdict(company.profile), **fields}
        company.profile = converted(plain, Profile)
        outbox = self._app.open_outbox
        if outbox is not None:
            outbox.tell((company.profile.environment, company.profile.realm), "Preferences", "1", "Update")
        return {"Preferences": {name: fields[name] for name in fields}}


class TeamMember:
    """Works in an Attio workspace by hand; what is written carries a member as its actor."""

    def __init__(self, app: SandboxApp) -> None:
        """Work in the present world of an app."""
        self._app = app

    def _workspace(self, workspace_id: str) -> Workspace:
        found = self._app.world.attio.workspaces.get(workspace_id)
        if found is None:
            message = f"There is no workspace with id {workspace_id}."
            raise ControlError(message, 404)
        return found

    def _desk(self, workspace: Workspace, body: OfWorkspace) -> RecordDesk:
        now = whole_millisecond(self._app.clock.now())
        return RecordDesk(workspace, self._member(workspace, body.member).actor, now)

    @staticmethod
    def _member(workspace: Workspace, name: str | None) -> Member:
        found = next(iter(workspace.members.values())) if name is None else workspace.find_member(name)
        if found is None:
            message = f"There is no member {name}."
            raise ControlError(message, 404)
        return found

    def edit(self, body: Edit) -> object:
        """Overwrite values of a record."""
        workspace = self._workspace(body.workspace)
        kind = workspace.object_named(body.object)
        record = workspace.record_named(kind.id, body.record_id)
        values = parse_values(body.values, kind, workspace)
        changed = self._desk(workspace, body).update(record, values, "replace")
        return {"values": plain_record(changed, workspace)}

    def archive(self, body: Archive) -> object:
        """Archive an attribute or one of its choices, or bring it back."""
        workspace = self._workspace(body.workspace)
        kind = workspace.object_named(body.object)
        attribute = workspace.find_attribute(kind.id, body.attribute)
        if attribute is None:
            message = f"There is no attribute {body.attribute}."
            raise ControlError(message, 404)
        if body.choice is None:
            workspace.add_attribute(msgspec.structs.replace(attribute, archived=body.archived))
            actor = self._member(workspace, body.member).actor
            workspace.tell("object-attribute.updated", actor, object_id=kind.id, attribute_id=attribute.id)
            return {"attribute": attribute.slug, "archived": body.archived}
        choice = (
            workspace.choice_named(attribute, body.choice, archived=True) if attribute.id in workspace.choices else None
        )
        if choice is None:
            message = f"There is no option or status {body.choice}."
            raise ControlError(message, 404)
        workspace.add_choice(attribute.id, msgspec.structs.replace(choice, archived=body.archived))
        return {"attribute": attribute.slug, "choice": choice.title, "archived": body.archived}

    def delete(self, body: DeleteRecord) -> object:
        """Delete a record."""
        workspace = self._workspace(body.workspace)
        kind = workspace.object_named(body.object)
        record = workspace.record_named(kind.id, body.record_id)
        self._desk(workspace, body).delete(record)
        return {"deleted": record.id}


VENDOR_REFUSALS = (AttioError, RefusedError)


def refusal_text(error: Exception) -> str:
    """Return a vendor's refusal of a hand's work in one line."""
    if isinstance(error, RefusedError):
        return f"QuickBooks refuses: [{error.code}] {error.detail}"
    return f"Attio refuses: {error}"
