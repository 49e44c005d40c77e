"""Fixtures for every suite of the checkout."""

pytest_plugins = ["attibooks_core.testing.plugin"]
