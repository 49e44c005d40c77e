"""What QuickBooks says when it says no: a parser that takes anything, and our words for what it found.

A fault comes as `Fault` or as lower-case `fault`, as JSON or XML, with any status from 200 up; load balancers send HTML
(QuickBooks reference, faults). It is classed by its numeric code and the HTTP status alone: texts are localized. What
users read are our sentences; the vendor's own text is shown only where the reason stands nowhere else.
"""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attibooks_core.errors import AccountMismatch, AttiBooksError, Down, RateLimited, ReconnectNeeded, Refused
from attibooks_core.model import Problem
from attibooks_core.protocols import HttpReply
from attibooks_core.retries import retry_after
from attibooks_quickbooks.refusals import RECONNECT, REFUSALS, UNGRANTED, Refusal

THROTTLED = frozenset({429, 3001})
"""The codes of "too many requests", in whatever status they come."""

TROUBLE = frozenset({*range(1000, 1031), 10000})
"""The codes of a failure inside QuickBooks: the work may or may not have been done."""

UNEXPLAINED = 6000
"""The code whose real reason stands only in the vendor's own text."""

_KNOWN = frozenset({*REFUSALS, *THROTTLED, *TROUBLE, UNEXPLAINED})
_MAX_WAIT = 3600.0

_XML_ERROR = re.compile(r"<Error\b([^>]*)>(.*?)</Error>", re.DOTALL | re.IGNORECASE)
_XML_CODE = re.compile(r"""code\s*=\s*["']\s*(\d+)""", re.IGNORECASE)
_ERROR_CODE = re.compile(r"errorCode=0*(\d{1,9})")
_OTHER_TXN = re.compile(r"\bTxnId=(\d+)")
_LONGEST_XML = 16384
_LONGEST_TEXT = 2000


