"""Attio's error bodies (reference: Attio API, errors)."""

from __future__ import annotations

from collections.abc import Sequence

Issue = dict[str, object]


class AttioError(Exception):
    """A call that Attio refuses; carries the whole error body."""

    def __init__(self, status: int, code: str, message: str, *, kind: str = "invalid_request_error") -> None:
        """Describe a refusal."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.kind = kind
        self.issues: list[Issue] | None = None
        self.path: list[str] | None = None

    def body(self) -> dict[str, object]:
        """Return the body that Attio answers with."""
        body: dict[str, object] = {
            "status_code": self.status,
            "type": self.kind,
            "code": self.code,
            "message": self.message,
        }
        if self.issues is not None:
            body["validation_errors"] = self.issues
        if self.path is not None:
            body["path"] = self.path
        return body


def validation(message: str, issues: Sequence[Issue] = ()) -> AttioError:
    """Return a refusal of a malformed payload, query, path or value."""
    error = AttioError(400, "validation_type", message)
    error.issues = list(issues) or None
    return error


def issue(code: str, path: Sequence[str | int], message: str, **more: object) -> Issue:
    """Return one entry of `validation_errors`."""
    return {"code": code, "path": list(path), "message": message, **more}


def value_not_found(message: str) -> AttioError:
    """Return a refusal of something named in a payload that is not there."""
    return AttioError(400, "value_not_found", message)


def unknown_attribute(name: str) -> AttioError:
    """Return the refusal of a value for an attribute that the object lacks or has archived."""
    return value_not_found(f'Cannot find attribute with slug/ID "{name}".')


def not_found(what: str, name: str) -> AttioError:
    """Return a 404 for an object or attribute that the path names."""
    return AttioError(404, "not_found", f'{what} with slug/ID "{name}" not found.')


def record_not_found(record_id: str) -> AttioError:
    """Return the 404 for a record."""
    return AttioError(404, "not_found", f'Record with ID "{record_id}" not found.')


def slug_conflict(message: str) -> AttioError:
    """Return the refusal of a slug, noun or title that is taken."""
    return AttioError(409, "slug_conflict", message)


def uniqueness_conflict(slug: str, record_ids: Sequence[str]) -> AttioError:
    """Return the refusal of a value that a unique attribute has on other records."""
    return AttioError(
        400,
        "uniqueness_conflict",
        f'A value provided for attribute with slug "{slug}" conflicts with one already in the system. '
        f"Conflicting record IDs: {', '.join(record_ids)}",
    )


def system_edit(message: str) -> AttioError:
    """Return the refusal of a change to something that belongs to Attio."""
    return AttioError(400, "system_edit_unauthorized", message)


def unauthorized_token() -> AttioError:
    """Return the answer to a missing, unknown or revoked token."""
    return AttioError(401, "unauthorized", "The access token provided is missing or not valid.", kind="auth_error")


def missing_scopes(wanted: Sequence[str]) -> AttioError:
    """Return the answer to a token without the scopes, which are named in words."""
    words = ", ".join(_scope_in_words(scope) for scope in wanted)
    return AttioError(
        403,
        "unauthorized",
        "The API Key provided is not authorized to perform the requested action. "
        f"This request requires scopes: {words}.",
        kind="auth_error",
    )


def wrong_level() -> AttioError:
    """Return the answer to a token of a member where only one of the workspace will do."""
    message = "This request requires an access token of workspace level."
    return AttioError(403, "unauthorized", message, kind="auth_error")


_AREAS = {
    "record_permission": "Records",
    "object_configuration": "Object Configuration",
    "user_management": "User Management",
}


def _scope_in_words(scope: str) -> str:
    area, _, right = scope.partition(":")
    words = "Read-Write" if right == "read-write" else "Read"
    return f"{words} access to the {_AREAS.get(area, area.replace('_', ' ').title())} scope"


def unknown_endpoint(method: str, path: str) -> AttioError:
    """Return the 404 for a route that does not exist."""
    return AttioError(404, "not_found", f'Could not find endpoint "{method} {path}".')


def filter_error(message: str, path: Sequence[str], *, code: str = "filter_error") -> AttioError:
    """Return the refusal of a filter, with the place in it."""
    error = AttioError(400, code, message)
    error.path = list(path)
    return error
