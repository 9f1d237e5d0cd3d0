"""Inquiries as rows."""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from services.chassis.database import Transaction
from services.records.domain.inquiry import INQUIRIES, Inquiry, InquiryFilter
from services.records.domain.kinds import (
    Financing,
    InquiryStatus,
    PropertySubType,
    PropertyType,
    TransactionType,
    Urgency,
)
from services.records.domain.sorting import RecordSort
from services.records.store.answering import ANSWERS
from services.records.store.table import Part, Table

WANTED: Final[LiteralString] = """transaction_type, property_types, property_sub_types, municipalities, districts,
           list_price_minor_min, list_price_minor_max, currency, living_area_min_cm2, living_area_max_cm2,
           plot_area_min_cm2, rooms_min, rooms_max, bedrooms_min, floor_min, floor_max, year_built_min"""
"""The columns of what is wanted, in whichever table."""

WANTED_ENUMS: Final = {
    "transaction_type": TransactionType,
    "property_types": PropertyType,
    "property_sub_types": PropertySubType,
}

TABLE: Final = Table(
    kind=Inquiry,
    section=INQUIRIES,
    filter=InquiryFilter,
    name="inquiries",
    columns="""id, number, office_id, assignee_id, created_by, is_private, version, created_at, updated_at,
           standard_status, no_commission, financing, budget_confirmed, move_in_by, urgency, persons, pets, note,
           contact_id, client_name, client_phone, client_email, client_street, client_postal_code, client_city,
           private_note, """
    + WANTED,
    filtered="standard_status, created_at, updated_at, no_commission, budget_confirmed, financing, urgency, " + WANTED,
    parts=(
        Part(
            (
                *("standard_status", "transaction_type", "property_type", "municipality", "currency"),
                *("list_price_minor",),
            ),
            """AND ($19::text[] IS NULL OR l.standard_status = ANY ($19))
           AND ($20::text IS NULL OR l.transaction_type = $20)
           AND ($21::text IS NULL OR l.property_types = '{}' OR $21 = ANY (l.property_types))
           AND ($22::text IS NULL OR l.municipalities = '{}' OR $22 = ANY (l.municipalities))
           AND ($23::text IS NULL OR l.currency IS NULL OR l.currency = $23)
           AND ($24::bigint IS NULL OR ((l.list_price_minor_min IS NULL OR l.list_price_minor_min <= $24)
                                        AND (l.list_price_minor_max IS NULL OR l.list_price_minor_max >= $24)))
           """,
        ),
        Part(
            (
                *("property_sub_type", "district", "living_area_m2", "plot_area_m2", "rooms", "bedrooms"),
                *("floor", "year_built", "created_since", "updated_since", "is_private", "no_commission"),
                *("budget_confirmed", "financing", "urgency"),
            ),
            """AND ($25::text IS NULL OR l.property_sub_types = '{}' OR $25 = ANY (l.property_sub_types))
           AND ($26::text IS NULL OR l.districts = '{}' OR $26 = ANY (l.districts))
           AND ($27::bigint IS NULL OR ((l.living_area_min_cm2 IS NULL OR l.living_area_min_cm2 <= $27)
                                       AND (l.living_area_max_cm2 IS NULL OR l.living_area_max_cm2 >= $27)))
           AND ($28::bigint IS NULL OR l.plot_area_min_cm2 IS NULL OR l.plot_area_min_cm2 <= $28)
           AND ($29::integer IS NULL OR ((l.rooms_min IS NULL OR l.rooms_min <= $29)
                                       AND (l.rooms_max IS NULL OR l.rooms_max >= $29)))
           AND ($30::integer IS NULL OR l.bedrooms_min IS NULL OR l.bedrooms_min <= $30)
           AND ($31::integer IS NULL OR ((l.floor_min IS NULL OR l.floor_min <= $31)
                                       AND (l.floor_max IS NULL OR l.floor_max >= $31)))
           AND ($32::integer IS NULL OR l.year_built_min IS NULL OR l.year_built_min <= $32)
           AND l.created_at >= $33::timestamptz
           AND l.updated_at >= $34::timestamptz
           AND ($35::boolean IS NULL OR ({in_full} AND l.is_private = $35))
           AND ($36::boolean IS NULL OR ({in_full} AND l.no_commission = $36))
           AND ($37::boolean IS NULL OR ({in_full} AND l.budget_confirmed = $37))
           AND ($38::text IS NULL OR ({in_full} AND l.financing = $38))
           AND ($39::text IS NULL OR ({in_full} AND l.urgency = $39))
           """,
        ),
        Part(
            ("answered_by",),
            """AND ($40::uuid IS NULL OR (l.standard_status = 'active' AND EXISTS (
                SELECT FROM listings AS offered WHERE offered.tenant_id = $1 AND offered.id = $40 AND {answers})))
           """.replace("{answers}", ANSWERS.replace("wanted.", "l.")),
        ),
    ),
    orders={RecordSort.UPDATED: "updated_at", RecordSort.CREATED: "created_at", RecordSort.NUMBER: "number"},
    enums={"standard_status": InquiryStatus, "financing": Financing, "urgency": Urgency, **WANTED_ENUMS},
)


async def of_contact(tx: Transaction, contact_id: UUID) -> Sequence[UUID]:
    """Return the inquiries that came from a contact, by id. No scope: ids, shown to nobody."""
    rows = await tx.rows(
        "SELECT id FROM inquiries WHERE tenant_id = $1 AND contact_id = $2 ORDER BY id", tx.tenant_id, contact_id
    )
    return [row["id"] for row in rows]
