"""The mail server: connections kept and reused, and what its answers mean for a mail."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import aiosmtplib
from aiosmtplib import SMTP
from pydantic import SecretStr

from services.notifications.domain.delivery import State
from services.notifications.domain.retry import Outcome, of_recipient, of_reply

GOODBYE_SECONDS: Final = 1.0
_BROKEN: Final = (aiosmtplib.SMTPException, OSError)


class Security(StrEnum):
    """How the line to a mail server is encrypted; certificates are checked wherever it is."""

    OFFERED = "offered"
    """By STARTTLS where the server offers it: keeps listeners out, not those who change what it offers."""
    STARTTLS = "starttls"
    """By STARTTLS, or nothing is sent."""
    TLS = "tls"
    """From the first byte on (RFC 8314)."""

    @property
    def sure(self) -> bool:
        """Say whether nothing at all is told in the clear."""
        return self is not Security.OFFERED


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where mails are handed over, and as whom; `ca_file` holds the certificates to trust in place of the system's."""

    host: str
    port: int
    security: Security = Security.OFFERED
    user: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None

    def client(self, timeout_seconds: float) -> SMTP:
        """Return a connection that is made, encrypted and signed in when it is first used."""
        return SMTP(
            hostname=self.host,
            port=self.port,
            timeout=timeout_seconds,
            use_tls=self.security is Security.TLS,
            start_tls={Security.OFFERED: None, Security.STARTTLS: True, Security.TLS: False}[self.security],
            cert_bundle=str(self.ca_file) if self.ca_file else None,
            username=self.user,
            password=self.password.get_secret_value() if self.password else None,
        )


class MailServer:
    """One mail server. A mail has one recipient, so that each answer is about one address."""

    def __init__(self, endpoint: Endpoint, *, connections: int, timeout_seconds: float) -> None:
        self._endpoint = endpoint
        self._idle = list[SMTP]()
        self.connections = connections
        self.timeout_seconds = timeout_seconds

    async def send(
        self, sender: str, recipient: str, message: bytes, hand_over: Callable[[], Awaitable[None]]
    ) -> Outcome:
        """Offer a mail and return what became of it.

        `hand_over` is awaited once the recipient is accepted and before the server is told the mail: what it raises
        ends the conversation with nothing sent. Neither half takes longer than `timeout_seconds`.
        """
        async with self._connection() as client:
            refusal = await self._introduce(client, sender, recipient)
            if refusal is not None:
                return refusal
            await hand_over()
            return await self._tell(client, message)

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[SMTP]:
        """Yield a connection that is kept for the next mail, if the conversation ends well."""
        client = self._idle.pop() if self._idle else self._endpoint.client(self.timeout_seconds)
        try:
            yield client
        except BaseException:
            client.close()
            raise
        if client.is_connected and len(self._idle) < self.connections:
            self._idle.append(client)
        else:
            client.close()

    async def _introduce(self, client: SMTP, sender: str, recipient: str) -> Outcome | None:
        """Name sender and recipient; return why the mail goes no further, or None.

        Only what is said of the recipient can be final: any other refusal is about the server or about us.
        """
        try:
            async with asyncio.timeout(self.timeout_seconds):
                await _greet(client, sender)
                await client.rcpt(recipient)
        except aiosmtplib.SMTPRecipientRefused as refusal:
            await _reset(client)
            return of_recipient(refusal.code, refusal.message)
        except _BROKEN as failure:
            client.close()
            return Outcome(State.DEFERRED, _code(failure))
        return None

    async def _tell(self, client: SMTP, message: bytes) -> Outcome:
        """Hand the mail over. Whatever breaks from here on leaves open whether it arrived."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                await client.data(message)
        except aiosmtplib.SMTPDataError as refusal:
            return of_reply(refusal.code, State.UNCERTAIN)
        except Exception as failure:  # noqa: BLE001 also a fault of our own must not pass for "nothing sent"
            client.close()
            return Outcome(State.UNCERTAIN, _code(failure))
        return Outcome(State.SENT)

    async def close(self) -> None:
        """Take leave of the server on all idle connections."""
        idle, self._idle = self._idle, []
        for client in idle:
            try:
                await client.quit(timeout=GOODBYE_SECONDS)
            except _BROKEN:
                client.close()


@asynccontextmanager
async def open_mail_server(
    endpoint: Endpoint, *, connections: int, timeout_seconds: float
) -> AsyncGenerator[MailServer]:
    """Yield a mail server that is connected to when there is mail, and left at the end."""
    mail_server = MailServer(endpoint, connections=connections, timeout_seconds=timeout_seconds)
    try:
        yield mail_server
    finally:
        await mail_server.close()


async def _greet(client: SMTP, sender: str) -> None:
    """Name the sender; a connection that went stale in our hands is made anew."""
    if client.is_connected:
        try:
            await client.mail(sender)
        except _BROKEN:
            client.close()
        else:
            return
    await client.connect()
    await client.mail(sender)


async def _reset(client: SMTP) -> None:
    try:
        await client.rset(timeout=GOODBYE_SECONDS)
    except _BROKEN:
        client.close()


def _code(failure: Exception) -> str:
    """Return a word for a broken conversation, or the reply code; never the server's words, which name people."""
    match failure:
        case aiosmtplib.SMTPResponseException() if failure.code > 0:
            return str(failure.code)
        case TimeoutError():
            return "timeout"
        case aiosmtplib.SMTPServerDisconnected():
            return "connection_lost"
        case _:
            return "not_reached"
