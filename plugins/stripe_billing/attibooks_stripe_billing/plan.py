"""What a customer's subscriptions grant: pure, and decided nowhere else (Stripe reference, entitlements)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from attibooks_core.model import Problem, Severity

WORKSPACE = "attio_workspace_id"
"""Metadata of everything that we make at Stripe."""

GRANTING = frozenset({"active", "trialing"})
ENDED = frozenset({"canceled", "incomplete_expired"})
KNOWN = frozenset({*GRANTING, *ENDED, "past_due", "paused", "unpaid", "incomplete"})
_RANKS = {"active": 6, "trialing": 6, "past_due": 4, "paused": 3, "unpaid": 3, "incomplete": 2}
_IN_GRACE = 5


@dataclass(frozen=True, slots=True)
class Offer:
    """What counts as Pro: a subscription with an item of one of these products, or of the price by its name.

    Not by the price's id: who subscribed earlier keeps an older price of the same product.
    """

    products: frozenset[str]
    lookup_key: str
    livemode: bool


@dataclass(frozen=True, slots=True)
class Subscription:
    """What we read of a subscription; instants are unix seconds.

    :param unpaid_since: when its oldest open invoice was made, where that was asked; else the last turn of a period
        tells when a payment failed.
    """

    id: str
    customer: str
    status: str
    created: int
    livemode: bool
    products: frozenset[str]
    lookup_keys: frozenset[str]
    workspace: str | None = None
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    period_start: int | None = None
    period_end: int | None = None
    unpaid_since: int | None = None

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Read one as the API shows it; amounts and currencies do not matter here."""
        items = list((body.get("items") or {}).get("data") or [])
        prices = [item.get("price") or {} for item in items]
        return cls(
            id=str(body["id"]),
            customer=id_of(body.get("customer")) or "",
            status=str(body.get("status")),
            created=int(body.get("created") or 0),
            livemode=body.get("livemode") is True,
            products=frozenset(filter(None, (id_of(p.get("product")) for p in prices))),
            lookup_keys=frozenset(filter(None, (p.get("lookup_key") for p in prices))),
            workspace=(body.get("metadata") or {}).get(WORKSPACE),
            cancel_at=body.get("cancel_at"),
            cancel_at_period_end=body.get("cancel_at_period_end") is True,
            period_start=max((i["current_period_start"] for i in items if i.get("current_period_start")), default=None),
            period_end=max((i["current_period_end"] for i in items if i.get("current_period_end")), default=None),
        )

    def is_of(self, offer: Offer) -> bool:
        """Whether it is about Pro at all."""
        is_ours = bool(self.products & offer.products) or offer.lookup_key in self.lookup_keys
        return is_ours and self.livemode is offer.livemode

    @property
    def ends(self) -> int | None:
        """When it was cancelled for: either field says so, depending on how (Stripe reference, cancellation shapes)."""
        return self.cancel_at or (self.period_end if self.cancel_at_period_end else None)

    def grace_until(self, now: datetime, grace: timedelta) -> int | None:
        """Until when a failed payment is forgiven."""
        if self.status != "past_due":
            return None
        begun = [t for t in (self.created, self.period_start, self.period_end) if t and t <= now.timestamp()]
        since = self.unpaid_since or max(begun, default=self.created)
        return since + int(grace.total_seconds())


