"""Statements counted on the wire between a service and PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from tests.support.running import free_port

SIMPLE_QUERY: Final = b"Q"
EXECUTE: Final = b"E"


@dataclass
class Wire:
    """A stretch of wire to PostgreSQL that counts the statements passing along it."""

    host: str
    port: int
    statements: int = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client to the server until one of them hangs up."""
        from_server, to_server = await asyncio.open_connection(self.host, self.port)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await asyncio.gather(self._forward(reader, to_server), _copy(from_server, writer))
        finally:
            to_server.close()
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        started = False
        while True:
            kind = await reader.readexactly(1) if started else b""
            length = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(length, "big") - 4)
            started = started or body[:2] == b"\x00\x03"  # protocol 3.0; before it, only a request for encryption
            self.statements += kind in {SIMPLE_QUERY, EXECUTE}
            writer.write(kind + length + body)
            await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65_536):
        writer.write(chunk)
        await writer.drain()
    raise ConnectionError


@asynccontextmanager
async def counted(url: str) -> AsyncGenerator[tuple[Wire, str]]:
    """Yield the wire, and the address of the server at the end of it."""
    parts = urlsplit(url)
    wire = Wire(parts.hostname or "127.0.0.1", parts.port or 5432)
    port = free_port()
    async with await asyncio.start_server(wire.carry, "127.0.0.1", port):
        login = parts.netloc.rpartition("@")[0]
        yield wire, urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))
