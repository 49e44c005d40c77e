"""The baseline of B5: a Litestar route that checks the same signature, stores nothing. Arguments: port, token."""

import hashlib
import hmac
import sys
from base64 import b64encode
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response, post

PORT, TOKEN = int(sys.argv[1]), sys.argv[2].encode()


@post("/webhooks/quickbooks", status_code=200)
async def receive(request: Request[Any, Any, Any]) -> Response[None]:
    """Check and forget."""
    body = await request.body()
    wanted = b64encode(hmac.digest(TOKEN, body, hashlib.sha256))
    given = request.headers.get("intuit-signature", "").encode()
    return Response(None, status_code=200 if hmac.compare_digest(wanted, given) else 401)


uvicorn.run(Litestar([receive], openapi_config=None), port=PORT, log_level="warning", access_log=False)
