"""Questions by which a server shows that it answers, not merely that its port is open."""

import asyncio
import contextlib
from typing import Final

from deploy.local.ports import LOOPBACK

AMQP_GREETING: Final = b"AMQP\x00\x00\x09\x01"
METHOD_FRAME: Final = b"\x01"
ANSWER_SECONDS: Final = 3.0


async def answers_http(port: int, path: str) -> bool:
    """Say whether a GET is answered with 200."""
    request = f"GET {path} HTTP/1.0\r\nHost: {LOOPBACK}:{port}\r\n\r\n".encode()
    status = await _exchange(port, request, len(b"HTTP/1.1 200"))
    return status.endswith(b" 200")


async def answers_amqp(port: int) -> bool:
    """Say whether the broker opens the AMQP 0-9-1 handshake; its definitions are loaded by then."""
    return await _exchange(port, AMQP_GREETING, 1) == METHOD_FRAME


async def accepts_connections(port: int) -> bool:
    """Say whether somebody listens; for servers that speak only to their own kind."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(LOOPBACK, port), ANSWER_SECONDS)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _exchange(port: int, request: bytes, size: int) -> bytes:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(request)
                return await reader.readexactly(size)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return b""
