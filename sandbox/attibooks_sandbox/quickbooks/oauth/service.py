"""Intuit's identity services of both environments, under one address (reference: QuickBooks Online API, §2 and §14)."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from attibooks_sandbox.kernel.clock import Clock
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.jsonio import MalformedJsonError, read_json, write_json
from attibooks_sandbox.kernel.messages import Headers, Request, Response
from attibooks_sandbox.kernel.routing import Router
from attibooks_sandbox.quickbooks.company import QuickBooksState
from attibooks_sandbox.quickbooks.gateway import Answers, bearer_of, token_problem
from attibooks_sandbox.quickbooks.model import Profile
from attibooks_sandbox.quickbooks.oauth.consent import Ask, DistrustError, RefusedAtAppError, located, read_ask
from attibooks_sandbox.quickbooks.oauth.desk import ACCESS_LIFE, STATED_LIFE, GrantDesk, OAuthError
from attibooks_sandbox.quickbooks.oauth.grants import AccessToken, Client, Grant
from attibooks_sandbox.quickbooks.oauth.identity import ACCOUNTS, discovery, id_token, user_info
from attibooks_sandbox.quickbooks.oauth.keys import signing_key
from attibooks_sandbox.quickbooks.switches import Switches

MOUNT = "/quickbooks"
Endpoint = Callable[[Request], Response]
_HARD_LIFE_HEADER = "x-include-refresh-token-hard-expires-in"
_TITLES = {404: "Not Found", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}


class OAuthService:
    """The emulated identity provider."""

    name = "quickbooks"

    def __init__(
        self,
        state: QuickBooksState,
        clients: tuple[Client, ...],
        clock: Clock,
        switches: Switches,
        seed: int,
    ) -> None:
        """Serve a state; a reset puts another one in its place."""
        self._state, self._clock, self._switches, self._seed = state, clock, switches, seed
        self._clients = {client.id: client for client in clients}
        self._answers = Answers(Ids(f"oauth traces:{seed}"))
        self._router: Router[Endpoint] = Router()
        self._add_routes()

    def _add_routes(self) -> None:
        add = self._router.add
        add("GET", "/.well-known/openid_configuration", lambda request: self._discovery(request, "production"))
        add("GET", "/.well-known/openid_sandbox_configuration", lambda request: self._discovery(request, "sandbox"))
        add("GET", "/connect/oauth2", self._authorize)
        add("POST", "/connect/oauth2", self._authorize)
        add("POST", "/oauth2/v1/tokens/bearer", self._tokens)
        add("POST", "/v2/oauth2/tokens/revoke", self._revoke)
        add("GET", "/op/v1/jwks", lambda _: self._json(200, {"keys": [signing_key().public()]}))
        for environment, host in ACCOUNTS.items():
            add("GET", f"{host}/v1/openid_connect/userinfo", self._user_info_of(environment))

    # what the kernel asks

    def classify(self, request: Request) -> str:  # noqa: ARG002 - of one class, which is not metered
        """Return the only class."""
        return "oauth"

    def place(self, request: Request) -> dict[str, str]:  # noqa: ARG002 - not of a company
        """Return nothing: these addresses belong to no company."""
        return {}

    def admit(self, request: Request) -> None:
        """Refuse nothing: no limits are known."""

    def release(self, request: Request) -> None:
        """Let an admitted call out."""

    def retry_after(self) -> str:
        """Return a minute: the vendor sends no date, this is for faults that ask for one."""
        return "60"

    def failure(self, request: Request, status: int) -> Response:  # noqa: ARG002 - the kernel's signature
        """Return the answer with a status when nothing more is known: an OAuth error, or a page from 500 on."""
        if 400 <= status < 500:
            return self._json(status, {"error": "invalid_client" if status == 401 else "invalid_request"})
        return self._page(status)

    def handle(self, request: Request) -> Response:
        """Answer a call."""
        found = self._router.find(request.method, request.segments)
        if found is None:
            return self._page(404)
        try:
            return found[0](request)
        except OAuthError as error:
            described = {} if error.description is None else {"error_description": error.description}
            return self._json(error.status, {**described, "error": error.error})

    # answers

    @property
    def _now(self) -> datetime:
        return self._clock.now()

    def _headers(self) -> Headers:
        never = [("Cache-Control", "no-cache, no-store"), ("Pragma", "no-cache")]
        return [*self._answers.trace_headers(self._now), *never]

    def _json(self, status: int, body: object) -> Response:
        kind = ("Content-Type", "application/json;charset=UTF-8")
        return Response(status, write_json(body), [kind, *self._headers()])

    def _page(self, status: int) -> Response:
        return self._answers.page(status, _TITLES.get(status, "Error"), self._now)

    # discovery and consent

    def _discovery(self, request: Request, environment: str) -> Response:
        base = f"http://{request.header('host') or '127.0.0.1'}{MOUNT}"
        return self._json(200, discovery(base, environment))

    def _authorize(self, request: Request) -> Response:
        """Show the consent page, or take the user's decision from it."""
        from attibooks_sandbox.quickbooks.oauth.page import consent_page, refusal_page  # noqa: PLC0415 - rarely used

        try:
            ask = read_ask(request.query, self._clients, self._state.redirect_uris)
            companies = self._companies(ask)
            if request.method == "GET":
                return consent_page(ask.client.id, ask.scopes, companies, ask.redirect_uri)
            return self._found(self._decided(ask, companies, _form(request)))
        except DistrustError as error:
            return refusal_page(str(error))
        except RefusedAtAppError as error:
            return self._found(error.location)

    def _found(self, location: str) -> Response:
        return Response(302, b"", [("Location", location), *self._headers()])

    def _companies(self, ask: Ask) -> list[Profile]:
        """Return the companies that the user can choose from: those that the keys reach."""
        held = self._state.companies.values()
        reached = [each.profile for each in held if each.profile.environment in ask.client.environments]
        return reached if ask.of_company else []

    def _decided(self, ask: Ask, companies: list[Profile], form: dict[str, str]) -> str:
        if form.get("decision") != "connect":
            raise RefusedAtAppError(ask.denied())
        environment, realm = ask.client.environments[-1], ""
        if ask.of_company:
            environment, _, realm = form.get("company", "").partition(":")
            if not any((each.environment, each.realm) == (environment, realm) for each in companies):
                raise DistrustError("Choose one of the companies.")
        code = self.desk().give_code(ask.client, ask.redirect_uri, ask.scopes, environment, realm)
        company = {"realmId": realm} if realm else {}
        return located(ask.redirect_uri, {"code": code.value, "state": ask.state, **company})

    # tokens

    def desk(self) -> GrantDesk:
        """Return the desk that works on the grants now."""
        return GrantDesk(self._state, self._switches, self._seed, self._now)

    def _tokens(self, request: Request) -> Response:
        form = _form(request)
        client = self._client(request, form)
        kind = _wanted(form, "grant_type")
        desk = self.desk()
        if kind == "authorization_code":
            token, grant = desk.exchange(client, _wanted(form, "code"), _wanted(form, "redirect_uri"))
            identity = {"id_token": self._id_token(grant)} if "openid" in grant.scopes else {}
        elif kind == "refresh_token":
            token, grant = desk.refresh(client, _wanted(form, "refresh_token"))
            identity = {}
        else:
            raise OAuthError("unsupported_grant_type")
        hard = request.header(_HARD_LIFE_HEADER).lower() == "true"
        return self._json(200, _issued(token, grant, desk.hard_life_left(grant), hard=hard) | identity)

    def _client(self, request: Request, form: dict[str, str]) -> Client:
        """Return the client that a request authenticates as, by Basic authentication or in its form."""
        named = _basic(request.header("authorization")) or (form.get("client_id", ""), form.get("client_secret", ""))
        client = self._clients.get(named[0])
        if client is None or not hmac.compare_digest(client.secret.encode(), named[1].encode()):
            raise OAuthError("invalid_client", status=401)
        return client

    def _revoke(self, request: Request) -> Response:
        """End a grant; what is no living token is a 400 without a body, as clients have reported."""
        given = _json_or_form(request)
        client = self._client(request, given)
        done = self.desk().revoke(client, _wanted(given, "token"))
        return Response(200 if done else 400, b"", self._headers())

    # identity

    def _profile(self, environment: str, realm: str) -> Profile:
        """Return the company, or the first one of the environment: its user is who signs in there."""
        profiles = [each.profile for each in self._state.companies.values() if each.profile.environment == environment]
        return next((each for each in profiles if each.realm == realm), profiles[0])

    def _id_token(self, grant: Grant) -> str:
        return id_token(self._profile(grant.environment, grant.realm), grant, self._now)

    def _user_info_of(self, environment: str) -> Endpoint:
        return lambda request: self._user_info(request, environment)

    def _user_info(self, request: Request, environment: str) -> Response:
        given = bearer_of(request)
        token = self._state.tokens.get(given or "")
        if token is None or token_problem(given, token, self._now) or token.environment != environment:
            return self._unwelcome(401, "invalid_token")
        if "openid" not in token.scopes:
            return self._unwelcome(403, "insufficient_scope")
        return self._json(200, user_info(self._profile(environment, token.realm), token.scopes))

    def _unwelcome(self, status: int, error: str) -> Response:
        response = self._json(status, {"error": error})
        response.headers.append(("WWW-Authenticate", f'Bearer realm="Intuit", error="{error}"'))
        return response


