"""Run Setup, from the button to Attio: the object of the invoices, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from attibooks_invoice_object.schema import ATTRIBUTES
from tests.desk import Desk
from tests.host_process import HostProcess, install_plugin
from tests.module_world import box, host, host_environment
from tests.review.plans import PLUGIN

__all__ = ["box", "host", "host_environment"]

SLUGS = [spec.slug for spec in ATTRIBUTES]
PLAIN = {"description": None, "is_required": False, "is_unique": False, "is_multiselect": False, "config": {}}


class Setting:
    """The button *Run Setup*, and what Attio has afterwards."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.settings = {**desk.app.settings, "store_invoices_as_records": True}

    def press(self, key=None, **settings):
        body = {"settings": {**self.settings, **settings}}
        return self.desk.app.call("POST", "invoice-object/setup", body, key=key or uuid4().hex)

    def pressed(self, **settings):
        answer = self.desk.until_final(lambda: self.press(**settings))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, status, code, **settings):
        answer = self.press(**settings)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        return answer.json()

    def attio(self, method, path, data=None):
        answer = self.desk.attio.request(method, f"/v2/{path}", json=None if data is None else {"data": data})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def objects(self):
        return {each["api_slug"] for each in self.attio("GET", "objects")["data"]}

    def attributes(self):
        return {each["api_slug"]: each for each in self.attio("GET", "objects/invoices/attributes")["data"]}

    @contextmanager
    def alone(self):
        """Without the throttle, which a member's own calls would meet; the objects that were made go afterwards."""
        self.desk.box.limits(attio=False)
        before = self.objects()
        yield
        for slug in self.objects() - before:
            self.attio("DELETE", f"objects/{slug}")
        self.desk.box.limits(attio=True)

    def make(self, *slugs):
        for slug in slugs:
            self.attio("POST", "objects", {"api_slug": slug, "singular_noun": slug, "plural_noun": f"{slug}s"})


@pytest.fixture
def setting(desk) -> Iterator[Setting]:
    """The world as it was before the first setup, and without the throttle, which a member's own calls would meet."""
    made = Setting(desk)
    with made.alone():
        yield made


def test_the_button_makes_the_object_once(setting):
    """Rows 92 and 93: Run Setup provisions `invoices`; the second run changes nothing and says so."""
    first = setting.pressed()
    assert first == {
        "object": "invoices",
        "created": SLUGS,
        "unchanged": [],
        "repaired": [],
        "already_set_up": False,
    }
    made = setting.attributes()
    assert set(SLUGS) < made.keys()
    second = setting.pressed()
    assert (second["unchanged"], second["created"], second["already_set_up"]) == (SLUGS, [], True)
    assert setting.attributes() == made


def test_attios_limit_of_writes_a_second_is_kept_to(setting):
    """Row 92: one setup is more writes than Attio takes in one second."""
    setting.desk.box.limits(attio=True)
    assert setting.pressed()["created"]
    setting.desk.box.limits(attio=False)
    assert setting.pressed()["already_set_up"]


def test_the_switch_is_off_by_default(setting):
    """Row 91: boolean, default off; the answer says where to switch it on."""
    for value in (False, None):
        body = setting.refused(422, "invalid_settings", store_invoices_as_records=value)
        assert [p["field"] for p in body["problems"]] == ["store_invoices_as_records"]
        assert "Switch it on in settings section 7" in body["detail"]
    assert "invoices" not in setting.objects()


def test_a_call_that_is_sent_again_gets_its_answer_again(setting):
    """Row 92: the same click is the same setup."""
    key = uuid4().hex
    first = setting.desk.until_final(lambda: setting.press(key))
    assert first.status_code == 200
    assert setting.press(key).content == first.content
    other = setting.press(key, template_due_days=31)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    missing = setting.desk.app.call("POST", "invoice-object/setup", {})
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_missing")


