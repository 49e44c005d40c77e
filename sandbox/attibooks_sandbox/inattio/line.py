"""The app's line to the host: every call is signed, logged, and repeated while its answer may still change.

A repeat carries the same Idempotency-Key and the same body and is signed anew, so it can never do a thing twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from attibooks_sandbox.inattio.signing import Identity, signed_headers
from attibooks_sandbox.inattio.threads import in_thread
from attibooks_sandbox.inattio.transport import Answer, AnswerLostError, HostAbsentError, Transport
from attibooks_sandbox.kernel.calls import Call, CallLog
from attibooks_sandbox.kernel.clock import Clock
from attibooks_sandbox.kernel.jsonio import write_json
from attibooks_sandbox.kernel.messages import Request, Response

BASE = "/api/attio"
CLICK_ATTEMPTS = 5
READ_ATTEMPTS = 2
LONGEST_PAUSE = 5.0
JOB_SECONDS = 60.0
JOB_PAUSE = 1.0
FINAL_STATES = frozenset({"succeeded", "failed"})

Sleep = Callable[[float], Awaitable[object]]


class HostCall(msgspec.Struct, frozen=True):
    """A call as every attempt sends it; a change has a key, a read has none."""

    method: str
    target: str
    body: bytes = b""
    key: str = ""

    @classmethod
    def of(cls, method: str, path: str, facts: Mapping[str, object] | None = None, key: str = "") -> HostCall:
        """Return the call of a route of the host's app API."""
        return cls(method, f"{BASE}/{path}", b"" if facts is None else write_json(facts), key)


def pause_after(answer: Answer | None, attempt: int) -> float | None:
    """Return the seconds to wait before the call is repeated, or None when its answer is final; None is a lost one."""
    if answer is not None and answer.status < 500 and answer.status != 429:
        return None
    asked = "" if answer is None else answer.headers.get("retry-after", "")
    wait = float(asked) if asked.isascii() and asked.isdigit() else 0.5 * 2 ** (attempt - 1)
    return min(wait, LONGEST_PAUSE)


class Line:
    """Carries the calls of one app."""

    def __init__(
        self,
        transport: Callable[[], Transport],
        clock: Clock,
        calls: CallLog,
        sleep: Sleep = asyncio.sleep,
        signing_time: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        """Call through what `transport` gives for each call; note every call in a log of its own."""
        self._transport = transport
        self._clock = clock
        self._sleep = sleep
        self._signing_time = signing_time
        self.calls = calls

    async def carry(self, who: Identity, call: HostCall) -> Answer:
        """Carry a call until its answer is final, at most a few times; then the last answer counts.

        :raises HostAbsentError: nobody is there, and nothing was sent before.
        :raises AnswerLostError: the last attempt had no answer.
        """
        attempts = CLICK_ATTEMPTS if call.key else READ_ATTEMPTS
        for attempt in range(1, attempts + 1):
            answer = await self._attempt(who, call, first=attempt == 1)
            pause = pause_after(answer, attempt)
            if pause is None or attempt == attempts:
                break
            await self._sleep(pause)
        if answer is None:
            message = f"no answer to {call.method} {call.target}"
            raise AnswerLostError(message)
        return answer

    async def settle(self, who: Identity, call: HostCall) -> Answer:
        """Carry a change to its end: a 202 is followed up by its job, and the key then gives the final answer."""
        answer = await self.carry(who, call)
        deadline = time.monotonic() + JOB_SECONDS
        while answer.status == 202 and time.monotonic() < deadline:
            await self._wait_for_job(who, str(answer.facts.get("job_id", "")), deadline)
            answer = await self.carry(who, call)
        return answer

    async def _wait_for_job(self, who: Identity, job_id: str, deadline: float) -> None:
        while time.monotonic() < deadline:
            await self._sleep(JOB_PAUSE)
            job = await self.carry(who, HostCall.of("GET", f"jobs/{job_id}"))
            if job.status != 200 or job.facts.get("state") in FINAL_STATES:
                return

    async def _attempt(self, who: Identity, call: HostCall, *, first: bool) -> Answer | None:
        """Return the answer, or None when there was none although the call may have arrived."""
        headers = signed_headers(who, call.method, call.target, call.body, key=call.key, at=self._signing_time())
        entry = self._note(who, call, headers)
        transport = self._transport()
        try:
            answer = await in_thread(lambda: transport.send(call.method, call.target, headers, call.body))
        except HostAbsentError:
            entry.outcome = "refused"
            if first:
                raise
            return None
        except AnswerLostError:
            entry.outcome = "lost"
            return None
        entry.answered(Response(answer.status, answer.body))
        return answer

    def _note(self, who: Identity, call: HostCall, headers: dict[str, str]) -> Call:
        request = Request(call.method, call.target, "", headers, call.body)
        kind = "change" if call.key else "read"
        return self.calls.open(
            request, at=self._clock.now(), service="host", kind=kind, place={"workspace": who.workspace}
        )
