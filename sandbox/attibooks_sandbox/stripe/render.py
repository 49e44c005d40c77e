"""Rows as the API shows them, in its present version; expandable references are ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attibooks_sandbox.stripe.cards import behaviour_of, brand_of
from attibooks_sandbox.stripe.model import (
    Customer,
    Endpoint,
    PaymentMethod,
    PortalConfiguration,
    PortalSession,
    Product,
    TaxId,
    TestClock,
)
from attibooks_sandbox.stripe.render_billing import invoice, subscription
from attibooks_sandbox.stripe.render_checkout import session
from attibooks_sandbox.stripe.render_common import Shown, listed, price
from attibooks_sandbox.stripe.state import DAY, StripeState


def render(state: StripeState, row: object) -> Shown:
    """Return any row as the API shows it."""
    return _RENDERERS[type(row).__name__](state, row)


def product(_: StripeState, row: Product) -> Shown:
    """Return a product."""
    return {
        "id": row.id,
        "object": "product",
        "active": row.active,
        "created": row.created,
        "default_price": row.default_price,
        "description": row.description,
        "images": list(row.images),
        "livemode": False,
        "marketing_features": [],
        "metadata": dict(row.metadata),
        "name": row.name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": row.statement_descriptor,
        "tax_code": row.tax_code,
        "type": "service",
        "unit_label": row.unit_label,
        "updated": row.updated,
        "url": row.url,
    }


def customer(_: StripeState, row: Customer) -> Shown:
    """Return a customer, of a deleted one only that it was there."""
    if row.deleted:
        return {"id": row.id, "object": "customer", "deleted": True}
    return {
        "id": row.id,
        "object": "customer",
        "address": row.address,
        "balance": 0,
        "created": row.created,
        "currency": row.currency,
        "default_source": None,
        "delinquent": row.delinquent,
        "description": row.description,
        "discount": None,
        "email": row.email,
        "invoice_prefix": row.invoice_prefix,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": row.default_payment_method,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": dict(row.metadata),
        "name": row.name,
        "next_invoice_sequence": row.next_invoice,
        "phone": row.phone,
        "preferred_locales": list(row.preferred_locales),
        "shipping": None,
        "tax_exempt": row.tax_exempt,
        "test_clock": row.test_clock,
    }


def tax_id(_: StripeState, row: TaxId) -> Shown:
    """Return a tax number; nobody verifies it here."""
    return {
        "id": row.id,
        "object": "tax_id",
        "country": row.value[:2] if row.type == "eu_vat" else row.type[:2].upper(),
        "created": row.created,
        "customer": row.customer,
        "customer_account": None,
        "livemode": False,
        "owner": {"customer": row.customer, "type": "customer"},
        "type": row.type,
        "value": row.value,
        "verification": {"status": "pending", "verified_address": None, "verified_name": None},
    }


def payment_method(_: StripeState, row: PaymentMethod) -> Shown:
    """Return a payment method: of its number only the end."""
    shown: Shown = {
        "id": row.id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": _NO_ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}
        | row.billing_details,
        "created": row.created,
        "customer": row.customer,
        "customer_account": None,
        "livemode": False,
        "metadata": dict(row.metadata),
        "type": row.type,
    }
    return shown | ({"card": _card(row)} if row.type == "card" else {"sepa_debit": _debit(row)})


_NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def _card(row: PaymentMethod) -> Shown:
    brand = brand_of(row.number)
    return {
        "brand": brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"{hash_of(row.number)}",
        "funding": "credit",
        "generated_from": None,
        "last4": row.number[-4:],
        "networks": {"available": [brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": behaviour_of(row.number) is not None},
        "wallet": None,
    }


def hash_of(number: str) -> str:
    """Return a fingerprint: the same for the same number."""
    return f"{int(number) * 2_654_435_761 % 16**16:016x}" if number.isdigit() else number[:4].lower() * 4


def _debit(row: PaymentMethod) -> Shown:
    return {
        "bank_code": row.number[4:12],
        "branch_code": "",
        "country": row.number[:2],
        "fingerprint": hash_of(row.number),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": row.number[-4:],
    }


def configuration(state: StripeState, row: PortalConfiguration) -> Shown:
    """Return a configuration of the portal."""
    url = f"{state.base_url}/p/login/{row.id}" if row.login_page else None
    return {
        "id": row.id,
        "object": "billing_portal.configuration",
        "active": row.active,
        "application": None,
        "business_profile": row.business_profile,
        "created": row.created,
        "default_return_url": row.default_return_url,
        "features": row.features,
        "is_default": row.is_default,
        "livemode": False,
        "login_page": {"enabled": row.login_page, "url": url},
        "metadata": dict(row.metadata),
        "name": row.name,
        "updated": row.updated,
    }


def portal_session(state: StripeState, row: PortalSession) -> Shown:
    """Return a session of the portal."""
    return {
        "id": row.id,
        "object": "billing_portal.session",
        "after_expiration": row.after_expiration,
        "configuration": row.configuration,
        "created": row.created,
        "customer": row.customer,
        "customer_account": None,
        "flow": row.flow,
        "livemode": False,
        "locale": row.locale,
        "on_behalf_of": None,
        "return_url": row.return_url,
        "url": f"{state.base_url}/p/session/{row.secret}",
    }


def endpoint(_: StripeState, row: Endpoint) -> Shown:
    """Return a webhook endpoint, without its secret."""
    return {
        "id": row.id,
        "object": "webhook_endpoint",
        "api_version": row.api_version,
        "application": None,
        "created": row.created,
        "description": row.description,
        "enabled_events": list(row.enabled_events),
        "livemode": False,
        "metadata": dict(row.metadata),
        "status": "enabled" if row.enabled else "disabled",
        "url": row.url,
    }


def clock(_: StripeState, row: TestClock) -> Shown:
    """Return a test clock at rest."""
    return {
        "id": row.id,
        "object": "test_helpers.test_clock",
        "created": row.created,
        "deletes_after": row.created + 30 * DAY,
        "frozen_time": row.frozen_time,
        "livemode": False,
        "name": row.name,
        "status": "ready",
        "status_details": {},
    }


_RENDERERS: dict[str, Callable[[StripeState, Any], Shown]] = {
    "Customer": customer,
    "Endpoint": endpoint,
    "Invoice": invoice,
    "PaymentMethod": payment_method,
    "PortalConfiguration": configuration,
    "PortalSession": portal_session,
    "Price": price,
    "Product": product,
    "Session": session,
    "Subscription": subscription,
    "TaxId": tax_id,
    "TestClock": clock,
}
__all__ = ["listed", "render"]
