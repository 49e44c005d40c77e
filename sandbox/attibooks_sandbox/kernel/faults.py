"""Planted faults: which calls they hit, how often, and what they do to them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.messages import Request

Kind = Literal["status", "timeout", "drop_after_commit", "drop_before_commit", "slow", "malformed", "latency"]


class FaultSpec(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A fault as it is planted; `times` None means until cleared. Environment, realm and workspace narrow it."""

    service: Literal["attio", "quickbooks", "stripe"]
    kind: Kind
    method: str = "*"
    path: str = "*"
    query: str = ""
    times: int | None = 1
    probability: float = 1.0
    environment: str | None = None
    realm: str | None = None
    workspace: str | None = None
    status: int = 500
    body: object = msgspec.UNSET
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    retry_after: float | Literal["date"] | None = None
    seconds: float = 0.0
    after_commit: bool = False

    def matches(self, service: str, request: Request, place: dict[str, str]) -> bool:
        """Tell whether a call is one that this fault is meant for."""
        return (
            service == self.service
            and self.method.upper() in {"*", request.method}
            and _fits(self.path, request.path)
            and self.query in request.query_string
            and all(want in {None, place.get(name)} for name, want in self._narrowing())
        )

    def _narrowing(self) -> list[tuple[str, str | None]]:
        return [("environment", self.environment), ("realm", self.realm), ("workspace", self.workspace)]

    @property
    def commits(self) -> bool:
        """Tell whether the call does its work although the fault takes its answer."""
        return self.kind in {"drop_after_commit", "slow", "malformed", "latency"} or (
            self.kind in {"status", "timeout"} and self.after_commit
        )


def _fits(pattern: str, path: str) -> bool:
    if any(mark in pattern for mark in "*?["):
        return fnmatchcase(path, pattern)
    return path.startswith(pattern)


class Fault(msgspec.Struct):
    """A planted fault and how often it may still strike."""

    name: str
    spec: FaultSpec
    left: int | None
    struck: int = 0

    def describe(self) -> dict[str, object]:
        """Return what the control plane shows of the fault."""
        return {"id": self.name, "left": self.left, "struck": self.struck, **_plain(self.spec)}


def _plain(spec: FaultSpec) -> dict[str, object]:
    return {name: value for name, value in msgspec.structs.asdict(spec).items() if value is not msgspec.UNSET}


class FaultBook:
    """The faults planted now, in the order in which they were planted: the first that fits a call strikes it."""

    def __init__(self, seed: int) -> None:
        """Begin without faults; the seed decides which calls a probability hits."""
        self._faults: list[Fault] = []
        self._ids = Ids(f"faults:{seed}")
        self._planted = 0

    def plant(self, spec: FaultSpec) -> Fault:
        """Add a fault."""
        self._planted += 1
        fault = Fault(name=f"fault-{self._planted}", spec=spec, left=spec.times)
        self._faults.append(fault)
        return fault

    def remove(self, name: str) -> None:
        """Remove the fault with a name, if it can still strike."""
        self._faults = [fault for fault in self._faults if fault.name != name]

    def clear(self) -> None:
        """Remove every fault."""
        self._faults.clear()

    def listed(self) -> list[dict[str, object]]:
        """Return the faults that can still strike."""
        return [fault.describe() for fault in self._faults]

    def strike(self, service: str, request: Request, place: dict[str, str]) -> Fault | None:
        """Return the fault that hits a call and count it, or None."""
        if not self._faults:
            return None
        for fault in self._faults:
            if fault.spec.matches(service, request, place) and self._ids.chance() < fault.spec.probability:
                self._spend(fault)
                return fault
        return None

    def _spend(self, fault: Fault) -> None:
        fault.struck += 1
        if fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                self._faults.remove(fault)
