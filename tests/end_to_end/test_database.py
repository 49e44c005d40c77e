"""A database of one's own, from empty to served: what an operator of PostgreSQL does first."""

import os
import subprocess
import sys

import pytest

from attibooks_core.storage import schema
from tests.host_process import HostProcess


def test_a_host_asks_for_the_schema_and_the_command_makes_it(new_database, host_environment, tmp_path):
    environment = {**host_environment, "ATTIBOOKS_DATABASE_URL": new_database("postgresql")}
    with pytest.raises(AssertionError, match="Run `attibooks db upgrade`"):
        HostProcess(tmp_path, environment).start()

    def upgrade():
        command = [sys.executable, "-m", "attibooks_core", "db", "upgrade"]
        own = {"PATH": os.environ["PATH"], **environment}
        return subprocess.run(command, env=own, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert upgrade() == f"Upgraded from nothing to {schema.HEAD}.\n"
    assert upgrade() == f"Already at {schema.HEAD}.\n"
    with HostProcess(tmp_path, environment) as host:
        assert host.process.poll() is None


def test_on_sqlite_the_host_makes_its_schema_itself(new_database, host_environment, tmp_path):
    environment = {**host_environment, "ATTIBOOKS_DATABASE_URL": new_database("sqlite")}
    with HostProcess(tmp_path, environment) as host:
        assert host.process.poll() is None
