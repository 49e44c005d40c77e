"""Checks of Attio's successful answers against an OpenAPI document.

Needs `jsonschema_rs` or `jsonschema`, which only tests install; the former is some fifty times faster.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from attibooks_sandbox.kernel.messages import Request, Response

Schema = dict[str, Any]
Check = Callable[[object], list[str]]


class AttioContract:
    """The successful answers that a document allows."""

    def __init__(self, document: Path) -> None:
        """Read an OpenAPI 3.1 document."""
        self._document: Schema = json.loads(document.read_text(encoding="utf-8"))
        self._operations = [
            (template.split("/")[1:], method.upper(), operation)
            for template, operations in self._document["paths"].items()
            for method, operation in operations.items()
            if isinstance(operation, dict)
        ]
        self._check = cache(self._make_check)

    def violations(self, request: Request, response: Response) -> list[str]:
        """Return what a 200 answer has that the document does not allow; other answers are not looked at."""
        if response.status != 200:
            return []
        line = f"{request.method} {request.path}"
        index = self._operation_of(request)
        if index is None:
            return [f"{line}: no such operation"]
        return [f"{line}: {found}" for found in self._check(index)(json.loads(response.body))]

    def _operation_of(self, request: Request) -> int | None:
        """Return the operation of a request; of several that fit the one with the fewest parameters."""
        parts = list(request.segments)
        fitting = [
            (sum(part.startswith("{") for part in template), index)
            for index, (template, method, _) in enumerate(self._operations)
            if method == request.method and _fits(template, parts)
        ]
        return min(fitting)[1] if fitting else None

    def _make_check(self, index: int) -> Check:
        _, _, operation = self._operations[index]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        return _check_of({**schema, "components": self._document["components"]})


def _check_of(schema: Schema) -> Check:
    try:
        import jsonschema_rs  # noqa: PLC0415 - one of two, whichever is there
    except ImportError:
        from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # noqa: PLC0415

        slow = Draft202012Validator(schema)
        return lambda body: [f"{error.json_path}: {error.message[:200]}" for error in slow.iter_errors(body)]
    fast = jsonschema_rs.Draft202012Validator(schema)
    return lambda body: [f"{list(error.instance_path)}: {error.message[:200]}" for error in fast.iter_errors(body)]


def _fits(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        want.startswith("{") or want == got for want, got in zip(template, parts, strict=True)
    )
