"""Plans of AttiBooks, sold with Stripe."""

from attibooks_stripe_billing.plugin import StripeBillingPlugin

plugin = StripeBillingPlugin()
"""What the entry point names."""

__all__ = ["StripeBillingPlugin", "plugin"]
