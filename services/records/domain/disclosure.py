"""What of a record may leave the system: never more than its list shows, each way out by its own permission."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId, View
from services.records.domain.projection import Projection, project
from services.records.domain.record import Record, Section, Tier

Values = Mapping[str, object]


class Form(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    XML = "xml"
    PDF = "pdf"


class WayOut(StrEnum):
    """How records leave: each by a permission of the section, and by another with identity data."""

    EXPORT = "export"
    PRINT = "print"

    def key(self, section: Section) -> str:
        """Return the permission for public and general fields."""
        return section.key(self.value)

    def identity_key(self, section: Section) -> str:
        """Return the permission that identity data need besides."""
        return section.key(f"identity.{self.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """Who took out what, and what became of it."""

    id: UUID
    user_id: UserId
    section: str
    form: Form
    with_identity: bool
    asked: str
    """As JSON text."""
    begun_at: datetime
    actor: str | None = None
    """Who acted for the user, if somebody did."""
    ended_at: datetime | None = None
    outcome: str | None = None
    records: int | None = None


def columns(section: Section, *, with_identity: bool) -> tuple[str, ...]:
    """Return the fields that leave, in order. The private note never does: there is no permission for it."""
    leaving = (Tier.PUBLIC, Tier.BASIC, *((Tier.IDENTITY,) if with_identity else ()))
    return tuple(name for tier in leaving for name in section.tiers.get(tier, ()))


def disclosed(
    record: Record, snapshot: AccessSnapshot, way: WayOut, *, with_identity: bool, shown_by: str = "list"
) -> Values | None:
    """Return the fields of a record that may leave, None where not even its public ones may.

    What is not there is hidden; what is None is empty.
    """
    facts = record.facts()
    shown, view = project(record, snapshot, shown_by), snapshot.decide(way.key(record.section), facts)
    if shown is None or view is None:
        return None
    tiers = [Tier.PUBLIC]
    if view is View.FULL:
        tiers.append(Tier.BASIC)
        if with_identity and snapshot.decide(way.identity_key(record.section), facts) is View.FULL:
            tiers.append(Tier.IDENTITY)
    return _put_together(shown, tiers)


def _put_together(shown: Projection, tiers: list[Tier]) -> Values:
    return {name: value for tier in tiers for name, value in shown.tiers.get(tier, {}).items()}
