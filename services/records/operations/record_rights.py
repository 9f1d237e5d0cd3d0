"""Changing what single listings say to users, teams and offices: versioned, and each change can be taken back."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from services.chassis import outbox
from services.chassis.authz_client import require
from services.chassis.database import Database, Transaction
from services.chassis.problems import FieldError, Invalid, NotFound, Stale
from services.contracts.access import AccessSnapshot
from services.contracts.records_events import ListingRightsChanged
from services.contracts.vocabulary import ListingId, OfficeId, UserId
from services.records.domain.listing import Listing
from services.records.domain.record_rights import (
    ADMINISTRATION,
    UPDATE,
    Cause,
    Entries,
    Holder,
    HolderKind,
    check_delegation,
    reaches_panel,
    without,
)
from services.records.store import directory, listings, record_rights
from services.records.store.record_rights import Change


class UnknownHolder(Invalid):
    code = "unknown_holder"
    title = "There is no such user or office."


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes entries, and when."""

    snapshot: AccessSnapshot
    now: datetime


async def change(
    db: Database,
    author: Author,
    listing_id: ListingId,
    cause: Cause,
    make: Callable[[Entries], Entries],
    version: int | None = None,
) -> None:
    """Change the entries of a listing to what `make` makes of them; nothing happens where it changes nothing.

    Without a version whatever stands there is changed. Raises PermissionMissing, NotFound, Stale, UnknownHolder,
    GivesMoreThanHeld.
    """
    require(author.snapshot, UPDATE)
    async with db.transaction(author.snapshot.tenant_id) as tx:
        listing = await panel(tx, author.snapshot, listing_id)
        await _change(tx, author, listing, cause, make, version)


async def restore(db: Database, author: Author, listing_id: ListingId, to: int, version: int) -> None:
    """Make the entries of a listing what they were at an earlier version. Raises as `change`, NotFound also for it."""
    require(author.snapshot, UPDATE)
    async with db.transaction(author.snapshot.tenant_id) as tx:
        listing = await panel(tx, author.snapshot, listing_id)
        then = await record_rights.entries_at(tx, listing_id, to)
        if then is None:
            raise NotFound
        await _change(tx, author, listing, Cause.RESTORED, lambda _: then, version)


async def panel(tx: Transaction, snapshot: AccessSnapshot, listing_id: ListingId) -> Listing:
    """Return a listing whose entries the caller may change, locked. Raises NotFound."""
    listing = await listings.get(tx, snapshot, listing_id)
    if not reaches_panel(snapshot, listing.facts()):
        raise NotFound
    return listing


async def forget_user(db: Database, author: Author, user_id: UserId) -> int:
    """Delete the entries of one user on all listings; return on how many (ON-15). Raises PermissionMissing.

    One listing after another, each a change of its own: what is interrupted is simply done again.
    """
    for key in (UPDATE, *ADMINISTRATION):
        require(author.snapshot, key)
    holder = Holder(HolderKind.USER, user_id)
    async with db.transaction(author.snapshot.tenant_id, readonly=True) as tx:
        found = await record_rights.records_with_entries_of(tx, "listings", holder)
    for record_id in found:
        async with db.transaction(author.snapshot.tenant_id) as tx:
            with suppress(NotFound):  # deleted in the meantime, and its entries with it
                listing = await listings.get(tx, author.snapshot, ListingId(record_id))
                await _change(tx, author, listing, Cause.HOLDER_REMOVED, lambda entries: without(entries, holder), None)
    return len(found)


async def _change(
    tx: Transaction,
    author: Author,
    listing: Listing,
    cause: Cause,
    make: Callable[[Entries], Entries],
    version: int | None,
) -> None:
    present = await record_rights.version(tx, listing.id)
    if version not in {None, present}:
        raise Stale
    before = {slot: given.effect for slot, given in (await record_rights.find(tx, listing.id)).items()}
    after = make(before)
    if after == before:
        return
    check_delegation(author.snapshot, listing.facts(), before, after)
    await _check_holders(tx, sorted({slot[0] for slot in after.keys() - before.keys()}))
    made = Change(present + 1, cause, after, author.snapshot.user_id, author.now)
    await record_rights.save(tx, "listings", listing.id, listing.updated_at, made)
    differing = {slot[0].id for slot in before.keys() | after.keys() if before.get(slot) != after.get(slot)}
    await outbox.add(
        tx,
        ListingRightsChanged(
            listing_id=listing.id,
            version=listing.version,
            office_id=listing.office_id,
            assignee_id=listing.assignee_id,
            by=author.snapshot.user_id,
            rights_version=made.version,
            holder_ids=tuple(sorted(differing)),
        ),
    )


async def _check_holders(tx: Transaction, holders: Sequence[Holder]) -> None:
    """Refuse users and offices that the agency does not have; of teams records knows nothing."""
    for holder in holders:
        match holder.kind:
            case HolderKind.USER:
                known = await directory.knows_person(tx, UserId(holder.id))
            case HolderKind.OFFICE:
                known = await directory.knows_office(tx, OfficeId(holder.id))
            case HolderKind.TEAM:
                known = True
        if not known:
            raise UnknownHolder(errors=[FieldError("/entries", UnknownHolder.code, f"{holder.kind} {holder.id}")])
