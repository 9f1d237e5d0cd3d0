"""What authz tells: whose access snapshot is out of date, and who changed which rights."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.contracts.envelope import Event
from services.contracts.vocabulary import UserId


class SnapshotChanged(Event):
    """The rights of these users changed; cached snapshots below `version` must be dropped."""

    topic: ClassVar[str] = "authz.snapshot.changed.v1"

    user_ids: tuple[UserId, ...]
    version: int


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
