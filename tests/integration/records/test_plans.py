"""A page walks the index of each reach and reads what it shows, however many listings there are."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, LiteralString
from uuid import UUID

import pytest
import pytest_asyncio

from services.chassis.database import Database, Queries, open_database
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import OfficeId, Ownership, TenantId, UserId, View
from services.records.domain.contact import ContactFilter
from services.records.domain.inquiry import InquiryFilter
from services.records.domain.kinds import InquiryStatus, StandardStatus
from services.records.domain.listing import ListingFilter
from services.records.domain.record import Filter, outside_archive
from services.records.domain.sorting import START, Place, RecordSort, Sort
from services.records.store import record_pages
from services.records.store.sections import TABLES
from tests.integration.records.explaining import Explaining
from tests.support.databases import ServiceDatabase

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS, OFFICES, PEOPLE, PAGE, ENTRIES = 20_000, 20, 50, 51, 2_000
CHUNK = 2_500
TENANT, ARCHIVING = TenantId(UUID(int=77)), TenantId(UUID(int=79))
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
DEEP = Place(BEGUN + timedelta(minutes=ROWS // 4), UUID(int=0))
SOME_OFFICES = frozenset(OfficeId(UUID(int=0x100 + at)) for at in range(3))
OFFICE = OfficeId(UUID(int=0x100))
ME, COLLEAGUE = UserId(UUID(int=0x200)), UserId(UUID(int=0x201))

NEWEST, OF_OFFICE, OF_ASSIGNEE, OF_CREATOR = (
    "listings_newest",
    "listings_of_office",
    "listings_of_assignee",
    "listings_of_creator",
)
ALLOWED = "record_rights_allowed"
ALL = Scope(everything=View.FULL)
TEAM = UUID(int=0x300)
ENTITLED = UserId(UUID(int=0x301))
"""Who has 2,000 record rights, half of them allowing and half denying; the team has as many."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def volume(records_database: ServiceDatabase) -> AsyncGenerator[Database]:
    """An agency with many listings, a tenth of them private, and another one beside it."""
    async with (
        open_database(records_database.worker, connections=1, name="test") as worker,
        worker.across_tenants() as queries,
    ):
        for tenant, rows in ((TENANT, ROWS), (TenantId(UUID(int=78)), ROWS // 4)):
            await queries.execute(
                """
                INSERT INTO offices (tenant_id, id, version)
                SELECT $1, lpad(to_hex(256 + n), 32, '0')::uuid, 1 FROM generate_series(0, $2::integer - 1) AS n
                """,
                tenant,
                OFFICES,
            )
            for first in range(1, rows, CHUNK):
                await queries.execute(
                    """
                    INSERT INTO listings (
                        tenant_id, id, number, office_id, assignee_id, created_by, is_private, standard_status,
                        transaction_type, property_type, title, description, municipality, list_price_minor, currency,
                        rooms,
                        superoffer, no_commission, banner, version, created_at, updated_at)
                    SELECT $1, gen_random_uuid(), n,
                           lpad(to_hex(256 + abs(hashint4(n)) % $3), 32, '0')::uuid,
                           lpad(to_hex(512 + abs(hashint4(n + 1)) % $4), 32, '0')::uuid,
                           lpad(to_hex(512 + abs(hashint4(n + 2)) % $4), 32, '0')::uuid,
                           hashint4(n + 3) % 10 = 0, CASE WHEN n % 3 = 0 THEN 'active' ELSE 'sold' END,
                           'sale', 'residential', 'Listing ' || n, repeat('Quiet and sunny. ', 30), 'Lucca', n * 100,
                           'EUR', 3, false, false, false, 1, $5,
                           $5::timestamptz + hashint4(n) % $2 * interval '1 minute'
                      FROM generate_series($6::integer, $7::integer) AS n
                    """,
                    tenant,
                    rows,
                    OFFICES,
                    PEOPLE,
                    BEGUN,
                    first,
                    first + CHUNK - 1,
                )
        await queries.execute(
            """
            INSERT INTO record_rights (
                tenant_id, section, record_id, holder_kind, holder_id, record_class, effect, given_by, given_at,
                record_updated_at)
            SELECT $1, 'listings', id, 'user', holder, 'read',
                   CASE WHEN row_number() OVER (PARTITION BY holder ORDER BY id) % 2 = 0 THEN 'allow' ELSE 'deny' END,
                   $2, $4, updated_at
              FROM unnest($5::uuid[]) AS holder
             CROSS JOIN LATERAL (
                SELECT id, updated_at FROM listings WHERE tenant_id = $1
                 ORDER BY md5(id::text || holder) LIMIT $3) AS l
            """,
            TENANT,
            ME,
            ENTRIES,
            BEGUN,
            [ENTITLED, TEAM],
        )
        await _fill_other_sections(queries)
        for statement in _ARCHIVING:
            await queries.execute(statement, ARCHIVING, OFFICE, ME, BEGUN)
    async with (
        open_database(records_database.owner, connections=1, name="test") as owner,
        owner.across_tenants() as queries,
    ):
        await queries.execute("ANALYZE listings, inquiries, contacts, record_rights, record_words")
    async with open_database(records_database.app, connections=1, name="test") as db:
        yield db


async def _fill_other_sections(queries: Queries) -> None:
    """Make an inquiry and a contact like each listing, and words: a third of the listings have one, a few another."""
    for first in range(1, ROWS, CHUNK):
        for statement in _LIKE_THE_LISTINGS:
            await queries.execute(statement, first, first + CHUNK - 1)


_LIKE_THE_LISTINGS: tuple[LiteralString, ...] = (
    """
        INSERT INTO inquiries (
            tenant_id, id, number, office_id, assignee_id, created_by, is_private, version, created_at, updated_at,
            standard_status, transaction_type, property_types, property_sub_types, municipalities, districts,
            no_commission, budget_confirmed)
        SELECT tenant_id, gen_random_uuid(), number, office_id, assignee_id, created_by, is_private, 1, created_at,
               updated_at, 'active', 'sale', '{}', '{}', '{}', '{}', false, false
          FROM listings
         WHERE number::bigint BETWEEN $1 AND $2
    """,
    """
        INSERT INTO contacts (
            tenant_id, id, number, office_id, assignee_id, created_by, version, created_at, updated_at, legal_form,
            roles, name, marketing_consent, phones, emails)
        SELECT tenant_id, gen_random_uuid(), number, office_id, assignee_id, created_by, 1, created_at, updated_at,
               'person', '{}', 'Contact ' || number, false, '{}', '{}'
          FROM listings
         WHERE number::bigint BETWEEN $1 AND $2
    """,
    """
        INSERT INTO record_words (tenant_id, section, record_id, word, is_public)
        SELECT tenant_id, 'listings', id, word, true
          FROM listings
         CROSS JOIN LATERAL (VALUES ('villa', number::bigint % 3 = 0), ('lagoon', number::bigint % 400 = 0),
                                    ('quiet', true)) AS given (word, has)
         WHERE has AND number::bigint BETWEEN $1 AND $2
    """,
)


_ARCHIVING: tuple[LiteralString, ...] = (
    """
        INSERT INTO offices (tenant_id, id, version)
        SELECT $1, $2, 1 WHERE $3::uuid IS NOT NULL AND $4::timestamptz < now()
    """,
    """
        INSERT INTO listings (
            tenant_id, id, number, office_id, assignee_id, created_by, is_private, standard_status, transaction_type,
            property_type, superoffer, no_commission, banner, version, created_at, updated_at)
        SELECT $1, gen_random_uuid(), n, $2, $3, $3, false, CASE WHEN n <= 100 THEN 'active' ELSE 'archived' END,
               'sale', 'residential', false, false, false, 1, $4, $4::timestamptz + n * interval '1 minute'
          FROM generate_series(1, 5000) AS n
    """,
    """
        INSERT INTO inquiries (
            tenant_id, id, number, office_id, assignee_id, created_by, is_private, version, created_at, updated_at,
            standard_status, transaction_type, property_types, property_sub_types, municipalities, districts,
            no_commission, budget_confirmed)
        SELECT tenant_id, gen_random_uuid(), number, office_id, assignee_id, created_by, is_private, 1, created_at,
               updated_at, standard_status, 'sale', '{}', '{}', '{}', '{}', false, false
          FROM listings
         WHERE tenant_id = $1 AND office_id = $2 AND assignee_id = $3 AND created_at = $4
    """,
)
"""An agency that has archived nearly all, and that last."""


def _who(scope: Scope, ownership: Ownership = Ownership.ASSIGNEE, section: str = "listings") -> AccessSnapshot:
    return AccessSnapshot(TENANT, ME, 1, ownership, {f"{section}.list": scope})


def _entitled(scope: Scope) -> AccessSnapshot:
    held = {"listings.list": scope}
    return AccessSnapshot(TENANT, ENTITLED, 1, Ownership.ASSIGNEE, held, principals=frozenset({ENTITLED, TEAM}))


async def _explained(
    db: Database,
    who: AccessSnapshot,
    asked: Filter,
    after: Place,
    sort: StrEnum = Sort.UPDATED,
    section: str = "listings",
) -> tuple[Explaining, int]:
    async with db.transaction(who.tenant_id, readonly=True) as tx:
        explaining = Explaining(tx._connection, who.tenant_id)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        page = await record_pages.visible_page(
            explaining, TABLES[section], who, asked, after=after, limit=PAGE, sort=sort
        )
        return explaining, len(page)


@pytest.mark.parametrize("after", [START[Sort.UPDATED], DEEP], ids=["first page", "deep page"])
@pytest.mark.parametrize(
    ("who", "asked", "indexes", "buffers"),
    [
        (_who(ALL), ListingFilter(), {NEWEST}, 350),
        (_who(Scope(everything=View.PUBLIC)), ListingFilter(), {NEWEST}, 350),
        (_who(Scope(everything=View.PUBLIC, own=True)), ListingFilter(), {NEWEST, OF_ASSIGNEE}, 350),
        (_who(Scope(offices=frozenset({OFFICE}))), ListingFilter(), {OF_OFFICE}, 350),
        (_who(Scope(public_offices=SOME_OFFICES)), ListingFilter(), {OF_OFFICE}, 350),
        (_who(Scope(own=True)), ListingFilter(), {OF_ASSIGNEE}, 350),
        (_who(Scope(own=True), Ownership.CREATOR), ListingFilter(), {OF_CREATOR}, 350),
        (_who(Scope(owners=frozenset({COLLEAGUE})), Ownership.EITHER), ListingFilter(), {OF_ASSIGNEE, OF_CREATOR}, 350),
        (_who(Scope(own=True, offices=SOME_OFFICES)), ListingFilter(), {OF_OFFICE, OF_ASSIGNEE}, 350),
        (_who(ALL), ListingFilter(office_id=OFFICE), {OF_OFFICE}, 350),
        (_who(ALL), ListingFilter(assignee_id=COLLEAGUE), {OF_ASSIGNEE}, 350),
        (_who(ALL), ListingFilter(standard_status=(StandardStatus.ACTIVE,)), {NEWEST}, 350),
        (_who(ALL), ListingFilter(rooms_min=1, rooms_max=3, superoffer=False), {NEWEST}, 350),
        (_who(Scope(offices=frozenset({OFFICE}))), ListingFilter(updated_since=BEGUN, rooms_max=9), {OF_OFFICE}, 350),
        (_entitled(Scope()), ListingFilter(), {ALLOWED}, 1400),
        (_entitled(Scope(offices=frozenset({OFFICE}))), ListingFilter(), {OF_OFFICE, ALLOWED}, 1500),
        (_entitled(ALL), ListingFilter(), {NEWEST, ALLOWED}, 1500),
    ],
    ids=[
        "everything",
        "everything public",
        "everything public and own",
        "an office",
        "public side of offices",
        "own by assignee",
        "own by creator",
        "a colleague's by either",
        "own and offices",
        "everything, asked for an office",
        "everything, asked for an assignee",
        "everything, asked for a third",
        "everything, asked for ranges",
        "an office, asked for ranges",
        "2,000 record rights only",
        "an office and 2,000 record rights",
        "everything and 2,000 record rights",
    ],
)
async def test_a_page_walks_the_indexes_of_its_reaches_and_reads_little(
    volume: Database, who: AccessSnapshot, asked: ListingFilter, indexes: set[str], buffers: int, after: Place
) -> None:
    explained, shown = await _explained(volume, who, asked, after)
    assert shown == PAGE
    assert explained.walked == indexes
    assert explained.otherwise == set()
    assert explained.buffers <= buffers


@pytest.mark.parametrize("section", ["listings", "inquiries"])
async def test_what_changed_since_then_is_walked_no_further_back(volume: Database, section: str) -> None:
    since = BEGUN + timedelta(minutes=ROWS - 20)
    asked: dict[str, Filter] = {
        "listings": ListingFilter(updated_since=since),
        "inquiries": InquiryFilter(updated_since=since),
    }
    explained, shown = await _explained(
        volume, _who(ALL, section=section), asked[section], START[Sort.UPDATED], section=section
    )
    assert 0 < shown < PAGE
    assert explained.walked == {f"{section}_newest"}
    assert explained.buffers <= 300


@pytest.mark.parametrize("section", ["listings", "inquiries"])
@pytest.mark.parametrize(
    ("scope", "ownership", "index"),
    [
        (ALL, Ownership.ASSIGNEE, "newest"),
        (Scope(offices=frozenset({OFFICE})), Ownership.ASSIGNEE, "of_office"),
        (Scope(own=True), Ownership.ASSIGNEE, "of_assignee"),
        (Scope(own=True), Ownership.CREATOR, "of_creator"),
    ],
)
async def test_a_page_passes_over_nothing_of_an_archive_that_is_newer_than_all_else(
    volume: Database, section: str, scope: Scope, ownership: Ownership, index: str
) -> None:
    """All that is not archived is older than the thousands that are."""
    who = replace(_who(scope, ownership, section), tenant_id=ARCHIVING)
    current: dict[str, Filter] = {
        "listings": ListingFilter(standard_status=outside_archive(StandardStatus)),
        "inquiries": InquiryFilter(standard_status=outside_archive(InquiryStatus)),
    }
    explained, shown = await _explained(volume, who, current[section], START[Sort.UPDATED], section=section)
    assert shown == PAGE
    assert explained.walked == {f"{section}_{index}"}
    assert explained.otherwise == set()
    assert explained.buffers <= 500


@pytest.mark.parametrize(
    ("sort", "index", "deep"),
    [
        (Sort.CREATED, "creation", BEGUN),
        (Sort.CHEAPEST, "price", ROWS * 50),
        (Sort.DEAREST, "price", ROWS * 50),
        (Sort.LARGEST, "area", -1),
        (Sort.NUMBER, "number", "5"),
    ],
)
async def test_each_order_has_its_index_for_the_agency_and_for_an_office(
    volume: Database, sort: Sort, index: str, deep: Any
) -> None:
    for after in (START[sort], Place(deep, UUID(int=2**127))):
        for scope, walked in (
            (ALL, f"listings_by_{index}"),
            (Scope(offices=frozenset({OFFICE})), f"listings_of_office_by_{index}"),
        ):
            explained, shown = await _explained(volume, _who(scope), ListingFilter(), after, sort)
            assert shown == PAGE
            assert explained.walked == {walked}
            assert explained.otherwise == set()
            assert explained.buffers <= 500


@pytest.mark.parametrize(("section", "asked"), [("inquiries", InquiryFilter()), ("contacts", ContactFilter())])
@pytest.mark.parametrize(
    ("scope", "ownership", "sort", "index"),
    [
        (ALL, Ownership.ASSIGNEE, RecordSort.UPDATED, "newest"),
        (Scope(everything=View.PUBLIC), Ownership.ASSIGNEE, RecordSort.UPDATED, "newest"),
        (Scope(offices=SOME_OFFICES), Ownership.ASSIGNEE, RecordSort.UPDATED, "of_office"),
        (Scope(own=True), Ownership.ASSIGNEE, RecordSort.UPDATED, "of_assignee"),
        (Scope(own=True), Ownership.CREATOR, RecordSort.UPDATED, "of_creator"),
        (ALL, Ownership.ASSIGNEE, RecordSort.CREATED, "by_creation"),
        (ALL, Ownership.ASSIGNEE, RecordSort.NUMBER, "by_number"),
        (Scope(offices=SOME_OFFICES), Ownership.ASSIGNEE, RecordSort.CREATED, "of_office_by_creation"),
        (Scope(offices=SOME_OFFICES), Ownership.ASSIGNEE, RecordSort.NUMBER, "of_office_by_number"),
    ],
)
async def test_every_reach_and_order_of_every_section_has_its_index(
    volume: Database,
    section: str,
    asked: Filter,
    scope: Scope,
    ownership: Ownership,
    sort: RecordSort,
    index: str,
) -> None:
    explained, shown = await _explained(volume, _who(scope, ownership, section), asked, START[sort], sort, section)
    assert shown == PAGE
    assert explained.walked == {f"{section}_{index}"}
    assert explained.otherwise == set()
    assert explained.buffers <= 1000


BY_WORD = "record_words_by_word"


@pytest.mark.parametrize(
    ("words", "scope", "indexes", "buffers"),
    [
        (("villa",), ALL, {NEWEST}, 2_000),
        (("vil", "qui"), Scope(offices=frozenset({OFFICE})), {OF_OFFICE}, 3_000),
        (("lagoon",), ALL, {BY_WORD}, 1_000),
        (("quiet", "lag"), Scope(offices=SOME_OFFICES), {BY_WORD}, 2_000),
        (("lagoon",), Scope(own=True), {BY_WORD}, 1_000),
    ],
    ids=["a frequent word", "frequent beginnings", "a rare word", "a rare beginning", "a rare word of one's own"],
)
async def test_a_frequent_word_is_met_on_the_walk_and_a_rare_one_has_its_index(
    volume: Database, words: tuple[str, ...], scope: Scope, indexes: set[str], buffers: int
) -> None:
    explained, _ = await _explained(volume, _who(scope), ListingFilter(words=words), START[Sort.UPDATED])
    assert explained.walked == indexes
    assert "Seq Scan" not in explained.otherwise  # a rare word's few rows may be fetched together
    assert explained.buffers <= buffers
