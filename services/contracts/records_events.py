"""What records tells. No identity data: whoever may read it asks for it.

The one exception is the guest of an appointment, who cannot be invited without an address.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.contracts.envelope import Event
from services.contracts.vocabulary import ListingId, OfficeId, UserId


class ListingEvent(Event):
    """Something about a listing; `version` is the listing's own and rises by one with each change."""

    listing_id: ListingId
    version: int
    office_id: OfficeId
    assignee_id: UserId
    by: UserId


class ListingCreated(ListingEvent):
    """A listing was taken on."""

    topic: ClassVar[str] = "records.listing.created.v1"


class ListingChanged(ListingEvent):
    """A listing was changed."""

    topic: ClassVar[str] = "records.listing.changed.v1"

    fields: tuple[str, ...]
    """Names of the changed fields, identity fields left out."""


class Guest(BaseModel):
    """Somebody from outside the agency who was invited and is told by mail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contact_id: UUID | None
    """None for an address that was only typed in."""
    email: str
    display_name: str
    """May be empty."""
    locale: str
    """BCP 47 tag, such as `it` or `pl`."""


class AppointmentEvent(Event):
    """Something about an appointment; always the whole picture, so that any one event is enough.

    `summary` names no client and holds no identity data: it is fit for the mail of whoever takes part.
    """

    appointment_id: UUID
    version: int
    owner_id: UserId
    attendees: tuple[UserId, ...]
    """Colleagues who take part, besides the owner."""
    starts_at: datetime
    ends_at: datetime
    timezone: str
    summary: str
    is_private: bool
    """Whoever does not take part only sees that the time is taken."""
    guests: tuple[Guest, ...] = ()


class AppointmentScheduled(AppointmentEvent):
    """An appointment was made."""

    topic: ClassVar[str] = "records.appointment.scheduled.v1"


class AppointmentChanged(AppointmentEvent):
    """An appointment was moved or changed."""

    topic: ClassVar[str] = "records.appointment.changed.v1"


class AppointmentCancelled(AppointmentEvent):
    """An appointment will not take place."""

    topic: ClassVar[str] = "records.appointment.cancelled.v1"


class ListingRightsChanged(ListingEvent):
    """What a listing says to users, teams and offices was changed; the listing itself was not."""

    topic: ClassVar[str] = "records.listing.rights_changed.v1"

    rights_version: int
    holder_ids: tuple[UUID, ...]
    """Whose entries differ from before."""


class ListingDeleted(ListingEvent):
    """A listing is gone for good; what is left of it is a tombstone."""

    topic: ClassVar[str] = "records.listing.deleted.v1"


class ObjectionFiled(ListingEvent):
    """Somebody objected to the processing of his data, and the listing with that data is gone for good."""

    topic: ClassVar[str] = "records.objection.filed.v1"


class MatchFound(Event):
    """A listing answers an inquiry, and this person is told; once per `match_id`. Public fields of the listing only."""

    topic: ClassVar[str] = "records.match.found.v1"

    match_id: UUID
    user_id: UserId
    """Who looks after the inquiry."""
    inquiry_id: UUID
    inquiry_number: str
    listing_id: ListingId
    listing_number: str
    office_id: OfficeId
    """Of the listing, as the three below: whoever may not read it any more when the mail is sent gets none."""
    assignee_id: UserId
    created_by: UserId
    is_private: bool
    title: str | None
    municipality: str | None
    list_price_minor: int | None
    currency: str | None
    """ISO 4217; None where there is no price."""
