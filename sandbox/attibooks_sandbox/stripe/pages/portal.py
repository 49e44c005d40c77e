"""The customer portal: cancel, stay, pause, another card, own details, invoices (reference: §2.5 and §2.8)."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import msgspec

from attibooks_sandbox.kernel.messages import Response
from attibooks_sandbox.stripe.billing import UPDATED, Biller
from attibooks_sandbox.stripe.calls.customers import ADDRESS
from attibooks_sandbox.stripe.calls.payment_methods import attached
from attibooks_sandbox.stripe.cancelling import cancel_later, stay
from attibooks_sandbox.stripe.cards import behaviour_of, refused_on_saving
from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.errors import Refused
from attibooks_sandbox.stripe.model import Cancellation, Customer, PaymentMethod, PortalSession, Subscription
from attibooks_sandbox.stripe.pages.html import (
    challenge,
    day,
    describe,
    each,
    error_box,
    field,
    money,
    notice,
    page,
    pay_with,
    seen_other,
)
from attibooks_sandbox.stripe.pages.service import Visit

UNUSED_LIFE, USED_LIFE = 300, 3_600
_REASONS = {
    "too_expensive": "It's too expensive",
    "missing_features": "I need more features",
    "switched_service": "I found an alternative",
    "unused": "I no longer need it",
    "customer_service": "Customer service was less than expected",
    "too_complex": "Ease of use was less than expected",
    "low_quality": "Quality was less than expected",
    "other": "Other reason",
}


class Guest(msgspec.Struct, frozen=True):
    """A customer in the portal."""

    visit: Visit
    session: PortalSession

    @property
    def desk(self) -> Desk:
        """Return the desk at the customer's time."""
        return self.visit.desk.by_clock_of(self.customer.test_clock)

    @property
    def customer(self) -> Customer:
        """Return the customer as of now."""
        return self.visit.desk.state.customers[self.session.customer]

    @property
    def home(self) -> str:
        """Return the address of the portal's first page."""
        return f"{self.visit.desk.state.base_url}/p/session/{self.session.secret}"

    def feature(self, name: str) -> dict[str, Any]:
        """Return what the configuration says of a feature."""
        found: Any = self.visit.desk.state.configurations[self.session.configuration].features[name]
        settings: dict[str, Any] = found
        return settings

    def subscription(self, identifier: str) -> Subscription | None:
        """Return a subscription of the customer that has not ended."""
        found = self.visit.desk.state.subscriptions.get(identifier)
        return found if found is not None and found.customer == self.customer.id and not found.over else None

    def subscriptions(self) -> list[Subscription]:
        """Return the customer's subscriptions that have not ended, the newest first."""
        rows = self.visit.desk.state.subscriptions_of(self.customer.id)
        return [row for row in reversed(rows) if not row.over]

    def after(self, kind: str, done: str) -> Response:
        """Go on after something was done: where the session's flow says, or to the first page."""
        flow: Any = self.session.flow
        if flow is None or flow["type"] != kind:
            return seen_other(self.home)
        how = flow["after_completion"]
        if how["type"] == "redirect":
            return seen_other(how["redirect"]["return_url"])
        if how["type"] == "hosted_confirmation":
            return page("Done", f"<p>{escape(how['hosted_confirmation']['custom_message'] or done)}</p>")
        return seen_other(self.home)


def guarded(show: Callable[..., Response]) -> Callable[..., Response]:
    """Return a page for whoever has an address of the portal that has not lapsed."""

    def shown(visit: Visit, secret: str, **named: str) -> Response:
        state, now = visit.desk.state, visit.desk.now
        session = state.portals.get(secret)
        if session is None or state.customers[session.customer].deleted:
            return notice("This link does not work", "Go back to the app and open the portal again.")
        lapsed = now > session.created + UNUSED_LIFE if session.used_at is None else now > session.used_at + USED_LIFE
        if lapsed:
            return _lapsed(visit, session)
        if session.used_at is None:
            session = msgspec.structs.replace(session, used_at=now)
            state.portals[secret] = session
        return show(Guest(visit, session), **named)

    return shown


def _lapsed(visit: Visit, session: PortalSession) -> Response:
    """Tell that a link has lapsed; where the session allows it, a button stands for the proof by e-mail."""
    after: Any = session.after_expiration
    until = None if after is None else after["customer_login"]["expires_at"]
    if after is None or (until is not None and visit.desk.now > until):
        return notice("This link has expired", "Go back to the app and open the portal again.", 410)
    if visit.posted and visit.form.get("verify") == "email":
        return enter(visit, session)
    content = (
        "<p>This link has expired. Verify your e-mail address to go on.</p>"
        '<form method="post"><div class="acts"><button class="go" name="verify" value="email">Verify by e-mail</button>'
        "</div></form>"
    )
    return page("This link has expired", content, status=410)


