"""The crowd in the large workspace: thousands of companies, people, deals and projects of several years, with gaps.

Its firms are those that the companies of the same country have for customers, so that names meet on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random

import msgspec

from attibooks_sandbox.attio.model import Member, Record
from attibooks_sandbox.attio.parsing import parse_values
from attibooks_sandbox.attio.workspace import Workspace
from attibooks_sandbox.attio.writes import RecordDesk
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.worlds.crm import exact
from attibooks_sandbox.worlds.records import place
from attibooks_sandbox.worlds.vocabulary import CURRENCIES, TONGUES, WORK, domain, firms, person

FIRST_DAY = datetime(2021, 3, 31, 9, 30, 0, 250_000, tzinfo=UTC)
_LAST_DAY = datetime(2026, 9, 30, 17, 0, tzinfo=UTC)
SIZES: Mapping[str, int] = {"companies": 1500, "people": 2000, "deals": 1000, "projects": 500}
_SHARES = {"US": 0.6, "GB": 0.14, "DE": 0.12, "CA": 0.07, "AU": 0.07}
_STAGES = ("Lead", "In Progress", "Won 🎉", "Won 🎉", "Won 🎉", "Lost")
_PHONES = {"US": "+1206555", "CA": "+1416555", "GB": "+441632960", "DE": "+49305550", "AU": "+61255501"}
_JOBS = ("Founder", "CFO", "Head of Finance", "Office manager", "Procurement", "CEO", "Bookkeeper", "Project lead")


class _Firm(msgspec.Struct, frozen=True):
    """A company of the crowd."""

    name: str
    country: str
    domain: str
    record: Record


def gather(workspace: Workspace, ids: Ids, seed: int, sizes: Mapping[str, int] = SIZES) -> None:
    """Fill up a workspace that has the few records of the small world, until each object has so many."""
    random = Random(f"crowd:{seed}")  # noqa: S311 - wanted: the same crowd in every run
    crowd = _Crowd(workspace, ids, random)
    names = [
        (country, name)
        for country, share in _SHARES.items()
        for name in islice(firms(country, Random(f"firms:{seed}:{country}")), int(sizes["companies"] * share))  # noqa: S311
    ]
    random.shuffle(names)
    deeds = {"companies": lambda: crowd.company(*names.pop()), "people": crowd.somebody}
    for slug, add in {**deeds, "deals": crowd.deal, "projects": crowd.project}.items():
        crowd.fill(slug, sizes[slug], add)
    crowd.second_thoughts()


class _Crowd:
    """Writes the records, each as a member of the team."""

    def __init__(self, workspace: Workspace, ids: Ids, random: Random) -> None:
        self._workspace = workspace
        self._ids = ids
        self._random = random
        self._members: list[Member] = list(workspace.members.values())
        self._firms: list[_Firm] = []
        self._domains: set[str] = set()
        self._emails: set[str] = set()
        self._people: dict[str, list[Record]] = {}
        self._now = FIRST_DAY

    def fill(self, slug: str, size: int, add: Callable[[], None]) -> None:
        """Add records of an object until there are so many, from the first day to the last."""
        held = self._workspace.records[self._workspace.object_named(slug).id]
        step = (_LAST_DAY - FIRST_DAY) / (size - len(held))
        self._now = FIRST_DAY
        while len(held) < size:
            self._now += step
            add()

    def _record(self, slug: str, values: Mapping[str, object]) -> Record:
        kind = self._workspace.object_named(slug)
        present = {name: value for name, value in values.items() if value is not None}
        member = self._random.choice(self._members)
        desk = RecordDesk(
            self._workspace, member.actor, self._now.replace(microsecond=self._random.randrange(1000) * 1000)
        )
        return desk.create(kind, parse_values(exact(present), kind, self._workspace), self._ids.uuid())

    def _maybe(self, value: object, chance: float = 0.85) -> object:
        return value if self._random.random() < chance else None

    def _billed(self, country: str) -> dict[str, object]:
        """Return what an invoice is made from; each part is missing now and then."""
        random = self._random
        _, texts = random.choice(WORK)
        return {
            "service_description": self._maybe(random.choice(texts)),
            "rate": self._maybe(random.choice((49.5, 75, 95, 110.25, 128.35, 150, 180, 450, 1200, 2500))),
            "quantity": self._maybe(random.choice((1, 1, 1, 2, 3, 4.5, 8, 12, 14.5, 40))),
            "billing_currency": self._maybe(CURRENCIES[country]),
            "payment_terms_days": self._maybe(random.choice((0, 14, 15, 30, 30, 60)), 0.6),
        }

    # one of each

    def company(self, country: str, name: str) -> None:
        """Add a company; of two with one domain only the first comes in."""
        own = domain(name)
        if own in self._domains:
            own = f"{own.removesuffix('.example')}-{country.lower()}.example"
        self._domains.add(own)
        random = self._random
        city, region, postal_code = random.choice(TONGUES[country].towns)
        street = f"{random.randrange(1, 300)} {random.choice(TONGUES[country].streets)}"
        values = {
            "name": name,
            "domains": [own],
            "categories": self._maybe([random.choice(("Agency", "Software", "Retail", "Publishing"))], 0.7),
            "primary_location": self._maybe(place(street, city, region, postal_code, country), 0.8),
            "employee_count": self._maybe(int(random.lognormvariate(3, 1.2)) + 1, 0.7),
            "is_customer": self._maybe(random.random() < 0.6),
            "health": self._maybe(random.randrange(1, 6), 0.5),
            "account_manager": self._maybe(random.choice(self._members).email, 0.7),
            "billing_phone": self._maybe(self._phone(country), 0.5),
            "invoice_email": self._maybe(f"{random.choice(('billing', 'accounts', 'ap'))}@{own}"),
            **self._billed(country),
        }
        self._firms.append(_Firm(name, country, own, self._record("companies", values)))

    def _phone(self, country: str) -> str:
        return f"{_PHONES[country]}{self._random.randrange(100, 200):04}"

    def somebody(self) -> None:
        """Add a person of a company, or one without."""
        firm = self._random.choice(self._firms)
        given, family = person(firm.country, self._random)
        alone = self._random.random() < 0.08
        link = None if alone else [_link("companies", firm.record)]
        values = {
            "name": {"first_name": given, "last_name": family, "full_name": f"{given} {family}"},
            "email_addresses": [self._email(given, family, "people.example" if alone else firm.domain)],
            "phone_numbers": self._maybe([self._phone(firm.country)], 0.4),
            "job_title": self._maybe(self._random.choice(_JOBS), 0.7),
            "company": link,
            "newsletter": self._maybe(self._random.random() < 0.4, 0.5),
        }
        record = self._record("people", values)
        if not alone:
            self._people.setdefault(firm.name, []).append(record)

    def _email(self, given: str, family: str, host: str) -> str:
        local = domain(f"{given} {family}").removesuffix(".example").replace("-", ".")
        address, number = f"{local}@{host}", 2
        while address in self._emails:
            address, number = f"{local}{number}@{host}", number + 1
        self._emails.add(address)
        return address

    def deal(self) -> None:
        """Add a deal with a company and, if it has any, one of its people."""
        random = self._random
        firm = random.choice(self._firms)
        people = self._people.get(firm.name)
        billed = self._billed(firm.country)
        subject = billed["service_description"] or "New business"
        values = {
            "name": f"{firm.name}: {subject}",
            "stage": random.choice(_STAGES),
            "owner": random.choice(self._members).email,
            "value": self._maybe(round(random.lognormvariate(8, 1), 2), 0.9),
            "associated_company": [_link("companies", firm.record)],
            "associated_people": [_link("people", random.choice(people))] if people else None,
            "close_date": self._maybe(f"{self._now + timedelta(days=random.randrange(5, 120)):%Y-%m-%d}", 0.7),
            "tags": self._maybe([random.choice(("Design", "Retainer", "Training"))], 0.4),
            "invoice_email": self._maybe(f"billing@{firm.domain}"),
            **billed,
        }
        self._record("deals", values)

    def project(self) -> None:
        """Add a project."""
        firm = self._random.choice(self._firms)
        kind = self._workspace.object_named("projects")
        number = len(self._workspace.records[kind.id]) + 1
        values = {
            "name": f"{firm.name} {self._random.choice(('relaunch', 'rollout', 'audit', 'campaign', 'migration'))}",
            "code": f"P-{number:03}",
            "client": self._maybe([_link("companies", firm.record)], 0.92),
            "lead": self._maybe(self._random.choice(self._members).email, 0.8),
            "budget": self._maybe(self._random.randrange(10, 900) * 100, 0.8),
            "started_on": self._maybe(f"{self._now:%Y-%m-%d}", 0.9),
            "invoice_email": self._maybe(f"billing@{firm.domain}"),
            **self._billed(firm.country),
        }
        self._record("projects", values)

    def second_thoughts(self) -> None:
        """Change the rate of every tenth deal, so that values have a history."""
        kind = self._workspace.object_named("deals")
        for record in list(self._workspace.records[kind.id].values())[::10]:
            values = parse_values({"rate": self._random.randrange(50, 200)}, kind, self._workspace)
            changed = record.created_at + timedelta(days=self._random.randrange(1, 20))
            RecordDesk(self._workspace, self._random.choice(self._members).actor, changed).update(
                record, values, "replace"
            )


def _link(target: str, record: Record) -> dict[str, object]:
    return {"target_object": target, "target_record_id": record.id}
