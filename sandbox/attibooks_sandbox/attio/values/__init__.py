"""One class for each type of attribute: what it accepts, how it reads, what it can be filtered and sorted by.

A value is kept as plain immutable data (a string, a decimal, a tuple); `VALUE_TYPES` finds a type by its name.
"""

from __future__ import annotations

from attibooks_sandbox.attio.values.base import ValueRefusedError, ValueType
from attibooks_sandbox.attio.values.choices import Select, Status
from attibooks_sandbox.attio.values.contacts import Domain, EmailAddress, PhoneNumber
from attibooks_sandbox.attio.values.people import Interaction, Location, PersonalName
from attibooks_sandbox.attio.values.references import ActorReference, RecordReference
from attibooks_sandbox.attio.values.simple import Checkbox, Currency, Date, Number, Rating, Text, Timestamp

VALUE_TYPES: dict[str, ValueType] = {
    each.name: each
    for each in (
        Text(),
        Number(),
        Checkbox(),
        Currency(),
        Date(),
        Timestamp(),
        Rating(),
        Status(),
        Select(),
        RecordReference(),
        ActorReference(),
        Location(),
        Domain(),
        EmailAddress(),
        PhoneNumber(),
        Interaction(),
        PersonalName(),
    )
}

__all__ = ["VALUE_TYPES", "ValueRefusedError", "ValueType"]
