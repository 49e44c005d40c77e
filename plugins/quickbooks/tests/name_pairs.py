"""Names of records, the customers of the books, and what quick mode makes of them: the corpus of customer matching.

An outcome is the id of the customer that is linked, the name of the new customer, or the code of the refusal. A wrong
link is worse than a second customer: what QuickBooks itself does not take for one name is never linked.
"""

import unicodedata
from dataclasses import dataclass, replace
from typing import Literal

INACTIVE = " (deleted)"


@dataclass(frozen=True)
class Row:
    """A customer of the books."""

    name: str
    id: str = "58"
    currency: str | None = "USD"
    email: str | None = None
    active: bool = True


@dataclass(frozen=True)
class Pair:
    """A record, what the books hold, and how quick mode ends."""

    group: str
    record: str
    books: tuple[Row, ...]
    how: Literal["link", "new", "refused"]
    outcome: str
    email: str | None = None
    currency: str | None = None
    vendors: tuple[str, ...] = ()
    employees: tuple[str, ...] = ()
    multicurrency: bool = False


def nfd(text):
    return unicodedata.normalize("NFD", text)


def gone(name, row_id="58", **more):
    return Row(name + INACTIVE, row_id, active=False, **more)


def same(group, *pairs):
    """The record goes to the only customer."""
    return [Pair(group, record, (Row(books),), "link", "58") for record, books in pairs]


def strangers(group, *pairs):
    """The record gets a customer of its own, whose name is the record's."""
    return [Pair(group, record, (Row(books),), "new", " ".join(record.split())) for record, books in pairs]


def linked(group, record, row_id, *books, **more):
    return Pair(group, record, books, "link", row_id, **more)


def new(group, record, name, *books, **more):
    return Pair(group, record, books, "new", name, **more)


def refused(group, record, code, *books, **more):
    return Pair(group, record, books, "refused", code, **more)


SAME = [
    *same(
        "case",
        ("Acme", "Acme"),
        ("ACME", "Acme"),
        ("acme", "ACME"),
        ("aCmE lTd", "Acme Ltd"),
        ("MÜLLER", "Müller"),
        ("éclair", "ÉCLAIR"),
        ("łÓDŹ", "Łódź"),
        ("ØRSTED", "Ørsted"),
        ("æon", "ÆON"),
        ("STRAẞE 7", "Straße 7"),
        ("ΑΘΗΝΑ", "αθηνα"),
        ("МОСКВА", "Москва"),
        ("O'NEIL", "O'Neil"),
        ("ACME & SONS", "Acme & Sons"),
    ),
    *same(
        "spaces",
        ("  Acme  ", "Acme"),
        ("Acme   Ltd", "Acme Ltd"),
        ("Acme\u00a0Ltd", "Acme Ltd"),
        ("Acme Ltd", "Acme\u00a0Ltd"),
        ("Acme\u202fLtd", "Acme Ltd"),
        ("Acme\u2009Ltd", "Acme Ltd"),
        ("Acme\u3000Ltd", "Acme Ltd"),
        ("\u00a0Acme\u00a0", "Acme"),
        ("Acme Ltd GmbH", "Acme\u00a0Ltd\u00a0GmbH"),
        ("\u2003Acme\u2003Ltd", "Acme Ltd"),
    ),
    *same(
        "colon, tab, line break",
        ("Acme\tLtd", "Acme Ltd"),
        ("Acme\nLtd", "Acme Ltd"),
        ("Acme\r\nLtd", "Acme Ltd"),
        ("\tAcme\n", "Acme"),
        ("Acme:North", "Acme-North"),
        ("Acme: North", "Acme- North"),
        ("Acme :\tNorth", "Acme - North"),
        ("Ac\x00me", "Acme"),
        ("Acme\x07", "Acme"),
        ("Acme\ud800", "Acme"),
    ),
    *same(
        "accents composed and decomposed",
        ("Café Noir", nfd("Café Noir")),
        (nfd("Café Noir"), "Café Noir"),
        (nfd("müller"), "MÜLLER"),
        (nfd("Łódź"), "Łódź"),
        ("Nguyễn", nfd("Nguyễn")),
        (nfd("ガラス"), "ガラス"),
        ("한국", nfd("한국")),
        ("\u212bngström", "Ångström"),
        ("\u2126 Audio", "Ω Audio"),
        ("\u212aelvin", "Kelvin"),
        (nfd("ÉCLAIR"), "éclair"),
    ),
    *same(
        "other scripts, signs and emoji",
        ("株式会社アクメ", "株式会社アクメ"),
        ("شركة النور", "شركة النور"),
        ("חברת האור", "חברת האור"),
        ("Acme 🦜", "acme 🦜"),
        ("👩‍💻 Studio", "👩‍💻 STUDIO"),
        ("100% Cotton", "100% cotton"),
        ("A\\B", "a\\b"),
        ("Trailing\\", "trailing\\"),
        ('Say "Hi"', 'SAY "HI"'),
        ("Smith, John", "SMITH, JOHN"),
        ("---", "---"),
        ("1234", "1234"),
        ("58", "58"),
        ("Acme\u200f", "ACME\u200f"),
        ("x" * 500, "X" * 500),
        ("'; --", "'; --"),
        ("<new>", "<NEW>"),
    ),
]

