"""A reset of the sandbox under an open page; on a stage of its own, because ids begin anew and the host remembers."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_reset_brings_the_page_to_its_beginning(visitor):
    visitor.opens_record("Northwind Traders")
    visitor.box.reset()
    expect(visitor.crm.get_by_role("heading", name="Companies")).to_be_visible()
    expect(visitor.crm.get_by_text("Not connected")).to_be_visible()
