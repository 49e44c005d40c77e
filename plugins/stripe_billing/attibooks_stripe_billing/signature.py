"""Checking who sent a delivery (Stripe reference, webhook signatures): HMAC-SHA256 over timestamp and raw body.

The library's own check accepts timestamps of the future and takes one secret; it is the second opinion in our tests.
"""

import hashlib
import hmac
from collections.abc import Iterable

TOLERANCE_SECONDS = 300
"""How far the sender's clock may be from ours, both ways."""


def is_signed(header: str, body: bytes, secrets: Iterable[str], now: float) -> bool:
    """Whether any of the secrets signed these very bytes, just now.

    :param header: `t=<unix seconds>,v1=<hex>[,v1=<hex>...]`; other schemes are passed over.
    """
    parts = [part.partition("=") for part in header.split(",")]
    stamps = [value.strip() for name, _, value in parts if name.strip() == "t"]
    given = [value.strip().encode() for name, _, value in parts if name.strip() == "v1"]
    if len(stamps) != 1 or not stamps[0].isascii() or not stamps[0].isdigit() or len(stamps[0]) > 12 or not given:
        return False
    if abs(now - int(stamps[0])) > TOLERANCE_SECONDS:
        return False
    message = stamps[0].encode() + b"." + body
    wanted = [hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode() for secret in secrets]
    return any(hmac.compare_digest(ours, theirs) for ours in wanted for theirs in given)