STRANGERS = [
    *strangers(
        "accents",
        ("Café", "Cafe"),
        ("Cafe", "Café"),
        ("Müller", "Muller"),
        ("Müller", "Mueller"),
        ("Łódź", "Lodz"),
        ("Ørsted", "Orsted"),
        ("naïve", "naive"),
        ("Ñandú", "Nandu"),
        ("São Paulo Ltda", "Sao Paulo Ltda"),
        ("Gülsüm", "Gulsum"),
    ),
    *strangers(
        "ß and ligatures",
        ("Straße", "Strasse"),
        ("Strasse", "Straße"),
        ("STRASSE", "Straße"),
        ("Fuß AG", "Fuss AG"),
        ("ﬁnance", "finance"),
        ("Staﬀ", "Staff"),
        ("Æon", "Aeon"),
        ("Œuvre", "Oeuvre"),
        ("ĳssel", "ijssel"),
    ),
    *strangers(
        "signs that look alike",
        ("Ａｃｍｅ", "Acme"),
        ("Area m²", "Area m2"),
        ("Chapter Ⅳ", "Chapter IV"),
        ("½ Price", "1/2 Price"),
        ("Acme™", "AcmeTM"),
        ("№ 5", "No 5"),
        ("① First", "1 First"),
        ("ſmith", "smith"),
        ("Diyarbakır", "Diyarbakir"),
        ("Аcme", "Acme"),  # the first letter is Cyrillic
        ("Αcme", "Acme"),  # the first letter is Greek
        ("Studio ٣", "Studio 3"),
        ("µ Lab", "μ Lab"),
    ),
    *strangers(
        "quotes",
        ("O'Neil", "O’Neil"),
        ("O’Neil", "O'Neil"),
        ("O'Neil", "ONeil"),
        ("O'Neil", "O`Neil"),
        ("“Acme”", '"Acme"'),
        ('"Acme"', "Acme"),
        ("Rock ‘n’ Roll", "Rock 'n' Roll"),
    ),
    *strangers(
        "punctuation",
        ("A.C.M.E.", "ACME"),
        ("Acme-North", "Acme North"),
        ("Acme–North", "Acme-North"),
        ("AT&T", "AT and T"),
        ("Acme & Sons", "Acme and Sons"),
        ("Acme!", "Acme"),
        ("Acme_North", "Acme North"),
        ("Acme.", "Acme"),
        ("Acme/North", "Acme North"),
        ("(Acme)", "Acme"),
        ("Acme,North", "Acme, North"),
    ),
    *strangers(
        "marks that nobody sees",
        ("Acme\u200f", "Acme"),
        ("\u200eAcme", "Acme"),
        ("\u202bAcme\u202c", "Acme"),
        ("\u2067Acme\u2069", "Acme"),
        ("Ac\u200bme", "Acme"),
        ("\ufeffAcme", "Acme"),
        ("Ac\u00adme", "Acme"),
        ("Acme", "Acme\u200f"),
        ("👩💻 Studio", "👩‍💻 Studio"),
        ("❤", "❤\ufe0f"),
    ),
    *strangers(
        "emoji",
        ("Acme 🦜", "Acme"),
        ("Acme", "Acme 🦜"),
        ("Acme 🦜", "Acme 🦚"),
        ("👍 Club", "👍🏽 Club"),
        ("🇩🇪 Handel", "🇦🇹 Handel"),
    ),
    *strangers(
        "parts and neighbours",
        ("Acme", "Acme North"),
        ("Acme North", "Acme"),
        ("Acme", "The Acme"),
        ("Acme", "Acmee"),
        ("Ac me", "Acme"),
        ("Acme 1", "Acme 10"),
        ("Acme %", "Acme X"),
        ("%", "Acme"),
        ("Acm_", "Acme"),
        ("John Smith", "Smith, John"),
        ("Acme", "Acme (EUR)"),
        ("Acme", "Acme (Customer)"),
        ("Acme", "Acme (deleted)"),  # an active one that is called so
    ),
    *strangers(
        "legal forms",
        *((f"Acme {form}", "Acme") for form in ("GmbH", "AG", "Ltd", "Ltd.", "Limited", "Inc", "Inc.", "LLC", "S.A.")),
        *(("Acme", f"Acme {form}") for form in ("GmbH", "GmbH & Co. KG", "KG", "Ltd", "Inc", "Inc.", "LLC", "PLC")),
        *(("Acme", f"Acme {form}") for form in ("S.A.", "SA", "SARL", "S.r.l.", "S.p.A.", "B.V.", "N.V.", "AB", "Oy")),
        ("Acme GmbH", "Acme AG"),
        ("Acme Ltd", "Acme Ltd."),
        ("Acme Ltd", "Acme Limited"),
        ("Acme, Inc.", "Acme Inc."),
        ("Acme Inc", "Acme Inc."),
        ("Acme LLC", "Acme L.L.C."),
        ("Acme S.A.", "Acme SA"),
        ("Acme GmbH", "ACME GmbH & Co. KG"),
        ("Acme Pty Ltd", "Acme Ltd"),
        ("Acme Corp", "Acme Corporation"),
    ),
]

