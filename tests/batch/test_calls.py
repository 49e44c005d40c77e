"""How few calls a selection makes."""

from fnmatch import fnmatch
from uuid import uuid4


def paths(desk, service="quickbooks"):
    return [f"{c['method']} {c['path'].partition('?')[0]}" for c in desk.box.calls(service)]


def matching(desk, pattern, service="quickbooks"):
    return [path for path in paths(desk, service) if fnmatch(path, pattern)]


def linked_companies(desk, count, **values):
    """Records whose customers the books have, and the host remembers."""
    records = [desk.new_company(**values) for _ in range(count)]
    result = desk.batch(records)
    assert result["created"] == count, result
    return records


def test_a_hundred_records_with_known_customers_are_four_calls_to_the_books(desk):
    desk.box.limits(quickbooks=False, attio=False)
    records = linked_companies(desk, 100)
    desk.box.clear_calls()
    result = desk.batch(records, confirm_recent=True)
    assert result["created"] == 100
    assert len(paths(desk)) == 4
    assert len(matching(desk, "POST *[/]batch")) == 4
    assert len(matching(desk, "POST *[/]query", "attio")) == 1
    assert len(matching(desk, "PUT *", "attio")) == 100
    assert all(len(desk.invoices(record)) == 2 for record in records[:5])


def test_new_customers_are_looked_for_together_and_made_together(desk):
    desk.box.limits(quickbooks=False, attio=False)
    desk.batch([desk.new_company()])
    records = [desk.new_company(invoice_email=f"{uuid4().hex[:8]}@test.example") for _ in range(30)]
    desk.box.clear_calls()
    desk.app.settings = {**desk.app.settings, "send_invoice_email": False}
    assert desk.batch(records)["created"] == 30
    assert len(matching(desk, "POST *[/]query")) == 2, "by name, then by address"
    assert len(matching(desk, "POST *[/]batch")) == 2, "the customers, then the invoices"
    assert len(paths(desk)) == 4


def test_two_records_of_one_new_customer_make_one_customer(desk):
    name = f"Twice {uuid4().hex[:8]}"
    records = [desk.new_company(name), desk.new_company(name.upper())]
    assert desk.batch(records)["created"] == 2
    customers = [c for c in desk.realm["customers"] if c["DisplayName"].casefold() == name.casefold()]
    assert len(customers) == 1
    assert len([i for i in desk.realm["invoices"] if i["CustomerRef"]["value"] == customers[0]["Id"]]) == 2


def test_every_invoice_with_an_address_is_mailed_by_a_call_of_its_own(desk):
    records = [desk.new_company(invoice_email=f"{uuid4().hex[:8]}@test.example") for _ in range(3)]
    desk.box.clear_calls()
    assert desk.batch(records)["created"] == 3
    assert len(matching(desk, "POST *[/]send")) == 3
    assert {desk.invoices(record)[0]["EmailStatus"] for record in records} == {"EmailSent"}


def test_two_hundred_and_fifty_records_are_one_job(desk):
    desk.box.limits(quickbooks=True, attio=True)
    records = [desk.new_company(f"Many {n} {uuid4().hex[:8]}") for n in range(250)]
    desk.box.limits(quickbooks=True, attio=True)
    result = desk.batch(records)
    assert (result["created"], result["refused"], result["failed"]) == (250, 0, 0)
    names = {i["CustomerRef"]["name"] for i in desk.realm["invoices"]}
    assert names >= {desk.names[record] for record in records}
