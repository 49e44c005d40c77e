import json
import re
import runpy
import unicodedata
from decimal import Decimal
from pathlib import Path

import pytest

from attibooks_core.errors import InvalidDraft, Refused
from attibooks_core.model import Books, CompanyFacts, SubmissionPlan, WireRequest
from attibooks_core.testing import Answer, FakeRun
from attibooks_quickbooks.customers import Customers
from attibooks_quickbooks.mapping import customer_body
from attibooks_quickbooks.newcomers import Newcomers
from attibooks_quickbooks.wire import Customer, CustomerAnswer, EmailAddress, Named, Ref, Rows

MODULE = runpy.run_path(str(Path(__file__).parent / "name_pairs.py"))
PAIRS = MODULE["PAIRS"]
SAMPLE = PAIRS[::8]
BOOKS = Books("quickbooks", "sandbox", "9130001234567890")


def loosely(name):
    """A database that sees neither accents nor ligatures, as some do."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in letters if unicodedata.category(c) not in {"Mn", "Cf"}).split())


def label(pair):
    return f"{pair.group}: {pair.record[:20]!a} - {', '.join(ascii(row.name[:20]) for row in pair.books)}"


class PaperBooks:
    """Books that answer at once, and compare names in one way.

    :param shows_all: a query by name gives every customer, so that nothing but our own comparing is left.
    """

    def __init__(self, pair, folded, *, shows_all=False):
        self.pair, self.folded, self.shows_all = pair, folded, shows_all

    def rows(self, statement):
        values = {re.sub(r"\\(.)", r"\1", v) for v in re.findall(r"'((?:\\.|[^'\\])*)'", statement)}
        asked = {self.folded(value) for value in values}
        if "FROM Vendor" in statement or "FROM Employee" in statement:
            held = self.pair.vendors if "FROM Vendor" in statement else self.pair.employees
            return [name for name in held if self.folded(name) in asked]
        if "PrimaryEmailAddr" in statement:
            addresses = {value.casefold() for value in values}
            return [r for r in self.pair.books if r.active and (r.email or "").casefold() in addresses]
        return [r for r in self.pair.books if self.shows_all or self.folded(r.name) in asked]

    def refuses(self, name):
        active = [row.name for row in self.pair.books if row.active]
        taken = [*active, *self.pair.vendors, *self.pair.employees]
        return self.folded(name) in {self.folded(other) for other in taken}

    async def query(self, _access, statement):
        rows = self.rows(statement)
        if "FROM Customer" not in statement:
            people = [Named("7", name) for name in rows]
            return Rows(vendor=people) if "FROM Vendor" in statement else Rows(employee=people)
        return Rows(customer=[customer_of(row) for row in rows])

    async def write(self, _access, request, *_, **__):
        name = json.loads(request.body)["DisplayName"]
        if self.refuses(name):
            raise Refused("Duplicate Name Exists Error", details={"vendor_code": "6240"})
        return CustomerAnswer(Customer("999", name))


def customer_of(row):
    address = EmailAddress(row.email) if row.email else None
    return Customer(row.id, row.name, row.active, Ref(row.currency) if row.currency else None, address)


@pytest.fixture
def quick(workspace, draft):
    """How quick mode ends with some books: what was done, with whom, and who else could have been meant."""

    async def go(pair, books):
        wanted = draft(customer_name=pair.record, customer_email=pair.email, currency=pair.currency)
        home = frozenset({"USD", "EUR"} if pair.multicurrency else {"USD"})
        facts = CompanyFacts(BOOKS, "B", "US", "USD", pair.multicurrency, home, tax_code_required=False)
        try:
            found = await Customers(books).find(workspace(), wanted, facts)
            if found.match.id is not None:
                return "link", found.match.id, found.candidates
            body = customer_body(wanted, {"sends_currency": pair.multicurrency, "currency": found.currency})
            request = WireRequest("customer", "POST", "/customer", body)
            plan = SubmissionPlan(BOOKS, (request,), found.match, found.currency, Decimal(0))
            access = type("Access", (), {"account": "a"})()
            made = await Newcomers(books).make(access, plan, request, FakeRun())
        except InvalidDraft as error:
            return "refused", error.problems[0].code, error.candidates
        return ("new", json.loads(body)["DisplayName"], found.candidates) if made == "999" else ("link", made, ())

    return go


def test_the_corpus_is_large_and_without_repeats():
    assert len(PAIRS) >= 200
    assert len({repr(pair) for pair in PAIRS}) == len(PAIRS)


@pytest.mark.parametrize("pair", PAIRS, ids=label)
async def test_quick_mode_takes_the_customer_of_the_name_and_no_other(quick, pair):
    how, outcome, candidates = await quick(pair, PaperBooks(pair, str.lower))
    assert (how, outcome) == (pair.how, pair.outcome)
    assert len(candidates) <= 5
    assert not {c.id for c in candidates} & {outcome}
    assert all(c.reason.endswith(".") for c in candidates)


async def test_it_relies_on_no_comparing_of_quickbooks(quick):
    ends = [(pair, (await quick(pair, PaperBooks(pair, str.lower, shows_all=True)))[:2]) for pair in PAIRS]
    assert [label(pair) for pair, end in ends if end != (pair.how, pair.outcome)] == []


async def test_books_that_see_no_accents_lead_to_no_wrong_customer(quick):
    safe = {("refused", "name_taken"), ("refused", "inactive_customer")}
    ends = [(pair, (await quick(pair, PaperBooks(pair, loosely)))[:2]) for pair in PAIRS]
    assert [label(pair) for pair, end in ends if end not in {(pair.how, pair.outcome), *safe}] == []


@pytest.mark.parametrize("pair", SAMPLE, ids=label)
async def test_over_the_wire_it_ends_the_same(company, create, draft, workspace, refused, pair):
    books = PaperBooks(pair, str.lower)
    if pair.multicurrency:
        company.multicurrency("EUR")
    company.rows["FROM Customer"] = lambda statement: [as_json(company, row) for row in books.rows(statement)]
    for entity in ("Vendor", "Employee"):
        company.rows[f"FROM {entity}"] = lambda s: [{"Id": "7", "DisplayName": name} for name in books.rows(s)]

    def make(request):
        name = request.json()["DisplayName"]
        taken = refused(6240, "Duplicate Name Exists Error")
        return taken if books.refuses(name) else Answer({"Customer": company.customer(name, Id="999")})

    company.on("POST", "customer", make)
    wanted = draft(customer_name=pair.record, customer_email=pair.email, currency=pair.currency)
    if pair.how == "refused":
        with pytest.raises(InvalidDraft) as caught:
            await create(workspace(), wanted)
        assert caught.value.problems[0].code == pair.outcome
        assert company.calls("POST", "invoice") == []
        return
    await create(workspace(), wanted)
    (sent,) = company.calls("POST", "invoice")
    assert sent.json()["CustomerRef"]["value"] == (pair.outcome if pair.how == "link" else "999")
    made = [call.json()["DisplayName"] for call in company.calls("POST", "customer")]
    assert pair.how == "link" or made == [pair.outcome]


def as_json(company, row):
    more = {"PrimaryEmailAddr": {"Address": row.email}} if row.email else {}
    currency = {"CurrencyRef": {"value": row.currency}} if row.currency else {}
    return {"Id": row.id, "DisplayName": row.name, "Active": row.active, **currency, **more}
