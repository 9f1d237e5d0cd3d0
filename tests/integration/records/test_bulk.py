"""Bulk work goes on for as long as its caller may do it, and not for longer."""

import asyncio
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.chassis import clock
from services.contracts.access import Scope
from services.records.store import listings, records
from tests.integration.records.conftest import KEYS, Agency
from tests.support.clock import later
from tests.support.running import eventually
from tests.support.stub_authz import EVERYTHING

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("way", ["bulk-delete", "bulk-reassign", "bulk-renumber", "bulk-record-rights"])
async def test_who_loses_the_right_meanwhile_gets_no_further(agency: Agency, way: str) -> None:
    made = [await agency.take_on() for _ in range(3)]
    named = {"ids": [one["id"] for one in made]}
    entry = {"holder_kind": "user", "holder_id": str(agency.carla), "record_class": "read", "effect": "deny"}
    bodies: dict[str, dict[str, Any]] = {
        "bulk-delete": named,
        "bulk-reassign": {**named, "assignee_id": str(agency.carla)},
        "bulk-renumber": {"items": [{"listing_id": one["id"], "number": f"N{one['number']}"} for one in made]},
        "bulk-record-rights": {**named, "entries": [entry]},
    }
    ends = clock.now() + timedelta(hours=1)
    agency.authz.give(agency.tenant_id, agency.bruno, dict.fromkeys(KEYS, EVERYTHING), not_after=ends)
    over = ExitStack()
    async with agency.db.transaction(agency.tenant_id) as tx:
        assert await records.lock(tx, listings.TABLE, UUID(made[1]["id"]))
        under_way = asyncio.create_task(agency.call(agency.bruno, "POST", f"/v1/listings/{way}", bodies[way]))
        await eventually(lambda: _waits(agency))
        nothing: dict[str, Scope] = {}
        agency.authz.give(agency.tenant_id, agency.bruno, nothing)
        over.enter_context(later(timedelta(hours=2)))
    with over:
        answer = await under_way
    assert [item["code"] for item in answer.body["items"]][:2] == ["done", "done"]
    assert answer.body["items"][2]["code"] in {"not_found", "permission_missing"}


async def test_who_loses_the_right_meanwhile_leaves_the_rest_of_a_users_entries(agency: Agency) -> None:
    made = [await agency.take_on() for _ in range(3)]
    entry = {"holder_kind": "user", "holder_id": str(agency.carla), "record_class": "read", "effect": "deny"}
    body = {"ids": [one["id"] for one in made], "entries": [entry]}
    await agency.call(agency.ada, "POST", "/v1/listings/bulk-record-rights", body)
    ends = clock.now() + timedelta(hours=1)
    agency.authz.give(agency.tenant_id, agency.bruno, dict.fromkeys(KEYS, EVERYTHING), not_after=ends)
    over = ExitStack()
    async with agency.db.transaction(agency.tenant_id) as tx:
        assert await records.lock(tx, listings.TABLE, UUID(made[1]["id"]))
        path = f"/v1/users/{agency.carla}/record-rights"
        under_way = asyncio.create_task(agency.call(agency.bruno, "DELETE", path))
        await eventually(lambda: _waits(agency))
        nothing: dict[str, Scope] = {}
        agency.authz.give(agency.tenant_id, agency.bruno, nothing)
        over.enter_context(later(timedelta(hours=2)))
    with over:
        refusal = (await under_way).refusal
    assert refusal == (403, "permission_missing", set())
    left = [await agency.call(agency.ada, "GET", f"/v1/listings/{one['id']}/record-rights") for one in made]
    assert [len(one.body["entries"]) for one in left] == [0, 0, 1]


async def _waits(agency: Agency) -> bool:
    async with agency.db.across_tenants() as queries:
        return await queries.value(
            """
            SELECT count(*) > 0
              FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM listings%'
            """
        )
