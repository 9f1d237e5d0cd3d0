"""Calls to peer services: a deadline, the trace, the internal secret, one retry of what may be repeated."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
from pydantic import SecretStr

from services.chassis import trace
from services.chassis.problems import Unavailable

DEADLINE_SECONDS: Final = 3.0
PAUSE_SECONDS: Final = 0.1
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """A peer's answer below 500."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Peer:
    """Another service, by its base URL."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: SecretStr) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._token = token

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Return the answer to a GET, asked twice at most. Raises Unavailable."""
        try:
            return await self._ask("GET", path, headers or {})
        except Unavailable:
            await asyncio.sleep(PAUSE_SECONDS)
            return await self._ask("GET", path, headers or {})

    async def post(self, path: str, headers: Mapping[str, str] | None = None, body: object = None) -> Reply:
        """Return the answer to a POST of a JSON document, None for no body, asked once. Raises Unavailable."""
        return await self._ask("POST", path, headers or {}, body)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: object = None) -> Reply:
        sent = {
            **headers,
            "Authorization": f"Bearer {self._token.get_secret_value()}",
            "traceparent": trace.traceparent(),
        }
        try:
            async with self._session.request(method, self._url + path, headers=sent, json=body) as response:
                answer = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unavailable from error
        if response.status >= _SERVER_ERROR:
            raise Unavailable
        return Reply(response.status, response.headers, answer)


@asynccontextmanager
async def open_http() -> AsyncGenerator[aiohttp.ClientSession]:
    """Open a session for calls to peers; every call ends within three seconds."""
    timeout = aiohttp.ClientTimeout(total=DEADLINE_SECONDS, connect=1.0)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        yield session
