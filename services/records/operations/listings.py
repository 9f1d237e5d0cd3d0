"""Taking on and changing listings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from services.chassis import outbox
from services.chassis.authz_client import PermissionMissing, require
from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import FieldError, NotFound, Stale
from services.contracts.access import AccessSnapshot
from services.contracts.records_events import ListingChanged, ListingCreated
from services.contracts.vocabulary import ListingId, UserId
from services.records.domain import listing as domain
from services.records.domain.history import CHANGED, CREATED, entry
from services.records.domain.listing import Listing, NumberTaken, Tier, UnknownAssignee, UnknownOffice, pointer
from services.records.domain.rights import refused, refused_at_creation
from services.records.store import directory, history, listing_numbers, listings

SECTION: Final = "listings"


async def create_listing(
    db: Database, snapshot: AccessSnapshot, listing: Listing, key: IdempotencyKey | None
) -> Listing:
    """Take on a listing and return it; an empty number becomes the agency's next one.

    The same key returns the listing that it made before, as it is now.
    Raises PermissionMissing naming the fields, Invalid, UnknownOffice, UnknownAssignee, NumberTaken, KeyReused.
    """
    require(snapshot, domain.CREATE)
    _refuse(refused_at_creation(listing, snapshot))
    domain.check(listing)
    async with db.transaction(snapshot.tenant_id) as tx:
        made = await earlier(tx, key, listing.id, listing.created_at)
        if made is not None:
            return await listings.get(tx, snapshot, ListingId(made))
        await check_place(tx, listing, snapshot)
        return await take_on(tx, listing, snapshot.user_id)


async def change_listing(
    db: Database,
    snapshot: AccessSnapshot,
    listing_id: ListingId,
    version: int,
    changes: Mapping[str, object],
    now: datetime,
) -> Listing:
    """Change fields of a listing and return it; all of them or, when one is refused, none.

    Raises NotFound, PermissionMissing naming the fields, Stale, Invalid, UnknownOffice, UnknownAssignee.
    """
    async with db.transaction(snapshot.tenant_id) as tx:
        before = await listings.get(tx, snapshot, listing_id)
        if snapshot.decide(domain.READ, before.facts()) is None:
            raise NotFound
        _refuse(refused(before, changes, snapshot))
        if before.version != version:
            raise Stale
        after = domain.changed(before, changes, now)
        if not changes.keys().isdisjoint({"office_id", "assignee_id"}):
            await check_place(tx, after, snapshot)
        await record(tx, before, after, CHANGED, snapshot.user_id)
    return after


async def take_on(tx: Transaction, listing: Listing, by: UserId) -> Listing:
    """Add a listing under its number or the agency's next one, with its history and event. Raises NumberTaken."""
    listing = await _numbered(tx, listing)
    await history.add(tx, SECTION, listing.id, entry(None, listing, CREATED, by, listing.created_at))
    await outbox.add(
        tx,
        ListingCreated(
            listing_id=listing.id,
            version=listing.version,
            office_id=listing.office_id,
            assignee_id=listing.assignee_id,
            by=by,
        ),
    )
    return listing


async def record(tx: Transaction, before: Listing, after: Listing, action: str, by: UserId) -> None:
    """Write a changed listing with its history and event."""
    change = entry(before, after, action, by, after.updated_at)
    await listings.save(tx, after)
    await history.add(tx, SECTION, after.id, change)
    await outbox.add(
        tx,
        ListingChanged(
            listing_id=after.id,
            version=after.version,
            office_id=after.office_id,
            assignee_id=after.assignee_id,
            by=by,
            fields=tuple(sorted(filter(_may_be_told, change.after))),
        ),
    )


def _may_be_told(name: str) -> bool:
    return domain.TIER_OF[name] in {Tier.PUBLIC, Tier.BASIC}


def _refuse(refusals: Sequence[tuple[str, str]]) -> None:
    if refusals:
        keys = sorted({key for _, key in refusals})
        raise PermissionMissing(
            f"This needs the permission {', '.join(keys)}.",
            [
                FieldError(pointer(name), PermissionMissing.code, f"This needs the permission {key}.")
                for name, key in refusals
            ],
        )


async def check_place(tx: Transaction, listing: Listing, snapshot: AccessSnapshot) -> None:
    """Refuse an office or a person that the agency does not have. Raises UnknownOffice, UnknownAssignee.

    An office is unknown until identity's event about it has arrived. The caller is known: the token says so.
    """
    if not await directory.knows_office(tx, listing.office_id):
        raise UnknownOffice(errors=[FieldError(pointer("office_id"), UnknownOffice.code, UnknownOffice.title)])
    if listing.assignee_id != snapshot.user_id and not await directory.may_be_assigned(tx, listing.assignee_id):
        raise UnknownAssignee(errors=[FieldError(pointer("assignee_id"), UnknownAssignee.code, UnknownAssignee.title)])


async def _numbered(tx: Transaction, listing: Listing) -> Listing:
    """Add the listing under its number or the next free one, and return it so. Raises NumberTaken for its own."""
    if listing.number:
        if not await listings.insert(tx, listing):
            raise NumberTaken(errors=[FieldError(pointer("number"), NumberTaken.code, NumberTaken.title)])
        return listing
    while True:
        numbered = replace(listing, number=await listing_numbers.take_next(tx))
        if await listings.insert(tx, numbered):
            return numbered
