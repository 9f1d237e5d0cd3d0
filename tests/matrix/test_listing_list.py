"""The rule that decides on one record and the statement that finds a page must agree on every record."""

from collections.abc import AsyncGenerator, Sequence
from itertools import product
from typing import LiteralString, cast

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.database import Database, Row, Transaction, open_database
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import Ownership, UserId, View
from services.records.app import SERVICE
from services.records.domain.kinds import PropertyType, StandardStatus, TransactionType
from services.records.domain.listing import Listing, ListingFilter
from services.records.domain.sorting import START, Place, Sort, place_of
from services.records.store import directory, record_pages, records
from services.records.store.listings import TABLE
from tests.conftest import FreshDatabase
from tests.matrix.cases import FILTERS, OFFICES, OTHER_TENANT, PEOPLE, STOCK, TEAM, TENANT, snapshot, snapshots
from tests.matrix.reference import expected

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stocked(database: FreshDatabase) -> AsyncGenerator[Database]:
    """A database in which two agencies have the same listings."""
    fresh = await database(SERVICE)
    async with open_database(fresh.app, connections=2, name="test") as db:
        for tenant in (TENANT, OTHER_TENANT):
            async with db.transaction(tenant) as tx:
                for office in OFFICES:
                    await directory.save_office(tx, office, 1)
                for listing in STOCK:
                    assert await records.insert(tx, TABLE, listing)
                    await _give(tx, listing)
        yield db


async def _give(tx: Transaction, listing: Listing) -> None:
    await tx.execute_many(
        """
        INSERT INTO record_rights (tenant_id, section, record_id, holder_kind, holder_id, record_class, effect,
                                   given_by, given_at, record_updated_at)
        VALUES ($1, 'listings', $2, 'user', $3, $4, $5, $2, $6, $6)
        """,
        [
            (tx.tenant_id, listing.id, right.holder_id, right.record_class, right.effect, listing.updated_at)
            for right in listing.rights
        ],
    )


async def _page(
    tx: Transaction, who: AccessSnapshot, asked: ListingFilter, after: Place = START[Sort.UPDATED], limit: int = 201
) -> Sequence[Listing]:
    return await record_pages.visible_page(tx, TABLE, who, asked, sort=Sort.UPDATED, after=after, limit=limit)


@pytest.mark.catalogue("MG-55", "MG-56", "IMO-B14")
async def test_the_statement_shows_what_the_rule_shows_for_every_named_scope_and_filter(stocked: Database) -> None:
    async with stocked.transaction(TENANT, readonly=True) as tx:
        for who, (name, asked) in product(snapshots(), FILTERS.items()):
            assert await _page(tx, who, asked) == expected(STOCK, who, asked), (name, who)


offices = st.frozensets(st.sampled_from(OFFICES))
scopes = st.builds(
    Scope,
    everything=st.sampled_from((None, None, View.PUBLIC, View.FULL)),
    offices=offices,
    public_offices=offices,
    owners=st.frozensets(st.sampled_from(PEOPLE)),
    own=st.booleans(),
)
people: st.SearchStrategy[UserId] = st.sampled_from(PEOPLE)
principals = st.frozensets(st.sampled_from((*PEOPLE[:2], TEAM, OFFICES[0])))
callers = st.builds(snapshot, scopes, scopes, st.sampled_from(Ownership), people, principals)
filters = st.builds(
    ListingFilter,
    standard_status=st.none() | st.sampled_from((StandardStatus.ACTIVE, StandardStatus.SOLD)),
    transaction_type=st.none() | st.sampled_from(TransactionType),
    property_type=st.none() | st.sampled_from((PropertyType.RESIDENTIAL, PropertyType.LAND)),
    municipality=st.none() | st.sampled_from(("Lucca", "Pisa", "Roma")),
    office_id=st.none() | st.sampled_from(OFFICES),
    assignee_id=st.none() | people,
    currency=st.none() | st.sampled_from(("EUR", "PLN")),
    list_price_minor_min=st.none() | st.sampled_from((100_000_00, 100_000_01)),
    list_price_minor_max=st.none() | st.sampled_from((249_999_99, 250_000_00)),
)


@settings(max_examples=400, deadline=None)
@given(who=callers, asked=st.just(ListingFilter()) | filters)
async def test_the_statement_shows_what_the_rule_shows_for_any_scope_and_filter(
    stocked: Database, who: AccessSnapshot, asked: ListingFilter
) -> None:
    async with stocked.transaction(TENANT, readonly=True) as tx:
        assert await _page(tx, who, asked) == expected(STOCK, who, asked)


@settings(max_examples=50, deadline=None)
@given(who=callers, asked=st.just(ListingFilter()) | filters, size=st.integers(1, 7))
async def test_pages_put_together_are_the_whole_list(
    stocked: Database, who: AccessSnapshot, asked: ListingFilter, size: int
) -> None:
    found, after = list[Listing](), START[Sort.UPDATED]
    async with stocked.transaction(TENANT, readonly=True) as tx:
        while page := await _page(tx, who, asked, after, size):
            found += page
            after = place_of(page[-1], Sort.UPDATED)
    assert found == expected(STOCK, who, asked)


