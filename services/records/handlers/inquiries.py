"""Inquiries over HTTP."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from services.chassis.web import Input, Output
from services.contracts.instants import Instant
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
from services.records.handlers import bulk, impact, record_life, record_rights, records
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
    OneOrSeveral,
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
from services.records.handlers.wanted_models import WantedGiven, WantedShown
from services.records.store.inquiries import TABLE


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


class InquiryShown(WantedShown, RecordShown):
    """An inquiry as far as the caller may see it. A group that is null is hidden; a field that is null is empty."""

    standard_status: InquiryStatus
    basic: InquiryBasicShown | None
    identity: ClientShown | None
    private_note: PrivateNoteShown | None


class InquiriesPage(RecordsPage):
    items: list[InquiryShown]


class InquiriesFilter(RecordsFilter):
    """What a property is keeps the inquiries that would take it, those that leave it open included.

    The assignee and what is known of the client are compared only where the caller sees them.
    """

    standard_status: Annotated[tuple[InquiryStatus, ...], OneOrSeveral(InquiryStatus)] | None = None
    """One, or several with commas between them; left out, all but `archived`."""
    transaction_type: TransactionType | None = None
    property_type: PropertyType | None = None
    municipality: Line | None = None
    currency: Currency | None = None
    list_price_minor: Money | None = None
    property_sub_type: PropertySubType | None = None
    district: Line | None = None
    living_area_m2: Area | None = None
    plot_area_m2: Area | None = None
    rooms: Count | None = None
    bedrooms: Count | None = None
    floor: Floor | None = None
    year_built: Year | None = None
    created_since: Instant | None = None
    updated_since: Instant | None = None
    is_private: bool | None = None
    no_commission: bool | None = None
    budget_confirmed: bool | None = None
    financing: Financing | None = None
    urgency: Urgency | None = None

    def filter(self) -> InquiryFilter:
        """Return what is asked for, without where the page begins and ends."""
        return InquiryFilter(**self.asked(InquiriesFilter, InquiryStatus))


class InquiriesQuery(PageAsked, InquiriesFilter):
    sort: RecordSort = RecordSort.UPDATED


EDGE: Final = Edge(table=TABLE, noun="inquiry", shown=InquiryShown, page=InquiriesPage)

ROUTES = (
    *records.routes(EDGE, NewInquiry, InquiryChange, InquiriesQuery, InquiriesFilter),
    *record_life.routes(EDGE),
    *record_life.archive_routes(EDGE),
    *bulk.routes(EDGE),
    *record_rights.routes(EDGE),
    *impact.routes(EDGE),
)
