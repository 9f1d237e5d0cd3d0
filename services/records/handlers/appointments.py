"""Appointments over HTTP: one's own without any permission, others' by the calendar's (IMO-B11)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.chassis import ids
from services.chassis.authz_client import PermissionMissing
from services.chassis.cursor import START, Cursor
from services.chassis.database import Transaction
from services.chassis.pages import PageQuery
from services.chassis.problems import FieldError, Invalid, NotFound
from services.chassis.web import Call, Route
from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId, View
from services.records.deps import Deps
from services.records.domain import appointment as domain
from services.records.domain.appointment import Appointment, sight
from services.records.domain.busy import merged
from services.records.domain.history import Entry
from services.records.handlers.appointment_models import (
    AppointmentChange,
    AppointmentShown,
    AppointmentsPage,
    AppointmentsQuery,
    BusyAsked,
    BusyShown,
    BusySpan,
    NewAppointment,
    PeriodAsked,
    fields_of,
)
from services.records.handlers.record_life import FieldChange, HistoryEntry, HistoryPage
from services.records.operations import appointments as operations
from services.records.operations.appointments import Act
from services.records.store import appointments, history, listings, record_facts
from services.records.store.appointments import Period

LONGEST_PERIOD: Final = timedelta(days=366)
IDENTITY: Final = "listings.identity.read"


async def create_appointment(deps: Deps, call: Call, asked: NewAppointment) -> AppointmentShown | None:
    """Make an appointment. In somebody else's calendar, or with others, it needs calendar.create over theirs.

    Times are what the clocks show in the zone: one that they never show is refused.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    fields: dict[str, Any] = {
        "owner_id": call.caller.user_id,
        **asked.model_dump(
            include={"office_id", "listing_id", "inquiry_id", "is_private", "place", "note", "contacts"}
        ),
        "guests": frozenset(),
        **fields_of(asked),
        "id": ids.uuid7(),
        "created_by": call.caller.user_id,
        "created_at": call.now,
        "updated_at": call.now,
    }
    fields["attendees"] = asked.attendees - {fields["owner_id"]}
    made = await operations.schedule(deps.db, snapshot, Appointment(**fields), call.idempotency_key)
    call.reply_headers["Location"] = f"/v1/appointments/{made.id}"
    return await _opened(deps, snapshot, made)


async def list_appointments(deps: Deps, call: Call, asked: AppointmentsQuery) -> AppointmentsPage:
    """List the appointments that touch a period of up to a year, earliest first; cancelled ones are in no list.

    Others' private ones, and those of which only the public view is shown, are a time and an owner who is busy.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    start, end = _period(asked)
    after = None if asked.cursor == START else (asked.cursor.at, asked.cursor.id)
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await appointments.visible_page(
            tx, snapshot, Period(start, end, asked.user_id), after=after, limit=asked.limit + 1
        )
        page, following = asked.cut(found, lambda one: Cursor(one.starts_at, one.id))
        placed = await _placed(tx, snapshot, page)
    return AppointmentsPage(
        items=[shown for one in page if (shown := _shown(one, snapshot, placed)) is not None],
        next=following,
    )


async def ask_busy(deps: Deps, call: Call, asked: BusyAsked) -> BusyShown:
    """Say when people are busy within a period, whatever with; of those whose calendars the caller may read.

    Times that touch are one. Nobody is missing from the answer for having nothing to do: who is not in it is free,
    or not the caller's to ask about.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    start, end = _period(asked)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await appointments.taken(tx, snapshot, asked.user_ids, Period(start, end))
    spans = merged((span.user_id, max(span.starts_at, start), min(span.ends_at, end)) for span in found)
    return BusyShown(items=[BusySpan(user_id=UserId(who), starts_at=at, ends_at=to) for who, at, to in spans])


async def get_appointment(deps: Deps, call: Call) -> AppointmentShown:
    """Open an appointment, or the time that it takes."""
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    async with deps.db.single_read(call.caller.tenant_id) as tx:
        found = await _visible(tx, snapshot, call.id_in_path("appointment_id"))
    shown = await _opened(deps, snapshot, found)
    if shown is None:
        raise NotFound
    return shown


async def change_appointment(deps: Deps, call: Call, asked: AppointmentChange) -> AppointmentShown | None:
    """Change the fields that are named; null empties one. Another's needs calendar.update, who joins calendar.create.

    Answers 204 when the caller sees nothing of it any more.
    """
    changes, act = fields_of(asked), await _act(deps, call)
    if not changes:
        raise Invalid("Name at least one field to change.")
    return await _opened(deps, act.snapshot, await operations.change(deps.db, act, changes))