NAMES_THAT_CANNOT_BE = [
    refused("no name", record, "bad_name", Row("Acme"))
    for record in ("", "   ", "\t\n", "\u00a0", "\x00\x01", "\ud800", "\u200f", "\u200b \ufeff", "x" * 501)
]

INACTIVE_ONES = [
    refused("inactive", "Acme", "inactive_customer", gone("Acme")),
    refused("inactive", "ACME", "inactive_customer", gone("acme")),
    refused("inactive", " Acme\u00a0Ltd", "inactive_customer", gone("Acme Ltd")),
    refused("inactive", nfd("Café"), "inactive_customer", gone("Café")),
    refused("inactive", "Acme", "inactive_customer", gone("Acme"), gone("Acme", "59")),
    refused("inactive", "Acme", "inactive_customer", gone("Acme"), Row("Acme Inc", "59")),
    refused(
        "inactive",
        "Acme",
        "inactive_customer",
        gone("Acme"),
        Row("Zed", "59", email="a@b.example"),
        email="a@b.example",
    ),
    linked("inactive", "Acme", "59", gone("Acme"), Row("Acme", "59")),
    linked("inactive", "Acme", "59", Row("acme", "59"), gone("Acme")),
    new("inactive", "Acme", "Acme", gone("Acme Inc")),
    new("inactive", "Café", "Café", gone("Cafe")),
    new("inactive", "Acme (deleted)", "Acme (deleted)", gone("Acme")),
    new("inactive", "Acme", "Acme", gone("Zed", email="a@b.example"), email="a@b.example"),
]

