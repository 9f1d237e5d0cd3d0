"""Deleting records for good: what referred to one is changed before that, each with a history of its own."""

from dataclasses import replace
from typing import TypeVar

from services.chassis.database import Transaction
from services.records.domain.history import CHANGED
from services.records.domain.record import Burial, Record, Tombstone, changed
from services.records.operations import appointments
from services.records.operations.record_events import events_of, tell
from services.records.operations.records import write_anyway
from services.records.store import inquiries, records, tombstones
from services.records.store.table import Table

R = TypeVar("R", bound=Record)


async def bury(tx: Transaction, table: Table[R], record: R, tombstone: Tombstone) -> None:
    """Delete a record, which the caller has locked, with all that hangs on it, and tell of it."""
    await _let_go_of_contact(tx, record, tombstone)
    await appointments.let_go(tx, record.id, tombstone.by, tombstone.at)
    await tombstones.bury(tx, table, record, tombstone)
    events = events_of(record)
    event = events.objection_filed if tombstone.cause is Burial.OBJECTION else events.deleted
    await tell(tx, event, replace(record, version=record.version + 1), tombstone.by)


async def _let_go_of_contact(tx: Transaction, contact: Record, tombstone: Tombstone) -> None:
    """Take a contact out of the inquiries that came from it, which outlive it; no rule of the agency's keeps it there.

    What is no contact has no inquiries.
    """
    for inquiry_id in await inquiries.of_contact(tx, contact.id):
        before = await records.get(tx, inquiries.TABLE, None, inquiry_id)
        if before.contact_id == contact.id:
            after = changed(before, {"contact_id": None}, tombstone.at)
            await write_anyway(tx, inquiries.TABLE, before, after, CHANGED, tombstone.by)
