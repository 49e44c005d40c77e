"""What Attio says when it says no, and which error of the core that is.

Codes stay plain strings: several real ones are declared nowhere, and new ones come (Attio API, errors).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from attibooks_attio.wire import decode, elements, members, shortened, text
from attibooks_core.errors import (
    AttiBooksError,
    Down,
    NotFound,
    PermissionMissing,
    RateLimited,
    ReconnectNeeded,
    Refused,
    Unavailable,
)
from attibooks_core.model import RecordRef
from attibooks_core.protocols import HttpReply
from attibooks_core.retries import retry_after

DOWN = "attio_down"

_SCOPES = re.compile(r"requires? (?:the )?scopes?:?\s*(.+?)\.?\s*$", re.IGNORECASE | re.DOTALL)
_OBJECT_GONE = re.compile(r'Object with slug/ID "(.+?)" not found')
_NAMED_ATTRIBUTE = re.compile(r'attribute with (?:slug/ID|slug|ID) "(.+?)"', re.IGNORECASE)
_NAMED_TITLE = re.compile(r'with (?:select option|status option|option|status) title "(.*)"', re.IGNORECASE | re.DOTALL)
_LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True)
class AttioFault:
    """An answer that is no success, read without trusting its shape (Attio API, errors).

    :param status: of the answer; what the body repeats as `status_code` (or `statusCode`) is not needed.
    :param code: Attio's code; empty when the body is not Attio's JSON, which is so in outages.
    :param message: Attio's sentence, on one line.
    :param paths: where in the body Attio saw something wrong, when it says so.
    :param reference: Attio's execution id.
    """

    status: int
    code: str
    message: str
    paths: tuple[tuple[str, ...], ...]
    reference: str | None
    retry_after: float | None

    @classmethod
    def read(cls, reply: HttpReply, now: datetime, *, secret: str = "") -> Self:
        """Read whatever came back; never fails.

        :param secret: the token that was sent, which no sentence may repeat.
        """
        try:
            body = members(decode(reply.body))
        except ValueError:
            body = {}
        message = text(body.get("message"))
        return cls(
            status=reply.status,
            code=text(body.get("code")),
            message=" ".join((message.replace(secret, "…") if secret else message).split()),
            paths=tuple(_path(issue) for issue in elements(body.get("validation_errors"))),
            reference=reference_of(reply),
            retry_after=retry_after(reply.headers, now),
        )

    @property
    def attributes(self) -> frozenset[str]:
        """Slugs and ids of the attributes that the message names."""
        return frozenset(_NAMED_ATTRIBUTE.findall(self.message))

    @property
    def title(self) -> str | None:
        """The option's or status' title that the message says is missing."""
        found = _NAMED_TITLE.search(self.message)
        return found[1] if found else None

    @property
    def quote(self) -> str:
        """Attio's sentence when it is fit to be shown, else its code; never JSON."""
        readable = self.message and not set("{}[]<>") & set(self.message)
        said = self.message if readable else self.code or f"status {self.status}"
        return shortened(said, _LONGEST_QUOTE).rstrip(".")


class RefusedByAttio(Refused):
    """Attio understood a call and will not do it; `fault` says which attribute it is about, when Attio does."""

    code = "attio_refused"

    def __init__(self, fault: AttioFault) -> None:
        super().__init__(
            f"Attio refused: {fault.quote}. Check the attributes that the settings name, then try again.",
            reference=fault.reference,
        )
        self.fault = fault


def reference_of(reply: HttpReply) -> str | None:
    """Attio's id of the call, for its support; every answer has one."""
    return reply.headers.get("x-attio-execution-id", "")[:100] or None


def down(reason: str, reference: str | None = None, wait: float | None = None) -> Down:
    """The error of an Attio that does not answer, or answers nonsense.

    :param reason: what was seen, a sentence.
    """
    return Down(
        f"{reason} Try again in a few minutes.",
        code=DOWN,
        reference=reference,
        retry_after=wait,
    )


