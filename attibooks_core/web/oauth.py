"""Connecting a company through this host: `/oauth/{backend}/start` and `callback` (host vault, contract §3).

The state is sealed, so that nobody can make one, names the workspace, lasts ten minutes, is used once, and belongs to
the browser that began. What the browser says of the company is believed only once the company itself has confirmed it.
"""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath

from attibooks_core.capabilities import GrantingBackend
from attibooks_core.errors import AccountMismatch, AttiBooksError, ConfigurationError, NotFound
from attibooks_core.host import Host
from attibooks_core.logs import EventLog
from attibooks_core.model import Books
from attibooks_core.storage.vault import VaultError
from attibooks_core.web.html import HEADERS, html_page
from attibooks_core.web.problems import status_of

LASTS = timedelta(minutes=10)
COOKIE = "attibooks_oauth"
PURPOSE = "oauth"

_WORKSPACE = re.compile(r"[A-Za-z0-9_-]{1,100}")
_COMPANY = re.compile(r"[0-9]{1,30}")
_MOST_STATE = 4000
_MOST_CODE = 2000

log = EventLog(__name__)


class FlowState(msgspec.Struct, frozen=True, kw_only=True):
    """What travels to the authorization server and back, sealed.

    :param browser: SHA-256 of the cookie of the browser that began.
    :param verifier: PKCE's.
    """

    workspace_id: str
    books: Books
    nonce: str
    browser: str
    verifier: str
    issued_at: datetime


class FlowRefused(Exception):
    """The flow ends here; the sentences are for the user."""

    def __init__(self, status: int, *sentences: str) -> None:
        super().__init__(*sentences)
        self.status, self.sentences = status, sentences


@get("/oauth/{backend:str}/start", include_in_schema=False)
async def start(host: NamedDependency[Host], request: Request[Any, Any, Any], backend: FromPath[str]) -> Response[Any]:
    """Send the user to the authorization server."""
    _require_any(host, backend)
    try:
        workspace_id, books = await _wanted(host, backend, request.query_params.get("workspace", ""))
    except FlowRefused as refusal:
        return _refused(refusal)
    server = _server(host, books)
    browser, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    state = FlowState(
        workspace_id=workspace_id,
        books=books,
        nonce=secrets.token_hex(16),
        browser=_digest(browser),
        verifier=verifier,
        issued_at=host.clock.now(),
    )
    sealed = host.vault.seal("", PURPOSE, msgspec.json.encode(state))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    url = server.authorize_url(
        books.environment, state=sealed, challenge=challenge, redirect_uri=_redirect(host, backend)
    )
    return Response(None, status_code=302, headers={**HEADERS, "Location": url}, cookies=[_cookie(host, browser)])


@get("/oauth/{backend:str}/callback", include_in_schema=False)
async def callback(
    host: NamedDependency[Host], request: Request[Any, Any, Any], backend: FromPath[str]
) -> Response[Any]:
    """Take the user back, with a grant or without."""
    _require_any(host, backend)
    try:
        company = await _concluded(host, backend, request)
    except FlowRefused as refusal:
        return _refused(refusal)
    except AccountMismatch:
        return _refused(FlowRefused(409, _OTHER_COMPANY, "Connect again and choose the company of the settings."))
    except AttiBooksError as error:
        log.warning("oauth_failed", code=error.code, reference=error.reference)
        return _refused(FlowRefused(status_of(error), error.message))
    sentence = f"AttiBooks can now work with company {company.company_id} ({company.environment})."
    return _page(200, "QuickBooks is connected" if backend == "quickbooks" else "Connected", sentence, good=True)


# -- the way there ---------------------------------------------------------------------------------------------------


def _require_any(host: Host, backend: str) -> None:
    """Act as if there was nothing here on a host that connects nobody itself.

    :raises NotFound: no client id is configured for the backend.
    """
    if all(host.bench.access.granting.server(backend, e) is None for e in ("production", "sandbox")):
        raise NotFound("There is nothing at this address. Check the path.", code="not_found")


def _server(host: Host, books: Books) -> GrantingBackend:
    server = host.bench.access.granting.server(books.backend, books.environment)
    if server is None:
        raise NotFound("This host connects no companies of this environment.", code="not_found")
    return server


