"""Every refusal of the HTTP edge is a problem document that says what is wrong and nothing else."""

import asyncio
import io
import json
import re
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.support import echo
from tests.support.issuer import Issuer
from tests.support.running import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")
MEMBERS = {"type", "title", "status", "detail", "code", "request_id", "errors"}


async def answer(
    http: aiohttp.ClientSession, method: str, url: str, **request: Any
) -> tuple[int, dict[str, Any], aiohttp.ClientResponse]:
    async with http.request(method, url, **request) as response:
        body = json.loads(await response.read() or b"{}")
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
            assert body.keys() == MEMBERS
            assert body["status"] == response.status
            assert body["request_id"] == response.headers["X-Request-Id"]
            assert not any("error" in problem["detail"] for problem in body["errors"]), "told in our words"
        return response.status, body, response


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


async def status_of(url: str, request: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict[str, Any]]:
    """Return status and body for a request as no well-behaved client sends one: headers may hold any byte."""
    lines = [f"{request} HTTP/1.1", "Host: echo", "Connection: close", *(f"{k}: {v}" for k, v in headers.items())]
    reader, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    head, _, answered = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), json.loads(answered)


@pytest.fixture
def bearer(issuer: Issuer) -> dict[str, str]:
    return issuer.bearer(uuid4(), uuid4())


async def test_a_right_request_is_answered(http: aiohttp.ClientSession, echo_url: str, bearer: dict[str, str]) -> None:
    status, body, response = await answer(
        http, "POST", f"{echo_url}/v1/words", json={"text": "ho", "often": 2}, headers=bearer
    )
    assert (status, body) == (200, {"text": "hoho", "version": 7})
    assert response.headers["ETag"] == '"7"'


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b"", "application/json", 400, "malformed"),
        (b"\xff\xfe", "application/json", 400, "malformed"),
        (b"[" * 100_000, "application/json", 400, "malformed"),
        *((b'{"text":%s}' % nested(depth), "application/json", 400, "malformed") for depth in (101, 480, 900)),
        (b'{"text":%s}' % nested(100), "application/json", 422, "invalid"),
        (b"[]", "application/json", 422, "invalid"),
        (b"{}", "application/json", 422, "invalid"),
        (b'{"text":"a","more":1}', "application/json", 422, "invalid"),
        (b'{"text":"a","often":10}', "application/json", 422, "invalid"),
        (b'{"text":"a\\u0000b"}', "application/json", 422, "invalid"),
        (b'{"text":"\\ud800"}', "application/json", 422, "invalid"),
        (b'{"text":"a","\\ud800":1}', "application/json", 422, "invalid"),
        (b'{"text":"a"}', "text/plain", 415, "unsupported_media_type"),
        (b'{"text":"a"}', "", 415, "unsupported_media_type"),
        (b'{"text":"a"}', "; application/json", 415, "unsupported_media_type"),
        (b'{"text":"a"}', "application/jsonp", 415, "unsupported_media_type"),
        (b"{}", 'Application/JSON ; charset=utf-8; a="' + 7000 * ";", 422, "invalid"),
        (b'{"text":"' + b"a" * 1_100_000 + b'"}', "application/json", 413, "too_large"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, bytes) else None,
)
async def test_an_unreadable_or_wrong_body_is_refused(
    http: aiohttp.ClientSession,
    echo_url: str,
    bearer: dict[str, str],
    body: bytes,
    content_type: str,
    status: int,
    code: str,
) -> None:
    got, problem, _ = await answer(
        http, "POST", f"{echo_url}/v1/words", data=io.BytesIO(body), headers={**bearer, "Content-Type": content_type}
    )
    assert (got, problem["code"], problem["type"]) == (status, code, f"urn:keyholder:problem:{code}")


async def test_each_wrong_field_is_pointed_at(
    http: aiohttp.ClientSession, echo_url: str, bearer: dict[str, str]
) -> None:
    _, problem, _ = await answer(http, "POST", f"{echo_url}/v1/words", json={"often": 0, "a/b": 1}, headers=bearer)
    assert {error["pointer"] for error in problem["errors"]} == {"/text", "/often", "/a~1b"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/", 404, "not_found"),
        ("DELETE", "/v1/words", 405, "method_not_allowed"),
        ("GET", "/v1/words?text=a&text=b", 422, "invalid"),
        ("GET", "/v1/words?other=a", 422, "invalid"),
        ("GET", "/v1/words?text=%00", 422, "invalid"),
        ("PATCH", "/v1/things/no-uuid", 404, "not_found"),
    ],
)
async def test_unknown_routes_methods_and_parameters_are_refused(
    http: aiohttp.ClientSession, echo_url: str, bearer: dict[str, str], method: str, path: str, status: int, code: str
) -> None:
    got, problem, _ = await answer(http, method, f"{echo_url}{path}", headers=bearer)
    assert (got, problem["code"]) == (status, code)


