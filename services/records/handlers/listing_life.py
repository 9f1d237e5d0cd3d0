"""What is done with listings only: they are bumped, copied, filled and renumbered."""

from typing import Annotated, Any

from pydantic import Field

from services.chassis import ids
from services.chassis.answers import Composed
from services.chassis.authz_client import PermissionMissing
from services.chassis.problems import Invalid
from services.chassis.web import Call, Input, Route
from services.contracts.vocabulary import ListingId, View
from services.records.deps import Deps
from services.records.domain.projection import Projection
from services.records.domain.record import Tier
from services.records.handlers.bulk import MOST, Outcomes, each
from services.records.handlers.edges import act
from services.records.handlers.fields import Number
from services.records.handlers.listing_models import EDGE, IdentityGiven, ListingShown
from services.records.handlers.record_life import in_full
from services.records.operations import record_life as operations
from services.records.operations import records as creation
from services.records.store import directory
from services.records.store.listings import TABLE


class Renumbering(Input):
    listing_id: ListingId
    number: Number


class BulkRenumber(Input):
    items: Annotated[list[Renumbering], Field(min_length=1, max_length=MOST)]


async def bump_listing(deps: Deps, call: Call) -> Composed | None:
    """Bring a listing to the top of the lists. Needs listings.copy."""
    doing = await act(EDGE, deps, call)
    return EDGE.opened(await operations.bump(deps.db, TABLE, doing), doing.snapshot)


async def fill_identity(deps: Deps, call: Call, asked: IdentityGiven) -> Composed | None:
    """Fill identity fields that are empty: all of those named, or none. Needs listings.identity.fill.

    409 names those that are filled; what they hold is not told.
    """
    given = {name: value for name, value in asked.model_dump(exclude_unset=True).items() if value is not None}
    if not given:
        raise Invalid("Name at least one field to fill.")
    doing = await act(EDGE, deps, call)
    return EDGE.opened(await operations.fill(deps.db, TABLE, doing, given), doing.snapshot)


async def copy_listing(deps: Deps, call: Call) -> Composed | None:
    """Take on a copy of what the caller sees of a listing, as a draft of his own. Needs listings.copy and .create.

    It lies in the caller's principal office, or, if he has none, where the listing does.

    Flags and the private note are not copied; a copy of a private listing is private, which needs its permission.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        listing, projection = await in_full(EDGE, tx, snapshot, EDGE.id_in(call))
        home = await directory.office_of(tx, call.caller.user_id)
    key = TABLE.section.key(operations.COPY)
    if snapshot.decide(key, listing.facts()) is not View.FULL:
        raise PermissionMissing(f"This needs the permission {key}.")
    fields: dict[str, Any] = {
        **_copied(projection),
        "id": ids.uuid7(),
        "number": "",
        "office_id": home or listing.office_id,
        "is_private": listing.is_private,
        "assignee_id": call.caller.user_id,
        "created_by": call.caller.user_id,
        "created_at": call.now,
        "updated_at": call.now,
    }
    made = await creation.create(deps.db, TABLE, snapshot, fields, call.idempotency_key)
    call.reply_headers["Location"] = f"/v1/listings/{made.id}"
    return EDGE.opened(made, snapshot)


async def renumber_listings(deps: Deps, call: Call, asked: BulkRenumber) -> Outcomes:
    """Give listings other numbers, one after the other. Needs listings.bulk.renumber on each."""
    return await each(
        deps,
        call,
        (
            (item.listing_id, lambda doing, number=item.number: operations.renumber(deps.db, TABLE, doing, number))
            for item in asked.items
        ),
    )


def _copied(projection: Projection) -> dict[str, Any]:
    never = {"id", "number", "version", "created_at", "updated_at", "standard_status"}
    seen = {**projection.tiers[Tier.PUBLIC], **projection.tiers.get(Tier.IDENTITY, {})}
    return {name: value for name, value in seen.items() if name not in never}


ROUTES = (
    Route("POST", f"{EDGE.one}/bump", bump_listing, gives=ListingShown),
    Route("POST", f"{EDGE.one}/copy", copy_listing, gives=ListingShown, status=201, once=True),
    Route("POST", f"{EDGE.one}/identity/fill", fill_identity, takes=IdentityGiven, gives=ListingShown),
    Route("POST", f"{EDGE.every}/bulk-renumber", renumber_listings, takes=BulkRenumber, gives=Outcomes),
)