class NoAnswer(Exception):
    """No answer says how a call ended: it is lost, a failure inside QuickBooks, or nonsense.

    For a read that is `Down`; a write may have been carried out. Never leaves this package.

    :param refusal: what a later attempt was told, which says nothing of the attempt before it.
    """

    def __init__(self, reason: str, *, reference: str | None = None, refusal: AttiBooksError | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reference = reference
        self.refusal = refusal

    def as_down(self) -> Down:
        """The same for a call that wrote nothing."""
        return Down(f"{self.reason} Try again in a few minutes.", reference=self.reference)


@dataclass(frozen=True, slots=True)
class Fault:
    """The entry of a fault that says most.

    :param code: None when there is no number in it.
    """

    code: int | None
    message: str
    detail: str

    @property
    def other_transaction(self) -> str | None:
        """Id of the transaction that a duplicate document number (6140) belongs to."""
        found = _OTHER_TXN.search(self.detail)
        return found.group(1) if found else None


def read_fault(body: bytes) -> Fault | None:
    """The fault inside an answer's body, or None; never raises, whatever the body is."""
    # a memo inside good JSON may hold XML: only a body that is markup as a whole is read as XML
    is_markup = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    if (b"ault" if is_markup else b'ault"') not in body:  # pages of a thousand invoices are not parsed twice
        return None
    faults = _xml_faults(body[:_LONGEST_XML].decode("utf-8", "replace")) if is_markup else _json_faults(body)
    return next((f for f in faults if f.code in _KNOWN), faults[0] if faults else None)


def reference_of(headers: Mapping[str, str]) -> str | None:
    """Intuit's id of the call, under either spelling of its header."""
    return headers.get("intuit_tid") or headers.get("intuit-tid")


def refusal_of(reply: HttpReply, now: datetime) -> AttiBooksError | NoAnswer | None:
    """What an answer refuses, as an error to raise; None when it refuses nothing."""
    fault, reference = read_fault(reply.body), reference_of(reply.headers)
    if fault is None and reply.status // 100 == 2:
        return None
    code = fault.code if fault else None
    if reply.status == 429 or code in THROTTLED:
        return _rate_limited(reply.headers, now, reference)
    unsaid = code is None and reply.status // 100 == 2
    if unsaid or reply.status // 100 not in {2, 4} or reply.status == 408 or code in TROUBLE:
        return NoAnswer("QuickBooks had a failure of its own.", reference=reference)
    return _spoken(fault or Fault(None, "", ""), reply.status, reference)


def vendor_text(text: str, limit: int = 200) -> str:
    """A vendor's sentence as it can be shown: without markup, JSON and line breaks, and not long."""
    plain = re.sub(r"<[^<>]*>|[{\[].*[}\]]", " ", text[:_LONGEST_TEXT], flags=re.DOTALL)
    plain = " ".join(re.sub(r"[<>{}\[\]]", " ", plain).split())
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


def vendor_code(error: Exception) -> str | None:
    """QuickBooks' code of an error of ours, when it has one."""
    return error.details.get("vendor_code") if isinstance(error, AttiBooksError) else None


# -- our words ---------------------------------------------------------------------------------------------------


def _rate_limited(headers: Mapping[str, str], now: datetime, reference: str | None) -> RateLimited:
    asked = retry_after(headers, now)
    return RateLimited(
        "QuickBooks accepts no more calls of this company for the moment. Try again in a minute.",
        retry_after=None if asked is None else min(asked, _MAX_WAIT),
        reference=reference,
    )


def _spoken(fault: Fault, status: int, reference: str | None) -> AttiBooksError:
    details = {"vendor_code": str(fault.code)} if fault.code is not None else {}
    if fault.code == UNEXPLAINED:
        return _unexplained(fault, reference, details)
    if (row := REFUSALS.get(fault.code or 0) or _by_status(status)) is not None:
        if fault.code == 6140 and fault.other_transaction:
            details["transaction_id"] = fault.other_transaction
        return row.error(reference, details)
    if fault.code is None and not fault.message:
        text = f"QuickBooks refused the call with status {status} and gave no reason."
        return Refused(f"{text} Try again; if it stays, ask for help with the reference.", reference=reference)
    said = ": ".join(filter(None, (vendor_text(fault.message), vendor_text(fault.detail))))
    return Refused(f"[{fault.code or status}] {said}", reference=reference, details=details)


def _by_status(status: int) -> Refusal | None:
    if status == 401:
        return Refusal(ReconnectNeeded, *RECONNECT)
    return Refusal(AccountMismatch, *UNGRANTED) if status == 403 else None


def _unexplained(fault: Fault, reference: str | None, details: dict[str, str]) -> Refused:
    """6000 says in its own text alone what is wrong; what we add is the field, where the text lets us guess it."""
    said = vendor_text(fault.detail.partition("Business Validation Error:")[2] or fault.detail)
    message = f"QuickBooks refused it: {said or vendor_text(fault.message)}"
    message = message if message.endswith((".", "!", "?", "…")) else message + "."
    field, fix = _guess(fault.detail.casefold())
    problems = [Problem(field, "accounting_refused", message, fix)] if field else []
    return Refused(f"{message} {fix}", reference=reference, details=details, problems=problems)


def _guess(detail: str) -> tuple[str | None, str]:
    if "currenc" in detail:
        return "currency", "Use the currency that the customer has in QuickBooks, or another customer."
    if re.search(r"\b(vat|gst|hst|tax)\b", detail):
        return "default_tax_code", "Set the tax code in settings section 7 (Advanced)."
    return None, "Correct it in QuickBooks or on the record, then try again."


# -- the two forms of a fault ------------------------------------------------------------------------------------


def _json_faults(body: bytes) -> list[Fault]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return []
    fault = _member(answer, "fault")
    entries = _member(fault, "error")
    found = [_json_fault(entry) for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return found or ([Fault(None, "", "")] if isinstance(fault, dict) else [])


def _json_fault(entry: dict[str, Any]) -> Fault:
    message, detail = _text(_member(entry, "message")), _text(_member(entry, "detail"))
    return Fault(_code(_text(_member(entry, "code")), message), message, detail)


def _member(value: object, name: str) -> object:
    if not isinstance(value, dict):
        return None
    return value.get(name.capitalize(), value.get(name))


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _code(text: str, message: str) -> int | None:
    found = re.fullmatch(r"\s*0*(\d{1,9})\s*", text, re.ASCII) or _ERROR_CODE.search(message)
    return int(found.group(1)) if found else None


def _xml_faults(text: str) -> list[Fault]:
    return [_xml_fault(attributes, inside) for attributes, inside in _XML_ERROR.findall(text)]


def _xml_fault(attributes: str, inside: str) -> Fault:
    code = _XML_CODE.search(attributes)
    message, detail = _element("Message", inside), _element("Detail", inside)
    return Fault(_code(code.group(1) if code else "", message), message, detail)


def _element(name: str, inside: str) -> str:
    found = re.search(f"<{name}>(.*?)</{name}>", inside, re.DOTALL | re.IGNORECASE)
    return html.unescape(found.group(1)) if found else ""
