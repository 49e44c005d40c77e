"""Facts of the seeded Attio workspaces: their names, plans, teams and objects."""

from __future__ import annotations

import msgspec

from attibooks_sandbox.worlds.objects import DEALS_OBJECT, PROJECTS_OBJECT, STANDARD_OBJECTS, ObjectFacts


class WorkspaceFacts(msgspec.Struct, frozen=True):
    """One seeded workspace; `filled` tells whether it has records."""

    name: str
    slug: str
    plan: str
    members: tuple[tuple[str, str, str, str], ...]
    objects: tuple[ObjectFacts, ...]
    filled: bool = msgspec.field(default=True)


WORKSPACES: tuple[WorkspaceFacts, ...] = (
    WorkspaceFacts(
        "Northwind Demo",
        "northwind-demo",
        "pro",
        (
            ("Ada", "Byron", "ada@northwind-demo.example", "admin"),
            ("Tom", "Okafor", "tom@northwind-demo.example", "member"),
        ),
        (*STANDARD_OBJECTS, DEALS_OBJECT, PROJECTS_OBJECT),
    ),
    WorkspaceFacts(
        "Southgate Trial",
        "southgate-trial",
        "free",
        (("Mina", "Sato", "mina@southgate-trial.example", "admin"),),
        STANDARD_OBJECTS,
        filled=False,
    ),
)
