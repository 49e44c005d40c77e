"""Checkout sessions as the API shows them."""

from __future__ import annotations

from attibooks_sandbox.stripe.model import Session
from attibooks_sandbox.stripe.render_common import Shown, price
from attibooks_sandbox.stripe.state import StripeState

ECHOED = (
    "allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id", "consent_collection",
    "integration_identifier", "locale",
)  # fmt: skip
_ABSENT = (
    "adaptive_pricing", "after_expiration", "allowed_payment_method_types", "client_secret", "consent",
    "currency_conversion", "customer_account", "customer_creation", "invoice_creation", "managed_payments",
    "origin_context", "payment_intent", "payment_link", "payment_method_configuration_details", "permissions",
    "recovered_from", "saved_payment_method_options", "setup_intent", "shipping_address_collection", "shipping_cost",
    "submit_type", "wallet_options",
)  # fmt: skip
_TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")


def session(state: StripeState, row: Session) -> Shown:
    """Return a session; it has an address only while it is open."""
    amount = amount_of(state, row)
    return {
        "id": row.id,
        "object": "checkout.session",
        **dict.fromkeys(_ABSENT),
        **{name: row.asked.get(name) for name in ECHOED},
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": _automatic_tax(row),
        "collected_information": None,
        "created": row.created,
        "currency": row.currency,
        "custom_fields": [],
        "custom_text": dict.fromkeys(_TEXTS) | _part(row, "custom_text"),
        "customer": row.customer,
        "customer_details": row.customer_details,
        "customer_email": row.customer_email,
        "discounts": [],
        "expires_at": row.expires_at,
        "invoice": row.invoice if row.status == "complete" else None,
        "livemode": False,
        "metadata": dict(row.metadata),
        "mode": "subscription",
        "payment_method_collection": row.asked.get("payment_method_collection", "always"),
        "payment_method_options": {},
        "payment_method_types": types_of(row),
        "payment_status": row.payment_status,
        "phone_number_collection": {"enabled": False} | _part(row, "phone_number_collection"),
        "shipping_options": [],
        "status": row.status,
        "subscription": row.subscription if row.status == "complete" else None,
        "success_url": row.success_url,
        "tax_id_collection": {"enabled": False, "required": "never"} | _part(row, "tax_id_collection"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{state.base_url}/c/pay/{row.id}" if row.status == "open" else None,
    }


def _part(row: Session, name: str) -> Shown:
    found = row.asked.get(name)
    return dict(found) if isinstance(found, dict) else {}


def _automatic_tax(row: Session) -> Shown:
    enabled = bool(_part(row, "automatic_tax").get("enabled"))
    status = "complete" if row.status == "complete" else "requires_location_inputs"
    return {
        "enabled": enabled,
        "liability": {"type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": status if enabled else None,
    }


def types_of(row: Session) -> list[str]:
    """Return the ways to pay: a debit only in its own currency."""
    return ["card", "sepa_debit"] if row.currency == "eur" else ["card"]


def amount_of(state: StripeState, row: Session) -> int:
    """Return what is owed at once: nothing while there is a trial."""
    if has_trial(row):
        return 0
    return sum(state.prices[of].unit_amount * quantity for _, of, quantity in row.lines)


def has_trial(row: Session) -> bool:
    """Tell whether the subscription begins with a trial."""
    return bool(row.subscription_data.get("trial_period_days") or row.subscription_data.get("trial_end"))


def session_lines(state: StripeState, row: Session) -> list[Shown]:
    """Return the lines of a session."""
    return [_line(state, row, *each) for each in row.lines]


def _line(state: StripeState, row: Session, identifier: str, price_id: str, quantity: int) -> Shown:
    of = state.prices[price_id]
    amount = 0 if has_trial(row) else of.unit_amount * quantity
    return {
        "id": identifier,
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": of.currency,
        "description": state.products[of.product].name,
        "metadata": {},
        "price": price(state, of),
        "quantity": quantity,
    }
