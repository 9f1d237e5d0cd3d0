"""records in figures: lists of a million against SQL by hand, Cerbos and Directus, changes, exports.

    python3 -m deploy bench records

One process serves records with token, scope, projection and access line; another the bare pages. Both are asked in
turns, so that whatever else the machine does hits both alike. PostgreSQL is one of its own, durable as in production.
"""

import asyncio
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import aiohttp
import uvloop

from deploy.local.passwords import SecretFolder
from deploy.local.ports import Ports
from deploy.local.postgres import PrivatePostgres
from deploy.local.stack import prepare_folder
from services.contracts.access import Scope
from services.contracts.vocabulary import TenantId
from services.records.app import SERVICE
from tests.benchmarks import peers
from tests.benchmarks.directus import BY_REACH, Directus, Person, directus
from tests.benchmarks.load import Connection, measure
from tests.benchmarks.peer_programs import answers, entered
from tests.benchmarks.records_stock import (
    ANNA,
    EDITOR,
    EXPORTED_TOWN,
    EXPORTER,
    LARGE,
    OFFICE,
    REGION,
    RITA,
    SCOPES,
    SIZES,
    SMALL,
    fill,
)
from tests.support.databases import ServiceDatabase, fresh_database
from tests.support.issuer import Issuer, issuing
from tests.support.running import INTERNAL_TOKEN, NO_BROKER, eventually, free_port
from tests.support.stub_authz import EVERYTHING, StubAuthz, stub_authz

ROUNDS: Final = 150
PAGE: Final = "/v1/listings?limit=50"
FAR_PAGE: Final = 500
CONNECTIONS: Final = 8
SECONDS: Final = 6.0
CLONE: Final = Path(__file__).parents[2]
REACHED: Final = (
    "R.attr.id in P.attr.allow",
    'P.attr.reach == "own" && R.attr.assignee_id == P.id',
    'P.attr.reach == "office public" && R.attr.office_id in P.attr.offices && !R.attr.is_private',
    (
        'P.attr.reach in ["office", "region"] && R.attr.office_id in P.attr.offices '
        "&& (!R.attr.is_private || R.attr.assignee_id == P.id)"
    ),
    'P.attr.reach == "all" && (!R.attr.is_private || R.attr.assignee_id == P.id)',
)
POLICY: Final[dict[str, Any]] = {
    "apiVersion": "api.cerbos.dev/v1",
    "resourcePolicy": {
        "version": "default",
        "resource": "listings",
        "rules": [
            {
                "actions": ["list"],
                "effect": "EFFECT_ALLOW",
                "roles": ["*"],
                "condition": {
                    "match": {
                        "all": {
                            "of": [
                                {"expr": "!(R.attr.id in P.attr.deny)"},
                                {"any": {"of": [{"expr": each} for each in REACHED]}},
                            ]
                        }
                    }
                },
            }
        ],
    },
}


@dataclass(frozen=True, slots=True)
class Measuring:
    """What the measurements need."""

    records: Connection
    bare: Connection
    records_url: str
    pid: int
    authz: StubAuthz
    issuer: Issuer

    async def asking(self, tenant_id: TenantId, user_id: UUID, scope: Scope, *of_ones_own: str) -> bytes:
        """Return a request for the first page by somebody whose list has this scope, which records knows by then.

        `of_ones_own` are the keys that are held on his own records.
        """
        keys = ("listings.read", "listings.list") if not scope.is_empty else ()
        held = {**dict.fromkeys(keys, scope), **dict.fromkeys(of_ones_own, Scope(own=True))}
        given = self.authz.give(tenant_id, user_id, held)
        token = self.issuer.token(tenant_id, user_id)
        fresh = {"Access-Version": str(given.version)}
        document(await self.records.send(self.records.request("GET", PAGE, token=token, headers=fresh)))
        return self.records.request("GET", PAGE, token=token)

    async def alike(self, ours: bytes, *paths: str) -> Sequence[tuple[Connection, bytes]]:
        """Return requests for bare pages that show the same records as ours. Raises BenchFailed for others."""
        shown = [item["id"] for item in document(await self.records.send(ours))["items"]]
        requests = [(self.bare, self.bare.request("GET", path)) for path in paths]
        for connection, request in requests:
            if [row["id"] for row in document(await connection.send(request))] != shown:
                raise BenchFailed(f"{request.decode()} shows other records than ours")
        return requests


class BenchFailed(Exception):
    """The systems did not answer as they must."""


