"""Twenty real processes on one grant, against a server that changes the refresh token with every refresh."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from attibooks_core.invoicing.granting import LOCK

RACERS = 20
ROUNDS = 5
LONG_ROUNDS = 50
"""On each database, in each of the ten times that `make faults` runs a test: 1,000 in all."""
KEY = "k1:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
TOKENS = "/oauth2/v1/tokens/bearer"


@pytest.fixture(scope="module")
def stable():
    """The racers: one program that has forked before it did anything."""
    program = [sys.executable, str(Path(__file__).with_name("racer.py")), str(RACERS)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


class Race:
    """One grant on one database, and the time at which it is raced for."""

    def __init__(self, box, stable, url):
        self.box, self.stable = box, stable
        self.company = box.company("US", "production")
        keys, base = box.world["quickbooks"], f"{box.url}/quickbooks"
        addresses = {"token_url": f"{base}{TOKENS}", "revoke_url": f"{base}/v2/oauth2/tokens/revoke"}
        secrets = {"client_id": keys["client_id"], "client_secret": keys["client_secret"]}
        self.setup = {"url": url, "key": KEY, "quickbooks": {**addresses, **secrets}}
        self.now = datetime.now(UTC)

    def later(self, **by):
        """Move the time of the server and of every racer."""
        self.box.clock.advance(timedelta(**by).total_seconds())
        self.now = datetime.fromisoformat(self.box.clock.now())

    def _task(self, do, **more):
        return {
            "do": do,
            "setup": self.setup,
            "now": self.now.isoformat(),
            "realm": self.company["realm"],
            **more,
        }

    def _told(self, command):
        self.stable.stdin.write(json.dumps(command) + "\n")
        self.stable.stdin.flush()
        return json.loads(self.stable.stdout.readline())

    def begin(self):
        """A grant whose refresh token is a day old: the next refresh changes it."""
        place = {"realm": self.company["realm"], "environment": "production"}
        issued = self.box.control("POST", "tokens", {"service": "quickbooks", **place})
        self.later(seconds=1)
        self._told({"one": self._task("begin", refresh=issued["refresh_token"]), "racer": 0})

    def run(self):
        """Every racer asks for a token at once."""
        return self._told({"race": self._task("credential")})

    def alone(self, racer, **more):
        """One racer asks for a token."""
        return self._told({"one": self._task("credential", **more), "racer": racer})[0]

    def refreshes(self):
        """How often the server was asked for tokens."""
        return sum(c["path"].endswith(TOKENS) for c in self.box.calls("quickbooks", "oauth"))

    def opens(self, token):
        """Whether a token opens the company."""
        url = f"{self.box.quickbooks_url('production')}/v3/company/{self.company['realm']}/companyinfo/1"
        return httpx.get(url, headers={"authorization": f"Bearer {token}"}).status_code == 200


@pytest.fixture
def race(box, stable, database_url):
    box.limits(quickbooks=False)
    box.clear_calls()
    made = Race(box, stable, database_url)
    made.begin()
    yield made
    box.faults.clear()


def run_rounds(race, rounds):
    for number in range(rounds):
        race.box.clear_calls()
        race.later(hours=25)  # past the day after which the refresh token changes
        tokens = race.run()
        assert len(tokens) == RACERS
        assert len(set(tokens)) == 1, f"round {number}: {set(tokens)}"
        assert race.refreshes() == 1, f"round {number}"
        assert race.opens(tokens[0]), f"round {number}"


def test_twenty_processes_refresh_one_grant_once_and_lose_none(race):
    """Row X3: the refresh race."""
    run_rounds(race, ROUNDS)


def test_a_refresh_whose_answer_is_lost_before_the_server_did_anything_costs_nothing(race):
    race.box.faults.add("quickbooks", "drop_before_commit", method="POST", path=f"*{TOKENS}", times=1)
    race.later(hours=25)
    outcomes = race.run()
    assert sum(o == "error:backend_down" for o in outcomes) == 1, "whoever asked is told, the next one asks again"
    assert len({o for o in outcomes if o != "error:backend_down"}) == 1
    assert race.opens(race.alone(0))


@pytest.mark.kill
@pytest.mark.timeout(600)
def test_a_long_race_loses_no_grant(race, kill_round, pytestconfig):
    """Row X3: the long run of `make faults`; a single round elsewhere."""
    run_rounds(race, LONG_ROUNDS if pytestconfig.getoption("--kill-rounds") > 1 else 1)


# -- killed between the answer and the commit ------------------------------------------------------------------------


@pytest.fixture
def own_stable():
    program = [sys.executable, str(Path(__file__).with_name("racer.py")), "2"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture
def duel(box, own_stable, database_url):
    box.limits(quickbooks=False)
    made = Race(box, own_stable, database_url)
    made.begin()
    return made


@pytest.mark.kill
def test_a_process_killed_with_an_unchanged_refresh_token_in_its_hands_loses_nothing(duel):
    """Most refreshes: the value changes once a day. The lock of the dead ends by itself."""
    assert duel.alone(1)
    duel.later(hours=2)
    assert duel.alone(0, die=True) is None
    duel.later(seconds=LOCK.total_seconds() + 1)
    assert duel.opens(duel.alone(1))


@pytest.mark.kill
def test_a_process_killed_with_a_changed_refresh_token_in_its_hands_loses_the_grant_and_says_so(duel):
    """Once a day: nobody knows the new value, and the old one is dead. It needs a new connection, no loop."""
    assert duel.alone(1)
    duel.later(hours=25)
    assert duel.alone(0, die=True) is None
    duel.later(seconds=LOCK.total_seconds() + 1)
    duel.box.clear_calls()
    assert duel.alone(1) is None
    assert duel.alone(1) is None
    assert duel.refreshes() == 1


@pytest.mark.kill
def test_where_the_old_value_has_a_days_grace_the_grant_is_recovered(duel):
    """Intuit's documents contradict each other about this grace; the vault makes use of it where it is."""
    duel.box.switch(refresh_grace=True)
    try:
        assert duel.alone(1)
        duel.later(hours=25)
        assert duel.alone(0, die=True) is None
        duel.later(seconds=LOCK.total_seconds() + 1)
        assert duel.opens(duel.alone(1))
    finally:
        duel.box.switch(refresh_grace=False)