def enter(visit: Visit, session: PortalSession) -> Response:
    """Open a new session in the place of another."""
    state = visit.desk.state
    secret = f"test_{state.ids.alphanumeric(60)}"
    state.portals[secret] = msgspec.structs.replace(
        session, id=visit.desk.new_id("bps"), secret=secret, created=visit.desk.now, used_at=None, flow=None
    )
    return seen_other(f"{state.base_url}/p/session/{secret}")


# the first page


def home(guest: Guest) -> Response:
    """Show what the customer has; a flow leads to its own page first."""
    flow: Any = guest.session.flow
    if flow is not None and not _done(guest, flow):
        kind = flow["type"]
        if kind == "subscription_cancel":
            return cancel(guest, flow[kind]["subscription"])
        if kind == "subscription_pause":
            return pause(guest, flow[kind]["subscription"])
        return card(guest) if kind == "payment_method_update" else details(guest)
    back = guest.session.return_url
    content = (f'<p><a href="{escape(back)}">← Return</a></p>' if back else "") + (
        "".join(_subscription(guest, row) for row in guest.subscriptions()) or "<p>There is no subscription.</p>"
    )
    content += _methods(guest) + _information(guest) + _invoices(guest)
    return page("Manage your billing", content, targets=[back, guest.visit.desk.state.base_url])


def _done(guest: Guest, flow: dict[str, Any]) -> bool:
    """Tell whether the one thing of a flow needs doing no more."""
    kind = flow["type"]
    if kind not in {"subscription_cancel", "subscription_pause"}:
        return guest.visit.form.get("flow") == "done"
    row = guest.subscription(flow[kind]["subscription"])
    return row is None or (row.cancel_at is not None if kind == "subscription_cancel" else row.status == "paused")


def _subscription(guest: Guest, row: Subscription) -> str:
    state = guest.visit.desk.state
    item = row.items[0]
    price = state.prices[item.price]
    name = state.products[price.product].name
    amount = money(price.unit_amount * item.quantity, row.currency)
    return (
        f"<h2>{escape(name)}</h2><p>{amount} {each(price)}</p><p>{_standing(row)}</p>"
        f'<div class="acts">{_acts(guest, row)}</div>'
    )


def _standing(row: Subscription) -> str:
    if row.cancel_at is not None:
        return f"Your subscription will be canceled on {day(row.cancel_at)}."
    told = {
        "trialing": f"Your trial ends on {day(row.end)}.",
        "active": f"Your subscription renews on {day(row.end)}.",
        "past_due": "Your last payment failed. Update your payment method or pay the open invoice.",
        "unpaid": "Your subscription is unpaid.",
        "paused": "Your subscription is paused.",
        "incomplete": "Your first payment is not complete.",
    }
    return told[row.status]


def _acts(guest: Guest, row: Subscription) -> str:
    at = f"{guest.home}/subscriptions/{row.id}"
    acts = []
    if row.cancel_at is not None:
        acts.append(_button(f"{at}/stay", "Don't cancel subscription"))
    elif guest.feature("subscription_cancel")["enabled"]:
        acts.append(f'<a class="button" href="{at}/cancel">Cancel subscription</a>')
    if guest.feature("subscription_pause")["enabled"] and row.flexible:
        if row.status == "paused":
            acts.append(_button(f"{at}/resume", "Resume subscription"))
        elif row.status in {"active", "trialing"}:
            acts.append(f'<a class="button" href="{at}/pause">Pause subscription</a>')
    return "".join(acts)


def _button(address: str, text: str) -> str:
    return f'<form method="post" action="{escape(address)}"><button>{escape(text)}</button></form>'


def _methods(guest: Guest) -> str:
    state, customer = guest.visit.desk.state, guest.customer
    if not guest.feature("payment_method_update")["enabled"]:
        return ""
    held = [row for row in state.payment_methods.values() if row.customer == customer.id]
    used = {row.default_payment_method for row in guest.subscriptions()} | {customer.default_payment_method}
    lines = "".join(
        f"<tr><td>{describe(row)}</td><td>{'default' if row.id in used else ''}</td></tr>" for row in reversed(held)
    )
    return (
        f'<h2>Payment methods</h2><table>{lines}</table><div class="acts">'
        f'<a class="button" href="{guest.home}/card">Update payment method</a></div>'
    )


