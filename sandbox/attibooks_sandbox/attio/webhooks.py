"""Endpoints of webhooks (reference: Attio API, webhooks). Only tokens of workspace level may use them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from attibooks_sandbox.attio import errors
from attibooks_sandbox.attio.call import Call
from attibooks_sandbox.attio.courier import status_of
from attibooks_sandbox.attio.model import Condition, Filter, Subscription, Webhook
from attibooks_sandbox.attio.render import moment
from attibooks_sandbox.attio.shapes import TEXT, Many, Members, Path, Shape, Text, data_of, path_uuid, query_whole

EVENT_TYPES = (
    "call-recording.created", "comment.created", "comment.resolved", "comment.unresolved", "comment.deleted",
    "list.created", "list.updated", "list.deleted", "list-attribute.created", "list-attribute.updated",
    "list-entry.created", "list-entry.updated", "list-entry.deleted", "object-attribute.created",
    "object-attribute.updated", "note.created", "note-content.updated", "note.updated", "note.deleted",
    "record.created", "record.merged", "record.updated", "record.deleted", "task.created", "task.updated",
    "task.deleted", "workspace-member.created", "activity.created", "activity.updated", "activity.deleted",
    "activity-attribute.created", "activity-attribute.updated", "activity-record.created", "activity-record.deleted",
)  # fmt: skip
_SECURE = re.compile(r"https://[^\s/?#]+\S*")
_SECURE_OR_LOOPBACK = re.compile(rf"{_SECURE.pattern}|http://(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?([/?]\S*)?")
_CONDITIONS = Many(
    Members(required={"field": Text(least=1), "operator": Text(one_of=("equals", "not_equals")), "value": TEXT})
)
SMALLEST_PAGE, LARGEST_PAGE = 10, 100


class _Target(msgspec.Struct, frozen=True):
    """An address that begins with https, or with the sandbox's switch one on loopback."""

    http: bool

    def issues(self, value: object, path: Path) -> list[errors.Issue]:
        """Return what is wrong with a value."""
        found = Text(pattern=_SECURE_OR_LOOPBACK if self.http else _SECURE).issues(value, path)
        if not found and not _is_url(str(value)):
            return [errors.issue("invalid_string", path, "Invalid url", string_validation="url")]
        return found


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return text.isascii() and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class _FilterShape(msgspec.Struct, frozen=True):
    """Null, or one of `$and` and `$or` over conditions."""

    def issues(self, value: object, path: Path) -> list[errors.Issue]:
        """Return what is wrong with a value."""
        if value is None:
            return []
        if not isinstance(value, dict) or len(value.keys() & {"$and", "$or"}) != 1:
            return [errors.issue("invalid_union", path, "Invalid input")]
        name = "$and" if "$and" in value else "$or"
        return _CONDITIONS.issues(value[name], (*path, name))


_SUBSCRIPTIONS = Many(Members(required={"event_type": Text(one_of=EVENT_TYPES), "filter": _FilterShape()}))


def _members(call: Call) -> dict[str, Shape]:
    return {"target_url": _Target(call.http_webhooks), "subscriptions": _SUBSCRIPTIONS}


def create_webhook(call: Call) -> object:
    """Answer POST /v2/webhooks: the only answer that holds the secret."""
    data = data_of(call.body(), Members(required=_members(call)))
    webhook = Webhook(
        id=call.ids.uuid(),
        target_url=str(data["target_url"]),
        subscriptions=_subscriptions(data["subscriptions"]),
        secret=call.ids.hex(64),
        created_at=call.now,
    )
    _check_unique(call, webhook)
    call.workspace.webhooks[webhook.id] = webhook
    return {"data": {**_body(call, webhook), "secret": webhook.secret}}


def list_webhooks(call: Call) -> object:
    """Answer GET /v2/webhooks, in the order of their creation."""
    query = call.request.query
    limit = query_whole(query, "limit", SMALLEST_PAGE, least=SMALLEST_PAGE, most=LARGEST_PAGE) or SMALLEST_PAGE
    offset = query_whole(query, "offset", 0) or 0
    page = list(call.workspace.webhooks.values())[offset : offset + limit]
    return {"data": [_body(call, each) for each in page]}


def get_webhook(call: Call, webhook_id: str) -> object:
    """Answer GET /v2/webhooks/{webhook_id}."""
    return {"data": _body(call, _held(call, webhook_id))}


def update_webhook(call: Call, webhook_id: str) -> object:
    """Answer PATCH /v2/webhooks/{webhook_id}: another target, or another whole list of subscriptions."""
    data = data_of(call.body(), Members(optional=_members(call)))
    held = _held(call, webhook_id)
    changed = msgspec.structs.replace(held, target_url=str(data.get("target_url", held.target_url)))
    if "subscriptions" in data:
        changed = msgspec.structs.replace(changed, subscriptions=_subscriptions(data["subscriptions"]))
    _check_unique(call, changed)
    call.workspace.webhooks[held.id] = changed
    return {"data": _body(call, changed)}


def delete_webhook(call: Call, webhook_id: str) -> object:
    """Answer DELETE /v2/webhooks/{webhook_id}; what was under way to it is dropped."""
    del call.workspace.webhooks[_held(call, webhook_id).id]
    return {}


def _held(call: Call, webhook_id: str) -> Webhook:
    found = call.workspace.webhooks.get(path_uuid("webhook_id", webhook_id))
    if found is None:
        raise errors.AttioError(404, "not_found", f'Webhook with ID "{webhook_id}" was not found.')
    return found


def _check_unique(call: Call, webhook: Webhook) -> None:
    """Refuse a target, event type and filter that the workspace already has together, in this webhook or another."""
    mine = [(webhook.target_url, each) for each in webhook.subscriptions]
    others = {
        (held.target_url, each)
        for held in call.workspace.webhooks.values()
        if held.id != webhook.id
        for each in held.subscriptions
    }
    if len(set(mine)) < len(mine) or others.intersection(mine):
        message = "Each subscription must have a unique combination of target URL, event type and filter."
        raise errors.AttioError(409, "uniqueness_conflict", message)


def _subscriptions(raw: object) -> tuple[Subscription, ...]:
    assert isinstance(raw, list)
    return tuple(Subscription(each["event_type"], _filter(each["filter"])) for each in raw)


def _filter(raw: dict[str, list[dict[str, str]]] | None) -> Filter | None:
    if raw is None:
        return None
    logic = "$and" if "$and" in raw else "$or"
    conditions = [Condition(each["field"], each["operator"], each["value"]) for each in raw[logic]]
    return Filter(logic, tuple(conditions))


def _filter_body(wanted: Filter | None) -> object:
    return None if wanted is None else {wanted.logic: [msgspec.structs.asdict(each) for each in wanted.conditions]}


def _body(call: Call, webhook: Webhook) -> dict[str, object]:
    return {
        "id": {"workspace_id": call.workspace.id, "webhook_id": webhook.id},
        "target_url": webhook.target_url,
        "status": status_of(webhook, call.now),
        "subscriptions": [
            {"event_type": each.event_type, "filter": _filter_body(each.filter)} for each in webhook.subscriptions
        ],
        "created_at": moment(webhook.created_at),
    }
