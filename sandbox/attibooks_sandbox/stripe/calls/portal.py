"""The billing portal: configurations and sessions over the API (reference: Stripe billing, §2.5)."""

from __future__ import annotations

from typing import Any

from attibooks_sandbox.stripe.call import Call
from attibooks_sandbox.stripe.errors import invalid, missing, not_emulated, not_found
from attibooks_sandbox.stripe.model import PortalConfiguration, PortalSession
from attibooks_sandbox.stripe.paging import page_of
from attibooks_sandbox.stripe.parameters import Params
from attibooks_sandbox.stripe.render_common import Shown

CREATED = "business_profile default_return_url expand features login_page metadata name"
UPDATED = f"active {CREATED}"
OPENED = "after_expiration configuration customer expand flow_data locale return_url"
KIND = "configuration"
_REASONS = [
    "customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex", "too_expensive",
    "unused",
]  # fmt: skip
_FLOWS = frozenset({"customer_update", "payment_method_update", "subscription_cancel", "subscription_pause"})


def create_configuration(call: Call) -> Shown:
    """Add a configuration; the first one of an account becomes its default."""
    params, now = call.params, call.desk.now
    if "features" not in params:
        raise missing("features")
    row = PortalConfiguration(
        id=call.desk.new_id("bpc"),
        created=now,
        updated=now,
        features=_features(params.part("features"), _nothing()),
        business_profile=_profile(params, {}),
        default_return_url=params.address("default_return_url"),
        is_default=not call.state.configurations,
        login_page=params.part("login_page").flag("enabled"),
        metadata=params.metadata(),
        name=params.text("name"),
    )
    return call.show(call.desk.put(row, "billing_portal.configuration.created"))


def _profile(params: Params, held: dict[str, Any]) -> dict[str, Any]:
    part = params.part("business_profile")
    names = ("headline", "privacy_policy_url", "terms_of_service_url")
    return {name: part.text(name) if name in part else held.get(name) for name in names}


