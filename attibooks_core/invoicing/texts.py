"""Sentences for users, and text of theirs made fit for the books."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from difflib import get_close_matches

from attibooks_core.errors import MAX_MESSAGE, AttiBooksError, InvalidDraft
from attibooks_core.model import DraftSketch, Problem

_KEPT_CONTROLS = {"\n"}


def clean(text: str) -> str:
    """Text without control characters and lone surrogates; line breaks stay, tabs become spaces."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(c for c in text if c in _KEPT_CONTROLS or unicodedata.category(c) not in {"Cc", "Cs"}).strip()


def one_line(text: str) -> str:
    """Clean text with every run of white space made one space: names."""
    return " ".join(clean(text).split())


def did_you_mean(wanted: str, known: Iterable[str]) -> str:
    """A question with the nearest known name, or nothing."""
    near = get_close_matches(wanted.lower().replace(" ", "_"), list(known), n=1, cutoff=0.6)
    return f" Did you mean `{near[0]}`?" if near else ""


def invalid_draft(problems: Sequence[Problem], *, sketch: DraftSketch | None = None) -> InvalidDraft:
    """The refusal that says every problem: what failed, then what to do."""
    if len(problems) == 1:
        return InvalidDraft(f"{problems[0].message} {problems[0].fix}", problems=problems, sketch=sketch)
    failed = " ".join(p.message for p in problems)
    fixes = " ".join(dict.fromkeys(p.fix for p in problems))
    return InvalidDraft(f"{failed} {fixes}", problems=problems, sketch=sketch)


def error_line(error: AttiBooksError, at: datetime) -> str:
    """An error as it is written onto a record: what failed, what to do, code, time and reference (product row 80)."""
    tail = f" [{error.code} {at:%Y-%m-%dT%H:%M:%SZ}{f' {error.reference}' if error.reference else ''}]"
    room = MAX_MESSAGE - len(tail)
    text = error.message if len(error.message) <= room else f"{error.message[: room - 1]}…"
    return text + tail
