"""Runs a module as `python -m` does, and ends it when the process that started it is gone.

A terminal that is closed, a killed demo: whatever happens to the parent, the host is no orphan for longer than a
moment.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

LOOK_SECONDS = 0.5
GRACE_SECONDS = 10


def main() -> None:
    """Run the module that the command line names, with the rest of the command line."""
    threading.Thread(target=_follow, args=(os.getppid(),), name="leash", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
