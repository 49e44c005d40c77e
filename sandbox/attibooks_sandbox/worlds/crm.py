"""Turns the facts of a workspace into its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from attibooks_sandbox.attio.model import Attribute, Choice, Member, ObjectType, Record, Version
from attibooks_sandbox.attio.objects import system_attributes
from attibooks_sandbox.attio.parsing import parse_values
from attibooks_sandbox.attio.workspace import Profile, Workspace
from attibooks_sandbox.attio.writes import RecordDesk
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.worlds.objects import AttributeFacts, ObjectFacts
from attibooks_sandbox.worlds.records import COMPANY_RECORDS, DEAL_RECORDS, PEOPLE_RECORDS, PROJECT_RECORDS
from attibooks_sandbox.worlds.workspaces import WorkspaceFacts

OPENED = datetime(2026, 1, 12, 9, 30, 0, 250_000, tzinfo=UTC)
_FILLED = datetime(2026, 10, 1, 8, 15, 0, 120_000, tzinfo=UTC)


def build_workspace(
    facts: WorkspaceFacts, ids: Ids, *, opened: datetime = OPENED, more: Callable[[Workspace, Ids], None] | None = None
) -> Workspace:
    """Return a workspace with its objects, and with records if it has any; `more` adds to these."""
    workspace = Workspace(Profile(id=ids.uuid(), name=facts.name, slug=facts.slug, plan=facts.plan))
    for first, last, email, level in facts.members:
        member = Member(ids.uuid(), first, last, email, level, opened)
        workspace.members[member.id] = member
    seed = _Seeder(workspace, ids, opened)
    kinds = [seed.add_object(each) for each in facts.objects]
    for kind, each in zip(kinds, facts.objects, strict=True):
        seed.attributes(kind, each)
    seed.entangle_team()
    if facts.filled:
        seed.records()
        if more is not None:
            more(workspace, ids)
    return workspace


class _Seeder:
    """Puts objects, attributes and records into a new workspace."""

    def __init__(self, workspace: Workspace, ids: Ids, opened: datetime) -> None:
        self._workspace = workspace
        self._opened = opened
        self._ids = ids
        self._minutes = 0
        self._by_name: dict[str, Record] = {}

    def add_object(self, facts: ObjectFacts) -> ObjectType:
        """Add an object."""
        kind = ObjectType(
            id=self._ids.uuid(),
            slug=facts.slug,
            singular=facts.singular,
            plural=facts.plural,
            created_at=self._opened,
            standard=facts.standard,
            web_path=facts.web_path,
        )
        self._workspace.add_object(kind)
        return kind

    def attributes(self, kind: ObjectType, facts: ObjectFacts) -> None:
        """Add an object's attributes, the system's first."""
        for attribute in system_attributes(kind, self._ids):
            self._workspace.add_attribute(attribute)
        for each in facts.attributes:
            attribute = self._attribute(kind, each)
            self._workspace.add_attribute(attribute)
            for title in each.choices:
                self._workspace.add_choice(attribute.id, Choice(id=self._ids.uuid(), title=title))

    def _attribute(self, kind: ObjectType, facts: AttributeFacts) -> Attribute:
        targets = tuple(self._workspace.object_named(slug).id for slug in facts.targets)
        return Attribute(
            id=self._ids.uuid(),
            object_id=kind.id,
            slug=facts.slug,
            title=facts.title,
            type=facts.type,
            created_at=self._opened,
            system=not facts.own,
            writable=facts.writable,
            unique=facts.unique,
            multi=facts.multi,
            currency_code=facts.currency,
            display_type=None if facts.currency is None else "symbol",
            allowed_object_ids=targets or None,
        )

    def entangle_team(self) -> None:
        """Make a company's team and a person's company the two sides of one relationship."""
        companies, people = (self._workspace.object_named(slug) for slug in ("companies", "people"))
        team = self._workspace.find_attribute(companies.id, "team")
        company = self._workspace.find_attribute(people.id, "company")
        assert team is not None
        assert company is not None
        self._workspace.add_attribute(msgspec.structs.replace(team, relation=(people.id, company.id)))
        self._workspace.add_attribute(msgspec.structs.replace(company, relation=(companies.id, team.id)))

    def records(self) -> None:
        """Add companies, people, deals and projects."""
        for name, values in COMPANY_RECORDS.items():
            self._by_name[name] = self._record("companies", {"name": name, **values})
        self._people()
        for name, stage, company, person, values in DEAL_RECORDS:
            links = {
                **self._link("associated_company", "companies", company),
                **self._link("associated_people", "people", person),
            }
            owner = {"owner": "tom@northwind-demo.example"}
            self._record("deals", {"name": name, "stage": stage, **owner, **links, **values})
        for name, code, company, values in PROJECT_RECORDS:
            client = self._link("client", "companies", company)
            self._record("projects", {"name": name, "code": code, **client, **values})

    def _people(self) -> None:
        for first, last, company, values in PEOPLE_RECORDS:
            local = f"{first}.{last}".lower().replace("'", "").replace(" ", ".")
            ascii_local = local.encode("ascii", "ignore").decode()
            name = {"first_name": first, "last_name": last, "full_name": f"{first} {last}"}
            link = self._link("company", "companies", company)
            emails = {"email_addresses": [f"{ascii_local}@people.example"]}
            record = self._record("people", {"name": name, **emails, **link, **values})
            self._by_name[first] = record
            self._interaction(record)

    def _interaction(self, record: Record) -> None:
        """Note a touch with a person, as Attio does by itself."""
        attribute = self._workspace.find_attribute(record.object_id, "last_interaction")
        assert attribute is not None
        desk = self._desk()
        content = ("email", desk.now, desk.actor)
        current = self._workspace.record_named(record.object_id, record.id)
        values = {**current.values, attribute.id: (Version(content, desk.now, desk.actor),)}
        self._workspace.put_record(msgspec.structs.replace(current, values=values))

    def _link(self, slug: str, target: str, name: str | None) -> dict[str, object]:
        if name is None:
            return {}
        return {slug: [{"target_object": target, "target_record_id": self._by_name[name].id}]}

    def _desk(self) -> RecordDesk:
        self._minutes += 7
        member = next(iter(self._workspace.members.values()))
        return RecordDesk(self._workspace, member.actor, _FILLED + timedelta(minutes=self._minutes))

    def _record(self, slug: str, values: Mapping[str, object]) -> Record:
        kind = self._workspace.object_named(slug)
        parsed = parse_values(exact(values), kind, self._workspace)
        return self._desk().create(kind, parsed, self._ids.uuid())


def exact(values: Mapping[str, object]) -> dict[str, object]:
    """Return values with the numbers as they are read from JSON."""
    return {name: Decimal(str(value)) if isinstance(value, float) else value for name, value in values.items()}
