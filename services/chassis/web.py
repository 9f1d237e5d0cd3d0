"""The HTTP edge: from a route table to an application, and from problems to answers (RFC 9457).

A handler is a function of its service's `Deps`, the `Call`, and the parsed input; it returns a model. Everything
else that a request needs (identity, parsing, refusals, headers, metrics, the access line) happens here, once.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from uuid import UUID

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict

from services.chassis import answers, clock, ids, logging, metrics, problems, refusals, trace
from services.chassis.answers import Answer, Streamed
from services.chassis.guarding import Guard, check_actor
from services.chassis.idempotency import IdempotencyKey
from services.chassis.parsing import body_of, checked, json_of, query_of
from services.chassis.refusals import PLAIN, Dialect
from services.chassis.tokens import Address, Caller

MAX_BODY_BYTES: Final = 1024 * 1024
_REQUEST_ID: Final = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
_ETAG: Final = re.compile(r'^"(\d{1,18})"$')
_log = logging.get("http")


class Input(BaseModel):
    """What a client sends. Unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Output(BaseModel):
    """What a client gets. Members have no defaults: each is always there."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Access(StrEnum):
    """Who may call a route at all; what they may do there is the handler's to decide."""

    ANYONE = "anyone"
    CALLER = "caller"
    PEER = "peer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: what runs, and what its OpenAPI entry is generated from."""

    method: str
    path: str
    handler: Callable[..., Awaitable[Answer]]
    takes: type[BaseModel] | None = None
    gives: type[BaseModel] | None = None
    status: int = 200
    access: Access = Access.CALLER
    edits: bool = False
    """Whether the call must say with If-Match which version it changes."""
    once: bool = False
    """Whether an Idempotency-Key makes it happen once, however often it is sent."""
    accepts: tuple[str, ...] = ("application/json",)
    """Media types of the body. Where none is JSON, the handler finds the bytes in `call.body`."""
    max_body_bytes: int = MAX_BODY_BYTES
    offers: tuple[str, ...] = ()
    """Media types of a streamed answer."""
    dialect: Dialect = PLAIN

    @property
    def reads_query(self) -> bool:
        """Say whether the input comes from the query instead of the body."""
        return self.method in {"GET", "DELETE"}

    @property
    def reads_bytes(self) -> bool:
        """Say whether the body is no JSON document."""
        return not any(media_type.endswith("json") for media_type in self.accepts)


@dataclass(slots=True)
class Call:
    """One request as its handler sees it: who, when, from where, about what."""

    request_id: str
    now: datetime
    address: Address
    path: Mapping[str, str]
    headers: Mapping[str, str]
    reply_headers: dict[str, str] = field(default_factory=dict[str, str])
    identified: Caller | None = None
    route: str = ""
    body: bytes = b""
    dialect: Dialect = PLAIN
    access: Access = Access.ANYONE

    @property
    def caller(self) -> Caller:
        """Return who is asking. Raises Unauthenticated on a route that anyone may call."""
        if self.identified is None:
            raise problems.Unauthenticated
        return self.identified

    def id_in_path(self, name: str) -> UUID:
        """Return an identifier in the path. Raises NotFound for what can be no identifier."""
        try:
            return UUID(self.path[name])
        except ValueError:
            raise problems.NotFound from None

    @property
    def version(self) -> int:
        """Return the version that the caller changes (If-Match). Raises PreconditionRequired, Stale."""
        given = self.headers.get("If-Match")
        if given is None:
            raise problems.PreconditionRequired
        match = _ETAG.match(given.removeprefix("W/"))
        if match is None:
            raise problems.Stale
        return int(match.group(1))

    def has(self, version: int) -> bool:
        """Say whether the caller has this version already (If-None-Match)."""
        return self.headers.get("If-None-Match", "").removeprefix("W/") == f'"{version}"'

    @property
    def access_version(self) -> int:
        """Return how fresh the caller wants rights to be read (Access-Version); 0 for no wish."""
        given = self.headers.get("Access-Version", "")
        return int(given) if given.isdecimal() and len(given) < 19 else 0  # noqa: PLR2004 fits a bigint

    @property
    def idempotency_key(self) -> IdempotencyKey | None:
        """Return the caller's Idempotency-Key bound to this request, or None. Raises Invalid for an overlong one."""
        key = self.headers.get("Idempotency-Key")
        if key is None:
            return None
        if not 1 <= len(key) <= 255 or not key.isprintable():  # noqa: PLR2004 the column's limit
            raise problems.Invalid("Idempotency-Key must have 1 to 255 printable characters.")
        about = " ".join((self.route, *self.path.values()))
        return IdempotencyKey.of(self.caller.user_id, key, about, self.body)


