"""The demo for a person: everything runs until they have seen enough."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from attibooks_sandbox.demo.stage import CRON_SECRET, DemoError, Stage, Tick

Say = Callable[[str], None]
_ENDS = ("SIGINT", "SIGTERM", "SIGHUP")
_GUIDE = """
  Page   {page}/
  API    {host}/schema/openapi.json

  1. Open the page: the CRM is on the left, the books are on the right.
  2. Open the company Northwind Traders, then Actions, Create QuickBooks invoice.
     A toast says the number; number, status and link appear on the record.
  3. Open the invoice on the right and mark it as paid: the record says Paid.
  4. Below are the calls that crossed the wire. Switch on a fault and create
     another invoice: there is still exactly one.

  5. The workspace is on Free: ten invoices a month in production books (connect
     such a company to see them counted). In the app's settings, section 8,
     Upgrade to Pro; the card 4242 4242 4242 4242 pays. Manage plan ends it.
  6. With Pro, switch on Store invoices as Attio records and Run Setup: each
     invoice is a record too, to be edited and voided.

  {company} is connected. The host's log: {log}
  The nightly sync, now:
    curl -X POST -H "Authorization: Bearer {cron}" {host}/api/cron/sync-invoices
  Ctrl-C ends everything; nothing is kept.
"""


def guide(say: Say, tick: Tick) -> None:
    """Run the demo until somebody ends it.

    :raises DemoError: it did not start, or the host ended by itself.
    """
    with _ended() as end:
        say("Starting the sandbox and the host.")
        with suppress(_EndedEarlyError), Stage(fixed_ports=True, sells=True, tick=_until(end, tick)) as stage:
            company = stage.connect()["company_name"]
            say(
                _GUIDE.format(
                    page=stage.sandbox.url, host=stage.host.url, company=company, log=stage.host.log, cron=CRON_SECRET
                )
            )
            while not end.wait(0.5):
                if not stage.host.alive:
                    raise DemoError(stage.host.obituary("The host ended by itself."))
            with suppress(OSError):  # the terminal may be gone
                say("Ending the host and the sandbox.")


class _EndedEarlyError(Exception):
    """Somebody ended the demo before it was up."""


def _until(end: threading.Event, tick: Tick) -> Tick:
    """Return a tick that also stops the start when somebody has ended the demo."""

    def act() -> None:
        if end.is_set():
            raise _EndedEarlyError
        tick()

    return act


@contextmanager
def _ended() -> Iterator[threading.Event]:
    """Turn the signals that end a program into an event, so that what was started is ended in order."""
    end = threading.Event()
    numbers = [getattr(signal, name) for name in _ENDS if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: end.set()) for number in numbers}
    try:
        yield end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
