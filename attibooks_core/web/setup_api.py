"""Run Setup: the route that makes the object of the invoices (contract §3)."""

import msgspec
from litestar import Response, post
from litestar.params import JSONBody

from attibooks_core.invoicing.object_setup import set_up_invoice_object
from attibooks_core.lifecycle import SetupReport
from attibooks_core.web.parts import TheCall, TheCalls, TheHost, json_answer
from attibooks_core.web.problems import ERROR_RESPONSES
from attibooks_core.web.schemas import Body


class SetupAnswer(msgspec.Struct, kw_only=True):
    """What Run Setup did: slugs of attributes that were made, were right already, or were restored."""

    object: str
    created: list[str]
    unchanged: list[str]
    repaired: list[str]
    already_set_up: bool


@post("/invoice-object/setup", status_code=200, responses=ERROR_RESPONSES)
async def set_up(host: TheHost, calls: TheCalls, call: TheCall, data: JSONBody[Body]) -> Response[SetupAnswer]:
    """Run Setup: make the object of the invoices and its attributes, as far as they are missing."""

    async def produce() -> bytes:
        settings = await calls.settings_of(call, data.settings, change=True)
        return msgspec.json.encode(_answer(await set_up_invoice_object(host.bench, call.caller, settings)))

    return json_answer(await calls.once("invoice-object/setup", call, produce), 200)


def _answer(report: SetupReport) -> SetupAnswer:
    return SetupAnswer(
        object=report.object,
        created=list(report.created),
        unchanged=list(report.unchanged),
        repaired=list(report.repaired),
        already_set_up=report.already_set_up,
    )


ROUTES = [set_up]
