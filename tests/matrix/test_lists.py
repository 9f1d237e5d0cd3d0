"""The rule that decides on one record and the statement that finds a page must agree on every record."""

from collections.abc import AsyncGenerator, Sequence
from enum import StrEnum
from itertools import product
from typing import Final, LiteralString, cast

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.database import Database, Row, Transaction, open_database
from services.contracts.access import AccessSnapshot, Scope
from services.contracts.vocabulary import Ownership, UserId, View
from services.records.app import SERVICE
from services.records.domain.contact import ContactFilter
from services.records.domain.inquiry import InquiryFilter
from services.records.domain.kinds import (
    ContactRole,
    InquiryStatus,
    LegalForm,
    PropertyType,
    StandardStatus,
    TransactionType,
)
from services.records.domain.listing import ListingFilter
from services.records.domain.record import EVER, Filter, Record
from services.records.domain.sorting import Place, place_of
from services.records.domain.words import words_of
from services.records.store import directory, record_pages, record_words, records
from services.records.store.sections import TABLES
from tests.conftest import FreshDatabase
from tests.matrix.cases import (
    FILTERS,
    INQUIRY_ENDS,
    LISTING_ENDS,
    OFFICES,
    OTHER_TENANT,
    PEOPLE,
    STOCK,
    TEAM,
    TENANT,
    snapshot,
    snapshots,
)
from tests.matrix.reference import expected

pytestmark = pytest.mark.asyncio(loop_scope="session")


each_section = pytest.mark.parametrize("section", TABLES)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stocked(database: FreshDatabase) -> AsyncGenerator[Database]:
    """A database in which two agencies have the same records in every section."""
    fresh = await database(SERVICE)
    async with open_database(fresh.app, connections=2, name="test") as db:
        for tenant in (TENANT, OTHER_TENANT):
            async with db.transaction(tenant) as tx:
                for office in OFFICES:
                    await directory.save_office(tx, office, 1)
                for section, table in TABLES.items():
                    for record in STOCK[section]:
                        assert await records.insert(tx, table, record)
                        await record_words.save(tx, section, record.id, words_of(record))
                        await _give(tx, section, record)
        yield db


async def _give(tx: Transaction, section: str, record: Record) -> None:
    await tx.execute_many(
        """
        INSERT INTO record_rights (tenant_id, section, record_id, holder_kind, holder_id, record_class, effect,
                                   given_by, given_at, record_updated_at)
        VALUES ($1, $2, $3, 'user', $4, $5, $6, $3, $7, $7)
        """,
        [
            (tx.tenant_id, section, record.id, right.holder_id, right.record_class, right.effect, record.updated_at)
            for right in record.rights
        ],
    )


async def _page(
    tx: Transaction,
    section: str,
    who: AccessSnapshot,
    asked: Filter,
    *,
    after: Place | None = None,
    limit: int = 201,
    sort: StrEnum | None = None,
) -> Sequence[Record]:
    table = TABLES[section]
    order = next(iter(table.orders)) if sort is None else sort
    return await record_pages.visible_page(tx, table, who, asked, sort=order, after=after, limit=limit)


@each_section
@pytest.mark.catalogue("MG-55", "MG-56", "IMO-B14")
async def test_the_statement_shows_what_the_rule_shows_for_every_named_scope_and_filter(
    stocked: Database, section: str
) -> None:
    async with stocked.transaction(TENANT, readonly=True) as tx:
        for who, (name, asked) in product(snapshots(section), FILTERS[section].items()):
            assert await _page(tx, section, who, asked) == expected(section, STOCK[section], who, asked), (name, who)


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
prices = st.none() | st.sampled_from((100_000_00, 100_000_01, 249_999_99, 250_000_00))
towns = st.none() | st.sampled_from(("Lucca", "Pisa", "Roma"))
kinds = st.none() | st.sampled_from((PropertyType.RESIDENTIAL, PropertyType.LAND))
money = st.none() | st.sampled_from(("EUR", "PLN"))
words = st.just(()) | st.lists(st.sampled_from(("vil", "villa", "mare", "pisa", "1", "ner")), min_size=1).map(tuple)


def statuses(*some: StrEnum) -> st.SearchStrategy[tuple[StrEnum, ...] | None]:
    return st.none() | st.lists(st.sampled_from(some), unique=True, min_size=1).map(tuple)


def either_of(ends: Sequence[tuple[str, object]]) -> dict[str, st.SearchStrategy[object]]:
    """Return for each field mostly nothing, and else one of the values that are given for it."""
    values = dict[str, list[object]]()
    for name, value in ends:
        values.setdefault(name, []).append(value)
    return {
        name: st.sampled_from([EVER if name.endswith("_since") else None] * 3 + some) for name, some in values.items()
    }


