"""Finds the page that a browser asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from attibooks_sandbox.kernel.messages import Request, Response
from attibooks_sandbox.kernel.routing import Router
from attibooks_sandbox.stripe.calls.payment_methods import new_method
from attibooks_sandbox.stripe.cards import check_iban, check_number
from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.errors import Refused, StripeError
from attibooks_sandbox.stripe.model import PaymentMethod
from attibooks_sandbox.stripe.pages.html import notice

if TYPE_CHECKING:
    from attibooks_sandbox.stripe.service import StripeService

Form = dict[str, str]


class Visit(msgspec.Struct, frozen=True):
    """A browser's call: the form that it sends, and the desk to write at."""

    desk: Desk
    form: Form
    posted: bool

    def method(self) -> PaymentMethod | Refused:
        """Return the card or account that was typed in."""
        if self.form.get("method") == "sepa_debit":
            kind, number = "sepa_debit", check_iban(self.form.get("iban", ""))
        else:
            kind, number = "card", check_number(self.form.get("number", ""))
        return number if isinstance(number, Refused) else new_method(self.desk, kind, number)


class Pages:
    """Answers what is no call of the API."""

    def __init__(self, service: StripeService) -> None:
        """Show the account of a service."""
        from attibooks_sandbox.stripe.pages import checkout, invoice, portal  # noqa: PLC0415 - they need Visit

        self._service = service
        self._router: Router[Callable[..., Response]] = Router()
        for path, show in {**checkout.PAGES, **portal.PAGES, **invoice.PAGES}.items():
            for method in ("GET", "POST"):
                self._router.add(method, path, show)

    def handle(self, request: Request) -> Response:
        """Answer a browser."""
        found = self._router.find(request.method, request.segments)
        if found is None:
            return notice("There is nothing here", "No page of the Stripe sandbox has this address.")
        show, named = found
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        visit = Visit(Desk(self._service.state, self._service.now), form, request.method == "POST")
        try:
            return show(visit, **named)
        except StripeError as error:
            return notice("That did not work", str(error), 400)