def _issued(token: AccessToken, grant: Grant, hard_left: timedelta, *, hard: bool) -> dict[str, object]:
    seconds = int(hard_left.total_seconds())
    body: dict[str, object] = {
        "token_type": "bearer",
        "access_token": token.value,
        "expires_in": int(ACCESS_LIFE.total_seconds()),
        "refresh_token": grant.refresh_token,
        "x_refresh_token_expires_in": min(int(STATED_LIFE.total_seconds()), seconds),
    }
    return body | ({"x_refresh_token_hard_expires_in": seconds} if hard else {})


def _form(request: Request) -> dict[str, str]:
    if not request.header("content-type").lower().startswith("application/x-www-form-urlencoded"):
        raise OAuthError("invalid_request")
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _json_or_form(request: Request) -> dict[str, str]:
    if "json" not in request.header("content-type").lower():
        return _form(request)
    try:
        given = read_json(request.body)
    except MalformedJsonError as error:
        raise OAuthError("invalid_request") from error
    if not isinstance(given, dict):
        raise OAuthError("invalid_request")
    return {name: value for name, value in given.items() if isinstance(value, str)}


def _wanted(given: dict[str, str], name: str) -> str:
    value = given.get(name)
    if not value:
        raise OAuthError("invalid_request")
    return value


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = b64decode(coded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return ("", "")
    return name, secret
