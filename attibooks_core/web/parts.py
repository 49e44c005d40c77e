"""What the modules of routes share: their dependencies, and answers of bytes that are JSON already."""

from ipaddress import ip_address
from typing import Any

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec

from attibooks_core.host import Host
from attibooks_core.invoicing.serving import StillRunning
from attibooks_core.web.calls import Call, Calls
from attibooks_core.web.schemas import JobAccepted

JSON = "application/json"
ACCEPTED = ResponseSpec(JobAccepted, description="It takes longer; ask for the job.", generate_examples=False)

TheHost = NamedDependency[Host]
TheCalls = NamedDependency[Calls]
TheCall = NamedDependency[Call]


def json_answer(body: bytes, status: int) -> Response[Any]:
    """A body as it is."""
    return Response(body, status_code=status, media_type=JSON)


def answered(outcome: bytes | StillRunning, status: int) -> Response[Any]:
    """The answer of an operation, or the job of one that takes longer."""
    if isinstance(outcome, StillRunning):
        return json_answer(msgspec.json.encode(JobAccepted(job_id=outcome.job_id)), 202)
    return json_answer(outcome, status)


def is_loopback(name: str) -> bool:
    """Whether a host of an address is this machine."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
