"""Listings as rows."""

from typing import Final

from services.records.domain.kinds import EnergyClass, PropertySubType, PropertyType, StandardStatus, TransactionType
from services.records.domain.listing import LISTINGS, Listing, ListingFilter
from services.records.domain.sorting import Sort
from services.records.store.answering import ANSWERS
from services.records.store.table import Table

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
           list_price_minor, living_area_cm2, plot_area_cm2, rooms, bedrooms_total, floor, year_built""",
    compared="""AND ($18::text IS NULL OR l.standard_status = $18)
           AND ($19::text IS NULL OR l.transaction_type = $19)
           AND ($20::text IS NULL OR l.property_type = $20)
           AND ($21::text IS NULL OR l.municipality = $21)
           AND ($22::text IS NULL OR l.currency = $22)
           AND ($23::bigint IS NULL OR l.list_price_minor >= $23)
           AND ($24::bigint IS NULL OR l.list_price_minor <= $24)
           """,
    answering="""AND ($25::uuid IS NULL OR EXISTS (
                SELECT FROM inquiries AS wanted WHERE wanted.tenant_id = $1 AND wanted.id = $25 AND {answers}))
           AND ($26::uuid IS NULL OR EXISTS (
                SELECT FROM search_criteria AS wanted WHERE wanted.tenant_id = $1 AND wanted.id = $26 AND {answers}))
           """.replace("{answers}", ANSWERS.replace("offered.", "l.")),
    answered=("answers_inquiry", "answers_criteria"),
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