async def test_a_bug_tells_its_request_id_and_nothing_of_itself(http: aiohttp.ClientSession, echo_url: str) -> None:
    status, problem, _ = await answer(http, "POST", f"{echo_url}/v1/failures", headers={"X-Request-Id": "request-0001"})
    assert (status, problem["code"], problem["request_id"]) == (500, "internal", "request-0001")
    assert "swordfish" not in json.dumps(problem)


@pytest.mark.parametrize("request_id", ["short", "x" * 65, "with space 12", "semi;colon;12"])
async def test_an_odd_request_id_is_replaced(http: aiohttp.ClientSession, echo_url: str, request_id: str) -> None:
    _, problem, _ = await answer(http, "GET", f"{echo_url}/v1/words", headers={"X-Request-Id": request_id})
    assert problem["request_id"] != request_id


@pytest.mark.parametrize("path", ["/internal/v1/failures", "/v1/licences"])
async def test_the_secrets_of_peers_and_operators_are_not_an_access_token(
    http: aiohttp.ClientSession, echo_url: str, bearer: dict[str, str], path: str
) -> None:
    for headers in ({}, bearer, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}):
        status, problem, response = await answer(http, "POST", f"{echo_url}{path}", headers=headers)
        assert (status, problem["code"]) == (401, "unauthenticated")
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("request_line", ["GET /v1/words", "POST /internal/v1/failures", "POST /v1/licences"])
@pytest.mark.parametrize("token", ["\xff", "é", "a.\xff.b", "\xed\xa0\x80"])
async def test_a_token_that_is_no_text_is_refused_as_any_other(echo_url: str, request_line: str, token: str) -> None:
    status, problem = await status_of(echo_url, request_line, {"Authorization": f"Bearer {token}"})
    assert (status, problem["code"]) in {(401, "unauthenticated"), (401, "invalid_token")}


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("User-Agent", 200),
        ("Access-Version", 200),
        ("If-None-Match", 200),
        ("traceparent", 200),
        ("X-Request-Id", 200),
        ("If-Match", 412),
        ("Idempotency-Key", 422),
        ("Change-Reason", 422),
        ("Content-Type", 415),
    ],
)
async def test_a_header_that_is_no_text_is_ignored_or_refused(
    echo_url: str, bearer: dict[str, str], header: str, status: int
) -> None:
    wish = "PATCH /v1/things/00000000-0000-7000-8000-000000000000" if header == "If-Match" else "GET /v1/words?text=a"
    if header in {"Idempotency-Key", "Change-Reason", "Content-Type"}:
        wish = "POST /v1/deeds"
    body = b'{"text":"a"}'
    headers = {**bearer, "Content-Type": "application/json", "Content-Length": str(len(body)), header: "\xff"}
    assert (await status_of(echo_url, wish, headers, body))[0] == status


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "x"])
async def test_an_encoded_body_is_refused(echo_url: str, bearer: dict[str, str], coding: str) -> None:
    said = {"Content-Type": "application/json", "Content-Encoding": coding, "Content-Length": "2"}
    status, problem = await status_of(echo_url, "POST /v1/words", bearer | said, b"{}")
    assert (status, problem["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("bearing", [True, False])
async def test_what_is_wrong_with_one_body_costs_nobody_else_on_the_same_connection(
    echo_url: str, bearer: dict[str, str], *, bearing: bool
) -> None:
    admitted = f"Authorization: {bearer['Authorization']}\r\n"
    said = "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n"
    wrong = f"POST /v1/words HTTP/1.1\r\nHost: echo\r\n{admitted if bearing else ''}{said}\r\nabc"
    right = f"GET /v1/words?text=ho HTTP/1.1\r\nHost: echo\r\n{admitted}\r\n"
    reader, writer = await asyncio.open_connection(*echo_url.removeprefix("http://").split(":"))
    try:
        for request, status in (
            (wrong, b"415" if bearing else b"401"),
            (right, b"200"),
            (wrong, None),
            (right, b"200"),
        ):
            writer.write(request.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert status in {None, head.split()[1]}
            length = re.search(rb"content-length: (\d+)", head.lower())
            assert length
            await reader.readexactly(int(length[1]))
    finally:
        writer.close()


async def test_a_client_who_goes_away_while_sending_is_no_fault_of_ours(
    http: aiohttp.ClientSession, echo_url: str, bearer: dict[str, str]
) -> None:
    request = f"PUT /v1/pictures HTTP/1.1\r\nHost: echo\r\nAuthorization: {bearer['Authorization']}\r\n"
    _reader, writer = await asyncio.open_connection(*echo_url.removeprefix("http://").split(":"))
    writer.write(f"{request}Content-Type: image/png\r\nContent-Length: 9\r\n\r\n".encode() + b"\x89PNG")
    await writer.drain()
    writer.close()

    async def counted() -> set[str]:
        async with http.get(f"{echo_url}/metrics") as response:
            lines = re.findall(r'_count{method="PUT",route="/v1/pictures",status="(\d+)"', await response.text())
        return set(lines) & {"400", "500"}

    assert await eventually(counted) == {"400"}


async def test_health_needs_no_broker(http: aiohttp.ClientSession, echo_url: str) -> None:
    assert (await answer(http, "GET", f"{echo_url}/live"))[0] == 200
    status, body, _ = await answer(http, "GET", f"{echo_url}/ready")
    assert (status, body) == (200, {"ready": True, "database": "current", "bus": "disconnected"})
    async with http.get(f"{echo_url}/metrics") as response:
        assert "http_server_request_duration_seconds" in await response.text()


async def test_bytes_are_taken_up_to_a_routes_own_limit_and_streamed_back(
    http: aiohttp.ClientSession, echo_url: str, bearer: dict[str, str]
) -> None:
    picture, headers = b"\x89PNG" * 400_000, {**bearer, "Content-Type": "image/png"}
    async with http.put(f"{echo_url}/v1/pictures", data=io.BytesIO(picture), headers=headers) as response:
        assert (response.status, response.content_type, await response.read()) == (200, "image/png", picture)
        assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''sch%C3%B6n.png"
        assert response.headers["ETag"] == '"7"'
        assert response.headers["X-Request-Id"]
    for data, media_type, status in ((picture * 2, "image/png", 413), (picture, "image/gif", 415)):
        got, _, _ = await answer(
            http,
            "PUT",
            f"{echo_url}/v1/pictures",
            data=io.BytesIO(data),
            headers={**bearer, "Content-Type": media_type},
        )
        assert got == status


async def test_a_stream_that_fails_before_its_first_piece_is_refused_as_always(
    http: aiohttp.ClientSession, echo_url: str, bearer: dict[str, str]
) -> None:
    status, problem, _ = await answer(http, "GET", f"{echo_url}/v1/recitals?lines=3&breaks_at=0", headers=bearer)
    assert (status, problem["code"]) == (500, "internal")


async def test_a_stream_that_fails_later_is_cut_off_and_never_looks_whole(
    http: aiohttp.ClientSession, echo_url: str, bearer: dict[str, str]
) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        async with http.get(f"{echo_url}/v1/recitals?lines=3&breaks_at=2", headers=bearer) as response:
            await response.read()
    async with http.get(f"{echo_url}/v1/recitals?lines=3", headers=bearer) as response:
        assert await response.read() == b"000000\n000001\n000002\n"


async def test_a_reader_who_goes_away_ends_the_work(
    http: aiohttp.ClientSession, echo_url: str, bearer: dict[str, str]
) -> None:
    async with http.get(f"{echo_url}/v1/recitals?lines=100000000", headers=bearer) as response:
        assert (await response.content.readexactly(7)) == b"000000\n"
        assert echo.ENDINGS == []
        response.close()

    async def ended() -> bool:
        return echo.ENDINGS == ["ended"]

    await eventually(ended)


async def test_a_dialect_refuses_in_its_own_words(
    http: aiohttp.ClientSession, echo_url: str, bearer: dict[str, str]
) -> None:
    for headers, status in ((bearer, 500), ({}, 401)):
        async with http.get(f"{echo_url}/v1/spoken", headers=headers) as response:
            assert (response.status, response.content_type) == (status, "application/sorry+json")
            assert json.loads(await response.read()) == {"sorry": status}
