"""Work that blocks, awaited. The threads are daemons: a host that never answers does not keep the sandbox alive."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Done = TypeVar("Done")


async def in_thread(work: Callable[[], Done]) -> Done:
    """Do work in a thread of its own and return its result."""
    promise: Future[Done] = Future()
    promise.set_running_or_notify_cancel()  # from here on nobody can cancel it, so the thread may always settle it

    def act() -> None:
        try:
            promise.set_result(work())
        except Exception as error:  # noqa: BLE001 - handed to whoever awaits
            promise.set_exception(error)

    threading.Thread(target=act, name="attibooks-sandbox-host-call", daemon=True).start()
    return await asyncio.wrap_future(promise)
