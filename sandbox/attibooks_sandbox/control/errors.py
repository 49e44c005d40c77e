"""Refusals of the control plane: one sentence, HTTP 400 unless said otherwise."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from attibooks_sandbox.kernel.jsonio import MalformedJsonError, read_json

Body = TypeVar("Body")


class ControlError(Exception):
    """A control call that cannot be done."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Say what is wrong."""
        super().__init__(message)
        self.status = status


def body_of(raw: bytes, kind: type[Body]) -> Body:
    """Return a control call's body as a struct, or refuse it by name of the wrong member."""
    return converted(_json(raw), kind)


def _json(raw: bytes) -> object:
    try:
        return read_json(raw) if raw.strip() else {}
    except MalformedJsonError as error:
        message = f"The body is no JSON: {error}"
        raise ControlError(message) from error


def converted(value: object, kind: type[Body]) -> Body:
    """Return plain data as a struct, or refuse it by name of the wrong member."""
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        raise ControlError(str(error)) from error
