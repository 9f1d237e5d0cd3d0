"""Records on paper. Needs a permission that the print switch cuts (MG-19); identity data need another."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from services.chassis import clock
from services.chassis.answers import Streamed
from services.chassis.authz_client import require
from services.chassis.web import Call, Input, Route
from services.contracts.access import AccessSnapshot
from services.records.adapters.prints import LAYOUTS, Language, Sheet, list_pdf, record_pdf
from services.records.deps import Deps
from services.records.domain.disclosure import Form, Values, WayOut
from services.records.domain.sorting import RecordSort, Sort
from services.records.handlers.contacts import EDGE as CONTACT
from services.records.handlers.contacts import ContactsFilter
from services.records.handlers.edges import Edge, act
from services.records.handlers.exports import disclosure
from services.records.handlers.inquiries import EDGE as INQUIRY
from services.records.handlers.inquiries import InquiriesFilter
from services.records.handlers.listing_models import EDGE as LISTING
from services.records.handlers.listings import ListingsFilter
from services.records.operations.disclosures import Selection, leaving_one, take_out, write_down_one

MOST: Final = 500
PDF: Final = "application/pdf"


class PrintAsked(Input):
    language: Language = "en"
    identity: bool = False
    """With identity data: the exact address and the owner, or who searches, or how somebody is reached."""


class ListingsPrint(PrintAsked, ListingsFilter):
    """Which listings, as for the list."""

    sort: Sort = Sort.UPDATED


class InquiriesPrint(PrintAsked, InquiriesFilter):
    """Which inquiries, as for the list."""

    sort: RecordSort = RecordSort.UPDATED


class ContactsPrint(PrintAsked, ContactsFilter):
    """Which contacts, as for the list."""

    sort: RecordSort = RecordSort.UPDATED


async def print_record(edge: Edge, deps: Deps, call: Call, asked: PrintAsked) -> Streamed:
    """Print {a_noun} as PDF. Needs {section}.print on it, with identity data {section}.identity.print too."""
    doing, taken = await act(edge, deps, call), disclosure(edge, call, Form.PDF, asked, with_identity=asked.identity)
    values = await leaving_one(deps.db, edge.table, doing, WayOut.PRINT, with_identity=asked.identity)
    sheet = Sheet(asked.language, call.now, asked.identity)

    async def pieces() -> AsyncGenerator[bytes]:
        pdf = await asyncio.to_thread(record_pdf, LAYOUTS[edge.section], values, sheet)
        await write_down_one(deps.db, doing, taken)
        yield pdf

    return Streamed(PDF, deps.streams.bounded(pieces()), f"{edge.noun}-{values['number']}.pdf")


async def print_records(
    edge: Edge, deps: Deps, call: Call, asked: ListingsPrint | InquiriesPrint | ContactsPrint
) -> Streamed:
    """Print the first 500 of what the caller's list of {section} shows as PDF, in its order. Needs {section}.print.

    Identity data need {section}.identity.print besides; {a_noun} that may not be printed is left out.
    """

    async def rights() -> AccessSnapshot:
        return await deps.access.of(call.caller, clock.now(), call.access_version)

    section = edge.table.section
    require(await rights(), WayOut.PRINT.key(section))
    if asked.identity:
        require(await rights(), WayOut.PRINT.identity_key(section))
    taken = disclosure(edge, call, Form.PDF, asked, with_identity=asked.identity)
    selection = Selection(edge.table, WayOut.PRINT, asked.filter(), asked.sort, MOST)
    pages = take_out(deps.db, call.caller.tenant_id, selection, taken, rights)
    sheet = Sheet(asked.language, call.now, asked.identity)

    async def pieces() -> AsyncGenerator[bytes]:
        rows = list[Values]()
        async with aclosing(pages):
            async for page in pages:
                rows += page
                yield b""
        yield await asyncio.to_thread(list_pdf, LAYOUTS[edge.section], rows, sheet, full=len(rows) == MOST)

    return Streamed(PDF, deps.streams.bounded(pieces()), f"{edge.section}-{call.now.date().isoformat()}.pdf")


def _routes(edge: Edge, takes: type[PrintAsked]) -> tuple[Route, ...]:
    return (
        Route("GET", f"{edge.one}/print", edge.handler(print_record), takes=PrintAsked, offers=(PDF,)),
        Route("GET", f"/v1/prints/{edge.section}", edge.handler(print_records), takes=takes, offers=(PDF,)),
    )


ROUTES = (*_routes(LISTING, ListingsPrint), *_routes(INQUIRY, InquiriesPrint), *_routes(CONTACT, ContactsPrint))
