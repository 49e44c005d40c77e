"""What became of each plugin, for operators."""

from dataclasses import dataclass, field, replace
from enum import StrEnum


class PluginState(StrEnum):
    """How loading a plugin ended."""

    ACTIVE = "active"
    DEGRADED = "degraded"
    """Active, and some of what it offered was refused."""
    BLOCKED = "blocked"
    """Left out by a setting of this host."""
    FAILED = "failed"
    """Raised while it was imported."""
    INCOMPATIBLE = "incompatible"
    """Written for another hook API."""
    INVALID = "invalid"
    """Not what a plugin has to be."""
    CONFLICT = "conflict"
    """Claims a name that another one claims too; neither is used."""

    @property
    def usable(self) -> bool:
        """Whether its hooks are called."""
        return self in {PluginState.ACTIVE, PluginState.DEGRADED}


@dataclass(frozen=True, slots=True)
class PluginReport:
    """One line of `attibooks plugins`.

    :param name: the entry point's name.
    :param hooks: names of the hooks it implements.
    """

    name: str
    distribution: str
    version: str
    state: PluginState
    reason: str = ""
    hooks: tuple[str, ...] = field(default=())

    def degraded(self, reason: str) -> "PluginReport":
        """The same report with one more refusal."""
        known = f"{self.reason}; {reason}" if self.reason else reason
        return replace(self, state=PluginState.DEGRADED, reason=known)
