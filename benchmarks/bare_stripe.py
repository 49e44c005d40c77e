"""The baseline of BILLING: a Litestar route that checks Stripe's signature, stores nothing. Arguments: port, secret."""

import hashlib
import hmac
import sys
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response, post

PORT, SECRET = int(sys.argv[1]), sys.argv[2].encode()


@post("/webhooks/stripe", status_code=200)
async def receive(request: Request[Any, Any, Any]) -> Response[None]:
    """Check and forget."""
    body = await request.body()
    stamp, _, given = request.headers.get("stripe-signature", "").removeprefix("t=").partition(",v1=")
    wanted = hmac.new(SECRET, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return Response(None, status_code=200 if hmac.compare_digest(wanted, given) else 400)


uvicorn.run(Litestar([receive], openapi_config=None), port=PORT, log_level="warning", access_log=False)
