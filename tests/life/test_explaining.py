"""Why an invoice is as it is: its trail, its replay, and the commands of operators."""

import json

import httpx
import pytest
import sqlalchemy as sa

from attibooks_core.storage.tables import invoices, tasks
from tests.app_client import NO_TLS
from tests.module_world import box, host, host_environment

__all__ = ["box", "host", "host_environment"]


def created(desk, **values):
    """A record and its invoice."""
    record = desk.new_company(**values)
    answer = desk.click(record)
    assert answer.status_code == 201, answer.text
    return record, answer.json()["invoice"]


def told(machines, *arguments, status=0):
    """What a command says to a program."""
    done = machines.command(*arguments, "--json")
    assert done.returncode == status, (done.stdout, done.stderr)
    return json.loads(done.stdout)


def replayed(machines, invoice):
    return told(machines, "explain", invoice["id"], "--replay")["replay"]


def books(desk):
    return desk.company["environment"], desk.company["realm"]


@pytest.fixture
def office(machines):
    """A desk and its host, alone on a database."""
    return machines.desk(machines.start())


class TestTrail:
    def test_it_tells_creates_edits_syncs_and_voids_in_their_order(self, machines, office):
        """Rows 112, 121, 128: every intent, answer and sync of an invoice is in its trail."""
        record, invoice = created(office)
        version = office.app.live("companies", record).json()["version"]
        assert office.app.edit("companies", record, version=version, memo="Thanks").status_code == 200
        office.box.pay(*books(office), invoice["id"])
        assert office.until_final(office.app.sync).status_code == 200
        kinds = [e["kind"] for e in office.trail(record)]
        wanted = ["intent", "accepted", "writeback", "intent", "accepted", "synced"]
        assert [k for k in kinds if k in set(wanted)] == wanted
        facts = told(machines, "explain", invoice["number"])
        assert [e["kind"] for e in facts["entries"]] == kinds
        assert facts["invoice"]["status"] == "Paid"

    def test_an_invoice_record_has_the_trail_of_its_invoice(self, machines):
        """Row 101: the invoice's own record stands for the invoice."""
        desk = machines.desk(machines.start(), store_invoices_as_records=True)
        desk.box.limits(attio=False)
        assert desk.app.put_settings(desk.app.settings).status_code == 200
        desk.set_up()
        record, invoice = created(desk)
        created(desk)
        facts = told(machines, "explain", invoice["id"])["invoice"]
        own = facts["invoice_record"]
        entries = desk.trail(own["record_id"], own["object"])
        assert [e["kind"] for e in entries][:2] == ["intent", "accepted"]
        assert {e["intent_id"] for e in entries} == {facts["intent_id"]}
        assert entries == desk.trail(record)
        desk.attio.delete(f"/v2/objects/{own['object']}")


class TestReplay:
    def test_a_fresh_invoice_replays_to_the_very_payload(self, machines, office):
        """Row 107: the record, the settings of that day, its day and its mark make the same bytes."""
        _, invoice = created(office)
        report = replayed(machines, invoice)
        assert report["outcome"] == "equal"
        assert report["rebuilt_hash"] == report["payload_hash"]

    def test_settings_that_changed_since_make_no_difference(self, machines, office):
        """Row 107: the snapshot that was in force is used."""
        _, invoice = created(office)
        office.app.settings = {**office.app.settings, "template_due_days": 7, "source_rate": "quantity"}
        assert office.app.put_settings(office.app.settings).status_code == 200
        assert replayed(machines, invoice)["outcome"] == "equal"

    def test_a_record_that_changed_since_is_told_by_what_has(self, machines, office):
        """Row 107: which input is another one now."""
        record, invoice = created(office)
        office.box.edit_record(office.app.workspace, "companies", record, rate=99)
        mark = office.mark()
        report = replayed(machines, invoice)
        assert (report["outcome"], report["changed"]) == ("changed", ["lines"])
        assert "the lines" in report["said"]
        assert report["rebuilt_hash"] != report["payload_hash"]
        writes = [c for c in office.box.calls(since=mark) if c["method"] != "GET" and "/query" not in c["path"]]
        assert writes == [], "a replay writes nothing"

    def test_a_reviewed_draft_says_that_a_person_decided(self, machines, office):
        """Row 32: what was seen is what was sent, whatever the record says."""
        record = office.new_company()
        preview = office.preview(record)
        answer = office.click(record, mode="custom", draft_token=preview["draft_token"])
        assert answer.status_code == 201, answer.text
        assert replayed(machines, answer.json()["invoice"])["outcome"] == "reviewed"

    def test_a_record_of_a_batch_replays_too(self, machines, office):
        """Row 107: a selection keeps what a single click keeps."""
        records = [office.new_company() for _ in range(2)]
        made = [r["invoice"] for r in office.batch(records)["records"]]
        assert {replayed(machines, invoice)["outcome"] for invoice in made} == {"equal"}