async def main(folder: Path) -> None:
    """Measure, and print figures as they become known."""
    say(f"{platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    prepare_folder(folder)
    postgres = PrivatePostgres(folder, Ports(folder / "ports.json", {}), SecretFolder(folder / "secrets"))
    await postgres.start()
    try:
        async with fresh_database(postgres.url, SERVICE) as made, issuing() as issuer, stub_authz() as authz:
            await fill(made.owner)
            async with AsyncExitStack() as stack:
                anna = Person(LARGE, ANNA, OFFICE)
                beside = await entered(stack, "Directus", directus(postgres.url, made.app.rpartition("/")[2], anna))
                cerbos = await entered(stack, "Cerbos", peers.cerbos(POLICY))
                serving = processes(made, postgres.url, issuer, authz, cerbos.http if cerbos else "")
                ours, bare, pid = await stack.enter_async_context(serving)
                measuring = Measuring(await Connection.to(ours), await Connection.to(bare), ours, pid, authz, issuer)
                await lists(measuring, planned=cerbos is not None)
                if beside is not None:
                    await lists_beside(measuring, beside)
                await further_lists(measuring, planned=cerbos is not None)
                await changes(measuring)
                await export(measuring)
    finally:
        await postgres.stop()


@asynccontextmanager
async def processes(
    made: ServiceDatabase, postgres_url: str, issuer: Issuer, authz: StubAuthz, cerbos: str
) -> AsyncGenerator[tuple[str, str, int]]:
    """Yield the URLs of records and of the bare pages, and the process id of records."""
    port, bare_port = free_port(), free_port()
    settings = {"PORT": port, "WORK_PORT": free_port(), "DATABASE_URL": made.app, "AMQP_URL": NO_BROKER}
    settings |= {"INTERNAL_TOKEN": INTERNAL_TOKEN, "AUTHZ_URL": authz.url, "JWKS_URL": issuer.jwks_url}
    environment = {**os.environ, **{f"KEYHOLDER_RECORDS_{name}": str(value) for name, value in settings.items()}}
    # The hand-written SQL runs without the fence, as its author would have it.
    database_url = postgres_url.rpartition("/")[0] + "/" + made.app.rpartition("/")[2]
    records = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.records", "serve", env=environment, cwd=CLONE, stdout=asyncio.subprocess.DEVNULL
    )
    bare = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.bare_listings", str(bare_port), database_url, cerbos, cwd=CLONE
    )
    urls = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{bare_port}"
    try:
        for url in urls:
            await eventually(lambda url=url: answers(f"{url}/live"), 60)
        yield (*urls, records.pid)
    finally:
        for process in (records, bare):
            process.terminate()
            await process.wait()


def asked_of(reach: str, user_id: UUID) -> str:
    """Return what the bare pages are asked for somebody of a reach."""
    scope = SCOPES[reach]
    offices = ",".join(map(str, sorted(scope.offices | scope.public_offices) or sorted(REGION)))
    return f"?tenant={LARGE}&user={user_id}&reach={quote(reach)}&offices={offices}"


async def lists(measuring: Measuring, *, planned: bool) -> None:
    """Print what the first page costs at each reach; against Cerbos' plans if they can be had.

    Each peer in turns with ours alone: between others, whoever uses more code pays more for cold caches.
    """
    for reach, scope in SCOPES.items():
        ours = await measuring.asking(LARGE, ANNA, scope)
        pages = [f"/{page}{asked_of(reach, ANNA)}" for page in ("page", "planned")[: 1 + planned]]
        pairs = [await in_turns((measuring.records, ours), peer) for peer in await measuring.alike(ours, *pages)]
        (mine, bare), *cerbos = [tuple(map(statistics.median, times)) for times in pairs]
        said = f"first page of {SIZES[LARGE]:,}, reach {reach}: {mine:.2f} ms; SQL by hand {bare:.2f} ms: "
        said += f"{mine / bare:.2f} times"
        say(said + "".join(f"; Cerbos plan and SQL {plan:.2f} ms: {plan / own:.1f} times ours" for own, plan in cerbos))


async def lists_beside(measuring: Measuring, peer: Directus) -> None:
    """Print what the same page costs Directus, at the reaches that both can say."""
    for reach in BY_REACH:
        ours = await measuring.asking(
            LARGE, ANNA, SCOPES[reach], "listings.identity.read", "listings.private_note.read"
        )
        theirs = await peer.asking(reach)
        items = document(await measuring.records.send(ours))["items"]
        shown = [(item["id"], item["identity"] and item["identity"]["owner_name"]) for item in items]
        if shown != [(item["id"], item["owner_name"]) for item in document(await peer.connection.send(theirs))["data"]]:
            raise BenchFailed(f"reach {reach}: Directus does not show the same")
        times = await in_turns((measuring.records, ours), (peer.connection, theirs))
        mine, other = map(statistics.median, times)
        say(
            f"first {len(shown)} of {SIZES[LARGE]:,}, reach {reach}, one's own with identity data: {mine:.2f} ms; "
            f"Directus {other:.2f} ms: "
            f"{other / mine:.1f} times ours"
        )


