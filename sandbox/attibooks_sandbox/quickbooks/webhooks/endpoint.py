"""Where the app wants to be told of changes: what the vendor's portal keeps of it."""

from __future__ import annotations

from typing import Literal

import msgspec

Envelope = Literal["cloudevents", "legacy"]
ENTITIES = frozenset(
    {
        "Account", "Bill", "BillPayment", "Budget", "Class", "CreditMemo", "Currency", "Customer", "Department",
        "Deposit", "Employee", "Estimate", "Invoice", "Item", "JournalCode", "JournalEntry", "Payment",
        "PaymentMethod", "Preferences", "Purchase", "PurchaseOrder", "RefundReceipt", "SalesReceipt", "TaxAgency",
        "Term", "TimeActivity", "Transfer", "Vendor", "VendorCredit",
    }
)  # fmt: skip


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where the changes in an environment's companies are told; `hold` collects them until they are released.

    The portal gives each environment's address a verifier token of its own; without one it is that of the world.
    """

    url: str
    environment: str
    entities: frozenset[str] = ENTITIES
    envelope: Envelope = "cloudevents"
    hold: bool = False
    verifier_token: str | None = None