class Mistaken(Transaction):
    """A transaction that carries out the list statement with a mistake planted in it."""

    right: str
    wrong: str

    async def rows(self, sql: LiteralString, *values: object) -> Sequence[Row]:
        assert self.right in sql, "the mistake no longer fits the statement"
        return await super().rows(cast("LiteralString", sql.replace(self.right, self.wrong)), *values)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("CASE WHEN reach.in_full", "CASE WHEN true"),
        ("ELSE NOT l.is_private AND $12 IS NULL", "ELSE NOT l.is_private"),
        ("ELSE NOT l.is_private AND $12 IS NULL", "ELSE $12 IS NULL"),
        ("NOT l.is_private OR $8::boolean OR", "NOT l.is_private OR false AND $8::boolean OR"),
        ("NOT l.is_private OR $8::boolean OR", "NOT l.is_private OR true OR $8::boolean OR"),
        ("OR l.office_id = ANY ($9::uuid[])", "OR false AND l.office_id = ANY ($9::uuid[])"),
        ("OR l.assignee_id = ANY ($10::uuid[])", "OR false AND l.assignee_id = ANY ($10::uuid[])"),
        ("OR l.created_by = ANY ($11::uuid[])", "OR false AND l.created_by = ANY ($11::uuid[])"),
        ("OR l.assignee_id = $12", "OR l.created_by = $12"),
        ("AND l.kind = reach.kind", ""),
        ("AND l.reached = reach.id", ""),
        ("'office', office_id", "'office', created_by"),
        ("'assignee', assignee_id", "'assignee', created_by"),
        ("'creator', created_by", "'creator', assignee_id"),
        ("OR l.standard_status = $16", "OR true"),
        ("OR l.transaction_type = $17", "OR true"),
        ("OR l.property_type = $18", "OR true"),
        ("OR l.municipality = $19", "OR true"),
        ("OR l.office_id = $15", "OR true"),
        ("OR l.currency = $20", "OR true"),
        ("l.list_price_minor >= $21", "l.list_price_minor > $21"),
        ("l.list_price_minor <= $22", "l.list_price_minor < $22"),
        ("UNION\n", "UNION ALL\n"),
        ("IS DISTINCT FROM 'deny'", "IS DISTINCT FROM 'never'"),
        ("IS DISTINCT FROM 'deny'", "IS NOT DISTINCT FROM 'allow'"),
        ("= 'allow' AND ($12 IS NULL OR l.assignee_id = $12)", "= 'allow'"),
        ("ORDER BY holder_id = $14::uuid DESC, effect DESC", "ORDER BY effect DESC, $14::uuid"),
        ("ORDER BY holder_id = $14::uuid DESC, effect DESC", "ORDER BY holder_id = $14::uuid DESC, effect"),
        ("record_class = 'read' AND holder_id = ANY ($13::uuid[])", "holder_id = ANY ($13::uuid[])"),
        ("record_class = 'read' AND holder_id = ANY ($13::uuid[])", "record_class = 'read'"),
        ("AND entry.effect = 'allow'", "AND entry.effect = 'never'"),
        ("ORDER BY page.key DESC, page.id DESC", "ORDER BY page.key DESC, page.id"),
    ],
)
async def test_a_planted_mistake_is_found(stocked: Database, right: str, wrong: str) -> None:
    async with stocked.transaction(TENANT, readonly=True) as tx:
        mistaken = Mistaken(tx._connection, TENANT)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        mistaken.right, mistaken.wrong = right, wrong
        asked = [*FILTERS.values(), ListingFilter(list_price_minor_min=100_000_00, list_price_minor_max=250_000_00)]
        for who, one in product(snapshots(), asked):
            asks = who.principals or not who.scope("listings.list").is_empty
            if asks and await _page(mistaken, who, one) != expected(STOCK, who, one):
                return
    pytest.fail("no case noticed")


def _key(listing: Listing, sort: Sort) -> tuple[object, object]:
    value = getattr(listing, sort.value.strip("-"))
    return (-1 if value is None else value, listing.id)


@settings(max_examples=150, deadline=None)
@given(who=callers, asked=st.just(ListingFilter()) | filters, size=st.integers(1, 9), sort=st.sampled_from(Sort))
async def test_pages_in_any_order_put_together_are_the_whole_list_in_that_order(
    stocked: Database, who: AccessSnapshot, asked: ListingFilter, size: int, sort: Sort
) -> None:
    found, after = list[Listing](), START[sort]
    async with stocked.transaction(TENANT, readonly=True) as tx:
        while page := await record_pages.visible_page(tx, TABLE, who, asked, after=after, limit=size, sort=sort):
            found += page
            after = place_of(page[-1], sort)
        counted = await record_pages.visible_count(tx, TABLE, who, asked, most=7)
    wanted = expected(STOCK, who, asked)
    assert found == sorted(wanted, key=lambda listing: _key(listing, sort), reverse=sort.value.startswith("-"))
    assert counted == min(len(wanted), 7)
