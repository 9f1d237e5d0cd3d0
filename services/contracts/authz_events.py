"""What authz tells: whose access snapshot is out of date."""

from typing import ClassVar

from services.contracts.envelope import Event
from services.contracts.vocabulary import UserId


class SnapshotChanged(Event):
    """The rights of these users changed; cached snapshots below `version` must be dropped."""

    topic: ClassVar[str] = "authz.snapshot.changed.v1"

    user_ids: tuple[UserId, ...]
    version: int
