"""Checks of Attio's answers against an OpenAPI document: the successful ones, the refusals, and what is not described.

An answer passes when the document describes its status for the operation and its body has that form, every member of
it described. Attio's document leaves some refusals out; those that the reference names are listed here. Whatever is
neither described nor listed is a violation, and so are a described operation that the sandbox does not have, an answer
that is no JSON, and a failure that nobody planted.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from attibooks_sandbox.kernel.messages import Request, Response
from attibooks_sandbox.openapi import Check, Schema, check_of, operation_of, operations_of

Code = tuple[int, str]

ANYWHERE: frozenset[Code] = frozenset(
    {
        (400, "validation_type"),  # "nearly all writes", parameters of reads; reference §2.2
        (401, "unauthorized"),  # declared nowhere; §2.2
        (403, "unauthorized"),  # declared for writes only; §2.2
        (404, "not_found"),  # "all with an ID or slug in the path"; §2.2
        (429, "rate_limit_exceeded"),  # "all"; §3.1
    }
)
"""Refusals that any operation may answer with although the document names them for some only."""

_RECORD = "/v2/objects/{object}/records/{record_id}"
UNDECLARED: dict[tuple[str, str], frozenset[Code]] = {
    # the codes of reference §2.2 and §6.2
    ("PATCH", "/v2/{target}/{identifier}/attributes/{attribute}"): frozenset({(409, "slug_conflict")}),
    ("POST", "/v2/objects/{object}/records"): frozenset({(400, "missing_value"), (400, "uniqueness_conflict")}),
    ("PUT", "/v2/objects/{object}/records"): frozenset({(400, "missing_value"), (400, "multiple_match_results")}),
    ("PATCH", _RECORD): frozenset({(400, "missing_value")}),
    ("PUT", _RECORD): frozenset({(400, "missing_value")}),
    # §6.3, and a guess for sorts and views
    ("POST", "/v2/objects/{object}/records/query"): frozenset({(400, "filter_error"), (400, "value_not_found")}),
}
"""Refusals that the reference, or a guess that docs/sandbox.md lists, adds to one operation."""
RECORD_WRITES = frozenset(
    {
        (400, "system_edit_unauthorized"),
        (400, "multiple_values_for_single_value_attribute"),
        (400, "duplicate_values"),
    }
)
"""Refusals of values whose code on records is not known: the one of the value history is taken (docs, guesses)."""

NOT_EMULATED = (
    "* /v2/lists", "* /v2/notes", "* /v2/tasks", "* /v2/threads", "* /v2/comments", "* /v2/meetings", "* /scim",
    "POST /v2/objects/records/search", "POST /v2/objects/{object}/records/merge", "GET /v2/objects/{object}/views",
    "GET /v2/objects/{object}/records/{record_id}/entries",
    "PUT /v2/objects/{object}/records/{record_id}/attributes/{attribute}/values",
)  # fmt: skip
"""Described operations that the sandbox does not have, by method and beginning of the path (docs, not emulated)."""

TYPES = {
    400: "invalid_request_error",
    401: "auth_error",
    403: "auth_error",
    404: "invalid_request_error",
    409: "invalid_request_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
}
_ISSUE: Schema = {
    "type": "object",
    "required": ["code", "path", "message"],
    "properties": {"code": {"type": "string"}, "path": {"type": "array"}, "message": {"type": "string"}},
}
_LOOPBACK_TARGET = r"^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:\/]).*"


class AttioContract:
    """The answers that a document allows."""

    def __init__(self, document: Path) -> None:
        """Read an OpenAPI 3.1 document."""
        read: Schema = json.loads(document.read_text(encoding="utf-8"), object_hook=_strict)
        self._components = read["components"]
        self._operations = operations_of(read)
        self._check = cache(self._make_check)

    def violations(self, request: Request, response: Response) -> list[str]:
        """Return what an answer has that document and lists do not allow; a planted one may be anything."""
        if response.planted:
            return []
        found = self._judged(request, response)
        return [f"{request.method} {request.path} {response.status}: {each}" for each in found]

    def _judged(self, request: Request, response: Response) -> list[str]:
        headers = {name.lower(): value for name, value in response.headers}
        if not headers.get("content-type", "").startswith("application/json"):
            return ["no JSON"]
        try:
            body = json.loads(response.body)
        except ValueError:
            return ["malformed JSON"]
        missing = [] if "x-attio-execution-id" in headers else ["no x-attio-execution-id"]
        index = operation_of(self._operations, request)
        if index is None:
            return missing + _unknown_endpoint(response.status, body)
        if response.status < 400:
            return missing + self._success(index, response.status, body)
        return missing + (self._absence(index, request, body) or self._refusal(index, response.status, body))

    def _success(self, index: int, status: int, body: object) -> list[str]:
        if str(status) not in self._operations[index][2]["responses"]:
            return ["status not described"]
        return self._check(index, status)(body)

    def _absence(self, index: int, request: Request, body: object) -> list[str]:
        """Return that a described operation is not there, unless it is one of those that are not emulated."""
        if not _is_unknown_endpoint(body):
            return []
        places = (self._operations[index][0], request.path)
        listed = any(
            method in {"*", request.method} and place.startswith(path)
            for method, path in (each.split(" ") for each in NOT_EMULATED)
            for place in places
        )
        return [] if listed else ["described operation not there"]

    def _refusal(self, index: int, status: int, body: object) -> list[str]:
        wrong = _error_check(status)(body)
        if wrong or not isinstance(body, dict):
            return wrong
        if (status, body["code"]) in self._listed(index):
            return []
        if str(status) not in self._operations[index][2]["responses"]:
            return [f"status not described, with code {body['code']}"]
        plain = {name: body[name] for name in body if name not in {"validation_errors", "path"}}
        return self._check(index, status)(plain)

    def _listed(self, index: int) -> frozenset[Code]:
        template, method, operation = self._operations[index]
        seen = {(each["status"], each["code"]) for each in operation.get("x-observed-undeclared-codes", ())}
        writes = RECORD_WRITES if method != "GET" and "/records" in template else frozenset()
        return ANYWHERE | writes | UNDECLARED.get((method, template), frozenset()) | seen

    def _make_check(self, index: int, status: int) -> Check:
        described = self._operations[index][2]["responses"][str(status)]
        schema = described["content"]["application/json"]["schema"]
        return check_of({**schema, "components": self._components}, formats=True)


def _strict(node: Schema) -> Schema:
    """Close an object to members that are not described, and mend two things that the document has wrong.

    Timestamps are said to be dates, and a webhook's target to be https, which the sandbox's switch for loopback lifts.
    """
    if node.get("type") == "object" and "properties" in node and "additionalProperties" not in node:
        node["additionalProperties"] = False
    if node.get("format") == "date":
        del node["format"]
    if node.get("pattern") == r"^https:\/\/.*":
        node["pattern"] = _LOOPBACK_TARGET
    return node


def _is_unknown_endpoint(body: object) -> bool:
    return isinstance(body, dict) and str(body.get("message")).startswith("Could not find endpoint")


def _unknown_endpoint(status: int, body: object) -> list[str]:
    if status == 404 and _is_unknown_endpoint(body):
        return _error_check(404)(body)
    return _error_check(status)(body) if status in {401, 429} else ["no such operation"]


@cache
def _error_check(status: int) -> Check:
    """Return the check of the four members that every refusal has, and of the two that some have (reference §2.1)."""
    members: Schema = {
        "status_code": {"const": status},
        "type": {"const": TYPES.get(status, "unknown status")},
        "code": {"type": "string", "pattern": "^[a-z_]+$"},
        "message": {"type": "string", "minLength": 1},
        "validation_errors": {"type": "array", "minItems": 1, "items": _ISSUE},
        "path": {"type": "array", "items": {"type": "string"}},
    }
    required = ["status_code", "type", "code", "message"]
    closed = {"type": "object", "properties": members, "required": required, "additionalProperties": False}
    return check_of(closed, formats=True)
