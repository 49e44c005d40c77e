"""Run the sandbox alone: `python -m attibooks_sandbox --port 8100`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import signal
from collections.abc import Sequence
from pathlib import Path

from attibooks_sandbox.app import ADDRESSES, HOST_URL, SandboxApp, create_app
from attibooks_sandbox.kernel.server import listen, new_loop
from attibooks_sandbox.kernel.state import FolderError
from attibooks_sandbox.worlds.build import Size


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted; returns 0, or 1 when the port cannot be opened."""
    given = _parser().parse_args(argv)
    return serve(
        given.host,
        given.port,
        given.seed,
        size=given.size,
        limits=not given.no_limits,
        host_url=given.host_url,
        data=given.data,
    )


def serve(
    host: str,
    port: int,
    seed: int | None = None,
    *,
    size: Size | None = None,
    limits: bool = True,
    host_url: str = HOST_URL,
    data: Path | None = None,
) -> int:
    """Serve until interrupted; returns 0, or 1 when the port cannot be opened or the data folder cannot be used.

    A seed from 2 on stands for a large world here, unless a size is given: who names one wants another world, and
    the small one is the same in every seed but for its ids.
    """
    if size is None and seed is not None:
        size = "small" if seed == 1 else "large"
    try:
        app = create_app(seed, size=size, limits=limits, host_url=host_url, data=data)
    except FolderError as error:
        print(error, flush=True)  # noqa: T201 - a command's output
        return 1
    gc.freeze()  # what is there now stays, so the collector need not look through it again and again
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(_serve(app, host, port))
    finally:
        app.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="attibooks-sandbox", description="Attio and QuickBooks Online on loopback.")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8100, help="0 takes any free port (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="which world (default: 1); one from 2 on is large")
    parser.add_argument("--size", choices=("small", "large"), help="its size, if it shall be another than the seed's")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a folder that carries everything over a restart")
    parser.add_argument("--no-limits", action="store_true", help="begin with the vendors' throttles off")
    parser.add_argument("--host-url", default=HOST_URL, help="the AttiBooks host that the page calls (%(default)s)")
    return parser


async def _serve(app: SandboxApp, host: str, port: int) -> int:
    try:
        listener = await listen(app, host, port)
    except OSError as error:
        print(f"cannot open {host}:{port}: {error}", flush=True)  # noqa: T201 - a command's output
        return 1
    base = f"http://{host}:{listener.port}"
    for address in ADDRESSES:
        print(f"{base}{address}", flush=True)  # noqa: T201 - a command's output
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, stopped.set)
    await stopped.wait()
    listener.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
