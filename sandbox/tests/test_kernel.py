"""The kernel by itself: server, JSON, clock, identifiers, throttles, router, the log's bounds."""

import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from attibooks_sandbox.attio.rates import SecondlyRates
from attibooks_sandbox.kernel.calls import CallLog, masked
from attibooks_sandbox.kernel.clock import Clock, http_date
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.jsonio import MalformedJsonError, read_json, write_json
from attibooks_sandbox.kernel.messages import Request
from attibooks_sandbox.kernel.routing import Router
from attibooks_sandbox.kernel.server import LARGEST_BODY
from attibooks_sandbox.kernel.throttle import Gate, SlidingWindow
from attibooks_sandbox.testing import Sandbox


def test_json_keeps_digits():
    assert read_json(b'{"a":1.10,"b":2}') == {"a": Decimal("1.10"), "b": 2}
    assert (
        write_json({"a": Decimal("100.00"), "b": Decimal("4.5"), "c": "é"}) == '{"a":100.00,"b":4.5,"c":"é"}'.encode()
    )


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"NaN", b"[" * 5000, b'{"a":1}{"b":2}'])
def test_malformed_json(raw):
    with pytest.raises(MalformedJsonError):
        read_json(raw)


def test_clock_runs_shifted_stands_still_and_moves_on():
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    clock.shift(timedelta(hours=1))
    assert clock.now() - datetime.now(UTC) > timedelta(minutes=59)
    instant = datetime(2026, 11, 23, tzinfo=UTC)
    clock.freeze(instant)
    clock.advance(timedelta(seconds=5))
    assert clock.now() == instant + timedelta(seconds=5)
    clock.reset()
    clock.advance(timedelta(days=1))
    assert clock.now() - datetime.now(UTC) > timedelta(hours=23)


def test_http_dates():
    assert http_date(1795425302) == "Mon, 23 Nov 2026 09:15:02 GMT"


def test_identifiers_repeat_by_seed():
    one, two = Ids("a"), Ids("a")
    assert [one.uuid(), one.hex(24), one.digits(16), one.chance()] == [
        two.uuid(),
        two.hex(24),
        two.digits(16),
        two.chance(),
    ]
    assert Ids("a").uuid() != Ids("b").uuid()


def test_router_keeps_encoded_slashes_inside_a_part():
    router: Router[str] = Router()
    router.add("GET", "/a/{name}", "found")
    router.add("GET", "/a/b", "never")
    request = Request("GET", "/a/x%2Fy", "", {}, b"")
    assert router.find("GET", request.segments) == ("found", {"name": "x/y"})
    assert router.find("GET", ("a", "")) is None
    assert router.find("POST", ("a", "b")) is None
    assert router.find("GET", ("c",)) is None


def test_query_parameters():
    assert Request("GET", "/", "a=1&b=&a=2&c=%2B+x", {}, b"").query == {"a": "2", "b": "", "c": "+ x"}


def test_windows_and_gates():
    now = [0.0]
    window = SlidingWindow(2, 60, lambda: now[0])
    assert [window.admit() for _ in range(3)] == [True, True, False]
    now[0] = 60.1
    assert window.admit()
    gate = Gate(1)
    assert (gate.enter(), gate.enter()) == (True, False)
    gate.leave()
    assert gate.enter()


def test_attio_counts_by_the_second_and_workspace():
    now = [1000.0]
    rates = SecondlyRates(lambda: now[0])
    assert [rates.admit("w", write=True) for _ in range(26)].count(True) == 25
    assert rates.admit("w", write=False)
    assert rates.admit("other", write=True)
    now[0] = 1001.0
    assert rates.admit("w", write=True)


def test_the_log_forgets_the_oldest_but_counts_all():
    log = CallLog(keep=3)
    for _ in range(5):
        log.open(
            Request("GET", "/", "", {}, b"x" * 100_000), at=datetime.now(UTC), service="attio", kind="read", place={}
        )
    kept = log.select()
    assert [call.number for call in kept] == [3, 4, 5]
    assert len(kept[0].request_body) == 16_384
    assert log.counts() == {"attio": {"read": 5}}
    assert masked({"authorization": "Bearer x", "cookie": "y", "accept": "z"}) == {
        "authorization": "Bearer ***",
        "cookie": "***",
        "accept": "z",
    }


