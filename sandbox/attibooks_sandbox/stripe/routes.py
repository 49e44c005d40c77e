"""Which endpoint answers which call, what it takes, and the permission that a restricted key needs for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from attibooks_sandbox.kernel.routing import Router
from attibooks_sandbox.stripe.calls import (
    catalog,
    checkout,
    clocks,
    customers,
    events,
    invoices,
    payment_methods,
    portal,
)
from attibooks_sandbox.stripe.calls import subscriptions as subs

Endpoint = Callable[..., dict[str, object]]


class Route(msgspec.Struct, frozen=True):
    """An endpoint: `call` names its description, `takes` what is emulated of it (None: all)."""

    endpoint: Endpoint
    call: str
    resource: str
    takes: str | None = None


def all_routes() -> Router[Route]:
    """Return the routes of both generations of the API."""
    router: Router[Route] = Router()
    for resource, lines in _TABLE.items():
        for line, endpoint, takes in lines:
            method, path = line.split(" ")
            router.add(method, path.replace("{id}", "{identifier}"), Route(endpoint, line, resource, takes))
    return router


_C, _K = "/v1/customers", "/v1/test_helpers/test_clocks"
_S, _H, _B = "/v1/subscriptions", "/v1/checkout/sessions", "/v1/billing_portal"
_D, _M = "/v2/core/event_destinations", "/v1/payment_methods"
_TABLE: dict[str, list[tuple[str, Any, str | None]]] = {
    "customers": [
        (f"POST {_C}", customers.create, customers.CREATED),
        (f"GET {_C}", customers.list_all, None),
        (f"GET {_C}/search", customers.search, None),
        (f"GET {_C}/{{id}}", customers.retrieve, None),
        (f"POST {_C}/{{id}}", customers.update, customers.UPDATED),
        (f"DELETE {_C}/{{id}}", customers.delete, None),
        (f"POST {_C}/{{id}}/tax_ids", customers.create_tax_id, None),
        (f"GET {_C}/{{id}}/tax_ids", customers.list_tax_ids, None),
        (f"GET {_C}/{{id}}/tax_ids/{{tax_id}}", customers.retrieve_tax_id, None),
        (f"DELETE {_C}/{{id}}/tax_ids/{{tax_id}}", customers.delete_tax_id, None),
    ],
    "payment_methods": [
        (f"GET {_C}/{{id}}/payment_methods", payment_methods.list_of_customer, None),
        (f"POST {_M}", payment_methods.create, payment_methods.CREATED),
        (f"GET {_M}", payment_methods.list_all, None),
        (f"GET {_M}/{{id}}", payment_methods.retrieve, None),
        (f"POST {_M}/{{id}}/attach", payment_methods.attach, "customer expand"),
        (f"POST {_M}/{{id}}/detach", payment_methods.detach, None),
    ],
    "products": [
        ("POST /v1/products", catalog.create_product, catalog.CREATED_PRODUCT),
        ("GET /v1/products", catalog.list_products, None),
        ("GET /v1/products/{id}", catalog.retrieve_product, None),
        ("POST /v1/products/{id}", catalog.update_product, catalog.UPDATED_PRODUCT),
        ("DELETE /v1/products/{id}", catalog.delete_product, None),
    ],
    "prices": [
        ("POST /v1/prices", catalog.create_price, catalog.CREATED_PRICE),
        ("GET /v1/prices", catalog.list_prices, None),
        ("GET /v1/prices/{id}", catalog.retrieve_price, None),
        ("POST /v1/prices/{id}", catalog.update_price, catalog.UPDATED_PRICE),
    ],
    "checkout_sessions": [
        (f"POST {_H}", checkout.create, checkout.CREATED),
        (f"GET {_H}", checkout.list_all, checkout.LISTED),
        (f"GET {_H}/{{id}}", checkout.retrieve, None),
        (f"POST {_H}/{{id}}/expire", checkout.expire, None),
        (f"GET {_H}/{{id}}/line_items", checkout.list_lines, None),
        ("GET /v1/payment_pages/{id}", checkout.payment_page, None),
        ("POST /v1/payment_pages/{id}/confirm", checkout.confirm, None),
    ],
    "customer_portal": [
        (f"POST {_B}/configurations", portal.create_configuration, portal.CREATED),
        (f"GET {_B}/configurations", portal.list_configurations, None),
        (f"GET {_B}/configurations/{{id}}", portal.retrieve_configuration, None),
        (f"POST {_B}/configurations/{{id}}", portal.update_configuration, portal.UPDATED),
        (f"POST {_B}/sessions", portal.create_session, portal.OPENED),
    ],
    "subscriptions": [
        (f"POST {_S}", subs.create, subs.CREATED),
        (f"GET {_S}", subs.list_all, subs.LISTED),
        (f"GET {_S}/search", subs.search, None),
        (f"GET {_S}/{{id}}", subs.retrieve, None),
        (f"POST {_S}/{{id}}", subs.update, subs.CHANGED),
        (f"DELETE {_S}/{{id}}", subs.cancel, "cancellation_details expand"),
        (f"POST {_S}/{{id}}/pause", subs.pause, "expand type"),
        (f"POST {_S}/{{id}}/resume", subs.resume, "billing_cycle_anchor expand payment_behavior"),
    ],
    "invoices": [
        ("GET /v1/invoices", invoices.list_all, invoices.LISTED),
        ("GET /v1/invoices/{id}", invoices.retrieve, None),
        ("GET /v1/invoices/{id}/lines", invoices.list_lines, None),
        ("POST /v1/invoices/{id}/pay", invoices.pay, invoices.PAID),
        ("POST /v1/invoices/{id}/void", invoices.void, None),
    ],
    "events": [
        ("GET /v1/events", events.list_all, None),
        ("GET /v1/events/{id}", events.retrieve, None),
        ("GET /v2/core/events", events.list_thin, None),
        ("GET /v2/core/events/{id}", events.retrieve_thin, None),
    ],
    "webhook_endpoints": [
        ("POST /v1/webhook_endpoints", events.create_endpoint, events.CREATED),
        ("GET /v1/webhook_endpoints", events.list_endpoints, None),
        ("GET /v1/webhook_endpoints/{id}", events.retrieve_endpoint, None),
        ("POST /v1/webhook_endpoints/{id}", events.update_endpoint, events.UPDATED),
        ("DELETE /v1/webhook_endpoints/{id}", events.delete_endpoint, None),
        (f"POST {_D}", events.create_destination, events.DESTINATION),
        (f"GET {_D}", events.list_destinations, "include limit"),
        (f"GET {_D}/{{id}}", events.retrieve_destination, None),
        (f"DELETE {_D}/{{id}}", events.delete_destination, None),
    ],
    "test_clocks": [
        (f"POST {_K}", clocks.create, clocks.CREATED),
        (f"GET {_K}", clocks.list_all, None),
        (f"GET {_K}/{{id}}", clocks.retrieve, None),
        (f"DELETE {_K}/{{id}}", clocks.delete, None),
        (f"POST {_K}/{{id}}/advance", clocks.advance, None),
    ],
}
