"""An appointment: when it is, who takes part, and what of it others may see and do (IMO-B11, ON-55 to ON-59)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from services.chassis.problems import Conflict, FieldError, Invalid
from services.contracts.access import AccessSnapshot, RecordFacts
from services.contracts.vocabulary import ContactId, InquiryId, ListingId, OfficeId, UserId, View
from services.records.domain.history import Entry

READ: Final = "calendar.read"
CREATE: Final = "calendar.create"
UPDATE: Final = "calendar.update"
DELETE: Final = "calendar.delete"
CREATED: Final = "calendar.created.manage"
CHANGES: Final = "calendar.changes.read"
SECTION: Final = "calendar"
LONGEST: Final = timedelta(days=31)
_NOWHERE: Final = UUID(int=0)
_UNTOLD: Final = frozenset({"id", "version", "created_by", "created_at", "updated_at", "cancelled_at"})
_UNKEPT: Final = frozenset({"note", "place", "guests"})
"""What may name a client: the history says that it changed, not to what."""


class Cancelled(Conflict):
    code = "cancelled"
    title = "The appointment was cancelled."


class UnknownPerson(Invalid):
    code = "unknown_person"
    title = "There is nobody who could take part so."


class UnknownListing(Invalid):
    code = "unknown_listing"
    title = "There is no such listing."


class UnknownInquiry(Invalid):
    code = "unknown_inquiry"
    title = "There is no such inquiry."


class Kind(StrEnum):
    VIEWING = "viewing"
    ACQUISITION = "acquisition"
    SIGNING = "signing"
    CALL = "call"
    MEETING = "meeting"
    ABSENCE = "absence"
    OTHER = "other"


@dataclass(frozen=True, slots=True, order=True)
class Guest:
    """Somebody who takes part and is neither user nor contact; the locale is that of the mails that invite him."""

    email: str
    display_name: str
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """Something that people do at a time; `starts_local` and `ends_local` are what the zone's clocks show."""

    id: UUID
    kind: Kind
    title: str
    note: str | None
    place: str | None
    office_id: OfficeId | None
    """In which office's calendar it lies; None: in nobody's but those of who takes part."""
    owner_id: UserId
    created_by: UserId
    attendees: frozenset[UserId]
    """Who takes part besides the owner."""
    contacts: frozenset[ContactId]
    guests: frozenset[Guest]
    listing_id: ListingId | None
    inquiry_id: InquiryId | None
    is_private: bool
    timezone: str
    starts_local: str
    ends_local: str
    starts_at: datetime
    ends_at: datetime
    cancelled_at: datetime | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def people(self) -> frozenset[UserId]:
        """Return the users who take part, the owner included."""
        return self.attendees | {self.owner_id}


def facts(office_id: UUID | None, person: UUID) -> RecordFacts:
    """Return what the rule must know of an entry in somebody's calendar; it is his in every sense of owning."""
    return RecordFacts(office_id or _NOWHERE, person, person, is_private=False, section=SECTION)


def sight(appointment: Appointment, snapshot: AccessSnapshot) -> View | None:
    """Return what of an appointment somebody sees: all, or no more than that its owner is busy (`public`), or None.

    Who takes part needs no permission. A private appointment is all that others see of it: a time that is taken.
    """
    if snapshot.user_id in appointment.people or _made_for_others(appointment, snapshot):
        return View.FULL
    scope = snapshot.scope(READ)
    owners = scope.view_of(facts(appointment.office_id, appointment.owner_id), snapshot.user_id, snapshot.ownership)
    if not appointment.is_private and (owners is View.FULL or appointment.attendees & scope.owners):
        return View.FULL
    return View.PUBLIC if owners else None


def permits(appointment: Appointment, snapshot: AccessSnapshot, key: str) -> bool:
    """Say whether somebody may use a key on an appointment: on his own without holding it, on another's if he sees it.

    One's own to change are those that one owns, and, by a permission of its own, those one made for others.
    """
    if appointment.owner_id == snapshot.user_id or _made_for_others(appointment, snapshot):
        return True
    return sight(appointment, snapshot) is View.FULL and reaches(
        snapshot, key, appointment.office_id, appointment.owner_id
    )


