"""Taking on and changing records of any section."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from services.chassis.authz_client import PermissionMissing, require
from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import FieldError, NotFound, Stale
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import OfficeId, UserId
from services.records.domain.history import CHANGED, CREATED, entry
from services.records.domain.listing import Listing
from services.records.domain.record import (
    NoOffice,
    NumberTaken,
    Record,
    Tier,
    UnknownAssignee,
    UnknownContact,
    UnknownOffice,
    changed,
)
from services.records.domain.rights import refused, refused_at_creation
from services.records.domain.wanted import ON_OFFER
from services.records.domain.words import words_of
from services.records.operations.record_events import events_of, tell
from services.records.operations.required_fields import hold_to_rules
from services.records.store import contacts, directory, history, matches, record_numbers, record_words, records
from services.records.store.table import Table

R = TypeVar("R", bound=Record)
_PEOPLE = ("assignee_id", "key_holder_id")


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something with which record, and when; `version` None takes the record as it is."""

    snapshot: AccessSnapshot
    record_id: UUID
    now: datetime
    version: int | None = None


async def create(
    db: Database, table: Table[R], snapshot: AccessSnapshot, fields: Mapping[str, Any], key: IdempotencyKey | None
) -> R:
    """Take on a record of these fields and return it; an empty number becomes the section's next one.

    Without an office it lies in its creator's principal one. The same key returns the record that it made before, as
    it is now. Raises PermissionMissing naming the fields, NoOffice, Invalid, UnknownOffice, UnknownAssignee,
    NumberTaken, KeyReused.
    """
    require(snapshot, table.section.key("create"))
    async with db.transaction(snapshot.tenant_id) as tx:
        home, is_known = await directory.place_of(tx, snapshot.user_id, fields.get("office_id"))
        office_id: OfficeId | None = fields.get("office_id", home)
        if office_id is None:
            raise NoOffice(errors=[FieldError("/office_id", NoOffice.code, NoOffice.title)])
        placed: dict[str, Any] = {**fields, "office_id": office_id}
        record = table.kind(**placed)
        _refuse(refused_at_creation(record, snapshot, home), record)
        record.check()
        made = await earlier(tx, key, record.id, record.created_at)
        if made is not None:
            return await records.get(tx, table, snapshot, made)
        await _hold_contact(tx, getattr(record, "contact_id", None))
        if not is_known:
            raise UnknownOffice(errors=[FieldError("/office_id", UnknownOffice.code, UnknownOffice.title)])
        await check_place(tx, None, record, snapshot)
        return await take_on(tx, table, record, snapshot.user_id)


async def change(db: Database, table: Table[R], act: Act, changes: Mapping[str, Any]) -> R:
    """Change fields of a record and return it; all of them or, when one is refused, none.

    Raises NotFound, PermissionMissing naming the fields, Stale, Invalid, UnknownOffice, UnknownAssignee.
    """
    async with db.transaction(act.snapshot.tenant_id) as tx:
        await _hold_contact(tx, changes.get("contact_id"))
        before = await records.get(tx, table, act.snapshot, act.record_id)
        if act.snapshot.decide(table.section.key("read"), before.facts()) is None:
            raise NotFound
        _refuse(refused(before, changes, act.snapshot), before)
        if act.version not in {None, before.version}:
            raise Stale
        after = changed(before, changes, act.now)
        await check_place(tx, before, after, act.snapshot)
        await write(tx, table, before, after, CHANGED, act.snapshot.user_id)
    return after


async def take_on(tx: Transaction, table: Table[R], record: R, by: UserId) -> R:
    """Add a record under its number or the section's next one, with its history and event.

    Raises NumberTaken, RequiredFieldMissing.
    """
    await hold_to_rules(tx, table, None, record)
    record = await _numbered(tx, table, record)
    await record_words.save(tx, table.section.name, record.id, words_of(record))
    await _have_matched(tx, record)
    await history.add(tx, table.section.name, record.id, entry(None, record, CREATED, by, record.created_at))
    await tell(tx, events_of(record).created, record, by)
    return record


