"""What may be done with a listing besides changing its fields, each under its own permission."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.chassis import outbox
from services.chassis.authz_client import PermissionMissing
from services.chassis.database import Database, Transaction
from services.chassis.problems import Conflict, FieldError, NotFound, Stale
from services.contracts.access import AccessSnapshot
from services.contracts.records_events import ListingDeleted, ObjectionFiled
from services.contracts.vocabulary import ListingId, UserId, View
from services.records.domain import history
from services.records.domain.kinds import StandardStatus
from services.records.domain.listing import READ, Burial, Listing, Tombstone, changed, pointer
from services.records.operations.listings import check_place, record
from services.records.store import listing_numbers, listings, schedules, tombstones
from services.records.store.schedules import Action, Due, Schedule

NOW: Final[Mapping[Action, str]] = {
    Action.ARCHIVE: "listings.archive.now",
    Action.RESTORE: "listings.restore.now",
}
LATER: Final[Mapping[Action, str]] = {
    Action.ARCHIVE: "listings.archive.schedule",
    Action.RESTORE: "listings.restore.schedule",
}
DELETE: Final = "listings.delete"
BULK_DELETE: Final = "listings.bulk.delete"
BULK_REASSIGN: Final = "listings.bulk.reassign"
BULK_RENUMBER: Final = "listings.bulk.renumber"
COPY: Final = "listings.copy"
FILL: Final = "listings.identity.fill"
OBJECT: Final = "admin.objection.update"


class AlreadyArchived(Conflict):
    code = "already_archived"
    title = "The listing is in the archive."


class NotArchived(Conflict):
    code = "not_archived"
    title = "The listing is not in the archive."


class AlreadyFilled(Conflict):
    code = "already_filled"
    title = "What is filled may not be changed, and nothing was."


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something with which listing, and when; `version` None takes the listing as it is."""

    snapshot: AccessSnapshot
    listing_id: ListingId
    now: datetime
    version: int | None = None


async def move(db: Database, act: Act, action: Action) -> Listing:
    """Archive or restore a listing, cancelling what was scheduled.

    Raises AlreadyArchived, NotArchived and as `_held`.
    """
    async with db.transaction(act.snapshot.tenant_id) as tx:
        before = await _held(tx, act, NOW[action])
        return await _move(tx, before, action, act.snapshot.user_id, act.now)


async def schedule(db: Database, act: Act, action: Action, due_at: datetime | None) -> None:
    """Set when a listing is archived or restored; None cancels it. Raises as `_held`."""
    async with db.transaction(act.snapshot.tenant_id) as tx:
        await _held(tx, act, LATER[action])
        if due_at is None:
            await schedules.cancel(tx, act.listing_id, action)
        else:
            await schedules.put(tx, act.listing_id, Schedule(action, due_at, act.snapshot.user_id), act.now)


async def carry_out(db: Database, due: Due, now: datetime) -> bool:
    """Archive or restore a listing whose time has come; say whether it was still to be done.

    Taking it off the list and doing it are one transaction, so it happens once, whoever is killed when. What has
    happened already in another way is only taken off the list.
    """
    async with db.transaction(due.tenant_id) as tx:
        listing = await listings.find(tx, None, due.listing_id) if await listings.lock(tx, due.listing_id) else None
        by = await schedules.take(tx, due, now)
        if listing is None or by is None:
            return False
        archived = listing.standard_status is StandardStatus.ARCHIVED
        if archived is (due.action is Action.ARCHIVE):
            return False
        await _move(tx, listing, due.action, by, now)
    return True


async def delete(db: Database, act: Act, key: str = DELETE) -> None:
    """Delete a listing for good. Raises as `_held`."""
    async with db.transaction(act.snapshot.tenant_id) as tx:
        listing = await _held(tx, act, key)
        await _bury(tx, act, listing, Tombstone(Burial.DELETED, None, act.snapshot.user_id, act.now))


