"""The pages of the authorize address: plain forms, for keyboards and without scripts; marked as the sandbox's own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import urlsplit

from attibooks_sandbox.kernel.messages import Headers, Response
from attibooks_sandbox.quickbooks.model import Profile
from attibooks_sandbox.quickbooks.oauth.grants import ACCOUNTING, PAYMENT

_MEANINGS = {
    ACCOUNTING: "See and change the company's accounting data",
    PAYMENT: "Process payments",
    "openid": "Know who you are",
    "profile": "See your name",
    "email": "See your email address",
    "phone": "See your phone number",
    "address": "See your address",
}

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


@cache
def _template() -> Template:
    return Template((files(__package__) / "consent.html").read_text(encoding="utf-8"))


def consent_page(client_id: str, scopes: Iterable[str], companies: list[Profile], redirect_uri: str) -> Response:
    """Return the page that asks for consent, with a choice of company if there is one to make."""
    wishes = "".join(f"<li>{escape(_MEANINGS.get(scope, scope))}</li>" for scope in scopes)
    content = (
        '<span class="mark">QuickBooks sandbox, on this machine</span>'
        "<h1>Connect an app</h1>"
        f"<p>The app with the client id <code>{escape(client_id)}</code> asks to:</p><ul>{wishes}</ul>"
        f'<form method="post">{_choice(companies)}'
        '<div class="acts"><button class="go" name="decision" value="connect">Connect</button>'
        '<button name="decision" value="cancel" formnovalidate>Cancel</button></div></form>'
    )
    target = urlsplit(redirect_uri)
    return _page(200, "Connect an app", content, f"'self' {target.scheme}://{target.netloc}")


def _choice(companies: list[Profile]) -> str:
    if not companies:
        return ""
    return f"<fieldset><legend>Company</legend>{''.join(_radio(each) for each in companies)}</fieldset>"


def _radio(profile: Profile) -> str:
    kind = "sandbox company" if profile.environment == "sandbox" else "production company"
    return (
        f'<label><input type="radio" name="company" value="{profile.environment}:{escape(profile.realm)}" required>'
        f"<span>{escape(profile.name)}"
        f"<small>{profile.country}, {profile.currency} · {kind} {escape(profile.realm)}</small></span></label>"
    )


def refusal_page(sentence: str) -> Response:
    """Return the page for what cannot be answered at the app's own address, because that is not to be trusted."""
    content = (
        '<span class="mark bad">QuickBooks sandbox, on this machine</span>'
        f"<h1>The app cannot be connected</h1><p>{escape(sentence)}</p>"
    )
    return _page(400, "The app cannot be connected", content, "'none'")


def _page(status: int, title: str, content: str, form_targets: str) -> Response:
    policy = f"{_POLICY}; form-action {form_targets}"
    headers: Headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-cache, no-store"),
    ]
    return Response(status, _template().substitute(title=title, content=content).encode(), headers)
