"""Appointments as JSON, coming in and going out."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from services.chassis.pages import PageQuery
from services.chassis.web import Input, Output
from services.contracts.instants import Instant, TimeZone
from services.contracts.vocabulary import ContactId, InquiryId, ListingId, OfficeId, UserId, View
from services.records.domain import appointment as domain
from services.records.domain.appointment import Appointment, Guest, Kind
from services.records.handlers.fields import OMITTED, Email, Line, Text


def _to_the_minute(local: datetime) -> datetime:
    if local.tzinfo is not None or local.second or local.microsecond:
        raise ValueError("a wall clock to the minute, without an offset: 2026-03-29T09:30")
    return local


Local = Annotated[datetime, AfterValidator(_to_the_minute)]
Fold = Literal[0, 1]


class WhenGiven(Input):
    """Times as they are meant: what the clocks show there."""

    timezone: TimeZone
    """IANA name: `Europe/Rome`."""
    starts_local: Local
    ends_local: Local
    starts_fold: Fold = 0
    """1: of an hour that comes twice, the second."""
    ends_fold: Fold = 0

    def fields(self) -> dict[str, object]:
        """Return the fields of an appointment at these times. Raises Invalid for times that there are not."""
        when = domain.When(
            ZoneInfo(self.timezone), self.starts_local, self.ends_local, self.starts_fold, self.ends_fold
        )
        return dict(when.fields())


class GuestGiven(Input):
    email: Email
    display_name: Annotated[str, Field(max_length=200)] = ""
    locale: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
    """BCP 47 tag of the language in which to write."""


def _each_once(guests: tuple[GuestGiven, ...]) -> tuple[GuestGiven, ...]:
    if len({guest.email.casefold() for guest in guests}) < len(guests):
        raise ValueError("an address stands there twice")
    return guests


Guests = Annotated[tuple[GuestGiven, ...], Field(max_length=100), AfterValidator(_each_once)]


class NewAppointment(Input):
    kind: Kind
    title: Line
    """What it is about. It goes into mails to who takes part: name no client here, but in the note."""
    when: WhenGiven
    owner_id: UserId = OMITTED
    """In whose calendar; left out, the caller's. Another's needs calendar.create."""
    attendees: Annotated[frozenset[UserId], Field(max_length=100)] = frozenset()
    contacts: Annotated[frozenset[ContactId], Field(max_length=100)] = frozenset()
    """Written to at the address that the agency has of them."""
    guests: Guests = ()
    """Those who are neither users nor contacts."""
    office_id: OfficeId | None = None
    """Left out, the owner's principal office."""
    listing_id: ListingId | None = None
    inquiry_id: InquiryId | None = None
    is_private: bool = False
    place: Line | None = None
    note: Text | None = None


class AppointmentChange(Input):
    kind: Kind = OMITTED
    title: Line = OMITTED
    when: WhenGiven = OMITTED
    owner_id: UserId = OMITTED
    """Hands it over."""
    attendees: Annotated[frozenset[UserId], Field(max_length=100)] = OMITTED
    contacts: Annotated[frozenset[ContactId], Field(max_length=100)] = OMITTED
    guests: Guests = OMITTED
    office_id: OfficeId | None = None
    listing_id: ListingId | None = None
    inquiry_id: InquiryId | None = None
    is_private: bool = OMITTED
    place: Line | None = None
    note: Text | None = None


def fields_of(asked: NewAppointment | AppointmentChange) -> dict[str, Any]:
    """Return the appointment's fields that a document names, by their names in the domain."""
    given = {name: getattr(asked, name) for name in asked.model_fields_set - {"when", "guests"}}
    if "guests" in asked.model_fields_set:
        given["guests"] = frozenset(Guest(**guest.model_dump()) for guest in asked.guests)
    return {**given, **(asked.when.fields() if "when" in asked.model_fields_set else {})}


class GuestShown(Output):
    email: str
    display_name: str
    locale: str


class DetailsShown(Output):
    kind: Kind
    title: str
    note: str | None
    place: str | None
    """null also where it could tell the address of a listing whose address the caller may not read."""
    office_id: OfficeId | None
    created_by: UserId
    attendees: list[UserId]
    contacts: list[ContactId]
    guests: list[GuestShown]
    listing_id: ListingId | None
    inquiry_id: InquiryId | None
    is_private: bool
    timezone: str
    starts_local: str
    ends_local: str
    created_at: datetime
    updated_at: datetime


class AppointmentShown(Output):
    """An appointment, or, with the view `public`, no more than that its owner is busy then."""

    id: UUID
    version: int | None
    owner_id: UserId
    starts_at: datetime
    ends_at: datetime
    cancelled_at: datetime | None
    view: View
    details: DetailsShown | None

    @classmethod
    def of(cls, appointment: Appointment, view: View, *, tells_place: bool) -> Self:
        """Return the document of an appointment in a view."""
        full = view is View.FULL
        names = set(DetailsShown.model_fields) - {"attendees", "contacts", "guests", "place"}
        return cls(
            id=appointment.id,
            version=appointment.version if full else None,
            owner_id=appointment.owner_id,
            starts_at=appointment.starts_at,
            ends_at=appointment.ends_at,
            cancelled_at=appointment.cancelled_at,
            view=view,
            details=DetailsShown(
                attendees=sorted(appointment.attendees),
                contacts=sorted(appointment.contacts),
                guests=[GuestShown.model_validate(asdict(guest)) for guest in sorted(appointment.guests)],
                place=appointment.place if tells_place else None,
                **{name: getattr(appointment, name) for name in names},
            )
            if full
            else None,
        )


class PeriodAsked(Input):
    since: Instant
    until: Instant


class AppointmentsQuery(PeriodAsked, PageQuery):
    user_id: UserId | None = None
    """Whose calendar. Of entries that show a time only, it is the owner who is asked for."""


class BusyAsked(PeriodAsked):
    user_ids: Annotated[list[UserId], Field(min_length=1, max_length=100)]


class BusySpan(Output):
    user_id: UserId
    starts_at: datetime
    ends_at: datetime


class BusyShown(Output):
    items: list[BusySpan]


class AppointmentsPage(Output):
    items: list[AppointmentShown]
    next: str | None
