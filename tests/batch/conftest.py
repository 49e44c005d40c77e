"""Hosts that kill themselves, as in the kill tests of a single create."""

from tests.kill.conftest import theatre

__all__ = ["theatre"]
