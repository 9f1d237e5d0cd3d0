"""What identity does in a second, and whether its answers give away by their time what they do not say."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from argon2 import PasswordHasher

from deploy.local.stack import Stack
from tests.benchmarks.load import Connection, Measured, area_under_curve, measure

PASSWORD: Final = "Measured7horse"
PEOPLE: Final = 12
SECONDS: Final = 8.0
PAIRS: Final = 300
THREADS: Final = 2

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in from a known device."""

    codes: Mapping[str, str]
    access_token: str
    refresh_token: str


class BenchFailed(Exception):
    """The system did not answer as it must while it was measured."""


async def figures(stack: Stack) -> AsyncGenerator[Figures]:
    """Yield identity's figures by name as they become known; all take some minutes."""
    url = stack.addresses.services["identity"]
    connection = await Connection.to(url)
    people = await _people(connection, stack)
    bare = await asyncio.to_thread(_bare_hashes)
    signed_in = await _sign_ins(url, people)
    yield {
        "bare argon2, two threads, hashes/s": bare,
        "log-ins/s": signed_in.rate,
        "log-ins, share of bare argon2": signed_in.rate / bare,
        "log-in p50, ms": signed_in.quantile(0.5),
    }
    yield await _beside_a_flood(url, people)
    yield {"refreshes/s": (await _refreshes(url, people)).rate}
    yield {"authenticated requests/s, no database": (await _requests(url, people, "/v1/users/nobody", 404)).rate}
    yield {"authenticated requests/s, one read": (await _requests(url, people, "/v1/me", 200)).rate}
    async for told in _told_apart(stack, connection, people[0]):
        yield told