def _nothing() -> dict[str, Any]:
    """Return the features of a configuration that allows nothing."""
    return {
        "customer_update": {"allowed_updates": [], "enabled": False},
        "invoice_history": {"enabled": False},
        "payment_method_update": {"enabled": False, "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "feedback_options": None, "options": _REASONS},
            "enabled": False,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_pause": {"duration": None, "enabled": False},
        "subscription_update": {
            "billing_cycle_anchor": None,
            "default_allowed_updates": [],
            "enabled": False,
            "products": None,
            "proration_behavior": "none",
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }


def _features(sent: Params, held: dict[str, Any]) -> dict[str, Any]:
    """Return the features after a call: what was not sent stays."""
    if sent.part("subscription_update").flag("enabled"):
        raise not_emulated("features[subscription_update][enabled]")
    merged = _merged(held, sent.copied())
    update = merged["customer_update"]
    if update["enabled"] and not update["allowed_updates"]:
        raise missing("features[customer_update][allowed_updates]")
    cancel = merged["subscription_cancel"]
    if cancel["mode"] == "at_period_end" and cancel["proration_behavior"] != "none":
        message = "Proration behavior must be `none` when cancellation mode is `at_period_end`."
        raise invalid(message, "features[subscription_cancel][proration_behavior]")
    return merged


def _merged(held: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    both = {
        name: _merged(held[name] or {}, value) if isinstance(value, dict) else value
        for name, value in sent.items()
        if name in held
    }
    return {**held, **both}


def _configuration(call: Call, identifier: str, param: str = "id") -> PortalConfiguration:
    found = call.state.configurations.get(identifier)
    if found is None:
        raise not_found(KIND, identifier, param)
    return found


def retrieve_configuration(call: Call, identifier: str) -> Shown:
    """Return a configuration."""
    return call.show(_configuration(call, identifier))


def update_configuration(call: Call, identifier: str) -> Shown:
    """Change a configuration."""
    row, params = _configuration(call, identifier), call.params
    changes: dict[str, Any] = {"business_profile": _profile(params, row.business_profile)}
    if "active" in params:
        if row.is_default and not params.flag("active"):
            raise invalid("You cannot deactivate the default configuration.", "active")
        changes["active"] = params.flag("active")
    if "default_return_url" in params:
        changes["default_return_url"] = params.address("default_return_url")
    if "name" in params:
        changes["name"] = params.text("name")
    if "features" in params:
        changes["features"] = _features(params.part("features"), row.features)
    if "login_page" in params:
        changes["login_page"] = params.part("login_page").flag("enabled")
    if "metadata" in params:
        changes["metadata"] = params.metadata(row.metadata)
    changed = call.desk.change(row, "billing_portal.configuration.updated", updated=call.desk.now, **changes)
    return call.show(changed)


def list_configurations(call: Call) -> Shown:
    """List configurations."""
    params = call.params
    rows = [
        row
        for row in call.state.configurations.values()
        if params.plain("active") in {None, row.active} and params.plain("is_default") in {None, row.is_default}
    ]
    return page_of(params, "/v1/billing_portal/configurations", KIND, rows, call.show)


# sessions


def create_session(call: Call) -> Shown:
    """Open a customer's way into the portal."""
    params = call.params
    customer = call.customer(params.needed("customer"), "customer")
    configuration = _chosen(call)
    row = PortalSession(
        id=call.desk.new_id("bps"),
        created=call.desk.now,
        secret=f"test_{call.state.ids.alphanumeric(60)}",
        customer=customer.id,
        configuration=configuration.id,
        after_expiration=_after_expiration(params),
        flow=_flow(call, customer.id, configuration),
        locale=params.text("locale"),
        return_url=params.address("return_url") or configuration.default_return_url,
    )
    call.state.portals[row.secret] = row
    shown = call.show(row)
    call.desk.tell("billing_portal.session.created", shown)
    return shown


def _chosen(call: Call) -> PortalConfiguration:
    wanted = call.params.text("configuration")
    if wanted is not None:
        found = _configuration(call, wanted, "configuration")
        if not found.active:
            raise invalid(f"The configuration {wanted} is not active.", "configuration")
        return found
    default = next((row for row in call.state.configurations.values() if row.is_default), None)
    if default is None:
        message = (
            "No configuration provided and your test mode default configuration has not been created. Provide a "
            "configuration or create your default by saving your customer portal settings in test mode at "
            "https://dashboard.stripe.com/test/settings/billing/portal."
        )
        raise invalid(message)
    return default


def _after_expiration(params: Params) -> dict[str, object] | None:
    if params.plain("after_expiration") is None:
        return None
    login = params.part("after_expiration").part("customer_login")
    return {"customer_login": {"expires_at": login.whole("expires_at")}, "type": "customer_login"}


def _flow(call: Call, customer_id: str, configuration: PortalConfiguration) -> dict[str, object] | None:
    """Return the one thing that a session is opened for."""
    if call.params.plain("flow_data") is None:
        return None
    part = call.params.part("flow_data")
    kind = part.needed("type")
    if kind not in _FLOWS:
        raise not_emulated("flow_data[type]")
    feature: Any = configuration.features[kind]
    if not feature["enabled"]:
        message = f"You can't use the flow `{kind}` because the feature is disabled in the portal configuration."
        raise invalid(message, "flow_data[type]")
    shown: dict[str, object] = {"after_completion": _after_completion(part), "type": kind}
    for name in (
        "customer_update",
        "subscription_cancel",
        "subscription_pause",
        "subscription_update",
        "subscription_update_confirm",
    ):
        shown[name] = None
    if kind.startswith("subscription_"):
        shown[kind] = _flow_of_subscription(call, part.part(kind), customer_id, kind)
    return shown


def _flow_of_subscription(call: Call, part: Params, customer_id: str, kind: str) -> dict[str, object]:
    part.only("subscription")
    found = call.subscription(part.needed("subscription"), part.label("subscription"))
    if found.customer != customer_id or found.over:
        message = f"The subscription {found.id} is not one of the customer's that can be changed."
        raise invalid(message, part.label("subscription"))
    planned = found.cancel_at is not None or found.cancel_at_period_end
    if kind == "subscription_cancel" and planned:
        message = (
            f"This subscription cannot be canceled because the subscription `{found.id}` is already set to be canceled."
        )
        raise invalid(message, part.label("subscription"))
    return {"subscription": found.id} | ({"retention": None} if kind == "subscription_cancel" else {})


def _after_completion(part: Params) -> dict[str, object]:
    after = part.part("after_completion")
    kind = after.text("type") or "portal_homepage"
    redirect = None
    if kind == "redirect":
        after.part("redirect").needed("return_url")
        redirect = {"return_url": after.part("redirect").address("return_url")}
    confirmation = {"custom_message": after.part("hosted_confirmation").text("custom_message")}
    return {
        "hosted_confirmation": confirmation if kind == "hosted_confirmation" else None,
        "redirect": redirect,
        "type": kind,
    }
