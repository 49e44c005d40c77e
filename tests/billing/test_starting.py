"""A host that cannot bill refuses to start and says how to mend it."""

import subprocess
import sys

import pytest

BASE = {"PATH": "/usr/bin:/bin", "ATTIBOOKS_ATTIO__APP_SECRETS": '{"k": "s"}', "ATTIBOOKS_LOG_FORMAT": "json"}
PRODUCTION = {
    "ATTIBOOKS_MODE": "production",
    "ATTIBOOKS_PUBLIC_URL": "https://books.example",
    "ATTIBOOKS_ENCRYPTION_KEYS": '["k:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]',
    "ATTIBOOKS_ATTIO__CLIENT_ID": "client",
}


def start(tmp_path, **environment):
    return subprocess.run(
        [sys.executable, "-m", "attibooks_core", "serve", "--port", "0"],
        env={**BASE, "HOME": str(tmp_path), **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, ["ATTIBOOKS_STRIPE__API_KEY", "ATTIBOOKS_BILLING=none"]),
        ({"ATTIBOOKS_STRIPE__API_KEY": "pk_test_123"}, ["ATTIBOOKS_STRIPE__API_KEY", "publishable"]),
        ({"ATTIBOOKS_STRIPE__API_URL": "http://stripe.example"}, ["ATTIBOOKS_STRIPE__API_URL", "https"]),
        ({"ATTIBOOKS_STRIPE__WEBHOOK_SECRETS": "whsec_1"}, ["ATTIBOOKS_STRIPE__WEBHOOK_SECRETS", "JSON list"]),
        ({"ATTIBOOKS_BILLING": "paddle"}, ["paddle", "ATTIBOOKS_BILLING=none"]),
        ({**PRODUCTION, "ATTIBOOKS_STRIPE__API_KEY": "sk_test_123"}, ["test key", "ATTIBOOKS_STRIPE__LIVEMODE=false"]),
    ],
)
def test_it_does_not_start_and_says_why_in_one_line(tmp_path, environment, said):
    ended = start(tmp_path, **environment)
    assert ended.returncode == 1
    assert all(word in ended.stderr for word in said), ended.stderr
    assert "Traceback" not in ended.stderr
    assert "whsec_1" not in ended.stderr
