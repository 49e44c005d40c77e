"""What a host writes down: a sentinel is planted in every secret and every piece of customer data, and looked for."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from attibooks_core.durable.dbos_runtime import DbosRuntime
from tests.desk import Desk
from tests.host_process import HostProcess


@pytest.fixture
def theatre_of_one(tmp_path, box, host_environment, empty_database, database_kind):
    """A host of this test alone, and where it keeps things."""
    database = empty_database(database_kind, tmp_path)
    with HostProcess(tmp_path, {**host_environment, **database}) as host:
        yield host, database["ATTIBOOKS_DATABASE_URL"]
    box.faults.clear()


def work_with_sentinels(box, host):
    """Success, refusals, faults and forgeries, with sentinels in everything that has to stay secret."""
    desk = Desk.open(box, host.url)
    place = {"realm": desk.company["realm"], "environment": desk.company["environment"]}
    desk.app.accounting = box.token("quickbooks", **place)
    desk.app.token = box.token("attio", workspace=desk.app.workspace)
    secrets = {
        "accounting token": desk.app.accounting,
        "attio token": desk.app.token,
        "app secret": desk.app.secret,
        "callback address": "/attibooks",
    }
    personal = {
        "name": f"Sentinel {uuid4().hex}",
        "invoice_email": f"{uuid4().hex}@sentinel.example",
        "service_description": uuid4().hex,
    }
    record = desk.new_company(personal["name"], **{k: v for k, v in personal.items() if k != "name"})
    assert desk.create(record).status_code == 201
    assert desk.create(record).status_code == 409
    box.faults.add("attio", "status", method="PUT", path="/v2/objects/*/records/*", status=503, times=None)
    assert desk.create(record, confirm_recent=True).json()["writeback"]["state"] == "parked"
    box.faults.clear()
    for fault in ({"kind": "malformed"}, {"kind": "status", "status": 400}, {"kind": "status", "status": 401}):
        box.faults.add("quickbooks", method="POST", path="/v3/company/*/invoice", **fault)
        desk.create(record, confirm_recent=True)
    desk.app.call("GET", f"settings?token={desk.app.token}")
    desk.app.secret, genuine = "forged", desk.app.secret
    desk.create(record)
    desk.app.secret = genuine
    desk.close()
    return secrets, personal


def everything_stored(url):
    """The text of everything in the host's databases, the engine's included."""
    engine_url = DbosRuntime.beside(url, lease_seconds=1)._url
    texts = []
    for database in {url, engine_url.render_as_string(hide_password=False)}:
        if database.startswith("sqlite"):
            file = Path(sa.make_url(database).database)
            texts += [p.read_bytes().decode("latin-1") for p in file.parent.glob(f"{file.name}*")]
        else:
            texts.append(everything_in_postgres(database))
    assert sum(map(len, texts)) > 1000
    return "\n".join(texts)


def everything_in_postgres(url):
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        tables = connection.execute(
            sa.text(
                "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('public', 'dbos')"
            )
        ).all()
        rows = [connection.execute(sa.text(f'SELECT * FROM "{s}"."{t}"')).all() for s, t in tables]
    engine.dispose()
    return str(rows)


def test_no_secret_is_logged_or_stored_in_the_open(theatre_of_one, box):
    host, url = theatre_of_one
    secrets, personal = work_with_sentinels(box, host)
    log, stored = host.text(), everything_stored(url)
    for what, sentinel in secrets.items():
        assert sentinel not in log, f"{what} is in the log"
        assert sentinel not in stored, f"{what} lies open in the database"
    for what, sentinel in personal.items():
        assert sentinel not in log, f"the customer's {what} is in the log"
        assert sentinel not in stored, f"the customer's {what} lies open in the database"


def test_every_log_line_is_one_json_object_with_an_event(theatre_of_one, box):
    host, _ = theatre_of_one
    work_with_sentinels(box, host)
    lines = [line for line in host.text().splitlines() if line.strip()]
    events = [json.loads(line) for line in lines]
    assert all({"event", "level", "timestamp"} <= e.keys() for e in events)
    calls = [e for e in events if e["event"] == "call"]
    assert {"method", "path", "status", "ms", "request"} <= calls[0].keys()
    assert not any("?" in e["path"] for e in calls)
