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
from services.records.store.table import Table

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
    filtered="standard_status, " + WANTED,
    compared="""AND ($18::text IS NULL OR l.standard_status = $18)
           AND ($19::text IS NULL OR l.transaction_type = $19)
           AND ($20::text IS NULL OR l.property_types = '{}' OR $20 = ANY (l.property_types))
           AND ($21::text IS NULL OR l.municipalities = '{}' OR $21 = ANY (l.municipalities))
           AND ($22::text IS NULL OR l.currency IS NULL OR l.currency = $22)
           AND ($23::bigint IS NULL OR ((l.list_price_minor_min IS NULL OR l.list_price_minor_min <= $23)
                                        AND (l.list_price_minor_max IS NULL OR l.list_price_minor_max >= $23)))
           """,
    answering="""AND ($24::uuid IS NULL OR (l.standard_status = 'active' AND EXISTS (
                SELECT FROM listings AS offered WHERE offered.tenant_id = $1 AND offered.id = $24 AND {answers})))
           """.replace("{answers}", ANSWERS.replace("wanted.", "l.")),
    answered=("answered_by",),
    orders={RecordSort.UPDATED: "updated_at", RecordSort.CREATED: "created_at", RecordSort.NUMBER: "number"},
    enums={"standard_status": InquiryStatus, "financing": Financing, "urgency": Urgency, **WANTED_ENUMS},
)


async def of_contact(tx: Transaction, contact_id: UUID) -> Sequence[UUID]:
    """Return the inquiries that came from a contact, by id. No scope: ids, shown to nobody."""
    rows = await tx.rows(
        "SELECT id FROM inquiries WHERE tenant_id = $1 AND contact_id = $2 ORDER BY id", tx.tenant_id, contact_id
    )
    return [row["id"] for row in rows]
