"""Listings as JSON, coming in and going out: flat public fields, and a group for each further tier."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field

from services.chassis.web import Input, Output
from services.contracts.vocabulary import ListingId, OfficeId, UserId, View
from services.records.domain.kinds import EnergyClass, PropertySubType, PropertyType, StandardStatus, TransactionType
from services.records.domain.listing import Projection, Tier
from services.records.handlers.fields import (
    OMITTED,
    Area,
    Count,
    Country,
    Currency,
    Email,
    Line,
    Money,
    Number,
    Phone,
    Text,
)


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
    floor: Annotated[int, Field(ge=-10, le=200)] | None = None
    year_built: Annotated[int, Field(ge=1000, le=2200)] | None = None
    energy_class: EnergyClass | None = None


class BasicGiven(Input):
    assignee_id: UserId = OMITTED
    is_private: bool = OMITTED
    superoffer: bool = OMITTED
    no_commission: bool = OMITTED
    banner: bool = OMITTED


class IdentityGiven(Input):
    street_name: Line | None = None
    street_number: Line | None = None
    unit_number: Line | None = None
    owner_name: Line | None = None
    owner_phone: Phone | None = None
    owner_email: Email | None = None


class PrivateNoteGiven(Input):
    text: Text | None


class NewListing(PublicFields):
    number: Number = OMITTED
    """Left out, the agency's next one."""
    office_id: OfficeId
    standard_status: StandardStatus = StandardStatus.DRAFT
    transaction_type: TransactionType
    property_type: PropertyType
    basic: BasicGiven = OMITTED
    """Left out, the caller is the assignee."""
    identity: IdentityGiven = OMITTED
    private_note: PrivateNoteGiven = OMITTED


class ListingChange(PublicFields):
    office_id: OfficeId = OMITTED
    standard_status: StandardStatus = OMITTED
    transaction_type: TransactionType = OMITTED
    property_type: PropertyType = OMITTED
    basic: BasicGiven = OMITTED
    identity: IdentityGiven = OMITTED
    private_note: PrivateNoteGiven = OMITTED


def fields_of(asked: NewListing | ListingChange) -> dict[str, Any]:
    """Return the listing's fields that a document names, by their names in the domain."""
    given = asked.model_dump(exclude_unset=True)
    note: dict[str, object] = given.pop(Tier.PRIVATE_NOTE, {})
    basic, identity = given.pop(Tier.BASIC, {}), given.pop(Tier.IDENTITY, {})
    return {**given, **basic, **identity, **({"private_note": note["text"]} if note else {})}


class BasicShown(Output):
    assignee_id: UserId
    created_by: UserId
    is_private: bool
    superoffer: bool
    no_commission: bool
    banner: bool


class IdentityShown(Output):
    street_name: str | None
    street_number: str | None
    unit_number: str | None
    owner_name: str | None
    owner_phone: str | None
    owner_email: str | None


class PrivateNoteShown(Output):
    text: str | None


class ListingShown(Output):
    """A listing as far as the caller may see it. A group that is null is hidden; a field that is null is empty."""

    id: ListingId
    number: str
    version: int
    view: View
    office_id: OfficeId
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
    created_at: datetime
    updated_at: datetime
    basic: BasicShown | None
    identity: IdentityShown | None
    private_note: PrivateNoteShown | None

    @classmethod
    def of(cls, projection: Projection) -> Self:
        """Return the document of a projection: what is not in it cannot get out."""
        shown = projection.tiers
        note = shown.get(Tier.PRIVATE_NOTE)
        return cls.model_validate(
            {
                **shown[Tier.PUBLIC],
                "view": projection.view,
                "basic": shown.get(Tier.BASIC),
                "identity": shown.get(Tier.IDENTITY),
                "private_note": None if note is None else {"text": note["private_note"]},
            }
        )
