"""Making, changing and cancelling appointments, each told to who takes part."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from services.chassis import outbox
from services.chassis.authz_client import PermissionMissing
from services.chassis.database import Database, Transaction
from services.chassis.idempotency import IdempotencyKey, earlier
from services.chassis.problems import FieldError, Invalid, NotFound, Stale
from services.contracts.access import AccessSnapshot
from services.contracts.records_events import (
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentEvent,
    AppointmentScheduled,
    Guest,
)
from services.contracts.vocabulary import InquiryId, ListingId, OfficeId, UserId
from services.records.domain import appointment as domain
from services.records.domain.appointment import (
    Appointment,
    UnknownInquiry,
    UnknownListing,
    UnknownPerson,
    permits,
    reaches,
    sight,
)
from services.records.domain.history import CHANGED, CREATED, REASSIGNED
from services.records.domain.record import Record, UnknownContact, UnknownOffice
from services.records.store import (
    appointment_people,
    appointments,
    contacts,
    directory,
    history,
    inquiries,
    listings,
    record_facts,
    records,
)
from services.records.store.table import Table

CANCELLED: Final = "cancelled"
NO_LANGUAGE: Final = "en"
"""In which to write to a contact of whom no language is known."""
AnyAppointmentEvent = TypeVar("AnyAppointmentEvent", bound=AppointmentEvent)


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something with which version of which appointment, and when."""

    snapshot: AccessSnapshot
    appointment_id: UUID
    version: int
    now: datetime


async def schedule(
    db: Database, snapshot: AccessSnapshot, appointment: Appointment, key: IdempotencyKey | None
) -> Appointment:
    """Make an appointment and return it; without an office it lies in its owner's principal one.

    The same key returns what it made before, as it is now. Others are put into it by who may add to their calendars.
    Raises PermissionMissing, UnknownPerson, UnknownOffice, UnknownListing, KeyReused, NotFound.
    """
    async with db.transaction(snapshot.tenant_id) as tx:
        made = await earlier(tx, key, appointment.id, appointment.created_at)
        if made is not None:
            return await _get(tx, made)
        await _hold(tx, appointment.listing_id, appointment.inquiry_id, appointment.contacts)
        offices = await _engage(tx, snapshot, appointment, appointment.people)
        placed = replace(appointment, office_id=appointment.office_id or offices[appointment.owner_id])
        await _check_references(tx, snapshot, None, placed)
        await appointments.insert(tx, placed)
        await _remember(tx, None, placed, CREATED, snapshot.user_id)
        await outbox.add(tx, await _told(tx, AppointmentScheduled, placed))
    return placed


async def change(db: Database, act: Act, changes: Mapping[str, Any]) -> Appointment:
    """Change fields of an appointment and return it; another owner takes it into his own calendar.

    Raises as `schedule`, and Stale, Cancelled.
    """
    async with db.transaction(act.snapshot.tenant_id) as tx:
        named: Collection[UUID] = changes.get("contacts", ())
        await _hold(tx, changes.get("listing_id"), changes.get("inquiry_id"), named)
        before = await _held(tx, act, domain.UPDATE)
        after = domain.changed(before, changes, act.now)
        reassigned = after.owner_id != before.owner_id
        joining = after.people - before.people
        if reassigned:
            joining |= {after.owner_id}
        offices = await _engage(tx, act.snapshot, after, joining)
        if reassigned and "office_id" not in changes:
            after = replace(after, office_id=offices[after.owner_id])
        await _check_references(tx, act.snapshot, before, after)
        await appointments.save(tx, after)
        await _remember(tx, before, after, REASSIGNED if reassigned else CHANGED, act.snapshot.user_id)
        await outbox.add(tx, await _told(tx, AppointmentChanged, after))
    return after


async def cancel(db: Database, act: Act) -> None:
    """Cancel an appointment; it stays readable, in no list. Raises PermissionMissing, NotFound, Stale, Cancelled."""
    async with db.transaction(act.snapshot.tenant_id) as tx:
        before = await _held(tx, act, domain.DELETE)
        after = domain.changed(before, {"cancelled_at": act.now}, act.now)
        await appointments.save(tx, after)
        await _remember(tx, before, after, CANCELLED, act.snapshot.user_id)
        await outbox.add(tx, await _told(tx, AppointmentCancelled, after))


async def let_go(
    tx: Transaction, record_id: UUID, by: UserId, now: datetime, but: Collection[UUID] = ()
) -> Sequence[UUID]:
    """Take a record, which is deleted, out of every appointment, and with it what may name a client; return which.

    Each is changed with a version, history and an event of its own; who is no guest any more is told nothing, and is
    not in what is still to be told either.
    """
    found = [each for each in await appointments.about(tx, record_id) if each not in but]
    for appointment_id in found:
        before = await _get(tx, appointment_id)
        if record_id not in {before.listing_id, before.inquiry_id, *before.contacts}:
            continue  # changed while this waited for it
        after = domain.without(before, record_id, now)
        await appointments.save(tx, after)
        await _remember(tx, before, after, CHANGED, by)
        await appointment_people.leave_untold(tx, after)
        if after.cancelled_at is None:
            told = await _told(tx, AppointmentChanged, after)
            await outbox.add(tx, told.model_copy(update={"guests_forgotten": True}))
    return found


