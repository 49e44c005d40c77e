"""A sandbox in a folder: what was answered is there after a restart, and a folder that is unsound is refused."""

import json
import signal
import subprocess
import sys
import threading
import time
from uuid import uuid4

import httpx
import pytest

from attibooks_sandbox.kernel.folder import MAGIC
from attibooks_sandbox.kernel.state import FolderError, State
from attibooks_sandbox.testing import Sandbox

AT_WORK = {"_keys", "_lent", "watcher", "watchers", "listener"}


@pytest.fixture
def open_box(tmp_path):
    """Return a function that opens a sandbox in the test's folder; all are closed in the end."""
    opened = []

    def begin(**options):
        box = Sandbox(limits=False, data=tmp_path / "data", **options).__enter__()
        opened.append(box)
        return box

    yield begin
    for box in opened:
        if box.app._keeping._folder._file.closed is False:
            box.__exit__(None, None, None)


def close(box):
    box.__exit__(None, None, None)


def plain(value):
    """Return state as plain values: what two sandboxes must have in common to be the same."""
    if isinstance(value, State):
        return {name: plain(held) for name, held in vars(value).items() if name not in AT_WORK}
    if isinstance(value, dict):
        return {key: plain(held) for key, held in value.items()}
    return list(value) if isinstance(value, list) else value


def everything(box):
    app = box.app
    return {
        "books": plain(app.world.quickbooks),
        "crm": plain(app.world.attio),
        "secrets": app.world.secrets,
        "seed": app.world.seed,
        "clock": plain(app.clock),
        "switches": app.switches,
    }


def invoice(number=None):
    line = {
        "DetailType": "SalesItemLineDetail",
        "Amount": 100.5,
        "SalesItemLineDetail": {"ItemRef": {"value": "3"}, "Qty": 1, "UnitPrice": 100.5},
    }
    return {"CustomerRef": {"value": "1"}, "Line": [line]} | ({} if number is None else {"DocNumber": number})


def work_in_books(books):
    """Write in every way that books know; returns Ids of invoices."""
    ids = [books.post("invoice", invoice(f"K-{n}"))["Id"] for n in range(6)]
    books.box.pay(books.environment, books.realm, ids[0], "40.25")
    books.box.void(books.environment, books.realm, ids[1])
    books.box.delete(books.environment, books.realm, ids[2])
    books.box.change(books.environment, books.realm, "Invoice", ids[3], PrivateNote="Größe 日本 🎉")
    books.box.rename(books.environment, books.realm, "Customer", "2", "Harbor & Sons")
    books.box.change(books.environment, books.realm, "Preferences", custom_numbers=True, close_date="2020-01-31")
    books.post("customer", {"DisplayName": "Kept Customer", "PrimaryEmailAddr": {"Address": "kept@example.com"}})
    books.call(
        "POST", f"invoice/{ids[4]}/send?sendTo=kept@example.com", headers={"Content-Type": "application/octet-stream"}
    )
    return ids


def work_in_crm(attio):
    """Write in every way that a workspace knows."""
    made = attio.create("companies", name="Kept Ltd", domains=["kept.example"], invoice_email="Pay@Kept.example")
    record_id = made["id"]["record_id"]
    attio.patch(f"/objects/companies/records/{record_id}", {"values": {"rate": 12.5, "employee_count": 7}})
    attio.box.edit_record(attio.workspace_id, "companies", record_id, description="once", rate=13.75)
    attio.box.edit_record(attio.workspace_id, "companies", record_id, description="twice")
    attio.box.archive(attio.workspace_id, "deals", "sync_error")
    attio.box.delete_record(attio.workspace_id, "people", attio.record_id("people", "Grace Hopper"))
    attio.post("/objects", {"api_slug": "jobs", "singular_noun": "Job", "plural_noun": "Jobs"})
    attio.attribute("jobs", "reference", "text", is_unique=True)
    attio.create("jobs", reference="J-1")
    return record_id


def test_all_that_was_written_is_there_after_a_restart(open_box, books_of, attio_of):
    box = open_box()
    books, attio = books_of(box), attio_of(box)
    ids, record_id = work_in_books(books), work_in_crm(attio)
    token = box.token("quickbooks", environment="sandbox", realm=books.realm, expires_in=900)
    box.token("attio", access_token=box.world["attio"]["workspaces"][1]["token"], active=False)
    box.clock.offset(86_400)
    box.switch(void_paid="unlink")
    before = everything(box)
    close(box)

    box = open_box()
    assert everything(box) == before
    assert box.app.world.quickbooks.tokens[token].active
    assert box.clock.now()[:10] == time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86_400))
    books, attio = books_of(box), attio_of(box)
    assert [each["Id"] for each in books.query("select * from Invoice where DocNumber = 'K-3'")["Invoice"]] == [ids[3]]
    assert books.post("invoice", invoice("K-9"))["Id"] == str(int(max(ids, key=int)) + 2)
    history = attio.get(f"/objects/companies/records/{record_id}/attributes/description/values?show_historic=true")
    assert [each["value"] for each in history] == ["once", "twice"]
    refused = attio.refused("POST", "/objects/jobs/records", {"data": {"values": {"reference": "J-1"}}})
    assert refused["code"] == "uniqueness_conflict"


