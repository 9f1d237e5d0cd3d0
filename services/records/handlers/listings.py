"""Listings over HTTP."""

from services.records.domain.kinds import PropertyType, StandardStatus, TransactionType
from services.records.domain.listing import ListingFilter
from services.records.domain.sorting import Sort
from services.records.handlers import bulk, impact, record_life, record_rights, records
from services.records.handlers.fields import Currency, Line, Money
from services.records.handlers.listing_models import EDGE, ListingChange, NewListing
from services.records.handlers.records import PageAsked, RecordsFilter


class ListingsFilter(RecordsFilter):
    """Every filter asks for equality but the price's. A price range compares amounts; name the currency with it."""

    standard_status: StandardStatus | None = None
    transaction_type: TransactionType | None = None
    property_type: PropertyType | None = None
    municipality: Line | None = None
    currency: Currency | None = None
    list_price_minor_min: Money | None = None
    list_price_minor_max: Money | None = None

    def filter(self) -> ListingFilter:
        """Return what is asked for, without where the page begins and ends."""
        return ListingFilter(**self.asked(ListingsFilter))


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
