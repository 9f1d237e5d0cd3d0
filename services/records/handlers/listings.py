"""Listings over HTTP: who may see and change how much of them is decided per record."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from services.chassis import ids
from services.chassis.problems import Invalid, NotFound
from services.chassis.web import Call, Input, Output, Route
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import ListingId, OfficeId, UserId
from services.records.deps import Deps
from services.records.domain.kinds import PropertyType, StandardStatus, TransactionType
from services.records.domain.listing import LIST, Listing, ListingFilter, project
from services.records.domain.sorting import Sort
from services.records.handlers import cursors
from services.records.handlers.fields import Currency, Line, Money
from services.records.handlers.listing_models import ListingChange, ListingShown, NewListing, fields_of
from services.records.operations import listings as operations
from services.records.store import listing_pages, listings

COUNTED: Final = 1_000


class ListingsFilter(Input):
    """Every filter asks for equality but the price's. A price range compares amounts; name the currency with it."""

    standard_status: StandardStatus | None = None
    transaction_type: TransactionType | None = None
    property_type: PropertyType | None = None
    municipality: Line | None = None
    office_id: OfficeId | None = None
    assignee_id: UserId | None = None
    currency: Currency | None = None
    list_price_minor_min: Money | None = None
    list_price_minor_max: Money | None = None

    def filter(self) -> ListingFilter:
        """Return what is asked for, without where the page begins and ends."""
        return ListingFilter(**self.model_dump(include=set(ListingsFilter.model_fields)))


class ListingsQuery(ListingsFilter):
    sort: Sort = Sort.UPDATED
    cursor: Annotated[str, Field(max_length=200)] = ""
    """`next` of the page before, in the same order."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ListingsCount(Output):
    count: int
    capped: bool
    """Whether there are more than were counted."""


class ListingsPage(Output):
    items: list[ListingShown]
    next: str | None

    @classmethod
    def of(cls, found: Sequence[Listing], asked: ListingsQuery, snapshot: AccessSnapshot) -> "ListingsPage":
        """Return a page of listings; one more was read to know whether there is a next page."""
        page = found[: asked.limit]
        return cls(
            items=[ListingShown.of(shown) for listing in page if (shown := project(listing, snapshot, LIST))],
            next=cursors.of(page[-1], asked.sort) if len(found) > asked.limit else None,
        )


async def create_listing(deps: Deps, call: Call, asked: NewListing) -> ListingShown | None:
    """Take on a listing in one of the agency's offices. Needs listings.create.

    Without a number it gets the agency's next one, without an assignee the caller is it. What has a permission of
    its own (flags, private note, another assignee, privacy) needs that permission too. Answers without a document
    when the caller may create but not open. An office that was opened a moment ago may still be unknown here
    (`unknown_office`): try again.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    fields: dict[str, Any] = {
        "number": "",
        "assignee_id": call.caller.user_id,
        **fields_of(asked),
        "id": ids.uuid7(),
        "created_by": call.caller.user_id,
        "created_at": call.now,
        "updated_at": call.now,
    }
    made = await operations.create_listing(deps.db, snapshot, Listing(**fields), call.idempotency_key)
    call.reply_headers["Location"] = f"/v1/listings/{made.id}"
    return opened(made, snapshot)


async def get_listing(deps: Deps, call: Call) -> ListingShown:
    """Open a listing: a tier that the caller may not see is null as a whole."""
    listing_id = ListingId(call.id_in_path("listing_id"))
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await listings.find(tx, snapshot, listing_id)
    shown = found and opened(found, snapshot)
    if shown is None:
        raise NotFound
    return shown


async def list_listings(deps: Deps, call: Call, asked: ListingsQuery) -> ListingsPage:
    """List the listings that the caller's list shows, latest change first or in another order.

    A listing of which only the public view is shown never answers to a filter by assignee.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    after = cursors.place(asked.cursor, asked.sort)
    if not (snapshot.holds(LIST) or snapshot.principals):
        return ListingsPage(items=[], next=None)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await listing_pages.visible_page(
            tx, snapshot, asked.filter(), after=after, limit=asked.limit + 1, sort=asked.sort
        )
    return ListingsPage.of(found, asked, snapshot)


async def count_listings(deps: Deps, call: Call, asked: ListingsFilter) -> ListingsCount:
    """Count the listings that the caller's list shows, up to 1,000."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    if not (snapshot.holds(LIST) or snapshot.principals):
        return ListingsCount(count=0, capped=False)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await listing_pages.visible_count(tx, snapshot, asked.filter(), most=COUNTED + 1)
    return ListingsCount(count=min(found, COUNTED), capped=found > COUNTED)


async def change_listing(deps: Deps, call: Call, asked: ListingChange) -> ListingShown | None:
    """Change the fields that are named; null empties one.

    Needs the permission of every field named, or changes nothing. Answers 204 when the caller may no longer open the
    listing, because it now lies in another office or with somebody else.
    """
    listing_id, version = ListingId(call.id_in_path("listing_id")), call.version
    changes = fields_of(asked)
    if not changes:
        raise Invalid("Name at least one field to change.")
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    after = await operations.change_listing(deps.db, snapshot, listing_id, version, changes, call.now)
    return opened(after, snapshot)


def opened(listing: Listing, snapshot: AccessSnapshot) -> ListingShown | None:
    projection = project(listing, snapshot)
    return None if projection is None else ListingShown.of(projection)


ROUTES = (
    Route("POST", "/v1/listings", create_listing, takes=NewListing, gives=ListingShown, status=201),
    Route("GET", "/v1/listings", list_listings, takes=ListingsQuery, gives=ListingsPage),
    Route("GET", "/v1/listings/count", count_listings, takes=ListingsFilter, gives=ListingsCount),
    Route("GET", "/v1/listings/{listing_id}", get_listing, gives=ListingShown),
    Route("PATCH", "/v1/listings/{listing_id}", change_listing, takes=ListingChange, gives=ListingShown, edits=True),
)
