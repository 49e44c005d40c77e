"""Books of any number of companies in which nothing changes, 80 ms away; some are poisoned. Prints its port.

A realm that begins with 6 hangs for 30 s, with 7 answers garbage, with 8 answers 10 MB; every other one answers change
data capture with nothing. Written on the bare protocol, so that the load of the server stays small.
"""

import asyncio
import re

LATENCY = 0.08
HANG = 30.0
NO_CHANGES = b'{"CDCResponse":[{"QueryResponse":[{}]}],"time":"%s"}'
NO_ROWS = b'{"QueryResponse":{},"time":"%s"}'
_REALM = re.compile(rb"/company/(\d)")


def answered(body):
    """An answer of 200."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
    return head + body


async def body_for(kind, is_query):
    """What a company answers."""
    from datetime import UTC, datetime

    await asyncio.sleep(HANG if kind == b"6" else LATENCY)
    if kind == b"7":
        return b"<html>garbage"
    if kind == b"8":
        return b"[" + b"1," * 5_000_000 + b"1]"
    return (NO_ROWS if is_query else NO_CHANGES) % f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}".encode()


async def converse(reader, writer):
    """Calls of one connection, one after another."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            if length:
                await reader.readexactly(int(length[1]))
            realm = _REALM.search(head)
            writer.write(answered(await body_for(realm[1] if realm else b"1", b"/query" in head)))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    """Serve until ended."""
    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
