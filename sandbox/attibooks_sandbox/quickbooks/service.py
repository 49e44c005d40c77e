"""The QuickBooks service of one environment: gateway, routes, writes with their promised answers."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import unquote_plus

import msgspec

from attibooks_sandbox.kernel.clock import Clock
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.jsonio import MalformedJsonError, read_json
from attibooks_sandbox.kernel.messages import Request, Response
from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.catalog import render_company, render_preferences
from attibooks_sandbox.quickbooks.company import Company, Promise, QuickBooksState
from attibooks_sandbox.quickbooks.entities import LIST_KINDS, read_entity
from attibooks_sandbox.quickbooks.gateway import Answers, Throttle, bearer_of, token_problem
from attibooks_sandbox.quickbooks.invoice_render import render_invoice
from attibooks_sandbox.quickbooks.invoice_shape import INVOICE
from attibooks_sandbox.quickbooks.invoices import InvoiceDesk
from attibooks_sandbox.quickbooks.oauth.grants import ACCOUNTING
from attibooks_sandbox.quickbooks.payments import PAYMENT, create_payment, render_payment
from attibooks_sandbox.quickbooks.query.run import answer_query
from attibooks_sandbox.quickbooks.shapes import Cleaned, Identifier, Shape
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.quickbooks.wire import Wire, whole_second

LONGEST_REQUEST_ID = 50
_TRANSACTIONS = frozenset({"invoice", "payment"})


class QuickBooksService:
    """The emulated QuickBooks Online of one environment."""

    name = "quickbooks"

    def __init__(self, environment: str, state: QuickBooksState, clock: Clock, switches: Switches, ids: Ids) -> None:
        """Serve a state; a reset puts another one in its place."""
        self.environment = environment
        self.state = state
        self.clock = clock
        self.switches = switches
        self.throttle = Throttle()
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
        if realm is None or self.throttle.enter(realm):
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
        response = DataLayer(self.answers, self.switches, company, request, now).respond(parts)
        self.metered += counts and response.status == 200
        return response


class DataLayer(msgspec.Struct, frozen=True):
    """One call to one company, past the gateway."""

    answers: Answers
    switches: Switches
    company: Company
    request: Request
    now: datetime

    def respond(self, parts: tuple[str, ...]) -> Response:
        """Return the answer; a write with a request id is done once and answered alike ever after."""
        request_id = self.request.query.get("requestid", "")
        promised = self.request.method == "POST" and parts != ("query",) and request_id
        if not promised:
            return self._answer(parts)
        if len(request_id) > LONGEST_REQUEST_ID:
            return self._fault(faults.invalid_request_id())
        kept = self.company.promises.get(request_id)
        if kept is not None:
            return self.answers.repeat(kept, self.now)
        response = self._answer(parts)
        if response.status == 200 or self.switches.replay_faults:
            content_type = dict(response.headers)["Content-Type"]
            self.company.promise(request_id, Promise(response.status, content_type, response.body))
        return response

    def _answer(self, parts: tuple[str, ...]) -> Response:
        try:
            body = self._body(parts)
        except faults.RefusedError as error:
            return self._fault(error)
        return self.answers.success(self.request, body, self.now)

    def _fault(self, error: faults.RefusedError) -> Response:
        return self.answers.fault(self.request, error.status, error.body(), self.now, timed=error.timed)

    def _body(self, parts: tuple[str, ...]) -> Wire:
        if parts == ("query",) and self.request.method in {"GET", "POST"}:
            return {"QueryResponse": answer_query(self.company, self._statement(), self.switches, self.now)}
        if self.request.method == "GET":
            return self._read(parts)
        if self.request.method == "POST":
            return self._write(parts)
        raise self._unsupported()

    def _unsupported(self) -> faults.RefusedError:
        path = self.request.path
        host = "c50.sandbox.qbo.intuit.com" if self.company.profile.environment == "sandbox" else "c50.qbo.intuit.com"
        return faults.unsupported_operation(
            f"Operation Could not find resource for relative : {path} of full path: "
            f"https://{host}/qbo50{path} is not supported."
        )

    def _statement(self) -> str:
        """Return the query, from the parameter or from the body."""
        given = self.request.query.get("query")
        if given is not None:
            return given
        text = self.request.body.decode("utf-8", "replace")
        if self.request.header("content-type").startswith("application/x-www-form-urlencoded"):
            return unquote_plus(text.partition("=")[2])
        return text

    # reads

    def _read(self, parts: tuple[str, ...]) -> Wire:
        if parts == ("preferences",):
            return {"Preferences": render_preferences(self.company.profile)}
        if len(parts) != 2:
            raise self._unsupported()
        name, entity_id = parts
        if name == "companyinfo":
            return self._company_info(entity_id)
        if name not in LIST_KINDS and name not in _TRANSACTIONS:
            raise self._unsupported()
        Identifier().clean(entity_id, "Id")
        return read_entity(self.company, name, entity_id)

    def _company_info(self, entity_id: str) -> Wire:
        if entity_id not in {self.company.profile.realm, "1"}:
            raise faults.object_not_found()
        return {"CompanyInfo": render_company(self.company.profile)}

    # writes

    def _write(self, parts: tuple[str, ...]) -> Wire:
        if len(parts) == 3 and parts[0] == "invoice" and parts[2] == "send":
            Identifier().clean(parts[1], "Id")
            invoice = self._desk().send(parts[1], self.request.query.get("sendTo"))
            return {"Invoice": render_invoice(self.company, invoice, "older")}
        if len(parts) != 1:
            raise self._unsupported()
        if parts[0] == "invoice":
            return self._write_invoice()
        if parts[0] == "payment":
            return self._write_payment()
        return self._write_list(parts[0])

    def _desk(self) -> InvoiceDesk:
        duplicates = "allowduplicatedocnum" in self.request.query.get("include", "").lower()
        return InvoiceDesk(self.company, self.switches, self.now, duplicates_allowed=duplicates)

    def _write_invoice(self) -> Wire:
        cleaned, desk = self._cleaned(INVOICE), self._desk()
        operation = self._operation(cleaned)
        if operation == "delete":
            return {"Invoice": {"domain": "QBO", "status": "Deleted", "Id": desk.delete(cleaned)}}
        actions = {"create": desk.create, "update": desk.update, "void": desk.void}
        action = actions.get(operation)
        if action is None:
            raise self._unsupported_operation(operation)
        return {"Invoice": render_invoice(self.company, action(cleaned))}

    def _write_payment(self) -> Wire:
        cleaned = self._cleaned(PAYMENT)
        operation = self._operation(cleaned)
        if operation != "create":
            raise self._unsupported_operation(operation)
        return {"Payment": render_payment(self.company, create_payment(self.company, cleaned, self.now))}

    def _write_list(self, name: str) -> Wire:
        kind = LIST_KINDS.get(name)
        if kind is None or kind.shape is None or kind.create is None or kind.update is None:
            raise self._unsupported()
        cleaned = self._cleaned(kind.shape)
        operation = self._operation(cleaned)
        if operation == "create":
            entity = kind.create(self.company, kind.name, cleaned, whole_second(self.now))
            return {kind.name: (kind.render_created or kind.render)(self.company, entity)}
        if operation == "update":
            entity = kind.update(self.company, kind.name, cleaned, whole_second(self.now))
            return {kind.name: kind.render(self.company, entity)}
        raise self._unsupported_operation(operation)

    @staticmethod
    def _unsupported_operation(operation: str) -> faults.RefusedError:
        return faults.unsupported_operation(f"Operation {operation} is not supported.")

    def _operation(self, cleaned: Cleaned) -> str:
        """Return what a write is to do: named in the query, else told by the presence of an Id."""
        named = self.request.query.get("operation")
        if "void" in self.request.query.get("include", ""):
            return "void"
        if named in {None, "", "create", "update"}:
            return "update" if isinstance(cleaned.get("Id"), str) else ("create" if named != "update" else "update")
        return str(named)

    def _cleaned(self, shape: Shape) -> Cleaned:
        content_type = self.request.header("content-type")
        if "json" not in content_type.lower():
            raise faults.invalid_content_type(content_type)
        try:
            raw = read_json(self.request.body)
        except MalformedJsonError as error:
            raise faults.invalid_property(f"Unexpected character in the request body: {error}") from error
        if not isinstance(raw, dict):
            raise faults.invalid_property(f"Can not deserialize instance of {shape.entity} out of this token")
        if self.switches.unknown_property == "ignore":
            raw = {name: value for name, value in raw.items() if name in shape.fields}
        return shape.clean(raw)
