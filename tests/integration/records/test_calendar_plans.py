"""A page of the calendar walks the index of each reach in order, and does not look at what is over before it begins."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from services.chassis.database import Database, open_database
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import OfficeId, Ownership, TenantId, UserId, View
from services.records.store import appointments
from services.records.store.appointments import Period
from tests.integration.records.explaining import Explaining
from tests.support.databases import ServiceDatabase

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS, OFFICES, PEOPLE, PAGE = 20_000, 20, 50, 51
TENANT = TenantId(UUID(int=88))
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
"""When the first of them is; from then on there is one every ten minutes."""
OFFICE = OfficeId(UUID(int=0x100))
ME, COLLEAGUE = UserId(UUID(int=0x200)), UserId(UUID(int=0x201))
WHOLE, OF_OFFICE, OF_OWNER, OF_CREATOR, OF_PEOPLE = (
    "appointments_walk",
    "appointments_walk_of_office",
    "appointments_walk_of_owner",
    "appointments_walk_of_creator",
    "appointment_people_walk",
)
ALWAYS = {OF_CREATOR, OF_PEOPLE}
"""What shows everybody his own: those he made for others, and those he takes part in."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def calendar(records_database: ServiceDatabase) -> AsyncGenerator[Database]:
    """An agency with many appointments, a tenth of them private, each with two people."""
    async with (
        open_database(records_database.worker, connections=1, name="test") as worker,
        worker.across_tenants() as queries,
    ):
        await queries.execute(
            """
            INSERT INTO offices (tenant_id, id, version)
            SELECT $1, lpad(to_hex(256 + n), 32, '0')::uuid, 1 FROM generate_series(0, $2::integer - 1) AS n
            """,
            TENANT,
            OFFICES,
        )
        await queries.execute(
            """
            INSERT INTO appointments (
                tenant_id, id, kind, title, note, office_id, owner_id, created_by, is_private, timezone, starts_local,
                ends_local, starts_at, ends_at, version, created_at, updated_at)
            SELECT $1, lpad(to_hex(65536 + n), 32, '0')::uuid, 'viewing', 'Viewing ' || n, repeat('Ring twice. ', 20),
                   lpad(to_hex(256 + abs(hashint4(n)) % $3), 32, '0')::uuid,
                   lpad(to_hex(512 + abs(hashint4(n + 1)) % $4), 32, '0')::uuid,
                   lpad(to_hex(512 + abs(hashint4(n + 2)) % $4), 32, '0')::uuid, hashint4(n + 3) % 10 = 0, 'UTC',
                   '2026-01-01T09:00', '2026-01-01T10:00', $5::timestamptz + n * interval '10 minutes',
                   $5::timestamptz + n * interval '10 minutes' + interval '1 hour', 1, $5, $5
              FROM generate_series(1, $2::integer) AS n
            """,
            TENANT,
            ROWS,
            OFFICES,
            PEOPLE,
            BEGUN,
        )
        await queries.execute(
            """
            INSERT INTO appointment_people (tenant_id, appointment_id, user_id, starts_at, ends_at)
            SELECT tenant_id, id, owner_id, starts_at, ends_at FROM appointments WHERE tenant_id = $1
             UNION
            SELECT tenant_id, id, created_by, starts_at, ends_at FROM appointments WHERE tenant_id = $1
            """,
            TENANT,
        )
    async with (
        open_database(records_database.owner, connections=1, name="test") as owner,
        owner.across_tenants() as queries,
    ):
        await queries.execute("ANALYZE appointments, appointment_people")
    async with open_database(records_database.app, connections=1, name="test") as db:
        yield db


@pytest.mark.parametrize("days", [0, 60], ids=["the first days", "two months later"])
@pytest.mark.parametrize(
    ("read", "indexes"),
    [
        (Scope(everything=View.FULL), {WHOLE}),
        (Scope(everything=View.PUBLIC), {WHOLE}),
        (Scope(offices=frozenset({OFFICE})), {OF_OFFICE}),
        (Scope(public_offices=frozenset({OFFICE})), {OF_OFFICE}),
        (Scope(owners=frozenset({COLLEAGUE})), {OF_OWNER}),
        (Scope(), set[str]()),
    ],
    ids=["everything", "everything busy", "an office", "an office busy", "a colleague", "one's own"],
)
async def test_a_page_of_the_calendar_walks_the_indexes_of_its_reaches_and_reads_little(
    calendar: Database, read: Scope, indexes: set[str], days: int
) -> None:
    held = {"calendar.read": read, "calendar.created.manage": Scope(everything=View.FULL)}
    snapshot = AccessSnapshot(TENANT, ME, 1, Ownership.ASSIGNEE, held, principals=frozenset({ME}))
    start = BEGUN + timedelta(days=days)
    async with calendar.transaction(TENANT, readonly=True) as tx:
        explaining = Explaining(tx._connection, TENANT)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        shown = await appointments.visible_page(
            explaining, snapshot, Period(start, start + timedelta(days=60)), after=None, limit=PAGE
        )
    assert len(shown) == PAGE
    assert explaining.walked == indexes | ALWAYS
    assert explaining.otherwise == set()
    assert explaining.buffers <= 1_200
