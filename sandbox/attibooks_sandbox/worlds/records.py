"""Facts of the records of the seeded Attio workspace: companies, people, deals and projects, some with gaps."""

from __future__ import annotations

Values = dict[str, object]


def place(line: str, city: str, region: str | None, postcode: str, country: str) -> Values:
    """Return an address as Attio takes it, with all its members."""
    empty = dict.fromkeys(("line_2", "line_3", "line_4", "latitude", "longitude"))
    return {"line_1": line, **empty, "locality": city, "region": region, "postcode": postcode, "country_code": country}


_BILLED = ("service_description", "rate", "quantity", "billing_currency", "payment_terms_days")


def _billed(*values: object) -> Values:
    return {name: value for name, value in zip(_BILLED, values, strict=True) if value is not None}


COMPANY_RECORDS: dict[str, Values] = {
    "Northwind Traders": {
        "domains": ["northwind.example"],
        "description": "Imports and exports speciality foods.",
        "categories": ["Retail"],
        "primary_location": place("1 Harbour Way", "Seattle", "WA", "98101", "US"),
        "employee_count": 120,
        "is_customer": True,
        "health": 4,
        "renewal_date": "2027-01-31",
        "account_manager": "ada@northwind-demo.example",
        "billing_phone": "+12065550142",
        "invoice_email": "billing@northwind.example",
        **_billed("Monthly retainer", 2500, 1, "USD", 30),
    },
    "O'Neil Design": {
        "domains": ["oneil.example"],
        "categories": ["Agency"],
        "is_customer": True,
        "health": 5,
        "invoice_email": "pay@oneil.example",
        **_billed("Brand workshop", 1200, 2, "USD", 14),
    },
    "Müller & Söhne GmbH": {
        "domains": ["mueller-soehne.example"],
        "categories": ["Retail"],
        "is_customer": True,
        "primary_location": place("Lindenstraße 7", "Berlin", "BE", "10969", "DE"),
        "billing_phone": "+493055501234",
        "invoice_email": "rechnung@mueller-soehne.example",
        **_billed("Beratung", 128.35, 14.5, "EUR", 30),
    },
    "Café Noir": {
        "domains": ["cafenoir.example"],
        "is_customer": True,
        "invoice_email": "compta@cafenoir.example",
        **_billed("Menu design", 450, 1, "EUR", 15),
    },
    "株式会社サンプル": {
        "domains": ["sample.example"],
        "primary_location": place("1-1 Marunouchi", "Tokyo", None, "100-0005", "JP"),
        "invoice_email": "keiri@sample.example",
        **_billed("コンサルティング", 90000, 1, None, 60),
    },
    "Harbor & Vale Partners": {
        "domains": ["harborvale.example"],
        "categories": ["Agency", "Software"],
        "employee_count": 14,
        "invoice_email": "accounts@harborvale.example",
        **_billed("Support plan", 49.5, 12, "GBP", 30),
    },
    "Lumière Éditions": {
        "domains": ["lumiere.example"],
        "categories": ["Publishing"],
        "invoice_email": "compta@lumiere.example",
        **_billed("Typesetting", 33.333, 3, "EUR", 30),
    },
    "Pine Grove Dental": {
        "domains": ["pinegrove.example"],
        "invoice_email": "office@pinegrove.example",
        **_billed("Website care", 180, 1, "USD", 30),
    },
    "Cascade Office Supplies": {
        "domains": ["cascade.example"],
        "invoice_email": "ap@cascade.example",
        **_billed("Catalogue", 600, 1, "USD", None),
    },
    "No Email Ltd": {"domains": ["noemail.example"], **_billed("Audit", 300, 4, "USD", 30)},
    "No Rate Inc": {"invoice_email": "ap@norate.example", **_billed("Training", None, 2, "USD", 30)},
    "Ølstykke Båtbyggeri": {"domains": ["olstykke.example"], "invoice_email": "faktura@olstykke.example"},
}
PEOPLE_RECORDS: tuple[tuple[str, str, str | None, Values], ...] = (
    (
        "Ada",
        "Lovelace",
        "Northwind Traders",
        {"job_title": "CFO", "phone_numbers": ["+12065550199"], "newsletter": True},
    ),
    ("Siobhán", "O'Neil", "O'Neil Design", {"job_title": "Founder", "invoice_email": "siobhan@oneil.example"}),
    (
        "Jürgen",
        "Müller",
        "Müller & Söhne GmbH",
        {"phone_numbers": ["+493055501299"], **_billed("Schulung", 95, 8, "EUR", 30)},
    ),
    ("Chloé", "Dubois", "Café Noir", {"primary_location": place("8 rue du Bac", "Paris", None, "75007", "FR")}),
    ("Kenji", "Tanaka", "株式会社サンプル", {"job_title": "部長"}),
    ("Imogen", "Hart", "Harbor & Vale Partners", {"newsletter": False}),
    ("Élodie", "Marchand", "Lumière Éditions", {"invoice_email": "elodie@lumiere.example"}),
    ("Daniel", "Kim", "Pine Grove Dental", {**_billed("Coaching", 120, 1.5, "USD", 7)}),
    ("Priya", "Raman", None, {"job_title": "Consultant", "invoice_email": "priya@raman.example"}),
    ("Björn", "Åkesson", "Ølstykke Båtbyggeri", {}),
    ("María José", "Núñez", None, {**_billed("Traducción", 0.12, 15000, "EUR", 30)}),
    ("Grace", "Hopper", "Northwind Traders", {"job_title": "Rear admiral"}),
)
DEAL_RECORDS: tuple[tuple[str, str, str | None, str | None, Values], ...] = (
    (
        "Northwind website",
        "Won 🎉",
        "Northwind Traders",
        "Ada",
        {
            "value": 12000,
            "invoice_email": "billing@northwind.example",
            "tags": ["Design"],
            "close_date": "2026-11-02",
            **_billed("Website build", 150, 80, "USD", 30),
        },
    ),
    (
        "O'Neil rebrand",
        "Won 🎉",
        "O'Neil Design",
        "Siobhán",
        {"value": 2400, "invoice_email": "pay@oneil.example", **_billed("Brand workshop", 1200, 2, "USD", 14)},
    ),
    (
        "Müller Einführung",
        "Won 🎉",
        "Müller & Söhne GmbH",
        "Jürgen",
        {
            "value": 1861.08,
            "invoice_email": "rechnung@mueller-soehne.example",
            **_billed("Einführung", 14.5, 128.35, "EUR", 30),
        },
    ),
    (
        "Café Noir menu",
        "In Progress",
        "Café Noir",
        "Chloé",
        {"value": 450, "invoice_email": "compta@cafenoir.example", **_billed("Menu design", 450, 1, "EUR", 15)},
    ),
    (
        "サンプル導入",
        "Won 🎉",
        "株式会社サンプル",
        "Kenji",
        {"value": 90000, **_billed("導入支援", 90000, 1, None, 60)},
    ),
    (
        "Harbor retainer",
        "Won 🎉",
        "Harbor & Vale Partners",
        "Imogen",
        {
            "value": 594,
            "invoice_email": "accounts@harborvale.example",
            "tags": ["Retainer"],
            **_billed("Support plan", 49.5, 12, "USD", 30),
        },
    ),
    (
        "Lumière catalogue",
        "Lead",
        "Lumière Éditions",
        "Élodie",
        {"value": 100, "invoice_email": "compta@lumiere.example"},
    ),
    (
        "Pine Grove care plan",
        "Won 🎉",
        "Pine Grove Dental",
        None,
        {"value": 180, "invoice_email": "office@pinegrove.example", **_billed("Website care", 180, 1, "USD", 30)},
    ),
    (
        "Zero hours",
        "Won 🎉",
        "No Rate Inc",
        None,
        {"invoice_email": "ap@norate.example", **_billed("Training", 250, 0, "USD", 30)},
    ),
    ("Nothing filled in", "Lost", None, None, {}),
)
PROJECT_RECORDS: tuple[tuple[str, str, str | None, Values], ...] = (
    (
        "Website relaunch",
        "P-001",
        "Northwind Traders",
        {
            "budget": 20000,
            "started_on": "2026-09-01",
            "invoice_email": "billing@northwind.example",
            **_billed("Relaunch, phase 1", 140, 40, "USD", 30),
        },
    ),
    (
        "Identity",
        "P-002",
        "O'Neil Design",
        {"budget": 5000, "invoice_email": "pay@oneil.example", **_billed("Identity", 95.5, 20, "USD", 14)},
    ),
    (
        "ERP Einführung",
        "P-003",
        "Müller & Söhne GmbH",
        {
            "budget": 80000.5,
            "invoice_email": "rechnung@mueller-soehne.example",
            **_billed("ERP Einführung", 1100, 3, "EUR", 30),
        },
    ),
    (
        "Carte d'été",
        "P-004",
        "Café Noir",
        {"invoice_email": "compta@cafenoir.example", **_billed("Carte", 320, 1, "EUR", None)},
    ),
    ("Internal tooling", "P-005", None, {"started_on": "2026-10-15"}),
    (
        "Maintenance 2027",
        "P-006",
        "Harbor & Vale Partners",
        {"invoice_email": "accounts@harborvale.example", **_billed("Maintenance", 49.5, 12, "GBP", 30)},
    ),
)