TWINS = [
    refused("twins", "Acme", "several_customers", Row("Acme"), Row("Acme", "59")),
    refused("twins", "Acme", "several_customers", Row("Acme"), Row("ACME", "59")),
    refused("twins", "Café", "several_customers", Row("Café"), Row(nfd("Café"), "59")),
    refused("twins", "Acme Ltd", "several_customers", Row("Acme Ltd"), Row("Acme\u00a0Ltd", "59")),
    refused("twins", "Acme", "several_customers", *(Row("Acme", str(n)) for n in range(60, 68))),
    linked("twins", "Acme", "58", Row("Acme"), Row("Acme Inc", "59")),
    linked("twins", "Acme", "59", Row("Acme Inc"), Row("Acme", "59"), Row("Acme Ltd", "60")),
    linked("twins", "Café", "59", Row("Cafe"), Row("Café", "59")),
    linked("twins", "Straße", "59", Row("Strasse"), Row("Straße", "59")),
    linked("twins", "Acme", "58", Row("Acme"), Row("Acme\u200f", "59")),
    linked("twins", "O'Neil", "59", Row("O’Neil"), Row("O'Neil", "59")),
    new("twins", "Acme", "Acme", Row("Acme Inc"), Row("Acme Ltd", "59")),
]

SUB_CUSTOMERS = [
    new("sub-customer", "Acme:North", "Acme-North", Row("Acme"), Row("North", "59")),
    linked("sub-customer", "North", "59", Row("Acme"), Row("North", "59")),
    linked("sub-customer", "Acme", "58", Row("Acme"), Row("Acme North", "59")),
    new("sub-customer", "Acme: North", "Acme- North", Row("Acme"), Row("Acme North", "59")),
]

MAIL = "pay@acme.example"
BY_EMAIL = [
    linked("e-mail", "Acme", "58", Row("Acme Holding", email=MAIL), email=MAIL),
    linked("e-mail", "Acme", "58", Row("Acme Holding", email=MAIL.upper()), email=MAIL),
    linked("e-mail", "Acme", "59", Row("Acme Holding", email=MAIL), Row("Acme", "59"), email=MAIL),
    linked("e-mail", "Acme", "59", gone("Old", email=MAIL), Row("Acme Holding", "59", email=MAIL), email=MAIL),
    refused("e-mail", "Acme", "several_customers", Row("A", email=MAIL), Row("B", "59", email=MAIL), email=MAIL),
    refused(
        "e-mail",
        "Acme",
        "several_customers",
        Row("Acme Inc", email=MAIL),
        Row("Acme Ltd", "59", email=MAIL),
        email=MAIL,
    ),
    new("e-mail", "Acme", "Acme", Row("Acme Holding", email="other@acme.example"), email=MAIL),
    new("e-mail", "Acme", "Acme", Row("Acme Holding", email=MAIL)),
    new("e-mail", "Acme", "Acme", Row("Acme Holding", email="x" + MAIL), email=MAIL),
    new("e-mail", "Acme", "Acme", gone("Acme Holding", email=MAIL), email=MAIL),
    linked("e-mail", "Acme", "58", Row("Acme Holding", email=MAIL), email=MAIL, vendors=("Acme",)),
]


def _several_currencies(*pairs):
    return [replace(pair, multicurrency=True) for pair in pairs]


