"""What a plan allows, asked for by the feature's name; plan names are compared nowhere else. Pure."""

from attibooks_core.errors import PlanRequired
from attibooks_core.model import Entitlements

CUSTOM_MODE = "custom_mode"
INVOICE_OBJECT = "invoice_object"
TWO_WAY_SYNC = "two_way_sync"
FEATURES = frozenset({CUSTOM_MODE, INVOICE_OBJECT, TWO_WAY_SYNC})
"""The paid features."""

_NAMES = {
    CUSTOM_MODE: "Custom mode",
    INVOICE_OBJECT: "Storing invoices as records",
    TWO_WAY_SYNC: "Editing and voiding invoices",
}


def entitled(entitlements: Entitlements, feature: str) -> bool:
    """Whether the plan has a feature."""
    return feature in entitlements.features


def require(entitlements: Entitlements, feature: str) -> None:
    """Refuse what the plan has not.

    :raises PlanRequired: with the link to upgrade, when there is one.
    """
    if entitled(entitlements, feature):
        return
    link = f" Upgrade at {entitlements.upgrade_url} and try again." if entitlements.upgrade_url else " Upgrade first."
    message = f"{_NAMES.get(feature, feature)} is not part of the plan {entitlements.plan}.{link}"
    raise PlanRequired(message, details={"upgrade_url": entitlements.upgrade_url, "feature": feature})
