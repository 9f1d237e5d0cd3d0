"""Deleting records for good: what referred to one is changed before that, each with a history of its own.

Who objects is forgotten there too: whatever may hold something of the person is emptied, its past included.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeVar
from uuid import UUID

from services.chassis.database import Transaction
from services.records.domain.contact import Contact
from services.records.domain.history import CHANGED
from services.records.domain.inquiry import PERSONAL
from services.records.domain.record import Burial, Record, Tombstone, changed
from services.records.operations import appointments
from services.records.operations.record_events import events_of, tell
from services.records.operations.records import write_anyway
from services.records.store import appointment_people, attachments, documents, history, inquiries, records, tombstones
from services.records.store.table import Table

R = TypeVar("R", bound=Record)
REFERENCE: Final = "contact_id"
"""By which an inquiry names its contact: an id, which says nothing once the contact is gone."""


async def bury(tx: Transaction, table: Table[R], record: R, tombstone: Tombstone) -> None:
    """Delete a record, which the caller has locked, with all that hangs on it, and tell of it."""
    let_go = await _let_go_of_contact(tx, record, tombstone)
    changed_ones = await appointments.let_go(tx, record.id, tombstone.by, tombstone.at)
    if tombstone.cause is Burial.OBJECTION:
        for inquiry_id in let_go:
            await appointments.let_go(tx, inquiry_id, tombstone.by, tombstone.at, but=changed_ones)
    await tombstones.bury(tx, table, record, tombstone)
    events = events_of(record)
    event = events.objection_filed if tombstone.cause is Burial.OBJECTION else events.deleted
    await tell(tx, event, replace(record, version=record.version + 1), tombstone.by)


async def is_needed_without(tx: Transaction, contact: Contact, record_id: UUID) -> bool:
    """Say whether a contact is needed without a record that names it, for what it says itself or by other records."""
    named = set(await inquiries.of_contact(tx, contact.id)) - {record_id}
    return contact.is_needed or bool(named) or await appointment_people.meets(tx, contact.id, besides=record_id)


async def _let_go_of_contact(tx: Transaction, contact: Record, tombstone: Tombstone) -> Sequence[UUID]:
    """Take a contact out of the inquiries that came from it, which outlive it; return which.

    No rule of the agency's keeps it there. What is no contact has no inquiries.
    """
    objected = tombstone.cause is Burial.OBJECTION
    emptied = dict.fromkeys(PERSONAL if objected else (REFERENCE,))
    let_go = list[UUID]()
    for inquiry_id in await inquiries.of_contact(tx, contact.id):
        before = await records.get(tx, inquiries.TABLE, None, inquiry_id)
        if before.contact_id != contact.id:
            continue  # changed while this waited for it
        after = changed(before, emptied, tombstone.at)
        await write_anyway(tx, inquiries.TABLE, before, after, CHANGED, tombstone.by)
        if objected:
            await history.forget(tx, inquiry_id, emptied.keys() - {REFERENCE})
            await documents.remove_all(tx, inquiry_id)
            await attachments.forget(tx, inquiry_id)
        let_go.append(inquiry_id)
    return let_go
