"""The least mail server there is, a process of its own: it takes every mail and keeps none.

python -m tests.benchmarks.bare_mail_server PORT
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, cast

import aiosmtplib
import uvloop

from deploy.local.children import Program
from deploy.local.parts import Part
from tests.faults.site import CLONE
from tests.support.running import free_port

HOST: Final = "127.0.0.1"
MAIL: Final = (
    b"From: a@agency.test\r\nTo: b@agency.test\r\nSubject: x\r\n\r\n"
    + b"A line of sixty characters, more or less, as mails have.\r\n" * 60
)
"""As long as ours are."""


class Conversation(asyncio.Protocol):
    """Answers each command as it comes, and a mail once its last line is there."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._heard = b""
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 sink.test\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self._heard += data
        if self._transport and (replies := b"".join(self._replies())):
            self._transport.write(replies)

    def _replies(self) -> Iterator[bytes]:
        while True:
            told, end, rest = self._heard.partition(b"\r\n.\r\n" if self._in_mail else b"\r\n")
            if not end:
                return
            self._heard = rest
            self._in_mail = not self._in_mail and told[:4].upper() == b"DATA"
            yield b"354 Go on\r\n" if self._in_mail else b"250 OK\r\n"


@asynccontextmanager
async def bare_mail_server(folder: Path) -> AsyncGenerator[int]:
    """Run it; yield its port."""
    port = free_port()
    argv = [sys.executable, "-m", "tests.benchmarks.bare_mail_server", str(port)]

    async def listens() -> bool:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            return False
        writer.close()
        return True

    part = Part(Program("mails", argv, {}, CLONE, folder / "logs/mails.log"), listens, folder=folder / "run")
    try:
        await part.start()
        yield port
    finally:
        await part.stop()


async def hand_over(port: int, count: int, connections: int) -> None:
    """Hand over that many mails by aiosmtplib and nothing else."""

    async def one_after_the_other() -> None:
        async with aiosmtplib.SMTP(hostname=HOST, port=port) as client:
            for _ in range(count // connections):
                await client.mail("a@agency.test")
                await client.rcpt("b@agency.test")
                await client.data(MAIL)

    await asyncio.gather(*(one_after_the_other() for _ in range(connections)))


async def main(port: int) -> None:
    """Take mails until stopped."""
    server = await asyncio.get_running_loop().create_server(Conversation, HOST, port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
