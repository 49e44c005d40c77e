"""Errors as HTTP: one table, one shape (contract §5: `application/problem+json`)."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec

from attibooks_core import errors
from attibooks_core.errors import AttiBooksError, Unavailable
from attibooks_core.invoicing.shapes import ProblemShape
from attibooks_core.logs import EventLog

MEDIA_TYPE = "application/problem+json"

log = EventLog(__name__)

STATUSES: dict[type[AttiBooksError], int] = {
    errors.Unauthorized: 401,
    errors.LimitReached: 402,
    errors.PlanRequired: 402,
    errors.PermissionMissing: 403,
    errors.NotFound: 404,
    errors.AccountMismatch: 409,
    errors.Conflict: 409,
    errors.Question: 409,
    errors.ConfigurationError: 422,
    errors.InvalidDraft: 422,
    errors.ConnectionProblem: 424,
    errors.Refused: 424,
    errors.RateLimited: 429,
    errors.Unavailable: 502,
    errors.OutcomeUnknown: 504,
    errors.Superseded: 503,
    errors.PlanOutdated: 424,
    errors.AttiBooksError: 500,
}
"""Status by class; the nearest class in an error's ancestry counts."""

CODE_STATUSES = {
    "too_large": 413,
    "attio_down": 503,
    "malformed": 400,
    "cron_off": 503,
    "idempotency_key_missing": 400,
    "not_installed": 409,
}
"""Codes whose status is not their class's."""

TITLES = {
    400: "The call is not well formed",
    401: "The call was not accepted",
    402: "The plan does not allow this",
    403: "A permission is missing",
    404: "Not found",
    405: "The method is not allowed here",
    409: "The call conflicts with the state of things",
    413: "The body is too large",
    422: "Something has to be corrected first",
    424: "The connected system said no",
    429: "Too many calls",
    500: "An internal error",
    502: "The connected system does not answer",
    503: "A system is not available now",
    504: "The outcome is not known yet",
}

_HTTP_CODES = {400: "malformed", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class ProblemDetails(msgspec.Struct, kw_only=True):
    """The body of every error."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    problems: list[ProblemShape]
    reference: str


ERROR_RESPONSES: dict[int, ResponseSpec] = {
    status: ResponseSpec(ProblemDetails, description=title, media_type=MEDIA_TYPE, generate_examples=False)
    for status, title in TITLES.items()
}


def malformed(message: str) -> AttiBooksError:
    """A call that cannot be understood."""
    return AttiBooksError(message, code="malformed")


def status_of(error: AttiBooksError) -> int:
    """The HTTP status of an error."""
    if error.code in CODE_STATUSES:
        return CODE_STATUSES[error.code]
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def problem_body(error: AttiBooksError, request_id: str) -> dict[str, Any]:
    """The body of an error, its details as extra members."""
    status = status_of(error)
    details = {k: _plain(v) for k, v in error.details.items()}
    body = ProblemDetails(
        type=f"urn:attibooks:problem:{error.code}",
        title=TITLES[status],
        status=status,
        detail=error.message,
        code=error.code,
        problems=[ProblemShape.of(p) for p in error.problems],
        reference=f"{request_id} {error.reference}" if error.reference else request_id,
    )
    return {**details, **msgspec.to_builtins(body)}


def answer_problem(request: Request[Any, Any, Any], error: AttiBooksError) -> Response[dict[str, Any]]:
    """An error of ours."""
    body = problem_body(error, request_id_of(request.scope))
    headers = {}
    if isinstance(error, Unavailable) and error.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if body["status"] >= 500:
        log.warning("call_failed", code=error.code, reference=body["reference"], cause=type(error.__cause__).__name__)
    return Response(body, status_code=body["status"], media_type=MEDIA_TYPE, headers=headers)


def answer_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """An error of the framework: unknown path, wrong method, a body that does not fit."""
    if error.status_code not in _HTTP_CODES:
        return answer_unexpected(request, error)
    code = _HTTP_CODES[error.status_code]
    ours = AttiBooksError(_sentence(error, code), code=code)
    body = {**problem_body(ours, request_id_of(request.scope)), "status": error.status_code}
    body["title"] = TITLES[error.status_code]
    return Response(body, status_code=error.status_code, media_type=MEDIA_TYPE, headers=dict(error.headers or {}))


def answer_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """A bug: the log has the stack, the caller a reference to it."""
    request_id = request_id_of(request.scope)
    log.error("internal_error", reference=request_id, exc_info=error)
    ours = AttiBooksError("Something went wrong on our side. Try again; if it stays, tell us the reference.")
    return Response(problem_body(ours, request_id), status_code=500, media_type=MEDIA_TYPE)


def request_id_of(scope: Any) -> str:  # noqa: ANN401 - an ASGI scope
    """The id under which the logs of this call are found."""
    return str(scope.get("attibooks.request_id", "-"))


def _sentence(error: HTTPException, code: str) -> str:
    sentences = {
        "not_found": "There is nothing at this address. Check the path.",
        "method_not_allowed": "This address does not take that method. See /schema/openapi.json.",
        "too_large": "The body is larger than 1 MiB. Send less.",
    }
    return sentences.get(code) or f"The body does not fit: {_wrong_members(error)}. See /schema/openapi.json."


def _wrong_members(error: HTTPException) -> str:
    extra = error.extra if isinstance(error.extra, list) else []
    said = "; ".join(f"{e.get('key', 'body')}: {e.get('message', '')}" for e in extra[:5] if isinstance(e, dict))
    return said or "it is no valid JSON object"


def _plain(value: object) -> object:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
