"""The QuickBooks service of one environment: gateway, throttles, metering; the data layer does the rest."""

from __future__ import annotations

from datetime import datetime

from attibooks_sandbox.kernel.clock import Clock
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.messages import Request, Response
from attibooks_sandbox.quickbooks.company import Company, QuickBooksState
from attibooks_sandbox.quickbooks.datalayer import DataLayer
from attibooks_sandbox.quickbooks.gateway import Answers, Throttle, bearer_of, token_problem
from attibooks_sandbox.quickbooks.oauth.grants import ACCOUNTING
from attibooks_sandbox.quickbooks.switches import Switches

LONGEST_ADDRESS = 8192


class QuickBooksService:
    """The emulated QuickBooks Online of one environment."""

    name = "quickbooks"

    def __init__(self, environment: str, state: QuickBooksState, clock: Clock, switches: Switches, ids: Ids) -> None:
        """Serve a state; a reset puts another one in its place."""
        self.environment = environment
        self.state = state
        self.clock = clock
        self.switches = switches
        self.throttle = Throttle(clock.elapsed)
        self.answers = Answers(ids)
        self.metered = 0

    # what the kernel asks

    def classify(self, request: Request) -> str:
        """Tell writes (`core`) from metered reads (`coreplus`); queries are reads although they may be posted."""
        reads = request.method == "GET" or request.path.endswith("/query")
        return "coreplus" if reads else "core"

    def place(self, request: Request) -> dict[str, str]:
        """Return the environment and the realm of the path."""
        parts = request.segments
        realm = {"realm": parts[2]} if len(parts) > 2 and parts[:2] == ("v3", "company") else {}
        return {"environment": self.environment, **realm}

    def admit(self, request: Request) -> Response | None:
        """Refuse more calls than a realm may make."""
        realm = self.place(request).get("realm")
        if realm is None or self.throttle.enter(realm, batch=request.path.endswith("/batch")):
            return None
        return self.answers.throttled(request, self.clock.now())

    def release(self, request: Request) -> None:
        """Let an admitted call out."""
        realm = self.place(request).get("realm")
        if realm is not None:
            self.throttle.leave(realm)

    def retry_after(self) -> str:
        """Return a minute: the vendor sends no date, this is for faults that ask for one."""
        return "60"

    def failure(self, request: Request, status: int) -> Response:
        """Return the vendor's answer with a status when nothing more is known."""
        now = self.clock.now()
        if status == 401:
            return self.answers.unauthorized(request, "Token revoked", now)
        if status == 403:
            return self.answers.forbidden(request, now)
        if status == 429:
            return self.answers.throttled(request, now)
        if status in {404, 502, 503, 504}:
            title = {404: "Not Found", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}[status]
            return self.answers.page(status, title, now)
        message = "An application error has occurred while processing your request"
        error = {"Message": message, "Detail": "System Failure Error", "code": "10000", "element": ""}
        return self.answers.fault(request, status, {"Error": [error], "type": "SystemFault"}, now)

    def handle(self, request: Request) -> Response:
        """Answer a call."""
        now = self.clock.now()
        parts = request.segments
        if len(request.full_path) + len(request.query_string) > LONGEST_ADDRESS:
            return self.answers.page(414, "URI Too Long", now)
        if len(parts) < 4 or parts[:2] != ("v3", "company"):
            return self.answers.page(404, "Not Found", now)
        given = bearer_of(request)
        token = self.state.tokens.get(given or "")
        problem = token_problem(given, token, now)
        if token is None or problem is not None:
            return self.answers.unauthorized(request, problem or "Token revoked", now)
        if (token.environment, token.realm) != (self.environment, parts[2]) or ACCOUNTING not in token.scopes:
            return self.answers.forbidden(request, now)
        company = self.state.companies[self.environment, parts[2]]
        return self._metered(request, company, parts[3:], now)

    def _metered(self, request: Request, company: Company, parts: tuple[str, ...], now: datetime) -> Response:
        """Count successful reads of production companies, and refuse them past the allowance if there is one."""
        counts = self.classify(request) == "coreplus" and self.environment == "production"
        allowed = self.switches.metered_calls_allowed
        if counts and allowed is not None and self.metered >= allowed:
            return self.answers.throttled(request, now)
        layer = DataLayer(self.answers, self.switches, company, request, now)
        response = layer.respond(parts)
        if self.environment == "production":
            self.metered += layer.queries_in_batch + (counts and response.status == 200)
        return response
