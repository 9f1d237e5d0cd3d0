"""Listings as JSON, coming in and going out: flat public fields, and a group for each further tier."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Self

from pydantic import Field, StringConstraints

from services.chassis.web import Input, Output
from services.contracts.vocabulary import ListingId, OfficeId, UserId, View
from services.records.domain.kinds import EnergyClass, PropertySubType, PropertyType, StandardStatus, TransactionType
from services.records.domain.listing import Projection, Tier

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,30}[A-Za-z0-9]$|^[A-Za-z0-9]$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+][0-9 ()/.-]{2,38}[0-9]$")]
Money = Annotated[int, Field(ge=0, le=10**15)]
Area = Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=2)]
Count = Annotated[int, Field(ge=0, le=10_000)]

OMITTED: Final[Any] = Field(default_factory=lambda: None)
"""A member that may be left out but not be null. What was left out is never read, so its default is none."""


class PublicIn(Input):
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


class BasicIn(Input):
    assignee_id: UserId = OMITTED
    is_private: bool = OMITTED
    superoffer: bool = OMITTED
    no_commission: bool = OMITTED
    banner: bool = OMITTED


class IdentityIn(Input):
    street_name: Line | None = None
    street_number: Line | None = None
    unit_number: Line | None = None
    owner_name: Line | None = None
    owner_phone: Phone | None = None
    owner_email: Email | None = None


class PrivateNoteIn(Input):
    text: Text | None


class CreateListing(PublicIn):
    number: Number = OMITTED
    """Left out, the agency's next one."""
    office_id: OfficeId
    standard_status: StandardStatus = StandardStatus.DRAFT
    transaction_type: TransactionType
    property_type: PropertyType
    basic: BasicIn = OMITTED
    """Left out, the caller is the assignee."""
    identity: IdentityIn = OMITTED
    private_note: PrivateNoteIn = OMITTED


class ChangeListing(PublicIn):
    office_id: OfficeId = OMITTED
    standard_status: StandardStatus = OMITTED
    transaction_type: TransactionType = OMITTED
    property_type: PropertyType = OMITTED
    basic: BasicIn = OMITTED
    identity: IdentityIn = OMITTED
    private_note: PrivateNoteIn = OMITTED


def fields_of(asked: CreateListing | ChangeListing) -> dict[str, Any]:
    """Return the listing's fields that a document names, by their names in the domain."""
    given = asked.model_dump(exclude_unset=True)
    note: dict[str, object] = given.pop(Tier.PRIVATE_NOTE, {})
    basic, identity = given.pop(Tier.BASIC, {}), given.pop(Tier.IDENTITY, {})
    return {**given, **basic, **identity, **({"private_note": note["text"]} if note else {})}


class BasicOut(Output):
    assignee_id: UserId
    created_by: UserId
    is_private: bool
    superoffer: bool
    no_commission: bool
    banner: bool


class IdentityOut(Output):
    street_name: str | None
    street_number: str | None
    unit_number: str | None
    owner_name: str | None
    owner_phone: str | None
    owner_email: str | None


class PrivateNoteOut(Output):
    text: str | None


class ListingOut(Output):
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
    basic: BasicOut | None
    identity: IdentityOut | None
    private_note: PrivateNoteOut | None

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
