"""A mail server that keeps what it is told and fails on request, each way that real ones do."""

import asyncio
import ssl
from collections import Counter, defaultdict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.running import eventually, free_port


class Mode(StrEnum):
    """What the server does with a mail."""

    ACCEPT = "accept"
    BUSY = "busy"
    """451 at RCPT."""
    GONE = "gone"
    """550 at RCPT."""
    MUTE = "mute"
    """Says nothing at RCPT, and nothing more."""
    LEAVE = "leave"
    """Closes the connection at RCPT."""
    SPAM = "spam"
    """554 at DATA."""
    DROP = "drop"
    """Closes the connection after the final dot, without having taken the mail."""
    CUT = "cut"
    """Takes the mail and closes the connection before saying so."""
    HANG = "hang"
    """Takes the mail and never says so."""


AT_RCPT = frozenset({Mode.BUSY, Mode.GONE, Mode.MUTE, Mode.LEAVE})


@dataclass(frozen=True, slots=True)
class Received:
    """A mail that the server took: its envelope, and the message both parsed and as it came."""

    sender: str
    recipient: str
    message: EmailMessage
    raw: bytes

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    def part(self, kind: str) -> str:
        """Return the `plain` or the `html` text."""
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())


@dataclass(frozen=True, slots=True)
class Protection:
    """What the server asks of whoever comes: encryption, from the first byte or by STARTTLS, and who one is."""

    context: ssl.SSLContext
    user: str
    password: str
    from_the_start: bool

    def asked(self) -> dict[str, Any]:
        """Return how aiosmtpd is told; where the line is encrypted below it, it cannot know that."""
        starttls = not self.from_the_start
        return {
            "tls_context": self.context if starttls else None,
            "require_starttls": starttls,
            "auth_required": starttls,
            "auth_require_tls": starttls,
            "authenticator": self.check,
        }

    def check(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, told: object) -> AuthResult:
        """Judge a sign-in."""
        assert isinstance(told, LoginPassword)
        right = (told.login, told.password) == (self.user.encode(), self.password.encode())
        return AuthResult(success=right, handled=False, auth_data=told.login)


class MailSink:
    """Answers by recipient: `answer` queues modes for the next tries, after which mails are accepted again."""

    def __init__(self, protection: Protection | None = None) -> None:
        self._protection = protection
        self.host = "127.0.0.1"
        self.port = free_port()
        self.received = list[Received]()
        self.connections = 0
        self.signed_in = list[str]()
        self.hanging = 0
        self.named = Counter[str]()
        """How often each recipient was named to the server, taken or not."""
        self.weary = 0
        """How many of the next mails are met with 421 and a closed connection."""
        self._modes = defaultdict[str, deque[Mode]](deque)
        self._server: asyncio.Server | None = None
        self._open = set[SMTP]()
        self._closing = asyncio.Event()

    def answer(self, recipient: str, *modes: Mode) -> None:
        """Treat the next mails to a recipient in these ways, one each."""
        self._modes[recipient].extend(modes)

    def to(self, recipient: str) -> list[Received]:
        """Return the mails that were taken for a recipient, in order."""
        return [mail for mail in self.received if mail.recipient == recipient]

    async def has(self, recipient: str, count: int = 1, seconds: float = 30) -> list[Received]:
        """Return a recipient's mails once there are that many."""

        async def enough() -> list[Received]:
            mails = self.to(recipient)
            return mails if len(mails) >= count else []

        return await eventually(enough, seconds)

    async def up(self) -> None:
        """Listen, always on the same port."""
        self._closing = asyncio.Event()
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol, self.host, self.port, ssl=self._encrypted_from_the_start
        )

    async def down(self) -> None:
        """Refuse connections and cut those that are open."""
        self._closing.set()
        if self._server is not None:
            self._server.close()
            for protocol in tuple(self._open):
                _cut(protocol)
            await self._server.wait_closed()
            self._server = None

    @asynccontextmanager
    async def away(self) -> AsyncGenerator[None]:
        """Be down as long as the block lasts."""
        await self.down()
        try:
            yield
        finally:
            await self.up()

    @property
    def _encrypted_from_the_start(self) -> ssl.SSLContext | None:
        guard = self._protection
        return guard.context if guard and guard.from_the_start else None

    def _protocol(self) -> SMTP:
        self.connections += 1
        loop = asyncio.get_running_loop()
        protocol = SMTP(self, hostname="sink.test", loop=loop, **(self._protection.asked() if self._protection else {}))
        self._open.add(protocol)
        return protocol

    async def handle_MAIL(  # noqa: N802 aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self._protection:
            if not session.authenticated:
                return "530 5.7.0 Authentication required"
            self.signed_in.append(cast("bytes", session.auth_data).decode())
        if self.weary:
            self.weary -= 1
            return "421 4.3.2 Enough for one connection"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 as above
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.named[address] += 1
        modes = self._modes[address]
        match modes.popleft() if modes and modes[0] in AT_RCPT else None:
            case Mode.BUSY:
                return "451 4.3.0 Busy"
            case Mode.GONE:
                return f"550 5.1.1 <{address}> is unknown"
            case Mode.MUTE:
                await self._closing.wait()
            case Mode.LEAVE:
                _cut(server)
            case _:
                pass
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 as above
        recipient = envelope.rcpt_tos[0]
        modes = self._modes[recipient]
        mode = modes.popleft() if modes else Mode.ACCEPT
        if mode is Mode.SPAM:
            return "554 5.7.1 Not here"
        if mode is not Mode.DROP:
            raw = cast("bytes", envelope.original_content)
            message = message_from_bytes(raw, policy=policy.default)
            self.received.append(Received(str(envelope.mail_from), recipient, message, raw))
        if mode is Mode.HANG:
            self.hanging += 1
            await self._closing.wait()
        if mode in {Mode.DROP, Mode.CUT}:
            _cut(server)
        return "250 OK"


def _cut(protocol: SMTP) -> None:
    if protocol.transport is not None:
        cast("asyncio.Transport", protocol.transport).abort()


@asynccontextmanager
async def mail_sink(protection: Protection | None = None) -> AsyncGenerator[MailSink]:
    """Yield a mail server that listens."""
    sink = MailSink(protection)
    await sink.up()
    try:
        yield sink
    finally:
        await sink.down()
