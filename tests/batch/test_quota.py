"""A selection that is larger than what is left of the month: the first ones go through, the rest are told why not."""

from tests.review.plans import desk, paper_settings, plan

__all__ = ["desk", "paper_settings", "plan"]


def outcomes(result):
    return [r["outcome"] for r in result["records"]]


def test_with_ten_left_the_first_ten_valid_ones_of_twenty_five_go_through(desk):
    bad = {1, 4}
    records = [desk.new_company(rate=None if n in bad else 50) for n in range(25)]
    result = desk.batch(records)
    expected = ["refused" if n in bad or n >= 12 else "created" for n in range(25)]
    assert outcomes(result) == expected
    assert (result["created"], result["refused"], result["failed"]) == (10, 15, 0)
    codes = [r["error"]["code"] for r in result["records"] if r["outcome"] == "refused"]
    assert codes == ["invalid_draft"] * 2 + ["limit_reached"] * 13
    usage = desk.app.read("usage").json()
    assert (usage["used"], usage["held"]) == (10, 0)
    assert "limit_reached" in desk.shown(records[-1])["sync_error"]
    assert desk.invoices(records[-1]) == []


def test_what_the_books_refuse_is_not_counted(desk):
    records = [desk.new_company() for _ in range(3)]
    desk.app.accounting = "revoked-token"
    desk.batch(records)
    usage = desk.app.read("usage").json()
    assert (usage["used"], usage["held"]) == (0, 0)


def test_in_the_sandbox_nothing_is_counted_and_nothing_is_limited(desk):
    company = desk.box.company("US", "sandbox")
    desk.app.accounting = company["access_token"]
    desk.app.settings = {**desk.app.settings, "environment": "sandbox", "qbo_company_id": company["realm"]}
    assert desk.batch([desk.new_company() for _ in range(12)])["created"] == 12
    assert desk.app.read("usage").json()["used"] == 0
