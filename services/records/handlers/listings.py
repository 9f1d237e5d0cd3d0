"""Listings over HTTP."""

from typing import Annotated

from services.contracts.instants import Instant
from services.records.domain.kinds import (
    Feature,
    PropertyCondition,
    PropertySubType,
    PropertyType,
    StandardStatus,
    TransactionType,
)
from services.records.domain.listing import ListingFilter
from services.records.domain.sorting import Sort
from services.records.handlers import bulk, impact, record_life, record_rights, records
from services.records.handlers.fields import Line, OneOrSeveral
from services.records.handlers.listing_models import EDGE, ListingChange, NewListing
from services.records.handlers.records import PageAsked, RecordsFilter
from services.records.handlers.wanted_models import RangesGiven


class ListingsFilter(RecordsFilter, RangesGiven):
    """Both ends of a range are included, and what has no value is in none. Name the currency with a price.

    The assignee, the flags and whether a listing is private are compared only where the caller sees them.
    """

    standard_status: Annotated[tuple[StandardStatus, ...], OneOrSeveral(StandardStatus)] | None = None
    """One, or several with commas between them; left out, all but `archived`."""
    transaction_type: TransactionType | None = None
    property_type: PropertyType | None = None
    municipality: Line | None = None
    property_sub_type: PropertySubType | None = None
    district: Line | None = None
    created_since: Instant | None = None
    updated_since: Instant | None = None
    is_private: bool | None = None
    superoffer: bool | None = None
    no_commission: bool | None = None
    banner: bool | None = None
    investment: bool | None = None
    condition: PropertyCondition | None = None
    features: Annotated[tuple[Feature, ...], OneOrSeveral(Feature)] | None = None
    """One, or several with commas between them, all of which a listing must have."""

    def filter(self) -> ListingFilter:
        """Return what is asked for, without where the page begins and ends."""
        return ListingFilter(**self.asked(ListingsFilter, StandardStatus))


class ListingsQuery(PageAsked, ListingsFilter):
    sort: Sort = Sort.UPDATED


ROUTES = (
    *records.routes(EDGE, NewListing, ListingChange, ListingsQuery, ListingsFilter),
    *record_life.routes(EDGE),
    *record_life.archive_routes(EDGE),
    *bulk.routes(EDGE),
    *record_rights.routes(EDGE),
    *impact.routes(EDGE),
)
