"""Subscriptions and invoices as the API shows them."""

from __future__ import annotations

from attibooks_sandbox.stripe.model import Invoice, Item, Line, Subscription
from attibooks_sandbox.stripe.render_common import Shown, listed, plan, price
from attibooks_sandbox.stripe.state import StripeState

ACCOUNT_NAME, ACCOUNT_COUNTRY = "AttiBooks Sandbox", "DE"
_SELF = {"type": "self"}


def subscription(state: StripeState, row: Subscription) -> Shown:
    """Return a subscription."""
    items = listed(f"/v1/subscription_items?subscription={row.id}", (_item(state, row, each) for each in row.items))
    return {
        "id": row.id,
        "object": "subscription",
        **_UNUSED,
        **_ending(row),
        "automatic_tax": automatic_tax(enabled=row.automatic_tax),
        "billing_cycle_anchor": row.anchor,
        "billing_mode": _billing_mode(row),
        "created": row.created,
        "currency": row.currency,
        "customer": row.customer,
        "default_payment_method": row.default_payment_method,
        "description": row.description,
        "items": {**items, "total_count": len(row.items)},
        "latest_invoice": row.latest_invoice,
        "metadata": dict(row.metadata),
        "pause_collection": _collection(row),
        "start_date": row.created,
        "status": row.status,
        "status_details": _status_details(row),
        "test_clock": row.test_clock,
        "trial_end": row.trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": row.trial_without_card}},
        "trial_start": row.trial_start,
    }


_NULL = (
    "application", "application_fee_percent", "billing_cycle_anchor_config", "billing_thresholds", "customer_account",
    "days_until_due", "default_source", "managed_payments", "next_pending_invoice_item_invoice", "on_behalf_of",
    "pending_invoice_item_interval", "pending_setup_intent", "pending_update", "schedule", "transfer_data",
)  # fmt: skip
_UNUSED: Shown = {
    **dict.fromkeys(_NULL),
    "billing_schedules": [],
    "collection_method": "charge_automatically",
    "default_tax_rates": [],
    "discounts": [],
    "invoice_settings": {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": _SELF,
    },
    "livemode": False,
    "payment_settings": {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": "off",
    },
}
"""Members that are the same for every subscription here."""


def _ending(row: Subscription) -> Shown:
    """Return when and why a subscription ends."""
    return {
        "cancel_at": row.cancel_at,
        "cancel_at_period_end": row.cancel_at_period_end,
        "canceled_at": row.canceled_at,
        "cancellation_details": {
            "comment": row.cancellation.comment,
            "feedback": row.cancellation.feedback,
            "feedback_option": None,
            "reason": row.cancellation.reason,
        },
        "ended_at": row.ended_at,
    }


def automatic_tax(*, enabled: bool) -> Shown:
    """Return whether tax is worked out by Stripe."""
    return {"disabled_reason": None, "enabled": enabled, "liability": _SELF if enabled else None}


def _billing_mode(row: Subscription) -> Shown:
    flexible = {"proration_discounts": "included"} if row.flexible else None
    return {"flexible": flexible, "type": "flexible" if row.flexible else "classic"}


def _collection(row: Subscription) -> Shown | None:
    if row.collection is None:
        return None
    return {"behavior": row.collection.behavior, "resumes_at": row.collection.resumes_at}


def _status_details(row: Subscription) -> Shown | None:
    if row.pause is None:
        return None
    paused = {"subscription": {"type": row.pause.why}, "transitioned_at": row.pause.since, "type": "subscription"}
    return {"paused": paused}


def _item(state: StripeState, row: Subscription, item: Item) -> Shown:
    of = state.prices[item.price]
    return {
        "id": item.id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": item.created,
        "current_period_end": item.end,
        "current_period_start": item.start,
        "discounts": [],
        "metadata": dict(item.metadata),
        "plan": plan(of),
        "price": price(state, of),
        "quantity": item.quantity,
        "subscription": row.id,
        "tax_rates": [],
    }


def invoice(state: StripeState, row: Invoice) -> Shown:
    """Return an invoice."""
    return {**_head(state, row), **_sums(row), **_customer(state, row), **_parts(state, row)}


