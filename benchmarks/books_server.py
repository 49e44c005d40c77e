"""A sandbox whose first company has very many invoices, or a server that answers a constant: one process of its own.

Arguments: how many invoices (0: the constant), a data folder or `-`. Prints one line of JSON: url, realm, token.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from attibooks_sandbox.app import create_app
from attibooks_sandbox.kernel.messages import Response
from attibooks_sandbox.kernel.server import listen, new_loop
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.invoices import InvoiceDesk
from attibooks_sandbox.quickbooks.names import create_name
from attibooks_sandbox.quickbooks.switches import Switches

INVOICES_PER_CUSTOMER = 20
FIRST = datetime(2022, 1, 3, 9, 0, tzinfo=UTC)
DAYS = 1_500


class Constant:
    """The baseline: the same server, the same request in, an answer of the same size out, no work."""

    answer = Response(200, b"x" * 1_300, [("Content-Type", "application/json;charset=utf-8")])

    def begin(self, *_):
        """Answer."""
        return self.answer


def fill(company: Company, invoices: int) -> None:
    """Add customers and invoices, evenly over the days."""
    customers = [_customer(company, number) for number in range(invoices // INVOICES_PER_CUSTOMER)]
    step = timedelta(days=DAYS) / invoices
    for number in range(invoices):
        detail = {"ItemRef": "3", "Qty": Decimal(2), "UnitPrice": Decimal(100)}
        line = {"DetailType": "SalesItemLineDetail", "Amount": Decimal(200), "SalesItemLineDetail": detail}
        cleaned = {"CustomerRef": customers[number % len(customers)], "Line": [line]}
        InvoiceDesk(company, Switches(), FIRST + step * number).create(cleaned)


def _customer(company: Company, number: int) -> str:
    facts = {"DisplayName": f"Customer {number}", "PrimaryEmailAddr": f"c{number}@bench.example"}
    return create_name(company, "Customer", facts, FIRST).id


async def serve(app, facts):
    """Serve until ended."""
    listener = await listen(app, "127.0.0.1", 0)
    print(json.dumps({"url": f"http://127.0.0.1:{listener.port}", "port": listener.port, **facts}), flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Fill and serve."""
    invoices, data = int(sys.argv[1]), sys.argv[2]
    app, facts = Constant(), {}
    if invoices:
        app = create_app(limits=False, data=None if data == "-" else Path(data))
        (environment, realm), company = next(iter(app.world.quickbooks.companies.items()))
        token = next(iter(app.world.quickbooks.tokens))
        fill(company, invoices)
        app.keep()
        facts = {"realm": realm, "token": token, "environment": environment}
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(serve(app, facts))


if __name__ == "__main__":
    main()
