"""Names, places and interactions."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attibooks_sandbox.attio.model import Actor
from attibooks_sandbox.attio.values.base import Members, ValueType, instant_text, refused, text_in


class PersonalName(ValueType):
    """A person's name, written as all three members or as the string "Last, First"."""

    name = "personal-name"
    fields = ("first_name", "last_name", "full_name")
    field = None
    text_like = True

    def read(self, raw: object) -> object:
        """Return first, last and full name."""
        if isinstance(raw, str):
            last, _, first = text_in(raw, "full_name").partition(", ")
            return (first, last, f"{first} {last}".strip())
        if not isinstance(raw, dict) or set(raw) != set(self.fields):
            raise refused("Expected first_name, last_name and full_name", "full_name")
        if not all(isinstance(part, str) for part in raw.values()):
            raise refused("Expected strings", "full_name")
        return tuple(raw[name] for name in self.fields)

    def show(self, data: object) -> Members:
        """Return the three forms."""
        assert isinstance(data, tuple)
        return dict(zip(self.fields, data, strict=True))

    def note(self, data: object) -> object:
        """Return the full name."""
        assert isinstance(data, tuple)
        return data[2]


class Location(ValueType):
    """An address; all ten members are written, those without a value as null."""

    name = "location"
    fields: ClassVar[tuple[str, ...]] = (
        "line_1", "line_2", "line_3", "line_4", "locality", "region", "postcode", "country_code", "latitude",
        "longitude",
    )  # fmt: skip
    field = None
    text_like = True
    _bounds: ClassVar[dict[str, int]] = {"latitude": 90, "longitude": 180}

    def read(self, raw: object) -> object:
        """Return the ten members in order."""
        if not isinstance(raw, dict):
            raise refused("Expected an object", "line_1")
        wrong = set(raw) ^ set(self.fields)
        if wrong:
            raise refused("All members of a location are required, and no other", min(wrong))
        for name, value in raw.items():
            self._check(name, value)
        return tuple(raw[name] for name in self.fields)

    def _check(self, name: str, value: object) -> None:
        if not isinstance(value, str | None):
            raise refused("Expected a string or null", name)
        if value is None:
            return
        if name == "country_code" and not (len(value) == 2 and value.isascii() and value.isupper()):
            raise refused("Invalid country code", name)
        if name in self._bounds and not _within(value, self._bounds[name]):
            raise refused("Invalid coordinate", name)

    def show(self, data: object) -> Members:
        """Return the ten members."""
        assert isinstance(data, tuple)
        return dict(zip(self.fields, data, strict=True))

    def note(self, data: object) -> object:
        """Return the members that have a value."""
        return {name: value for name, value in self.show(data).items() if value is not None}


def _within(text: str, bound: int) -> bool:
    try:
        return abs(float(text)) <= bound
    except ValueError:
        return False


class Interaction(ValueType):
    """A touch between the team and a contact; Attio fills it in, nobody writes it."""

    name = "interaction"
    fields = ("interaction_type", "interacted_at", "owner_actor")
    field = None
    ordered = True

    def read(self, raw: object) -> object:  # noqa: ARG002 - refused whatever it is
        """Refuse: interactions are not written."""
        raise refused("Interactions cannot be written", "interacted_at")

    def show(self, data: object) -> Members:
        """Return kind, time and owner."""
        assert isinstance(data, tuple)
        kind, instant, owner = data
        assert isinstance(instant, datetime)
        assert isinstance(owner, Actor)
        return {
            "interaction_type": kind,
            "interacted_at": instant_text(instant),
            "owner_actor": {"type": owner.type, "id": owner.id},
        }

    def note(self, data: object) -> object:
        """Return when it was."""
        return self.show(data)["interacted_at"]