transactions = st.none() | st.sampled_from(TransactionType)
FILTERED: dict[str, st.SearchStrategy[Filter]] = {
    "listings": st.builds(
        ListingFilter,
        standard_status=statuses(StandardStatus.ACTIVE, StandardStatus.SOLD, StandardStatus.ARCHIVED),
        transaction_type=transactions,
        property_type=kinds,
        municipality=towns,
        office_id=st.none() | st.sampled_from(OFFICES),
        words=words,
        assignee_id=st.none() | people,
        currency=money,
        list_price_minor_min=prices,
        list_price_minor_max=prices,
        **either_of(LISTING_ENDS),
    ),
    "inquiries": st.builds(
        InquiryFilter,
        standard_status=statuses(InquiryStatus.ACTIVE, InquiryStatus.LOST, InquiryStatus.ARCHIVED),
        transaction_type=transactions,
        property_type=kinds,
        municipality=towns,
        office_id=st.none() | st.sampled_from(OFFICES),
        words=words,
        assignee_id=st.none() | people,
        currency=money,
        list_price_minor=prices,
        **either_of(INQUIRY_ENDS),
    ),
    "contacts": st.builds(
        ContactFilter,
        office_id=st.none() | st.sampled_from(OFFICES),
        words=words,
        assignee_id=st.none() | people,
        legal_form=st.none() | st.sampled_from(LegalForm),
        role=st.none() | st.sampled_from((ContactRole.OWNER, ContactRole.PRESS, ContactRole.NOTARY)),
    ),
}


def callers(section: str) -> st.SearchStrategy[AccessSnapshot]:
    return st.builds(snapshot, st.just(section), scopes, scopes, st.sampled_from(Ownership), people, principals)


def filters(section: str) -> st.SearchStrategy[Filter]:
    return st.just(FILTERS[section]["none"]) | FILTERED[section]


@each_section
@settings(max_examples=300, deadline=None)
@given(drawn=st.data())
async def test_the_statement_shows_what_the_rule_shows_for_any_scope_and_filter(
    stocked: Database, section: str, drawn: st.DataObject
) -> None:
    who, asked = drawn.draw(callers(section)), drawn.draw(filters(section))
    async with stocked.transaction(TENANT, readonly=True) as tx:
        with pytest.MonkeyPatch.context() as patched:  # by walking the list, or by way of the rarest word
            patched.setattr(record_pages, "RARE", drawn.draw(st.sampled_from((0, record_words.RARE))))
            found = await _page(tx, section, who, asked)
    assert found == expected(section, STOCK[section], who, asked)


class Mistaken(Transaction):
    """A transaction that carries out the list statement with a mistake planted in it."""

    right: str
    wrong: str

    fits: bool = False

    async def rows(self, sql: LiteralString, *values: object) -> Sequence[Row]:
        self.fits = self.fits or self.right in sql
        return await super().rows(cast("LiteralString", sql.replace(self.right, self.wrong)), *values)


SHARED: Final = (
    ("ELSE NOT l.is_private AND $12 IS NULL", "ELSE NOT l.is_private"),
    ("ELSE NOT l.is_private AND $12 IS NULL", "ELSE $12 IS NULL"),
    ("NOT l.is_private OR $8::boolean OR", "NOT l.is_private OR false AND $8::boolean OR"),
    ("NOT l.is_private OR $8::boolean OR", "NOT l.is_private OR true OR $8::boolean OR"),
    ("OR l.office_id = ANY ($9::uuid[])", "OR false AND l.office_id = ANY ($9::uuid[])"),
    ("OR l.assignee_id = ANY ($10::uuid[])", "OR false AND l.assignee_id = ANY ($10::uuid[])"),
    ("OR l.created_by = ANY ($11::uuid[])", "OR false AND l.created_by = ANY ($11::uuid[])"),
    ("w.record_id = l.id", "w.section = '{section}'"),
    ("w.word >= wanted.first", "w.word > wanted.first"),
    ("w.word < wanted.last", "true"),
    ("(w.is_public OR reach.in_full)", "true"),
    ("(w.is_public OR reach.in_full)", "w.is_public"),
    ("(w.is_public OR true)", "w.is_public"),
    ("CASE WHEN reach.in_full", "CASE WHEN true"),
    ("OR l.assignee_id = $12", "OR l.created_by = $12"),
    ("AND l.is_archived = archive.is_asked", "AND NOT archive.is_asked"),
    ("AND l.is_archived = archive.is_asked", "AND l.is_archived IS NOT NULL AND archive.is_asked"),
    ("AND l.kind = reach.kind", ""),
    ("AND l.reached = reach.id", ""),
    ("'office', office_id", "'office', created_by"),
    ("'assignee', assignee_id", "'assignee', created_by"),
    ("'creator', created_by", "'creator', assignee_id"),
    ("OR l.office_id = $15", "OR true"),
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
)

