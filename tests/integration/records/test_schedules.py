"""What was scheduled is carried out by the worker, once, also when workers are killed in the middle of it."""

import base64
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.chassis import ids
from services.contracts.access import Scope
from services.contracts.vocabulary import UserId
from services.records.app import SERVICE
from services.records.handlers.hidden_places import READ_AT_MOST
from services.records.handlers.schedules import AT_ONCE
from services.records.store import schedules
from services.records.store.schedules import Action, Schedule
from tests.integration.records.conftest import Agency, records_settings
from tests.support.databases import ServiceDatabase
from tests.support.issuer import Issuer
from tests.support.processes import work_process
from tests.support.running import eventually, working
from tests.support.stub_authz import EVERYTHING, StubAuthz

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


async def test_a_page_ends_with_something_that_the_caller_sees(agency: Agency) -> None:
    agent, shown = agency.give(agency.bruno, read=Scope(offices=frozenset({agency.centre}))), list[str]()
    for at in range(9):
        here = at % 3 == 1
        made = await agency.take_on(office_id=str(agency.centre if here else agency.harbour))
        path = f"/v1/listings/{made['id']}/archive-schedule"
        assert (await agency.call(agency.ada, "PUT", path, {"at": f"2100-01-0{at + 1}T00:00:00Z"})).status == 204
        shown += [made["id"]] if here else []
    pages, query = list[list[str]](), "?limit=1"
    while True:
        page = (await agency.call(agent, "GET", f"/v1/schedules{query}")).body
        pages.append([one["record_id"] for one in page["items"]])
        if page["next"] is None:
            break
        query = f"?limit=1&cursor={page['next']}"
        assert UUID(bytes=base64.urlsafe_b64decode(page["next"])[8:]) == UUID(shown[len(pages) - 1])
    assert pages == [[one] for one in shown]
    nobody = agency.give(agency.carla)
    assert (await agency.call(nobody, "GET", "/v1/schedules?limit=1")).refusal == (403, "permission_missing", set())
    blind = agency.give(UserId(ids.uuid7()), archive__schedule=EVERYTHING)
    assert (await agency.call(blind, "GET", "/v1/schedules?limit=1")).body == {"items": [], "next": None}


async def test_a_page_of_schedules_ends_after_a_bounded_walk_and_names_nothing_that_is_hidden(agency: Agency) -> None:
    agent = agency.give(agency.bruno, read=Scope(offices=frozenset({agency.centre})))
    hidden, before = 2 * AT_ONCE * READ_AT_MOST + 7, 3
    made = [await agency.take_on() for _ in range(5)]
    first, last = datetime(2100, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)
    async with agency.db.transaction(agency.tenant_id) as tx:
        for at, one in enumerate(made):
            due = first if at < before else last
            await schedules.put(tx, "listings", UUID(one["id"]), Schedule(Action.ARCHIVE, due, agency.ada), first)
        await tx.execute(
            """
            INSERT INTO record_schedules (tenant_id, section, record_id, action, due_at, scheduled_by, scheduled_at)
            SELECT $1, 'listings', gen_random_uuid(), 'archive', $2, $3, $2 FROM generate_series(1, $4)
            """,
            agency.tenant_id,
            datetime(2100, 6, 1, tzinfo=UTC),
            agency.ada,
            hidden,
        )
    pages, query = list[list[str]](), "?limit=50"
    while True:
        page = (await agency.call(agent, "GET", f"/v1/schedules{query}")).body
        pages.append([one["record_id"] for one in page["items"]])
        if page["next"] is None:
            break
        named = UUID(bytes=base64.urlsafe_b64decode(page["next"].partition(".")[0])[8:])
        assert named == UUID(made[before - 1]["id"])
        query = f"?limit=50&cursor={page['next']}"
    assert [set(page) for page in pages] == [
        {one["id"] for one in made[:before]},
        set[str](),
        {one["id"] for one in made[before:]},
    ]


@pytest.mark.parametrize(
    "cursor", ["x", "!", ".", ".1", "A" * 32 + ".-1", "A" * 32 + ".1.1", "A" * 32 + "." + "9" * 30]
)
async def test_a_cursor_that_the_list_of_schedules_did_not_give_is_refused(agency: Agency, cursor: str) -> None:
    answer = await agency.call(agency.ada, "GET", f"/v1/schedules?cursor={cursor}")
    assert answer.refusal == (422, "invalid", {"/cursor"})


async def test_a_record_that_fails_keeps_no_other_from_its_turn_and_waits_to_be_retried(
    agency: Agency, records_database: ServiceDatabase, authz: StubAuthz, issuer: Issuer
) -> None:
    due = datetime(2026, 1, 1, tzinfo=UTC)
    broken = [UUID((await agency.take_on())["id"]) for _ in range(3)]
    async with agency.db.transaction(agency.tenant_id) as tx:
        await tx.execute("UPDATE listings SET created_at = '10000-01-01'")  # no program can read that
    whole = UUID((await agency.take_on())["id"])
    async with agency.db.transaction(agency.tenant_id) as tx:
        for at, listing_id in enumerate((*broken, whole)):
            at_once = Schedule(Action.ARCHIVE, due + timedelta(seconds=at), agency.ada)
            await schedules.put(tx, "listings", listing_id, at_once, due)
    async with working(SERVICE, records_settings(records_database, authz, issuer)):
        await eventually(lambda: _archived(agency, 1))
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        rows = await tx.rows("SELECT record_id, failure FROM record_schedules")
    assert {row["record_id"]: row["failure"] for row in rows} == dict.fromkeys(broken, "internal")


async def _archived(agency: Agency, at_least: int) -> bool:
    async with agency.db.transaction(agency.tenant_id, readonly=True) as tx:
        return await tx.value("SELECT count(*) FROM listings WHERE standard_status = 'archived'") >= at_least
