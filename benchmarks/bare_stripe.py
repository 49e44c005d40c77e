"""The baselines of BILLING: a Litestar route that checks Stripe's signature, and stores the event's id or nothing.

Arguments: port, secret, and a database's URL to store in, one transaction a delivery.
"""

import asyncio
import hashlib
import hmac
import json
import sys
from typing import Any

import sqlalchemy as sa
import uvicorn
from litestar import Litestar, Request, Response, post

from attibooks_core.storage.engine import Database

PORT, SECRET = int(sys.argv[1]), sys.argv[2].encode()
DATABASE = Database(sys.argv[3]) if len(sys.argv) > 3 else None
INSERT = sa.text("INSERT INTO seen (id, body) VALUES (:id, :body) ON CONFLICT DO NOTHING")


@post("/webhooks/stripe", status_code=200)
async def receive(request: Request[Any, Any, Any]) -> Response[None]:
    """Check, and store or forget."""
    body = await request.body()
    stamp, _, given = request.headers.get("stripe-signature", "").removeprefix("t=").partition(",v1=")
    wanted = hmac.new(SECRET, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, given):
        return Response(None, status_code=400)
    if DATABASE is not None:
        values = {"id": json.loads(body)["id"], "body": body.decode()}
        await DATABASE.write(lambda c: c.execute(INSERT, values))
    return Response(None, status_code=200)


if DATABASE is not None:
    asyncio.run(DATABASE.write(lambda c: c.execute(sa.text("CREATE TABLE seen (id TEXT PRIMARY KEY, body TEXT)"))))
uvicorn.run(Litestar([receive], openapi_config=None), port=PORT, log_level="warning", access_log=False)