@dataclass(frozen=True, slots=True)
class Plan:
    """What a workspace has, as last asked. Instants are unix seconds.

    :param status: of the subscription that counts; None without one.
    :param pro_until: it is cancelled for then.
    :param grace_until: a payment failed; Pro stays until then.
    :param paid_back: why Pro ended although the subscription goes on: `refunded` or `disputed`.
    :param is_double: another subscription grants Pro as well.
    :param asked_at: when Stripe began to be asked; the state is not older.
    """

    is_pro: bool = False
    status: str | None = None
    subscription: str | None = None
    created: int = 0
    pro_until: int | None = None
    grace_until: int | None = None
    paid_back: str | None = None
    is_double: bool = False
    asked_at: float = 0

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        """From its document; fields of other releases are passed over."""
        return cls(**{name: value[name] for name in cls.__slots__ if name in value})

    def plain(self) -> dict[str, Any]:
        """For its document."""
        return asdict(self)

    def without_money(self, why: str) -> "Plan":
        """The plan when the last payment was given back (product row 152)."""
        return replace(self, is_pro=False, paid_back=why)

    @property
    def is_open(self) -> bool:
        """Whether there is a subscription that can be managed: a second one must not be bought."""
        return self.status is not None and self.status not in ENDED

    def same_as(self, other: "Plan") -> bool:
        """Whether two readings of the subscriptions alone say the same."""
        mine, theirs = (replace(p, asked_at=0, grace_until=None, is_pro=False, paid_back=None) for p in (self, other))
        return mine == theirs

    def grants(self, now: datetime) -> bool:
        """Whether this is Pro now, with nobody asked.

        The end of a cancelled subscription is Stripe's to say: only when it could not be asked for a day after the
        end, it counts by itself.
        """
        at = now.timestamp()
        if not self.is_pro or (self.grace_until is not None and at >= self.grace_until):
            return False
        if self.pro_until is None or self.asked_at >= self.pro_until:
            return True
        return at < self.pro_until + timedelta(days=1).total_seconds()

    def is_due(self, now: datetime) -> bool:
        """Whether its time has run out since it was asked for."""
        ends = [end for end in (self.pro_until, self.grace_until) if end is not None]
        return any(self.asked_at < end <= now.timestamp() for end in ends)


def plan_of(subscriptions: Iterable[Subscription], now: datetime, *, offer: Offer, grace: timedelta) -> Plan:
    """What these subscriptions grant. Their order does not matter."""
    ours = [s for s in subscriptions if s.is_of(offer)]
    if not ours:
        return Plan()
    ranked = sorted(ours, key=lambda s: (_rank(s, now, grace), s.created, s.id), reverse=True)
    best = ranked[0]
    until = best.grace_until(now, grace)
    is_pro = _rank(best, now, grace) >= _IN_GRACE
    return Plan(
        is_pro=is_pro,
        status=best.status,
        subscription=best.id,
        created=best.created,
        pro_until=best.ends if best.status not in ENDED else None,
        grace_until=until,
        is_double=len([s for s in ranked if _rank(s, now, grace) >= _IN_GRACE]) > 1,
    )


def unknown_statuses(subscriptions: Sequence[Subscription]) -> list[str]:
    """Statuses that this release does not know: they grant nothing, and somebody should be told."""
    return sorted({s.status for s in subscriptions} - KNOWN)


def notice_of(plan: Plan, now: datetime) -> Problem | None:
    """What a user has to know of the plan, with the one next step; a warning while it is only the user's own wish."""
    if plan.paid_back:
        return _notice("paid_back", "The last payment was given back, so Pro has ended.", "see your invoices")
    if not plan.grants(now):
        return _NOTICES.get(plan.status or "")
    if plan.grace_until is not None:
        return _notice("past_due", f"The last payment failed. Pro stays on until {_day(plan.grace_until)}.", "pay")
    if plan.pro_until is not None:
        message = f"Pro is cancelled and ends on {_day(plan.pro_until)}."
        return _notice("cancelled", message, "keep it", severity="warning")
    return None


def _notice(code: str, message: str, step: str, severity: Severity = "error") -> Problem:
    return Problem("plan", code, message, f"Open Manage plan to {step}.", severity)


_FAILED = "The last payment failed, and Pro has ended."
_NOTICES = {
    "past_due": _notice("past_due", _FAILED, "pay and have it back"),
    "unpaid": _notice("unpaid", _FAILED, "pay and have it back"),
    "incomplete": _notice("incomplete", "The first payment is not finished.", "finish it"),
    "paused": _notice("paused", "The subscription is paused.", "resume it"),
}


def id_of(value: object) -> str | None:
    """The id of a thing, whether the API shows its id or the whole of it."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) and value else None


def _rank(subscription: Subscription, now: datetime, grace: timedelta) -> int:
    until = subscription.grace_until(now, grace)
    if until is not None and now.timestamp() < until:
        return _IN_GRACE
    return _RANKS.get(subscription.status, 0 if subscription.status in ENDED else 1)


def _day(seconds: int | None) -> str:
    return f"{datetime.fromtimestamp(seconds or 0, UTC):%Y-%m-%d}"
