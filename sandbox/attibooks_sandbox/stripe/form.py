"""Nested parameters in a form: `items[0][price]=...` and back to dictionaries (reference: Stripe billing, §1.9)."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

Nested = dict[str, object]
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
DEEPEST = 8


def read_form(raw: str) -> Nested:
    """Return the parameters of a form; lists are dictionaries by index, which the description tells apart."""
    found: Nested = {}
    for name, value in parse_qsl(raw, keep_blank_values=True, encoding="utf-8", errors="replace"):
        _put(found, _path(name), value)
    return found


def _path(name: str) -> list[str]:
    matched = _KEY.fullmatch(name)
    if matched is None:
        return [name]
    return [matched[1], *_PART.findall(matched[2])][: DEEPEST + 1]


def _put(place: Nested, path: list[str], value: str) -> None:
    for step in path[:-1]:
        below = place.setdefault(step or str(len(place)), {})
        if not isinstance(below, dict):
            below = place[step] = {}
        place = below
    place[path[-1] or str(len(place))] = value
