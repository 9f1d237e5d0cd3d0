"""What every request may cause walks indexes, however large the agency: a snapshot, a page of groups."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import LiteralString, cast
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from services.authz.store import administrators, groups, rights_changes, standings
from services.authz.store.rights_changes import Filter
from services.chassis.cursor import START
from services.chassis.database import Database, Row, Transaction, open_database
from services.contracts.vocabulary import TenantId, UserId
from tests.support.databases import ServiceDatabase

pytestmark = pytest.mark.asyncio(loop_scope="session")
TENANT, SOMEBODY = TenantId(UUID(int=1)), UserId(UUID(int=5))


class Explained(Transaction):
    """A transaction that keeps the plan of each query instead of its rows: the one that must do for all values."""

    plan = ""

    async def rows(self, sql: LiteralString, *values: object) -> Sequence[Row]:
        """Return nothing, having asked how the query would be carried out."""
        await self.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await self.execute("PREPARE asked AS " + sql)
        given = ", ".join(["NULL"] * len(values))
        found = await super().rows(cast("LiteralString", f"EXPLAIN EXECUTE asked ({given})"))
        await self.execute("DEALLOCATE asked")
        self.plan = "\n".join(row[0] for row in found)
        return []

    async def value(self, sql: LiteralString, *values: object) -> None:
        """Return nothing, as `rows`."""
        await self.rows(sql, *values)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def large(authz_database: ServiceDatabase) -> AsyncGenerator[Database]:
    """A tenant of 5,000 people with 20 grants each, in 500 groups of 40 grants each, of which the journal tells."""
    connection = await asyncpg.connect(authz_database.owner)  # a pool of the product's would wait ten seconds at most
    try:
        await connection.execute("SELECT set_config('keyholder.tenant_id', $1, false)", str(TENANT))
        await connection.execute("INSERT INTO tenants (tenant_id, taken_on) VALUES ($1, true)", TENANT)
        for statement in (
            """
            INSERT INTO people (tenant_id, id, state)
            SELECT $1, lpad(to_hex(n), 32, '0')::uuid, 'active' FROM generate_series(1, 5000) AS n
            """,
            """
            INSERT INTO permission_groups (tenant_id, id, name, is_employee_group, created_at)
            SELECT $1, lpad(to_hex(n), 32, '0')::uuid, n::text, false, now() + n * interval '1 second'
              FROM generate_series(1, 500) AS n
            """,
            """
            INSERT INTO group_members (tenant_id, group_id, user_id, added_at)
            SELECT $1, lpad(to_hex(n % 500 + 1), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, now()
              FROM generate_series(1, 5000) AS n
            """,
            """
            INSERT INTO grants (tenant_id, holder_kind, holder_id, key, reach, view, granted_at)
            SELECT $1, 'group', lpad(to_hex(g), 32, '0')::uuid, 'key.' || k, 'own', 'full', now()
              FROM generate_series(1, 500) AS g, generate_series(1, 40) AS k
            """,
            "ALTER TABLE grants DISABLE TRIGGER journal",
            """
            INSERT INTO grants (tenant_id, holder_kind, holder_id, key, reach, view, granted_at)
            SELECT $1, 'user', lpad(to_hex(p), 32, '0')::uuid, 'key.' || k, 'own', 'full', now()
              FROM generate_series(1, 5000) AS p, generate_series(1, 20) AS k
            """,
            "ALTER TABLE grants ENABLE TRIGGER journal",
        ):
            await connection.execute(statement, *([TENANT] if "$1" in statement else []))
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    async with open_database(authz_database.owner, connections=1, name="tests") as db:
        yield db


async def plan_of(db: Database, read: Callable[[Transaction], Awaitable[object]]) -> str:
    async with db.transaction(TENANT, readonly=True) as tx:
        explained = Explained(tx._connection, TENANT)  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
        await read(explained)
    return explained.plan


async def test_a_snapshot_is_read_by_indexes(large: Database) -> None:
    plan = await plan_of(large, lambda tx: standings.find_all(tx, [SOMEBODY]))

    assert "Seq Scan on grants" not in plan, plan
    assert "Seq Scan on people" not in plan, plan
    for index in ("group_members_of_user", "grants_once"):
        assert index in plan, plan


async def test_administrators_are_found_by_what_makes_them(large: Database) -> None:
    for plan in (
        await plan_of(large, administrators.remain),
        await plan_of(large, lambda tx: administrators.every(tx, datetime.now(UTC))),
    ):
        assert "grants_at_all" in plan, plan
        assert "Seq Scan on grants" not in plan, plan
        assert "Seq Scan on people" not in plan, plan


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (Filter(), "rights_changes_newest"),
        (Filter(user_id=SOMEBODY), "rights_changes_of_user"),
        (Filter(holder_id=SOMEBODY), "rights_changes_of_holder"),
        (Filter(key="key.1"), "rights_changes_of_key"),
        (Filter(author_id=SOMEBODY), "rights_changes_by_author"),
        (Filter(holder_id=SOMEBODY, since=datetime.now(UTC), until=datetime.now(UTC)), "rights_changes_of_holder"),
    ],
    ids=["everything", "user", "holder", "key", "author", "times"],
)
async def test_the_journal_is_read_by_the_index_of_what_is_asked_for(
    large: Database, asked: Filter, index: str
) -> None:
    plan = await plan_of(large, lambda tx: rights_changes.page(tx, asked, after=START, limit=51))

    assert f"using {index} " in plan, plan
    assert "Sort" not in plan, plan


async def test_a_page_of_groups_is_read_in_its_order(large: Database) -> None:
    plan = await plan_of(large, lambda tx: groups.page(tx, every=True, after=START, limit=51))

    assert "permission_groups_newest" in plan, plan
    assert "Sort" not in plan, plan
