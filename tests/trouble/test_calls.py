"""How many calls a create makes, by service and class (product benchmark B1; the figures are in `make bench`)."""

from uuid import uuid4


def counted(desk, record, **more):
    desk.box.clear_calls()
    answer = desk.create(record, **more)
    assert answer.status_code == 201, answer.text
    counts = desk.box.counts()
    return {service: sum(classes.values()) for service, classes in counts.items()}, counts


def test_a_warm_create_is_one_call_to_the_books_and_two_to_the_crm(desk):
    record = desk.new_company()
    desk.create(record)
    calls, classes = counted(desk, record, confirm_recent=True)
    assert calls["quickbooks"] == 1
    assert calls["attio"] == 2
    assert classes["quickbooks"].get("coreplus", 0) == 0, "no metered read"


def test_a_warm_create_that_is_mailed_is_two_calls_to_the_books(desk):
    record = desk.new_company(invoice_email=f"{uuid4().hex[:8]}@test.example")
    desk.create(record)
    assert counted(desk, record, confirm_recent=True)[0]["quickbooks"] == 2


def test_a_cold_create_after_check_status_is_at_most_four_calls_to_the_books(desk_in):
    desk = desk_in("US", "production", multicurrency=True)
    assert desk.app.read("connection/status", {"settings": desk.app.settings}).json()["connected"]
    calls, _ = counted(desk, desk.new_company())
    assert calls["quickbooks"] <= 4


def test_a_refusal_for_what_the_record_lacks_asks_the_books_nothing(desk):
    record = desk.new_company(rate=None)
    desk.box.clear_calls()
    assert desk.create(record).status_code == 422
    assert desk.box.calls("quickbooks") == []
