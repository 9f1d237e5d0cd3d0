"""The same thing done to up to 1,000 listings: each is decided on, and done or not, by itself."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from pydantic import Field

from services.chassis.problems import Problem
from services.chassis.web import Call, Input, Output, Route
from services.contracts.vocabulary import ListingId, UserId
from services.records.deps import Deps
from services.records.handlers.fields import Number
from services.records.operations import listing_life
from services.records.operations.listing_life import BULK_DELETE, Act

MOST = 1000


class BulkDelete(Input):
    listing_ids: Annotated[list[ListingId], Field(min_length=1, max_length=MOST)]


class BulkReassign(BulkDelete):
    assignee_id: UserId


class Renumbering(Input):
    listing_id: ListingId
    number: Number


class BulkRenumber(Input):
    items: Annotated[list[Renumbering], Field(min_length=1, max_length=MOST)]


class Outcome(Output):
    id: ListingId
    code: str
    """`done`, or the code of the problem with this one."""


class Outcomes(Output):
    items: list[Outcome]


async def delete_listings(deps: Deps, call: Call, asked: BulkDelete) -> Outcomes:
    """Delete listings for good. Needs listings.bulk.delete on each."""
    return await _each(
        deps,
        call,
        [(listing_id, lambda act: listing_life.delete(deps.db, act, BULK_DELETE)) for listing_id in asked.listing_ids],
    )


async def reassign_listings(deps: Deps, call: Call, asked: BulkReassign) -> Outcomes:
    """Hand listings to somebody. Needs listings.bulk.reassign on each."""
    return await _each(
        deps,
        call,
        [
            (listing_id, lambda act: listing_life.reassign(deps.db, act, asked.assignee_id))
            for listing_id in asked.listing_ids
        ],
    )


async def renumber_listings(deps: Deps, call: Call, asked: BulkRenumber) -> Outcomes:
    """Give listings other numbers, one after the other. Needs listings.bulk.renumber on each."""
    return await _each(
        deps,
        call,
        [
            (item.listing_id, lambda act, number=item.number: listing_life.renumber(deps.db, act, number))
            for item in asked.items
        ],
    )


async def _each(deps: Deps, call: Call, wanted: list[tuple[ListingId, Callable[[Act], Awaitable[object]]]]) -> Outcomes:
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    items = list[Outcome]()
    for listing_id, do in wanted:
        try:
            await do(Act(snapshot, listing_id, call.now))
            items.append(Outcome(id=listing_id, code="done"))
        except Problem as problem:
            items.append(Outcome(id=listing_id, code=problem.code))
    return Outcomes(items=items)


ROUTES = (
    Route("POST", "/v1/listings/bulk-delete", delete_listings, takes=BulkDelete, gives=Outcomes),
    Route("POST", "/v1/listings/bulk-reassign", reassign_listings, takes=BulkReassign, gives=Outcomes),
    Route("POST", "/v1/listings/bulk-renumber", renumber_listings, takes=BulkRenumber, gives=Outcomes),
)