USD, EUR = Row("Acme"), Row("Acme (EUR)", "59", "EUR")
CURRENCIES = _several_currencies(
    refused("currency twins", "Acme", "customer_currency", USD, currency="EUR"),
    refused("currency twins", "acme", "customer_currency", USD, currency="EUR"),
    linked("currency twins", "Acme", "59", USD, EUR, currency="EUR"),
    linked("currency twins", "ACME", "59", USD, Row("acme (eur)", "59", "EUR"), currency="EUR"),
    linked("currency twins", "Acme", "59", EUR, currency="EUR"),
    linked("currency twins", "Acme", "58", USD, EUR, currency="USD"),
    linked("currency twins", "Acme", "58", USD, EUR),
    linked("currency twins", "Acme", "58", Row("Acme", currency="EUR"), currency="EUR"),
    linked("currency twins", "Acme", "58", Row("Acme", currency="EUR")),
    linked("currency twins", "Acme", "58", Row("Acme", currency=None), currency="USD"),
    linked("currency twins", "Acme", "60", Row("Acme", currency="EUR"), Row("Acme (USD)", "60"), currency="USD"),
    linked("currency twins", "Acme (EUR)", "59", USD, EUR, currency="EUR"),
    linked("currency twins", "Acme (EUR)", "59", USD, EUR),
    linked("currency twins", "Acme", "59", gone("Acme"), EUR, currency="EUR"),
    refused("currency twins", "Acme (EUR)", "customer_currency", USD, EUR, currency="USD"),
    refused("currency twins", "Acme", "customer_currency", USD, Row("Acme (EUR)", "59", "USD"), currency="EUR"),
    refused(
        "currency twins", "Acme", "customer_currency", USD, gone("Acme (EUR)", "59", currency="EUR"), currency="EUR"
    ),
    refused("currency twins", "Acme", "customer_currency", USD, Row("Acme EUR", "59", "EUR"), currency="EUR"),
    refused("currency twins", "Acme", "customer_currency", USD, Row("Ácme (EUR)", "59", "EUR"), currency="EUR"),
    refused("currency twins", "Acme", "customer_currency", USD, Row("Acme (GBP)", "59", "GBP"), currency="EUR"),
    refused("currency twins", "Acme", "inactive_customer", gone("Acme"), currency="EUR"),
    refused("currency twins", "Acme", "customer_currency", Row("Zed", email=MAIL), currency="EUR", email=MAIL),
    new("currency twins", "Acme", "Acme", Row("Acme Inc (EUR)", "59", "EUR"), currency="EUR"),
    new("currency twins", "Acme", "Acme", EUR),
    new("currency twins", "Acme", "Acme", EUR, currency="USD"),
    new("currency twins", "Acme", "Acme", Row("Acme (EUR)", "59", "USD"), currency="EUR"),
)

HOLDERS = [
    refused("vendor or employee", "Acme", "name_taken", vendors=("Acme",)),
    refused("vendor or employee", "ACME", "name_taken", vendors=("acme",)),
    refused("vendor or employee", "Jo Smith", "name_taken", employees=("Jo Smith",)),
    refused("vendor or employee", "Acme", "name_taken", Row("Acme Inc"), vendors=("Acme",)),
    refused("vendor or employee", "Acme", "name_taken", gone("Zed"), vendors=("Acme",), employees=("Zed",)),
    linked("vendor or employee", "Acme", "58", Row("Acme (Customer)"), vendors=("Acme",)),
    linked("vendor or employee", "Acme", "58", Row("Acme"), employees=("Jo",)),
    new("vendor or employee", "Acme", "Acme", vendors=("Acme Inc",)),
    new("vendor or employee", "Café", "Café", vendors=("Cafe",)),
    new("vendor or employee", "Acme", "Acme", Row("Acme (Customer)"), employees=("Acme Jr",)),
]

PAIRS: list[Pair] = [
    *SAME,
    *STRANGERS,
    *NAMES_THAT_CANNOT_BE,
    *INACTIVE_ONES,
    *TWINS,
    *SUB_CUSTOMERS,
    *BY_EMAIL,
    *CURRENCIES,
    *HOLDERS,
]
