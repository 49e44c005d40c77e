"""Custom mode belongs to Pro: asked for by name, refused with a link, never replaced by quick."""

from tests.review.plans import desk, paper_settings, plan

__all__ = ["desk", "paper_settings", "plan"]


def assert_refused(answer):
    body = answer.json()
    assert (answer.status_code, body["code"]) == (402, "plan_required")
    assert body["upgrade_url"] == "https://pay.example/upgrade"
    assert "https://pay.example/upgrade" in body["detail"]


def test_on_free_custom_mode_is_refused_with_a_link_and_no_call_to_the_books(desk, plan):
    record = desk.new_company()
    desk.box.clear_calls()
    desk.app.settings = {**desk.app.settings, "invoice_mode": "custom"}
    assert_refused(desk.app.preview("companies", record))
    assert_refused(desk.create(record))
    desk.app.settings = {**desk.app.settings, "invoice_mode": "quick"}
    assert_refused(desk.create(record, mode="custom"))
    assert_refused(desk.app.preview("companies", record, edits={"memo": "Pro only"}))
    assert desk.box.counts().get("quickbooks") is None
    desk.eventually(lambda: "plan_required" in (desk.shown(record)["sync_error"] or ""))

    plan.write_text("pro")
    shown = desk.preview(record, edits={"memo": "Pro only"})
    assert desk.create(record, mode="custom", draft_token=shown["draft_token"]).status_code == 201


def test_on_free_the_preview_of_a_quick_invoice_is_free(desk):
    record = desk.new_company()
    shown = desk.preview(record)
    assert desk.create(record, draft_token=shown["draft_token"]).status_code == 201


def test_a_draft_reviewed_on_pro_is_not_sent_after_the_plan_has_lapsed(desk, plan):
    plan.write_text("pro")
    desk.app.settings = {**desk.app.settings, "invoice_mode": "custom"}
    record = desk.new_company()
    shown = desk.preview(record)
    plan.write_text("free")
    assert_refused(desk.create(record, draft_token=shown["draft_token"]))
    assert desk.invoices(record) == []
