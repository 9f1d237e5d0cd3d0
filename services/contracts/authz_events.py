"""What authz tells: whose access snapshot is out of date, and what happened to rights by itself."""

from datetime import datetime
from typing import ClassVar

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
