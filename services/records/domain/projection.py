"""How much of a record a caller may see: whole tiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from services.contracts.access import AccessSnapshot, RecordFacts
from services.contracts.vocabulary import View
from services.records.domain.record import OPENED_BY, Section, Tier


class Showable(Protocol):
    """A record, or the row of one."""

    def of_section(self) -> Section:
        """Return the section that it is of."""
        ...

    def facts(self) -> RecordFacts:
        """Return what the rule of access must know of it."""
        ...

    def values(self, tier: Tier) -> Mapping[str, object]:
        """Return its fields of a tier."""
        ...


@dataclass(frozen=True, slots=True)
class Projection:
    """What one caller may see of a record: whole tiers. A tier that is not there is hidden, not empty."""

    section: Section
    view: View
    tiers: Mapping[Tier, Mapping[str, object]]


def project(record: Showable, snapshot: AccessSnapshot, action: str = "read") -> Projection | None:
    """Return what the caller may see by an action (`read` opens, `list` lists), or None for nothing.

    The public view shows public fields only, whatever other keys would open.
    """
    section, facts = record.of_section(), record.facts()
    view = snapshot.decide(section.key(action), facts)
    if view is None:
        return None
    tiers = [Tier.PUBLIC]
    if view is View.FULL:
        tiers += [Tier.BASIC]
        tiers += [tier for tier, opens in OPENED_BY.items() if snapshot.decide(section.key(opens), facts) is View.FULL]
    return Projection(section, view, {tier: record.values(tier) for tier in tiers if tier in section.tiers})
