"""What answers what: the listings that a client searches for, and the inquiries that a listing answers."""

from services.chassis.web import Call, Route
from services.records.deps import Deps
from services.records.domain.inquiry import InquiryFilter
from services.records.domain.listing import ListingFilter
from services.records.domain.sorting import RecordSort
from services.records.handlers import inquiries, listing_models, search_criteria
from services.records.handlers.record_models import RecordsPage
from services.records.handlers.records import PageAsked, get_record, page_of


class MatchesQuery(PageAsked):
    sort: RecordSort = RecordSort.UPDATED


async def list_listing_matches(deps: Deps, call: Call, asked: MatchesQuery) -> RecordsPage:
    """List the active inquiries that a listing on offer answers, as far as the caller's list shows them.

    Needs listings.read.
    """
    listing = await get_record(listing_models.EDGE, deps, call)
    return await page_of(inquiries.EDGE, deps, call, InquiryFilter(answered_by=listing.id), asked)


async def list_inquiry_matches(deps: Deps, call: Call, asked: MatchesQuery) -> RecordsPage:
    """List the listings on offer that answer an inquiry, as far as the caller's list shows them.

    Needs inquiries.read.
    """
    inquiry = await get_record(inquiries.EDGE, deps, call)
    return await page_of(listing_models.EDGE, deps, call, ListingFilter(answers_inquiry=inquiry.id), asked)


async def list_criteria_matches(deps: Deps, call: Call, asked: MatchesQuery) -> RecordsPage:
    """List the listings on offer that answer search criteria, as far as the caller's list shows them.

    Needs criteria.read on their contact.
    """
    found = await search_criteria.opened(deps, call, call.id_in_path("criteria_id"))
    return await page_of(listing_models.EDGE, deps, call, ListingFilter(answers_criteria=found.id), asked)


_LISTINGS, _INQUIRIES = listing_models.EDGE, inquiries.EDGE

ROUTES = (
    Route("GET", f"{_LISTINGS.one}/matches", list_listing_matches, takes=MatchesQuery, gives=_INQUIRIES.page),
    Route("GET", f"{_INQUIRIES.one}/matches", list_inquiry_matches, takes=MatchesQuery, gives=_LISTINGS.page),
    Route("GET", "/v1/criteria/{criteria_id}/matches", list_criteria_matches, takes=MatchesQuery, gives=_LISTINGS.page),
)
