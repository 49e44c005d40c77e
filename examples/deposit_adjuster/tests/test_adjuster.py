from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attibooks_core.errors import InvalidDraft
from attibooks_core.model import CrmRecord, DraftLine, InvoiceDraft, Provenance, RecordRef, Source
from attibooks_core.testing import workspace_context
from attibooks_example_deposit.adjuster import DepositAdjuster, deposit_of
from attibooks_example_deposit.settings import FIELDS

DEAL = CrmRecord(RecordRef("deals", "rec-1"), "Website", {})
CENTS = st.decimals("0.00", "99999999999.99", places=2)


def line(rate, quantity="1", description="Website", **more):
    rate, quantity = Decimal(rate), Decimal(quantity)
    return DraftLine(description, quantity, rate, (rate * quantity).quantize(Decimal("0.01")), **more)


def draft(*lines):
    return InvoiceDraft(
        source=DEAL.ref,
        customer_name="Northwind",
        customer_email="pay@northwind.example",
        currency="EUR",
        invoice_date=date(2026, 11, 23),
        due_date=date(2026, 12, 23),
        lines=lines,
        memo="Thank you",
        provenance={"lines.0.rate": Provenance(Source.ATTRIBUTE, "rate", "1250.75")},
        customer_id="42",
        fields={"ShipDate": "2026-11-30"},
    )


async def adjusted(*lines, **settings):
    return await DepositAdjuster().adjust(workspace_context(list(FIELDS), settings), draft(*lines), DEAL)


async def test_each_line_asks_for_its_share():
    made = await adjusted(line("1250.75", "2"), line("80", description="Hosting"), deposit_percent=30)
    assert made.lines == (
        line("375.23", "2", "Website (30 % deposit)"),
        line("24.00", description="Hosting (30 % deposit)"),
    )
    assert made.subtotal == Decimal("774.46")


async def test_without_the_setting_nothing_changes():
    before = draft(line("1250.75"))
    assert await DepositAdjuster().adjust(workspace_context(list(FIELDS), {}), before, DEAL) is before


async def test_everything_but_the_lines_stays_as_it_is():
    made = await adjusted(line("100", item="Consulting", tax_code="20"), deposit_percent="30")
    assert replace(made, lines=()) == replace(draft(), lines=())
    assert (made.lines[0].item, made.lines[0].tax_code) == ("Consulting", "20")


@pytest.mark.parametrize(
    ("rate", "percent", "share"),
    [
        ("0.05", "50", "0.03"),
        ("0.15", "50", "0.08"),
        ("33.333", "100", "33.33"),
        ("0", "30", "0.00"),
        ("99999999999.99", "99.999", "99998999999.99"),
        ("12345678901.2345678905", "33.33333333333333333333", "4115226300.41"),
    ],
)
def test_a_rate_is_rounded_half_up_to_cents(rate, percent, share):
    assert str(deposit_of(line(rate), Decimal(percent)).rate) == share


@pytest.mark.parametrize(("percent", "shown"), [("30.00", "30"), ("12.5", "12.5"), ("100", "100"), ("0.10", "0.1")])
def test_the_description_says_the_share_plainly(percent, shown):
    assert deposit_of(line("100"), Decimal(percent)).description == f"Website ({shown} % deposit)"


@given(CENTS, st.decimals("0", "1000", places=2), st.decimals("0.01", "100", places=2))
def test_no_deposit_is_greater_than_its_line_and_its_amount_follows_from_its_rate(rate, quantity, percent):
    made = deposit_of(line(rate, quantity), percent)
    assert made.rate <= rate
    assert abs(made.rate - rate * percent / 100) <= Decimal("0.005")
    assert made == replace(line(made.rate, quantity, made.description), amount=made.amount)
    assert abs(made.amount - made.rate * quantity) <= Decimal("0.005")


async def test_what_cannot_be_a_deposit_is_refused_with_every_obstacle_at_once():
    lines = (line("0.01"), line("100"), line("100", description="x" * 3990), line("0.02"))
    with pytest.raises(InvalidDraft) as raised:
        await adjusted(*lines, deposit_percent=10)
    problems = raised.value.problems
    assert [(p.field, p.code) for p in problems] == [
        ("lines.0.rate", "too_small"),
        ("lines.2.description", "too_long"),
        ("lines.3.rate", "too_small"),
    ]
    assert raised.value.message.count("Raise the line's rate") == 1


async def test_the_same_draft_gives_the_same_lines_and_stays_what_it_was():
    before = draft(line("1250.75"))
    kept = {f.name: getattr(before, f.name) for f in fields(before)}
    ws = workspace_context(list(FIELDS), {"deposit_percent": 30})
    first, second = [await DepositAdjuster().adjust(ws, before, DEAL) for _ in range(2)]
    assert first == second
    assert {f.name: getattr(before, f.name) for f in fields(before)} == kept
