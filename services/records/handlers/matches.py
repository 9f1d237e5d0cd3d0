"""What answers what: the listings that a client searches for, and the inquiries that a listing answers."""

from services.chassis.answers import Composed
from services.chassis.web import Call, Route
from services.records.deps import Deps
from services.records.domain.inquiry import InquiryFilter
from services.records.domain.listing import ListingFilter
from services.records.domain.sorting import RecordSort
from services.records.handlers import inquiries, listing_models, search_criteria
from services.records.handlers.records import PageAsked, get_record, page_of

_LISTINGS, _INQUIRIES = listing_models.EDGE, inquiries.EDGE


class MatchesQuery(PageAsked):
    sort: RecordSort = RecordSort.UPDATED


async def list_listing_matches(deps: Deps, call: Call, asked: MatchesQuery) -> Composed:
    """List the active inquiries that a listing on offer answers, as far as the caller's list shows them.

    Needs listings.read.
    """
    await get_record(_LISTINGS, deps, call)
    return await page_of(_INQUIRIES, deps, call, InquiryFilter(answered_by=_LISTINGS.id_in(call)), asked)


async def list_inquiry_matches(deps: Deps, call: Call, asked: MatchesQuery) -> Composed:
    """List the listings on offer that answer an inquiry, as far as the caller's list shows them.

    Needs inquiries.read.
    """
    await get_record(_INQUIRIES, deps, call)
    return await page_of(_LISTINGS, deps, call, ListingFilter(answers_inquiry=_INQUIRIES.id_in(call)), asked)


async def list_criteria_matches(deps: Deps, call: Call, asked: MatchesQuery) -> Composed:
    """List the listings on offer that answer search criteria, as far as the caller's list shows them.

    Needs criteria.read on their contact.
    """
    found = await search_criteria.opened(deps, call, call.id_in_path("criteria_id"))
    return await page_of(_LISTINGS, deps, call, ListingFilter(answers_criteria=found.id), asked)


ROUTES = (
    Route("GET", f"{_LISTINGS.one}/matches", list_listing_matches, takes=MatchesQuery, gives=_INQUIRIES.page),
    Route("GET", f"{_INQUIRIES.one}/matches", list_inquiry_matches, takes=MatchesQuery, gives=_LISTINGS.page),
    Route("GET", "/v1/criteria/{criteria_id}/matches", list_criteria_matches, takes=MatchesQuery, gives=_LISTINGS.page),
)
