"""The data layer: one call to one company, past the gateway. Reads, writes, and answers promised to be repeated."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import unquote_plus

from attibooks_sandbox.kernel.jsonio import MalformedJsonError, read_json
from attibooks_sandbox.kernel.messages import Request, Response
from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.batch import Batch, read_batch
from attibooks_sandbox.quickbooks.catalog import render_company, render_preferences
from attibooks_sandbox.quickbooks.changes import answer_changes
from attibooks_sandbox.quickbooks.company import Company, Promise
from attibooks_sandbox.quickbooks.entities import READABLE, read_entity
from attibooks_sandbox.quickbooks.forms import printed_form
from attibooks_sandbox.quickbooks.gateway import Answers
from attibooks_sandbox.quickbooks.operations import INCLUDED_VOID, Operations, writable
from attibooks_sandbox.quickbooks.query.run import answer_query
from attibooks_sandbox.quickbooks.rates import day_rate_of
from attibooks_sandbox.quickbooks.shapes import Identifier
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.quickbooks.taxservice import create_tax_code
from attibooks_sandbox.quickbooks.wire import Wire

LONGEST_REQUEST_ID = 50
Parts = tuple[str, ...]


class DataLayer:
    """One call; `queries_in_batch` tells afterwards how many metered reads a batch held."""

    def __init__(self, answers: Answers, switches: Switches, company: Company, request: Request, now: datetime) -> None:
        """Prepare to answer a request to a company."""
        self.answers = answers
        self.switches = switches
        self.company = company
        self.request = request
        self.now = now
        self.queries_in_batch = 0

    def respond(self, parts: Parts) -> Response:
        """Return the answer; a write with a request id is done once and answered alike ever after."""
        request_id = self.request.query.get("requestid", "")
        promised = self.request.method == "POST" and parts != ("query",) and request_id
        if not promised:
            return self._answer(parts)
        if parts == ("batch",):
            return self._batch_once(request_id)
        if len(request_id) > LONGEST_REQUEST_ID:
            return self._fault(faults.invalid_request_id())
        return self._once(request_id, parts)

    def _batch_once(self, request_id: str) -> Response:
        """Answer a batch that is told from others by its request id and the `bId`s in it."""
        try:
            items = read_batch(self._sent(), request_id)
        except faults.RefusedError as error:
            return self._fault(error)
        return self._once("\n".join((request_id, *(item.number for item in items))), ("batch",))

    def _once(self, key: str, parts: Parts) -> Response:
        kept = self.company.promises.get(key)
        if kept is not None:
            return self.answers.repeat(kept, self.now)
        response = self._answer(parts)
        if response.status == 200 or self.switches.replay_faults:
            content_type = dict(response.headers)["Content-Type"]
            self.company.promise(key, Promise(response.status, content_type, response.body))
        return response

    def _answer(self, parts: Parts) -> Response:
        try:
            if len(parts) == 3 and parts[2] == "pdf" and self.request.method == "GET":
                return self.answers.pdf(self._pdf(parts), self.now)
            body = self._body(parts)
        except faults.RefusedError as error:
            return self._fault(error)
        return self.answers.success(self.request, body, self.now)

    def _fault(self, error: faults.RefusedError) -> Response:
        return self.answers.fault(self.request, error.status, error.body(), self.now, timed=error.timed)

    def _body(self, parts: Parts) -> Wire:
        if parts == ("query",) and self.request.method in {"GET", "POST"}:
            return {"QueryResponse": self._query(self._statement())}
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

    # reads

    def _query(self, statement: str) -> Wire:
        return answer_query(self.company, statement, self.switches, self.now)

    def _statement(self) -> str:
        """Return the query, from the parameter or from the body."""
        given = self.request.query.get("query")
        if given is not None:
            return given
        text = self.request.body.decode("utf-8", "replace")
        if self.request.header("content-type").startswith("application/x-www-form-urlencoded"):
            return unquote_plus(text.partition("=")[2])
        return text

    def _read(self, parts: Parts) -> Wire:
        if parts == ("preferences",):
            return {"Preferences": render_preferences(self.company.profile)}
        if parts == ("cdc",):
            return answer_changes(self.company, self.request.query, self.switches, self.now)
        if parts == ("exchangerate",):
            return day_rate_of(self.company, self.request.query, self.now)
        if len(parts) != 2:
            raise self._unsupported()
        name, entity_id = parts
        if name == "companyinfo":
            return self._company_info(entity_id)
        if name not in READABLE:
            raise self._unsupported()
        Identifier().clean(entity_id, "Id")
        return read_entity(self.company, name, entity_id)

    def _company_info(self, entity_id: str) -> Wire:
        if entity_id not in {self.company.profile.realm, "1"}:
            raise faults.object_not_found()
        return {"CompanyInfo": render_company(self.company.profile)}

    def _pdf(self, parts: Parts) -> bytes:
        found = printed_form(self.company, parts[0], parts[1])
        if found is None:
            raise self._unsupported()
        return found

    # writes

    def _write(self, parts: Parts) -> Wire:
        operations = self._operations()
        if len(parts) == 3 and parts[0] == "invoice" and parts[2] == "send":
            return operations.send(parts[1], self.request.query.get("sendTo"))
        if parts == ("batch",):
            return self._batch(operations)
        if parts == ("taxservice", "taxcode"):
            return create_tax_code(self.company, self._sent(), self.now)
        operation = self._operation()
        if len(parts) != 1 or not writable(parts[0], operation):
            raise self._unsupported()
        return operations.write(parts[0], operation, self._sent())

    def _operations(self) -> Operations:
        duplicates = "allowduplicatedocnum" in self.request.query.get("include", "").lower()
        return Operations(self.company, self.switches, self.now, duplicates_allowed=duplicates)

    def _operation(self) -> str:
        """Return the operation that the address names, if any."""
        if "void" in self.request.query.get("include", ""):
            return INCLUDED_VOID
        return self.request.query.get("operation", "")

    def _batch(self, operations: Operations) -> Wire:
        request_id = self.request.query.get("requestid", "")
        batch = Batch(operations, self._query, request_id)
        answered = batch.answer(read_batch(self._sent(), request_id))
        self.queries_in_batch = batch.queries
        return {"BatchItemResponse": self.answers.shuffled(answered)}

    def _sent(self) -> object:
        """Return the body, which must be declared as JSON and be it."""
        content_type = self.request.header("content-type")
        if "json" not in content_type.lower():
            raise faults.invalid_content_type(content_type)
        try:
            return read_json(self.request.body)
        except MalformedJsonError as error:
            raise faults.invalid_property(f"Unexpected character in the request body: {error}") from error
