"""Listings as rows."""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from services.chassis.database import Row, Transaction
from services.chassis.problems import NotFound
from services.contracts.access import AccessSnapshot, RecordRight
from services.contracts.vocabulary import Effect, ListingId, RecordClass
from services.records.domain.kinds import EnergyClass, PropertySubType, PropertyType, StandardStatus, TransactionType
from services.records.domain.listing import Listing

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


async def find(tx: Transaction, snapshot: AccessSnapshot | None, listing_id: ListingId) -> Listing | None:
    """Return a listing with the record rights that count for the caller, or None; the rule decides on it.

    Without a snapshot it is for what the service does by itself.
    """
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
        list(snapshot.principals) if snapshot else [],
    )
    return None if row is None else listing_of(row)


async def get(tx: Transaction, snapshot: AccessSnapshot, listing_id: ListingId) -> Listing:
    """Return a listing as `find` does, locked until the transaction ends. Raises NotFound."""
    found = await find(tx, snapshot, listing_id) if await lock(tx, listing_id) else None
    if found is None:
        raise NotFound
    return found


async def lock(tx: Transaction, listing_id: ListingId) -> bool:
    """Lock a listing until the transaction ends; say whether there is one."""
    return bool(
        await tx.value(
            "SELECT true FROM listings WHERE tenant_id = $1 AND id = $2 FOR UPDATE", tx.tenant_id, listing_id
        )
    )


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


def _values(listing: Listing) -> dict[str, object]:
    """Return the columns in the order in which the statements name them, which is that of the dataclass."""
    values: dict[str, object] = {field.name: getattr(listing, field.name) for field in fields(listing)}
    del values["rights"]
    for area in _AREAS:
        values[area] = None if (m2 := getattr(listing, area)) is None else int(m2 * _CM2_PER_M2)
    return values


def listing_of(row: Row) -> Listing:
    """Return the listing that a row holds."""
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