def test_conflicts_are_listed_and_nothing_is_half_applied(setting):
    """Row 94: a type is never changed, conflicts are listed, nothing is half-applied."""
    setting.make("invoices")
    for slug, kind in (("total", "text"), ("invoice_key", "text"), ("mood", "rating")):
        body = {"title": slug, "api_slug": slug, "type": kind, **PLAIN}
        setting.attio("POST", "objects/invoices/attributes", body)
    before = setting.attributes()
    body = setting.refused(409, "setup_conflict")
    assert [p["code"] for p in body["problems"]] == ["not_unique", "wrong_type"]
    assert all("total" in p["message"] or "invoice_key" in p["message"] for p in body["problems"])
    assert setting.attributes() == before

    setting.attio("PATCH", "objects/invoices/attributes/total", {"api_slug": "old_total"})
    setting.attio("PATCH", "objects/invoices/attributes/invoice_key", {"is_unique": True})
    report = setting.pressed()
    assert report["unchanged"] == ["invoice_key"]
    assert setting.attributes()["mood"] == before["mood"]


def test_an_object_that_is_named_has_to_exist(setting):
    """Row 94: `invoice_object_slug` set: must exist."""
    body = setting.refused(409, "setup_conflict", invoice_object_slug="bills")
    assert [(p["field"], p["code"]) for p in body["problems"]] == [("invoice_object_slug", "unknown_object")]
    setting.make("bills")
    assert setting.pressed(invoice_object_slug="bills")["object"] == "bills"
    assert "invoices" not in setting.objects()


@pytest.mark.parametrize("path", ["/v2/objects", "/v2/objects/invoices/attributes", "*/options"])
def test_a_setup_that_attio_cut_off_is_completed_by_the_next(setting, path):
    """Row 95: interrupted half-way; the next run completes it."""
    setting.desk.box.faults.add("attio", "drop_after_commit", method="POST", path=path, times=3)
    setting.refused(503, "attio_down")
    setting.desk.box.faults.clear()
    report = setting.pressed()
    assert sorted(report["created"] + report["unchanged"] + report["repaired"]) == sorted(SLUGS)
    assert setting.pressed()["already_set_up"]


def test_what_was_archived_or_deleted_is_repaired(setting):
    """Row 100: object or attribute deleted by the user later: Setup repairs."""
    setting.pressed()
    setting.attio("PATCH", "objects/invoices/attributes/total", {"is_archived": True})
    setting.attio("PATCH", "objects/invoices/attributes/status/options/Paid", {"is_archived": True})
    assert setting.pressed()["repaired"] == ["status", "total"]
    setting.attio("DELETE", "objects/invoices")
    assert setting.pressed()["created"] == SLUGS


def test_a_full_plan_of_attio_is_told_as_attios(setting):
    """Row 97: the Attio plan is named as the cause, distinct from our Pro."""
    setting.make(*(f"thing_{number}" for number in range(8)))
    assert len(setting.objects()) == 12
    body = setting.refused(424, "quota_exceeded")
    assert "Attio's own plan" in body["detail"]
    assert "not about the plan of AttiBooks" in body["detail"]
    assert "invoices" not in setting.objects()
    assert setting.pressed(invoice_object_slug="thing_0")["object"] == "thing_0"


def test_a_token_that_may_not_make_objects_is_told_the_scope(setting):
    """Row 97: what Attio refuses is said by its cause."""
    app = setting.desk.app
    scopes = ["record_permission:read-write", "object_configuration:read"]
    app.token = setting.desk.box.token("attio", workspace=app.workspace, scopes=scopes)
    body = setting.refused(403, "permission_missing")
    assert "Object Configuration" in body["detail"]


def test_on_free_it_is_refused_with_a_link_and_nothing_is_made(
    box, host_environment, empty_database, database_kind, tmp_path
):
    """Row 90: the invoice object is Pro."""
    plan = tmp_path / "plan"
    plan.write_text("free")
    settings = {"ATTIBOOKS_BILLING": "paper", "TEST_PLAN": str(plan), **empty_database(database_kind, tmp_path)}
    plugin = install_plugin(tmp_path, "paper", PLUGIN)
    box.limits(quickbooks=True, attio=False)
    with HostProcess(tmp_path, {**host_environment, **settings}, python_path=plugin, forked=True) as host:
        desk = Desk.open(box, host.url)
        setting = Setting(desk)
        body = setting.refused(402, "plan_required")
        assert body["upgrade_url"] in body["detail"]
        assert "invoices" not in setting.objects()
        plan.write_text("pro")
        assert setting.pressed()["created"] == SLUGS
        setting.attio("DELETE", "objects/invoices")
        desk.close()
