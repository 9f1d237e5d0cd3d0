"""What happened to a record, and how much of it a caller may see: as much as of the record itself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from services.contracts.vocabulary import UserId
from services.records.domain.record import Record, Section, Tier

CREATED: Final = "created"
CHANGED: Final = "changed"
ARCHIVED: Final = "archived"
RESTORED: Final = "restored"
BUMPED: Final = "bumped"
RENUMBERED: Final = "renumbered"
REASSIGNED: Final = "reassigned"
FILLED: Final = "filled"
_UNTOLD: Final = frozenset({"id", "version", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a record: the fields that changed, before and after."""

    version: int
    action: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    by: UserId
    at: datetime


def entry(before: Record | None, after: Record, action: str, by: UserId, at: datetime) -> Entry:
    """Return what to remember of a change; without `before`, of a record that was taken on."""
    told = after.section.tier_of.keys() - _UNTOLD
    names = [field.name for field in fields(after) if field.name in told]
    differing = [name for name in names if getattr(before, name, None) != getattr(after, name)]
    return Entry(
        version=after.version,
        action=action,
        before={} if before is None else {name: getattr(before, name) for name in differing},
        after={name: getattr(after, name) for name in differing},
        by=by,
        at=at,
    )


def shown(found: Entry, section: Section, tiers: Collection[Tier]) -> Sequence[str]:
    """Return the fields of an entry that somebody may see who sees these tiers; one that has no tier is nobody's."""
    return [name for name in found.after if section.tier_of.get(name) in tiers]
