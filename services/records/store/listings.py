"""Listings as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from services.chassis.cursor import Cursor
from services.chassis.database import Row, Transaction
from services.chassis.problems import NotFound
from services.contracts.access import AccessSnapshot, RecordRight
from services.contracts.vocabulary import Effect, ListingId, RecordClass
from services.records.domain.kinds import EnergyClass, PropertySubType, PropertyType, StandardStatus, TransactionType
from services.records.domain.listing import Listing, ListingFilter
from services.records.store.scoping import private_reach, reaches

_AREAS: Final = ("living_area_m2", "plot_area_m2")
_CM2_PER_M2: Final = 10_000
_TWO_DECIMALS: Final = Decimal("0.01")
_KINDS: Final[Mapping[str, type[StrEnum]]] = {
    "standard_status": StandardStatus,
    "transaction_type": TransactionType,
    "property_type": PropertyType,
    "property_sub_type": PropertySubType,
    "energy_class": EnergyClass,
}

# What record rights say to the caller about reading `l`: his own entry, else a deny before an allow.
_SAID: Final = """(
               SELECT effect
                 FROM record_rights
                WHERE tenant_id = $1 AND record_id = l.id AND record_class = 'read' AND holder_id = ANY ($21::uuid[])
                ORDER BY holder_id = $22::uuid DESC, effect DESC
                LIMIT 1)"""

_ASKED: Final = """AND ($13::text IS NULL OR l.standard_status = $13)
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
_VISIBLE_PAGE: Final = """
WITH page AS (
    SELECT found.updated_at, found.id
      FROM unnest($5::text[], $6::uuid[], $7::boolean[]) AS reach (kind, id, in_full)
     CROSS JOIN LATERAL (
        SELECT l.updated_at, l.id
          FROM (
            SELECT 'whole' AS kind, tenant_id AS reached, tenant_id, updated_at, id, office_id, assignee_id, created_by,
                   is_private, standard_status, transaction_type, property_type, municipality, currency,
                   list_price_minor
              FROM listings
            UNION ALL
            SELECT 'office', office_id, tenant_id, updated_at, id, office_id, assignee_id, created_by, is_private,
                   standard_status, transaction_type, property_type, municipality, currency, list_price_minor
              FROM listings
            UNION ALL
            SELECT 'assignee', assignee_id, tenant_id, updated_at, id, office_id, assignee_id, created_by, is_private,
                   standard_status, transaction_type, property_type, municipality, currency, list_price_minor
              FROM listings
            UNION ALL
            SELECT 'creator', created_by, tenant_id, updated_at, id, office_id, assignee_id, created_by, is_private,
                   standard_status, transaction_type, property_type, municipality, currency, list_price_minor
              FROM listings
          ) AS l
         WHERE l.tenant_id = $1 AND l.kind = reach.kind AND l.reached = reach.id AND (l.updated_at, l.id) < ($2, $3)
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
         ORDER BY l.updated_at DESC, l.id DESC
         LIMIT $4) AS found
     UNION
    SELECT found.updated_at, found.id
      FROM unnest($21::uuid[]) AS holder (id)
     CROSS JOIN LATERAL (
        SELECT entry.record_updated_at AS updated_at, entry.record_id AS id
          FROM record_rights AS entry
         CROSS JOIN LATERAL (
            SELECT id, office_id, assignee_id, created_by, standard_status, transaction_type, property_type,
                   municipality, currency, list_price_minor
              FROM listings
             WHERE tenant_id = $1 AND id = entry.record_id
             LIMIT 1) AS l
         WHERE entry.tenant_id = $1 AND entry.section = 'listings' AND entry.holder_id = holder.id
           AND entry.record_class = 'read' AND entry.effect = 'allow'
           AND (entry.record_updated_at, entry.record_id) < ($2, $3)
           AND {said} = 'allow' AND ($12 IS NULL OR l.assignee_id = $12)
           {asked}
         ORDER BY entry.record_updated_at DESC, entry.record_id DESC
         LIMIT $4) AS found
     ORDER BY updated_at DESC, id DESC
     LIMIT $4
)
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
 ORDER BY page.updated_at DESC, page.id DESC
""".replace("{said}", _SAID).replace("{asked}", _ASKED)


