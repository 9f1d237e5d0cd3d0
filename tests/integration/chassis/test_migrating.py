"""Migrations: once, in order, under a lock, never edited afterwards."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from services.chassis import migrating
from services.chassis.migrating import Migration, MigrationError
from tests.conftest import FreshDatabase
from tests.support import echo

pytestmark = pytest.mark.asyncio(loop_scope="session")
ALL = frozenset({"pre", "post"})


def planted(name: str, sql: str) -> Migration:
    return Migration("service", name, name[5:9].rstrip("_"), sql)


async def test_however_many_migrate_at_once_each_file_is_applied_once(database: FreshDatabase) -> None:
    made = await database(echo.SERVICE)
    more = [*echo.SERVICE.migrations, planted("0002_pre_more.sql", "CREATE TABLE more (tenant_id uuid PRIMARY KEY)")]
    applied = await asyncio.gather(*(migrating.migrate(made.owner, more, ALL) for _ in range(8)))
    assert sorted(map(list, applied)) == [[]] * 7 + [["0002_pre_more.sql"]]


async def test_an_edited_migration_is_refused_and_nothing_is_applied(database: FreshDatabase) -> None:
    made = await database(echo.SERVICE)
    edited = [replace(migration, sql=migration.sql + "-- edited") for migration in echo.SERVICE.migrations]
    with pytest.raises(MigrationError, match="was changed after it had been applied"):
        await migrating.migrate(made.owner, edited, ALL)


async def test_a_failing_migration_leaves_nothing_behind(database: FreshDatabase) -> None:
    made = await database(echo.SERVICE)
    half = planted("0002_pre_half.sql", "CREATE TABLE half (tenant_id uuid PRIMARY KEY); SELECT 1/0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrating.migrate(made.owner, [*echo.SERVICE.migrations, half], ALL)
    connection = await asyncpg.connect(made.owner)
    try:
        assert await connection.fetchval("SELECT to_regclass('half')") is None
        assert await connection.fetchval("SELECT count(*) FROM schema_migrations WHERE name = $1", half.name) == 0
    finally:
        await connection.close()


async def test_post_migrations_wait_for_their_phase(database: FreshDatabase) -> None:
    made = await database(echo.SERVICE)
    both = [
        *echo.SERVICE.migrations,
        planted("0002_post_later.sql", "CREATE TABLE later (tenant_id uuid PRIMARY KEY)"),
    ]
    assert await migrating.migrate(made.owner, both, frozenset({"pre"})) == []
    assert await migrating.migrate(made.owner, both, ALL) == ["0002_post_later.sql"]


async def test_a_migration_gives_up_rather_than_queue_behind_a_long_lock(database: FreshDatabase) -> None:
    made = await database(echo.SERVICE)
    blocked = planted("0002_pre_blocked.sql", "ALTER TABLE echoes ADD COLUMN more text")
    holder = await asyncpg.connect(made.owner)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE echoes IN ACCESS SHARE MODE")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await migrating.migrate(made.owner, [*echo.SERVICE.migrations, blocked], ALL)
    finally:
        await holder.close()