def test_a_promised_answer_is_repeated_after_a_restart(open_box, books_of):
    box = open_box()
    first = books_of(box).call("POST", "invoice?requestid=kept-1", invoice())
    close(box)
    box = open_box()
    books = books_of(box)
    again = books.call("POST", "invoice?requestid=kept-1", invoice())
    assert again.content == first.content
    assert again.headers["intuit_tid"] != first.headers["intuit_tid"]


def test_a_reset_is_kept_too(open_box, books_of):
    box = open_box()
    pristine = everything(box)
    work_in_books(books_of(box))
    box.reset()
    assert everything(box) == pristine
    books_of(box).post("invoice", invoice("AFTER"))
    after = everything(box)
    close(box)
    box = open_box()
    assert everything(box) == after
    box.reset()
    assert everything(box) == pristine


def test_what_a_cut_or_slow_call_changed_is_kept(open_box, books_of):
    box = open_box()
    books = books_of(box)
    box.faults.add("quickbooks", "drop_after_commit", method="POST")
    with pytest.raises(httpx.HTTPError):
        books.call("POST", "invoice", invoice("CUT"))
    box.faults.add("quickbooks", "slow", method="POST", seconds=0.01)
    books.post("invoice", invoice("SLOW"))
    close(box)
    books = books_of(open_box())
    for number in ("CUT", "SLOW"):
        assert len(books.query(f"select * from Invoice where DocNumber = '{number}'")["Invoice"]) == 1


def test_reads_write_nothing(open_box, tmp_path, books_of, attio_of):
    box = open_box()
    books, attio = books_of(box), attio_of(box)
    (file,) = (tmp_path / "data").glob("state-*")
    size = file.stat().st_size
    books.query("select * from Invoice")
    attio.query("companies")
    assert file.stat().st_size == size
    books.post("invoice", invoice())
    assert file.stat().st_size > size


class Process:
    """The command, serving a folder."""

    def __init__(self, folder, *options):
        command = [sys.executable, "-m", "attibooks_sandbox", "--port", "0", "--no-limits", "--data", str(folder)]
        self.process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip().removesuffix("/attio")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(5)
        self.process.stdout.close()


