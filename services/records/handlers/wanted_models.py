"""What is searched for, as JSON."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from services.chassis.web import Input, Output
from services.records.domain.kinds import Feature, PropertyCondition, PropertySubType, PropertyType, TransactionType
from services.records.handlers.fields import Area, Count, Currency, Features, Floor, Line, Money, Year

Lines = Annotated[tuple[Line, ...], Field(max_length=100)]
"""Names of places; an empty list leaves the place open."""


class RangesGiven(Input):
    """Between what a listing's numbers must be, both ends included; what is left out leaves an end open."""

    list_price_minor_min: Money | None = None
    """In minor units of `currency`."""
    list_price_minor_max: Money | None = None
    currency: Currency | None = None
    """ISO 4217."""
    living_area_min_m2: Area | None = None
    living_area_max_m2: Area | None = None
    plot_area_min_m2: Area | None = None
    plot_area_max_m2: Area | None = None
    rooms_min: Count | None = None
    rooms_max: Count | None = None
    bedrooms_min: Count | None = None
    bedrooms_max: Count | None = None
    floor_min: Floor | None = None
    floor_max: Floor | None = None
    year_built_min: Year | None = None
    year_built_max: Year | None = None


class WantedGiven(RangesGiven):
    """What is searched for; an empty list and null leave it open. Both ends of a range are included."""

    property_types: Annotated[tuple[PropertyType, ...], Field(max_length=20)] = ()
    property_sub_types: Annotated[tuple[PropertySubType, ...], Field(max_length=50)] = ()
    municipalities: Lines = ()
    districts: Lines = ()
    conditions: Annotated[tuple[PropertyCondition, ...], Field(max_length=20)] = ()
    features: Features = ()
    """All of which it must have."""


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
    plot_area_max_m2: Decimal | None
    rooms_min: int | None
    rooms_max: int | None
    bedrooms_min: int | None
    bedrooms_max: int | None
    floor_min: int | None
    floor_max: int | None
    year_built_min: int | None
    year_built_max: int | None
    conditions: list[PropertyCondition]
    features: list[Feature]
