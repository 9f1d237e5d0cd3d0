"""Kept rights are never older than they may be: whoever changes them, whoever asks, and whatever breaks (ADR-0020)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any, LiteralString
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from services.authz.adapters.catalogue_file import permission_catalogue
from services.authz.app import SERVICE
from services.authz.operations.snapshots import KeptAccess
from services.chassis import clock
from services.chassis.authz_client import FRESH_SECONDS
from services.chassis.database import Database, open_database
from services.chassis.tokens import Caller
from services.contracts.vocabulary import SessionId, UserId
from tests.integration.authz.conftest import Agency, found_agency
from tests.integration.authz.test_authzen import evaluation, listing
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.running import eventually, serving, settings_of
from tests.support.wire import Wire, counted

pytestmark = pytest.mark.asyncio(loop_scope="session")
READ = {"key": "listings.read", "reach": "principal"}
ROUNDS = 100


@dataclass
class Process:
    """A process that keeps rights; its clock stands still unless it is moved, but for a tick at each look."""

    db: Database
    wire: Wire
    seconds: float = 0.0
    access: KeptAccess = field(init=False)

    def __post_init__(self) -> None:
        self.access = KeptAccess(self.db, permission_catalogue(), self._tick)

    def _tick(self) -> float:
        self.seconds += 1e-9
        return self.seconds

    async def reads(self, agency: Agency, person: UUID, at_least: int = 0, now: datetime | None = None) -> bool:
        """Say whether this process lets a person read."""
        caller = Caller(agency.tenant_id, UserId(person), SessionId(uuid4()), clock.now())
        return (await self.access.of(caller, now or clock.now(), at_least)).holds("listings.read")

    async def cost(self, agency: Agency, person: UUID) -> int:
        """Return how many statements the answer costs."""
        before = self.wire.statements
        await self.reads(agency, person)
        return self.wire.statements - before

    @asynccontextmanager
    async def hearing(self, agency: Agency) -> AsyncGenerator[None]:
        """Let it hear of changes."""
        task = asyncio.create_task(self.access.listen())

        async def answers_by_itself() -> bool:
            await self.reads(agency, agency.administrator_id)
            return await self.cost(agency, agency.administrator_id) == 0

        try:
            await eventually(answers_by_itself)
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})


@pytest_asyncio.fixture(loop_scope="session")
async def process(authz_database: ServiceDatabase) -> AsyncGenerator[Process]:
    """A process other than the one that makes the changes."""
    async with counted(authz_database.app) as (wire, url), open_database(url, connections=1, name="tests") as db:
        yield Process(db, wire)


@pytest_asyncio.fixture(loop_scope="session")
async def untold(authz_database: ServiceDatabase) -> AsyncGenerator[None]:
    """PostgreSQL tells nobody of changes."""
    await on(authz_database.owner, "ALTER TABLE tenants DISABLE TRIGGER tell_rights")
    yield
    await on(authz_database.owner, "ALTER TABLE tenants ENABLE TRIGGER tell_rights")


async def on(url: str, sql: LiteralString, *values: object) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(sql, *values)
    finally:
        await connection.close()


async def cut_lines(postgres_url: str, database: ServiceDatabase) -> int:
    """Cut every line on which a process hears of changes; return how many there were."""
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND query LIKE 'LISTEN %'"
    return len(await on(postgres_url, sql, urlsplit(database.app).path.removeprefix("/")))


async def test_who_hears_answers_by_itself_and_who_does_not_asks_each_time(agency: Agency, process: Process) -> None:
    person = await agency.person()
    await process.reads(agency, agency.administrator_id)  # the driver learns the types of a connection once

    assert [await process.cost(agency, person) for _ in range(3)] == [4, 3, 3]  # BEGIN, versions, held once, COMMIT
    async with process.hearing(agency):
        assert [await process.cost(agency, person) for _ in range(3)] == [3, 0, 0]
    assert [await process.cost(agency, person) for _ in range(3)] == [3, 3, 3]


async def test_what_another_process_changes_is_heard_of(agency: Agency, process: Process) -> None:
    person = await agency.person()
    async with process.hearing(agency):
        for _ in range(ROUNDS // 10):
            group = await agency.group(READ, members=(person,))
            await eventually(lambda: process.reads(agency, person))
            await agency.change(group, "DELETE", f"/members/{person}")

            async def refused() -> bool:
                return not await process.reads(agency, person)

            await eventually(refused)


@pytest.mark.usefixtures("untold")
async def test_what_nobody_told_counts_after_five_seconds_and_for_who_knows_of_it_at_once(
    agency: Agency, process: Process
) -> None:
    person, knows = await agency.person(), await agency.person()
    group = await agency.group(READ, members=(person, knows))
    async with process.hearing(agency):
        assert await process.reads(agency, person)
        assert await process.reads(agency, knows)
        first = await agency.change(group, "DELETE", f"/members/{person}")
        second = await agency.change(first.body, "DELETE", f"/members/{knows}")

        assert not await process.reads(agency, knows, int(second.headers["Access-Version"]))
        process.seconds += FRESH_SECONDS
        assert not await process.reads(agency, person)


async def test_what_expires_is_kept_no_longer(agency: Agency, process: Process) -> None:
    person, end = await agency.person(), datetime.now(UTC) + timedelta(hours=1)
    await agency.group({**READ, "expires_at": end.isoformat()}, members=(person,))
    async with process.hearing(agency):
        assert await process.reads(agency, person, now=end - timedelta(seconds=1))
        assert not await process.reads(agency, person, now=end)


async def test_what_was_read_while_it_changed_is_not_kept(agency: Agency, process: Process) -> None:
    person = await agency.person()
    group = await agency.group(READ)
    async with process.hearing(agency):
        for method in islice(cycle(("PUT", "DELETE")), ROUNDS):
            body: object = {} if method == "PUT" else None

            changed, _ = await asyncio.gather(
                agency.change(group, method, f"/members/{person}", body),
                asyncio.gather(*(process.reads(agency, person) for _ in range(3))),
            )
            group = changed.body
            process.access.tell(agency.tenant_id, int(changed.headers["Access-Version"]))

            assert await process.reads(agency, person) is (method == "PUT")


@pytest.mark.timeout(300)
async def test_a_revoked_right_ends_in_every_process_though_their_lines_are_cut(
    http: aiohttp.ClientSession, authz_database: ServiceDatabase, issuer: Issuer, db: Database, postgres_url: str
) -> None:
    """A hundred times in turns by both; the line is cut before, during and after the change, or not at all."""
    async with AsyncExitStack() as stack:
        ports = [settings_of(SERVICE, authz_database, jwks_url=issuer.jwks_url) for _ in range(2)]
        urls = [await stack.enter_async_context(serving(SERVICE, each)) for each in ports]
        first = await found_agency(http, urls[0], issuer, db)
        second = Agency(http, urls[1], issuer, db, first.tenant_id, first.administrator_id, first.office_id)
        person = await first.person()
        group = await first.group(READ, members=(person,))
        asked = evaluation(person, "read", listing(first.office_id))
        cut = 0

        async def permitted(where: Agency, version: str = "") -> bool:
            answer = await where.call("POST", "/access/v1/evaluation", asked, Access_Version=version)
            return answer.body["decision"]

        async def refused() -> bool:
            return not await permitted(there)

        for number, (here, there) in enumerate(islice(cycle(((first, second), (second, first))), ROUNDS)):
            await eventually(lambda where=there: permitted(where))
            if number % 4 == 1:
                cut += await cut_lines(postgres_url, authz_database)
            during = asyncio.create_task(cut_lines(postgres_url, authz_database)) if number % 4 == 2 else None
            revoked, *_ = await asyncio.gather(
                here.change(group, "DELETE", f"/members/{person}"), permitted(here), permitted(there)
            )
            cut += await during if during else 0
            if number % 4 == 3:
                cut += await cut_lines(postgres_url, authz_database)

            assert not await permitted(here)
            assert not await permitted(there, revoked.headers["Access-Version"])
            await eventually(refused, FRESH_SECONDS)
            group = await there.put(revoked.body, f"/members/{person}", {})
            assert await permitted(there)
        assert cut > ROUNDS // 2
