"""The pages around the seller's own: the one to pay from, and those on which one comes back.

They load nothing from elsewhere, run no script, and show nothing that came in a query but what this host had sealed.
"""

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from attibooks_core.errors import AttiBooksError, Conflict
from attibooks_core.model import Entitlements
from attibooks_core.plans.selling import Return
from attibooks_core.web.html import HEADERS, html_page
from attibooks_core.web.parts import TheHost

IN_APP = "In Attio, open the settings of AttiBooks, section 8."

AnyRequest = Request[Any, Any, Any]


@get("/billing/upgrade", include_in_schema=False)
async def upgrade_page(request: AnyRequest, host: TheHost) -> Response[str]:
    """Where a refusal's link leads: what one gets, and a button. Opening it changes nothing anywhere."""
    coming = host.plans.upgrader(*_pass_of(request))
    if coming is None or host.plans.seller is None:
        return _unknown()
    plan = await host.plans.entitlements(coming.workspace_id)
    if plan.monthly_limit is None:
        return _has_it_already()
    lines = (
        "Invoices without a limit, review before sending, invoices as records of their own, edit and void.",
        "The price is shown before you pay, and you can cancel at any time.",
    )
    return _page("Upgrade to Pro", *lines, action=host.plans.upgrade_url(coming.workspace_id))


@post("/billing/upgrade", status_code=303, include_in_schema=False)
async def upgrade(request: AnyRequest, host: TheHost) -> Response[Any]:
    """The button: to the seller's page."""
    coming = host.plans.upgrader(*_pass_of(request))
    if coming is None or host.plans.seller is None:
        return _unknown()
    try:
        url = await host.plans.checkout_url(host.plans.seller, coming)
    except Conflict:
        return _has_it_already()
    except AttiBooksError as error:
        return _page("That did not work", error.message, status=502)
    return Redirect(url, status_code=303, headers=HEADERS)


@get("/billing/success", include_in_schema=False)
async def success(request: AnyRequest, host: TheHost) -> Response[str]:
    """Back from paying. The plan is asked for anew, so it is on even when no delivery has come yet."""
    coming = host.plans.returner(*_pass_of(request))
    if coming is None or host.plans.seller is None:
        return _page("Thank you", "Your plan is on as soon as the payment is through.", IN_APP)
    try:
        plan = await host.plans.seller.returned(coming.workspace_id, dict(request.query_params.items()))
    except AttiBooksError:
        return _pending(coming)
    return _pending(coming) if plan.monthly_limit is not None else _has_it(coming, plan)


@get("/billing/cancelled", include_in_schema=False)
async def cancelled(request: AnyRequest, host: TheHost) -> Response[str]:
    """Back without paying."""
    coming = host.plans.returner(*_pass_of(request))
    return _page("Nothing was paid", "Your plan is as it was. You can upgrade at any time.", IN_APP, link=_link(coming))


PAGES: list[Any] = [upgrade_page, upgrade, success, cancelled]


def _pass_of(request: AnyRequest) -> tuple[str, str]:
    query = request.query_params
    return str(query.get("workspace", "")), str(query.get("pass", ""))


def _link(coming: Return | None) -> str:
    return (coming.return_to or "") if coming else ""


def _has_it(coming: Return, plan: Entitlements) -> Response[str]:
    lines = ["Invoices are unlimited from now on."] + ([plan.notice.message, plan.notice.fix] if plan.notice else [])
    return _page(f"You have {plan.plan.title()}", *lines, link=_link(coming))


def _has_it_already() -> Response[str]:
    return _page("This workspace has Pro", "There is nothing to pay here.", f"To manage the plan: {IN_APP}")


def _pending(coming: Return) -> Response[str]:
    text = "The payment is not confirmed yet. Your plan changes by itself as soon as it is; nothing is to be done."
    return _page("Thank you", text, link=_link(coming))


def _unknown() -> Response[str]:
    return _page("This link does not lead anywhere", f"Open a new one. {IN_APP}", status=404)


def _page(title: str, *lines: str, status: int = 200, action: str = "", link: str = "") -> Response[str]:
    return html_page("billing.html", status, title=title, lines=lines, action=action, link=link)
