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


UNFENCED = """
    SELECT c.relname AS name
      FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace
       AND (c.relkind IN ('m', 'f')
            OR c.relkind = 'v' AND NOT 'security_invoker=true' = ANY (coalesce(c.reloptions, '{}')))
"""
"""Views that read as their owner instead of as who asks, and what row-level security cannot fence."""
CROSSING = """
    SELECT k.conrelid::regclass || ' ' || k.conname AS name
      FROM pg_constraint k
      JOIN pg_class c ON c.oid = k.conrelid AND c.relrowsecurity
     WHERE k.contype = 'f'
       AND NOT EXISTS (
           SELECT FROM unnest(k.conkey, k.confkey) AS pair (here, there)
             JOIN pg_attribute h ON (h.attrelid, h.attnum, h.attname) = (k.conrelid, pair.here, 'tenant_id')
             JOIN pg_attribute t ON (t.attrelid, t.attnum, t.attname) = (k.confrelid, pair.there, 'tenant_id'))
"""
"""References of a tenant's row that could lead to another tenant's."""

PLANTED = """
    CREATE TABLE planted (tenant_id uuid, id uuid UNIQUE, other uuid CONSTRAINT crossing REFERENCES planted (id),
        UNIQUE (tenant_id, id),
        CONSTRAINT kept FOREIGN KEY (tenant_id, other) REFERENCES planted (tenant_id, id));
    ALTER TABLE planted ENABLE ROW LEVEL SECURITY;
    CREATE VIEW planted_view AS SELECT * FROM planted;
    CREATE VIEW planted_well WITH (security_invoker = true) AS SELECT * FROM planted;
    CREATE MATERIALIZED VIEW planted_rows AS SELECT * FROM planted;
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
async def test_no_view_and_no_reference_leads_past_the_fence(database: FreshDatabase, name: str) -> None:
    made = await database(service_named(name))
    connection = await asyncpg.connect(made.owner)
    try:
        assert [row["name"] for row in await connection.fetch(f"{UNFENCED} UNION ALL {CROSSING}")] == []
    finally:
        await connection.close()


async def test_what_leads_past_the_fence_is_noticed(database: FreshDatabase) -> None:
    made = await database(service_named("authz"))
    connection = await asyncpg.connect(made.owner)
    try:
        await connection.execute(PLANTED)
        assert [row["name"] for row in await connection.fetch(CROSSING)] == ["planted crossing"]
        assert {row["name"] for row in await connection.fetch(UNFENCED)} == {"planted_view", "planted_rows"}
    finally:
        await connection.close()


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