async def visible_page(
    tx: Transaction, snapshot: AccessSnapshot, asked: ListingFilter, *, after: Cursor, limit: int
) -> Sequence[Listing]:
    """Return up to `limit` listings that the caller's list shows, latest change first."""
    walked, private = reaches(snapshot, asked), private_reach(snapshot)
    if not (walked or snapshot.principals):
        return []
    rows = await tx.rows(
        _VISIBLE_PAGE,
        tx.tenant_id,
        after.at,
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
    return [_listing(row) for row in rows]


async def find(tx: Transaction, snapshot: AccessSnapshot, listing_id: ListingId) -> Listing | None:
    """Return a listing with the record rights that count for the caller, or None; the rule decides on it."""
    row = await tx.row(
        """
        SELECT id, number, office_id, assignee_id, created_by, is_private, standard_status, transaction_type,
               property_type, property_sub_type, title, description, country, region, province, municipality,
               district, postal_code, list_price_minor, currency, living_area_cm2, plot_area_cm2, rooms,
               bedrooms_total, bathrooms_total, floor, year_built, energy_class, superoffer, no_commission, banner,
               street_name, street_number, unit_number, owner_name, owner_phone, owner_email, private_note, version,
               created_at, updated_at,
               ARRAY(SELECT (holder_id, record_class, effect)
                       FROM record_rights
                      WHERE tenant_id = $1 AND record_id = $2 AND holder_id = ANY ($3::uuid[])) AS rights
          FROM listings
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        listing_id,
        list(snapshot.principals),
    )
    return None if row is None else _listing(row)


async def get(tx: Transaction, snapshot: AccessSnapshot, listing_id: ListingId) -> Listing:
    """Return a listing as `find` does, locked until the transaction ends. Raises NotFound."""
    row = await tx.row("SELECT 1 FROM listings WHERE tenant_id = $1 AND id = $2 FOR UPDATE", tx.tenant_id, listing_id)
    found = await find(tx, snapshot, listing_id) if row else None
    if found is None:
        raise NotFound
    return found


async def insert(tx: Transaction, listing: Listing) -> bool:
    """Add a listing; say whether its number was still free."""
    return bool(
        await tx.execute(
            """
            INSERT INTO listings (
                tenant_id, id, number, office_id, assignee_id, created_by, is_private, standard_status,
                transaction_type, property_type, property_sub_type, title, description, country, region, province,
                municipality, district, postal_code, list_price_minor, currency, living_area_cm2, plot_area_cm2,
                rooms, bedrooms_total, bathrooms_total, floor, year_built, energy_class, superoffer, no_commission,
                banner, street_name, street_number, unit_number, owner_name, owner_phone, owner_email, private_note,
                version, created_at, updated_at)
            VALUES (
                $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42)
            ON CONFLICT ON CONSTRAINT listings_number_key DO NOTHING
            """,
            tx.tenant_id,
            *_values(listing).values(),
        )
    )


async def save(tx: Transaction, listing: Listing) -> None:
    """Write what may change of a listing."""
    values = _values(listing)
    for fixed in ("number", "created_by", "created_at"):
        del values[fixed]
    await tx.execute(
        """
        WITH allowed AS (
            UPDATE record_rights SET record_updated_at = $39 WHERE tenant_id = $1 AND record_id = $2
        )
        UPDATE listings
           SET (office_id, assignee_id, is_private, standard_status, transaction_type, property_type,
                property_sub_type, title, description, country, region, province, municipality, district,
                postal_code, list_price_minor, currency, living_area_cm2, plot_area_cm2, rooms, bedrooms_total,
                bathrooms_total, floor, year_built, energy_class, superoffer, no_commission, banner, street_name,
                street_number, unit_number, owner_name, owner_phone, owner_email, private_note, version, updated_at) = (
                $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
                $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39)
         WHERE tenant_id = $1 AND id = $2
        """,
        tx.tenant_id,
        *values.values(),
    )


async def next_number(tx: Transaction) -> str:
    """Return the tenant's next number, counted from 1. Creates of one tenant queue here, so that none is skipped."""
    given: int = await tx.value(
        """
        INSERT INTO listing_numbers AS counter (tenant_id, last_given)
        VALUES ($1, 1)
        ON CONFLICT (tenant_id) DO UPDATE SET last_given = counter.last_given + 1
        RETURNING last_given
        """,
        tx.tenant_id,
    )
    return str(given)


def _values(listing: Listing) -> dict[str, object]:
    """Return the columns in the order in which the statements name them, which is that of the dataclass."""
    values: dict[str, object] = {field.name: getattr(listing, field.name) for field in fields(listing)}
    del values["rights"]
    for area in _AREAS:
        values[area] = None if (m2 := getattr(listing, area)) is None else int(m2 * _CM2_PER_M2)
    return values


def _listing(row: Row) -> Listing:
    values: dict[str, Any] = dict(row)
    for area in _AREAS:
        cm2: int | None = values.pop(area.replace("_m2", "_cm2"))
        values[area] = None if cm2 is None else (Decimal(cm2) / _CM2_PER_M2).quantize(_TWO_DECIMALS)
    for name, kind in _KINDS.items():
        values[name] = None if values[name] is None else kind(values[name])
    values["rights"] = tuple(
        RecordRight(holder, RecordClass(each), Effect(effect)) for holder, each, effect in values["rights"]
    )
    return Listing(**values)
