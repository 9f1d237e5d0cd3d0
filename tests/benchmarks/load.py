"""A load generator that costs little, since it shares the machine with what it measures."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass
class Connection:
    """One kept-alive HTTP/1.1 connection; one request at a time."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: str

    @classmethod
    async def to(cls, url: str) -> Self:
        """Open a connection to a base URL."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        return cls(reader, writer, parts.netloc)

    async def ask(self, method: str, path: str, body: object = None, token: str | None = None) -> tuple[int, Any]:
        """Return status and JSON of an answer."""
        sent = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", f"Content-Length: {len(sent)}"]
        if body is not None:
            lines.append("Content-Type: application/json")
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + sent)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"), 0)
        received = await self.reader.readexactly(length)
        return int(head[9:12]), json.loads(received) if received else None

    def close(self) -> None:
        """Close it."""
        self.writer.close()


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
