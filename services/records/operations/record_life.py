"""What may be done with a record besides changing its fields, each under its own permission."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from services.chassis.authz_client import PermissionMissing
from services.chassis.database import Database, Transaction
from services.chassis.problems import Conflict, FieldError, Invalid, NotFound, Stale
from services.contracts.vocabulary import UserId, View
from services.records.domain import history
from services.records.domain.attachment import Attachment, Happening, Kind
from services.records.domain.contact import Contact
from services.records.domain.record import ARCHIVED, Burial, Record, Tombstone, changed
from services.records.domain.rights import STATUS
from services.records.operations.attachments import remember
from services.records.operations.burials import REFERENCE, bury, is_needed_without
from services.records.operations.records import Act, check_place, write
from services.records.store import contacts, records, schedules
from services.records.store.schedules import Action, Due, Schedule
from services.records.store.sections import TABLES
from services.records.store.table import Table

R = TypeVar("R", bound=Record)

NOW: Final[Mapping[Action, str]] = {Action.ARCHIVE: "archive.now", Action.RESTORE: "restore.now"}
LATER: Final[Mapping[Action, str]] = {Action.ARCHIVE: "archive.schedule", Action.RESTORE: "restore.schedule"}
DATES: Final[Mapping[Action, Kind]] = {Action.ARCHIVE: Kind.ARCHIVE_SCHEDULE, Action.RESTORE: Kind.RESTORE_SCHEDULE}
DELETE: Final = "delete"
BULK_DELETE: Final = "bulk.delete"
BULK_REASSIGN: Final = "bulk.reassign"
BULK_RENUMBER: Final = "bulk.renumber"
CUSTOMER_NUMBER: Final = "customer_number.update"
COPY: Final = "copy"
FILL: Final = "identity.fill"
OBJECT: Final = "admin.objection.update"
"""The one key that is no section's own."""


class AlreadyArchived(Conflict):
    code = "already_archived"
    title = "It is in the archive."


class NotArchived(Conflict):
    code = "not_archived"
    title = "It is not in the archive."


class AlreadyFilled(Conflict):
    code = "already_filled"
    title = "What is filled may not be changed, and nothing was."


async def move(db: Database, table: Table[R], act: Act, action: Action) -> R:
    """Archive or restore a record, cancelling what was scheduled.

    Raises AlreadyArchived, NotArchived and as `_held`.
    """
    async with db.transaction(act.snapshot.tenant_id) as tx:
        before = await _held(tx, table, act, table.section.key(NOW[action]))
        return await _move(tx, table, before, action, act.snapshot.user_id, act.now)


async def schedule(db: Database, table: Table[Record], act: Act, action: Action, due_at: datetime | None) -> None:
    """Set when a record is archived or restored; None cancels it.

    What is past happens at once, which needs the permission for that as well (IMO-B15). Raises as `_held`.
    """
    at_once = due_at is not None and due_at <= act.now
    async with db.transaction(act.snapshot.tenant_id) as tx:
        record = await _held(tx, table, act, table.section.key(LATER[action]))
        if at_once:
            await _held(tx, table, act, table.section.key(NOW[action]))
        before = {one.action: one for one in await schedules.of_record(tx, record.id)}.get(action)
        after = None if due_at is None else Schedule(action, due_at, act.snapshot.user_id)
        if after is None:
            await schedules.cancel(tx, record.id, action)
        else:
            await schedules.put(tx, table.section.name, record.id, after, act.now)
        attachment = Attachment(section=table.section.name, record_id=record.id, kind=DATES[action])
        happening = Happening(attachment, record.facts(), act.snapshot.user_id, act.now)
        await remember(tx, happening, before, after)


async def carry_out(db: Database, due: Due, now: datetime) -> bool:
    """Archive or restore a record whose time has come; say whether it was still to be done.

    Taking it off the list and doing it are one transaction, so it happens once, whoever is killed when. What has
    happened already in another way is only taken off the list; what cannot be done stays on it as failed.
    """
    try:
        return await _carry_out(db, due, now)
    except (Invalid, Conflict) as problem:
        await give_up(db, due, problem.code, now)
        return False


async def give_up(db: Database, due: Due, code: str, now: datetime) -> None:
    """Write down why a record could not be moved; it waits to be retried or set anew."""
    async with db.single_write(due.tenant_id) as tx:
        await schedules.fail(tx, due, code, now)


async def _carry_out(db: Database, due: Due, now: datetime) -> bool:
    table = TABLES[due.section]
    async with db.transaction(due.tenant_id) as tx:
        held = await records.lock(tx, table, due.record_id)
        record = await records.find(tx, table, None, due.record_id) if held else None
        by = await schedules.take(tx, due, now)
        if record is None or by is None or _is_archived(record) is (due.action is Action.ARCHIVE):
            return False
        await _move(tx, table, record, due.action, by, now)
    return True


async def retry(db: Database, table: Table[Record], act: Act, action: Action) -> None:
    """Have a schedule that failed tried again at once. Raises NotFound where none has, and as `_held`."""
    async with db.transaction(act.snapshot.tenant_id) as tx:
        await _held(tx, table, act, table.section.key(LATER[action]))
        if not await schedules.retry(tx, act.record_id, action, act.now):
            raise NotFound


