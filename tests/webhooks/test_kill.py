"""SIGKILL while deliveries come in: what was answered with 200 is in the database, and is handed on later."""

import json
import threading
import time

import httpx
import pytest
import sqlalchemy as sa

from attibooks_core.storage.engine import Database
from attibooks_core.storage.tables import books_events, deliveries
from tests.host_process import HostProcess
from tests.webhooks.conftest import Intuit, event

pytestmark = [pytest.mark.kill, pytest.mark.timeout(180)]
CALLERS = 8


def deliver_until_dead(intuit, answered):
    while True:
        events = [event(), event()]
        try:
            answer = intuit.send(events)
        except httpx.HTTPError:
            return
        if answer.status_code == 200:
            answered.update(f"{each['source']}|{each['id']}" for each in events)


def test_every_delivery_that_was_answered_survives(
    tmp_path, box, host_environment, empty_database, database_kind, kill_round
):
    """Row 142: durable before 200."""
    environment = {**host_environment, **empty_database(database_kind, tmp_path)}
    answered: set[str] = set()
    host = HostProcess(tmp_path, environment, forked=True).start()
    intuit = Intuit(host.url, box.world["quickbooks"]["webhook_verifier_token"])
    callers = [threading.Thread(target=deliver_until_dead, args=(intuit, answered)) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    deadline = time.monotonic() + 60
    while len(answered) < 100 and time.monotonic() < deadline:
        time.sleep(0.02)
    host.kill()
    for caller in callers:
        caller.join()
    assert len(answered) >= 100
    database = Database(host.database_url)
    bodies = column(database, sa.select(deliveries.c.body))
    assert answered <= {f"{each['source']}|{each['id']}" for body in bodies for each in json.loads(body)}
    with HostProcess(tmp_path, environment, forked=True):
        deadline = time.monotonic() + 60
        while column(database, sa.select(deliveries.c.id).where(deliveries.c.taken == sa.false())):
            assert time.monotonic() < deadline, "the next process does not take them apart"
            time.sleep(0.1)
    handed = column(database, sa.select(books_events.c.event_id))
    database.close()
    assert answered <= set(handed)


def column(database, wanted):
    return database.write_now(lambda c: list(c.scalars(wanted)))
