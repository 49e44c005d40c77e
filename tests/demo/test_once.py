"""`attibooks demo --once`: the main job without a browser, in a process of its own."""

import json
import re
import subprocess
import sys

import pytest

SECONDS = 90


@pytest.fixture
def demo(tmp_path):
    """Runs `attibooks demo` and gives what it printed."""

    def run(*arguments):
        command = [sys.executable, "-m", "attibooks_core", "demo", *arguments]
        done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def test_the_demo_prints_number_total_and_status_of_a_real_invoice(demo):
    said = demo("--once")
    number = re.search(r"^ +number +(\S+)$", said, re.MULTILINE)[1]
    assert f"Invoice {number} created" in said
    assert re.search(r"^ +total +2,?500\.00 USD$", said, re.MULTILINE)
    assert re.search(r"^ +status +Open$", said, re.MULTILINE)
    assert re.search(rf"^ +Invoice number +{number}$", said, re.MULTILINE)
    assert re.search(r"^ +invoices in the books +1$", said, re.MULTILINE)
    assert said.splitlines()[-1].endswith(f"exactly one invoice (invoice {number}, 2500.00 USD, Paid in the books).")
    assert re.findall(r"^ +Invoice status +(\S+)$", said, re.MULTILINE) == ["Open", "Paid"], (
        "the record shows the payment"
    )
    assert "\x1b" not in said, "no colours where nobody looks"


def test_the_demo_gives_its_steps_as_json(demo):
    steps = json.loads(demo("--once", "--json"))
    assert [step["step"] for step in steps] == list(range(1, len(steps) + 1))
    created = next(step for step in steps if "number" in step)
    assert created["toast"] == f"Invoice {created['number']} created"
    assert (created["total"], created["status"]) == ("2500.00 USD", "Open")
    assert next(step for step in steps if "Invoice number" in step)["Invoice number"] == created["number"]
    assert next(step for step in steps if "balance" in step) == {**steps[6], "status": "Paid", "balance": "0.00 USD"}
