"""Carries a notification to an address on this machine: plain HTTP, one connection each, never a redirect."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

ANSWER_SECONDS = 3.0
"""The vendor wants its answer within three seconds, by the machine's clock (reference §8)."""


def is_loopback_url(url: str) -> bool:
    """Tell whether an address is plain HTTP on this machine, the only kind that is ever called."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        written = url.isascii() and url.isprintable() and " " not in url
        plain = parts.scheme == "http" and parts.username is None
        return written and plain and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False


async def post(url: str, headers: Mapping[str, str], body: bytes) -> int | str:
    """Return the status of the answer, or in words why there was none."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _exchange(url, headers, body)
    except TimeoutError:
        return f"no answer within {ANSWER_SECONDS:g} s"
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        return f"no answer: {error}"


async def _exchange(url: str, headers: Mapping[str, str], body: bytes) -> int:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    own = {"host": parts.netloc, **headers, "content-length": str(len(body)), "connection": "close"}
    head = "\r\n".join([f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in own.items()), "\r\n"])
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        writer.write(head.encode("ascii") + body)
        await writer.drain()
        line = await reader.readline()
        version, _, rest = line.partition(b" ")
        if not version.startswith(b"HTTP/1."):
            message = "the connection was closed" if not line else "that was no HTTP"
            raise ValueError(message)
        return int(rest[:3])
    finally:
        writer.close()
