"""Listings as rows."""

from typing import Final

from services.records.domain.kinds import EnergyClass, PropertySubType, PropertyType, StandardStatus, TransactionType
from services.records.domain.listing import LISTINGS, Listing, ListingFilter
from services.records.domain.sorting import Sort
from services.records.store.answering import ANSWERS
from services.records.store.table import Part, Table

TABLE: Final = Table(
    kind=Listing,
    section=LISTINGS,
    filter=ListingFilter,
    name="listings",
    columns="""id, number, office_id, assignee_id, created_by, is_private, version, created_at, updated_at,
           standard_status, transaction_type, property_type, property_sub_type, title, description, country, region,
           province, municipality, district, postal_code, list_price_minor, currency, living_area_cm2, plot_area_cm2,
           rooms, bedrooms_total, bathrooms_total, floor, year_built, energy_class, superoffer, no_commission, banner,
           investment, key_holder_id, street_name, street_number, unit_number, owner_name, owner_phone, owner_email,
           private_note""",
    filtered="""standard_status, transaction_type, property_type, property_sub_type, municipality, district, currency,
           list_price_minor, living_area_cm2, plot_area_cm2, rooms, bedrooms_total, floor, year_built, created_at,
           updated_at, superoffer, no_commission, banner, investment""",
    parts=(
        Part(
            (
                *("standard_status", "transaction_type", "property_type", "municipality", "currency"),
                *("list_price_minor_min", "list_price_minor_max"),
            ),
            """AND ($19::text[] IS NULL OR l.standard_status = ANY ($19))
           AND ($20::text IS NULL OR l.transaction_type = $20)
           AND ($21::text IS NULL OR l.property_type = $21)
           AND ($22::text IS NULL OR l.municipality = $22)
           AND ($23::text IS NULL OR l.currency = $23)
           AND ($24::bigint IS NULL OR l.list_price_minor >= $24)
           AND ($25::bigint IS NULL OR l.list_price_minor <= $25)
           """,
        ),
        Part(
            (
                *("property_sub_type", "district", "living_area_min_m2", "living_area_max_m2"),
                *("plot_area_min_m2", "plot_area_max_m2", "rooms_min", "rooms_max", "bedrooms_min"),
                *("bedrooms_max", "floor_min", "floor_max", "year_built_min", "year_built_max", "created_since"),
                *("updated_since", "is_private", "superoffer", "no_commission", "banner", "investment"),
            ),
            """AND ($26::text IS NULL OR l.property_sub_type = $26)
           AND ($27::text IS NULL OR l.district = $27)
           AND ($28::bigint IS NULL OR l.living_area_cm2 >= $28)
           AND ($29::bigint IS NULL OR l.living_area_cm2 <= $29)
           AND ($30::bigint IS NULL OR l.plot_area_cm2 >= $30)
           AND ($31::bigint IS NULL OR l.plot_area_cm2 <= $31)
           AND ($32::integer IS NULL OR l.rooms >= $32)
           AND ($33::integer IS NULL OR l.rooms <= $33)
           AND ($34::integer IS NULL OR l.bedrooms_total >= $34)
           AND ($35::integer IS NULL OR l.bedrooms_total <= $35)
           AND ($36::integer IS NULL OR l.floor >= $36)
           AND ($37::integer IS NULL OR l.floor <= $37)
           AND ($38::integer IS NULL OR l.year_built >= $38)
           AND ($39::integer IS NULL OR l.year_built <= $39)
           AND l.created_at >= $40::timestamptz
           AND l.updated_at >= $41::timestamptz
           AND ($42::boolean IS NULL OR ({in_full} AND l.is_private = $42))
           AND ($43::boolean IS NULL OR ({in_full} AND l.superoffer = $43))
           AND ($44::boolean IS NULL OR ({in_full} AND l.no_commission = $44))
           AND ($45::boolean IS NULL OR ({in_full} AND l.banner = $45))
           AND ($46::boolean IS NULL OR ({in_full} AND l.investment = $46))
           """,
        ),
        Part(
            ("answers_inquiry", "answers_criteria"),
            """AND ($47::uuid IS NULL OR EXISTS (
                SELECT FROM inquiries AS wanted WHERE wanted.tenant_id = $1 AND wanted.id = $47 AND {answers}))
           AND ($48::uuid IS NULL OR EXISTS (
                SELECT FROM search_criteria AS wanted WHERE wanted.tenant_id = $1 AND wanted.id = $48 AND {answers}))
           """.replace("{answers}", ANSWERS.replace("offered.", "l.")),
        ),
    ),
    orders={
        Sort.UPDATED: "updated_at",
        Sort.CREATED: "created_at",
        Sort.CHEAPEST: "list_price_order",
        Sort.DEAREST: "list_price_order",
        Sort.LARGEST: "living_area_order",
        Sort.NUMBER: "number",
    },
    enums={
        "standard_status": StandardStatus,
        "transaction_type": TransactionType,
        "property_type": PropertyType,
        "property_sub_type": PropertySubType,
        "energy_class": EnergyClass,
    },
)
