"""The large world: its size, that it is the same in every run, and that it is as clients would have left it."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import httpx
import pytest

from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.testing import Sandbox
from attibooks_sandbox.worlds.books import build_company
from attibooks_sandbox.worlds.companies import COMPANIES
from attibooks_sandbox.worlds.crm import build_workspace
from attibooks_sandbox.worlds.crowd import gather
from attibooks_sandbox.worlds.vocabulary import TONGUES, firms
from attibooks_sandbox.worlds.workspaces import WORKSPACES
from attibooks_sandbox.worlds.years import FIRST_DAY, live_through


@pytest.fixture(scope="module")
def large(attio_openapi):
    with Sandbox(seed=2, size="large", limits=False, attio_openapi=attio_openapi) as box:
        yield box
        assert box.violations == []


def companies(box):
    return list(box.app.world.quickbooks.companies.values())


def test_there_are_twenty_thousand_invoices_and_five_thousand_records(large):
    assert sum(len(company.invoices) for company in companies(large)) == 20_000
    workspace = next(iter(large.app.world.attio.workspaces.values()))
    sizes = {kind.slug: len(workspace.records[kind.id]) for kind in workspace.objects.values()}
    assert sizes == {"companies": 1500, "people": 2000, "deals": 1000, "projects": 500}


def test_invoices_are_paid_open_voided_and_deleted_over_years(large):
    for company in companies(large):
        states = Counter()
        for invoice in company.invoices:
            partly = 0 < invoice.balance < invoice.total
            states["void" if invoice.voided else "part" if partly else "open" if invoice.balance else "paid"] += 1
        assert all(states[name] for name in ("paid", "open", "part", "void")), (company.profile.name, states)
        assert states["paid"] > len(company.invoices) * 0.8
        assert len(company.buried) == (len(company.invoices) - 3) // 100
        years = {invoice.text("TxnDate")[:4] for invoice in company.invoices}
        assert years == {"2021", "2022", "2023", "2024", "2025", "2026"}


def test_ids_numbers_and_times_rise_together(large):
    for company in companies(large):
        invoices = list(company.invoices)
        assert [int(each.id) for each in invoices] == sorted(int(each.id) for each in invoices)
        assert [int(each.number) for each in invoices] == sorted(int(each.number) for each in invoices)
        assert [each.created for each in invoices] == sorted(each.created for each in invoices)
        for invoice in invoices:
            customer = company.find("Customer", invoice.customer_id)
            assert FIRST_DAY <= customer.created <= invoice.created
            assert invoice.updated <= datetime(2026, 11, 1, tzinfo=UTC)


def test_what_is_owed_and_paid_adds_up(large):
    for company in companies(large):
        paid = Counter()
        for payment in company.payments:
            for part in payment.applied:
                paid[part.invoice_id] += part.amount
                assert (payment.id, "Payment") in company.invoices.get(part.invoice_id).links
        owed = Counter()
        for invoice in company.invoices:
            assert invoice.total - invoice.balance == paid[invoice.id]
            owed[invoice.customer_id] += invoice.balance
        assert {name: due for name, due in company.balances.items() if due} == {k: v for k, v in owed.items() if v}


def test_companies_with_several_currencies_bill_in_them(large):
    for company in companies(large):
        used = {invoice.text("CurrencyRef") for invoice in company.invoices}
        assert (len(used) > 3) == company.profile.multicurrency


def test_every_country_taxes_in_its_way(large):
    for company in companies(large):
        taxed = [invoice for invoice in company.invoices if invoice.tax.total]
        expected = not company.profile.is_us or company.profile.sales_tax
        assert bool(taxed) == expected
        for invoice in taxed:
            assert sum((line.amount for line in invoice.tax.lines), Decimal(0)) == invoice.tax.total


def test_records_have_gaps(large):
    workspace = next(iter(large.app.world.attio.workspaces.values()))
    for slug in ("companies", "deals", "projects"):
        kind = workspace.object_named(slug)
        for name in ("invoice_email", "service_description", "rate", "quantity", "billing_currency"):
            attribute = workspace.find_attribute(kind.id, name)
            filled = [bool(record.data(attribute.id)) for record in workspace.records[kind.id].values()]
            assert 0.7 < filled.count(True) / len(filled) < 0.95, (slug, name)


def test_rates_have_a_history(large):
    workspace = next(iter(large.app.world.attio.workspaces.values()))
    kind = workspace.object_named("deals")
    rate = workspace.find_attribute(kind.id, "rate")
    assert sum(rate.id in record.past for record in workspace.records[kind.id].values()) > 50


def test_customers_and_companies_of_the_crm_meet_by_name(large):
    workspace = next(iter(large.app.world.attio.workspaces.values()))
    kind = workspace.object_named("companies")
    name = workspace.find_attribute(kind.id, "name")
    known = {record.data(name.id)[0] for record in workspace.records[kind.id].values()}
    customers = {each.text("DisplayName") for each in companies(large)[0].lists["Customer"]}
    assert len(known & customers) > 100


def test_the_small_world_is_inside(large, books_of, attio_of):
    books, attio = books_of(large), attio_of(large)
    (bird,) = books.query("select * from Customer where DisplayName = 'Amy''s Bird Sanctuary'".replace("''", "\\'"))[
        "Customer"
    ]
    assert bird["Id"] == "1"
    assert len(attio.get(f"/objects/deals/records/{attio.record_id('deals', 'Zero hours')}")["values"]["quantity"]) == 1
    last = books.query("select * from Invoice orderby Id desc maxresults 1")["Invoice"][0]
    assert (last["CustomerRef"]["value"], last["Balance"]) == ("3", last["TotalAmt"])


def test_every_record_is_answered_as_attio_documents(large, attio_of):
    attio = attio_of(large)
    for kind in ("companies", "people", "deals", "projects"):
        assert len(attio.query(kind, limit=500, offset=100)["data"]) in {400, 500}


def test_a_reset_brings_the_large_world_back(large, books_of):
    books = books_of(large)
    before = [len(company.invoices) for company in companies(large)]
    numbers = companies(large)[0].invoices.find("DocNumber", "7060")
    assert books.post("invoice", books.invoice_body())["DocNumber"] == "7060"
    large.reset()
    assert [len(company.invoices) for company in companies(large)] == before
    assert companies(large)[0].invoices.find("DocNumber", "7060") == numbers == []


def small_years(seed):
    facts = COMPANIES[1]
    return build_company(
        facts, opened=FIRST_DAY, past=lambda company: live_through(company, facts=facts, seed=seed, invoices=150)
    )


def test_the_years_are_the_same_in_every_run_and_differ_between_seeds():
    assert list(small_years(2).invoices) == list(small_years(2).invoices)
    assert list(small_years(2).payments) == list(small_years(2).payments)
    assert list(small_years(2).invoices) != list(small_years(3).invoices)


def test_the_crowd_is_the_same_in_every_run_and_differs_between_seeds():
    sizes = {"companies": 60, "people": 80, "deals": 40, "projects": 20}

    def records(seed):
        workspace = build_workspace(WORKSPACES[0], Ids("x"), more=lambda held, ids: gather(held, ids, seed, sizes))
        return [list(held.values()) for held in workspace.records.values()]

    assert records(2) == records(2)
    assert records(2) != records(3)


@pytest.mark.parametrize("country", sorted(TONGUES))
def test_firms_never_repeat(country):
    names = firms(country, Random(1))
    drawn = [next(names) for _ in range(3000)]
    assert len(set(drawn)) == 3000


def test_a_seed_from_two_on_is_large_on_the_command_line():
    command = [sys.executable, "-m", "attibooks_sandbox", "--port", "0", "--seed", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip().removesuffix("/attio")
        with httpx.Client(verify=False, timeout=20) as client:
            world = client.get(f"{url}/control/world").json()
            assert (world["seed"], world["size"]) == (2, "large")
            company = world["quickbooks"]["companies"][0]
            place = f"{url}/quickbooks/sandbox/v3/company/{company['realm']}/query"
            headers = {"Authorization": f"Bearer {company['access_token']}", "Accept": "application/json"}
            answer = client.get(place, params={"query": "select count(*) from Invoice"}, headers=headers)
            assert answer.json()["QueryResponse"]["totalCount"] == 6000
            small = client.post(f"{url}/control/reset", json={"size": "small"})
            assert small.json() == {"seed": 2}
            assert client.get(f"{url}/control/world").json()["size"] == "small"
    finally:
        process.terminate()
        process.wait(5)
        process.stdout.close()


def test_seed_one_is_small_on_the_command_line_unless_a_size_is_given(monkeypatch):
    from attibooks_sandbox import __main__ as program

    asked = []
    monkeypatch.setattr(
        program, "create_app", lambda seed, **options: asked.append((seed, options["size"])) or sys.exit(0)
    )
    for arguments in ([], ["--seed", "1"], ["--seed", "2"], ["--seed", "2", "--size", "small"], ["--size", "large"]):
        with pytest.raises(SystemExit):
            program.main(arguments)
    assert asked == [(None, None), (1, "small"), (2, "large"), (2, "small"), (None, "large")]
