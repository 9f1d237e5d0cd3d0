"""A transaction ends whole or not at all, whatever interrupts it, and never lends its tenant to the next."""

import asyncio
from random import Random
from traceback import format_exception
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.chassis.database import Database, open_database
from services.contracts.vocabulary import TenantId, UserId
from tests.support.databases import ServiceDatabase
from tests.support.echo import write

pytestmark = pytest.mark.asyncio(loop_scope="session")
CONNECTIONS = 2


async def two_rows(db: Database, tenant_id: TenantId, divisor: int) -> None:
    async with db.transaction(tenant_id) as tx:
        await write(tx, UserId(uuid4()), 1)
        await write(tx, UserId(uuid4()), 2 // divisor)


async def count(db: Database, tenant_id: TenantId) -> int:
    async with db.transaction(tenant_id, readonly=True) as tx:
        return await tx.value("SELECT count(*) FROM echoes")


async def test_an_exception_undoes_everything(echo_database: ServiceDatabase) -> None:
    tenant_id = TenantId(uuid4())
    async with open_database(echo_database.app, connections=CONNECTIONS, name="test") as db:
        with pytest.raises(ZeroDivisionError):
            await two_rows(db, tenant_id, 0)
        assert await count(db, tenant_id) == 0
        async with db.transaction(tenant_id) as tx:
            await write(tx, UserId(uuid4()), 1)
        assert await count(db, tenant_id) == 1
        assert await count(db, TenantId(uuid4())) == 0


async def test_what_the_database_refuses_it_does_not_quote(echo_database: ServiceDatabase) -> None:
    user_id = uuid4()
    async with open_database(echo_database.app, connections=CONNECTIONS, name="test") as db:
        with pytest.raises(asyncpg.NotNullViolationError) as refused:
            async with db.transaction(TenantId(uuid4())) as tx:
                await tx.execute(
                    "INSERT INTO echoes (tenant_id, user_id, version) VALUES ($1, $2, NULL)", tx.tenant_id, user_id
                )
    assert refused.value.column_name == "version"
    assert str(user_id) not in "".join(format_exception(refused.value))


async def test_cancelling_at_any_moment_leaves_no_row_and_no_open_transaction(echo_database: ServiceDatabase) -> None:
    moments = Random(7)  # noqa: S311 no secret
    async with open_database(echo_database.app, connections=CONNECTIONS, name="cancelled") as db:
        for _ in range(300):
            tenant_id = TenantId(uuid4())
            task = asyncio.create_task(two_rows(db, tenant_id, 1))
            await asyncio.wait({task}, timeout=moments.random() * 0.004)
            task.cancel()
            await asyncio.wait({task})
            assert await count(db, tenant_id) in {0, 2}
        async with db.across_tenants() as queries:
            left = await queries.value(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cancelled' AND state LIKE 'idle in%'"
            )
        assert left == 0


async def test_each_statement_at_once_is_a_transaction_of_its_own_that_sees_no_tenants_rows(
    echo_database: ServiceDatabase,
) -> None:
    tenant_id = TenantId(uuid4())
    async with open_database(echo_database.app, connections=1, name="test") as db:
        await two_rows(db, tenant_id, 1)
        async with db.at_once() as queries:
            assert await queries.value("SELECT count(*) FROM echoes") == 0
            first, second = [await queries.value("SELECT pg_current_xact_id()::text") for _ in range(2)]
        assert first != second
        assert await count(db, tenant_id) == 2


async def test_a_single_statement_sees_and_writes_its_tenants_rows_whatever_the_connection_was_for_before(
    echo_database: ServiceDatabase,
) -> None:
    uses = Random(11)  # noqa: S311 no secret
    tenants = [TenantId(uuid4()) for _ in range(3)]
    written = dict.fromkeys(tenants, 0)
    async with open_database(echo_database.app, connections=1, name="test") as db:
        for _ in range(400):
            tenant_id = uses.choice(tenants)
            match uses.randrange(6):
                case 0:
                    await two_rows(db, tenant_id, 1)
                    written[tenant_id] += 2
                case 1:
                    async with db.single_write(tenant_id) as tx:
                        await write(tx, UserId(uuid4()), 1)
                    written[tenant_id] += 1
                case 2:
                    async with db.at_once() as queries:
                        assert await queries.value("SELECT count(*) FROM echoes") == 0
                case 3:
                    async with db.across_tenants() as queries:
                        assert await queries.value("SELECT count(*) FROM echoes") == 0
                case 4:
                    assert await count(db, tenant_id) == written[tenant_id]
                case _:
                    async with db.single_read(tenant_id) as tx:
                        assert await tx.value("SELECT count(*) FROM echoes") == written[tenant_id]


async def test_a_single_read_cannot_write(echo_database: ServiceDatabase) -> None:
    tenant_id = TenantId(uuid4())
    async with open_database(echo_database.app, connections=1, name="test") as db:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            async with db.single_read(tenant_id) as tx:
                await write(tx, UserId(uuid4()), 1)
        await two_rows(db, tenant_id, 1)
        assert await count(db, tenant_id) == 2


async def test_a_single_statement_cut_off_at_any_moment_lends_its_tenant_to_nobody(
    echo_database: ServiceDatabase,
) -> None:
    moments = Random(5)  # noqa: S311 no secret
    full, empty = TenantId(uuid4()), TenantId(uuid4())

    async def read(tenant_id: TenantId) -> int:
        async with db.single_read(tenant_id) as tx:
            return await tx.value("SELECT count(*) FROM echoes")

    async with open_database(echo_database.app, connections=1, name="test") as db:
        await two_rows(db, full, 1)
        for _ in range(300):
            task = asyncio.create_task(read(full))
            await asyncio.wait({task}, timeout=moments.random() * 0.002)
            task.cancel()
            await asyncio.wait({task})
            assert await read(empty) == 0
        assert await read(full) == 2


async def test_a_tenant_is_an_id_and_nothing_else(echo_database: ServiceDatabase) -> None:
    class Sly(UUID):
        def __str__(self) -> str:
            return "'; DROP TABLE echoes; --"

    async with open_database(echo_database.app, connections=CONNECTIONS, name="test") as db:
        assert await count(db, TenantId(Sly(int=7))) == 0
        async with db.single_read(TenantId(Sly(int=7))) as tx:
            assert await tx.value("SELECT count(*) FROM echoes") == 0
