"""A page and a claim cost what they return, not what the table holds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from services.chassis.cursor import START, Cursor
from services.chassis.database import Queries, open_database
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import Ownership, TenantId, UserId, View
from services.notifications.domain.delivery import Category, State
from services.notifications.store import claims, deliveries, preferences
from tests.integration.notifications.post_office import PostOffice

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS, PEOPLE, LIMIT = 30_000, 300, 50
TENANT = TenantId(UUID(int=77))
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
DEEP = Cursor(BEGUN + timedelta(minutes=ROWS // 2), UUID(int=0))


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def volume(post: PostOffice) -> None:
    """A tenant with many mails to many people, sent long ago but for a few that are due."""
    async with post.crossing.across_tenants() as queries:
        await queries.execute(
            """
            INSERT INTO deliveries (
                tenant_id, id, event_id, category, template, recipient_user_id, recipient_address, locale, traceparent,
                state, sent_at, next_try_at, created_at)
            SELECT $1, gen_random_uuid(), gen_random_uuid(), 'security', 'activation',
                   lpad(to_hex(n % $3), 32, '0')::uuid, 'a@example.test', 'it', '',
                   CASE WHEN n % 1000 = 0 THEN 'queued' ELSE 'sent' END,
                   CASE WHEN n % 1000 = 0 THEN NULL ELSE now() END,
                   CASE WHEN n % 1000 = 0 THEN now() END,
                   $4::timestamptz + n * interval '1 minute'
              FROM generate_series(1, $2::integer) AS n
            """,
            TENANT,
            ROWS,
            PEOPLE,
            BEGUN,
        )
    async with (
        open_database(post.database.owner, connections=1, name="test") as owner,
        owner.across_tenants() as queries,
    ):
        await queries.execute("ANALYZE deliveries")


@pytest.mark.parametrize("after", [START, DEEP], ids=["first page", "deep page"])
@pytest.mark.parametrize(
    ("scope", "index", "most"),
    [
        (Scope(everything=View.FULL), "deliveries_latest", LIMIT + 1),
        (Scope(), "deliveries_latest_of_recipient", LIMIT + 1),
        (Scope(owners=frozenset(UserId(UUID(int=n)) for n in range(4))), "deliveries_latest_of_recipient", 4 * LIMIT),
    ],
    ids=["everybody's", "own", "some people's"],
)
async def test_a_page_reads_its_index_and_no_more_rows_than_it_shows(
    post: PostOffice, scope: Scope, index: str, most: int, after: Cursor
) -> None:
    snapshot = AccessSnapshot(TENANT, UserId(UUID(int=1)), 1, Ownership.ASSIGNEE, {"communications.read": scope})
    async with post.db.transaction(TENANT, readonly=True) as tx:
        before = await _cost(tx, index)
        page = await deliveries.visible_page(
            tx, snapshot, recipient=None, state=State.SENT, category=None, after=after, limit=LIMIT
        )
        after_it = await _cost(tx, index)
    assert len(page) == LIMIT
    assert after_it.scans > before.scans
    assert after_it.rows - before.rows <= most


async def test_a_claim_reads_what_is_due_and_nothing_of_the_past(post: PostOffice) -> None:
    async with post.crossing.across_tenants() as queries:
        before = await _cost(queries, "deliveries_due")
        claimed = await claims.claim_due(queries, 4, timedelta(minutes=1))
        after_it = await _cost(queries, "deliveries_due")
    assert len(claimed) == 4
    assert after_it.scans > before.scans
    assert after_it.rows - before.rows <= 3 * len(claimed)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a connection has done so far: scans of an index, and rows of deliveries read by any way."""

    scans: int
    rows: int


async def _cost(queries: Queries, index: str) -> Cost:
    row = await queries.row(
        """
        SELECT pg_stat_get_xact_numscans($1::text::regclass) AS scans,
               pg_stat_get_xact_tuples_fetched('deliveries'::regclass)
               + pg_stat_get_xact_tuples_returned('deliveries'::regclass) AS rows
        """,
        index,
    )
    assert row is not None
    return Cost(**row)


@pytest.mark.parametrize("asked", [1, 20])
async def test_a_decision_looks_recipients_and_choices_up_by_key(post: PostOffice, asked: int) -> None:
    tenant = TenantId(uuid4())
    async with post.db.transaction(tenant) as tx:
        made = await tx.rows(
            """
            INSERT INTO recipients (tenant_id, id, kind, facts_version, display_name, email, locale, state)
            SELECT $1, gen_random_uuid(), 'user', 1, 'A', 'a@example.test', 'it', 'active'
              FROM generate_series(1, 20000)
            RETURNING id
            """,
            tenant,
        )
        people = [row["id"] for row in made]
        await tx.execute(
            """
            INSERT INTO preferences (tenant_id, recipient_id, category, wanted)
            SELECT $1, unnest($2::uuid[]), 'appointments', true
            """,
            tenant,
            people,
        )
        await tx.execute(
            """
            INSERT INTO sub_accounts (tenant_id, user_id, contact_id, version, granted)
            SELECT $1, unnest($2::uuid[]), gen_random_uuid(), 1, true
            """,
            tenant,
            people[10_000:],
        )
    async with (
        open_database(post.database.owner, connections=1, name="test") as owner,
        owner.across_tenants() as queries,
    ):
        await queries.execute("ANALYZE recipients, preferences, sub_accounts")
    async with post.db.transaction(tenant, readonly=True) as tx:
        await tx.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        before = await _read(tx)
        found = await preferences.standings(tx, dict.fromkeys(people[:asked], "a@b.test"), Category.APPOINTMENTS, None)
        read = await _read(tx) - before
    assert [standing.choice for standing in found.values()] == [True] * asked
    assert read <= 4 * asked, "rows of all three tables"


async def _read(queries: Queries) -> int:
    """Return how many rows of what decides the connection has read so far, by whichever way."""
    rows: int = await queries.value(
        """
        SELECT sum(pg_stat_get_xact_tuples_fetched(name::regclass)
                   + pg_stat_get_xact_tuples_returned(name::regclass))::bigint
          FROM unnest(ARRAY['recipients', 'preferences', 'sub_accounts']) AS name
        """
    )
    return rows