def _information(guest: Guest) -> str:
    customer = guest.customer
    if not guest.feature("customer_update")["enabled"]:
        return ""
    known = "<br>".join(escape(each) for each in (customer.name, customer.email) if each)
    return (
        f'<h2>Billing information</h2><p>{known}</p><div class="acts">'
        f'<a class="button" href="{guest.home}/details">Update information</a></div>'
    )


def _invoices(guest: Guest) -> str:
    if not guest.feature("invoice_history")["enabled"]:
        return ""
    state = guest.visit.desk.state
    rows = [
        row for row in state.invoices.values() if row.customer == guest.customer.id and row.finalized_at is not None
    ]
    lines = "".join(
        f'<tr><td><a href="{state.base_url}/i/{row.secret}">{day(row.created)}</a></td>'
        f"<td>{money(row.total, row.currency)}</td><td>{row.status}</td></tr>"
        for row in reversed(rows)
    )
    return f"<h2>Invoice history</h2><table>{lines}</table>"


# what can be done


def cancel(guest: Guest, subscription: str) -> Response:
    """Ask whether to cancel and why, or do it."""
    row, feature = guest.subscription(subscription), guest.feature("subscription_cancel")
    if row is None or not feature["enabled"] or row.cancel_at is not None:
        return seen_other(guest.home)
    reason = feature["cancellation_reason"]
    if not guest.visit.posted:
        return _cancel_form(guest, row, feature["mode"], reason["options"] if reason["enabled"] else [])
    form = guest.visit.form
    feedback = form.get("feedback") if form.get("feedback") in reason["options"] else None
    why = Cancellation("cancellation_requested", feedback, form.get("comment", "").strip() or None)
    if feature["mode"] == "immediately":
        Biller(guest.desk).end(row, why)
    else:
        cancel_later(guest.desk, row, row.end, why, flag=not row.flexible)
    return guest.after("subscription_cancel", "Your subscription has been canceled.")


def _cancel_form(guest: Guest, row: Subscription, mode: str, options: list[str]) -> Response:
    when = "at once" if mode == "immediately" else f"on {day(row.end)}"
    choices = "".join(
        f'<label class="choice"><input type="radio" name="feedback" value="{name}">{escape(_REASONS[name])}</label>'
        for name in _REASONS
        if name in options
    )
    comment = field("Anything else?", "comment") if options else ""
    asked = f"<fieldset><legend>Why do you cancel?</legend>{choices}</fieldset>{comment}" if options else ""
    content = (
        f"<p>Your subscription will be canceled {when}.</p>"
        f'<form method="post" action="{guest.home}/subscriptions/{row.id}/cancel">{asked}'
        '<div class="acts"><button class="go">Cancel subscription</button>'
        f'<a class="button" href="{guest.home}">Go back</a></div></form>'
    )
    return page("Cancel your subscription", content, targets=_targets(guest))


def _targets(guest: Guest) -> list[str | None]:
    """Return where the forms of a flow may lead to."""
    flow: Any = guest.session.flow
    redirect = None if flow is None else flow["after_completion"]["redirect"]
    return [guest.visit.desk.state.base_url, None if redirect is None else redirect["return_url"]]


def keep(guest: Guest, subscription: str) -> Response:
    """Take a planned end back."""
    row = guest.subscription(subscription)
    if guest.visit.posted and row is not None and row.cancel_at is not None:
        stay(guest.desk, row)
    return seen_other(guest.home)


def pause(guest: Guest, subscription: str) -> Response:
    """Ask whether to pause, or do it."""
    row = guest.subscription(subscription)
    allowed = guest.feature("subscription_pause")["enabled"] and row is not None and row.flexible
    if not allowed or row is None or row.status not in {"active", "trialing"}:
        return seen_other(guest.home)
    if guest.visit.posted:
        Biller(guest.desk).pause(row)
        return guest.after("subscription_pause", "Your subscription is paused.")
    content = (
        "<p>While it is paused you pay nothing and cannot use it.</p>"
        f'<form method="post" action="{guest.home}/subscriptions/{row.id}/pause"><div class="acts">'
        f'<button class="go">Pause subscription</button><a class="button" href="{guest.home}">Go back</a></div></form>'
    )
    return page("Pause your subscription", content, targets=_targets(guest))


def resume(guest: Guest, subscription: str) -> Response:
    """Go on after a pause."""
    row = guest.subscription(subscription)
    if guest.visit.posted and row is not None and row.status == "paused":
        Biller(guest.desk).resume(row)
    return seen_other(guest.home)