async def _hold(
    tx: Transaction, listing_id: ListingId | None, inquiry_id: InquiryId | None, named: Collection[UUID]
) -> None:
    """Keep what an appointment will refer to from being deleted meanwhile, in the order in which deletion locks."""
    await records.hold(tx, contacts.TABLE, named)
    await records.hold(tx, listings.TABLE, [listing_id] if listing_id else [])
    await records.hold(tx, inquiries.TABLE, [inquiry_id] if inquiry_id else [])


async def _get(tx: Transaction, appointment_id: UUID) -> Appointment:
    found = await appointments.find(tx, appointment_id, locked=True)
    if found is None:
        raise NotFound
    return found


async def _held(tx: Transaction, act: Act, key: str) -> Appointment:
    """Return the appointment, locked, on which the key may be used. Raises NotFound, PermissionMissing, Stale."""
    found = await _get(tx, act.appointment_id)
    if sight(found, act.snapshot) is None:
        raise NotFound
    if not permits(found, act.snapshot, key):
        raise PermissionMissing(f"This needs the permission {key}.")
    if found.version != act.version:
        raise Stale
    return found


async def _engage(
    tx: Transaction, snapshot: AccessSnapshot, appointment: Appointment, joining: Iterable[UserId]
) -> Mapping[UserId, OfficeId | None]:
    """Return the offices of those who join. Raises UnknownPerson, PermissionMissing naming them.

    The caller is known: the token says so.
    """
    wanted = sorted(joining)
    known: Mapping[UserId, OfficeId | None] = {
        snapshot.user_id: None,
        **await directory.offices_of(tx, {*wanted, appointment.owner_id}),
    }
    unknown = [person for person in wanted if person not in known]
    if unknown:
        raise UnknownPerson(errors=_about(appointment, unknown, UnknownPerson.code, UnknownPerson.title))
    refused = [person for person in wanted if not reaches(snapshot, domain.CREATE, known[person], person)]
    if refused:
        detail = f"This needs the permission {domain.CREATE}."
        raise PermissionMissing(detail, _about(appointment, refused, PermissionMissing.code, detail))
    return known


def _about(appointment: Appointment, people: Iterable[UserId], code: str, detail: str) -> list[FieldError]:
    pointers = {"/owner_id" if person == appointment.owner_id else "/attendees" for person in people}
    return [FieldError(pointer, code, detail) for pointer in sorted(pointers)]


async def _check_references(
    tx: Transaction, snapshot: AccessSnapshot, before: Appointment | None, after: Appointment
) -> None:
    """Refuse an office that is none, and records that the caller may not open; what stays was checked."""
    moved = before is None or before.office_id != after.office_id
    if moved and after.office_id is not None and not await directory.knows_office(tx, after.office_id):
        raise UnknownOffice(errors=[FieldError("/office_id", UnknownOffice.code, UnknownOffice.title)])
    named: tuple[tuple[str, Table[Record], type[Invalid], set[UUID | None]], ...] = (
        ("/listing_id", listings.TABLE, UnknownListing, _new({after.listing_id}, before and {before.listing_id})),
        ("/inquiry_id", inquiries.TABLE, UnknownInquiry, _new({after.inquiry_id}, before and {before.inquiry_id})),
        ("/contacts", contacts.TABLE, UnknownContact, _new(after.contacts, before and before.contacts)),
    )
    for pointer, table, unknown, ids in named:
        asked = {each for each in ids if each is not None}
        found = await record_facts.find(tx, table, [snapshot], asked)
        if any(each not in found or snapshot.decide(table.section.key("read"), found[each]) is None for each in asked):
            raise unknown(errors=[FieldError(pointer, unknown.code, unknown.title)])


def _new(after: Collection[UUID | None], before: Collection[UUID | None] | None) -> set[UUID | None]:
    return {*after} - {*(before or ())}


async def _remember(tx: Transaction, before: Appointment | None, after: Appointment, action: str, by: UserId) -> None:
    await history.add(tx, domain.SECTION, after.id, domain.entry(before, after, action, by))


async def _told(tx: Transaction, kind: type[AnyAppointmentEvent], appointment: Appointment) -> AnyAppointmentEvent:
    """Return the event of a kind. Place and note may name a client, and stay here; guests have to be written to."""
    addressed = await appointment_people.addressed(tx, appointment.id) if appointment.contacts else ()
    return kind(
        appointment_id=appointment.id,
        version=appointment.version,
        owner_id=appointment.owner_id,
        attendees=tuple(sorted(appointment.attendees)),
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        timezone=appointment.timezone,
        summary=appointment.title,
        is_private=appointment.is_private,
        guests=(
            *(
                Guest(contact_id=contact, email=email, display_name=name, locale=language or NO_LANGUAGE)
                for contact, name, email, language in addressed
            ),
            *(
                Guest(contact_id=None, email=guest.email, display_name=guest.display_name, locale=guest.locale)
                for guest in sorted(appointment.guests)
            ),
        ),
    )
