"""A router for paths of fixed length with named parts."""

from __future__ import annotations

from typing import Generic, TypeVar

Handler = TypeVar("Handler")


class Router(Generic[Handler]):
    """Find the handler of a method and path; templates read `/v2/objects/{object}`."""

    def __init__(self) -> None:
        """Begin without routes."""
        self._routes: dict[tuple[str, int], list[tuple[tuple[str, ...], Handler]]] = {}

    def add(self, method: str, template: str, handler: Handler) -> None:
        """Register a handler; of two that fit a path the one registered first is taken."""
        parts = tuple(template.split("/")[1:])
        self._routes.setdefault((method, len(parts)), []).append((parts, handler))

    def find(self, method: str, segments: tuple[str, ...]) -> tuple[Handler, dict[str, str]] | None:
        """Return the handler and the named parts, or None when no route fits."""
        for template, handler in self._routes.get((method, len(segments)), ()):
            named = _match(template, segments)
            if named is not None:
                return handler, named
        return None


def _match(template: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    named: dict[str, str] = {}
    for want, got in zip(template, segments, strict=True):
        if want.startswith("{"):
            if not got:
                return None
            named[want[1:-1]] = got
        elif want != got:
            return None
    return named
