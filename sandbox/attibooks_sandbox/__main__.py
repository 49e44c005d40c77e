"""Run the sandbox alone: `python -m attibooks_sandbox --port 8100`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Sequence

from attibooks_sandbox.app import ADDRESSES, HOST_URL, SandboxApp, create_app
from attibooks_sandbox.kernel.server import listen, new_loop


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted; returns 0, or 1 when the port cannot be opened."""
    given = _parser().parse_args(argv)
    return serve(given.host, given.port, given.seed, limits=not given.no_limits, host_url=given.host_url)


def serve(host: str, port: int, seed: int = 1, *, limits: bool = True, host_url: str = HOST_URL) -> int:
    """Serve until interrupted; returns 0, or 1 when the port cannot be opened."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(_serve(create_app(seed, limits=limits, host_url=host_url), host, port))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="attibooks-sandbox", description="Attio and QuickBooks Online on loopback.")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8100, help="0 takes any free port (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which world (default: %(default)s)")
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
