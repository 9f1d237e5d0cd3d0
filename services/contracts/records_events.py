"""What records tells: listings. No identity data: whoever may read it asks for it."""

from typing import ClassVar
from uuid import UUID

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


class ListingRightsChanged(ListingEvent):
    """What a listing says to users, teams and offices was changed; the listing itself was not."""

    topic: ClassVar[str] = "records.listing.rights_changed.v1"

    rights_version: int
    holder_ids: tuple[UUID, ...]
    """Whose entries differ from before."""
