import json
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attibooks_core.model import Books, InvoiceStatus
from attibooks_quickbooks.mapping import carries, instant, invoice_of, status_of, untaxed_total
from attibooks_quickbooks.wire import Invoice, Line, MetaData, Ref

BOOKS = Books("quickbooks", "sandbox", "9130001234567890")
OPEN, PAID, VOIDED, DELETED = InvoiceStatus.OPEN, InvoiceStatus.PAID, InvoiceStatus.VOIDED, InvoiceStatus.DELETED
AMOUNTS = st.none() | st.decimals() | st.sampled_from([Decimal(0), Decimal("0.00"), Decimal(100)])


def parsed(body):
    return msgspec.json.decode(json.dumps(body, default=float).encode(), type=Invoice)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("invoice-create.2020", OPEN),
        ("invoice-create.2026", OPEN),
        ("invoice-read.2020", OPEN),
        ("invoice-read.2026", OPEN),
        ("invoice-send.2026", OPEN),
        ("invoice-sparse-update.2026", OPEN),
        ("invoice-read-us-manual-tax.doc", OPEN),
        ("invoice-void.2022", VOIDED),
        ("invoice-void.doc", VOIDED),
        ("invoice-delete.2020", DELETED),
    ],
)
def test_recorded_invoices_have_their_status(sample, name, status):
    assert status_of(parsed(sample(name)["body"]["Invoice"])) is status


def test_recorded_invoices_of_mixed_states_have_theirs(sample):
    rows = sample("invoice-query-mixed-states.2026")["body"]["QueryResponse"]["Invoice"]
    found = {row["Id"]: status_of(parsed(row)) for row in rows}
    assert found == {"106": OPEN, "96": PAID, "12": PAID, "67": OPEN, "42": PAID, "39": OPEN}


def zero(note=None, *amounts):
    lines = [Line(amount=Decimal(a)) for a in amounts or ("0", "0")]
    return Invoice(id="1", total_amt=Decimal(0), balance=Decimal(0), private_note=note, line=lines)


@pytest.mark.parametrize(
    ("invoice", "status"),
    [
        (zero("Voided"), VOIDED),
        (zero("Voided\nAttiBooks int-1"), VOIDED),
        (zero("Voided AttiBooks int-1"), VOIDED),
        (zero("AttiBooks int-1"), PAID),
        (zero(None), PAID),
        (zero("Avoided trouble"), PAID),
        (zero("Voided", "100", "-100"), PAID),
        (Invoice(id="1", total_amt=Decimal(5), balance=Decimal(0), private_note="Voided"), PAID),
        (Invoice(id="1", total_amt=Decimal(5), balance=Decimal(5), private_note="Voided"), OPEN),
        (Invoice(id="1", total_amt=Decimal(5), balance=Decimal(2)), OPEN),
        (Invoice(id="1", total_amt=Decimal(5)), OPEN),
        (Invoice(id="1", status="deleted"), DELETED),
        (Invoice(id="1"), PAID),
    ],
)
def test_the_rule_of_the_product(invoice, status):
    assert status_of(invoice) is status


@given(
    AMOUNTS, AMOUNTS, st.none() | st.lists(AMOUNTS), st.none() | st.text() | st.just("Voided"), st.none() | st.text()
)
def test_every_invoice_has_a_status_and_can_be_told(total, balance, amounts, note, when):
    lines = None if amounts is None else [Line(amount=a) for a in amounts]
    meta = MetaData(create_time=when, last_updated_time=when)
    invoice = Invoice(
        id="1", total_amt=total, balance=balance, line=lines, private_note=note, due_date=when, meta_data=meta
    )
    told = invoice_of(BOOKS, invoice, "USD")
    assert told.status in InvoiceStatus
    assert told.updated_at.tzinfo is UTC
    assert told.total.is_finite()
    assert told.balance.is_finite()
    assert untaxed_total(invoice).is_finite()


def test_a_recorded_invoice_in_our_words(sample):
    told = invoice_of(BOOKS, parsed(sample("invoice-read.2026")["body"]["Invoice"]), "EUR")
    recorded = sample("invoice-read.2026")["body"]["Invoice"]
    assert (told.id, told.number, told.version) == (recorded["Id"], recorded["DocNumber"], recorded["SyncToken"])
    assert (told.customer_id, told.customer_name) == (recorded["CustomerRef"]["value"], recorded["CustomerRef"]["name"])
    assert told.currency == "USD"
    assert told.due_date == date.fromisoformat(recorded["DueDate"])
    assert told.updated_at == datetime.fromisoformat(recorded["MetaData"]["LastUpdatedTime"])
    assert told.updated_at.tzinfo is UTC


def test_the_link_leads_into_the_environment():
    production = Books("quickbooks", "production", BOOKS.company_id)
    assert invoice_of(BOOKS, Invoice(id="7"), "USD").url == "https://app.sandbox.qbo.intuit.com/app/invoice?txnId=7"
    assert invoice_of(production, Invoice(id="7"), "USD").url == "https://app.qbo.intuit.com/app/invoice?txnId=7"


def test_what_quickbooks_leaves_out_is_absent_or_stood_in_for():
    told = invoice_of(BOOKS, Invoice(id="7", doc_number="", customer_ref=Ref()), "GBP")
    assert (told.number, told.label, told.currency) == (None, "7", "GBP")
    assert (told.customer_id, told.customer_name, told.due_date) == ("", "", None)
    assert told.updated_at == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T01:00:00-08:00", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("2026-05-05T02:08:54.543-07:00", datetime(2026, 5, 5, 9, 8, 54, 543000, tzinfo=UTC)),
        ("2026-11-23T09:00:00", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_instants_are_aware(text, moment):
    assert instant(text) == moment


@pytest.mark.parametrize(
    ("note", "ours"),
    [
        ("AttiBooks int-1", True),
        ("Voided\nAttiBooks int-1", True),
        ("Voided AttiBooks int-1 by Ann", True),
        ("AttiBooks int-10", False),
        ("xAttiBooks int-1", False),
        ("int-1", False),
        (None, False),
    ],
)
def test_the_marker_counts_as_a_whole(note, ours):
    assert carries(Invoice(id="1", private_note=note), "AttiBooks int-1") is ours
