"""A line between two processes that can be cut, held or stranded, as networks do."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from tests.support.running import free_port


@dataclass(eq=False)
class _Line:
    """One connection, and whether each direction lets bytes pass."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    to_server: asyncio.Event = field(default_factory=asyncio.Event)
    to_client: asyncio.Event = field(default_factory=asyncio.Event)
    pumps: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    def abort(self) -> None:
        for pump in self.pumps:
            pump.cancel()
        for writer in (self.client, self.server):
            cast("asyncio.Transport", writer.transport).abort()


class Proxy:
    """Forwards TCP to a port of this machine. What it holds is not lost: it goes on once released."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._lines = set[_Line]()
        self._holding = False
        self._server: asyncio.Server | None = None
        self.turned_away: int | None = None
        """How many it turned away, while it turns away whoever comes."""

    async def up(self) -> None:
        """Take connections, always on the same port."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)

    async def down(self) -> None:
        """Refuse connections and cut those that are open."""
        if self._server:
            self._server.close()
            self._server = None
        self.cut()

    def cut(self) -> None:
        """Cut all connections; new ones are taken."""
        for line in tuple(self._lines):
            line.abort()

    def turn_away(self) -> None:
        """Cut all connections, and new ones as soon as they are made, which are counted."""
        self.turned_away = 0
        self.cut()

    def welcome(self) -> None:
        """Turn nobody away any more."""
        self.turned_away = None

    def strand(self) -> int:
        """Pass nothing on any connection ever again, and tell nobody, as a cable that was cut; new ones are fine."""
        for line in self._lines:
            line.to_server.clear()
            line.to_client.clear()
        return len(self._lines)

    def hold_towards_server(self) -> None:
        """Keep back what clients say, on old and new connections; they still hear."""
        self._holding = True
        for line in self._lines:
            line.to_server.clear()

    def hold_towards_clients(self) -> None:
        """Keep back what the server says on the connections there are; it still hears."""
        for line in self._lines:
            line.to_client.clear()

    def release(self) -> None:
        """Let everything pass that was held."""
        self._holding = False
        for line in self._lines:
            line.to_server.set()
            line.to_client.set()

    async def mend(self) -> None:
        """Take connections and let everything pass, whatever was done to the line before."""
        self.welcome()
        self.release()
        if not self._server:
            await self.up()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.turned_away is not None:
            self.turned_away += 1
            cast("asyncio.Transport", writer.transport).abort()
            return
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            cast("asyncio.Transport", writer.transport).abort()
            return
        line = _Line(writer, to_server)
        line.to_client.set()
        if not self._holding:
            line.to_server.set()
        self._lines.add(line)
        line.pumps = [
            asyncio.create_task(_pump(reader, to_server, line.to_server)),
            asyncio.create_task(_pump(from_server, writer, line.to_client)),
        ]
        await asyncio.wait(line.pumps, return_when=asyncio.FIRST_COMPLETED)
        line.abort()
        self._lines.discard(line)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            await gate.wait()
            writer.write(chunk)
            await writer.drain()
