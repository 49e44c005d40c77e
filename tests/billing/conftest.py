"""A sandbox of its own for each test: what is bought in it, and its clock, are nobody else's."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attibooks_sandbox.testing import Sandbox
from tests.billing.shop import Shop
from tests.desk import Desk


@pytest.fixture
def shop(tmp_path: Path, database_kind: str, empty_database: Callable[[str, Path], dict[str, str]]) -> Iterator[Shop]:
    """A shop that is open, on each database."""
    with Sandbox() as box:
        box.limits(stripe=False)
        workspace, stripe = box.workspace, box.world["stripe"]
        environment = {
            "ATTIBOOKS_BILLING": "stripe",
            "ATTIBOOKS_LOG_FORMAT": "json",
            "ATTIBOOKS_ATTIO__API_URL": box.attio_url,
            "ATTIBOOKS_ATTIO__CLIENT_ID": workspace["client_id"],
            "ATTIBOOKS_ATTIO__APP_SECRETS": json.dumps(workspace["app_secrets"]),
            "ATTIBOOKS_QUICKBOOKS__SANDBOX_API_URL": box.quickbooks_url("sandbox"),
            "ATTIBOOKS_QUICKBOOKS__PRODUCTION_API_URL": box.quickbooks_url("production"),
            "ATTIBOOKS_STRIPE__API_KEY": stripe["api_key"],
            "ATTIBOOKS_STRIPE__API_URL": box.stripe_url,
            **empty_database(database_kind, tmp_path),
        }
        opened = Shop.open(box, tmp_path, environment)
        yield opened
        opened.close()
        said = opened.host.text()
        assert "internal_error" not in said, said[-3000:]
        assert stripe["api_key"] not in said
        assert "whsec_" not in said
        assert "/p/session/" not in said, "a portal address opens without a password"


@pytest.fixture
def desk(shop: Shop) -> Iterator[Desk]:
    """A desk connected to real books: what is made there counts."""
    shop.box.limits(quickbooks=True, attio=True)
    made = Desk.open(shop.box, shop.host.url)
    yield made
    made.close()