async def cancel_appointment(deps: Deps, call: Call) -> None:
    """Cancel an appointment. Another's needs calendar.delete."""
    await operations.cancel(deps.db, await _act(deps, call))


async def list_appointment_history(deps: Deps, call: Call, asked: PageQuery) -> HistoryPage:
    """List what happened to an appointment, newest first. Who does not take part needs calendar.changes.read.

    Of place, note and guests it is told that they changed, not what they were.
    """
    snapshot = await deps.access.of(call.caller, call.now, call.access_version)
    below = 2**62 if asked.cursor == START else min(asked.cursor.id.int, 2**62)
    # One transaction sees one instant: what came after the caller was let in is not in it.
    async with deps.db.transaction(call.caller.tenant_id, readonly=True) as tx:
        found = await _visible(tx, snapshot, call.id_in_path("appointment_id"))
        if sight(found, snapshot) is not View.FULL or not domain.reads_changes(found, snapshot):
            raise PermissionMissing(f"This needs the permission {domain.CHANGES}.")
        entries = await history.page(tx, found.id, below=below, limit=asked.limit + 1)
    page, following = asked.cut(entries, lambda one: Cursor(one.at, UUID(int=one.version)))
    return HistoryPage(items=[_entry(one) for one in page], next=following)


def _entry(found: Entry) -> HistoryEntry:
    before: Mapping[str, Any] = found.before
    after: Mapping[str, Any] = found.after
    changes = [FieldChange(field=name, before=before.get(name), after=after[name]) for name in after]
    return HistoryEntry(version=found.version, action=found.action, by=found.by, at=found.at, changes=changes)


def _period(asked: PeriodAsked) -> tuple[datetime, datetime]:
    """Return the period that is asked for. Raises Invalid for one that is empty or too long."""
    if not timedelta() < asked.until - asked.since <= LONGEST_PERIOD:
        raise Invalid(errors=[FieldError("/until", "period", "A period ends after it begins, within 366 days.")])
    return asked.since, asked.until


async def _act(deps: Deps, call: Call) -> Act:
    appointment_id, version = call.id_in_path("appointment_id"), call.version
    return Act(await deps.access.of(call.caller, call.now, call.access_version), appointment_id, version, call.now)


async def _visible(tx: Transaction, snapshot: AccessSnapshot, appointment_id: UUID) -> Appointment:
    """Return an appointment of which the caller sees something. Raises NotFound."""
    found = await appointments.find(tx, appointment_id)
    if found is None or sight(found, snapshot) is None:
        raise NotFound
    return found


async def _opened(deps: Deps, snapshot: AccessSnapshot, found: Appointment) -> AppointmentShown | None:
    async with deps.db.single_read(snapshot.tenant_id) as tx:
        return _shown(found, snapshot, await _placed(tx, snapshot, [found]))


def _shown(found: Appointment, snapshot: AccessSnapshot, placed: Collection[UUID]) -> AppointmentShown | None:
    view = sight(found, snapshot)
    return None if view is None else AppointmentShown.of(found, view, tells_place=found.id in placed)


async def _placed(tx: Transaction, snapshot: AccessSnapshot, found: Sequence[Appointment]) -> Collection[UUID]:
    """Return the appointments whose place the caller may know: it may be the address of the listing they are about."""
    asked = {one.id: one.listing_id for one in found if one.listing_id and snapshot.user_id not in one.people}
    known = await record_facts.find(tx, listings.TABLE, [snapshot], set(asked.values()))
    told = {each for each, facts in known.items() if snapshot.decide(IDENTITY, facts) is View.FULL}
    return {one.id for one in found if one.id not in asked or asked[one.id] in told}


_APPOINTMENT = "/v1/appointments/{appointment_id}"

ROUTES = (
    Route(
        "POST",
        "/v1/appointments",
        create_appointment,
        takes=NewAppointment,
        gives=AppointmentShown,
        status=201,
        once=True,
    ),
    Route("GET", "/v1/appointments", list_appointments, takes=AppointmentsQuery, gives=AppointmentsPage),
    Route("POST", "/v1/appointments/busy", ask_busy, takes=BusyAsked, gives=BusyShown),
    Route("GET", _APPOINTMENT, get_appointment, gives=AppointmentShown),
    Route("PATCH", _APPOINTMENT, change_appointment, takes=AppointmentChange, gives=AppointmentShown, edits=True),
    Route("DELETE", _APPOINTMENT, cancel_appointment, edits=True),
    Route("GET", f"{_APPOINTMENT}/history", list_appointment_history, takes=PageQuery, gives=HistoryPage),
)
