"""Pages and counts of the listings that a caller's list shows."""

from collections.abc import Mapping, Sequence
from typing import Final, LiteralString

from services.chassis.database import Transaction
from services.contracts.access import AccessSnapshot
from services.records.domain.listing import Listing, ListingFilter
from services.records.domain.sorting import START, Place, Sort
from services.records.store.listings import listing_of
from services.records.store.scoping import private_reach, reaches

# What record rights say to the caller about reading `l`: his own entry, else a deny before an allow.
_SAID: Final[LiteralString] = """(
               SELECT effect
                 FROM record_rights
                WHERE tenant_id = $1 AND record_id = l.id AND record_class = 'read' AND holder_id = ANY ($21::uuid[])
                ORDER BY holder_id = $22::uuid DESC, effect DESC
                LIMIT 1)"""

_ASKED: Final[LiteralString] = """AND ($13::text IS NULL OR l.standard_status = $13)
           AND ($14::text IS NULL OR l.transaction_type = $14)
           AND ($15::text IS NULL OR l.property_type = $15)
           AND ($16::text IS NULL OR l.municipality = $16)
           AND ($17::uuid IS NULL OR l.office_id = $17)
           AND ($18::text IS NULL OR l.currency = $18)
           AND ($19::bigint IS NULL OR l.list_price_minor >= $19)
           AND ($20::bigint IS NULL OR l.list_price_minor <= $20)"""

# One index walk per reach, and one per holder of record rights through what was allowed to it, each stopped after a
# page, so that the cost is the page's and not the table's. The legs carry no WHERE of their own, so that the planner
# merges their indexes in order; LIMIT 1 makes a join a look-up by key.
# Who is denied nothing anywhere is not asked about record by record.
# Only a reach in full has private rows, and only there can the assignee be asked for.
# `AccessSnapshot.decide` is the same rule in Python; tests/matrix keeps the two equal.
_PAGE: Final[LiteralString] = """
WITH page AS (
    SELECT found.key, found.id
      FROM unnest($5::text[], $6::uuid[], $7::boolean[]) AS reach (kind, id, in_full)
     CROSS JOIN LATERAL (
        SELECT l.key, l.id
          FROM (
            SELECT 'whole' AS kind, tenant_id AS reached, tenant_id, {key} AS key, id, office_id, assignee_id,
                   created_by, is_private, standard_status, transaction_type, property_type, municipality, currency,
                   list_price_minor
              FROM listings
            UNION ALL
            SELECT 'office', office_id, tenant_id, {key}, id, office_id, assignee_id, created_by, is_private,
                   standard_status, transaction_type, property_type, municipality, currency, list_price_minor
              FROM listings
            UNION ALL
            SELECT 'assignee', assignee_id, tenant_id, {key}, id, office_id, assignee_id, created_by, is_private,
                   standard_status, transaction_type, property_type, municipality, currency, list_price_minor
              FROM listings
            UNION ALL
            SELECT 'creator', created_by, tenant_id, {key}, id, office_id, assignee_id, created_by, is_private,
                   standard_status, transaction_type, property_type, municipality, currency, list_price_minor
              FROM listings
          ) AS l
         WHERE l.tenant_id = $1 AND l.kind = reach.kind AND l.reached = reach.id AND (l.key, l.id) {beyond} ($2, $3)
           AND CASE WHEN reach.in_full
                    THEN (NOT l.is_private OR $8::boolean OR l.office_id = ANY ($9::uuid[])
                          OR l.assignee_id = ANY ($10::uuid[]) OR l.created_by = ANY ($11::uuid[]))
                         AND ($12::uuid IS NULL OR l.assignee_id = $12)
                    ELSE NOT l.is_private AND $12 IS NULL END
           AND (NOT (SELECT EXISTS (
                    SELECT FROM unnest($21::uuid[]) AS holder (id)
                     CROSS JOIN LATERAL (
                        SELECT FROM record_rights
                         WHERE tenant_id = $1 AND holder_id = holder.id AND section = 'listings'
                           AND record_class = 'read' AND effect = 'deny'
                         ORDER BY record_id LIMIT 1) AS denied)) OR {said} IS DISTINCT FROM 'deny')
           {asked}
         ORDER BY l.key {way}, l.id {way}
         LIMIT $4) AS found
     UNION
    SELECT found.key, found.id
      FROM unnest($21::uuid[]) AS holder (id)
     CROSS JOIN LATERAL (
        SELECT {entry_key} AS key, entry.record_id AS id
          FROM record_rights AS entry
         CROSS JOIN LATERAL (
            SELECT {key} AS key, id, office_id, assignee_id, created_by, standard_status, transaction_type,
                   property_type, municipality, currency, list_price_minor
              FROM listings
             WHERE tenant_id = $1 AND id = entry.record_id
             LIMIT 1) AS l
         WHERE entry.tenant_id = $1 AND entry.section = 'listings' AND entry.holder_id = holder.id
           AND entry.record_class = 'read' AND entry.effect = 'allow'
           AND ({entry_key}, entry.record_id) {beyond} ($2, $3)
           AND {said} = 'allow' AND ($12 IS NULL OR l.assignee_id = $12)
           {asked}
         ORDER BY {entry_key} {way}, entry.record_id {way}
         LIMIT $4) AS found
     ORDER BY key {way}, id {way}
     LIMIT $4
)
"""

