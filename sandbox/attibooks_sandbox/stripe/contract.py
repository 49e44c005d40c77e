"""Checks of Stripe's answers against its OpenAPI document and against the objects that its library declares.

An answer passes when its body has the form that the document gives to its operation, and has no member that neither the
document nor the library's objects know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from attibooks_sandbox.kernel.messages import Request, Response
from attibooks_sandbox.openapi import Check, Schema, check_of, operation_of, operations_of

TYPES = frozenset({"api_error", "card_error", "idempotency_error", "invalid_request_error"})
BY_CUSTOM = frozenset({"plan", "deleted"})
"""Members that older clients still find although neither source lists them."""


class StripeContract:
    """The answers that the two documents allow."""

    def __init__(self, openapi: Path, objects: Path) -> None:
        """Read an OpenAPI 3.0 document of Stripe, and the fields that its library declares."""
        document: Schema = json.loads(openapi.read_text(encoding="utf-8"), object_hook=_nullable)
        self._components = document["components"]
        self._objects: Schema = json.loads(objects.read_text(encoding="utf-8"))["objects"]
        self._operations = operations_of(document)
        self._check = cache(self._make_check)

    def violations(self, request: Request, response: Response) -> list[str]:
        """Return what an answer of the first API has that the documents do not allow; a planted one may be anything."""
        if response.planted or not request.path.startswith("/v1/"):
            return []
        version = request.header("stripe-version") or "2026-10-28.endive"
        found = self._judged(request, response, version)
        return [f"{request.method} {request.path} {response.status}: {each}" for each in found]

    def event_violations(self, event: dict[str, Any]) -> list[str]:
        """Return what an event, or the object in it, has that the documents do not allow."""
        about = event["data"]["object"]
        return [*self._of_object("event", event), *self._of_object(about["object"], about), *self._strange(about)]

    def _of_object(self, kind: str, shown: object) -> list[str]:
        if kind not in self._components["schemas"]:
            return []
        check = check_of({"$ref": f"#/components/schemas/{kind}", "components": self._components})
        return [f"{kind} {each}" for each in check(shown)]

    def _judged(self, request: Request, response: Response, version: str) -> list[str]:
        headers = {name.lower(): value for name, value in response.headers}
        missing = [f"no {name}" for name in ("request-id", "stripe-version") if name not in headers]
        try:
            body = json.loads(response.body)
        except ValueError:
            return [*missing, "malformed JSON"]
        if response.status >= 400:
            return missing + _refusal(body)
        if version < "2025-03-31":
            return missing
        index = operation_of(self._operations, request)
        described = [] if index is None else self._check(index)(self._narrowed(body))
        return missing + described + list(self._strange(body))

    def _narrowed(self, value: Any, *, top: bool = True) -> Any:  # noqa: ANN401 - any JSON value
        """Return an answer with ids in the place of expanded objects that the document leaves out."""
        if isinstance(value, list):
            return [self._narrowed(each, top=False) for each in value]
        if not isinstance(value, dict):
            return value
        kind = value.get("object")
        if not top and isinstance(kind, str) and kind != "list" and kind not in self._components["schemas"]:
            return value.get("id", value)
        return {name: self._narrowed(each, top=name == "object") for name, each in value.items()}

    def _strange(self, value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
        """Yield the members of objects that neither document knows."""
        if isinstance(value, list):
            for each in value:
                yield from self._strange(each)
        if not isinstance(value, dict):
            return
        kind = value.get("object")
        if isinstance(kind, str) and (kind in self._objects or kind in self._components["schemas"]):
            described = self._components["schemas"].get(kind, {}).get("properties", {})
            known = described.keys() | self._objects.get(kind, {}).keys() | BY_CUSTOM
            yield from (f"{kind} has {name}" for name in value if name not in known)
        for each in value.values():
            yield from self._strange(each)

    def _make_check(self, index: int) -> Check:
        described = self._operations[index][2]["responses"]["200"]
        schema = described["content"]["application/json"]["schema"]
        return check_of({**schema, "components": self._components})


def _nullable(node: Schema) -> Schema:
    """Say in JSON Schema what OpenAPI 3.0 says by `nullable`; kinds of tax numbers have grown since the document."""
    if "eu_vat" in node.get("enum", ()):
        del node["enum"]
    if not node.pop("nullable", False):
        return node
    return {"anyOf": [node, {"type": "null"}]}


def _refusal(body: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    """Return what a refusal lacks (reference: Stripe billing, §1.4)."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ["no error in the body"]
    wrong = [] if error.get("type") in TYPES else [f"unknown type {error.get('type')}"]
    return wrong if error.get("message") else [*wrong, "no message"]
