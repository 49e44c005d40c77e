"""Words of the large world: names of firms and people, places, and what is sold. All addresses end in `.example`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from random import Random

import msgspec


class Tongue(msgspec.Struct, frozen=True):
    """How names of firms and people sound in a country; `towns` are (city, region, postal code)."""

    surnames: tuple[str, ...]
    given: tuple[str, ...]
    trades: tuple[str, ...]
    forms: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[tuple[str, str, str], ...]


_ENGLISH_SURNAMES = (
    "Abbott", "Archer", "Barlow", "Bellamy", "Bennett", "Blackwell", "Bradshaw", "Brennan", "Calloway", "Carver",
    "Castillo", "Chen", "Coleman", "Corrigan", "Dalton", "Delgado", "Driscoll", "Easton", "Ellery", "Fairbanks",
    "Farrow", "Fitzgerald", "Fuentes", "Gallagher", "Garner", "Gilchrist", "Gupta", "Hadley", "Hale", "Harmon",
    "Hawthorne", "Holloway", "Iyer", "Jarvis", "Kaplan", "Keller", "Kirby", "Langford", "Lawson", "Lockhart",
    "Maddox", "Marlow", "Mercer", "Montague", "Nakamura", "Novak", "O'Brien", "O'Connor", "Okafor", "Osborne",
    "Palmer", "Pemberton", "Pryor", "Quinn", "Ramsey", "Redfern", "Rhodes", "Salazar", "Sheridan", "Sinclair",
    "Stanton", "Sutter", "Tanner", "Thorne", "Underhill", "Vance", "Vaughn", "Wainwright", "Whitaker", "Winslow",
    "Yates", "York", "Zamora",
)  # fmt: skip
_ENGLISH_GIVEN = (
    "Aaron", "Abigail", "Adrian", "Alice", "Amelia", "Anita", "Ben", "Bianca", "Caleb", "Carmen", "Charlotte",
    "Chloe", "Daniel", "Deborah", "Diego", "Edith", "Elena", "Emeka", "Ethan", "Fiona", "Gabriel", "Grace",
    "Hannah", "Harriet", "Hugo", "Ibrahim", "Imani", "Isaac", "Jade", "Jonah", "Julia", "Kavya", "Keira", "Liam",
    "Lucia", "Mae", "Marcus", "Maya", "Miguel", "Nadia", "Nathan", "Nora", "Oliver", "Owen", "Paige", "Priya",
    "Quentin", "Rosa", "Ruth", "Samir", "Sofia", "Tessa", "Theo", "Uma", "Victor", "Willa", "Yusuf", "Zoe",
)  # fmt: skip
_ENGLISH_TRADES = (
    "Advisory", "Analytics", "Architects", "Bakery", "Bookshop", "Brewing Co", "Builders", "Cabinetry", "Capital",
    "Catering", "Ceramics", "Chiropractic", "Coffee Roasters", "Construction", "Consulting", "Creative", "Dental",
    "Design", "Electric", "Engineering", "Events", "Farms", "Films", "Fitness", "Florists", "Foods", "Foundry",
    "Gallery", "Health", "Hospitality", "Interiors", "Jewelers", "Labs", "Landscaping", "Law Group", "Logistics",
    "Marine", "Media", "Motors", "Optical", "Outfitters", "Partners", "Pediatrics", "Pharmacy", "Photography",
    "Plumbing", "Press", "Printing", "Properties", "Records", "Roofing", "Schools", "Software", "Solar", "Studio",
    "Supply", "Surveyors", "Tax & Audit", "Textiles", "Tours", "Toys", "Veterinary", "Vineyards", "Woodworks",
)  # fmt: skip
_ENGLISH_STREETS = (
    "Birch Lane", "Canal Street", "Cedar Avenue", "Chapel Road", "Elm Street", "Foundry Row", "Garden Street",
    "Harbour Road", "High Street", "King Street", "Market Square", "Mill Lane", "Orchard Way", "Park Avenue",
    "Quarry Road", "River Street", "Station Road", "Union Street", "Victoria Road", "Wharf Street",
)  # fmt: skip
_GERMAN = Tongue(
    (
        "Albrecht", "Bäcker", "Bauer", "Becker", "Behrens", "Böhm", "Brandt", "Busch", "Dietrich", "Ebert", "Engel",
        "Fischer", "Förster", "Franke", "Friedrich", "Gärtner", "Günther", "Haas", "Hartmann", "Heinrich",
        "Hoffmann", "Jäger", "Jansen", "Kaiser", "König", "Krämer", "Krüger", "Kühn", "Lange", "Lehmann", "Lorenz",
        "Möller", "Neumann", "Otto", "Pfeiffer", "Richter", "Roth", "Schäfer", "Schröder", "Schütz", "Seidel",
        "Sommer", "Stein", "Thomas", "Vogel", "Voß", "Wagner", "Weiß", "Winkler", "Wolff", "Ziegler", "Zimmermann",
    ),
    (
        "Anja", "Annika", "Bernd", "Birgit", "Claudia", "Dieter", "Emre", "Felix", "Frauke", "Götz", "Hanna",
        "Heike", "Ingo", "Jana", "Jörg", "Jürgen", "Katrin", "Lena", "Lukas", "Malte", "Maren", "Nele", "Oskar",
        "Petra", "Rainer", "Saskia", "Sören", "Steffi", "Thorsten", "Ulrike", "Uwe", "Yasemin",
    ),
    (
        "Anlagenbau", "Architekten", "Bäckerei", "Beratung", "Buchhandlung", "Dachdecker", "Druck", "Elektrotechnik",
        "Fensterbau", "Gartenbau", "Handwerk", "Immobilien", "Ingenieure", "Kälte & Klima", "Logistik", "Maschinenbau",
        "Medien", "Metallbau", "Möbel", "Optik", "Sanitär", "Software", "Spedition", "Tischlerei", "Verlag",
        "Werkzeuge",
    ),
    ("GmbH", "GmbH & Co. KG", "AG", "e.K.", "UG", "& Söhne GmbH", "& Partner"),
    (
        "Ahornweg", "Bahnhofstraße", "Bergstraße", "Hafenstraße", "Hauptstraße", "Industriestraße", "Kirchgasse",
        "Marktplatz", "Mühlenweg", "Schillerstraße",
    ),
    (
        ("Berlin", "BE", "10115"), ("Hamburg", "HH", "20095"), ("München", "BY", "80331"), ("Köln", "NW", "50667"),
        ("Leipzig", "SN", "04109"), ("Nürnberg", "BY", "90402"), ("Freiburg", "BW", "79098"),
    ),
)  # fmt: skip


def _english(forms: tuple[str, ...], towns: tuple[tuple[str, str, str], ...]) -> Tongue:
    return Tongue(_ENGLISH_SURNAMES, _ENGLISH_GIVEN, _ENGLISH_TRADES, forms, _ENGLISH_STREETS, towns)


TONGUES: dict[str, Tongue] = {
    "US": _english(
        ("", "", "LLC", "Inc", "Co", "Group"),
        (
            ("Portland", "OR", "97205"), ("Austin", "TX", "78701"), ("Boston", "MA", "02110"),
            ("Chicago", "IL", "60601"), ("Denver", "CO", "80202"), ("Savannah", "GA", "31401"),
            ("Santa Fe", "NM", "87501"), ("Providence", "RI", "02903"),
        ),
    ),
    "GB": _english(
        ("", "Ltd", "Ltd", "LLP", "& Sons"),
        (
            ("Leeds", "ENG", "LS1 4AP"), ("Cardiff", "WLS", "CF10 1EP"), ("Glasgow", "SCT", "G1 3SL"),
            ("Norwich", "ENG", "NR2 1TF"), ("Belfast", "NIR", "BT1 5GS"), ("York", "ENG", "YO1 7HH"),
        ),
    ),
    "CA": _english(
        ("", "Inc", "Ltd", "Group"),
        (
            ("Vancouver", "BC", "V6B 1A1"), ("Montréal", "QC", "H2Y 1C6"), ("Halifax", "NS", "B3J 1S9"),
            ("Calgary", "AB", "T2P 1J9"), ("Ottawa", "ON", "K1P 1J1"),
        ),
    ),
    "AU": _english(
        ("", "Pty Ltd", "Pty Ltd", "Group"),
        (
            ("Melbourne", "VIC", "3000"), ("Brisbane", "QLD", "4000"), ("Perth", "WA", "6000"),
            ("Hobart", "TAS", "7000"), ("Adelaide", "SA", "5000"),
        ),
    ),
    "DE": _GERMAN,
}  # fmt: skip
CURRENCIES = {"US": "USD", "GB": "GBP", "DE": "EUR", "CA": "CAD", "AU": "AUD"}
WORK: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("1", ("Project management", "Account set-up", "Travel expenses", "Annual review")),
    ("2", ("Hours as agreed", "Support hours", "On-site hours", "Overtime")),
    ("3", ("Strategy consulting", "Process review", "Interim management", "Market study", "Due diligence")),
    ("4", ("Logo and identity", "Website design", "Packaging design", "Illustrations", "Annual report layout")),
    ("5", ("Team workshop", "Leadership workshop", "Two-day training", "Kick-off workshop")),
    ("6", ("Monthly maintenance", "Hosting and updates", "Backup service", "Security patches")),
)


def firms(country: str, random: Random) -> Iterator[str]:
    """Yield names of firms, each once, without end: when the words run out, towns tell firms apart."""
    tongue = TONGUES[country]
    seen: set[str] = set()
    while True:
        name = _firm(tongue, random)
        if name in seen:
            name = f"{name} {random.choice(tongue.towns)[0]}"
        if name not in seen:
            seen.add(name)
            yield name


def _firm(tongue: Tongue, random: Random) -> str:
    owner = random.choice(tongue.surnames)
    if random.random() < 0.2:
        owner = f"{owner} & {random.choice(tongue.surnames)}"
    return f"{owner} {random.choice(tongue.trades)} {random.choice(tongue.forms)}".strip()


def person(country: str, random: Random) -> tuple[str, str]:
    """Return a given name and a family name."""
    tongue = TONGUES[country]
    return random.choice(tongue.given), random.choice(tongue.surnames)


def domain(name: str) -> str:
    """Return the domain of a firm."""
    swapped = name.lower().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    letters = unicodedata.normalize("NFKD", swapped).encode("ascii", "ignore").decode()
    return f"{'-'.join(''.join(c if c.isalnum() else ' ' for c in letters).split())}.example"
