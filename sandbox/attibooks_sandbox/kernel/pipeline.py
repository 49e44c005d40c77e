"""The way of a call: log, fault, throttle, work, answer. Without fault and latency it is walked in one go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

import msgspec

from attibooks_sandbox.kernel.calls import Call, CallLog
from attibooks_sandbox.kernel.clock import Clock
from attibooks_sandbox.kernel.faults import Fault, FaultBook, FaultSpec
from attibooks_sandbox.kernel.jsonio import write_json
from attibooks_sandbox.kernel.messages import Cut, Reply, Request, Response
from attibooks_sandbox.kernel.service import Peer, Service

LONGEST_SILENCE = 130.0
logger = logging.getLogger("attibooks_sandbox")


class Pipeline:
    """Carry calls through the services and keep the kernel's record of them."""

    def __init__(self, clock: Clock, calls: CallLog, seed: int) -> None:
        """Begin without faults and without latency."""
        self.clock = clock
        self.calls = calls
        self.faults = FaultBook(seed)
        self.latency: dict[str, float] = {}

    def carry(self, service: Service, request: Request, peer: Peer) -> Reply | Awaitable[Reply]:
        """Return the answer, or an awaitable of it where time has to pass."""
        place = service.place(request)
        call = self.calls.open(
            request, at=self.clock.now(), service=service.name, kind=service.classify(request), place=place
        )
        fault = self.faults.strike(service.name, request, place)
        wait = self.latency.get(service.name, 0.0)
        if fault is not None or wait:
            return self._carry_slowly(service, request, peer, call=call, fault=fault, wait=wait)
        refused = service.admit(request)
        if refused is not None:
            call.answered(refused)
            return refused
        try:
            response = _work(service, request)
        finally:
            service.release(request)
        call.answered(response)
        return response

    async def _carry_slowly(
        self, service: Service, request: Request, peer: Peer, *, call: Call, fault: Fault | None, wait: float
    ) -> Reply:
        refused = service.admit(request)
        if refused is not None:
            await asyncio.sleep(wait)
            call.answered(refused)
            return refused
        try:
            await asyncio.sleep(wait)
            if fault is None:
                reply: Reply = _work(service, request)
            else:
                call.fault = f"{fault.name}:{fault.spec.kind}"
                reply = await _suffer(fault.spec, service, request, peer)
        finally:
            service.release(request)
        _note(call, reply)
        return reply


def _work(service: Service, request: Request) -> Response:
    """Return the service's answer; a mistake of the sandbox itself is logged and told as such."""
    try:
        return service.handle(request)
    except Exception:
        logger.exception("the sandbox failed on %s %s", request.method, request.full_path)
        return Response(500, b"The sandbox failed; see its log.\n", [("Content-Type", "text/plain")])


def _note(call: Call, reply: Reply) -> None:
    if isinstance(reply, Response):
        call.answered(reply)
    else:
        call.outcome = "cut"


async def _suffer(spec: FaultSpec, service: Service, request: Request, peer: Peer) -> Reply:
    """Do what the fault lets happen of a call; whoever commits does so before any waiting, except for latency."""
    if spec.kind == "latency":
        await asyncio.sleep(spec.seconds)
    done = _work(service, request) if spec.commits else None
    if spec.kind == "status":
        return _given(spec, service, request)
    if spec.kind == "timeout":
        await _silence(peer)
        return Cut()
    if done is None or spec.kind == "drop_after_commit":
        return Cut()
    if spec.kind == "slow":
        await asyncio.sleep(spec.seconds)
    return _spoilt(spec, done) if spec.kind == "malformed" else done


async def _silence(peer: Peer) -> None:
    try:
        async with asyncio.timeout(LONGEST_SILENCE):
            await peer.wait_gone()
    except TimeoutError:
        return


def _given(spec: FaultSpec, service: Service, request: Request) -> Response:
    response = service.failure(request, spec.status)
    response.planted = True
    if spec.body is not msgspec.UNSET:
        response = _with_body(response.status, spec.body)
    if spec.retry_after is not None:
        value = service.retry_after() if spec.retry_after == "date" else f"{spec.retry_after:g}"
        response.headers = [pair for pair in response.headers if pair[0].lower() != "retry-after"]
        response.headers.append(("Retry-After", value))
    own = {name.lower() for name in spec.headers}
    response.headers = [pair for pair in response.headers if pair[0].lower() not in own]
    response.headers.extend(spec.headers.items())
    return response


def _with_body(status: int, body: object) -> Response:
    if isinstance(body, str):
        return Response(status, body.encode(), [("Content-Type", "text/plain;charset=utf-8")], planted=True)
    return Response(status, write_json(body), [("Content-Type", "application/json")], planted=True)


def _spoilt(spec: FaultSpec, done: Response) -> Response:
    """Return the answer cut off in its middle, so that no parser can take it for a whole one."""
    if spec.body is not msgspec.UNSET:
        return _with_body(200, spec.body)
    return Response(200, done.body[: max(len(done.body) // 2, 1)], done.headers, planted=True)
