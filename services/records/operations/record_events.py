"""What is told about the records of each section."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.chassis import outbox
from services.chassis.database import Transaction
from services.contracts.records_events import (
    ContactChanged,
    ContactCreated,
    ContactDeleted,
    ContactObjectionFiled,
    ContactRightsChanged,
    InquiryChanged,
    InquiryCreated,
    InquiryDeleted,
    InquiryObjectionFiled,
    InquiryRightsChanged,
    ListingChanged,
    ListingCreated,
    ListingDeleted,
    ListingRightsChanged,
    ObjectionFiled,
    RecordEvent,
)
from services.contracts.vocabulary import UserId
from services.records.domain.record import Record


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a section, and the member by which they name the record."""

    member: str
    created: type[RecordEvent]
    changed: type[RecordEvent]
    rights_changed: type[RecordEvent]
    deleted: type[RecordEvent]
    objection_filed: type[RecordEvent]


EVENTS: Final[Mapping[str, Events]] = {
    "listings": Events(
        "listing_id", ListingCreated, ListingChanged, ListingRightsChanged, ListingDeleted, ObjectionFiled
    ),
    "inquiries": Events(
        "inquiry_id", InquiryCreated, InquiryChanged, InquiryRightsChanged, InquiryDeleted, InquiryObjectionFiled
    ),
    "contacts": Events(
        "contact_id", ContactCreated, ContactChanged, ContactRightsChanged, ContactDeleted, ContactObjectionFiled
    ),
}


def events_of(record: Record) -> Events:
    """Return the events of the section of a record."""
    return EVENTS[record.section.name]


async def tell(tx: Transaction, event: type[RecordEvent], record: Record, by: UserId, **more: Any) -> None:
    """Tell that something happened to a record, in the transaction in which it does."""
    await outbox.add(
        tx,
        event.model_validate(
            {
                events_of(record).member: record.id,
                "version": record.version,
                "office_id": record.office_id,
                "assignee_id": record.assignee_id,
                "by": by,
                **more,
            }
        ),
    )