_NULL_IN_INVOICES = (
    "account_tax_ids", "application", "custom_fields", "default_source", "description", "due_date", "footer",
    "from_invoice", "invoice_pdf", "last_finalization_error", "latest_revision", "on_behalf_of", "receipt_number",
    "rendering", "shipping_cost", "shipping_details", "statement_descriptor",
)  # fmt: skip


def _head(state: StripeState, row: Invoice) -> Shown:
    page = None if row.finalized_at is None else f"{state.base_url}/i/{row.secret}"
    return {
        "id": row.id,
        "object": "invoice",
        **dict.fromkeys(_NULL_IN_INVOICES),
        "account_country": ACCOUNT_COUNTRY,
        "account_name": ACCOUNT_NAME,
        "attempt_count": row.attempt_count,
        "attempted": row.attempted,
        "auto_advance": row.auto_advance,
        "automatic_tax": {
            **automatic_tax(enabled=row.automatic_tax),
            "provider": "stripe" if row.automatic_tax else None,
            "status": "complete" if row.automatic_tax else None,
        },
        "automatically_finalizes_at": row.finalizes_at,
        "billing_reason": row.billing_reason,
        "collection_method": "charge_automatically",
        "created": row.created,
        "currency": row.currency,
        "default_payment_method": row.default_payment_method,
        "default_tax_rates": [],
        "discounts": [],
        "effective_at": row.finalized_at,
        "hosted_invoice_url": page,
        "issuer": _SELF,
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": _next_attempt(row),
        "number": row.number,
        "period_end": row.period_end,
        "period_start": row.period_start,
        "status": row.status,
        "test_clock": row.test_clock,
        "webhooks_delivered_at": row.created,
    }


def _next_attempt(row: Invoice) -> int | None:
    """Return the next attempt: of a draft, the first one, when it is finalised."""
    return row.finalizes_at if row.status == "draft" else row.next_payment_attempt


def _sums(row: Invoice) -> Shown:
    paid = row.total if row.status == "paid" else 0
    return {
        "amount_due": row.total,
        "amount_overpaid": 0,
        "amount_paid": paid,
        "amount_paid_off_stripe": paid if row.paid_outside else 0,
        "amount_remaining": row.total - paid,
        "amount_shipping": 0,
        "ending_balance": None if row.finalized_at is None else 0,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "subtotal": row.total,
        "subtotal_excluding_tax": row.total,
        "total": row.total,
        "total_discount_amounts": [],
        "total_excluding_tax": row.total,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
    }


def _customer(state: StripeState, row: Invoice) -> Shown:
    of = state.customers[row.customer]
    numbers = [each for each in state.tax_ids.values() if each.customer == of.id]
    return {
        "customer": of.id,
        "customer_account": None,
        "customer_address": of.address,
        "customer_email": of.email,
        "customer_name": of.name,
        "customer_phone": of.phone,
        "customer_shipping": None,
        "customer_tax_exempt": of.tax_exempt,
        "customer_tax_ids": [{"type": each.type, "value": each.value} for each in numbers],
    }


def _parts(state: StripeState, row: Invoice) -> Shown:
    lines = listed(f"/v1/invoices/{row.id}/lines", (line(row, each) for each in row.lines))
    details = {"metadata": dict(state.subscriptions[row.subscription].metadata), "subscription": row.subscription}
    return {
        "lines": {**lines, "total_count": len(row.lines)},
        "parent": {"quote_details": None, "subscription_details": details, "type": "subscription_details"},
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "status_transitions": {
            "finalized_at": row.finalized_at,
            "marked_uncollectible_at": row.uncollectible_at,
            "paid_at": row.paid_at,
            "voided_at": row.voided_at,
        },
    }


def line(row: Invoice, each: Line) -> Shown:
    """Return a line of an invoice."""
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": None,
        "subscription": row.subscription,
        "subscription_item": each.item,
    }
    return {
        "id": each.id,
        "object": "line_item",
        "amount": each.amount,
        "currency": row.currency,
        "description": each.description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": row.id,
        "livemode": False,
        "metadata": {},
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        },
        "period": {"end": each.end, "start": each.start},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": each.price, "product": each.product},
            "type": "price_details",
            "unit_amount_decimal": str(each.amount // max(each.quantity, 1)),
        },
        "quantity": each.quantity,
        "subtotal": each.amount,
        "taxes": [],
    }
