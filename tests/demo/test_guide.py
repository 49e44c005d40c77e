"""`attibooks demo`: the page for a person, until they have seen enough."""

import os
import re
import signal
import subprocess
import sys
import time

import httpx
import pytest

SECONDS = 60


@pytest.fixture
def demo(tmp_path):
    """A running demo: its process and the addresses that it printed."""
    log = tmp_path / "said.txt"
    with log.open("wb") as said:
        command = [sys.executable, "-m", "attibooks_core", "demo"]
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=said, stderr=said, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
    try:
        yield process, _addresses(process, log)
    finally:
        process.kill()
        process.wait()


def _addresses(process, log):
    found = []
    deadline = time.monotonic() + SECONDS
    while len(found) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
        found = re.findall(r"^  (?:Page|API) +(\S+)$", log.read_text(), re.MULTILINE)
    assert len(found) == 2, log.read_text()
    return found


def _answers(url):
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _eventually(holds):
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)


def test_the_demo_serves_its_page_and_its_host_until_it_is_interrupted(demo):
    process, (page, api) = demo
    assert "AttiBooks sandbox" in httpx.get(page).text
    assert httpx.get(f"{page}ui/api/host").json()["answers"] is True
    assert httpx.get(api).json()["openapi"].startswith("3.")
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 0
    assert (_answers(page), _answers(api)) == (False, False)


def test_the_demo_is_on_free_and_pro_is_bought_on_the_sandboxs_pages(demo):
    _, (page, _) = demo
    app = f"{page}ui/api/app/{httpx.get(f'{page}ui/api/start').json()['workspaces'][0]['id']}"
    usage = httpx.get(f"{app}/usage").json()["body"]
    assert (usage["plan"], usage["limit"]) == ("free", 10)
    pay = httpx.post(f"{app}/checkout", json={"return_to": page}).json()["body"]["url"]
    assert pay.startswith(f"{page}stripe/c/pay/")
    paid = httpx.post(pay, data={"number": "4242 4242 4242 4242"}, follow_redirects=True)
    assert "You have Pro" in paid.text
    assert httpx.get(f"{app}/usage").json()["body"]["plan"] == "pro"


def test_a_killed_demo_leaves_no_host_behind(demo):
    process, (page, api) = demo
    assert _answers(api)
    process.kill()
    process.wait()
    assert not _answers(page)
    _eventually(lambda: not _answers(api))
