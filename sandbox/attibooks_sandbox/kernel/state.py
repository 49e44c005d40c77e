"""What a reset puts back and a data folder carries over a restart, told from what is only at work."""

from __future__ import annotations

from typing import ClassVar, Self


class FolderError(Exception):
    """The folder that shall carry the state cannot be used; the message is a sentence for who runs the sandbox."""


class State:
    """Base of the mutable classes that hold state; what they hold is carried without a list of it anywhere.

    Attributes may be plain values, frozen structs, built-in containers of these, and dictionaries of other states.
    A dictionary is carried key by key and may be large; any other mutable value is compared as a whole after each call
    and should be small. An instance is made anew by its constructor, whose parameters must be attributes of the same
    name, and then given what was carried; one that its owner's constructor makes may have any constructor.
    """

    derived: ClassVar[frozenset[str]] = frozenset()
    """Attributes that are not carried because `rebuild` makes them anew."""

    def rebuild(self) -> None:
        """Make the derived attributes from the carried ones."""

    def carried(self) -> dict[str, object]:
        """Return the attributes to carry, by name."""
        return {name: value for name, value in vars(self).items() if name not in self.derived}

    def adopt(self, attributes: dict[str, object]) -> None:
        """Take over carried attributes; states that the constructor made stay and take over theirs."""
        for name, value in attributes.items():
            setattr(self, name, _adopted(vars(self).get(name), value))
        self.rebuild()

    @classmethod
    def loose(cls, attributes: dict[str, object]) -> Self:
        """Return an instance that has the attributes and nothing else, for its owner to adopt."""
        made = cls.__new__(cls)
        vars(made).update(attributes)
        return made


def _adopted(present: object, value: object) -> object:
    if isinstance(present, State) and isinstance(value, State):
        present.adopt(value.carried())
        return present
    if isinstance(present, dict) and isinstance(value, dict):
        for key in value:
            value[key] = _adopted(present.get(key), value[key])
    return value
