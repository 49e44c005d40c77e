"""The whole product on loopback: a sandbox, hosts in processes of their own, a desk to work at."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from attibooks_sandbox.testing import Sandbox
from tests.desk import Desk
from tests.host_process import HostProcess

OPENAPI = Path(__file__).parent.parent / "sandbox" / "tests" / "attio-openapi.json"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each kill test runs as often as `--kill-rounds` says."""
    if "kill_round" in metafunc.fixturenames:
        metafunc.parametrize("kill_round", range(metafunc.config.getoption("--kill-rounds")))


@pytest.fixture(scope="session")
def box() -> Iterator[Sandbox]:
    """Attio and QuickBooks; every answer of Attio is checked against its OpenAPI document."""
    yield from checked_sandbox()


def checked_sandbox() -> Iterator[Sandbox]:
    """A sandbox in which Attio has to keep to its document."""
    with Sandbox(attio_openapi=OPENAPI) as running:
        yield running
        assert running.violations == []


@pytest.fixture(scope="session")
def host_environment(box: Sandbox) -> dict[str, str]:
    """What a host needs to know of the sandbox."""
    return environment_of(box)


def environment_of(box: Sandbox) -> dict[str, str]:
    """What a host needs to know of a sandbox."""
    workspace = box.workspace
    return {
        "ATTIBOOKS_BILLING": "none",
        "ATTIBOOKS_LOG_FORMAT": "json",
        "ATTIBOOKS_CRON_SECRET": "a secret of the scheduler",
        "ATTIBOOKS_ATTIO__API_URL": box.attio_url,
        "ATTIBOOKS_ATTIO__CLIENT_ID": workspace["client_id"],
        "ATTIBOOKS_ATTIO__APP_SECRETS": json.dumps(workspace["app_secrets"]),
        "ATTIBOOKS_QUICKBOOKS__SANDBOX_API_URL": box.quickbooks_url("sandbox"),
        "ATTIBOOKS_QUICKBOOKS__PRODUCTION_API_URL": box.quickbooks_url("production"),
        "ATTIBOOKS_QUICKBOOKS__WEBHOOK_VERIFIER_TOKENS": json.dumps(
            {"production": [box.world["quickbooks"]["webhook_verifier_token"]], "sandbox": ["another-token"]}
        ),
    }


@pytest.fixture(scope="session")
def empty_database(
    request: pytest.FixtureRequest, template_database: Callable[[str], str]
) -> Callable[[str, Path], dict[str, str]]:
    """Makes the database of a host, migrated, and gives the setting that names it."""

    def make(kind: str, folder: Path) -> dict[str, str]:
        template = make_url(template_database(kind))
        if kind == "sqlite":
            file = folder / "attibooks.db"
            shutil.copyfile(str(template.database), file)
            return {"ATTIBOOKS_DATABASE_URL": f"sqlite:///{file}"}
        socket_folder = request.getfixturevalue("postgres_folder")
        name = f"host_{uuid4().hex[:12]}"
        with psycopg.connect(f"postgresql://postgres@/postgres?host={socket_folder}", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template.database}")
        return {"ATTIBOOKS_DATABASE_URL": f"postgresql://postgres@/{name}?host={socket_folder}"}

    return make


def served_on_each_database(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    host_environment: dict[str, str],
    empty_database: Callable[[str, Path], dict[str, str]],
) -> Iterator[HostProcess]:
    """A host on each database, shared by the tests: each works on records of its own, and none may make it stumble."""
    folder = tmp_path_factory.mktemp(f"host-{request.param}")
    with HostProcess(folder, {**host_environment, **empty_database(request.param, folder)}) as running:
        yield running
        assert "internal_error" not in running.text(), running.text()[-3000:]


DATABASES = ["sqlite", "postgresql"]
host = pytest.fixture(scope="session", params=DATABASES, name="host")(served_on_each_database)


@pytest.fixture
def desk(box: Sandbox, host: HostProcess) -> Iterator[Desk]:
    """A desk in the first workspace, connected to the US company's real books, with calls of a new minute to spend."""
    box.limits(quickbooks=True, attio=True)
    made = Desk.open(box, host.url)
    yield made
    made.close()
    box.faults.clear()


@pytest.fixture
def desk_in(box: Sandbox, host: HostProcess) -> Iterator[Callable[..., Desk]]:
    """Opens desks in other companies: `desk_in("GB")`, `desk_in("US", multicurrency=True)`."""

    desks: list[Desk] = []
    box.limits(quickbooks=True, attio=True)

    def make(country: str, environment: str = "sandbox", **more: Any) -> Desk:
        desks.append(Desk.open(box, host.url, country=country, environment=environment, **more))
        return desks[-1]

    yield make
    for made in desks:
        made.close()
    box.faults.clear()
