"""Stripe's part in the hooks: a billing provider, and the command that sets the account up."""

from collections.abc import Iterable

import click

from attibooks_core.hookspecs import hookimpl
from attibooks_core.protocols import BillingProvider, HostServices
from attibooks_stripe_billing.commands import stripe_commands
from attibooks_stripe_billing.provider import StripeBilling
from attibooks_stripe_billing.settings import StripeSettings


class StripeBillingPlugin:
    """The plugin."""

    attibooks_api = (1, 0)

    @hookimpl
    def register_billing_providers(self, host: HostServices) -> Iterable[BillingProvider]:
        """Offer the provider `stripe`; whether it can bill is checked when it is the one that is chosen."""
        return [StripeBilling(host, host.plugin_settings("stripe", StripeSettings))]

    @hookimpl
    def register_commands(self, cli: click.Group) -> None:
        """Add `attibooks stripe`."""
        cli.add_command(stripe_commands)
