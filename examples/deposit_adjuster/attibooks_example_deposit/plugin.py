"""What the host loads: this module is the plugin."""

from collections.abc import Iterable

from attibooks_core.hookspecs import hookimpl
from attibooks_core.protocols import DraftAdjuster
from attibooks_core.settings import SettingsField
from attibooks_example_deposit.adjuster import DepositAdjuster
from attibooks_example_deposit.settings import FIELDS

attibooks_api = (1, 0)


@hookimpl
def register_draft_adjusters() -> Iterable[DraftAdjuster]:
    """Offer the adjuster; it needs nothing of the host, so it does not take it."""
    return [DepositAdjuster()]


@hookimpl
def register_settings_fields() -> Iterable[SettingsField]:
    """Declare the share that a workspace asks for."""
    return FIELDS
