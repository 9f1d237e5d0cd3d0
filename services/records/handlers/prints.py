"""Listings on paper. Needs a permission that the print switch cuts (MG-19); identity data need another."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from services.chassis import clock
from services.chassis.answers import Streamed
from services.chassis.authz_client import require
from services.chassis.web import Call, Input, Route
from services.contracts.access import AccessSnapshot
from services.records.adapters.prints import Language, Sheet, list_pdf, listing_pdf
from services.records.deps import Deps
from services.records.domain.disclosure import Form, Values, WayOut
from services.records.domain.listing import LISTINGS
from services.records.domain.sorting import Sort
from services.records.handlers.edges import act
from services.records.handlers.exports import disclosure
from services.records.handlers.listing_models import EDGE
from services.records.handlers.listings import ListingsFilter
from services.records.operations.disclosures import Selection, take_out, take_out_one

MOST: Final = 500
PDF: Final = "application/pdf"


class PrintAsked(Input):
    language: Language = "en"
    identity: bool = False
    """With the exact address and the owner, where the caller may print those."""


class ListingsPrint(ListingsFilter):
    """Which listings, as for the list."""

    language: Language = "en"
    identity: bool = False
    sort: Sort = Sort.UPDATED


async def print_listing(deps: Deps, call: Call, asked: PrintAsked) -> Streamed:
    """Print a listing as PDF. Needs listings.print on it, with identity data listings.identity.print too."""
    taken = disclosure(EDGE, call, Form.PDF, asked, with_identity=asked.identity)
    values = await take_out_one(deps.db, EDGE.table, await act(EDGE, deps, call), WayOut.PRINT, taken)
    sheet = Sheet(asked.language, call.now, asked.identity)

    async def pieces() -> AsyncGenerator[bytes]:
        yield await asyncio.to_thread(listing_pdf, values, sheet)

    return Streamed(PDF, deps.streams.bounded(pieces()), f"listing-{values['number']}.pdf")


async def print_listings(deps: Deps, call: Call, asked: ListingsPrint) -> Streamed:
    """Print the first 500 of what the caller's list shows as PDF, in its order. Needs listings.print.

    Identity data need listings.identity.print besides; a listing that may not be printed is left out.
    """

    async def rights() -> AccessSnapshot:
        return await deps.access.of(call.caller, clock.now(), call.access_version)

    require(await rights(), WayOut.PRINT.key(LISTINGS))
    if asked.identity:
        require(await rights(), WayOut.PRINT.identity_key(LISTINGS))
    taken = disclosure(EDGE, call, Form.PDF, asked, with_identity=asked.identity)
    selection = Selection(EDGE.table, WayOut.PRINT, asked.filter(), asked.sort, MOST)
    pages = take_out(deps.db, call.caller.tenant_id, selection, taken, rights)
    sheet = Sheet(asked.language, call.now, asked.identity)

    async def pieces() -> AsyncGenerator[bytes]:
        rows: list[Values] = [values async for page in pages for values in page]
        yield await asyncio.to_thread(list_pdf, rows, sheet, full=len(rows) == MOST)

    return Streamed(PDF, deps.streams.bounded(pieces()), f"listings-{call.now.date().isoformat()}.pdf")


ROUTES = (
    Route("GET", "/v1/listings/{listing_id}/print", print_listing, takes=PrintAsked, offers=(PDF,)),
    Route("GET", "/v1/prints/listings", print_listings, takes=ListingsPrint, offers=(PDF,)),
)