async def further_lists(measuring: Measuring, *, planned: bool) -> None:
    """Print what size, record rights and distance from the first page cost."""
    for reach in ("own", "office", "all"):
        scope = SCOPES[reach]
        large, small = [await measuring.asking(tenant, ANNA, scope) for tenant in (LARGE, SMALL)]
        rita = await measuring.asking(LARGE, RITA, scope)
        theirs = await measuring.alike(rita, *([f"/planned{asked_of(reach, RITA)}"] if planned else []))
        times = await in_turns(*((measuring.records, request) for request in (large, small, rita)), *theirs)
        mine, few, rights, *cerbos = map(statistics.median, times)
        say(f"reach {reach}: of {SIZES[LARGE]:,} against {SIZES[SMALL]:,} rows: {mine / few:.2f} times")
        said = f"reach {reach}: with 2,000 record rights against none: {rights / mine:.2f} times"
        say(said + "".join(f"; Cerbos plan and SQL {each:.2f} ms: {each / rights:.1f} times ours" for each in cerbos))
    first = far = await measuring.asking(LARGE, ANNA, SCOPES["all"])
    for _ in range(FAR_PAGE - 1):
        path = f"{PAGE}&cursor={document(await measuring.records.send(far))['next']}"
        far = measuring.records.request("GET", path, token=measuring.issuer.token(LARGE, ANNA))
    times = await in_turns((measuring.records, first), (measuring.records, far))
    near, distant = map(statistics.median, times)
    say(f"page {FAR_PAGE} against page 1: {distant / near:.2f} times")


async def changes(measuring: Measuring) -> None:
    """Print how many changes a second eight connections make: checked, versioned, noted, announced, on the disk."""
    measuring.authz.give(
        LARGE, EDITOR, dict.fromkeys(("listings.list", "listings.read", "listings.update"), EVERYTHING)
    )
    token = measuring.issuer.token(LARGE, EDITOR)
    page = document(await measuring.records.send(measuring.records.request("GET", PAGE, token=token)))
    requests = [
        changing(await Connection.to(measuring.records_url), item["id"], item["version"], token)
        for item in page["items"][:CONNECTIONS]
    ]
    measured = await measure(requests, SECONDS)
    say(
        f"changes of a listing, {CONNECTIONS} connections: {measured.rate:.0f}/s, "
        f"p50 {measured.quantile(0.5):.1f} ms, p99 {measured.quantile(0.99):.1f} ms"
    )


def changing(connection: Connection, listing_id: str, version: int, token: str) -> Callable[[], Any]:
    """Return what changes a listing once more each time."""
    at = version

    async def change() -> None:
        nonlocal at
        body, seen = {"title": f"Trilocale {at}"}, {"If-Match": f'"{at}"'}
        answer = await connection.send(connection.request("PATCH", f"/v1/listings/{listing_id}", body, token, seen))
        at = document(answer)["version"]

    return change


async def export(measuring: Measuring) -> None:
    """Print what an export of 100,000 rows takes, and the memory that the process ever had."""
    keys = ("listings.list", "listings.read", "listings.export")
    measuring.authz.give(LARGE, EXPORTER, dict.fromkeys(keys, EVERYTHING))
    headers = measuring.issuer.bearer(LARGE, EXPORTER)
    for form in ("csv", "xlsx", "xml"):
        url = f"{measuring.records_url}/v1/exports/listings?form={form}&municipality={EXPORTED_TOWN}"
        began, size, lines = time.perf_counter(), 0, 0
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url, headers=headers) as response:
            if response.status != 200:
                raise BenchFailed(await response.text())
            async for chunk in response.content.iter_chunked(65_536):
                size, lines = size + len(chunk), lines + chunk.count(b"\n")
        say(
            f"export of {SIZES[LARGE] // 10:,} rows as {form}: {time.perf_counter() - began:.1f} s, "
            f"{size / 1e6:.0f} MB, {lines} lines; peak memory of the process {peak_mb(measuring.pid)} MB"
        )


def peak_mb(pid: int) -> int:
    """Return the most memory that a process ever had at once."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


async def in_turns(*asked: tuple[Connection, bytes]) -> Sequence[Sequence[float]]:
    """Return the times in milliseconds of so many requests each, made in turns."""
    times: Sequence[list[float]] = [[] for _ in asked]
    for at in range(ROUNDS + 20):
        for (connection, request), taken in zip(asked, times, strict=True):
            began = time.perf_counter()
            answer = await connection.send(request)
            if answer[9:12] != b"200":
                raise BenchFailed(answer.decode())
            if at >= 20:  # all are warm by then
                taken.append((time.perf_counter() - began) * 1_000)
    return times


def document(answer: bytes) -> Any:
    """Return what an answer holds."""
    if answer[9:12] != b"200":
        raise BenchFailed(answer.decode())
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    FOLDER = Path(os.environ["KEYHOLDER_TEST_FOLDER"]) / "bench-records"
    FOLDER.mkdir(mode=0o711, exist_ok=True)
    uvloop.run(main(FOLDER))
