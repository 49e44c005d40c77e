"""The control plane's endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from attibooks_sandbox.attio.access import FULL_SCOPES
from attibooks_sandbox.attio.model import Token
from attibooks_sandbox.control.bodies import (
    Archive,
    Change,
    DeleteRecord,
    Edit,
    NewToken,
    OfInvoice,
    Pay,
    Rename,
    Reset,
    SetClock,
    SetLatency,
    SetLimits,
    SetPlan,
)
from attibooks_sandbox.control.errors import ControlError, body_of
from attibooks_sandbox.control.hands import VENDOR_REFUSALS, Accountant, TeamMember, refusal_text
from attibooks_sandbox.control.portal import Portal
from attibooks_sandbox.control.views import show_state, show_world
from attibooks_sandbox.kernel.faults import FaultSpec
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.jsonio import write_json
from attibooks_sandbox.kernel.messages import Request, Response
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.worlds.build import access_token

if TYPE_CHECKING:
    from attibooks_sandbox.app import SandboxApp
    from attibooks_sandbox.control.stripe import StripeHand

Endpoint = Callable[[Request], object]


class ControlService:
    """Answers under `/control`; also called directly by tests in the same process."""

    def __init__(self, app: SandboxApp) -> None:
        """Steer an app."""
        self._app = app
        self._endpoints = self._table()

    def handle(self, request: Request) -> Response:
        """Answer a control call."""
        endpoint = self._endpoint(request)
        if request.method != "GET":
            self._app.revision += 1
        try:
            if endpoint is None:
                message = f"There is no {request.method} {request.path}."
                raise ControlError(message, 404)  # noqa: TRY301 - answered like every other refusal
            return _json(200, endpoint(request))
        except ControlError as error:
            return _json(error.status, {"error": str(error)})
        except VENDOR_REFUSALS as error:
            return _json(400, {"error": refusal_text(error)})

    def _endpoint(self, request: Request) -> Endpoint | None:
        """Return what answers a call; Stripe's part is loaded when it is first asked for."""
        key = (request.method, request.path.rstrip("/"))
        if key not in self._endpoints and request.path.startswith("/control/stripe/"):
            self._endpoints.update(self._stripe().table())
        return self._endpoints.get(key)

    def _stripe(self) -> StripeHand:
        from attibooks_sandbox.control.stripe import StripeHand  # noqa: PLC0415 - see above

        return StripeHand(self._app)

    def _table(self) -> dict[tuple[str, str], Endpoint]:
        app = self._app
        accountant, member = Accountant(app), TeamMember(app)
        return {
            ("GET", "/control/world"): lambda _: show_world(app),
            ("GET", "/control/state"): lambda request: show_state(app, request.query),
            ("POST", "/control/reset"): lambda request: self.reset(body_of(request.body, Reset)),
            ("POST", "/control/tokens"): lambda request: self.token(body_of(request.body, NewToken)),
            ("GET", "/control/faults"): lambda _: {"faults": app.pipeline.faults.listed()},
            ("POST", "/control/faults"): lambda request: self.plant(body_of(request.body, FaultSpec)),
            ("DELETE", "/control/faults"): lambda _: self.clear_faults(),
            ("GET", "/control/clock"): lambda _: app.clock.describe(),
            ("POST", "/control/clock"): lambda request: self.clock(body_of(request.body, SetClock)),
            ("POST", "/control/latency"): lambda request: self.latency(body_of(request.body, SetLatency)),
            ("POST", "/control/limits"): lambda request: self.limits(body_of(request.body, SetLimits)),
            ("GET", "/control/switches"): lambda _: app.switches,
            ("POST", "/control/switches"): lambda request: self.switch(request.body),
            ("GET", "/control/calls"): self._calls,
            ("DELETE", "/control/calls"): lambda _: self.clear_calls(),
            ("POST", "/control/quickbooks/pay"): lambda request: accountant.pay(body_of(request.body, Pay)),
            ("POST", "/control/quickbooks/change"): lambda request: accountant.change(body_of(request.body, Change)),
            ("POST", "/control/quickbooks/rename"): lambda request: accountant.rename(body_of(request.body, Rename)),
            ("POST", "/control/quickbooks/void"): lambda request: accountant.void(body_of(request.body, OfInvoice)),
            ("POST", "/control/quickbooks/delete"): lambda request: accountant.delete(body_of(request.body, OfInvoice)),
            ("POST", "/control/attio/edit"): lambda request: member.edit(body_of(request.body, Edit)),
            ("POST", "/control/attio/archive"): lambda request: member.archive(body_of(request.body, Archive)),
            ("POST", "/control/attio/delete"): lambda request: member.delete(body_of(request.body, DeleteRecord)),
            ("GET", "/control/attio/deliveries"): lambda request: self.deliveries(request.query),
            ("GET", "/control/attio/handler"): lambda _: {"mode": app.page.player.handler.mode},
            ("POST", "/control/attio/handler"): self._handler,
            ("POST", "/control/attio/plan"): lambda request: self.plan(body_of(request.body, SetPlan)),
            **Portal(app).table(),
        }

    def reset(self, body: Reset) -> object:
        """Put everything back."""
        self._app.reset(body.seed, body.size)
        return {"seed": self._app.world.seed}

    # tokens

    def token(self, body: NewToken) -> object:
        """Issue a token or change one."""
        if body.service == "stripe":
            return self._stripe().token(body)
        return self._attio_token(body) if body.service == "attio" else self._quickbooks_token(body)

    def _end(self, body: NewToken) -> datetime | None:
        return None if body.expires_in is None else self._app.clock.now() + timedelta(seconds=body.expires_in)

    def _attio_token(self, body: NewToken) -> object:
        state = self._app.world.attio
        held = state.tokens.get(body.access_token or "")
        if held is None and body.workspace not in state.workspaces:
            message = f"There is no workspace with id {body.workspace}."
            raise ControlError(message, 404)
        scopes = None if body.scopes is None else frozenset(body.scopes)
        if held is not None:
            token = msgspec.structs.replace(
                held, active=body.active, scopes=held.scopes if scopes is None else scopes, expires_at=self._end(body)
            )
        else:
            token = Token(
                value=body.access_token or state.ids.hex(64),
                workspace_id=str(body.workspace),
                kind=body.kind,
                client_id=body.client_id or self._app.world.secrets.attio_client_id,
                scopes=FULL_SCOPES if scopes is None else scopes,
                issued_at=self._app.clock.now(),
                member_id=body.member,
                level=body.level,
                active=body.active,
                expires_at=self._end(body),
            )
        state.tokens[token.value] = token
        return {"access_token": token.value}

    def _quickbooks_token(self, body: NewToken) -> object:
        state = self._app.world.quickbooks
        held = state.tokens.get(body.access_token or "")
        known = held is not None
        if held is None:
            key = (str(body.environment), str(body.realm))
            if key not in state.companies:
                message = f"There is no company with realm {body.realm} in the environment {body.environment}."
                raise ControlError(message, 404)
            held = access_token(Ids(f"token:{self._app.world.seed}:{len(state.tokens)}"), *key)
        token = msgspec.structs.replace(
            held,
            value=body.access_token or held.value,
            expires_at=self._end(body),
            scopes=held.scopes if body.scopes is None else tuple(body.scopes),
        )
        if known:
            state.tokens[token.value] = token
        else:
            state.admit(token, body.client_id or self._app.world.secrets.quickbooks_client_id)
        grant = state.grants[state.tokens[token.value].grant]
        self._app.oauth.desk().set_active(grant.id, active=body.active)
        return {"access_token": token.value, "refresh_token": grant.refresh_token}

    # faults, clock, limits

    def plant(self, spec: FaultSpec) -> object:
        """Plant a fault."""
        if spec.times is not None and spec.times < 1:
            message = "times must be at least 1, or null for until cleared."
            raise ControlError(message)
        if not 0 <= spec.probability <= 1:
            message = "probability must lie between 0 and 1."
            raise ControlError(message)
        return self._app.pipeline.faults.plant(spec).describe()

    def clear_faults(self) -> object:
        """Remove every fault."""
        self._app.pipeline.faults.clear()
        return {"faults": []}

    def clock(self, body: SetClock) -> object:
        """Move the clock."""
        clock = self._app.clock
        if body.now is not None:
            clock.freeze(_instant(body.now))
        elif body.advance_seconds is not None:
            clock.advance(timedelta(seconds=body.advance_seconds))
        else:
            clock.shift(timedelta(seconds=body.offset_seconds or 0))
        if self._app.open_outbox is not None:
            self._app.open_outbox.time_moved()
        return clock.describe()

    def latency(self, body: SetLatency) -> object:
        """Delay answers."""
        for name in ("attio", "quickbooks", "stripe") if body.service is None else (body.service,):
            self._app.pipeline.latency[name] = max(body.seconds, 0.0)
        return {"latency": self._app.pipeline.latency}

    def limits(self, body: SetLimits) -> object:
        """Switch the vendors' throttles."""
        self._app.set_limits(attio=body.attio, quickbooks=body.quickbooks, stripe=body.stripe)
        throttles = [service.throttle.enabled for service in self._app.quickbooks.values()]
        attio, stripe = self._app.attio.rates.enabled, self._app.stripe_limited
        return {"quickbooks": all(throttles), "attio": attio, "stripe": stripe}

    def switch(self, raw: bytes) -> object:
        """Set switches; those not named stay."""
        given = body_of(raw, dict[str, object])
        wanted = msgspec.structs.asdict(self._app.switches) | given
        try:
            switches = msgspec.convert(wanted, Switches)
        except msgspec.ValidationError as error:
            raise ControlError(str(error)) from error
        for name in given:
            setattr(self._app.switches, name, getattr(switches, name))
        return self._app.switches

    def plan(self, body: SetPlan) -> object:
        """Put a workspace on a plan."""
        workspace = self._app.world.attio.workspaces.get(body.workspace)
        if workspace is None:
            message = f"There is no workspace with id {body.workspace}."
            raise ControlError(message, 404)
        workspace.profile = msgspec.structs.replace(workspace.profile, plan=body.plan)
        return {"workspace": body.workspace, "plan": body.plan}

    def _handler(self, request: Request) -> object:
        """Make the webhook handlers of the app behave, or misbehave (`SetHandler`)."""
        from attibooks_sandbox.page.bodies import SetHandler  # noqa: PLC0415 - the page is loaded when it is used

        handler = self._app.page.player.handler
        handler.mode = body_of(request.body, SetHandler).mode
        return {"mode": handler.mode}

    def deliveries(self, query: Mapping[str, str]) -> object:
        """Return the last messages to webhooks, of all workspaces or of one."""
        log = self._app.attio.courier.outbox.log
        return {"deliveries": [each.describe() for each in log if query.get("workspace", each.place) == each.place]}

    # calls

    def _calls(self, request: Request) -> object:
        query = request.query
        limit = query.get("limit")
        found = self._app.calls.select(
            service=query.get("service"),
            kind=query.get("class"),
            since=_whole(query.get("since", "0"), "since"),
            limit=None if limit is None else _whole(limit, "limit"),
        )
        return {
            "calls": [call.describe() for call in found],
            "counts": self._app.calls.counts(),
            "metered": sum(service.metered for service in self._app.quickbooks.values()),
        }

    def clear_calls(self) -> object:
        """Forget the calls and their counts."""
        self._app.calls.clear()
        for service in self._app.quickbooks.values():
            service.metered = 0
        return {"calls": [], "counts": {}}


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit()):
        message = f"{name} must be a whole number."
        raise ControlError(message)
    return int(text)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"now is no ISO 8601 instant: {text}"
        raise ControlError(message) from error
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def _json(status: int, body: object) -> Response:
    return Response(status, write_json(body), [("Content-Type", "application/json")])
