"""The stage of the demo: its ports, its host, and what it says when something is in the way."""

import socket

import pytest

from attibooks_sandbox.demo import stage as module
from attibooks_sandbox.demo.stage import DemoError, HostProgram, PortTakenError, Stage, free_port


@pytest.fixture
def taken():
    """A port at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class Host(HostProgram):
    """A host that only says that it started."""

    def start(self):
        self.log.write_text("started\n")

    def wait_until_ready(self, tick):
        tick()


@pytest.fixture
def hosts(monkeypatch):
    monkeypatch.setattr(module, "HostProgram", Host)


def test_the_next_free_port_is_taken(taken):
    assert taken < free_port(taken) < taken + module.PORTS_TRIED


def test_when_all_ports_are_taken_the_demo_says_what_to_do(taken, monkeypatch):
    monkeypatch.setattr(module, "PORTS_TRIED", 1)
    with pytest.raises(DemoError, match=f"All ports from {taken} to {taken} are taken. End what listens there."):
        free_port(taken)


def test_a_port_that_is_lost_to_somebody_else_is_replaced(hosts, taken, monkeypatch):
    free, offered = module.free_port, [taken, taken]
    monkeypatch.setattr(module, "free_port", lambda first=0: offered.pop() if offered else free(first))
    with Stage(fixed_ports=False) as stage:
        assert stage.sandbox.port != taken
        assert stage.sandbox.app.host_url == stage.host.url


def test_a_sandbox_without_any_port_names_the_port(hosts, taken, monkeypatch):
    monkeypatch.setattr(module, "free_port", lambda _=0: taken)
    with pytest.raises(PortTakenError, match=f"The sandbox cannot listen at port {taken}: Address already in use"):
        Stage(fixed_ports=False).__enter__()


@pytest.mark.parametrize(
    ("said", "kind"),
    [("[Errno 98] error while attempting to bind: Address already in use", PortTakenError), ("No secret.", DemoError)],
)
def test_a_host_that_does_not_start_is_quoted(tmp_path, said, kind):
    host = HostProgram(tmp_path, 1, {})
    host.log.write_text(f"{said}\n")
    with pytest.raises(DemoError, match=r"^The host did not start") as caught:
        host.wait_until_ready(lambda: None)
    assert type(caught.value) is kind
    assert str(caught.value).endswith(said)


def test_a_refused_button_ends_the_demo_with_the_words_of_the_app(hosts):
    with Stage(fixed_ports=False) as stage:
        path = f"/ui/api/app/{stage.workspace}/status"
        with pytest.raises(DemoError, match=r"^Not connected: QuickBooks is not connected in this workspace"):
            stage.press(path)
        with pytest.raises(DemoError, match=r"^There is no workspace with id nowhere"):
            stage.ask("GET", "/ui/api/app/nowhere")


def test_a_command_of_the_host_that_fails_says_what_it_said(tmp_path):
    host = HostProgram(tmp_path, 1, {})
    with pytest.raises(DemoError, match=r"`attibooks no-such-command` failed. (?s:.*)No such command"):
        host.run("no-such-command")