async def delete(db: Database, table: Table[Record], act: Act, action: str = DELETE) -> None:
    """Delete a record for good. Raises as `_held`."""
    async with db.transaction(act.snapshot.tenant_id) as tx:
        record = await _held(tx, table, act, table.section.key(action))
        await bury(tx, table, record, Tombstone(Burial.DELETED, None, act.snapshot.user_id, act.now))


async def file_objection(db: Database, table: Table[Record], act: Act, ground: str) -> None:
    """Delete a record for good because somebody objects to the processing of his data. Raises as `_held`.

    The contact that it names goes too where nothing else needs it, if the objection could be filed there as well.
    """
    tombstone = Tombstone(Burial.OBJECTION, ground, act.snapshot.user_id, act.now)
    async with db.transaction(act.snapshot.tenant_id) as tx:
        contact = await _named_contact(tx, table, act)
        record = await _held(tx, table, act, OBJECT)
        named = getattr(record, REFERENCE, None)
        if named not in {None, contact and contact.id}:
            raise Stale
        going = contact if named and contact and await _goes_along(tx, act, contact) else None
        await bury(tx, table, record, tombstone)
        if going:
            await bury(tx, contacts.TABLE, going, tombstone)


async def _named_contact(tx: Transaction, table: Table[Record], act: Act) -> Contact | None:
    """Return the contact that a record names, locked before the record is, as whoever deletes the contact does it."""
    named: UUID | None = getattr(await records.find(tx, table, None, act.record_id), REFERENCE, None)
    if named is None or not await records.lock(tx, contacts.TABLE, named):
        return None
    return await records.find(tx, contacts.TABLE, act.snapshot, named)


async def _goes_along(tx: Transaction, act: Act, contact: Contact) -> bool:
    may = act.snapshot.decide(OBJECT, contact.facts()) is View.FULL
    return may and not await is_needed_without(tx, contact, act.record_id)


async def bump(db: Database, table: Table[R], act: Act) -> R:
    """Bring a record to the top of the lists as if it were new. Raises as `_held`."""
    return await _changed(db, table, act, COPY, history.BUMPED, lambda _: {})


async def fill(db: Database, table: Table[R], act: Act, given: Mapping[str, object]) -> R:
    """Fill identity fields that are empty: all of them, or none when one is not. Raises AlreadyFilled and as `_held`.

    The same value again is refused too: who may not read a field must not learn by trying values.
    """

    def changes(before: Record) -> Mapping[str, object]:
        filled = [name for name in given if getattr(before, name) is not None]
        if filled:
            raise AlreadyFilled(
                errors=[
                    FieldError(before.section.pointer(name), AlreadyFilled.code, "This is filled.") for name in filled
                ]
            )
        return given

    return await _changed(db, table, act, FILL, history.FILLED, changes)


async def reassign(db: Database, table: Table[R], act: Act, assignee_id: UserId) -> R:
    """Hand a record to somebody. Raises UnknownAssignee and as `_held`."""
    return await _changed(db, table, act, BULK_REASSIGN, history.REASSIGNED, lambda _: {"assignee_id": assignee_id})


async def renumber(db: Database, table: Table[R], act: Act, number: str, action: str = BULK_RENUMBER) -> R:
    """Give a record another number. Raises NumberTaken and as `_held`."""
    return await _changed(db, table, act, action, history.RENUMBERED, lambda _: {"number": number})


async def _changed(
    db: Database,
    table: Table[R],
    act: Act,
    action: str,
    told: str,
    changes: Callable[[R], Mapping[str, object]],
) -> R:
    async with db.transaction(act.snapshot.tenant_id) as tx:
        before = await _held(tx, table, act, table.section.key(action))
        after = changed(before, changes(before), act.now)
        await check_place(tx, before, after, act.snapshot)
        await write(tx, table, before, after, told, act.snapshot.user_id)
    return after


async def _held(tx: Transaction, table: Table[R], act: Act, key: str) -> R:
    """Return the record, locked, on which the key may be used. Raises NotFound, PermissionMissing, Stale."""
    record = await records.get(tx, table, act.snapshot, act.record_id)
    if act.snapshot.decide(table.section.key("read"), record.facts()) is None:
        raise NotFound
    if act.snapshot.decide(key, record.facts()) is not View.FULL:
        raise PermissionMissing(f"This needs the permission {key}.")
    if act.version not in {None, record.version}:
        raise Stale
    return record


def _is_archived(record: Record) -> bool:
    return bool(getattr(record, STATUS) == ARCHIVED)


async def _move(tx: Transaction, table: Table[R], before: R, action: Action, by: UserId, now: datetime) -> R:
    archived = _is_archived(before)
    if archived is (action is Action.ARCHIVE):
        raise AlreadyArchived if archived else NotArchived
    section = table.section
    into, told = (section.restored, history.RESTORED) if archived else (section.archived, history.ARCHIVED)
    after = changed(before, {STATUS: into}, now)
    await schedules.cancel(tx, before.id, action)
    await write(tx, table, before, after, told, by)
    return after