async def write(tx: Transaction, table: Table[R], before: R, after: R, action: str, by: UserId) -> None:
    """Write a changed record with its history and event. Raises NumberTaken, RequiredFieldMissing."""
    await hold_to_rules(tx, table, before, after)
    await write_anyway(tx, table, before, after, action, by)


async def write_anyway(tx: Transaction, table: Table[R], before: R, after: R, action: str, by: UserId) -> None:
    """Write a changed record as `write` does, whatever the agency requires. Raises NumberTaken."""
    made = entry(before, after, action, by, after.updated_at)
    await records.save(tx, table, after, made.after)
    if not made.after.keys().isdisjoint(table.section.searched):
        await record_words.save(tx, table.section.name, after.id, words_of(after))
    await history.add(tx, table.section.name, after.id, made)
    await _have_matched(tx, after)
    tiers = table.section.tier_of
    told = [name for name in made.after if tiers[name] in {Tier.PUBLIC, Tier.BASIC}]
    await tell(tx, events_of(after).changed, after, by, fields=tuple(sorted(told)))


async def _have_matched(tx: Transaction, record: Record) -> None:
    """Have a listing on offer compared with what is searched for, once it is committed."""
    if isinstance(record, Listing) and record.standard_status in ON_OFFER:
        await matches.request(tx, record.id, record.updated_at)


def _refuse(refusals: Sequence[tuple[str, str]], record: Record) -> None:
    if refusals:
        keys = sorted({key for _, key in refusals})
        raise PermissionMissing(
            f"This needs the permission {', '.join(keys)}.",
            [
                FieldError(record.section.pointer(name), PermissionMissing.code, f"This needs the permission {key}.")
                for name, key in refusals
            ],
        )


async def check_place(tx: Transaction, before: Record | None, after: Record, snapshot: AccessSnapshot) -> None:
    """Refuse an office, a person or a contact that is new to a record and not the agency's.

    The office of a new record is known before. An office is unknown until identity's event about it has arrived. The
    caller is known: the token says so.
    Raises UnknownOffice, UnknownAssignee, UnknownContact.
    """
    pointer = after.section.pointer
    moved = before is not None and after.office_id != before.office_id
    if moved and not await directory.knows_office(tx, after.office_id):
        raise UnknownOffice(errors=[FieldError(pointer("office_id"), UnknownOffice.code, UnknownOffice.title)])
    for name in _PEOPLE:
        person: UserId | None = getattr(after, name, None)
        if person in {None, snapshot.user_id, getattr(before, name, None)}:
            continue
        if person is not None and not await directory.may_be_assigned(tx, person):
            raise UnknownAssignee(errors=[FieldError(pointer(name), UnknownAssignee.code, UnknownAssignee.title)])
    await _check_contact(tx, before, after, snapshot)


async def _hold_contact(tx: Transaction, contact_id: UUID | None) -> None:
    """Keep the contact that a record will refer to from being deleted meanwhile."""
    await records.hold(tx, contacts.TABLE, [contact_id] if contact_id else [])


async def _check_contact(tx: Transaction, before: Record | None, after: Record, snapshot: AccessSnapshot) -> None:
    contact_id: UUID | None = getattr(after, "contact_id", None)
    if contact_id in {None, getattr(before, "contact_id", None)} or contact_id is None:
        return
    contact = await records.find(tx, contacts.TABLE, snapshot, contact_id)
    if contact is None or snapshot.decide("contacts.read", contact.facts()) is None:
        pointer = after.section.pointer("contact_id")
        raise UnknownContact(errors=[FieldError(pointer, UnknownContact.code, UnknownContact.title)])


async def _numbered(tx: Transaction, table: Table[R], record: R) -> R:
    """Add the record under its number or the next free one, and return it so. Raises NumberTaken for its own."""
    if record.number:
        if not await records.insert(tx, table, record):
            raise NumberTaken(errors=[FieldError("/number", NumberTaken.code, NumberTaken.title)])
        return record
    while True:
        numbered = replace(record, number=await record_numbers.take_next(tx, table.section.name))
        if await records.insert(tx, table, numbered):
            return numbered
