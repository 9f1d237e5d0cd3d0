"""In which orders listings are listed: a closed set of public fields, an index each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.records.domain.listing import Listing

Key = datetime | int | str
EMPTY: Final = -1
"""Stands for a price or an area that is not there: before every other."""
_CM2_PER_M2: Final = 10_000
_HIGHEST_ID, _LOWEST_ID = UUID(int=2**128 - 1), UUID(int=0)


class Sort(StrEnum):
    """A field by which to sort; the minus says from the highest down."""

    UPDATED = "-updated_at"
    CREATED = "-created_at"
    CHEAPEST = "list_price_minor"
    DEAREST = "-list_price_minor"
    LARGEST = "-living_area_m2"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after the listing of this key and id."""

    key: Key
    id: UUID


_END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)
START: Final[Mapping[Sort, Place]] = {
    Sort.UPDATED: Place(_END_OF_TIME, _HIGHEST_ID),
    Sort.CREATED: Place(_END_OF_TIME, _HIGHEST_ID),
    Sort.CHEAPEST: Place(EMPTY - 1, _LOWEST_ID),
    Sort.DEAREST: Place(2**63 - 1, _HIGHEST_ID),
    Sort.LARGEST: Place(2**63 - 1, _HIGHEST_ID),
    Sort.NUMBER: Place("", _LOWEST_ID),
}
"""Before the first listing of each order."""


def place_of(listing: Listing, sort: Sort) -> Place:
    """Return where a page begins that follows a listing."""
    match sort:
        case Sort.UPDATED:
            key: Key = listing.updated_at
        case Sort.CREATED:
            key = listing.created_at
        case Sort.CHEAPEST | Sort.DEAREST:
            key = EMPTY if listing.list_price_minor is None else listing.list_price_minor
        case Sort.LARGEST:
            key = EMPTY if listing.living_area_m2 is None else int(listing.living_area_m2 * _CM2_PER_M2)
        case Sort.NUMBER:
            key = listing.number
    return Place(key, listing.id)
