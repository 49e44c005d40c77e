"""What checks against any OpenAPI document need: which operation a request is, and whether a body has a form.

Needs `jsonschema_rs` or `jsonschema`, which only tests install; the former is some fifty times faster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attibooks_sandbox.kernel.messages import Request

Schema = dict[str, Any]
Check = Callable[[object], list[str]]
Operation = tuple[str, str, Schema]
"""Its path with places for parameters, its method, and what the document says of it."""


def operations_of(document: Schema) -> list[Operation]:
    """Return the operations of a document."""
    return [
        (template, method.upper(), operation)
        for template, operations in document["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict)
    ]


def operation_of(operations: list[Operation], request: Request) -> int | None:
    """Return the index of a request's operation; of several that fit the one with the fewest parameters."""
    parts = list(request.segments)
    fitting = [
        (template.count("{"), index)
        for index, (template, method, _) in enumerate(operations)
        if method == request.method and _fits(template.split("/")[1:], parts)
    ]
    return min(fitting)[1] if fitting else None


def check_of(schema: Schema, *, formats: bool = False) -> Check:
    """Return what tells everything in which a value differs from a schema; `formats` also judges dates and the like."""
    try:
        import jsonschema_rs  # noqa: PLC0415 - one of two, whichever is there
    except ImportError:
        from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # noqa: PLC0415

        checker = Draft202012Validator.FORMAT_CHECKER if formats else None
        slow = Draft202012Validator(schema, format_checker=checker)
        return lambda body: [f"{error.json_path}: {error.message[:200]}" for error in slow.iter_errors(body)]
    fast = jsonschema_rs.Draft202012Validator(schema, validate_formats=formats)
    return lambda body: [f"{list(error.instance_path)}: {error.message[:200]}" for error in fast.iter_errors(body)]


def _fits(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        want.startswith("{") or want == got for want, got in zip(template, parts, strict=True)
    )