def error_of(fault: AttioFault) -> AttiBooksError:
    """The error of the core that a fault is; what nobody foresaw is a refusal with Attio's own sentence."""
    if fault.status >= 500 or fault.status < 400 or fault.status == 408:
        return down(f"Attio does not work at the moment (status {fault.status}).", fault.reference, fault.retry_after)
    if fault.code == "merge_in_progress":
        return _busy(fault, "Attio is merging this record.")
    if fault.code == "concurrent_write_conflict":
        return _busy(fault, "Somebody else is changing this record in Attio.")
    if fault.code == "validation_type" and fault.message.startswith("Path params"):
        return not_found(fault)  # an id that no record can have
    by_status = _BY_STATUS.get(fault.status)
    return by_status(fault) if by_status else RefusedByAttio(fault)


def _busy(fault: AttioFault, reason: str) -> Unavailable:
    return Unavailable(f"{reason} Try again in a minute.", code=DOWN, reference=fault.reference)


def _token_refused(fault: AttioFault) -> AttiBooksError:
    return ReconnectNeeded(
        "Attio refused the token of AttiBooks. Reinstall the AttiBooks app in Attio, or connect it again.",
        reference=fault.reference,
    )


def _forbidden(fault: AttioFault) -> AttiBooksError:
    if not fault.code:  # something between us and Attio says no, and nobody can grant what it wants
        return down("Something in front of Attio refused the call (status 403).", fault.reference)
    if fault.code == "billing_error":
        return RefusedByAttio(fault)
    found = _SCOPES.search(fault.message)
    scopes = shortened(found[1], _LONGEST_QUOTE) if found else "access to records and to their attributes"
    return PermissionMissing(
        f"AttiBooks lacks a right in Attio: {scopes}. Grant it to the AttiBooks app in Attio, then try again.",
        reference=fault.reference,
        details={"scopes": scopes},
    )


def _missing(fault: AttioFault) -> AttiBooksError:
    if not fault.code or fault.message.startswith("Could not find endpoint"):
        return down("The address of Attio that this host uses does not know the call.", fault.reference)
    if fault.attributes or fault.code != "not_found":
        return RefusedByAttio(fault)
    return not_found(fault)


def not_found(fault: AttioFault) -> NotFound:
    """The error for a record that is gone, or for a whole object that is."""
    gone = _OBJECT_GONE.search(fault.message)
    if gone:
        message = (
            f"Attio has no object {shortened(gone[1], 100)} at the moment. "
            "Enable or restore it in Attio's workspace settings, then try again."
        )
    else:
        message = (
            "The record is not in Attio; it may have been deleted or merged. Open it again in Attio and try again."
        )
    return NotFound(message, code="record_not_found", reference=fault.reference)


def missing_record(ref: RecordRef) -> NotFound:
    """The error for one of several records, which it names: its `details` are `object` and `record_id`."""
    named = f"{shortened(ref.record_id, 100)} of {shortened(ref.object, 100)}"
    return NotFound(
        f"The record {named} is not in Attio; it may have been deleted or merged. "
        "Remove the reference to it in Attio, then try again.",
        code="record_not_found",
        details={"object": ref.object, "record_id": ref.record_id},
    )


def missing_reference(object_slug: str, attribute: str, fault: AttioFault) -> NotFound:
    """The error for an attribute that is not there or refers to no record: `details` are `object` and `attribute`."""
    return NotFound(
        f"`{shortened(attribute, 100)}` is no record reference of {shortened(object_slug, 100)} in Attio. "
        "Correct the slug in the settings, then try again.",
        reference=fault.reference,
        details={"object": object_slug, "attribute": attribute},
    )


def _too_many(fault: AttioFault) -> AttiBooksError:
    return RateLimited(
        "Attio asks AttiBooks to slow down. Try again in a minute.",
        retry_after=fault.retry_after,
        reference=fault.reference,
    )


_BY_STATUS: Mapping[int, Callable[[AttioFault], AttiBooksError]] = {
    401: _token_refused,
    403: _forbidden,
    404: _missing,
    429: _too_many,
}


def _path(issue: object) -> tuple[str, ...]:
    return tuple(text(part) for part in elements(members(issue).get("path")))
