"""Events and the addresses they are sent to, of both generations of the API (reference: Stripe billing, §3)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from attibooks_sandbox.stripe.call import Call
from attibooks_sandbox.stripe.errors import StripeError, invalid, not_emulated, not_found
from attibooks_sandbox.stripe.events import iso, render_event, render_thin
from attibooks_sandbox.stripe.model import Endpoint, Event
from attibooks_sandbox.stripe.paging import limit_of, page_of, within
from attibooks_sandbox.stripe.parameters import Params, snapshot_types, thin_types
from attibooks_sandbox.stripe.render_common import Shown
from attibooks_sandbox.stripe.state import DAY, StripeState
from attibooks_sandbox.stripe.versions import CURRENT

CREATED = "api_version description enabled_events expand metadata url"
UPDATED = "description disabled enabled_events expand metadata url"
DESTINATION = (
    "description enabled_events event_payload include metadata name snapshot_api_version type webhook_endpoint"
)
REACH = 30 * DAY
MOST_TYPES = 20
MOST_ENDPOINTS = 16


def retrieve(call: Call, identifier: str) -> Shown:
    """Return an event of the last 30 days."""
    found = call.state.events.get(identifier)
    if found is None or found.created < call.desk.now - REACH:
        raise not_found("event", identifier)
    return render_event(found)


def list_all(call: Call) -> Shown:
    """List the events of the last 30 days."""
    params = call.params
    types = params.texts("types")
    if types and params.text("type"):
        raise invalid("You may only specify one of these parameters: type, types.", "type")
    if len(types) > MOST_TYPES:
        message = f"You may only specify up to {MOST_TYPES} types."
        raise invalid(message, "types")
    wanted = _matcher([*types, *([params.needed("type")] if params.text("type") else [])])
    horizon = call.desk.now - REACH
    rows = [
        row
        for row in call.state.events.values()
        if row.created >= horizon
        and (wanted is None or wanted.fullmatch(row.type))
        and _delivered(row, params.plain("delivery_success"))
        and within(row.created, params.plain("created"))
    ]
    return page_of(params, "/v1/events", "event", rows, render_event)


def _matcher(types: list[str]) -> re.Pattern[str] | None:
    """Return what the wanted types look like, None for any."""
    return re.compile("|".join(re.escape(each).replace(r"\*", ".*") for each in types)) if types else None


def _delivered(row: Event, success: bool | None) -> bool:
    return success is None or success is not bool(row.waiting)


# endpoints


def _endpoint(call: Call, identifier: str) -> Endpoint:
    found = call.state.endpoints.get(identifier)
    if found is None or found.thin:
        raise not_found("webhook endpoint", identifier)
    return found


def create_endpoint(call: Call) -> Shown:
    """Add an endpoint; only this answer has its secret."""
    params, state = call.params, call.state
    row = Endpoint(
        id=call.desk.new_id("we"),
        created=call.desk.now,
        url=_url(params.needed("url"), "url"),
        secret=new_secret(state),
        enabled_events=_types(params),
        api_version=params.text("api_version"),
        description=params.text("description"),
        metadata=params.metadata(),
    )
    _check_count(state)
    return call.show(call.desk.put(row)) | {"secret": row.secret}


def new_secret(state: StripeState) -> str:
    """Return a new signing secret."""
    return f"whsec_{state.ids.alphanumeric(32)}"


def _check_count(state: StripeState) -> None:
    if len(state.endpoints) >= MOST_ENDPOINTS:
        message = f"You have reached the maximum of {MOST_ENDPOINTS} test webhook endpoints."
        raise invalid(message)


def _url(url: str, param: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        message = "Invalid URL: An explicit scheme (such as https) must be provided."
        raise invalid(message, param, "url_invalid")
    return url


def _types(params: Params) -> tuple[str, ...]:
    types = params.texts("enabled_events")
    if not types:
        raise invalid("You must enable at least one event.", "enabled_events")
    return tuple(dict.fromkeys(types))


def retrieve_endpoint(call: Call, identifier: str) -> Shown:
    """Return an endpoint without its secret."""
    return call.show(_endpoint(call, identifier))


def update_endpoint(call: Call, identifier: str) -> Shown:
    """Change an endpoint; its version and secret stay."""
    row, params = _endpoint(call, identifier), call.params
    changes: dict[str, Any] = {}
    if "url" in params:
        changes["url"] = _url(params.needed("url"), "url")
    if "enabled_events" in params:
        changes["enabled_events"] = _types(params)
    if "description" in params:
        changes["description"] = params.text("description")
    if "disabled" in params:
        changes["enabled"] = not params.flag("disabled")
    if "metadata" in params:
        changes["metadata"] = params.metadata(row.metadata)
    return call.show(call.desk.change(row, **changes))


def delete_endpoint(call: Call, identifier: str) -> Shown:
    """Delete an endpoint; nothing more is sent to it."""
    row = _endpoint(call, identifier)
    del call.state.endpoints[row.id]
    return {"id": row.id, "object": "webhook_endpoint", "deleted": True}


def list_endpoints(call: Call) -> Shown:
    """List endpoints."""
    rows = [row for row in call.state.endpoints.values() if not row.thin]
    return page_of(call.params, "/v1/webhook_endpoints", "webhook endpoint", rows, call.show)


# destinations of the second generation


def create_destination(call: Call) -> Shown:
    """Add a destination; its address and secret are shown only if they are asked for."""
    params = call.params
    if params.needed("type") != "webhook_endpoint":
        raise not_emulated("type")
    thin = params.needed("event_payload") == "thin"
    unknown = [each for each in params.texts("enabled_events") if not _known(each, thin=thin)]
    if unknown:
        kind = params.needed("event_payload")
        message = f"Invalid enabled_events: {unknown[0]} is no event that a {kind} destination gets."
        raise invalid(message, "enabled_events")
    if thin and params.text("snapshot_api_version"):
        raise invalid("snapshot_api_version cannot be set for thin events.", "snapshot_api_version")
    row = Endpoint(
        id=f"ed_test_65{call.state.ids.alphanumeric(22)}",
        created=call.desk.now,
        url=_url(params.part("webhook_endpoint").needed("url"), "webhook_endpoint.url"),
        secret=new_secret(call.state),
        enabled_events=_types(params),
        thin=thin,
        api_version=None if thin else params.text("snapshot_api_version") or CURRENT,
        description=params.text("description"),
        metadata=params.metadata(),
        name=params.needed("name"),
    )
    _check_count(call.state)
    return _destination(call.desk.put(row), params.texts("include"))


def _known(name: str, *, thin: bool) -> bool:
    return name == "*" or name in (thin_types() if thin else snapshot_types())


def _destination(row: Endpoint, include: tuple[str, ...] = ()) -> Shown:
    secret = row.secret if "webhook_endpoint.signing_secret" in include else None
    created = iso(row.created * 1000)
    return {
        "id": row.id,
        "object": "v2.core.event_destination",
        "amazon_eventbridge": None,
        "azure_event_grid": None,
        "created": created,
        "description": row.description or "",
        "enabled_events": list(row.enabled_events),
        "event_payload": "thin" if row.thin else "snapshot",
        "events_from": ["@self"],
        "livemode": False,
        "metadata": dict(row.metadata),
        "name": row.name,
        "snapshot_api_version": row.api_version,
        "status": "enabled" if row.enabled else "disabled",
        "status_details": None,
        "type": "webhook_endpoint",
        "updated": created,
        "webhook_endpoint": {
            "signing_secret": secret,
            "url": row.url if "webhook_endpoint.url" in include else None,
        },
    }


def _held_destination(call: Call, identifier: str) -> Endpoint:
    found = call.state.endpoints.get(identifier)
    if found is None or found.name is None:
        raise _not_found_v2("event destination", identifier)
    return found


def _not_found_v2(kind: str, identifier: str) -> StripeError:
    return StripeError(404, f"No such {kind}: {identifier}", code="not_found")


def retrieve_destination(call: Call, identifier: str) -> Shown:
    """Return a destination, with its address if that is asked for."""
    include = tuple(each for each in call.params.texts("include") if each == "webhook_endpoint.url")
    return _destination(_held_destination(call, identifier), include)


def delete_destination(call: Call, identifier: str) -> Shown:
    """Delete a destination."""
    row = _held_destination(call, identifier)
    del call.state.endpoints[row.id]
    return {"id": row.id, "object": "v2.core.event_destination", "deleted": True}


def list_destinations(call: Call) -> Shown:
    """List destinations."""
    rows = [row for row in call.state.endpoints.values() if row.name is not None]
    return _listed_v2([_destination(row) for row in rows[::-1]], limit_of(call.params))


def retrieve_thin(call: Call, identifier: str) -> Shown:
    """Return a thin event, with what it is the twin of."""
    found = call.state.thin_events.get(identifier)
    if found is None:
        raise _not_found_v2("event", identifier)
    return render_thin(found, whole=True)


def list_thin(call: Call) -> Shown:
    """List thin events, of one object if that is asked for."""
    params = call.params
    params.only("limit object_id types")
    types, of = params.texts("types"), params.text("object_id")
    rows = [
        row
        for row in call.state.thin_events.values()
        if of in {None, row.related_id} and (not types or row.type in types)
    ]
    return _listed_v2([render_thin(row, whole=True) for row in rows[::-1]], limit_of(params))


def _listed_v2(data: list[Shown], limit: int) -> Shown:
    return {"data": data[:limit], "next_page_url": None, "previous_page_url": None}
