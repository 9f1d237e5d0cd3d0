"""What records tells: records, appointments and matches. No identity data: whoever may read it asks for it.

The one exception is the guest of an appointment, who cannot be invited without an address.
"""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.contracts.envelope import Event
from services.contracts.vocabulary import ContactId, InquiryId, ListingId, OfficeId, UserId


class RecordEvent(Event):
    """Something about a record; `version` is the record's own and rises by one with each change."""

    version: int
    office_id: OfficeId
    assignee_id: UserId
    by: UserId


class ListingEvent(RecordEvent):
    """Something about a listing."""

    listing_id: ListingId


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
    guests_forgotten: bool = False
    """Whoever is a guest no longer was forgotten, since a record was deleted: he is told nothing, and not kept."""


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


class InquiryEvent(RecordEvent):
    """Something about an inquiry."""

    inquiry_id: InquiryId


class InquiryCreated(InquiryEvent):
    """An inquiry was taken in."""

    topic: ClassVar[str] = "records.inquiry.created.v1"


class InquiryChanged(InquiryEvent):
    """An inquiry was changed."""

    topic: ClassVar[str] = "records.inquiry.changed.v1"

    fields: tuple[str, ...]
    """Names of the changed fields, identity fields left out."""


class InquiryRightsChanged(InquiryEvent):
    """What an inquiry says to users, teams and offices was changed; the inquiry itself was not."""

    topic: ClassVar[str] = "records.inquiry.rights_changed.v1"

    rights_version: int
    holder_ids: tuple[UUID, ...]
    """Whose entries differ from before."""


class InquiryDeleted(InquiryEvent):
    """An inquiry is gone for good; what is left of it is a tombstone."""

    topic: ClassVar[str] = "records.inquiry.deleted.v1"


class InquiryObjectionFiled(InquiryEvent):
    """A client objected to the processing of his data, and the inquiry with that data is gone for good."""

    topic: ClassVar[str] = "records.inquiry.objection_filed.v1"


class ContactEvent(RecordEvent):
    """Something about a contact."""

    contact_id: ContactId


class ContactCreated(ContactEvent):
    """A contact was entered."""

    topic: ClassVar[str] = "records.contact.created.v1"


class ContactChanged(ContactEvent):
    """A contact was changed."""

    topic: ClassVar[str] = "records.contact.changed.v1"

    fields: tuple[str, ...]
    """Names of the changed fields, identity fields left out."""


class ContactRightsChanged(ContactEvent):
    """What a contact says to users, teams and offices was changed; the contact itself was not."""

    topic: ClassVar[str] = "records.contact.rights_changed.v1"

    rights_version: int
    holder_ids: tuple[UUID, ...]
    """Whose entries differ from before."""


class ContactDeleted(ContactEvent):
    """A contact is gone for good, its search criteria with it; what is left of it is a tombstone."""

    topic: ClassVar[str] = "records.contact.deleted.v1"


class ContactObjectionFiled(ContactEvent):
    """A person objected to the processing of his data, and the contact with that data is gone for good."""

    topic: ClassVar[str] = "records.contact.objection_filed.v1"


class AttachmentChanged(Event):
    """Something that is attached to a record was added, changed or deleted; the record itself was not changed.

    What it is called and says is left out: whoever may read it asks for it.
    """

    topic: ClassVar[str] = "records.attachment.changed.v1"

    section: Literal["listings", "inquiries", "contacts"]
    record_id: UUID
    office_id: OfficeId
    assignee_id: UserId
    attachment: Literal["document", "criteria", "archive_schedule", "restore_schedule"]
    attachment_id: UUID | None
    """None for a date."""
    action: Literal["created", "changed", "deleted"]
    by: UserId


class MatchFound(Event):
    """A listing answers what a client looks for: for the person in charge of that client, who may open both.

    The numbers are those by which the agency calls the listing, and the inquiry or the contact; no personal data.
    """

    topic: ClassVar[str] = "records.match.found.v1"

    user_id: UserId
    """Who is to be told."""
    listing_id: ListingId
    listing_number: str
    searcher: Literal["inquiry", "criteria"]
    """What the listing answers: an inquiry, or search criteria of a contact."""
    searcher_id: UUID
    searcher_number: str
    """Of the inquiry, or of the contact whose criteria they are."""
