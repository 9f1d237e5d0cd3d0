"""What authz tells: whose access snapshot is out of date, who changed which rights, and what happened by itself."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.contracts.envelope import Event
from services.contracts.vocabulary import OfficeId, RegionId, UserId


class SnapshotChanged(Event):
    """The rights of these users changed; cached snapshots below `version` must be dropped."""

    topic: ClassVar[str] = "authz.snapshot.changed.v1"

    user_ids: tuple[UserId, ...]
    version: int


class RegionRightsDowngraded(Event):
    """An office left its region: so many grants over the region now reach the holders' own offices (ON-37)."""

    topic: ClassVar[str] = "authz.region_rights.downgraded.v1"

    office_id: OfficeId
    region_id: RegionId
    grants: int
    at: datetime


class ChangedRights(BaseModel):
    """Rights that one holder was given or lost, or the membership of one person."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["grant", "membership", "template_link", "switch"]
    holder_kind: Literal["group", "template", "user"]
    holder_id: UUID
    user_id: UserId | None
    """Whose rights alone they are; None: everybody's who belongs to the holder."""
    author_id: UserId | None
    """None: by an event of another service."""
    keys: tuple[str, ...]
    """Permission keys, or the switch."""


class RightsChanged(Event):
    """Rights were changed; before, after and why stand in authz's journal under this version."""

    topic: ClassVar[str] = "authz.rights.changed.v1"

    version: int
    changes: tuple[ChangedRights, ...]