def test_attios_real_rates_over_http(http):
    with Sandbox(attio_openapi=Path(__file__).parent / "attio-openapi.json") as box:
        token = box.workspace["token"]
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{box.attio_url}/v2/objects/projects/records"
        time.sleep(1.02 - time.time() % 1)
        statuses = [http.post(url, json={"data": {"values": {}}}, headers=headers).status_code for _ in range(30)]
        assert statuses[:25] == [200] * 25
        assert 429 in statuses[25:]
        refused = [call for call in box.calls("attio", "write") if call["status"] == 429]
        assert "rate_limit_exceeded" in refused[0]["response_body"]
        assert box.violations == []


def raw(box, *chunks, wait=0.0):
    with socket.create_connection(("127.0.0.1", box.port), timeout=5) as plug:
        for chunk in chunks:
            plug.sendall(chunk)
            time.sleep(wait)
        plug.shutdown(socket.SHUT_WR)
        received = b""
        while data := plug.recv(65536):
            received += data
        return received


GET = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"


def test_pipelined_requests_are_answered_in_order(box, books):
    box.faults.add("quickbooks", "slow", seconds=0.1)
    slow = f"GET /quickbooks/sandbox/v3/company/{books.realm}/customer/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {books.token}\r\nAccept: application/json\r\n\r\n"
    with socket.create_connection(("127.0.0.1", box.port), timeout=5) as plug:
        plug.sendall(slow.encode() + GET)
        received = b""
        while b"nothing is served" not in received:
            received += plug.recv(65536)
    assert received.index(b'"Customer"') < received.index(b"nothing is served")
    assert received.count(b"HTTP/1.1 ") == 2


def test_bodies_in_chunks_and_slowly(box):
    token = box.workspace["token"]
    head = f"POST /attio/v2/objects/companies/records/query HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    chunked = f"{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode()
    received = raw(box, chunked, b'9\r\n{"limit":\r\n', b"2\r\n1}\r\n", b"0\r\n\r\n", wait=0.02)
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close" in received


def test_expect_continue(box):
    received = raw(
        box,
        b"POST /control/reset HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
        b"{}",
        wait=0.05,
    )
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_what_is_no_http_is_refused(box):
    assert raw(box, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 Bad Request")


def test_huge_bodies_are_refused(box, http):
    answer = http.post(f"{box.url}/control/reset", content=b" " * (LARGEST_BODY + 1))
    assert answer.status_code == 413


def test_head_has_no_body(box, http):
    assert http.head(f"{box.url}/control/world").content == b""


def test_many_connections_at_once(box):
    plugs = [socket.create_connection(("127.0.0.1", box.port), timeout=5) for _ in range(100)]
    for plug in plugs:
        plug.sendall(GET)
    assert all(plug.recv(100).startswith(b"HTTP/1.1 404") for plug in plugs)
    for plug in plugs:
        plug.close()


def test_a_sandbox_stops_with_clients_connected():
    with Sandbox() as box:
        client = httpx.Client(verify=False)
        assert client.get(f"{box.url}/control/world").status_code == 200
    with pytest.raises(httpx.HTTPError):
        client.get(f"{box.url}/control/world")
    client.close()


def test_two_sandboxes_side_by_side(http):
    with Sandbox(seed=1) as one, Sandbox(seed=2) as two:
        assert one.port != two.port
        assert http.get(f"{one.url}/control/world").json()["seed"] == 1
        assert http.get(f"{two.url}/control/world").json()["seed"] == 2


def test_the_command_serves_until_it_is_ended():
    command = [
        sys.executable,
        "-m",
        "attibooks_sandbox",
        "--port",
        "0",
        "--seed",
        "3",
        "--size",
        "small",
        "--no-limits",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        first = process.stdout.readline().strip()
        assert first.endswith("/attio")
        with httpx.Client(verify=False) as client:
            assert client.get(f"{first.removesuffix('/attio')}/control/world").json()["seed"] == 3
    finally:
        process.terminate()
        assert process.wait(5) == 0
        process.stdout.close()


def test_a_taken_port_is_told():
    with Sandbox() as box:
        command = [sys.executable, "-m", "attibooks_sandbox", "--port", str(box.port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 1
    assert "cannot open" in done.stdout
