"""A load generator that costs little, since it shares the machine with what it measures."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast
from urllib.parse import urlsplit


class Connection(asyncio.Protocol):
    """One kept-alive HTTP/1.1 connection; one request at a time."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None
        self._answered: asyncio.Future[bytes] | None = None

    @classmethod
    async def to(cls, url: str) -> Self:
        """Open a connection to a base URL."""
        parts = urlsplit(url)
        loop = asyncio.get_running_loop()
        host, port = str(parts.hostname), int(parts.port or 80)
        _, connection = await loop.create_connection(lambda: cls(parts.netloc), host, port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand over an answer as soon as it is whole."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        whole = _whole(head, body) if end else None
        if whole is not None and self._answered is not None:
            self._received = b""
            self._answered.set_result(head + end + whole)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let nobody wait for what will not come."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("closed before the answer"))

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Return status and JSON of an answer."""
        answer = await self.send(self.request(method, path, body, token, headers))
        received = answer.partition(b"\r\n\r\n")[2]
        return int(answer[9:12]), json.loads(received) if received else None

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return a request as it goes over the wire; `headers` come on top."""
        sent = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(sent)}"]
        if body is not None:
            lines.append("Content-Type: application/json")
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        return "\r\n".join([*lines, "", ""]).encode() + sent

    async def send(self, request: bytes) -> bytes:
        """Return the answer to a request as it came over the wire."""
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def close(self) -> None:
        """Close it."""
        if self._transport is not None:
            self._transport.close()


def _whole(head: bytes, body: bytes) -> bytes | None:
    """Return the body of an answer, None as long as some of it is missing."""
    fields = head.lower()
    if b"transfer-encoding: chunked" in fields:
        return _joined(body) if body.endswith(b"0\r\n\r\n") else None
    at = fields.find(b"content-length:")
    length = int(fields[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    return body if len(body) >= length else None


def _joined(chunks: bytes) -> bytes:
    whole = b""
    while chunks:
        size, _, rest = chunks.partition(b"\r\n")
        whole, chunks = whole + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return whole


@dataclass(frozen=True, slots=True)
class Measured:
    """How long each of many requests took, in seconds, and over how long they were made."""

    seconds: Sequence[float]
    over: float

    @property
    def rate(self) -> float:
        """Return requests a second."""
        return len(self.seconds) / self.over

    def quantile(self, share: float) -> float:
        """Return the time in milliseconds within which this share of the requests was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


async def measure(requests: Sequence[Callable[[], Awaitable[None]]], seconds: float) -> Measured:
    """Make requests for so long, each of the given ones again and again, all side by side."""
    taken: list[float] = []
    began = time.perf_counter()

    async def repeat(request: Callable[[], Awaitable[None]]) -> None:
        while time.perf_counter() - began < seconds:
            start = time.perf_counter()
            await request()
            taken.append(time.perf_counter() - start)

    await asyncio.gather(*map(repeat, requests))
    return Measured(taken, time.perf_counter() - began)


def area_under_curve(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return how often a random one is larger than a random other: 0.5 where they cannot be told apart."""
    wins = sum((one > other) + (one == other) / 2 for one in ones for other in others)
    return wins / (len(ones) * len(others))