class TestCommands:
    def test_explain_prints_a_timeline(self, machines, office):
        """Row 107: a person can read it."""
        _, invoice = created(office)
        said = machines.command("explain", invoice["number"])
        assert said.returncode == 0, said.stderr
        assert said.stdout.startswith(f"Invoice {invoice['number']}: Open\n")
        assert f"Invoice {invoice['number']} was created. (by user-1)" in said.stdout
        assert max(map(len, said.stdout.splitlines())) <= 120

    def test_several_invoices_are_listed_and_a_key_names_one(self, machines, office):
        """Ids and numbers are unique in one company only."""
        _, invoice = created(office)
        machines.look(lambda c: _copy_to_sandbox(c, invoice["id"]))
        found = told(machines, "explain", invoice["id"], status=1)["matches"]
        keys = [f["key"] for f in found]
        assert {key.partition(":")[0] for key in keys} == {"production", "sandbox"}
        said = machines.command("explain", invoice["number"])
        assert said.returncode == 1
        assert all(key in said.stdout for key in keys)
        assert [told(machines, "explain", key)["invoice"]["key"] for key in keys] == keys

    def test_nothing_found_and_nothing_installed_is_a_failure_in_a_sentence(self, machines, office):
        """Exit status 1 for what failed, 2 for how it was called."""
        unknown = machines.command("explain", "no-such-invoice")
        assert (unknown.returncode, unknown.stdout) == (1, "")
        assert "No invoice" in unknown.stderr
        for command in ("sync", "reconcile"):
            answer = machines.command(command, "nowhere")
            assert answer.returncode == 1
            assert "not installed" in answer.stderr
            assert machines.command(command).returncode == 2

    def test_sync_is_done_by_the_running_host(self, machines, office):
        """Row 136: tokens live in the host; the command asks and waits."""
        record, invoice = created(office)
        office.box.pay(*books(office), invoice["id"])
        facts = told(machines, "sync", office.app.workspace)
        assert facts["outcome"] == "done"
        assert facts["result"]["updated"] == 1, (
            facts,
            machines.look(lambda c: c.execute(sa.text("select * from syncs")).mappings().all()),
        )
        assert office.shown(record)["invoice_status"] == "Paid"
        assert machines.command("sync", office.app.workspace).stdout.startswith("done: 0 updated")

    def test_reconcile_looks_and_repairs_when_it_is_told_to(self, machines, office):
        """Row 136: dry run first."""
        record, invoice = created(office)
        office.box.pay(*books(office), invoice["id"])
        assert office.app.put_settings(office.app.settings).status_code == 200
        said = machines.command("reconcile", office.app.workspace)
        assert said.returncode == 0, said.stderr
        assert "Open" in said.stdout
        assert office.shown(record)["invoice_status"] == "Open"
        facts = told(machines, "reconcile", office.app.workspace, "--repair")
        assert len(facts["repaired"]) == 1
        assert office.shown(record)["invoice_status"] == "Paid"

    def test_a_host_without_tokens_waits_for_a_call_of_the_app(self, machines):
        """Row 142: a restarted host has none; the next call brings them and the task goes on."""
        first = machines.start()
        desk = machines.desk(first)
        assert desk.app.put_settings(desk.app.settings).status_code == 200
        first.stop()
        second = machines.start()
        command = machines.begin("reconcile", desk.app.workspace, "--json")
        desk.eventually(lambda: "waiting_for_lease" in machines.look(_states_of_tasks))
        desk.app.http.close()
        desk.app.http = httpx.Client(base_url=second.url, timeout=30, verify=NO_TLS)
        assert desk.until_known(lambda: desk.app.read("usage")).status_code == 200
        said, complaints = command.communicate(timeout=60)
        assert command.returncode == 0, complaints
        assert json.loads(said)["repaired"] == []
        assert machines.look(_states_of_tasks) == ["succeeded"]

    def test_when_nobody_takes_it_the_command_says_so_and_leaves_nothing_behind(self, machines):
        """Exit status 1 after half a minute without a process; a repair must not happen by itself tomorrow."""
        first = machines.start()
        desk = machines.desk(first)
        assert desk.app.put_settings(desk.app.settings).status_code == 200
        first.stop()
        commands = [machines.begin(name, desk.app.workspace) for name in ("sync", "reconcile")]
        for command in commands:
            said, complaints = command.communicate(timeout=90)
            assert (command.returncode, said) == (1, "")
            assert "No process took it within 30 seconds" in complaints
        assert machines.look(_states_of_tasks) == []


def _states_of_tasks(connection):
    return list(connection.execute(sa.select(tasks.c.state)).scalars())


def _copy_to_sandbox(connection, invoice_id):
    row = connection.execute(sa.select(invoices).where(invoices.c.invoice_id == invoice_id)).mappings().one()
    connection.execute(sa.insert(invoices).values({**row, "environment": "sandbox"}))
