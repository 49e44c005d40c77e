"""The clients written for Node are the ones that the lock file names, and what they throw is seen."""

import json
from pathlib import Path

import pytest


def test_node_runs_the_clients_that_the_lock_file_names(run_node):
    locked = json.loads((Path(__file__).parent / "node" / "package.json").read_text())["dependencies"]
    assert run_node("versions", names=list(locked)) == locked


def test_what_a_node_script_throws_fails_the_test(run_node):
    with pytest.raises(AssertionError, match="names is not iterable"):
        run_node("versions")
