"""Inquiries over HTTP."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from services.chassis.web import Input, Output
from services.contracts.vocabulary import OfficeId
from services.records.domain.inquiry import InquiryFilter
from services.records.domain.kinds import (
    Financing,
    InquiryStatus,
    PropertySubType,
    PropertyType,
    TransactionType,
    Urgency,
)
from services.records.domain.sorting import RecordSort
from services.records.handlers import bulk, record_life, record_rights, records
from services.records.handlers.edges import Edge
from services.records.handlers.fields import (
    OMITTED,
    Area,
    Count,
    Currency,
    Email,
    Floor,
    Line,
    Money,
    Number,
    Phone,
    Text,
    Year,
)
from services.records.handlers.record_models import (
    BasicGiven,
    BasicShown,
    PrivateNoteGiven,
    PrivateNoteShown,
    RecordShown,
    RecordsPage,
)
from services.records.handlers.records import PageAsked, RecordsFilter
from services.records.store.inquiries import TABLE

Lines = Annotated[tuple[Line, ...], Field(max_length=100)]
"""Names of places; an empty list leaves the place open."""


class WantedGiven(Input):
    """What is searched for; an empty list and null leave it open. Both ends of a range are included."""

    property_types: Annotated[tuple[PropertyType, ...], Field(max_length=20)] = ()
    property_sub_types: Annotated[tuple[PropertySubType, ...], Field(max_length=50)] = ()
    municipalities: Lines = ()
    districts: Lines = ()
    list_price_minor_min: Money | None = None
    """In minor units of `currency`."""
    list_price_minor_max: Money | None = None
    currency: Currency | None = None
    """ISO 4217."""
    living_area_min_m2: Area | None = None
    living_area_max_m2: Area | None = None
    plot_area_min_m2: Area | None = None
    rooms_min: Count | None = None
    rooms_max: Count | None = None
    bedrooms_min: Count | None = None
    floor_min: Floor | None = None
    floor_max: Floor | None = None
    year_built_min: Year | None = None


class InquiryBasicGiven(BasicGiven):
    is_private: bool = OMITTED
    no_commission: bool = OMITTED
    financing: Financing | None = None
    budget_confirmed: bool = OMITTED
    move_in_by: date | None = None
    urgency: Urgency | None = None
    persons: Count | None = None
    pets: bool | None = None
    note: Text | None = None


class ClientGiven(Input):
    contact_id: UUID | None = None
    client_name: Line | None = None
    client_phone: Phone | None = None
    client_email: Email | None = None
    client_street: Line | None = None
    client_postal_code: Line | None = None
    client_city: Line | None = None


class NewInquiry(WantedGiven):
    number: Number = OMITTED
    """Left out, the agency's next one."""
    office_id: OfficeId
    standard_status: InquiryStatus = InquiryStatus.ACTIVE
    transaction_type: TransactionType
    basic: InquiryBasicGiven = OMITTED
    """Left out, the caller is the assignee."""
    identity: ClientGiven = OMITTED
    private_note: PrivateNoteGiven = OMITTED


class InquiryChange(WantedGiven):
    office_id: OfficeId = OMITTED
    standard_status: InquiryStatus = OMITTED
    transaction_type: TransactionType = OMITTED
    basic: InquiryBasicGiven = OMITTED
    identity: ClientGiven = OMITTED
    private_note: PrivateNoteGiven = OMITTED


class InquiryBasicShown(BasicShown):
    is_private: bool
    no_commission: bool
    financing: Financing | None
    budget_confirmed: bool
    move_in_by: date | None
    urgency: Urgency | None
    persons: int | None
    pets: bool | None
    note: str | None


class ClientShown(Output):
    contact_id: UUID | None
    client_name: str | None
    client_phone: str | None
    client_email: str | None
    client_street: str | None
    client_postal_code: str | None
    client_city: str | None


class WantedShown(Output):
    transaction_type: TransactionType
    property_types: list[PropertyType]
    property_sub_types: list[PropertySubType]
    municipalities: list[str]
    districts: list[str]
    list_price_minor_min: int | None
    list_price_minor_max: int | None
    currency: str | None
    living_area_min_m2: Decimal | None
    living_area_max_m2: Decimal | None
    plot_area_min_m2: Decimal | None
    rooms_min: int | None
    rooms_max: int | None
    bedrooms_min: int | None
    floor_min: int | None
    floor_max: int | None
    year_built_min: int | None


class InquiryShown(WantedShown, RecordShown):
    """An inquiry as far as the caller may see it. A group that is null is hidden; a field that is null is empty."""

    standard_status: InquiryStatus
    basic: InquiryBasicShown | None
    identity: ClientShown | None
    private_note: PrivateNoteShown | None


class InquiriesPage(RecordsPage):
    items: list[InquiryShown]


class InquiriesFilter(RecordsFilter):
    """A kind, a place and a price keep the inquiries that would take them, those that leave them open included."""

    standard_status: InquiryStatus | None = None
    transaction_type: TransactionType | None = None
    property_type: PropertyType | None = None
    municipality: Line | None = None
    currency: Currency | None = None
    list_price_minor: Money | None = None

    def filter(self) -> InquiryFilter:
        """Return what is asked for, without where the page begins and ends."""
        return InquiryFilter(**self.model_dump(include=set(InquiriesFilter.model_fields)))


class InquiriesQuery(PageAsked, InquiriesFilter):
    sort: RecordSort = RecordSort.UPDATED


EDGE: Final = Edge(table=TABLE, noun="inquiry", shown=InquiryShown, page=InquiriesPage)

ROUTES = (
    *records.routes(EDGE, NewInquiry, InquiryChange, InquiriesQuery, InquiriesFilter),
    *record_life.routes(EDGE),
    *record_life.archive_routes(EDGE),
    *bulk.routes(EDGE),
    *record_rights.routes(EDGE),
)
