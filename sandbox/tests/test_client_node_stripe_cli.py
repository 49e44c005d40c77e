"""Stripe's own command line, from npm: its triggers, its fixtures and its plain calls (reference: Stripe billing, §4.3)."""

import json
import os
import subprocess
from pathlib import Path

import pytest

BINARY = Path(__file__).parent / "node" / "node_modules" / "@stripe" / "cli-linux-x64" / "bin" / "stripe"
SUBSCRIBE = (
    "--override", "checkout_session:mode=subscription", "--override", "price:recurring[interval]=month",
    "--remove", "checkout_session:payment_intent_data",
)  # fmt: skip


@pytest.fixture
def stripe_cli(run_node, account, tmp_path):
    """`stripe_cli("get", "/v1/customers")` gives what the command printed; a failure fails the test."""
    if not BINARY.exists():
        pytest.skip(
            "npm has Stripe's command line for Linux on x86-64 only in our lock file, and this machine is another"
        )
    base = f"http://127.0.0.1:{account.box.port}"

    def called(*arguments):
        done = subprocess.run(
            [BINARY, *arguments, "--api-base", base, "--api-key", account.key],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
                "STRIPE_NO_AUTO_UPDATE": "1",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return called


@pytest.mark.parametrize(
    ("trigger", "event", "status"),
    [
        ("customer.subscription.created", "customer.subscription.created", "active"),
        ("customer.subscription.updated", "customer.subscription.updated", "active"),
        ("customer.subscription.deleted", "customer.subscription.deleted", "canceled"),
        ("customer.subscription.paused", "customer.subscription.paused", "paused"),
        ("customer.subscription.trial_will_end", "customer.subscription.trial_will_end", "trialing"),
        ("subscription.payment_succeeded", "invoice.payment_succeeded", "active"),
        ("subscription.payment_failed", "invoice.payment_failed", "incomplete"),
    ],
)
def test_stripes_command_line_triggers_an_event(account, stripe_cli, trigger, event, status):
    stripe_cli("trigger", trigger)
    assert event in account.told()
    assert [row.status for row in account.v1.subscriptions.list({"status": "all"}).data] == [status]


def test_stripes_command_line_overrides_metadata(account, stripe_cli):
    stripe_cli("trigger", "customer.subscription.created", "--override", "subscription:metadata.attio_workspace_id=w1")
    assert account.v1.subscriptions.list().data[0].metadata.to_dict() == {"attio_workspace_id": "w1"}


def test_stripes_command_line_pays_a_checkout_session(account, stripe_cli):
    stripe_cli("trigger", "checkout.session.completed", *SUBSCRIBE)
    session = account.v1.checkout.sessions.list().data[0]
    assert (session.status, session.payment_status, session.amount_total) == ("complete", "paid", 3000)
    assert account.v1.subscriptions.retrieve(session.subscription).status == "active"
    assert account.v1.customers.retrieve(session.customer).email == "stripe@example.com"


def test_stripes_command_line_expires_a_checkout_session(account, stripe_cli):
    stripe_cli("trigger", "checkout.session.expired", *SUBSCRIBE[:4])
    assert account.told("checkout.session.expired") == ["checkout.session.expired"]


def test_stripes_command_line_runs_fixtures_of_our_own(account, stripe_cli, tmp_path):
    steps = [
        ("customer", "/v1/customers", {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}),
        ("product", "/v1/products", {"name": "AttiBooks Pro"}),
        ("price", "/v1/prices", {"product": "${product:id}", "currency": "eur", "unit_amount": 3900, "recurring": {"interval": "month"}, "lookup_key": "pro"}),
        ("subscription", "/v1/subscriptions", {"customer": "${customer:id}", "items": [{"price": "${price:id}"}]}),
        ("update", "/v1/subscriptions/${subscription:id}", {"cancel_at_period_end": True}),
    ]  # fmt: skip
    fixtures = [{"name": name, "path": path, "method": "post", "params": params} for name, path, params in steps]
    file = tmp_path / "fixtures.json"
    file.write_text(json.dumps({"_meta": {"template_version": 0}, "fixtures": fixtures}))
    stripe_cli("fixtures", str(file))
    row = account.v1.subscriptions.list().data[0]
    assert (row.status, row.cancel_at_period_end, row.items.data[0].price.lookup_key) == ("active", True, "pro")


def test_stripes_command_line_reads_and_writes(account, stripe_cli):
    made = json.loads(stripe_cli("post", "/v1/customers", "-d", "name=Acme", "-d", "metadata[a]=1"))
    assert json.loads(stripe_cli("get", f"/v1/customers/{made['id']}"))["metadata"] == {"a": "1"}
    listed = json.loads(stripe_cli("get", "/v1/customers", "--limit", "1"))
    assert [row["id"] for row in listed["data"]] == [made["id"]]