async def file_objection(db: Database, act: Act, ground: str) -> None:
    """Delete a listing for good because somebody objects to the processing of his data. Raises as `_held`."""
    async with db.transaction(act.snapshot.tenant_id) as tx:
        listing = await _held(tx, act, OBJECT)
        await _bury(tx, act, listing, Tombstone(Burial.OBJECTION, ground, act.snapshot.user_id, act.now))


async def bump(db: Database, act: Act) -> Listing:
    """Bring a listing to the top of the lists as if it were new. Raises as `_held`."""
    return await _changed(db, act, COPY, history.BUMPED, lambda _: {})


async def fill(db: Database, act: Act, given: Mapping[str, object]) -> Listing:
    """Fill identity fields that are empty: all of them, or none when one is not. Raises AlreadyFilled and as `_held`.

    The same value again is refused too: who may not read a field must not learn by trying values.
    """

    def changes(before: Listing) -> Mapping[str, object]:
        filled = [name for name in given if getattr(before, name) is not None]
        if filled:
            raise AlreadyFilled(
                errors=[FieldError(pointer(name), AlreadyFilled.code, "This is filled.") for name in filled]
            )
        return given

    return await _changed(db, act, FILL, history.FILLED, changes)


async def reassign(db: Database, act: Act, assignee_id: UserId) -> Listing:
    """Hand a listing to somebody. Raises UnknownAssignee and as `_held`."""
    return await _changed(db, act, BULK_REASSIGN, history.REASSIGNED, lambda _: {"assignee_id": assignee_id})


async def renumber(db: Database, act: Act, number: str) -> Listing:
    """Give a listing another number. Raises NumberTaken and as `_held`."""
    return await _changed(db, act, BULK_RENUMBER, history.RENUMBERED, lambda _: {"number": number})


async def _changed(
    db: Database, act: Act, key: str, action: str, changes: Callable[[Listing], Mapping[str, object]]
) -> Listing:
    async with db.transaction(act.snapshot.tenant_id) as tx:
        before = await _held(tx, act, key)
        after = changed(before, changes(before), act.now)
        if after.assignee_id != before.assignee_id:
            await check_place(tx, after, act.snapshot)
        if after.number != before.number:
            await listing_numbers.save(tx, after)
        await record(tx, before, after, action, act.snapshot.user_id)
    return after


async def _held(tx: Transaction, act: Act, key: str) -> Listing:
    """Return the listing, locked, on which the key may be used. Raises NotFound, PermissionMissing, Stale."""
    listing = await listings.get(tx, act.snapshot, act.listing_id)
    if act.snapshot.decide(READ, listing.facts()) is None:
        raise NotFound
    if act.snapshot.decide(key, listing.facts()) is not View.FULL:
        raise PermissionMissing(f"This needs the permission {key}.")
    if act.version not in {None, listing.version}:
        raise Stale
    return listing


async def _move(tx: Transaction, before: Listing, action: Action, by: UserId, now: datetime) -> Listing:
    archived = before.standard_status is StandardStatus.ARCHIVED
    if archived is (action is Action.ARCHIVE):
        raise AlreadyArchived if archived else NotArchived
    into, told = (StandardStatus.DRAFT, history.RESTORED) if archived else (StandardStatus.ARCHIVED, history.ARCHIVED)
    after = changed(before, {"standard_status": into}, now)
    await schedules.cancel(tx, before.id, action)
    await record(tx, before, after, told, by)
    return after


async def _bury(tx: Transaction, act: Act, listing: Listing, tombstone: Tombstone) -> None:
    await tombstones.bury(tx, listing, tombstone)
    told = ObjectionFiled if tombstone.cause is Burial.OBJECTION else ListingDeleted
    gone = replace(listing, version=listing.version + 1)
    await outbox.add(
        tx,
        told(
            listing_id=gone.id,
            version=gone.version,
            office_id=gone.office_id,
            assignee_id=gone.assignee_id,
            by=act.snapshot.user_id,
        ),
    )
