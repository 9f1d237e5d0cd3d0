"""Listings as JSON, coming in and going out."""

from datetime import date
from decimal import Decimal
from typing import Final

from services.chassis.web import Input, Output
from services.contracts.vocabulary import OfficeId, UserId
from services.records.domain.kinds import (
    EnergyClass,
    Feature,
    Heating,
    ListingAgreement,
    OccupantType,
    PropertyCondition,
    PropertySubType,
    PropertyType,
    StandardStatus,
    TransactionType,
)
from services.records.handlers.edges import Edge
from services.records.handlers.fields import (
    OMITTED,
    Area,
    BasisPoints,
    Count,
    Country,
    Currency,
    Email,
    Features,
    Floor,
    Line,
    Money,
    Number,
    Phone,
    Text,
    Url,
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
from services.records.store.listings import TABLE


class PublicFields(Input):
    property_sub_type: PropertySubType | None = None
    title: Line | None = None
    description: Text | None = None
    country: Country | None = None
    """ISO 3166-1 alpha-2."""
    region: Line | None = None
    province: Line | None = None
    municipality: Line | None = None
    district: Line | None = None
    postal_code: Line | None = None
    list_price_minor: Money | None = None
    """In minor units of `currency`."""
    currency: Currency | None = None
    """ISO 4217."""
    living_area_m2: Area | None = None
    plot_area_m2: Area | None = None
    rooms: Count | None = None
    bedrooms_total: Count | None = None
    bathrooms_total: Count | None = None
    floor: Floor | None = None
    year_built: Year | None = None
    energy_class: EnergyClass | None = None
    condition: PropertyCondition | None = None
    features: Features = ()
    heating: Heating | None = None
    building_area_total_m2: Area | None = None
    parking_total: Count | None = None
    association_fee_minor: Money | None = None
    """By the month, in minor units of `currency`."""
    virtual_tour_url: Url | None = None


class ListingBasicGiven(BasicGiven):
    is_private: bool = OMITTED
    superoffer: bool = OMITTED
    no_commission: bool = OMITTED
    banner: bool = OMITTED
    investment: bool = OMITTED
    key_holder_id: UserId | None = None
    """The colleague who keeps the keys."""
    occupant_type: OccupantType | None = None
    listing_agreement: ListingAgreement | None = None
    listing_contract_date: date | None = None
    expiration_date: date | None = None
    commission_basis_points: BasisPoints | None = None


class IdentityGiven(Input):
    street_name: Line | None = None
    street_number: Line | None = None
    unit_number: Line | None = None
    owner_name: Line | None = None
    owner_phone: Phone | None = None
    owner_email: Email | None = None


class NewListing(PublicFields):
    number: Number = OMITTED
    """Left out, the agency's next one."""
    office_id: OfficeId = OMITTED
    """Left out, the caller's principal one; one that is not the caller's needs the permission to move it there."""
    standard_status: StandardStatus = StandardStatus.DRAFT
    transaction_type: TransactionType
    property_type: PropertyType
    basic: ListingBasicGiven = OMITTED
    """Left out, the caller is the assignee."""
    identity: IdentityGiven = OMITTED
    private_note: PrivateNoteGiven = OMITTED


class ListingChange(PublicFields):
    office_id: OfficeId = OMITTED
    standard_status: StandardStatus = OMITTED
    transaction_type: TransactionType = OMITTED
    property_type: PropertyType = OMITTED
    basic: ListingBasicGiven = OMITTED
    identity: IdentityGiven = OMITTED
    private_note: PrivateNoteGiven = OMITTED


class ListingBasicShown(BasicShown):
    is_private: bool
    superoffer: bool
    no_commission: bool
    banner: bool
    investment: bool
    key_holder_id: UserId | None
    occupant_type: OccupantType | None
    listing_agreement: ListingAgreement | None
    listing_contract_date: date | None
    expiration_date: date | None
    commission_basis_points: int | None


class IdentityShown(Output):
    street_name: str | None
    street_number: str | None
    unit_number: str | None
    owner_name: str | None
    owner_phone: str | None
    owner_email: str | None


class ListingShown(RecordShown):
    """A listing as far as the caller may see it. A group that is null is hidden; a field that is null is empty."""

    standard_status: StandardStatus
    transaction_type: TransactionType
    property_type: PropertyType
    property_sub_type: PropertySubType | None
    title: str | None
    description: str | None
    country: str | None
    region: str | None
    province: str | None
    municipality: str | None
    district: str | None
    postal_code: str | None
    list_price_minor: int | None
    currency: str | None
    living_area_m2: Decimal | None
    plot_area_m2: Decimal | None
    rooms: int | None
    bedrooms_total: int | None
    bathrooms_total: int | None
    floor: int | None
    year_built: int | None
    energy_class: EnergyClass | None
    condition: PropertyCondition | None
    features: list[Feature]
    heating: Heating | None
    building_area_total_m2: Decimal | None
    parking_total: int | None
    association_fee_minor: int | None
    virtual_tour_url: str | None
    basic: ListingBasicShown | None
    identity: IdentityShown | None
    private_note: PrivateNoteShown | None


class ListingsPage(RecordsPage):
    items: list[ListingShown]


EDGE: Final = Edge(table=TABLE, noun="listing", shown=ListingShown, page=ListingsPage)
