"""Pieces that the pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import urlsplit

from attibooks_sandbox.kernel.messages import Response
from attibooks_sandbox.stripe.cards import brand_of
from attibooks_sandbox.stripe.model import PaymentMethod, Price

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_WHOLE = frozenset({"bif", "clp", "jpy", "krw", "vnd", "xaf", "xof", "xpf"})
CARDS = (
    ("4242 4242 4242 4242", "succeeds"),
    ("4000 0025 0000 3155", "asks to authenticate once"),
    ("4000 0027 6000 3184", "asks to authenticate each time, at renewals too"),
    ("4000 0000 0000 0341", "can be saved, charges fail"),
    ("4000 0000 0000 0002", "is declined"),
    ("4000 0000 0000 9995", "has insufficient funds"),
)
ACCOUNTS = (
    ("DE89 3704 0044 0532 0130 00", "succeeds after three minutes"),
    ("DE62 3704 0044 0532 0130 01", "fails after three minutes"),
)


@cache
def _template() -> Template:
    return Template((files(__package__) / "page.html").read_text(encoding="utf-8"))


def page(title: str, content: str, *, status: int = 200, targets: Iterable[str | None] = ()) -> Response:
    """Return a page; `targets` are the addresses outside that its forms may lead to."""
    origins = [f"{urlsplit(each).scheme}://{urlsplit(each).netloc}" for each in targets if each]
    policy = f"{_POLICY}; form-action 'self' {' '.join(dict.fromkeys(origins))}".rstrip()
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-cache, no-store"),
    ]
    body = _template().substitute(title=escape(title), content=f"<h1>{escape(title)}</h1>{content}")
    return Response(status, body.encode(), headers)


def seen_other(address: str) -> Response:
    """Send the browser on after a form."""
    return Response(
        303, b"", [("Location", address), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")]
    )


def notice(title: str, sentence: str, status: int = 404) -> Response:
    """Return a page that only says something."""
    return page(title, f"<p>{escape(sentence)}</p>", status=status)


def money(amount: int, currency: str) -> str:
    """Return an amount as people read it."""
    digits = f"{amount:,}" if currency in _WHOLE else f"{amount / 100:,.2f}"
    return f"{currency.upper()} {digits}"


def each(price: Price) -> str:
    """Return how often a price is paid."""
    count = price.interval_count
    return f"per {price.interval}" if count == 1 else f"every {count} {price.interval}s"


def day(instant: int) -> str:
    """Return a day as people read it."""
    return f"{datetime.fromtimestamp(instant, UTC):%-d %B %Y}"


def describe(method: PaymentMethod) -> str:
    """Return a payment method as people read it."""
    kind = brand_of(method.number).title() if method.type == "card" else "SEPA debit"
    return f"{kind} ending in {method.number[-4:]}"


def field(label: str, name: str, value: str = "", *, kind: str = "text", hint: str = "", needed: bool = False) -> str:
    """Return a labelled input."""
    more = " required" if needed else ""
    small = f"<small>{escape(hint)}</small>" if hint else ""
    return (
        f'<label class="field"><span>{escape(label)}</span>'
        f'<input type="{kind}" name="{name}" value="{escape(value)}" autocomplete="off"{more}>{small}</label>'
    )


def error_box(message: str | None) -> str:
    """Return what went wrong, if anything did."""
    return f'<p class="error" role="alert">{escape(message)}</p>' if message else ""


def pay_with(given: Mapping[str, str], *, debit: bool) -> str:
    """Return the choice of card or debit; the numbers for tests are told on the page."""
    sepa = given.get("method") == "sepa_debit"
    choice = ""
    if debit:
        choice = (
            "<fieldset><legend>Pay with</legend>"
            f'<label class="choice"><input type="radio" name="method" value="card"{"" if sepa else " checked"}>'
            "Card</label>"
            f'<label class="choice"><input type="radio" name="method" value="sepa_debit"{" checked" if sepa else ""}>'
            "SEPA debit</label></fieldset>"
        )
    number = field(
        "Card number", "number", given.get("number", ""), hint="Expiry and security code are not asked for here."
    )
    parts = f'<div class="card">{number}{_numbers("Test cards", CARDS)}</div>'
    if debit:
        iban = field("IBAN", "iban", given.get("iban", ""))
        parts += f'<div class="sepa">{iban}{_numbers("Test accounts", ACCOUNTS)}</div>'
    return choice + parts


def _numbers(title: str, rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td><code>{number}</code></td><td>{what}</td></tr>" for number, what in rows)
    return f"<details><summary>{title}</summary><table>{cells}</table></details>"


def challenge(action: str, amount: str | None = None) -> Response:
    """Return the page on which a bank asks its customer to authenticate."""
    what = f"the payment of {amount}" if amount else "this card for later payments"
    content = (
        f"<p>Your bank asks you to confirm {escape(what)} (3-D Secure).</p>"
        f'<form method="post" action="{escape(action)}"><div class="acts">'
        '<button class="go" name="decision" value="pass">Complete authentication</button>'
        '<button name="decision" value="fail">Fail authentication</button></div></form>'
    )
    return page("Confirm it is you", content)
