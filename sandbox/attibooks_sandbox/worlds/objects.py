"""Facts of the objects of the seeded Attio workspaces: their attributes in the order of the user interface."""

from __future__ import annotations

import msgspec


class AttributeFacts(msgspec.Struct, frozen=True):
    """One attribute; `own` tells those that a workspace added from those that Attio brings."""

    slug: str
    title: str
    type: str
    multi: bool = False
    unique: bool = False
    own: bool = False
    writable: bool = True
    choices: tuple[str, ...] = ()
    currency: str | None = None
    targets: tuple[str, ...] = ()


class ObjectFacts(msgspec.Struct, frozen=True):
    """One object with its attributes in the order of the user interface."""

    slug: str
    singular: str
    plural: str
    web_path: str
    standard: bool
    attributes: tuple[AttributeFacts, ...]


def _writeback(status_type: str) -> tuple[AttributeFacts, ...]:
    return (
        AttributeFacts("invoice_id", "Invoice ID", "text", own=True),
        AttributeFacts("invoice_number", "Invoice number", "text", own=True),
        AttributeFacts("invoice_status", "Invoice status", status_type, own=True, choices=("Open", "Paid", "Voided")),
        AttributeFacts("invoice_url", "Invoice URL", "text", own=True),
        AttributeFacts("last_synced_at", "Last synced at", "timestamp", own=True),
        AttributeFacts("sync_error", "Sync error", "text", own=True),
    )


def _billing(email_type: str, currency_type: str) -> tuple[AttributeFacts, ...]:
    currencies = ("USD", "EUR", "GBP", "CAD", "AUD") if currency_type == "select" else ()
    return (
        AttributeFacts("invoice_email", "Invoice email", email_type, own=True),
        AttributeFacts("service_description", "Service description", "text", own=True),
        AttributeFacts("rate", "Rate", "number", own=True),
        AttributeFacts("quantity", "Quantity", "number", own=True),
        AttributeFacts("billing_currency", "Billing currency", currency_type, own=True, choices=currencies),
        AttributeFacts("payment_terms_days", "Payment terms (days)", "number", own=True),
    )


COMPANIES_OBJECT = ObjectFacts(
    "companies",
    "Company",
    "Companies",
    "company",
    True,
    (
        AttributeFacts("name", "Name", "text"),
        AttributeFacts("domains", "Domains", "domain", multi=True, unique=True),
        AttributeFacts("description", "Description", "text"),
        AttributeFacts("team", "Team", "record-reference", multi=True, targets=("people",)),
        AttributeFacts(
            "categories", "Categories", "select", multi=True, choices=("Agency", "Software", "Retail", "Publishing")
        ),
        AttributeFacts("primary_location", "Primary location", "location"),
        AttributeFacts("logo_url", "Logo URL", "text", writable=False),
        AttributeFacts("employee_count", "Employee count", "number", own=True),
        AttributeFacts("is_customer", "Is customer", "checkbox", own=True),
        AttributeFacts("health", "Health", "rating", own=True),
        AttributeFacts("renewal_date", "Renewal date", "date", own=True),
        AttributeFacts("account_manager", "Account manager", "actor-reference", own=True),
        AttributeFacts("billing_phone", "Billing phone", "phone-number", own=True),
        *_billing("email-address", "select"),
        *_writeback("select"),
    ),
)
PEOPLE_OBJECT = ObjectFacts(
    "people",
    "Person",
    "People",
    "person",
    True,
    (
        AttributeFacts("name", "Name", "personal-name"),
        AttributeFacts("email_addresses", "Email addresses", "email-address", multi=True, unique=True),
        AttributeFacts("phone_numbers", "Phone numbers", "phone-number", multi=True),
        AttributeFacts("job_title", "Job title", "text"),
        AttributeFacts("company", "Company", "record-reference", targets=("companies",)),
        AttributeFacts("primary_location", "Primary location", "location"),
        AttributeFacts("last_interaction", "Last interaction", "interaction", writable=False),
        AttributeFacts("newsletter", "Newsletter", "checkbox", own=True),
        *_billing("email-address", "text"),
        *_writeback("select"),
    ),
)
DEALS_OBJECT = ObjectFacts(
    "deals",
    "Deal",
    "Deals",
    "deals/record",
    True,
    (
        AttributeFacts("name", "Deal name", "text"),
        AttributeFacts("stage", "Deal stage", "status", choices=("Lead", "In Progress", "Won 🎉", "Lost")),
        AttributeFacts("owner", "Deal owner", "actor-reference"),
        AttributeFacts("value", "Deal value", "currency", currency="USD"),
        AttributeFacts("associated_people", "Associated people", "record-reference", multi=True, targets=("people",)),
        AttributeFacts("associated_company", "Associated company", "record-reference", targets=("companies",)),
        AttributeFacts("close_date", "Close date", "date", own=True),
        AttributeFacts("tags", "Tags", "select", own=True, multi=True, choices=("Design", "Retainer", "Training")),
        *_billing("email-address", "text"),
        *_writeback("select"),
    ),
)
PROJECTS_OBJECT = ObjectFacts(
    "projects",
    "Project",
    "Projects",
    "custom/projects/record",
    False,
    (
        AttributeFacts("name", "Name", "text", own=True),
        AttributeFacts("code", "Code", "text", own=True, unique=True),
        AttributeFacts("client", "Client", "record-reference", own=True, targets=("companies",)),
        AttributeFacts("lead", "Lead", "actor-reference", own=True),
        AttributeFacts("budget", "Budget", "currency", own=True, currency="EUR"),
        AttributeFacts("started_on", "Started on", "date", own=True),
        *_billing("text", "text"),
        *_writeback("status"),
    ),
)
STANDARD_OBJECTS = (PEOPLE_OBJECT, COMPANIES_OBJECT)
