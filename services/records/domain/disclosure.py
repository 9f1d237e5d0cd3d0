"""What of a listing may leave the system: never more than its list shows, each way out by its own permission."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.contracts.access import AccessSnapshot
from services.contracts.vocabulary import UserId, View
from services.records.domain.listing import LIST, TIERS, Listing, Projection, Tier, project

Values = Mapping[str, object]


class Form(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    XML = "xml"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class WayOut:
    """The permissions of one way out: with public and general fields, and with identity data too."""

    key: str
    identity_key: str


EXPORT: Final = WayOut("listings.export", "listings.identity.export")
PRINT: Final = WayOut("listings.print", "listings.identity.print")


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
    ended_at: datetime | None = None
    outcome: str | None = None
    records: int | None = None


def columns(*, with_identity: bool) -> tuple[str, ...]:
    """Return the fields that leave, in order. The private note never does: there is no permission for it."""
    return (*TIERS[Tier.PUBLIC], *TIERS[Tier.BASIC], *(TIERS[Tier.IDENTITY] if with_identity else ()))


def disclosed(
    listing: Listing, snapshot: AccessSnapshot, way: WayOut, *, with_identity: bool, shown_by: str = LIST
) -> Values | None:
    """Return the fields of a listing that may leave, None where not even its public ones may.

    What is not there is hidden; what is None is empty.
    """
    facts = listing.facts()
    shown, view = project(listing, snapshot, shown_by), snapshot.decide(way.key, facts)
    if shown is None or view is None:
        return None
    tiers = [Tier.PUBLIC]
    if view is View.FULL:
        tiers.append(Tier.BASIC)
        if with_identity and snapshot.decide(way.identity_key, facts) is View.FULL:
            tiers.append(Tier.IDENTITY)
    return _put_together(shown, tiers)


def _put_together(shown: Projection, tiers: list[Tier]) -> Values:
    return {name: value for tier in tiers for name, value in shown.tiers.get(tier, {}).items()}
