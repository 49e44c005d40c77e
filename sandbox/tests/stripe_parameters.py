"""Derives the description of Stripe's parameters that the sandbox checks calls by from the typed `stripe` library.

Run it after a new version of the library: `python sandbox/tests/stripe_parameters.py`. A test compares.
"""

import collections.abc
import importlib
import json
import types
import typing
from decimal import Decimal
from pathlib import Path
from typing import NotRequired

import stripe
from typing_extensions import get_type_hints, is_typeddict

TARGET = Path(__file__).parents[1] / "attibooks_sandbox" / "stripe" / "parameters.json"
SCALARS = {int: "integer", str: "string", bool: "boolean", float: "number", Decimal: "decimal"}
CONTAINERS = {list: "list", collections.abc.Sequence: "list", dict: "map", collections.abc.Mapping: "map"}
KNOWN = {"StripeContext": object, "Mapping": collections.abc.Mapping}
CALLS = {
    "POST /v1/customers": "_customer_create_params.CustomerCreateParams",
    "GET /v1/customers": "_customer_list_params.CustomerListParams",
    "GET /v1/customers/search": "_customer_search_params.CustomerSearchParams",
    "GET /v1/customers/{id}": "_customer_retrieve_params.CustomerRetrieveParams",
    "POST /v1/customers/{id}": "_customer_update_params.CustomerUpdateParams",
    "DELETE /v1/customers/{id}": "_customer_delete_params.CustomerDeleteParams",
    "POST /v1/customers/{id}/tax_ids": "_customer_tax_id_create_params.CustomerTaxIdCreateParams",
    "GET /v1/customers/{id}/tax_ids": "_customer_tax_id_list_params.CustomerTaxIdListParams",
    "GET /v1/customers/{id}/tax_ids/{tax_id}": "_customer_tax_id_retrieve_params.CustomerTaxIdRetrieveParams",
    "DELETE /v1/customers/{id}/tax_ids/{tax_id}": "_customer_tax_id_delete_params.CustomerTaxIdDeleteParams",
    "GET /v1/customers/{id}/payment_methods": "_customer_payment_method_list_params.CustomerPaymentMethodListParams",
    "POST /v1/products": "_product_create_params.ProductCreateParams",
    "GET /v1/products": "_product_list_params.ProductListParams",
    "GET /v1/products/{id}": "_product_retrieve_params.ProductRetrieveParams",
    "POST /v1/products/{id}": "_product_update_params.ProductUpdateParams",
    "DELETE /v1/products/{id}": "_product_delete_params.ProductDeleteParams",
    "POST /v1/prices": "_price_create_params.PriceCreateParams",
    "GET /v1/prices": "_price_list_params.PriceListParams",
    "GET /v1/prices/{id}": "_price_retrieve_params.PriceRetrieveParams",
    "POST /v1/prices/{id}": "_price_update_params.PriceUpdateParams",
    "POST /v1/payment_methods": "_payment_method_create_params.PaymentMethodCreateParams",
    "GET /v1/payment_methods": "_payment_method_list_params.PaymentMethodListParams",
    "GET /v1/payment_methods/{id}": "_payment_method_retrieve_params.PaymentMethodRetrieveParams",
    "POST /v1/payment_methods/{id}/attach": "_payment_method_attach_params.PaymentMethodAttachParams",
    "POST /v1/payment_methods/{id}/detach": "_payment_method_detach_params.PaymentMethodDetachParams",
    "POST /v1/checkout/sessions": "checkout._session_create_params.SessionCreateParams",
    "GET /v1/checkout/sessions": "checkout._session_list_params.SessionListParams",
    "GET /v1/checkout/sessions/{id}": "checkout._session_retrieve_params.SessionRetrieveParams",
    "POST /v1/checkout/sessions/{id}/expire": "checkout._session_expire_params.SessionExpireParams",
    "GET /v1/checkout/sessions/{id}/line_items": "checkout._session_line_item_list_params.SessionLineItemListParams",
    "POST /v1/billing_portal/configurations": "billing_portal._configuration_create_params.ConfigurationCreateParams",
    "GET /v1/billing_portal/configurations": "billing_portal._configuration_list_params.ConfigurationListParams",
    "GET /v1/billing_portal/configurations/{id}": (
        "billing_portal._configuration_retrieve_params.ConfigurationRetrieveParams"
    ),
    "POST /v1/billing_portal/configurations/{id}": (
        "billing_portal._configuration_update_params.ConfigurationUpdateParams"
    ),
    "POST /v1/billing_portal/sessions": "billing_portal._session_create_params.SessionCreateParams",
    "POST /v1/subscriptions": "_subscription_create_params.SubscriptionCreateParams",
    "GET /v1/subscriptions": "_subscription_list_params.SubscriptionListParams",
    "GET /v1/subscriptions/search": "_subscription_search_params.SubscriptionSearchParams",
    "GET /v1/subscriptions/{id}": "_subscription_retrieve_params.SubscriptionRetrieveParams",
    "POST /v1/subscriptions/{id}": "_subscription_update_params.SubscriptionUpdateParams",
    "DELETE /v1/subscriptions/{id}": "_subscription_cancel_params.SubscriptionCancelParams",
    "POST /v1/subscriptions/{id}/pause": "_subscription_pause_params.SubscriptionPauseParams",
    "POST /v1/subscriptions/{id}/resume": "_subscription_resume_params.SubscriptionResumeParams",
    "GET /v1/invoices": "_invoice_list_params.InvoiceListParams",
    "GET /v1/invoices/{id}": "_invoice_retrieve_params.InvoiceRetrieveParams",
    "POST /v1/invoices/{id}/pay": "_invoice_pay_params.InvoicePayParams",
    "POST /v1/invoices/{id}/void": "_invoice_void_invoice_params.InvoiceVoidInvoiceParams",
    "GET /v1/invoices/{id}/lines": "_invoice_line_item_list_params.InvoiceLineItemListParams",
    "GET /v1/events": "_event_list_params.EventListParams",
    "GET /v1/events/{id}": "_event_retrieve_params.EventRetrieveParams",
    "POST /v1/webhook_endpoints": "_webhook_endpoint_create_params.WebhookEndpointCreateParams",
    "GET /v1/webhook_endpoints": "_webhook_endpoint_list_params.WebhookEndpointListParams",
    "GET /v1/webhook_endpoints/{id}": "_webhook_endpoint_retrieve_params.WebhookEndpointRetrieveParams",
    "POST /v1/webhook_endpoints/{id}": "_webhook_endpoint_update_params.WebhookEndpointUpdateParams",
    "DELETE /v1/webhook_endpoints/{id}": "_webhook_endpoint_delete_params.WebhookEndpointDeleteParams",
    "POST /v1/test_helpers/test_clocks": "test_helpers._test_clock_create_params.TestClockCreateParams",
    "GET /v1/test_helpers/test_clocks": "test_helpers._test_clock_list_params.TestClockListParams",
    "GET /v1/test_helpers/test_clocks/{id}": "test_helpers._test_clock_retrieve_params.TestClockRetrieveParams",
    "DELETE /v1/test_helpers/test_clocks/{id}": "test_helpers._test_clock_delete_params.TestClockDeleteParams",
    "POST /v1/test_helpers/test_clocks/{id}/advance": "test_helpers._test_clock_advance_params.TestClockAdvanceParams",
    "POST /v2/core/event_destinations": "v2.core._event_destination_create_params.EventDestinationCreateParams",
    "GET /v2/core/event_destinations": "v2.core._event_destination_list_params.EventDestinationListParams",
    "GET /v2/core/event_destinations/{id}": (
        "v2.core._event_destination_retrieve_params.EventDestinationRetrieveParams"
    ),
    "DELETE /v2/core/event_destinations/{id}": "v2.core._event_destination_delete_params.EventDestinationDeleteParams",
    "GET /v2/core/events": "v2.core._event_list_params.EventListParams",
    "GET /v2/core/events/{id}": "v2.core._event_retrieve_params.EventRetrieveParams",
}