MISTAKES: Final = {
    "listings": (
        ("OR l.standard_status = ANY ($19)", "OR true"),
        ("OR l.transaction_type = $20", "OR true"),
        ("OR l.property_type = $21", "OR true"),
        ("OR l.municipality = $22", "OR true"),
        ("OR l.currency = $23", "OR true"),
        ("l.list_price_minor >= $24", "l.list_price_minor > $24"),
        ("l.list_price_minor <= $25", "l.list_price_minor < $25"),
        *((f"OR l.{name} = $", f"OR true OR l.{name} = $") for name in ("property_sub_type", "district")),
        *(
            (f"l.{name} {op}= $", f"l.{name} {op} $")
            for name in ("living_area_cm2", "plot_area_cm2", "rooms", "bedrooms_total", "floor", "year_built")
            for op in "<>"
        ),
        *((f"l.{name} >= $", f"l.{name} > $") for name in ("created_at", "updated_at")),
        *(
            (f"({seen} AND l.{flag} = $", f"({wrong}l.{flag} = $")
            for seen, wrong in (("reach.in_full", ""), ("true", "false AND "))
            for flag in ("is_private", "superoffer", "no_commission", "banner", "investment")
        ),
    ),
    "inquiries": (
        *SHARED,
        ("OR l.standard_status = ANY ($19)", "OR true"),
        ("OR l.transaction_type = $20", "OR true"),
        ("OR $21 = ANY (l.property_types)", ""),
        ("OR l.property_types = '{}'", ""),
        ("OR $22 = ANY (l.municipalities)", "OR true"),
        ("OR l.municipalities = '{}'", ""),
        ("OR l.currency IS NULL", ""),
        ("OR l.currency = $23", "OR true"),
        ("l.list_price_minor_min <= $24", "l.list_price_minor_min < $24"),
        ("l.list_price_minor_max >= $24", "l.list_price_minor_max > $24"),
        ("OR l.property_sub_types = '{}'", ""),
        ("OR l.districts = '{}'", ""),
        ("OR $25 = ANY (l.property_sub_types)", "OR true"),
        ("OR $26 = ANY (l.districts)", "OR true"),
        *(
            (f"l.{name} {op}= $", f"l.{name} {op} $")
            for name, op in (
                *(("living_area_min_cm2", "<"), ("living_area_max_cm2", ">"), ("plot_area_min_cm2", "<")),
                *(("rooms_min", "<"), ("rooms_max", ">"), ("bedrooms_min", "<"), ("floor_min", "<")),
                *(("floor_max", ">"), ("year_built_min", "<")),
            )
        ),
        *((f"l.{name} >= $", f"l.{name} > $") for name in ("created_at", "updated_at")),
        *(
            (f"({seen} AND l.{name} = $", f"({wrong}l.{name} = $")
            for seen, wrong in (("reach.in_full", ""), ("true", "false AND "))
            for name in ("is_private", "no_commission", "budget_confirmed", "financing", "urgency")
        ),
    ),
    "contacts": (
        ("OR l.legal_form = $19", "OR true"),
        ("OR $20 = ANY (l.roles)", "OR true"),
    ),
}
"""What is right in the statement of a section, and a mistake in its place; what all share is tried on one of them."""


@pytest.mark.parametrize(
    ("section", "right", "wrong"), [(section, *each) for section, found in MISTAKES.items() for each in found]
)
async def test_a_planted_mistake_is_found(stocked: Database, section: str, right: str, wrong: str) -> None:
    async with stocked.transaction(TENANT, readonly=True) as tx:
        mistaken = Mistaken(tx._connection, TENANT)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        mistaken.right, mistaken.wrong = right, wrong.replace("{section}", section)
        both = ListingFilter(list_price_minor_min=100_000_00, list_price_minor_max=250_000_00)
        asked = [*FILTERS[section].values(), *([both] if section == "listings" else [])]
        for who, one in product(snapshots(section), asked):
            asks = who.principals or not who.scope(f"{section}.list").is_empty
            if asks and await _page(mistaken, section, who, one) != expected(section, STOCK[section], who, one):
                return
    pytest.fail("no case noticed" if mistaken.fits else "the mistake no longer fits the statement")


def _key(record: Record, sort: StrEnum) -> tuple[object, object]:
    value = getattr(record, sort.strip("-"))
    return (-1 if value is None else value, record.id)


@each_section
@settings(max_examples=150, deadline=None)
@given(drawn=st.data(), size=st.integers(1, 9))
async def test_pages_in_any_order_put_together_are_the_whole_list_in_that_order(
    stocked: Database, section: str, drawn: st.DataObject, size: int
) -> None:
    table = TABLES[section]
    who, asked = drawn.draw(callers(section)), drawn.draw(filters(section))
    sort = drawn.draw(st.sampled_from(list(table.orders)))
    found, after = list[Record](), None
    async with stocked.transaction(TENANT, readonly=True) as tx:
        while page := await _page(tx, section, who, asked, after=after, limit=size, sort=sort):
            found += page
            after = place_of(page[-1], sort)
        counted = await record_pages.visible_count(tx, table, who, asked, most=7)
    wanted = expected(section, STOCK[section], who, asked)
    assert found == sorted(wanted, key=lambda record: _key(record, sort), reverse=sort.startswith("-"))
    assert counted == min(len(wanted), 7)
