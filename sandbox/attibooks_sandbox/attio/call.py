"""One call, as the endpoints see it: whose token, which workspace, what body."""

from __future__ import annotations

from datetime import datetime

import msgspec

from attibooks_sandbox.attio.errors import issue, validation
from attibooks_sandbox.attio.model import Attribute, Token
from attibooks_sandbox.attio.workspace import Workspace
from attibooks_sandbox.attio.writes import RecordDesk
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.jsonio import MalformedJsonError, read_json
from attibooks_sandbox.kernel.messages import Request


class Call(msgspec.Struct, frozen=True):
    """A call that passed the door; `now` is the moment that it stamps, in whole milliseconds.

    `http_webhooks` tells whether webhooks on loopback may do without https.
    """

    request: Request
    token: Token
    workspace: Workspace
    ids: Ids
    now: datetime
    http_webhooks: bool = False

    @property
    def desk(self) -> RecordDesk:
        """Return the desk at which this call writes records."""
        return RecordDesk(self.workspace, self.token.actor, self.now)

    def tell_of(self, attribute: Attribute, happened: str) -> None:
        """Tell the webhooks that an attribute was created or updated."""
        place = {"object_id": attribute.object_id, "attribute_id": attribute.id}
        self.workspace.tell(f"object-attribute.{happened}", self.token.actor, **place)

    def body(self) -> object:
        """Return the request's JSON body, None when there is none."""
        if not self.request.body:
            return None
        if self.request.header("content-type").partition(";")[0].strip().lower() != "application/json":
            found = issue("custom", (), "Expected a body of content type application/json")
            raise validation("Body payload validation error.", [found])
        try:
            return read_json(self.request.body)
        except MalformedJsonError as error:
            found = issue("custom", (), "Invalid JSON")
            raise validation("Body payload validation error.", [found]) from error