present: ContextVar[Call] = ContextVar("present")
"""The call that is being answered, for what writes down who asked; unset in loops and consumers."""


class Edge:
    """Serves a route table for a service's dependencies."""

    def __init__(self, routes: Sequence[Route], deps: object, guard: Guard) -> None:
        self._routes = routes
        self._deps = deps
        self._guard = guard

    def application(self) -> web.Application:
        """Return the application, ready to be run or to have further routes added."""
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self._answer])
        for route in self._routes:
            app.router.add_route(route.method, route.path, self._runner(route))
        return app

    def _runner(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def run(request: web.Request) -> web.StreamResponse:
            call: Call = request["call"]
            call.dialect, call.access = route.dialect, route.access
            call.route, call.path = f"{route.method} {route.path}", request.match_info
            call.identified = await self._guard.admit(
                route.access.value, request.headers.get("Authorization"), call.address, call.now
            )
            present.set(call)
            if call.identified:
                structlog.contextvars.bind_contextvars(
                    tenant_id=str(call.identified.tenant_id), user_id=str(call.identified.user_id)
                )
                check_actor(call.identified, request.method)
            asked = await _parse(route, request, call)
            answer = await route.handler(self._deps, call, *(() if asked is None else (asked,)))
            if isinstance(answer, Streamed):
                return await answers.stream(request, answer, {**call.reply_headers, "X-Request-Id": call.request_id})
            return answers.respond(answer, route.status, call.reply_headers, route.dialect.media_type)

        return run

    @web.middleware
    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        begun = time.perf_counter()
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _REQUEST_ID.match(given) else str(ids.uuid7())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(
            request_id=request_id, trace_id=trace.enter(request.headers.get("traceparent"))
        )
        request["call"] = call = Call(request_id, clock.now(), _client_address(request), {}, request.headers)
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 the edge is where every failure becomes an answer
            response = refusals.answer(error, request_id, call.dialect)
        response.headers["X-Request-Id"] = request_id
        # The answer does not wait for its access line.
        asyncio.get_running_loop().call_soon(_account, request, call, response.status, time.perf_counter() - begun)
        return response


def _client_address(request: web.Request) -> Address:
    """Return the address that the gateway vouches for; without a gateway, the connection's own."""
    try:
        address = ip_address(request.headers.get("X-Real-IP") or request.remote or "127.0.0.1")
    except ValueError:
        raise web.HTTPBadRequest from None
    return getattr(address, "ipv4_mapped", None) or address


async def _parse(route: Route, request: web.Request, call: Call) -> BaseModel | None:
    if route.takes is not None and route.reads_query:
        return checked(route.takes, query_of(request))
    if route.takes is None and not route.reads_bytes:
        return None
    call.body = await body_of(request, route.accepts, route.max_body_bytes)
    return None if route.takes is None else checked(route.takes, json_of(call.body))


def _account(request: web.Request, call: Call, status: int, seconds: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unknown"
    metrics.REQUESTS.labels(route, request.method, status).observe(seconds)
    if route not in {"/live", "/ready", "/metrics"}:
        _log.info(
            "http.request",
            route=route,
            method=request.method,
            status=status,
            duration_ms=round(seconds * 1000, 2),
            session_id=str(call.identified.session_id) if call.identified else None,
            actor=call.identified.actor if call.identified else None,
        )
