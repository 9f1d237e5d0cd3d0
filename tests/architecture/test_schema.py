"""Every table belongs to tenants and is fenced, or says why it belongs to the platform."""

import importlib
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.chassis.service import Service
from tests.architecture.test_shape import SERVICES
from tests.conftest import FreshDatabase

pytestmark = pytest.mark.asyncio(loop_scope="session")
each_service = pytest.mark.parametrize("name", SERVICES)

TABLES = """
    SELECT c.relname AS name,
           c.relrowsecurity AND c.relforcerowsecurity AS fenced,
           obj_description(c.oid) AS comment,
           (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
             WHERE i.indrelid = c.oid AND i.indisprimary) AS key_starts_with,
           array(SELECT p.polname::text || ' ' || p.polroles::regrole[]::text FROM pg_policy p
                  WHERE p.polrelid = c.oid ORDER BY 1) AS policies
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""


def service_named(name: str) -> Service[Any, Any]:
    return importlib.import_module(f"services.{name}.app").SERVICE


@each_service
async def test_every_table_is_fenced_or_says_why_not(database: FreshDatabase, name: str) -> None:
    made = await database(service_named(name))
    connection = await asyncpg.connect(made.owner)
    try:
        tables = await connection.fetch(TABLES)
    finally:
        await connection.close()
    assert len(tables) >= 5
    for table in tables:
        if (table["comment"] or "").startswith("platform: "):
            assert not table["fenced"], table["name"]
        else:
            assert table["fenced"], table["name"]
            assert table["key_starts_with"] == "tenant_id", table["name"]
            assert table["policies"] == ["all_tenants {keyholder_worker}", "tenant_fence {-}"], table["name"]


@each_service
async def test_without_a_tenant_no_row_is_seen_and_none_can_be_written(database: FreshDatabase, name: str) -> None:
    made = await database(service_named(name))
    worker, app = await asyncpg.connect(made.worker), await asyncpg.connect(made.app)
    ours, theirs = uuid4(), uuid4()
    insert = "INSERT INTO inbox (tenant_id, queue, message_id) VALUES ($1, 'q', $2)"
    try:
        await worker.execute(insert, theirs, uuid4())
        assert await app.fetchval("SELECT count(*) FROM inbox") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(insert, ours, uuid4())
        async with app.transaction():
            await app.execute("SELECT set_config('keyholder.tenant_id', $1, true)", str(ours))
            await app.execute(insert, ours, uuid4())
            assert await app.fetchval("SELECT count(*) FROM inbox") == 1
            assert await app.execute("DELETE FROM inbox WHERE tenant_id = $1", theirs) == "DELETE 0"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(insert, theirs, uuid4())
    finally:
        await worker.close()
        await app.close()


@each_service
async def test_no_column_is_of_a_type_that_row_level_security_slows_down(database: FreshDatabase, name: str) -> None:
    made = await database(service_named(name))
    connection = await asyncpg.connect(made.owner)
    try:
        columns = await connection.fetch(
            """
            SELECT table_name, column_name FROM information_schema.columns
             WHERE table_schema = 'public' AND data_type IN ('numeric', 'money', 'timestamp without time zone')
            """
        )
    finally:
        await connection.close()
    assert [dict(column) for column in columns] == []
