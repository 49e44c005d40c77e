"""What the trail keeps of the inputs of an invoice: enough to tell later which of them has changed, and nothing else.

Fingerprints are short on purpose: they tell two values apart, and do not give one away.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from attibooks_core.invoicing.drafting import Drafted
from attibooks_core.model import CustomerMatch, InvoiceDraft

PARTS = {
    "customer_name": "the customer's name",
    "customer_email": "the e-mail address",
    "currency": "the currency",
    "invoice_date": "the invoice date",
    "due_date": "the due date",
    "lines": "the lines",
    "memo": "the memo",
    "fields": "mapped fields",
}
"""Parts of a draft that a record decides, and what a person calls them."""
_LENGTH = 4
"""Digits: one of 65,536, so that a change shows and a value stays hidden among many."""


def footprint_of(drafted: Drafted, *, is_reviewed: bool = False) -> dict[str, Any]:
    """Members of the details of the trail's first entry of an intent."""
    match = drafted.plan.match
    return {
        "customer": {"how": match.how, "id": match.id},
        "inputs": fingerprints(drafted.draft),
        **({"reviewed": True} if is_reviewed else {}),
    }


def fingerprints(draft: InvoiceDraft) -> dict[str, str]:
    """Names the content of each part of a draft."""
    return {part: _fingerprint(getattr(draft, part)) for part in PARTS}


def match_of(details: Mapping[str, Any]) -> CustomerMatch | None:
    """The customer that a footprint names."""
    customer = details.get("customer")
    return CustomerMatch(customer["how"], customer["id"], "") if customer else None


def _fingerprint(value: object) -> str:
    text = repr(sorted(value.items())) if isinstance(value, Mapping) else repr(value)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