def _bare_hashes() -> float:
    """Return how many hashes two threads make in a second, with identity's own settings."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    began = time.perf_counter()

    def work(_: int) -> int:
        made = 0
        while time.perf_counter() - began < SECONDS:
            hasher.hash(PASSWORD)
            made += 1
        return made

    with ThreadPoolExecutor(THREADS) as threads:
        made = sum(threads.map(work, range(THREADS)))
    return made / (time.perf_counter() - began)


async def _expect(connection: Connection, status: int, method: str, path: str, **how: Any) -> Any:
    answered, document = await connection.ask(method, path, **how)
    if answered != status:
        raise BenchFailed(f"{method} {path} was answered with {answered}: {document}")
    return document


async def _people(connection: Connection, stack: Stack) -> Sequence[Person]:
    """Take on an agency and return its people, active and signed in."""
    internal = stack.secrets.text("internal-token")
    code = f"BENCH-{time.time_ns()}"
    administrator = {"userid": "p0", "code": "P0", "given_name": "Ada", "family_name": "Bianchi"}
    administrator["email"] = f"{code.lower()}@bench.example"
    wanted = {"licence_code": code, "name": "Bench", "timezone": "Europe/Rome", "locale": "it", "seats_bought": 100}
    wanted |= {"office_name": "Centro", "administrator": administrator}
    made = await _expect(connection, 201, "POST", "/v1/licences", body=wanted, token=stack.operator_token)

    async def active(user_id: str, userid: str) -> Person:
        path = f"/internal/v1/tenants/{made['tenant_id']}/users/{user_id}/activation-links"
        link = await _expect(connection, 201, "POST", path, token=internal)
        body = {"token": link["url"].partition("#token=")[2], "password": PASSWORD}
        await _expect(connection, 204, "POST", "/v1/activations", body=body)
        codes = {"licence_code": code, "userid": userid, "password": PASSWORD}
        tokens = await _expect(connection, 201, "POST", "/v1/sessions", body=codes)
        codes["device_token"] = tokens["device_token"]
        return Person(codes, tokens["access_token"], tokens["refresh_token"])

    first = await active(made["administrator_id"], "p0")
    people = [first]
    for number in range(1, PEOPLE):
        card = {"userid": f"p{number}", "code": f"P{number}", "given_name": "Bo", "family_name": "Conti"}
        card["email"] = f"p{number}@bench.example"
        user = await _added(connection, card, first.access_token)
        people.append(await active(user["id"], card["userid"]))
    return people


async def _added(connection: Connection, card: Mapping[str, str], token: str) -> Any:
    """Return a new person; authz hears of its administrator by a message and may need a moment."""
    for _ in range(100):
        status, document = await connection.ask("POST", "/v1/users", body=card, token=token)
        if status == 201:
            return document
        await asyncio.sleep(0.2)
    raise BenchFailed("the administrator was not allowed to add people")


async def _side_by_side(
    url: str, people: Sequence[Person], request: Callable[[Connection, Person], Callable[[], Awaitable[None]]]
) -> Measured:
    connections = [await Connection.to(url) for _ in people]
    try:
        return await measure([request(one, who) for one, who in zip(connections, people, strict=True)], SECONDS)
    finally:
        for connection in connections:
            connection.close()


async def _sign_ins(url: str, people: Sequence[Person]) -> Measured:
    def request(connection: Connection, person: Person) -> Callable[[], Awaitable[None]]:
        async def sign_in() -> None:
            await _expect(connection, 201, "POST", "/v1/sessions", body=person.codes)

        return sign_in

    return await _side_by_side(url, people, request)


async def _beside_a_flood(url: str, people: Sequence[Person]) -> Figures:
    """Return how long another request takes when nobody signs in, and when many do."""
    quiet = await _requests(url, people[:1], "/v1/me", 200)
    flood = asyncio.create_task(_sign_ins(url, people))
    beside = await _requests(url, people[:1], "/v1/me", 200)
    await flood
    return {
        "another request, quiet, p99 ms": quiet.quantile(0.99),
        "another request, during a flood of log-ins, p99 ms": beside.quantile(0.99),
        "another request, flood against quiet, p99": beside.quantile(0.99) / quiet.quantile(0.99),
    }


async def _refreshes(url: str, people: Sequence[Person]) -> Measured:
    def request(connection: Connection, person: Person) -> Callable[[], Awaitable[None]]:
        token = person.refresh_token

        async def refresh() -> None:
            nonlocal token
            body = {"refresh_token": token}
            token = (await _expect(connection, 200, "POST", "/v1/sessions/refresh", body=body))["refresh_token"]

        return refresh

    return await _side_by_side(url, people, request)


async def _requests(url: str, people: Sequence[Person], path: str, status: int) -> Measured:
    def asking(connection: Connection, person: Person) -> Callable[[], Awaitable[None]]:
        request = connection.request("GET", path, token=person.access_token)

        async def ask() -> None:
            answer = await connection.send(request)
            if int(answer[9:12]) != status:
                raise BenchFailed(f"{path} was answered with {answer!r}")

        return ask

    return await _side_by_side(url, people, asking)


async def _told_apart(stack: Stack, connection: Connection, person: Person) -> AsyncGenerator[Figures]:
    """Yield for each wrong combination how well its time tells it from a wrong password: 0.5 is not at all.

    Each pair comes from a network of its own, and the installation forgets the tries at one combination before the
    next: it evaluates fewer wrong passwords than are measured here.
    """
    right = {name: person.codes[name] for name in ("licence_code", "userid")}
    wrong = {"password": "Wrong7horse"}
    classes = {
        "unknown user id": {**right, **wrong, "userid": "nobody"},
        "unknown licence": {**right, **wrong, "licence_code": "NOBODY"},
        "unknown licence and user id": {"licence_code": "NOBODY", "userid": "nobody", **wrong},
        "one-letter password": {**right, "password": "x"},
        "long password": {**right, "password": "x" * 256},
    }
    for at, (name, codes) in enumerate(classes.items()):
        ones, others = list[float](), list[float]()
        await _forget_tries(stack)
        for pair in range(PAIRS):
            headers = {"X-Real-IP": f"10.{at}.{pair % 256}.{1 + pair // 256}"}
            for body, times in (({**right, **wrong}, others), (codes, ones)):
                began = time.perf_counter()
                await _expect(connection, 401, "POST", "/v1/sessions", body=body, headers=headers)
                times.append(time.perf_counter() - began)
        yield {f"AUC of {name} against wrong password": area_under_curve(ones, others)}


async def _forget_tries(stack: Stack) -> None:
    database = await asyncpg.connect(stack.addresses.databases["identity"].owner)
    try:
        await database.execute("DELETE FROM sign_in_counters")
    finally:
        await database.close()
