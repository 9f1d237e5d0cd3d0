"""What a list shows, in the plainest Python: decide on every record, then filter what may be seen of it."""

from collections.abc import Sequence

from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import View
from services.records.domain.listing import Listing, ListingFilter


def expected(stock: Sequence[Listing], snapshot: AccessSnapshot, asked: ListingFilter) -> list[Listing]:
    """Return the listings of an ordered stock that the caller's list shows."""
    return [listing for listing in stock if _shown(listing, snapshot, asked)]


def _shown(listing: Listing, snapshot: AccessSnapshot, asked: ListingFilter) -> bool:
    view = snapshot.decide("listings.list", listing.facts())
    if view is None:
        return False
    if asked.assignee_id is not None and (view is not View.FULL or listing.assignee_id != asked.assignee_id):
        return False
    equal = ("standard_status", "transaction_type", "property_type", "municipality", "office_id", "currency")
    if any(getattr(asked, name) not in (None, getattr(listing, name)) for name in equal):
        return False
    price = listing.list_price_minor
    at_least, at_most = asked.list_price_minor_min, asked.list_price_minor_max
    return (at_least is None or (price is not None and price >= at_least)) and (
        at_most is None or (price is not None and price <= at_most)
    )