def card(guest: Guest) -> Response:
    """Ask for another card, or save it."""
    if not guest.feature("payment_method_update")["enabled"]:
        return seen_other(guest.home)
    if not guest.visit.posted:
        return _card_form(guest)
    method = guest.visit.method()
    refused = method if isinstance(method, Refused) else refused_on_saving(method)
    if isinstance(refused, Refused) or isinstance(method, Refused):
        return _card_form(guest, None if refused is None else refused.message)
    behaviour = behaviour_of(method.number)
    if behaviour is not None and behaviour.asks != "never":
        return seen_other(f"{guest.home}/authenticate/{method.id}")
    return _save(guest, method)


def _card_form(guest: Guest, message: str | None = None) -> Response:
    content = (
        f'{error_box(message)}<form method="post" action="{guest.home}/card">{pay_with(guest.visit.form, debit=False)}'
        '<div class="acts"><button class="go">Save payment method</button>'
        f'<a class="button" href="{guest.home}">Go back</a></div></form>'
    )
    return page("Update your payment method", content, targets=_targets(guest))


def authenticate(guest: Guest, method: str) -> Response:
    """Show what the bank asks before a card is saved, or take the answer."""
    held = guest.visit.desk.state.payment_methods.get(method)
    if held is None or held.customer is not None:
        return seen_other(guest.home)
    if not guest.visit.posted:
        return challenge("")
    if guest.visit.form.get("decision") != "pass":
        return _card_form(guest, "We are unable to authenticate your payment method.")
    return _save(guest, guest.desk.change(held, set_up=True))


def _save(guest: Guest, method: PaymentMethod) -> Response:
    """Make a card the default one; an open invoice is not paid by that (reference §3.9)."""
    desk = guest.desk
    attached(desk, method, guest.customer.id)
    desk.change(guest.customer, "customer.updated", default_payment_method=method.id)
    for row in guest.subscriptions():
        if row.default_payment_method is not None:
            desk.change(row, UPDATED, default_payment_method=method.id)
    return guest.after("payment_method_update", "Your payment method has been updated.")


def details(guest: Guest) -> Response:
    """Ask for the customer's own details, or save them."""
    feature, customer = guest.feature("customer_update"), guest.customer
    if not feature["enabled"]:
        return seen_other(guest.home)
    allowed, form = feature["allowed_updates"], guest.visit.form
    if guest.visit.posted:
        changes: dict[str, Any] = {
            name: form[name].strip() or None for name in ("email", "name", "phone") if name in allowed and name in form
        }
        if "address" in allowed:
            changes["address"] = {name: form.get(name, "").strip() or None for name in ADDRESS}
        guest.desk.change(customer, "customer.updated", changed=guest.visit.desk.now, **changes)
        return guest.after("customer_update", "Your information has been updated.")
    held = {"email": customer.email, "name": customer.name, "phone": customer.phone}
    fields = "".join(field(name.title(), name, held[name] or "") for name in held if name in allowed)
    if "address" in allowed:
        known = customer.address or {}
        fields += "".join(field(name.replace("_", " ").title(), name, known.get(name) or "") for name in ADDRESS)
    content = (
        f'<form method="post" action="{guest.home}/details">{fields}<div class="acts">'
        f'<button class="go">Save</button><a class="button" href="{guest.home}">Go back</a></div></form>'
    )
    return page("Update your information", content, targets=_targets(guest))


def login(visit: Visit, configuration: str) -> Response:
    """Ask for an e-mail address; the link that Stripe would mail is followed at once here."""
    state = visit.desk.state
    held = state.configurations.get(configuration)
    if held is None or not held.login_page:
        return notice("This page is not available", "The portal's login page is switched off.")
    email = visit.form.get("email", "").strip()
    found = next((row for row in state.customers.values() if row.email == email and not row.deleted), None)
    if visit.posted and email and found is not None:
        first = PortalSession(
            id="", created=0, secret="", customer=found.id, configuration=held.id, return_url=held.default_return_url
        )
        return enter(visit, first)
    message = "No customer has this e-mail address." if visit.posted else None
    form = field("E-mail", "email", email, kind="email", needed=True)
    content = (
        f'{error_box(message)}<form method="post">{form}<div class="acts"><button class="go">Send</button></div></form>'
    )
    return page("Log in to manage your billing", content)


_AT = "/p/session/{secret}"
PAGES: dict[str, Callable[..., Response]] = {
    _AT: guarded(home),
    f"{_AT}/card": guarded(card),
    f"{_AT}/details": guarded(details),
    f"{_AT}/authenticate/{{method}}": guarded(authenticate),
    f"{_AT}/subscriptions/{{subscription}}/cancel": guarded(cancel),
    f"{_AT}/subscriptions/{{subscription}}/stay": guarded(keep),
    f"{_AT}/subscriptions/{{subscription}}/pause": guarded(pause),
    f"{_AT}/subscriptions/{{subscription}}/resume": guarded(resume),
    "/p/login/{configuration}": login,
}
