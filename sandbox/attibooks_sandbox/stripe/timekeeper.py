"""What happens by itself: renewals, ends, attempts to collect, expiries. In the order of time, each at its instant."""

from __future__ import annotations

from attibooks_sandbox.stripe.billing import UPDATED, Biller
from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.model import Invoice, Session, Subscription
from attibooks_sandbox.stripe.state import Due, StripeState, next_moment

MOST_STEPS = 100_000


class Timekeeper:
    """Lets time pass in an account."""

    def __init__(self, state: StripeState) -> None:
        """Keep the time of a state."""
        self._state = state

    def next_due(self) -> int | None:
        """Return when something is due next by the sandbox's own clock."""
        due = self._state.agenda.first(None)
        return None if due is None else due.at

    def catch_up(self, now: int, clock: str | None = None) -> bool:
        """Do what fell due until an instant by a clock, and tell whether that was anything."""
        agenda, done = self._state.agenda, 0
        while (due := agenda.first(clock)) is not None and due.at <= now and done < MOST_STEPS:
            agenda.take(clock)
            row = self._row(due)
            if row is not None and next_moment(row) == due.at:
                self._act(row, due.at)
                done += 1
        return done > 0

    def _row(self, due: Due) -> Subscription | Invoice | Session | None:
        tables = {
            "Subscription": self._state.subscriptions,
            "Invoice": self._state.invoices,
            "Session": self._state.sessions,
        }
        found: Subscription | Invoice | Session | None = tables[due.kind].get(due.id)  # type: ignore[attr-defined]
        return found

    def _act(self, row: Subscription | Invoice | Session, at: int) -> None:
        desk = Desk(self._state, at)
        if isinstance(row, Session):
            expire_session(desk, row)
        elif isinstance(row, Invoice):
            self._move_invoice(desk, row, at)
        else:
            move_subscription(desk, row, at)

    def _move_invoice(self, desk: Desk, row: Invoice, at: int) -> None:
        biller = Biller(desk)
        if row.finalizes_at == at:
            biller.attempt(biller.finalize(row))
        elif row.settles_at == at:
            came = biller.settle_debit(row)
            self._tell_session(desk, row, "succeeded" if came else "failed", paid=came)
        else:
            biller.attempt(row)

    def _tell_session(self, desk: Desk, row: Invoice, how: str, *, paid: bool) -> None:
        """Tell of the session whose debit has come to its end."""
        session = next((each for each in self._state.sessions.values() if each.invoice == row.id), None)
        if session is None:
            return
        if paid:
            session = desk.change(session, payment_status="paid")
        desk.announce(session, f"checkout.session.async_payment_{how}")


def expire_session(desk: Desk, session: Session) -> Session:
    """Close an open session unpaid."""
    return desk.change(session, "checkout.session.expired", status="expired")


def move_subscription(desk: Desk, row: Subscription, at: int) -> None:
    """Do what is due to a subscription: an end comes before a renewal."""
    biller = Biller(desk)
    if row.status == "incomplete":
        biller.expire(row)
    elif row.cancel_at is not None and row.cancel_at <= at:
        biller.end(row, row.cancellation)
    elif row.collection is not None and row.collection.resumes_at is not None and row.collection.resumes_at <= at:
        desk.change(row, UPDATED, collection=None)
    elif row.status == "trialing" and row.end > at:
        desk.announce(desk.change(row, warned=True), "customer.subscription.trial_will_end")
    elif row.status == "trialing":
        biller.end_trial(row)
    else:
        biller.renew(row)