async def _wanted(host: Host, backend: str, workspace_id: str) -> tuple[str, Books]:
    """The workspace and the books that its settings name now."""
    row = await host.workspaces.load(workspace_id) if _WORKSPACE.fullmatch(workspace_id) else None
    if row is None or not row.installed:
        raise FlowRefused(
            404, "This workspace has not installed AttiBooks.", "Install the app in Attio and save its settings first."
        )
    settings = host.plugins.catalog.stored(row.settings)
    try:
        found = host.plugins.backend(settings)
        books = found.books(settings)
    except ConfigurationError as error:
        raise FlowRefused(409, error.message) from error
    if found.key != backend:
        raise FlowRefused(409, "The settings of this workspace name another accounting system.")
    return workspace_id, books


def _redirect(host: Host, backend: str) -> str:
    return f"{host.settings.public_url.rstrip('/')}/oauth/{backend}/callback"


def _cookie(host: Host, value: str) -> Cookie:
    return Cookie(
        COOKIE,
        path="/oauth",
        value=value,
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=host.settings.public_url.startswith("https://"),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# -- the way back ----------------------------------------------------------------------------------------------------

_OTHER_COMPANY = "You chose another company than the one in the settings of this workspace, so nothing was connected."
_ANEW = "Begin again from the settings."


async def _concluded(host: Host, backend: str, request: Request[Any, Any, Any]) -> Books:
    """Store the grant; the books that it opens.

    :raises FlowRefused: the callback is not what it should be, or the user said no.
    :raises AttiBooksError: the authorization server did.
    """
    given, granting = request.query_params, host.bench.access.granting
    state = _opened(host, backend, given.get("state", ""), request.cookies.get(COOKIE, ""))
    if not await granting.use_once(state.workspace_id, state.nonce):
        raise FlowRefused(400, "This page was opened before, and it works once.", _ANEW)
    if given.get("error"):
        raise FlowRefused(400, "Access was not given, so nothing was connected.", _ANEW)
    code, company_id = given.get("code", ""), given.get("realmId", "")
    if not 0 < len(code) <= _MOST_CODE or not _COMPANY.fullmatch(company_id):
        raise FlowRefused(400, "The answer is not complete.", _ANEW)
    tokens = await _server(host, state.books).exchange(
        state.books.environment,
        code=code,
        verifier=state.verifier,
        redirect_uri=_redirect(host, backend),
        company_id=company_id,
    )
    granted = Books(backend, state.books.environment, company_id)
    if not await _is_wanted(host, state, granted):
        await granting.refuse(state.workspace_id, granted, tokens)
        raise AccountMismatch(_OTHER_COMPANY)
    await granting.begin(state.workspace_id, granted, tokens)
    return granted


def _opened(host: Host, backend: str, sealed: str, browser: str) -> FlowState:
    """The state, if it is ours, this browser's, of this backend and young enough."""
    try:
        state = msgspec.json.decode(host.vault.open("", PURPOSE, sealed[:_MOST_STATE]), type=FlowState)
    except (VaultError, ValueError):
        raise FlowRefused(400, "This page was not opened from AttiBooks.", _ANEW) from None
    if not hmac.compare_digest(_digest(browser), state.browser) or state.books.backend != backend:
        raise FlowRefused(400, "The connection was begun in another browser.", _ANEW)
    if host.clock.now() - state.issued_at > LASTS:
        raise FlowRefused(400, "It took more than ten minutes, so nothing was connected.", _ANEW)
    return state


async def _is_wanted(host: Host, state: FlowState, granted: Books) -> bool:
    """Whether these are still the books of the workspace: its settings may have changed on the way."""
    try:
        _, books = await _wanted(host, granted.backend, state.workspace_id)
    except FlowRefused:
        return False
    return books == granted == state.books


# -- pages -----------------------------------------------------------------------------------------------------------


def _refused(refusal: FlowRefused) -> Response[Any]:
    return _page(refusal.status, "Not connected", *refusal.sentences, good=False)


def _page(status: int, title: str, *sentences: str, good: bool) -> Response[Any]:
    return html_page("oauth.html", status, title=title, sentences=sentences, good=good)


ROUTES = [start, callback]
