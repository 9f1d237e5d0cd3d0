"""What somebody searches for, and whether a listing answers it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar

from services.chassis.problems import FieldError, Invalid
from services.records.domain.kinds import (
    Feature,
    PropertyCondition,
    PropertySubType,
    PropertyType,
    StandardStatus,
    TransactionType,
)
from services.records.domain.listing import Listing

ON_OFFER: Final = frozenset({StandardStatus.ACTIVE, StandardStatus.COMING_SOON})
_RANGES: Final = ("list_price_minor", "rooms", "bedrooms", "floor", "year_built")
_AREAS: Final = ("living_area", "plot_area")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a listing must be; an empty list and None want anything. Both ends of a range are included.

    Without slots, so that it can stand beside `Record` among the bases of an inquiry.
    """

    transaction_type: TransactionType
    property_types: tuple[PropertyType, ...] = ()
    property_sub_types: tuple[PropertySubType, ...] = ()
    municipalities: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    list_price_minor_min: int | None = None
    list_price_minor_max: int | None = None
    currency: str | None = None
    living_area_min_m2: Decimal | None = None
    living_area_max_m2: Decimal | None = None
    plot_area_min_m2: Decimal | None = None
    plot_area_max_m2: Decimal | None = None
    rooms_min: int | None = None
    rooms_max: int | None = None
    bedrooms_min: int | None = None
    bedrooms_max: int | None = None
    floor_min: int | None = None
    floor_max: int | None = None
    year_built_min: int | None = None
    year_built_max: int | None = None
    conditions: tuple[PropertyCondition, ...] = ()
    features: tuple[Feature, ...] = ()
    """All of which it must have."""


WANTED: Final = (
    *("transaction_type", "property_types", "property_sub_types", "municipalities", "districts"),
    *("list_price_minor_min", "list_price_minor_max", "currency"),
    *("living_area_min_m2", "living_area_max_m2", "plot_area_min_m2", "plot_area_max_m2"),
    *("rooms_min", "rooms_max", "bedrooms_min", "bedrooms_max", "floor_min", "floor_max"),
    *("year_built_min", "year_built_max", "conditions", "features"),
)
"""The names of its fields."""


def check(wanted: Wanted) -> None:
    """Refuse a price without its currency and ranges that nothing is in. Raises Invalid."""
    errors = list[FieldError]()
    low, high = wanted.list_price_minor_min, wanted.list_price_minor_max
    if wanted.currency is None and (low, high) != (None, None):
        errors.append(FieldError("/currency", "currency_missing", "A price needs the currency it is in."))
    ranges = [(f"{name}_max", getattr(wanted, f"{name}_min"), getattr(wanted, f"{name}_max")) for name in _RANGES]
    ranges += [
        (f"{name}_max_m2", getattr(wanted, f"{name}_min_m2"), getattr(wanted, f"{name}_max_m2")) for name in _AREAS
    ]
    errors += [
        FieldError(f"/{name}", "empty_range", "The most is less than the least.")
        for name, least, most in ranges
        if least is not None and most is not None and most < least
    ]
    if errors:
        raise Invalid(errors=errors)


def answers(listing: Listing, wanted: Wanted) -> bool:
    """Say whether a listing is on offer and what is wanted; a field that it leaves empty answers no wish about it."""
    return (
        listing.standard_status in ON_OFFER
        and listing.transaction_type is wanted.transaction_type
        and _among(listing.property_type, wanted.property_types)
        and _among(listing.property_sub_type, wanted.property_sub_types)
        and _among(listing.municipality, wanted.municipalities)
        and _among(listing.district, wanted.districts)
        and (wanted.currency is None or listing.list_price_minor is None or listing.currency == wanted.currency)
        and _within(listing.list_price_minor, wanted.list_price_minor_min, wanted.list_price_minor_max)
        and _within(listing.living_area_m2, wanted.living_area_min_m2, wanted.living_area_max_m2)
        and _within(listing.plot_area_m2, wanted.plot_area_min_m2, wanted.plot_area_max_m2)
        and _within(listing.rooms, wanted.rooms_min, wanted.rooms_max)
        and _within(listing.bedrooms_total, wanted.bedrooms_min, wanted.bedrooms_max)
        and _within(listing.floor, wanted.floor_min, wanted.floor_max)
        and _within(listing.year_built, wanted.year_built_min, wanted.year_built_max)
        and _among(listing.condition, wanted.conditions)
        and set(wanted.features) <= set(listing.features)
    )


Amount = TypeVar("Amount", int, Decimal)


def _among(value: str | None, wanted: tuple[str, ...]) -> bool:
    return not wanted or value in wanted


def _within(value: Amount | None, least: Amount | None, most: Amount | None) -> bool:
    if least is None and most is None:
        return True
    return value is not None and (least is None or value >= least) and (most is None or value <= most)