_SHOWN: Final[LiteralString] = """
SELECT shown.*
  FROM page
 CROSS JOIN LATERAL (
    SELECT id, number, office_id, assignee_id, created_by, is_private, standard_status, transaction_type,
           property_type, property_sub_type, title, description, country, region, province, municipality,
           district, postal_code, list_price_minor, currency, living_area_cm2, plot_area_cm2, rooms,
           bedrooms_total, bathrooms_total, floor, year_built, energy_class, superoffer, no_commission, banner,
           street_name, street_number, unit_number, owner_name, owner_phone, owner_email, private_note, version,
           created_at, updated_at,
           ARRAY(SELECT (holder_id, record_class, effect)
                   FROM record_rights
                  WHERE tenant_id = $1 AND record_id = page.id AND holder_id = ANY ($21)) AS rights
      FROM listings
     WHERE tenant_id = $1 AND id = page.id
     LIMIT 1) AS shown
 ORDER BY page.key {way}, page.id {way}
"""

_COUNTED: Final[LiteralString] = "SELECT count(*) FROM page"

_KEYS: Final[Mapping[Sort, LiteralString]] = {
    Sort.UPDATED: "updated_at",
    Sort.CREATED: "created_at",
    Sort.CHEAPEST: "list_price_order",
    Sort.DEAREST: "list_price_order",
    Sort.LARGEST: "living_area_order",
    Sort.NUMBER: "number",
}


def _in_order(sql: LiteralString, sort: Sort) -> LiteralString:
    """Return the statement for one order. What was allowed is kept in the order of changes; in others it is sorted."""
    falling = sort.value.startswith("-")
    return (
        sql.replace("{said}", _SAID)
        .replace("{asked}", _ASKED)
        .replace("{entry_key}", "entry.record_updated_at" if sort is Sort.UPDATED else "l.key")
        .replace("{key}", _KEYS[sort])
        .replace("{beyond}", "<" if falling else ">")
        .replace("{way}", "DESC" if falling else "ASC")
    )


_PAGES: Final[Mapping[Sort, LiteralString]] = {sort: _in_order(_PAGE + _SHOWN, sort) for sort in Sort}
_COUNT: Final[LiteralString] = _in_order(_PAGE + _COUNTED, Sort.UPDATED)


async def visible_page(
    tx: Transaction,
    snapshot: AccessSnapshot,
    asked: ListingFilter,
    *,
    after: Place = START[Sort.UPDATED],
    limit: int,
    sort: Sort = Sort.UPDATED,
) -> Sequence[Listing]:
    """Return up to `limit` listings that the caller's list shows, in an order, latest change first by default."""
    if _shows_nothing(snapshot, asked):
        return []
    rows = await tx.rows(_PAGES[sort], *_values(tx, snapshot, asked, after, limit))
    return [listing_of(row) for row in rows]


async def visible_count(tx: Transaction, snapshot: AccessSnapshot, asked: ListingFilter, *, most: int) -> int:
    """Return how many listings the caller's list shows, counted up to `most`."""
    if _shows_nothing(snapshot, asked):
        return 0
    return await tx.value(_COUNT, *_values(tx, snapshot, asked, START[Sort.UPDATED], most))


def _shows_nothing(snapshot: AccessSnapshot, asked: ListingFilter) -> bool:
    return not (snapshot.principals or reaches(snapshot, asked))


def _values(
    tx: Transaction, snapshot: AccessSnapshot, asked: ListingFilter, after: Place, limit: int
) -> Sequence[object]:
    """Return what the statements take, in the order of their parameters."""
    walked, private = reaches(snapshot, asked), private_reach(snapshot)
    return (
        tx.tenant_id,
        after.key,
        after.id,
        limit,
        [reach.kind for reach in walked],
        [reach.id for reach in walked],
        [reach.in_full for reach in walked],
        private.everywhere,
        private.offices,
        private.assignees,
        private.creators,
        asked.assignee_id,
        asked.standard_status,
        asked.transaction_type,
        asked.property_type,
        asked.municipality,
        asked.office_id,
        asked.currency,
        asked.list_price_minor_min,
        asked.list_price_minor_max,
        list(snapshot.principals),
        snapshot.user_id,
    )