@pytest.mark.parametrize("round_number", range(3))
def test_no_answered_write_is_lost_when_the_process_is_killed(tmp_path, round_number):
    served = Process(tmp_path)
    answered, stop = {}, threading.Event()
    with httpx.Client(verify=False) as client:
        world = client.get(f"{served.url}/control/world").json()
        company = world["quickbooks"]["companies"][round_number]
        place = f"/quickbooks/{company['environment']}/v3/company/{company['realm']}"
        country = {} if company["country"] == "US" else {"GlobalTaxCalculation": "TaxExcluded"}
        body = invoice() | country
        if country:
            body["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "2"}
        headers = {"Authorization": f"Bearer {company['access_token']}", "Accept": "application/json"}

        def write():
            with httpx.Client(verify=False, headers=headers) as own:
                while not stop.is_set():
                    name = uuid4().hex
                    try:
                        answer = own.post(f"{served.url}{place}/invoice?requestid={name}", json=body)
                    except httpx.HTTPError:
                        return
                    answered[name] = (answer.status_code, answer.content)

        writers = [threading.Thread(target=write) for _ in range(3)]
        for writer in writers:
            writer.start()
        deadline = time.monotonic() + 20
        while len(answered) <= 20 and time.monotonic() < deadline:
            time.sleep(0.01)
        served.kill()
        stop.set()
        for writer in writers:
            writer.join()
        assert len(answered) > 20
        again = Process(tmp_path)
        try:
            for name, (status, content) in answered.items():
                assert status == 200, content
                repeated = client.post(f"{again.url}{place}/invoice?requestid={name}", json=body, headers=headers)
                assert repeated.content == content
                made = json.loads(content)["Invoice"]
                read = client.get(f"{again.url}{place}/invoice/{made['Id']}", headers=headers).json()["Invoice"]
                assert read["DocNumber"] == made["DocNumber"]
        finally:
            again.kill()


@pytest.fixture
def held(tmp_path, books_of):
    """Return the file of a folder with two changes in it."""
    folder = tmp_path / "data"
    with Sandbox(limits=False, data=folder) as box:
        (file,) = folder.glob("state-*")
        whole = file.stat().st_size
        for number in ("ONE", "TWO"):
            books_of(box).post("invoice", invoice(number))
    return file, whole


def numbers_in(folder):
    with Sandbox(data=folder) as box:
        company = next(iter(box.app.world.quickbooks.companies.values()))
        return [each.number for each in company.invoices][3:]


def test_a_change_that_was_not_written_in_full_is_as_if_never_made(held):
    file, _ = held
    file.write_bytes(file.read_bytes()[:-7])
    assert numbers_in(file.parent) == ["ONE"]


def refusal(folder, **options):
    with pytest.raises(FolderError) as caught:
        Sandbox(data=folder, **options)
    return str(caught.value)


def test_a_damaged_change_is_refused_with_the_place_up_to_which_all_is_sound(held):
    file, whole = held
    raw = bytearray(file.read_bytes())
    raw[whole + 40] ^= 1
    file.write_bytes(raw)
    assert refusal(file.parent) == (
        f"The file {file} is damaged; its first {whole} bytes are sound, so cutting it there keeps the state up to them."
    )
    file.write_bytes(raw[:whole])
    assert numbers_in(file.parent) == []


def test_a_damaged_length_is_refused_and_not_taken_for_the_end(held):
    file, whole = held
    raw = bytearray(file.read_bytes())
    raw[whole] ^= 0x40
    file.write_bytes(raw)
    assert "is damaged" in refusal(file.parent)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "was not written by this version"),
        (b"attibooks-sandbox state 9\n", "was not written by this version"),
        (MAGIC, "is cut off within its first part"),
        (MAGIC + b"\0" * 40, "is damaged"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused(tmp_path, content, words):
    (tmp_path / "state-1").write_bytes(content)
    assert words in refusal(tmp_path)
    assert (tmp_path / "state-1").read_bytes() == content


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    assert "holds no sandbox but something else (thesis.txt)" in refusal(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "cannot be used" in refusal(tmp_path / "file")


def test_a_folder_in_use_is_refused(open_box, tmp_path):
    open_box()
    assert "is in use by another sandbox" in refusal(tmp_path / "data")


def test_a_folder_with_another_world_is_refused(held):
    folder = held[0].parent
    assert "holds the small world of seed 1" in refusal(folder, seed=7)
    assert "holds the small world of seed 1" in refusal(folder, size="large")
    with Sandbox(seed=1, size="small", data=folder) as box:
        assert box.world["seed"] == 1


def test_an_unfinished_file_of_a_killed_start_is_forgotten(held):
    file, _ = held
    (file.parent / "state-99.new").write_bytes(b"half")
    assert numbers_in(file.parent) == ["ONE", "TWO"]
    assert not (file.parent / "state-99.new").exists()


def test_when_the_folder_is_full_no_call_is_answered_as_done(open_box, books_of):
    class Full:
        closed = False

        def write(self, raw):
            return len(raw) // 2

        def close(self):
            self.closed = True

    box = open_box()
    books = books_of(box)
    box.app._keeping._folder._file.close()
    box.app._keeping._folder._file = Full()
    assert books.call("POST", "invoice", invoice(), status=500).text.startswith("The sandbox failed")
    assert books.call("GET", "invoice/1", status=500).text.startswith("The sandbox failed")


def test_the_command_tells_why_a_folder_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    command = [sys.executable, "-m", "attibooks_sandbox", "--port", "0", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 1
    assert "something else (thesis.txt)" in done.stdout
    assert done.stderr == ""


def test_changes_are_told_to_the_same_address_after_a_restart(open_box, books_of):
    box = open_box()
    facts = {"url": "http://127.0.0.1:9/hook", "environment": "sandbox", "entities": ["Invoice"], "hold": True}
    box.control("POST", "quickbooks/webhooks", facts)
    endpoints = box.control("GET", "quickbooks/webhooks")["endpoints"]
    books_of(box).post("invoice", invoice("TOLD"))
    first = box.app.outbox.held["sandbox"]
    close(box)
    box = open_box()
    assert box.control("GET", "quickbooks/webhooks")["endpoints"] == endpoints
    books_of(box).post("invoice", invoice("TOLD-TOO"))
    (event,) = box.app.outbox.held["sandbox"]
    assert event.id not in {each.id for each in first}
    box.control("DELETE", "quickbooks/webhooks")
    close(box)
    assert open_box().control("GET", "quickbooks/webhooks")["endpoints"] == []


def test_a_consent_outlasts_a_restart(open_box, http):
    box = open_box()
    world, company = box.world["quickbooks"], box.company()
    keys = httpx.BasicAuth(world["client_id"], world["client_secret"])

    def refresh(at, token):
        body = {"grant_type": "refresh_token", "refresh_token": token}
        return http.post(f"{at.url}/quickbooks/oauth2/v1/tokens/bearer", data=body, auth=keys).json()

    first = refresh(box, company["refresh_token"])
    close(box)
    box = open_box()
    second = refresh(box, first["refresh_token"])
    assert second["access_token"] not in {first["access_token"], company["access_token"]}
    place = f"{box.quickbooks_url()}/v3/company/{company['realm']}/companyinfo/{company['realm']}"
    assert http.get(place, headers={"Authorization": f"Bearer {second['access_token']}"}).status_code == 200
