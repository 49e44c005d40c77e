"""What the provider's services work with, put together once a host."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from attibooks_core.documents import Documents
from attibooks_core.protocols import Clock, HostServices
from attibooks_stripe_billing.accounts import Accounts
from attibooks_stripe_billing.catalogue import Catalogue
from attibooks_stripe_billing.gateway import StripeGateway
from attibooks_stripe_billing.settings import StripeSettings


@dataclass(frozen=True, slots=True)
class Parts:
    """The tools."""

    documents: Documents
    clock: Clock
    settings: StripeSettings
    gateway: StripeGateway
    catalogue: Catalogue
    accounts: Accounts

    @classmethod
    def assemble(cls, host: HostServices, settings: StripeSettings) -> Self:
        """Build them; nothing is asked of anybody."""
        documents, clock = host.documents("stripe"), host.clock
        gateway = StripeGateway(host, settings)
        catalogue = Catalogue(documents, gateway, settings, clock)
        accounts = Accounts(documents, gateway, catalogue, clock, timedelta(days=settings.past_due_grace_days))
        return cls(documents, clock, settings, gateway, catalogue, accounts)
