"""Faults that the page can switch on, each with what it shows about the product."""

from __future__ import annotations

from typing import Any

import msgspec

from attibooks_sandbox.control.errors import ControlError
from attibooks_sandbox.kernel.faults import FaultBook, FaultSpec, Kind


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """A fault by name."""

    key: str
    label: str
    detail: str
    specs: tuple[FaultSpec, ...]


def _of_invoices(kind: Kind, **facts: Any) -> tuple[FaultSpec]:  # noqa: ANN401 - members of a fault differ
    """Return a fault that strikes the next invoice on its way into the books."""
    return (FaultSpec(service="quickbooks", kind=kind, method="POST", path="/v3/company/*/invoice", **facts),)


def _attio_answers_503(method: str = "*") -> FaultSpec:
    return FaultSpec(service="attio", kind="status", status=503, times=None, method=method)


PRESETS: tuple[Preset, ...] = (
    Preset(
        key="quickbooks-500",
        label="QuickBooks answers 500 after commit",
        detail="The next invoice is made all the same.",
        specs=_of_invoices("status", status=500, after_commit=True),
    ),
    Preset(
        key="quickbooks-cut",
        label="Connection cut after commit",
        detail="The next invoice is made, unheard.",
        specs=_of_invoices("drop_after_commit"),
    ),
    Preset(
        key="quickbooks-429",
        label="QuickBooks answers 429",
        detail="The next invoice has to wait two seconds.",
        specs=_of_invoices("status", status=429, retry_after=2),
    ),
    Preset(
        key="quickbooks-slow",
        label="QuickBooks takes 5 seconds",
        detail="The next invoice is answered late.",
        specs=_of_invoices("slow", seconds=5),
    ),
    Preset(
        key="attio-down",
        label="Attio is down",
        detail="Every call gets 503 until you switch it off.",
        specs=(_attio_answers_503(),),
    ),
    Preset(
        key="attio-writes",
        label="Attio takes no writes",
        detail="Records can be read but not written.",
        specs=tuple(_attio_answers_503(method) for method in ("PUT", "PATCH")),
    ),
)


class Switchboard:
    """Which presets are planted now; a fault that has struck is off by itself."""

    def __init__(self) -> None:
        """Begin with everything off."""
        self._planted: dict[str, tuple[str, ...]] = {}

    def shown(self, book: FaultBook) -> list[dict[str, object]]:
        """Return every preset and whether it is on."""
        live = {fault["id"] for fault in book.listed()}
        return [
            {"key": each.key, "label": each.label, "detail": each.detail, "on": self._is_on(each.key, live)}
            for each in PRESETS
        ]

    def _is_on(self, key: str, live: set[object]) -> bool:
        return any(name in live for name in self._planted.get(key, ()))

    def switch(self, book: FaultBook, key: str, *, on: bool) -> None:
        """Plant a preset, or remove it."""
        preset = next((each for each in PRESETS if each.key == key), None)
        if preset is None:
            message = f"There is no fault preset {key}."
            raise ControlError(message, 404)
        for name in self._planted.pop(key, ()):
            book.remove(name)
        if on:
            self._planted[key] = tuple(book.plant(spec).name for spec in preset.specs)