def described():
    """Return what the file has to hold."""
    return {
        "origin": f"stripe {stripe.VERSION}, API {stripe.api_version}; MIT, Copyright (c) 2011- Stripe, Inc.",
        "calls": {call: typed_dict(found(path)) for call, path in CALLS.items()},
        "thin_events": thin_events(),
    }


def thin_events():
    from stripe.events import _event_classes

    names = set(_event_classes._V2_EVENT_CLASS_LOOKUP)
    return sorted(name for name in names if name.startswith("v1."))


def found(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"stripe.params.{module}"), name)


def typed_dict(kind):
    hints = get_type_hints(kind, include_extras=True, localns=KNOWN)
    options = set(stripe.RequestOptions.__annotations__)
    hints = {name.rstrip("_"): hint for name, hint in hints.items() if name not in options}
    made = {"fields": {name: shape(hint) for name, hint in sorted(hints.items())}}
    required = sorted(name for name, hint in hints.items() if typing.get_origin(hint) is not NotRequired)
    return made | ({"required": required} if required else {})


def shape(kind):
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if is_typeddict(kind):
        return typed_dict(kind)
    if origin is NotRequired:
        return shape(inside[0])
    if origin is typing.Literal:
        return "clear" if inside == ("",) else {"enum": list(inside)}
    if origin in CONTAINERS:
        return {CONTAINERS[origin]: shape(inside[-1])}
    if origin in {typing.Union, types.UnionType}:
        return union([each for each in inside if "StripeObject" not in str(each)])
    return SCALARS[kind]


def union(kinds):
    """Return the shape of several kinds; an enumeration that the library leaves open is closed at the server."""
    shapes = [shape(each) for each in kinds]
    if any(isinstance(each, dict) and "enum" in each for each in shapes) and str in kinds:
        shapes = [each for each in shapes if each != "string"]
    return shapes[0] if len(shapes) == 1 else {"any": shapes}


if __name__ == "__main__":
    TARGET.write_text(json.dumps(described(), separators=(",", ":"), sort_keys=True) + "\n")
