"""What was scheduled is carried out by the worker, once, also when workers are killed in the middle of it."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.records.app import SERVICE
from services.records.store import schedules
from services.records.store.schedules import Action, Schedule
from tests.integration.records.conftest import Agency, records_settings
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.processes import work_process
from tests.support.running import eventually, working
from tests.support.stub_authz import StubAuthz

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTINGS, KILLED = 120, 3


@pytest.mark.catalogue("IMO-23")
async def test_killed_workers_leave_each_listing_archived_once(
    agency: Agency, records_database: ServiceDatabase, authz: StubAuthz, issuer: Issuer
) -> None:
    due = datetime(2026, 1, 1, tzinfo=UTC)
    made = [UUID((await agency.take_on())["id"]) for _ in range(LISTINGS)]
    async with agency.db.transaction(agency.tenant_id) as tx:
        for listing_id in made:
            await schedules.put(tx, "listings", listing_id, Schedule(Action.ARCHIVE, due, agency.ada), due)

    settings = records_settings(records_database, authz, issuer)
    for round_ in range(1, KILLED + 1):
        async with work_process("records", settings) as process:
            await eventually(lambda so_far=round_ * 10: _archived(agency, so_far), 30)
            process.kill()
    async with working(SERVICE, settings):
        await eventually(lambda: _archived(agency, LISTINGS), 30)

    told = Counter(event["listing_id"] for event in await agency.events("records.listing.changed.v1"))
    assert told == dict.fromkeys(map(str, made), 1)
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        assert await tx.value("SELECT count(*) FROM record_schedules") == 0
        assert await tx.value("SELECT count(*) FROM record_history WHERE action = 'archived'") == LISTINGS
        assert await tx.value("SELECT bool_and(version = 2) FROM listings")


async def _archived(agency: Agency, at_least: int) -> bool:
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        return await tx.value("SELECT count(*) FROM listings WHERE standard_status = 'archived'") >= at_least
