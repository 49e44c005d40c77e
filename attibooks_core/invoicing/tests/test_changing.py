import asyncio
import base64
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from attibooks_core.errors import InvalidDraft, NotFound
from attibooks_core.invoicing.changing import confirming
from attibooks_core.invoicing.changing.finding import find_invoice
from attibooks_core.invoicing.changing.shapes import LiveShape
from attibooks_core.invoicing.changing.wishes import Wishes, is_fulfilled, is_outdated, read_wishes, remaining
from attibooks_core.invoicing.edits import LineEdit
from attibooks_core.lifecycle import BookedInvoice, EditedLine, InvoiceEdit, LiveInvoice, LiveLine
from attibooks_core.model import AttributeValue, Books, CrmRecord, InvoiceStatus, RecordRef
from attibooks_core.storage.vault import Vault

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BOOKS = Books("quickbooks", "sandbox", "9130001")
INVOICE = BookedInvoice(
    books=BOOKS,
    id="145",
    number="1038",
    status=InvoiceStatus.OPEN,
    url="https://books.example/145",
    total=Decimal("235.00"),
    balance=Decimal("235.00"),
    currency="USD",
    due_date=date(2026, 12, 1),
    customer_id="58",
    customer_name="Acme",
    version="3",
    updated_at=NOW,
    memo="Hello",
)
LINES = (
    LiveLine("1", "Design ", Decimal(2), Decimal("120.00"), Decimal("240.00"), "19", "NON"),
    LiveLine("2", "", None, None, Decimal("-5.00"), "20", "NON"),
)
LIVE = LiveInvoice(INVOICE, LINES)
ALL = frozenset({"due_date", "memo", "lines"})


def back(*numbers, **changed):
    """Lines as a dialog sends them back."""
    shown = LiveShape.seen(LIVE).lines
    return [
        LineEdit(**{name: getattr(shown[n], name) for name in LineEdit.__struct_fields__} | changed) for n in numbers
    ]


def after(**changed):
    """The invoice as somebody else left it."""
    return replace(LIVE, invoice=replace(INVOICE, version="4", **changed))


class TestWishes:
    def test_what_comes_back_as_it_was_is_no_wish(self):
        """Row 117: also lines that no dialog would let anybody enter, such as a negative amount."""
        wishes = Wishes(due_date="2026-12-01", memo="Hello", lines=back(0, 1))
        edit, problems = read_wishes(LIVE, wishes)
        assert (edit.touched, problems) == (frozenset(), [])

    def test_a_line_may_come_back_by_its_id_alone(self):
        edit, problems = read_wishes(LIVE, Wishes(lines=[LineEdit(id="1"), LineEdit(id="2")]))
        assert (edit.touched, problems) == (frozenset(), [])

    @pytest.mark.parametrize(
        "lines",
        [back(1, 0), back(0), back(0, 1, rate="1"), back(0, 1, item="7"), [*back(0, 1), LineEdit(id=None)]],
        ids=["order", "one less", "rate", "item", "one more"],
    )
    def test_lines_that_differ_are_touched(self, lines):
        assert "lines" in read_wishes(LIVE, Wishes(lines=lines))[0].touched

    def test_numbers_are_compared_as_numbers(self):
        assert not read_wishes(LIVE, Wishes(lines=[LineEdit(id="1", rate=120, quantity="2.0"), *back(1)]))[0].touched

    @pytest.mark.parametrize(
        ("wishes", "fields"),
        [
            (Wishes(due_date=""), ["due_date"]),
            (Wishes(due_date="2026-02-30"), ["due_date"]),
            (Wishes(lines=[]), ["lines"]),
            (Wishes(lines=[LineEdit(description="x", quantity=1, rate=1)] * 201), ["lines"]),
            (Wishes(lines=back(0, rate="1e5")), ["lines.0.rate"]),
            (Wishes(lines=back(0, rate=99999999999, quantity=2)), ["lines.0.rate"]),
            (Wishes(lines=[LineEdit()]), ["lines.0.description", "lines.0.quantity", "lines.0.rate"]),
        ],
    )
    def test_what_cannot_be_used_is_a_problem_with_its_place(self, wishes, fields):
        problems = read_wishes(LIVE, wishes)[1]
        assert [p.field for p in problems] == fields
        assert not [p for p in problems if "on the record" in p.fix]

    def test_a_locked_part_is_a_problem_only_when_it_is_touched(self):
        """Row 116: a dialog may send back everything that it showed."""
        locked = replace(LIVE, locked={"lines": "It is paid."})
        assert not read_wishes(locked, Wishes(memo="New", lines=back(0, 1)))[1]
        (problem,) = read_wishes(locked, Wishes(memo="New", lines=back(0)))[1]
        assert (problem.field, problem.code, problem.message) == ("lines", "locked", "It is paid.")

    def test_null_clears_the_memo(self):
        edit, _ = read_wishes(LIVE, Wishes(memo=None))
        assert (edit.touched, edit.memo) == ({"memo"}, None)


