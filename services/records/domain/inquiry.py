"""A client who searches, and the tiers of what is known about him and his search."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Final
from uuid import UUID

from services.contracts.vocabulary import InquiryId
from services.records.domain import wanted
from services.records.domain.kinds import (
    Financing,
    InquiryStatus,
    PropertySubType,
    PropertyType,
    TransactionType,
    Urgency,
)
from services.records.domain.record import EVER, Filter, Record, Section, Tier, archive_of
from services.records.domain.wanted import WANTED, Wanted

INQUIRIES: Final = Section(
    name="inquiries",
    tiers={
        Tier.PUBLIC: (
            *("id", "number", "office_id", "version", "created_at", "updated_at", "standard_status"),
            *WANTED,
        ),
        Tier.BASIC: (
            *("assignee_id", "created_by", "is_private", "no_commission"),
            *("financing", "budget_confirmed", "move_in_by", "urgency", "persons", "pets", "note"),
        ),
        Tier.IDENTITY: (
            *("contact_id", "client_name", "client_phone", "client_email"),
            *("client_street", "client_postal_code", "client_city"),
        ),
        Tier.PRIVATE_NOTE: ("private_note",),
    },
    actions={
        **dict.fromkeys(("assignee_id", "office_id"), "assignee.update"),
        "no_commission": "no_commission.update",
    },
    bare={"standard_status": InquiryStatus.ACTIVE, "no_commission": False, "private_note": None},
    searched=("number", "municipalities", "districts", "note"),
    archived=InquiryStatus.ARCHIVED,
    restored=InquiryStatus.ACTIVE,
)

PERSONAL: Final = (*INQUIRIES.tiers[Tier.IDENTITY], *INQUIRIES.tiers[Tier.PRIVATE_NOTE], "note")
"""What an inquiry holds of its client, or may hold in words; the public tier holds nothing of a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry(Record, Wanted):
    """A search for a property, and who searches."""

    section: ClassVar[Section] = INQUIRIES

    id: InquiryId
    standard_status: InquiryStatus = InquiryStatus.ACTIVE
    no_commission: bool = False
    financing: Financing | None = None
    budget_confirmed: bool = False
    move_in_by: date | None = None
    urgency: Urgency | None = None
    persons: int | None = None
    pets: bool | None = None
    note: str | None = None
    contact_id: UUID | None = None
    client_name: str | None = None
    client_phone: str | None = None
    client_email: str | None = None
    client_street: str | None = None
    client_postal_code: str | None = None
    client_city: str | None = None
    private_note: str | None = None

    def check(self) -> None:
        """Refuse fields that do not agree with each other. Raises Invalid."""
        wanted.check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryFilter(Filter):
    """Which inquiries a list shows.

    A kind, a place, a price, an area and the like keep the inquiries that would take them, those that leave them open
    included. The assignee, and what is known of the client, are no public fields: an inquiry that is seen in the
    public view never matches one.
    """

    standard_status: Sequence[InquiryStatus] | None = None
    """Any of them."""
    transaction_type: TransactionType | None = None
    property_type: PropertyType | None = None
    municipality: str | None = None
    currency: str | None = None
    list_price_minor: int | None = None
    property_sub_type: PropertySubType | None = None
    district: str | None = None
    living_area_m2: Decimal | None = None
    plot_area_m2: Decimal | None = None
    rooms: int | None = None
    bedrooms: int | None = None
    floor: int | None = None
    year_built: int | None = None
    created_since: datetime = EVER
    updated_since: datetime = EVER
    is_private: bool | None = None
    no_commission: bool | None = None
    budget_confirmed: bool | None = None
    financing: Financing | None = None
    urgency: Urgency | None = None
    answered_by: UUID | None = None
    """The active ones that a listing on offer answers, which the caller must be allowed to read."""

    @property
    def archive(self) -> Sequence[bool]:
        """Say where it looks: outside the archive (False), in it (True), or both."""
        return archive_of(self.standard_status)
