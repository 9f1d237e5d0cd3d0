"""The gateway: what it lets through, what it refuses, and what it says in either case."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from yarl import URL

from deploy.local.databases import SERVICES
from deploy.local.gateway import Gateway, Limits
from deploy.local.log_lines import LogLines
from deploy.local.ports import LOOPBACK, Ports, is_free
from deploy.local.stack import prepare_folder
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio
MEBIBYTE: Final = 1024 * 1024
BURST: Final = 3
TOKEN: Final = "AaZz09_-" * 8


@dataclass(frozen=True, slots=True)
class Front:
    """A gateway whose services answer with what they were asked; `notifications` is down."""

    url: str
    log: Path

    def at(self, path: str) -> URL:
        return URL(self.url + path, encoded=True)

    async def line_about(self, request_id: str) -> dict[str, Any]:
        """Return what the log says of a request, once it says it."""

        async def line() -> dict[str, Any] | None:
            lines = map(json.loads, self.log.read_text().splitlines())
            return next((each for each in lines if each["request_id"] == request_id), None)

        return await eventually(line) or {}


@asynccontextmanager
async def gateway_before(app: web.Application, limits: Limits, replicas: int = 1) -> AsyncGenerator[Front]:
    """Run a gateway before a program that stands for all services but `notifications`, which is down."""
    folder = _folder()
    ports = Ports(folder / "ports.json", {})
    runner = web.AppRunner(app)
    await runner.setup()
    nobody, *answering = [ports.choose(f"service-{n}") for n in range(replicas + 1)]
    for port in answering:
        await web.TCPSite(runner, LOOPBACK, port).start()
    assert is_free(nobody)
    upstreams = {name: [nobody] if name == "notifications" else answering for name in SERVICES}
    gateway = Gateway(folder, ports, upstreams, limits=limits)
    await gateway.start()
    try:
        yield Front(gateway.url, folder / "logs/gateway.log")
    finally:
        for part in gateway.parts.values():
            await part.stop(1.0)
        await runner.cleanup()
        shutil.rmtree(folder)


async def _echo(request: web.Request) -> web.Response:
    body = await request.read()
    facts = {"path": request.raw_path, "headers": dict(request.headers), "size": len(body)}
    return web.json_response(facts, headers={"X-Request-Id": "the service's own"})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def front() -> AsyncGenerator[Front]:
    app = web.Application(client_max_size=20 * MEBIBYTE)
    app.router.add_route("*", "/{rest:.*}", _echo)
    async with gateway_before(app, Limits(sign_ins_per_minute=1, sign_in_burst=BURST)) as made:
        yield made


def _folder() -> Path:
    folder = Path(mkdtemp(dir=os.environ["KEYHOLDER_TEST_FOLDER"]))
    folder.chmod(0o711)  # the account of the servers passes through
    prepare_folder(folder)
    return folder


@pytest.mark.parametrize(
    "path",
    [
        "/api/records/internal/scopes",
        "/api/records/live",
        "/api/records/ready",
        "/api/records/metrics",
        "/api/records/v1",
        "/api/records/openapi.jsonx",
        "/api/records/v1/../internal/scopes",
        "/api/records/v1/%2e%2e/internal/scopes",
        "/api/records/v1/..%2Finternal/scopes",
        "/api/nobody/v1/things",
        "/.problem/404",
        "/nginx.conf",
        "/nothing",
    ],
)
async def test_what_is_not_public_is_not_found(front: Front, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(front.at(path), allow_redirects=False) as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"
        problem = await answer.json()
        request_id = answer.headers["X-Request-Id"]
    assert problem == {
        "type": "urn:keyholder:problem:not_found",
        "title": "There is nothing here.",
        "status": 404,
        "detail": "There is nothing here.",
        "errors": [],
        "code": "not_found",
        "request_id": request_id,
    }


@pytest.mark.parametrize(
    ("asked", "passed_on"),
    [
        ("/api/identity/v1/users?limit=2", "/v1/users?limit=2"),
        ("/api/identity/.well-known/jwks.json", "/.well-known/jwks.json"),
        ("/api/identity/scim/v2/Users", "/scim/v2/Users"),
        ("/api/authz/access/v1/evaluation", "/access/v1/evaluation"),
        ("/api/records/openapi.json", "/openapi.json"),
    ],
)
async def test_what_is_public_goes_to_its_service(
    front: Front, http: aiohttp.ClientSession, asked: str, passed_on: str
) -> None:
    assert (await _answer(http, front, asked))["path"] == passed_on


async def test_what_clients_say_about_their_address_is_replaced(front: Front, http: aiohttp.ClientSession) -> None:
    names = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Real-IP", "Forwarded")
    lies = dict.fromkeys(names, "203.0.113.9")
    heard: dict[str, str] = (await _answer(http, front, "/api/records/v1/listings", headers=lies))["headers"]
    told = {name.lower(): value for name, value in heard.items()}
    assert told["x-forwarded-for"] == told["x-real-ip"] == LOOPBACK
    assert "203.0.113.9" not in told.values()


@pytest.mark.parametrize(("given", "kept"), [("abcDEF_-123", True), ("short", False), ("a b c d e f g h", False)])
async def test_a_request_id_is_kept_only_if_it_is_harmless(
    front: Front, http: aiohttp.ClientSession, given: str, kept: bool
) -> None:
    async with http.get(front.at("/api/records/v1/listings"), headers={"X-Request-Id": given}) as answer:
        heard = {name.lower(): value for name, value in (await answer.json())["headers"].items()}
        assert answer.headers.getall("X-Request-Id") == [heard["x-request-id"]]
    assert (heard["x-request-id"] == given) is kept


async def test_bodies_are_limited_and_files_may_be_larger(front: Front, http: aiohttp.ClientSession) -> None:
    large, larger = b"0" * (MEBIBYTE + 1), b"0" * (15 * MEBIBYTE + 1)
    for path, body, status in (
        ("/api/records/v1/listings", large, 413),
        ("/api/records/v1/listings/1/photos", large, 200),
        ("/api/identity/v1/users/1/photo", large, 200),
        ("/api/records/v1/listings/1/documents/2/content", large, 200),
        ("/api/records/v1/listings/1/photos", larger, 413),
        ("/api/records/v1/listings/1/documents/2/content", larger, 413),
        ("/api/records/v1/listings/1/documents/2", large, 413),
    ):
        async with http.post(front.at(path), data=BytesIO(body), headers={"Expect": "100-continue"}) as answer:
            assert answer.status == status, path


async def test_a_service_that_is_down_is_unavailable_for_a_moment(front: Front, http: aiohttp.ClientSession) -> None:
    async with http.get(front.at("/api/notifications/v1/deliveries")) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert (await answer.json())["code"] == "unavailable"


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", f"/unsubscribe/{TOKEN}", "/unsubscribe"),
        ("POST", f"/unsubscribe/{TOKEN}", "/unsubscribe"),
        ("GET", f"/api/notifications/v1/unsubscriptions/{TOKEN}", "/api/notifications/v1/unsubscriptions"),
        ("GET", f"/api/records/v1/%66eeds/{TOKEN}/x?a={TOKEN}", "/api/records/v1/%66eeds"),
        ("GET", "/api/identity/scim/v2/Users?filter=ada@casa.example", "/api/identity/scim/v2/Users"),
        ("GET", "/api/notifications/v1/deliveries?to=ada@casa.example", "/api/notifications/v1/deliveries"),
        ("GET", f"/api/records/v1/listings/{UUID(int=1)}/photos", f"/api/records/v1/listings/{UUID(int=1)}/photos"),
    ],
)
async def test_the_log_holds_neither_tokens_nor_queries_nor_who_asked(
    front: Front, http: aiohttp.ClientSession, method: str, path: str, told: str
) -> None:
    """Of a service that is down too: nginx has lines of its own for those."""
    async with http.request(method, front.at(path)) as answer:
        line = await front.line_about(answer.headers["X-Request-Id"])

    assert (line["method"], line["path"], line["status"]) == (method, told, answer.status)
    log = front.log.read_text()
    assert TOKEN not in log
    assert "ada@" not in log
    assert "client" not in log


async def test_the_log_tells_a_request_as_services_tell_theirs(front: Front, http: aiohttp.ClientSession) -> None:
    async with http.get(front.at("/api/records/v1/listings")) as answer:
        line = await front.line_about(answer.headers["X-Request-Id"])

    assert line.keys() >= {"at", "level", "event", "request_id", "method", "status"}
    assert datetime.fromisoformat(line["at"]).tzinfo is not None
    told = next(each for each in LogLines(front.log.parent, from_start=True, colour=False).fresh() if "gateway" in each)
    assert re.match(r"gateway +\d\d:\d\d:\d\d +info +gateway\.request ", told)


async def test_an_export_may_be_silent_while_it_is_packed_and_nothing_else(http: aiohttp.ClientSession) -> None:
    goes_on = asyncio.Event()

    async def begin_and_pause(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun ")
        await goes_on.wait()
        await response.write(b"and ended")
        return response

    app = web.Application()
    app.router.add_get("/{rest:.*}", begin_and_pause)
    async with (
        gateway_before(app, Limits(silence_seconds=1)) as front,
        http.get(front.at("/api/records/v1/exports/listings?form=xlsx")) as export,
    ):
        async with http.get(front.at("/api/records/v1/listings")) as other:
            with pytest.raises(aiohttp.ClientPayloadError):
                await other.read()
        goes_on.set()
        assert await export.read() == b"begun and ended"


@pytest.mark.parametrize(
    ("method", "path", "times"),
    [
        ("GET", "/api/identity/v1/users", 2),
        ("PUT", "/api/identity/v1/users/1/state", 1),
        ("PUT", "/api/identity/v1/users/1/photo", 1),
        ("PUT", "/api/identity/scim/v2/Users/1", 1),
        ("DELETE", "/api/identity/scim/v2/Users/1", 1),
        ("DELETE", "/api/identity/v1/sessions", 1),
        ("DELETE", "/api/records/v1/exports/1?why=%0Aold", 1),
        ("PATCH", "/api/identity/v1/users/1", 1),
        ("POST", "/api/identity/v1/users", 1),
    ],
)
async def test_what_a_replica_took_and_did_not_answer_is_asked_of_the_next_one_only_if_it_changes_nothing(
    http: aiohttp.ClientSession, method: str, path: str, times: int
) -> None:
    taken = list[str]()

    async def take_and_die(request: web.Request) -> web.Response:
        taken.append(request.raw_path)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", take_and_die)
    async with (
        gateway_before(app, Limits(), replicas=2) as front,
        http.request(method, front.at(path)) as answer,
    ):
        assert answer.status == 503

    service = path.split("/")[2]
    assert taken == [path.removeprefix(f"/api/{service}")] * times


@pytest.mark.parametrize(
    "path", ["/once/identity/v1/users", "/once/", "/api/identity/internal/v1/x", "/api/nobody/v1/x"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_no_way_leads_round_what_is_public(
    front: Front, http: aiohttp.ClientSession, method: str, path: str
) -> None:
    async with http.request(method, front.at(path)) as answer:
        assert answer.status == 404


async def test_log_ins_are_limited_and_nothing_else_is(front: Front, http: aiohttp.ClientSession) -> None:
    statuses: list[int] = []
    for _ in range(BURST + 2):
        async with http.post(front.at("/api/identity/v1/sessions"), json={}) as answer:
            statuses.append(answer.status)
    assert statuses == [200] * (BURST + 1) + [429]
    async with http.get(front.at("/api/identity/v1/sessions")) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", ["/", "/activate", "/reset-password"])
async def test_pages_run_only_their_own_scripts(front: Front, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(front.at(path)) as answer:
        page = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.count("<script") == page.count("<script src=")
    assert " style=" not in page


async def _answer(http: aiohttp.ClientSession, front: Front, path: str, **request: Any) -> dict[str, Any]:
    async with http.get(front.at(path), **request) as answer:
        assert answer.status == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return await answer.json()