class TestVersions:
    def test_the_version_of_now_is_good(self):
        assert not is_outdated(LIVE, LIVE.version, ALL)
        assert not is_outdated(LIVE, "3", ALL)

    def test_only_touched_parts_count(self):
        """Row 118: another user's change of another field is no conflict."""
        now = after(memo="Theirs")
        assert not is_outdated(now, LIVE.version, frozenset({"due_date", "lines"}))
        assert is_outdated(now, LIVE.version, frozenset({"memo"}))
        assert not is_outdated(now, now.version, ALL)

    @pytest.mark.parametrize("version", ["2", "", "nonsense", "3.1.2.3", "a.b.c.d.e.f", "...."])
    def test_what_is_no_version_of_ours_is_old(self, version):
        assert is_outdated(LIVE, version, frozenset({"memo"}))


class TestFulfilment:
    def test_new_lines_have_got_an_id(self):
        """Row 118: after a lost answer the invoice itself tells that the edit is in it."""
        edit = InvoiceEdit(frozenset({"lines"}), lines=(EditedLine(None, "Design ", Decimal(2), Decimal(120)),))
        now = replace(LIVE, lines=(replace(LINES[0], id="9"),))
        assert is_fulfilled(now, edit)
        assert remaining(now, edit).touched, "before it was sent, a new line is a new line"

    def test_anything_else_is_not_it(self):
        edit = InvoiceEdit(frozenset({"memo"}), memo="Mine")
        assert not is_fulfilled(after(memo="Theirs"), edit)
        assert is_fulfilled(after(memo="Mine"), edit)


class TestConfirmation:
    @pytest.fixture
    def vault(self):
        return Vault([f"k1:{base64.b64encode(bytes(32)).decode()}"])

    @pytest.fixture
    def token(self, vault):
        return confirming.ask(vault, "ws-1", LIVE, NOW).confirm.token

    def refused(self, vault, token, live=LIVE, workspace="ws-1", now=NOW):
        with pytest.raises(InvalidDraft) as caught:
            confirming.opened(vault, workspace, token, live, now)
        (problem,) = caught.value.problems
        assert problem.field == "confirm_token"
        return problem.code

    def test_it_opens_for_fifteen_minutes(self, vault, token):
        """Row 121: the second call needs the token of the first."""
        assert confirming.opened(vault, "ws-1", token, LIVE, NOW + timedelta(minutes=15)).version == LIVE.version
        assert self.refused(vault, token, now=NOW + timedelta(minutes=15, seconds=1)) == "expired"

    def test_it_opens_in_its_workspace_for_its_invoice(self, vault, token):
        """Row 121: bound to workspace and invoice."""
        assert self.refused(vault, token, workspace="ws-2") == "foreign"
        other = replace(LIVE, invoice=replace(INVOICE, id="146"))
        assert self.refused(vault, token, live=other) == "foreign"
        elsewhere = replace(LIVE, invoice=replace(INVOICE, books=replace(BOOKS, environment="production")))
        assert self.refused(vault, token, live=elsewhere) == "foreign"
        assert self.refused(vault, "v1.k1.AAAA") == "foreign"

    def test_it_warns_when_something_is_paid(self, vault):
        """Row 126: payments become unapplied."""
        paid = replace(LIVE, invoice=replace(INVOICE, balance=Decimal("35.00")), has_payments=True)
        warning = confirming.ask(vault, "ws-1", paid, NOW).confirm.warning
        assert "200.00 USD" in warning
        assert "unapplied" in warning


class TestFinding:
    """A record of the invoice object that this host did not write says itself which invoice it is."""

    def find(self, key):
        ref = RecordRef("invoices", "rec-1")
        attributes = {} if key is None else {"invoice_key": AttributeValue("invoice_key", (key,), "text")}

        async def nothing(*_):
            return None

        async def read(_, asked):
            assert asked == ref
            return CrmRecord(ref, "1038", attributes)

        settings = SimpleNamespace(object_slug=lambda _: "invoices")
        bench = SimpleNamespace(invoices=SimpleNamespace(of_stored=nothing, newest_of=nothing, load=nothing))
        context = SimpleNamespace(workspace_id="ws-1", settings=None)
        reader = SimpleNamespace(read_record=read)
        ws = SimpleNamespace(context=context, store=settings, reader=reader, books=BOOKS)
        return asyncio.run(find_invoice(bench, ws, ref))

    def test_by_its_key(self):
        """Row 93: the unique key is the invoice's id, scoped by environment and company."""
        row = self.find("production:9130002:77")
        assert (row.books, row.invoice_id) == (Books("quickbooks", "production", "9130002"), "77")
        assert row.stored == RecordRef("invoices", "rec-1")

    @pytest.mark.parametrize("key", [None, "", "77", "sandbox:9130001", "sandbox:9130001:"])
    def test_without_one_there_is_no_invoice(self, key):
        with pytest.raises(NotFound):
            self.find(key)
