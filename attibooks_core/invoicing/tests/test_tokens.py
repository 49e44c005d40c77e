"""Draft tokens: sealed, bound, short-lived."""

import base64
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from attibooks_core.errors import InvalidDraft
from attibooks_core.invoicing.tokens import LASTS, DraftToken, seal, unseal
from attibooks_core.model import CustomerMatch, DraftSketch, LineSketch, Provenance, RecordRef, Source
from attibooks_core.protocols import Resolution
from attibooks_core.storage.vault import Vault

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
REF = RecordRef("deals", "r1")
SKETCH = DraftSketch(
    source=REF,
    invoice_date=date(2026, 11, 26),
    customer_name="Müller & Söhne",
    lines=(LineSketch("Design", Decimal("1.50"), Decimal("0.1000000000")),),
    provenance={"lines.0.rate": Provenance(Source.ATTRIBUTE, "rate", "0.1")},
    fields={"TrackingNum": "1Z"},
)
TOKEN = DraftToken(
    nonce="ab" * 16,
    source=REF,
    settings="digest",
    issued_at=NOW,
    basis="basis",
    day=date(2026, 11, 26),
    is_adjusted=True,
    sketch=SKETCH,
    resolution=Resolution(CustomerMatch("name", "7", "It is."), {"item": "3", "sends_currency": True}),
)


@pytest.fixture(scope="module")
def vault():
    return Vault([f"k1:{base64.b64encode(bytes(32)).decode()}"])


def opened(vault, text, workspace="ws-1", *, source=REF, settings="digest", now=NOW):
    return unseal(vault, workspace, text, source=source, settings=settings, now=now)


def test_a_token_gives_back_exactly_what_went_in(vault):
    assert opened(vault, seal(vault, "ws-1", TOKEN)) == TOKEN


def test_a_token_is_good_for_fifteen_minutes(vault):
    text = seal(vault, "ws-1", TOKEN)
    assert opened(vault, text, now=NOW + LASTS) == TOKEN
    with pytest.raises(InvalidDraft) as refusal:
        opened(vault, text, now=NOW + LASTS + timedelta(seconds=1))
    assert [(p.field, p.code) for p in refusal.value.problems] == [("draft_token", "expired")]


@pytest.mark.parametrize(
    ("which", "code"),
    [
        ({"workspace": "ws-2"}, "foreign"),
        ({"source": RecordRef("deals", "r2")}, "foreign"),
        ({"settings": "other"}, "outdated"),
    ],
)
def test_a_token_opens_only_where_it_belongs(vault, which, code):
    with pytest.raises(InvalidDraft) as refusal:
        opened(vault, seal(vault, "ws-1", TOKEN), **which)
    assert [p.code for p in refusal.value.problems] == [code]


@pytest.mark.parametrize("text", ["", "v1", "v1.k1.", "v1.k1.AAAA", "v1.k1.=", "v2.k1.AAAA", "\x00", "v1.k1.ä"])
def test_what_is_no_token_is_refused(vault, text):
    with pytest.raises(InvalidDraft) as refusal:
        opened(vault, text)
    assert [p.code for p in refusal.value.problems] == ["foreign"]


def test_a_changed_token_is_refused(vault):
    text = seal(vault, "ws-1", TOKEN)
    flipped = text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:]
    with pytest.raises(InvalidDraft):
        opened(vault, flipped)


def test_a_draft_of_two_hundred_long_lines_fits_and_one_that_does_not_has_no_token(vault):
    long = tuple(LineSketch(f"{n} " + "word " * 790, Decimal(1), Decimal(n)) for n in range(200))
    text = seal(vault, "ws-1", replace_sketch(lines=long))
    assert opened(vault, text).sketch.lines == long
    noise = tuple(LineSketch(base64.b64encode(bytes_of(n)).decode()[:4000], Decimal(1), Decimal(1)) for n in range(200))
    assert seal(vault, "ws-1", replace_sketch(lines=noise)) is None


def replace_sketch(**changes):
    import msgspec

    return msgspec.structs.replace(TOKEN, sketch=replace(SKETCH, **changes))


def bytes_of(seed):
    import random

    return random.Random(seed).randbytes(3000)
