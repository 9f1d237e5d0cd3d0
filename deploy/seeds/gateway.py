"""The public API, reached through the gateway as one person or as nobody in particular."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

import aiohttp

PATIENCE_SECONDS: Final = 20.0
PAGE: Final = 200
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 1.0
PASSING: Final = frozenset(
    {
        # A service has not heard yet of a person's rights, of an office, of a person.
        *("permission_missing", "unknown_office", "unknown_assignee"),
        *("limited", "too_many_requests", "unavailable", "request_timeout"),
    }
)
"""Refusals that are over in a moment; services learn from each other by messages."""


class Refused(Exception):
    """What was asked for was refused, and waiting did not help. `code` is the problem's (RFC 9457)."""

    def __init__(self, request: str, status: int, problem: Mapping[str, object]) -> None:
        self.code = str(problem.get("code", ""))
        super().__init__(f"{request} was answered with {status} {self.code}: {problem.get('detail', '')}")
        self.errors = problem.get("errors", [])

    def __str__(self) -> str:
        return f"{super().__str__()} {self.errors or ''}".rstrip()


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `key` makes a create safe to repeat, `version` names what a change changes."""

    method: str
    path: str
    body: Mapping[str, object] | None = None
    key: str | None = None
    version: int | None = None

    def headers(self, token: str | None) -> dict[str, str]:
        """Return the request's headers for whoever holds the token."""
        found: dict[str, str] = {}
        if token is not None:
            found["Authorization"] = f"Bearer {token}"
        if self.key is not None:
            found["Idempotency-Key"] = self.key
        if self.version is not None:
            found["If-Match"] = f'"{self.version}"'
        return found


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway at `url`. However many ask at once, only as many requests as there are `turns` are under way."""

    http: aiohttp.ClientSession
    url: str
    turns: asyncio.Semaphore
    token: str | None = None

    def bearing(self, token: str) -> "Gateway":
        """Return the gateway as it is for the holder of a token."""
        return replace(self, token=token)

    async def ask(self, request: Request, passing: Collection[str] = ()) -> Any:
        """Return the answer's document, None if there is none.

        Asks again while the refusal is one that passes, `passing` included. Raises Refused, ClientError.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._once(request)
            except Refused as refused:
                if loop.time() > deadline or refused.code not in {*PASSING, *passing}:
                    raise
            except (aiohttp.ClientConnectionError, aiohttp.ServerTimeoutError):
                if loop.time() > deadline:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 1.6, LONGEST_PAUSE_SECONDS)

    async def every(self, path: str, asked: str = "") -> list[Any]:
        """Return all items of a list for which is asked, over all its pages. Raises as `ask` does."""
        found: list[Any] = []
        cursor = ""
        while True:
            page = await self.ask(Request("GET", f"{path}?limit={PAGE}{asked}{cursor}"))
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    async def _once(self, request: Request) -> Any:
        url = f"{self.url}/api/{request.path}"
        async with (
            self.turns,
            self.http.request(request.method, url, json=request.body, headers=request.headers(self.token)) as answer,
        ):
            is_json = answer.content_type.endswith("json")
            document: Any = await answer.json(content_type=None) if is_json else None
            if answer.status >= HTTPStatus.BAD_REQUEST:
                raise Refused(f"{request.method} {request.path}", answer.status, document or {})
            return document