def reaches(snapshot: AccessSnapshot, key: str, office_id: UUID | None, person: UUID) -> bool:
    """Say whether a key reaches the calendar of somebody in an office; one's own always."""
    if person == snapshot.user_id:
        return True
    view = snapshot.scope(key).view_of(facts(office_id, person), snapshot.user_id, snapshot.ownership)
    return view is View.FULL


def _made_for_others(appointment: Appointment, snapshot: AccessSnapshot) -> bool:
    return appointment.created_by == snapshot.user_id and reaches(
        snapshot, CREATED, appointment.office_id, appointment.owner_id
    )


def reads_changes(appointment: Appointment, snapshot: AccessSnapshot) -> bool:
    """Say whether somebody who sees an appointment in full may see what happened to it."""
    return snapshot.user_id in appointment.people or reaches(
        snapshot, CHANGES, appointment.office_id, appointment.owner_id
    )


@dataclass(frozen=True, slots=True)
class When:
    """Times as they are meant; a fold says which is meant of an hour that comes twice (PEP 495)."""

    zone: ZoneInfo
    starts_local: datetime
    ends_local: datetime
    starts_fold: int = 0
    ends_fold: int = 0

    def fields(self) -> Mapping[str, object]:
        """Return the fields of an appointment at these times. Raises Invalid for times that there are not."""
        starts_at = _instant(self.zone, self.starts_local, self.starts_fold, "starts_local")
        ends_at = _instant(self.zone, self.ends_local, self.ends_fold, "ends_local")
        if not timedelta() < ends_at - starts_at <= LONGEST:
            raise Invalid(
                errors=[FieldError("/when/ends_local", "duration", "It must end after it starts, within 31 days.")]
            )
        return {
            "timezone": self.zone.key,
            "starts_local": self.starts_local.isoformat(timespec="minutes"),
            "ends_local": self.ends_local.isoformat(timespec="minutes"),
            "starts_at": starts_at,
            "ends_at": ends_at,
        }


def _instant(zone: ZoneInfo, local: datetime, fold: int, name: str) -> datetime:
    try:
        instant = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        there = instant.astimezone(zone).replace(tzinfo=None, fold=0) == local
    except OverflowError:
        instant, there = datetime.min.replace(tzinfo=UTC), False
    if not there:
        raise Invalid(errors=[FieldError(f"/when/{name}", "no_such_time", "The clocks there never show this time.")])
    return instant


def changed(appointment: Appointment, changes: Mapping[str, object], now: datetime) -> Appointment:
    """Return the appointment with these fields changed, one version on. Raises Cancelled."""
    if appointment.cancelled_at is not None:
        raise Cancelled
    after = replace(appointment, **changes, version=appointment.version + 1, updated_at=now)
    return replace(after, attendees=after.attendees - {after.owner_id})


def without(appointment: Appointment, record_id: UUID, now: datetime) -> Appointment:
    """Return the appointment without a record that is deleted, one version on, also when it was cancelled.

    Nothing stays that may name a client: place and note, and guests of a listing or an inquiry.
    """
    was_about = record_id in {appointment.listing_id, appointment.inquiry_id}
    return replace(
        appointment,
        listing_id=None if appointment.listing_id == record_id else appointment.listing_id,
        inquiry_id=None if appointment.inquiry_id == record_id else appointment.inquiry_id,
        contacts=appointment.contacts - {record_id},
        guests=frozenset() if was_about else appointment.guests,
        place=None,
        note=None,
        version=appointment.version + 1,
        updated_at=now,
    )


def entry(before: Appointment | None, after: Appointment, action: str, by: UserId) -> Entry:
    """Return what to remember of a change; without `before`, of a new appointment."""
    names = [field.name for field in fields(Appointment) if field.name not in _UNTOLD]
    differing = [name for name in names if getattr(before, name, None) != getattr(after, name)]
    return Entry(
        version=after.version,
        action=action,
        before={} if before is None else {name: _told(name, before) for name in differing},
        after={name: _told(name, after) for name in differing},
        by=by,
        at=after.updated_at,
    )


def _told(name: str, appointment: Appointment) -> object:
    if name in _UNKEPT:
        return None
    value: object = getattr(appointment, name)
    return sorted(map(str, cast("frozenset[UUID]", value))) if isinstance(value, frozenset) else value
